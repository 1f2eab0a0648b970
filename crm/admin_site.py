"""The Django admin, entered through the same login as everything else."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from .site import admin_panels


class SextantAdminSite(AdminSite):
    site_header = "Sextant"
    site_title = "Sextant"
    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return user.is_active and (user.is_superuser or getattr(user, "role", "") == "admin")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The start page, with the panels that apps show on it."""
        panels = [(panel.template, panel.context(request)) for panel in sorted(admin_panels, key=lambda panel: panel.order)]
        shown = [(template, context) for template, context in panels if context is not None]
        return super().index(request, {"panels": shown, **(extra_context or {})})

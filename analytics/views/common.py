"""What all pages of numbers need."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

from crm.access import require

from ..registry import Kpi, kpis

View = Callable[..., HttpResponse]


def reader_only(view: View) -> View:
    """Only for those who may see numbers; visitors go to the login page, also from a fragment."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            response = redirect_to_login(request.get_full_path())
            if getattr(request, "htmx", None):
                return HttpResponse(status=401, headers={"HX-Redirect": response["Location"]})
            return response
        require(request.user, "kpi", "view")
        return view(request, *args, **kwargs)

    return guarded


def kpi_or_404(key: str) -> Kpi:
    """The KPI of the address; keys come only from the registry."""
    found = kpis.get(key)
    if found is None:
        raise Http404
    return found

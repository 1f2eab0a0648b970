"""The settings pages share: who may, the tabs, a list, a form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from ..access import require
from ..http import safe_next
from ..paging import Page, count_upto
from .generic import SignedIn


class SettingsView(SignedIn):
    """A page for those who may change the settings."""

    permission = ("settings", "change")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            require(request.user, *self.permission)
        return super().dispatch(request, *args, **kwargs)

    def draw(self, template: str, context: dict, status: int = 200) -> HttpResponse:
        return render(self.request, template, context, status=status)

    def row(self, queryset: Any) -> Any:
        found = queryset.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        return found


class SettingsList(SettingsView):
    """A short list with a link to each row's form."""

    template = "crm/settings_list.html"
    title: Any = ""
    hint: Any = ""
    new_url = ""
    new_label: Any = ""
    icon = "settings"
    heads: tuple = ()

    def queryset(self) -> Any:
        raise NotImplementedError

    def cells(self, row: Any) -> list[Any]:
        """The row's texts after the first, one a head."""
        return []

    def url(self, row: Any) -> str:
        raise NotImplementedError

    def name(self, row: Any) -> str:
        return str(row)

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = self.queryset()
        page = Page(rows, request.GET, count_upto(rows))
        shown = [{"name": self.name(row), "url": self.url(row), "cells": self.cells(row)} for row in page.rows]
        names = ("title", "hint", "new_url", "new_label", "icon", "heads")
        return self.draw(self.template, {**{name: getattr(self, name) for name in names}, "rows": shown, "page": page})


class SettingsForm(SettingsView):
    """A form that saves through a service."""

    template = "crm/settings_form.html"
    form_class: Any
    title: Any = ""
    parent: tuple = ()  # label and URL name of the list above

    def record(self) -> Any:
        raise NotImplementedError

    def save(self, form: Any, record: Any) -> Any:
        raise NotImplementedError

    def done_url(self) -> str:
        return reverse(self.parent[1]) if self.parent else self.request.path

    def make_form(self, record: Any, data: Any = None) -> Any:
        import copy

        return self.form_class(data, instance=copy.copy(record))

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.record()
        return self.page(self.make_form(record), record)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.record()
        form = self.make_form(record, request.POST)
        if not form.is_valid():
            return self.page(form, record, 422)
        try:
            with transaction.atomic():
                saved = self.save(form, record)
        except ValidationError as error:
            take_errors(form, error)
            return self.page(form, record, 422)
        except IntegrityError:
            form.add_error(None, _("Somebody saved the same at this moment. Look at it and save again."))
            return self.page(form, record, 409)
        if isinstance(saved, HttpResponse):
            return saved
        messages.success(request, _("Saved"))
        return HttpResponseRedirect(safe_next(request, self.done_url()))

    def page(self, form: Any, record: Any, status: int = 200) -> HttpResponse:
        parent = (self.parent[0], reverse(self.parent[1])) if self.parent else ()
        title = str(record) if getattr(record, "pk", None) and self.parent else self.title
        context = {
            "form": form,
            "record": record,
            "title": title,
            "parent": parent,
            "cancel_url": self.done_url(),
            **self.extra(record),
        }
        return self.draw(self.template, context, status)

    def extra(self, record: Any) -> dict:
        return {}


def take_errors(form: Any, error: ValidationError) -> None:
    """A service's errors, at their fields where the form has them."""
    for name, errors in getattr(error, "error_dict", {None: error}).items():
        form.add_error(name if name in form.fields else None, errors)

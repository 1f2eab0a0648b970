"""Bases of the admin pages: changes go through the services, history is only read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from .money import LARGEST, exponent, to_major, to_minor


class SextantAdmin(admin.ModelAdmin):
    """Administrators may do everything that the page offers; who they are is the site's business (`crm.admin_site`)."""

    show_full_result_count = False
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    has_add_permission = has_module_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class ReadOnlyAdmin(SextantAdmin):
    """History, facts, jobs and other rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_delete_permission = has_change_permission


class ReadOnlyInline(admin.TabularInline):
    """Rows of a record, shown on its page; they are changed on the record's own page outside the administration."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


class ServiceAdmin(SextantAdmin):
    """Saves and deletes by calling services, so events, history and the days to recompute are written from here too.

    What a service refuses is shown as a message, and nothing is written.
    """

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hands the service the record as it was and the fields that were changed: it must see the difference."""
        names = {field.name for field in obj._meta.concrete_fields}
        if change:
            record = type(obj)._default_manager.get(pk=obj.pk)
            changes = {name: form.cleaned_data[name] for name in form.changed_data if name in names}
        else:
            record = type(obj)()
            changes = {name: value for name, value in form.cleaned_data.items() if name in names}
        obj.pk = self.store(record, changes).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        for record in queryset:
            self.remove(record)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple:
        """What goes with the record (its history, its facts) needs no right of its own."""
        found, counts, _lacking, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def store(self, record: Any, changes: dict[str, Any]) -> Any:
        """Calls the service that writes and returns the record."""
        raise NotImplementedError

    def remove(self, record: Any) -> None:
        """Calls the service that deletes."""
        raise NotImplementedError

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changeform_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._told(request, super().changelist_view, *args, **kwargs)

    @staticmethod
    def _told(request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(request.get_full_path())


class MoneyForm(forms.ModelForm):
    """Shows and reads amounts in major units. `money` names each amount's currency field."""

    money: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, currency in self.money.items():
            if name not in self.fields:
                continue
            column = self._meta.model._meta.get_field(name)
            field = forms.DecimalField(min_value=0, max_digits=18, decimal_places=3, required=False, label=column.verbose_name)
            self.fields[name] = field
            minor = getattr(self.instance, name)
            if minor is not None:
                self.initial[name] = to_major(minor, getattr(self.instance, currency))

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        for name, currency in self.money.items():
            if isinstance(values.get(name), Decimal):
                values[name] = self._minor(name, values[name], values.get(currency) or getattr(self.instance, currency))
        return values

    def _minor(self, name: str, value: Decimal, currency: str) -> int | None:
        try:
            if not currency:
                raise ValidationError(self.fields[name].error_messages["required"])
            if value != value.quantize(Decimal(1).scaleb(-exponent(currency))):
                raise ValidationError(forms.DecimalField.default_error_messages["invalid"])
            minor = to_minor(value, currency)
            if minor > LARGEST:
                raise ValidationError(forms.DecimalField.default_error_messages["invalid"])
            return minor
        except ValidationError as error:
            self.add_error(name, error)
            return None


def register_read_only(*found: type[Model]) -> None:
    """Registers tables that only the program writes, with all their columns in the list."""
    for model in found:
        columns = [
            field.name for field in model._meta.concrete_fields if not isinstance(field, models.JSONField | models.TextField)
        ][:10]
        links = [field.name for field in model._meta.concrete_fields if field.is_relation]
        options = {"list_display": columns, "list_select_related": links or False}
        admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnlyAdmin,), options))

"""Form rendering, and the fields that read what people type: money and numbers in their own format, records found while typing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms.models import ModelChoiceIterator
from django.forms.renderers import TemplatesSetting
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .formats import locale
from .http import whole_number
from .money import LARGEST, exponent, to_major, to_minor
from .years import OUTSIDE, is_thinkable

NEW = "new:"
SPACES = re.compile(r"[\s\u00a0\u202f\u2009'’]")
PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?\Z", re.ASCII)
LONGEST = 40


class Renderer(TemplatesSetting):
    """Forms and fields are drawn by our own templates."""

    form_template_name = "django/forms/form.html"
    field_template_name = "django/forms/field.html"


# --- numbers and money -----------------------------------------------------------------------------------------------


def parse_number(text: str) -> Decimal:
    """What a person typed as a number, in their locale's signs. Raises ValidationError.

    A single separator that cannot group thousands ("12,50" for an English reader) is a decimal sign; one that could is what
    the locale says; two different ones ("1.234,56") tell by themselves which is which.
    """
    wrong = ValidationError(_("“%(text)s” is not a number."), params={"text": text.strip()[:LONGEST]})
    cleaned = SPACES.sub("", text).replace("−", "-")
    if len(cleaned) > LONGEST:
        raise wrong
    decimal_sign = _decimal_sign(cleaned)
    group_sign = "," if decimal_sign == "." else "."
    whole, sign, rest = cleaned.partition(decimal_sign)
    groups = whole.lstrip("+-").split(group_sign)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        raise wrong
    plain = whole.replace(group_sign, "") + ("." + rest if sign else "")
    plain = re.sub(r"^([+-]?)\.", r"\g<1>0.", plain)
    if not PLAIN.match(plain):
        raise wrong
    return Decimal(plain)


def _decimal_sign(text: str) -> str:
    dot, comma = text.rfind("."), text.rfind(",")
    if dot >= 0 and comma >= 0:
        return "." if dot > comma else ","
    found = "." if dot >= 0 else ","
    if text.count(found) == 1 and not re.search(re.escape(found) + r"\d{3}\Z", text):
        return found
    if text.count(found) > 1:
        return "," if found == "." else "."
    own = get_decimal_symbol(locale())
    return own if own in ".," else ("," if get_group_symbol(locale()) == "." else ".")


def show_number(value: Decimal, places: int | None = None) -> str:
    """A number as it stands in a field: grouped, in the reader's signs."""
    pattern = "#,##0.########" if places is None else "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=pattern, locale=locale()).replace("\u202f", " ").replace("\xa0", " ")


class LocalizedDecimal(forms.DecimalField):
    """A decimal typed and shown in the reader's format."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"inputmode": "decimal", "autocomplete": "off", "class": "number"}
        super().__init__(widget=kwargs.pop("widget", forms.TextInput(attrs=attributes)), **kwargs)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs think of whole numbers
        if value in self.empty_values:
            return None
        return value if isinstance(value, Decimal) else parse_number(str(value))

    def prepare_value(self, value: Any) -> Any:
        return show_number(Decimal(str(value))) if isinstance(value, int | float | Decimal) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return super(forms.DecimalField, self).has_changed(initial, self.to_python(data))
        except ValidationError:
            return True


class MoneyField(forms.CharField):
    """An amount, typed in the reader's format; with `MoneyFormMixin` the form's cleaned value is minor units.

    currency_field names the form's (or instance's) field with the currency; min_value is in minor units.
    """

    def __init__(self, *, currency_field: str = "currency", min_value: int | None = 0, **kwargs: Any) -> None:
        self.currency_field = currency_field
        self.min_value = min_value
        self.currency = ""
        attributes = {"inputmode": "decimal", "autocomplete": "off", "class": "number"}
        super().__init__(widget=kwargs.pop("widget", forms.TextInput(attrs=attributes)), max_length=LONGEST, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Minor units as the reader writes them; what was typed stays as typed."""
        if not isinstance(value, int) or not self.currency:
            return value
        major = to_major(value, self.currency)
        return show_number(major, 0 if major == major.to_integral_value() else exponent(self.currency))

    def minor(self, text: str, currency: str) -> int | None:
        """Minor units of what was typed, checked. Raises ValidationError."""
        if text in self.empty_values:
            return None
        value = parse_number(text)
        if value != round(value, exponent(currency)):
            raise ValidationError(
                _("%(currency)s has %(places)s decimal places."), params={"currency": currency, "places": exponent(currency)}
            )
        minor = to_minor(value, currency)
        if abs(minor) > LARGEST:
            raise ValidationError(_("The amount is too large."))
        if self.min_value is not None and minor < self.min_value:
            raise ValidationError(
                _("The amount must be at least %(least)s."), params={"least": show_number(to_major(self.min_value, currency))}
            )
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.minor(data or "", self.currency) != initial
        except ValidationError:
            return True


class MoneyFormMixin:
    """First base of a form with MoneyFields: knows each field's currency and turns what was typed into minor units."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for _name, field in self._money():
            field.currency = self._currency(field)

    def _money(self) -> Iterator[tuple[str, MoneyField]]:
        return ((name, field) for name, field in self.fields.items() if isinstance(field, MoneyField))  # type: ignore[attr-defined]

    def _currency(self, field: MoneyField) -> str:
        from .models import Organisation

        form: Any = self
        known = form.initial.get(field.currency_field) or getattr(getattr(form, "instance", None), field.currency_field, "")
        return known or Organisation.current().base_currency

    def clean(self) -> Any:
        """Runs before the form's other checks, which then see minor units."""
        form: Any = self
        for name, field in self._money():
            if name not in form.cleaned_data:
                continue
            currency = form.cleaned_data.get(field.currency_field) or field.currency
            try:
                form.cleaned_data[name] = field.minor(form.cleaned_data[name], str(currency))
            except ValidationError as error:
                form.add_error(name, error)
        return super().clean()  # type: ignore[misc]


# --- days ------------------------------------------------------------------------------------------------------------


class DateInput(forms.DateInput):
    """The browser's own date field, which shows and reads days in the person's format."""

    input_type = "date"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own field for date and time, in the reader's zone, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class DayField(forms.DateField):
    """A day in years that a calendar is made for."""

    widget = DateInput

    def to_python(self, value: Any) -> dt.date | None:
        day = super().to_python(value)
        if day is not None and not is_thinkable(day):
            raise ValidationError(OUTSIDE)
        return day


class MomentField(forms.DateTimeField):
    """A day and time in the reader's zone, to the minute, in years that a calendar is made for.

    What a clock shows twice when it is set back is its first time; what it never shows when it is set forward is as much later.
    """

    widget = DateTimeInput

    def to_python(self, value: Any) -> dt.datetime | None:
        with timezone.override(dt.UTC):  # Django refuses such times of day; here they are read below
            moment = super().to_python(value)
        if moment is None or isinstance(value, dt.datetime):
            return moment
        if not is_thinkable(moment):
            raise ValidationError(OUTSIDE)
        return moment.replace(tzinfo=timezone.get_current_timezone()).astimezone(dt.UTC)

    def shows(self, text: Any, moment: Any) -> bool:
        """Whether the text is what the field shows for this moment: then nobody changed it, also where the clock shows it twice."""
        return isinstance(moment, dt.datetime) and f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}" == text


def bounded(fields: dict[str, forms.Field]) -> None:
    """Makes the date fields that Django took from a model into those above."""
    for name, field in fields.items():
        for plain, ours in ((forms.DateTimeField, MomentField), (forms.DateField, DayField)):
            if type(field) is plain:
                taken = ours(widget=field.widget)
                taken.__dict__.update(field.__dict__)
                fields[name] = taken


# --- records found while typing --------------------------------------------------------------------------------------


class ComboboxWidget(forms.Select):
    """A select that searches as one types once the script runs (static/js/combobox.js).

    With `url` the options come from there ({"results": [{"value", "label", "detail"}]} for ?q=), and the page carries only
    the chosen one and the first few, so that it works without script too. `create` lets the text be something new.
    """

    def __init__(
        self,
        attrs: dict | None = None,
        choices: Any = (),
        *,
        url: str | Promise | None = None,
        limit: int = 20,
        placeholder: Any = "",
        create: bool = False,
    ) -> None:
        super().__init__(attrs, choices)
        self.url, self.limit, self.placeholder, self.create = url, limit, placeholder, create

    def build_attrs(self, base_attrs: dict, extra_attrs: dict | None = None) -> dict:
        words = {
            "data-none": _("Nothing found"),
            "data-failed": _("The search did not answer. Try again."),
            "data-open-label": _("Show the options"),
        }
        attributes = {"data-combobox": True, **{name: str(text) for name, text in words.items()}}
        if self.url:
            attributes["data-url"] = str(self.url)
        if self.placeholder:
            attributes["data-placeholder"] = str(self.placeholder)
        if self.create:
            attributes |= {"data-create": True, "data-create-label": str(_("Add “%s”"))}
        return {**super().build_attrs(base_attrs, extra_attrs), **attributes}

    def optgroups(self, name: str, value: list[str], attrs: dict | None = None) -> list:
        options = self.choices
        chosen_new = [text for text in value if str(text).startswith(NEW)]
        if self.url and isinstance(options, ModelChoiceIterator):
            self.choices = self._few(options, [text for text in value if text and text not in chosen_new])
        if chosen_new:
            self.choices = [*self.choices, *((text, text.removeprefix(NEW)) for text in chosen_new)]
        try:
            return super().optgroups(name, value, attrs)
        finally:
            self.choices = options

    def _few(self, options: ModelChoiceIterator, chosen: list[str]) -> list[tuple[Any, Any]]:
        """The empty choice, the chosen record and the first few others: two small queries, however many records there are."""
        field = options.field
        rows = [options.choice(row) for row in options.queryset.all()[: self.limit]]
        keys = {str(key) for key, _label in rows}
        missing = [pk for pk in chosen if str(pk) not in keys and whole_number(str(pk)) is not None]
        try:
            extra = [options.choice(row) for row in options.queryset.filter(pk__in=missing)] if missing else []
        except (ValueError, TypeError):
            extra = []
        return ([("", field.empty_label)] if field.empty_label is not None else []) + extra + rows


class CreatableModelChoiceField(forms.ModelChoiceField):
    """A record, or the text of a new one. A new one is an unsaved instance made by `new`; the service saves it."""

    def __init__(
        self, queryset: QuerySet, *, new: Callable[[str], Model], url: str | Promise | None = None, **kwargs: Any
    ) -> None:
        self.new = new
        kwargs.setdefault("widget", ComboboxWidget(url=url, create=True))
        super().__init__(queryset, **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(NEW):
            text = value.removeprefix(NEW).strip()
            if not text:
                return super().to_python("")
            return self.new(text)
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) and value.startswith(NEW) else super().prepare_value(value)

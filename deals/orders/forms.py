"""The forms of orders and credit notes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import formset_factory
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.forms import PEOPLE_URL, company_field, known_company
from contacts.models import Company
from crm.editing import RecordForm
from crm.forms import ComboboxWidget, DateTimeInput, MomentField, MoneyField
from crm.models import Organisation
from crm.money import validate_currency

from ..forms import LineRow
from ..models import Deal, Product
from . import services
from .models import Order, OrderLine

SLACK = dt.timedelta(days=1)  # somebody's clock or zone may be ahead
HEAD_FIELDS = ["country", "source", "campaign", "channel", "owner", "description"]


class OrderLineRow(LineRow):
    """A product, or words for what was sold. Without a price the product's own is taken."""

    text = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=200)
    cost = MoneyField(label=gettext_lazy("Direct cost"), required=False)

    field_order = ["product", "text", "quantity", "unit_price", "discount", "cost"]

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, currency=currency, **kwargs)
        self.fields["product"].required = False
        self.fields["cost"].currency = currency  # type: ignore[attr-defined]

    @property
    def is_blank(self) -> bool:
        data = self.cleaned_data
        return bool(data.get("DELETE")) or not (data.get("product") or data.get("text") or data.get("unit_price"))

    def line(self, currency: str) -> OrderLine:
        """The line in the order's currency; raises ValidationError with the field that is wrong."""
        data = self.cleaned_data
        if not data.get("product") and not data.get("text"):
            raise ValidationError({"product": _("Choose a product or write what was sold.")})
        if data.get("product") is None and not data["unit_price"].strip():
            raise ValidationError({"unit_price": _("Write the price in %(currency)s.") % {"currency": currency}})
        try:
            price = self.price_in(currency)
        except ValidationError as error:
            raise ValidationError({"unit_price": error.messages}) from error
        try:
            cost = self.fields["cost"].minor(data["cost"].strip(), currency)  # type: ignore[attr-defined]
        except ValidationError as error:
            raise ValidationError({"cost": error.messages}) from error
        amount = services.line_amount(data["quantity"], price, data.get("discount") or Decimal(0))
        line = OrderLine(product=data["product"], text=data["text"], quantity=data["quantity"], unit_price=price)
        line.amount, line.cost = amount, cost
        return line


OrderLineRows = formset_factory(OrderLineRow, extra=1, max_num=200, absolute_max=210, can_delete=True)


def checked_day(at: dt.datetime | None) -> dt.datetime | None:
    """Refuses a day that has not come: what is typed as billed was billed."""
    if at is not None and at > timezone.now() + SLACK:
        raise ValidationError(_("This date lies in the future."))
    return at


class OrderForm(RecordForm):
    """What of a posted order can still be corrected."""

    class Meta:
        model = Order
        fields = HEAD_FIELDS
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class NewOrderForm(RecordForm):
    """A new order: customer, date, currency and lines. With a deal it starts with the deal's."""

    company = company_field()
    deal = forms.ModelChoiceField(Deal.objects.all(), required=False, widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields = ["company", "person", "deal", "ordered_at", "currency", "number", *HEAD_FIELDS]
        widgets = {
            "person": ComboboxWidget(url=PEOPLE_URL),
            "ordered_at": DateTimeInput(),
            "currency": forms.TextInput(attrs={"size": 4, "maxlength": 3, "autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {"number": gettext_lazy("Empty: the next one.")}

    def __init__(self, data: Any = None, *, lines: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.initial["currency"] = self.initial.get("currency") or Organisation.current().base_currency
        self.fields["ordered_at"].required = True
        choices = [("", "—"), *((row.pk, str(row)) for row in Product.objects.filter(active=True))]
        row = {"products": choices, "currency": self.initial["currency"]}
        self.lines = OrderLineRows(data, initial=lines, prefix="lines", form_kwargs=row)
        if lines:
            self.lines.extra = 0

    def clean_company(self) -> Company | None:
        return known_company(self.fields["company"].queryset, self.cleaned_data["company"])  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip().upper()
        validate_currency(currency)
        return currency

    def clean_ordered_at(self) -> dt.datetime | None:
        return checked_day(self.cleaned_data["ordered_at"])

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        if not data.get("company") and not data.get("person") and not {"company", "person"} & set(self.errors):
            self.add_error("company", _("An order needs a company or a person."))
        return data

    def is_valid(self) -> bool:
        valid = all([super().is_valid(), self.lines.is_valid()])
        return valid and self._read_lines()

    def _read_lines(self) -> bool:
        """Reads the lines in the order's currency, once that is known to be one."""
        self.order_lines: list[OrderLine] = []
        fine = True
        for form in self.lines.forms:
            if form.is_blank:
                continue
            try:
                line = form.line(self.cleaned_data["currency"])
                services.clean_line(line)
                self.order_lines.append(line)
            except ValidationError as error:
                for name, errors in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, ValidationError(errors))
                fine = False
        if fine and not self.order_lines:
            self.add_error(None, _("At least one line is needed."))
            fine = False
        return fine


class CreditRow(forms.Form):
    """How much of one line is credited, and what of its direct cost comes back."""

    line = forms.IntegerField(widget=forms.HiddenInput)
    amount = MoneyField(label=gettext_lazy("Credited"), required=False)
    cost = MoneyField(label=gettext_lazy("Returned cost"), required=False)

    def __init__(self, *args: Any, currency: str, lines: dict[int, OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("amount", "cost"):
            self.fields[name].currency = currency  # type: ignore[attr-defined]
        self.of = lines.get(self._number())

    def _number(self) -> int:
        value = self["line"].value()
        return int(value) if str(value).isdecimal() and len(str(value)) < 19 else 0


CreditRows = formset_factory(CreditRow, extra=0, max_num=210, absolute_max=220)


class CreditForm(forms.Form):
    """A credit note for an order: its date, why, and how much of each line. It opens with all that is left."""

    ordered_at = MomentField(label=gettext_lazy("Date"))
    description = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=2000)

    def __init__(self, data: Any = None, *, order: Order, lines: list[OrderLine]) -> None:
        super().__init__(data, initial={"ordered_at": timezone.now()})
        self.order = order
        known = {line.pk: line for line in lines}
        open_all = order.refunded == 0
        rows = [
            {
                "line": line.pk,
                "amount": line.amount if open_all else None,
                "cost": 0 if line.cost is not None and open_all else None,
            }
            for line in lines
        ]
        self.rows = CreditRows(data, initial=rows, prefix="rows", form_kwargs={"currency": order.currency, "lines": known})

    def clean_ordered_at(self) -> dt.datetime | None:
        return checked_day(self.cleaned_data["ordered_at"])

    def is_valid(self) -> bool:
        valid = all([super().is_valid(), self.rows.is_valid()])
        return valid and self._read_rows()

    def _read_rows(self) -> bool:
        self.credit_lines: list[OrderLine] = []
        for form in self.rows.forms:
            amounts: dict[str, int | None] = {}
            for name in ("amount", "cost"):
                try:
                    amounts[name] = form.fields[name].minor(form.cleaned_data[name].strip(), self.order.currency)  # type: ignore[attr-defined]
                except ValidationError as error:
                    form.add_error(name, ValidationError(error.messages))
            if form.of is None or not amounts.get("amount"):
                continue
            if amounts["amount"] > form.of.amount:  # type: ignore[operator]
                form.add_error("amount", _("More than was billed."))
                continue
            self.credit_lines.append(credit_line(form.of, amounts["amount"] or 0, amounts.get("cost")))
        if any(form.errors for form in self.rows.forms):
            return False
        if not self.credit_lines:
            self.add_error(None, _("Write what is credited on at least one line."))
        return not self.errors

    def take_errors(self, error: ValidationError) -> None:
        """A service's errors, at their fields where the form has them."""
        for name, errors in getattr(error, "error_dict", {None: error}).items():
            self.add_error(name if name in self.fields else None, errors)


def credit_line(of: OrderLine, amount: int, cost: int | None) -> OrderLine:
    """A line of a credit note for a line that was billed. Where that one's cost is known, this one's is too: nothing came back."""
    if cost is None and of.cost is not None:
        cost = 0
    return OrderLine(product=of.product, text=of.text, quantity=1, unit_price=amount, amount=amount, cost=cost)

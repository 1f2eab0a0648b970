"""The forms of subscriptions and of what is done with them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.forms import company_field, known_company
from contacts.models import Company
from crm.editing import RecordForm
from crm.forms import DateInput, DayField, LocalizedDecimal, MoneyField, MoneyFormMixin
from crm.models import Organisation
from crm.money import validate_currency
from crm.periods import today

from ..choices import CancelReason
from ..models import Deal, Product
from . import services
from .models import Subscription

PRICE = ["plan", "product", "interval", "amount", "quantity"]
REST = ["trial_end", "term_end", "grace_days", "remind_days", "owner", "source", "description"]
WIDGETS: dict[str, Any] = {
    **{name: DateInput() for name in ("start", "trial_end", "term_end")},
    "currency": forms.TextInput(attrs={"size": 4, "maxlength": 3, "autocomplete": "off"}),
    "description": forms.Textarea(attrs={"rows": 3}),
}
HELP = {
    "term_end": _("The first day that is not paid any more. Empty: it renews itself until it is cancelled."),
    "trial_end": _("Empty: it is paid from the start."),
    "grace_days": _("A renewal so many days after the end still counts as one."),
    "remind_days": _("Then its owner gets a task and a deal. 0: none."),
    "amount": _("For one of the quantity and one interval, net of discounts, without tax."),
    "number": _("Empty: the next one."),
}


class PriceForm(MoneyFormMixin, RecordForm):
    """What new and existing subscriptions share."""

    amount = MoneyField(label=_("Amount"), help_text=HELP["amount"])
    quantity = LocalizedDecimal(label=_("Quantity"), max_digits=12, decimal_places=3, min_value=0, initial=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].required = False  # a product names it
        product: Any = self.fields["product"]
        product.queryset = Product.objects.filter(active=True) | Product.objects.filter(pk=self.record.product_id)

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        days = {name: data.get(name) for name in ("start", "trial_end", "term_end")}
        for name, words in services.check_days(Subscription(**days)).items() if days["start"] else ():
            self.add_error(name, words)
        return data


class SubscriptionForm(PriceForm):
    """A subscription that is there: what changes from a day on, and what is corrected."""

    day = DayField(
        label=_("From"),
        required=False,
        widget=DateInput(),
        help_text=_("From when plan, product, interval, amount, quantity and owner change. Empty: from today."),
    )

    class Meta:
        model = Subscription
        fields = [*PRICE, "start", *REST]
        widgets = WIDGETS
        help_texts = HELP


class NewSubscriptionForm(PriceForm):
    """A new subscription. With a deal it starts with the deal's company, owner and source."""

    company = company_field()
    deal = forms.ModelChoiceField(Deal.objects.all(), required=False, widget=forms.HiddenInput)

    class Meta:
        model = Subscription
        fields = ["company", "deal", *PRICE, "start", "currency", "number", *REST]
        widgets = WIDGETS
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["currency"] = self.initial.get("currency") or Organisation.current().base_currency
        self.initial["start"] = self.initial.get("start") or today()

    def _get_validation_exclusions(self) -> set[str]:
        """A company that is typed is added with the subscription."""
        return {*super()._get_validation_exclusions(), "company"}

    def clean_company(self) -> Company | None:
        company = known_company(self.fields["company"].queryset, self.cleaned_data["company"])  # type: ignore[attr-defined]
        if company is None:
            raise forms.ValidationError(_("A subscription needs a company."))
        return company

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip().upper()
        validate_currency(currency)
        return currency


class DoneForm(forms.Form):
    """Base of the forms of what is done with a subscription."""

    def __init__(self, data: Any = None, *, record: Subscription, **kwargs: Any) -> None:
        self.record = record
        super().__init__(data, **kwargs)

    def take_errors(self, error: forms.ValidationError) -> None:
        """A service's errors, at their fields where the form has them."""
        for name, errors in getattr(error, "error_dict", {None: error}).items():
            self.add_error(name if name in self.fields else None, errors)


class DayForm(DoneForm):
    """From which day it holds."""

    day = DayField(label=_("From"), widget=DateInput(), initial=today)


class CancelForm(DoneForm):
    """When it ends, when the customer said so, and why."""

    day = DayField(label=_("Ends on"), widget=DateInput(), help_text=_("The first day that is not paid any more."))
    told_on = DayField(label=_("Cancelled on"), widget=DateInput(), initial=today)
    reason = forms.ChoiceField(label=_("Reason"), choices=[("", "—"), *CancelReason.choices])
    note = forms.CharField(label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("day", self.record.term_end or max(today(), self.record.start))


class RenewForm(MoneyFormMixin, DoneForm):
    """From when and until when it goes on, and for how much."""

    start = DayField(label=_("Start"), widget=DateInput())
    term_end = DayField(label=_("End of the term"), required=False, widget=DateInput(), help_text=HELP["term_end"])
    plan = forms.CharField(label=_("Plan"), max_length=120)
    amount = MoneyField(label=_("Amount"), help_text=HELP["amount"])
    quantity = LocalizedDecimal(label=_("Quantity"), max_digits=12, decimal_places=3, min_value=0)

    def __init__(self, data: Any = None, *, renewal: Subscription, **kwargs: Any) -> None:
        names = ("start", "term_end", "plan", "amount", "quantity", "currency")
        super().__init__(data, initial={name: getattr(renewal, name) for name in names}, **kwargs)

"""The forms of deals and of converting a lead."""

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
from contacts.models import Company, Person, PersonEmail
from crm import periods
from crm.editing import RecordForm
from crm.forms import (
    ComboboxWidget,
    CreatableModelChoiceField,
    DateInput,
    DateTimeInput,
    DayField,
    LocalizedDecimal,
    MoneyField,
    MoneyFormMixin,
)
from crm.models import Organisation
from crm.money import validate_currency

from .choices import PersonRole, Status
from .models import Deal, DealLine, LossReason, Product, Stage
from .services import default_pipeline

SOON = 10  # days: a month's end nearer than this is no closing date to propose


def proposed_close(today: dt.date) -> dt.date:
    """The last day of this month, or of the next when that is near."""
    month = periods.containing(today, "month")
    if (month.last_day - today).days < SOON:
        month = periods.containing(month.end, "month")
    return month.last_day


def stage_choices() -> list[Any]:
    """All stages; grouped by pipeline when there are several."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for stage in Stage.objects.select_related("pipeline"):
        groups.setdefault(str(stage.pipeline), []).append((stage.pk, stage.name))
    return next(iter(groups.values())) if len(groups) == 1 else list(groups.items())


class LineRow(forms.Form):
    """A product on the deal. Without a price the product's own is taken."""

    product = forms.ModelChoiceField(Product.objects.none(), label=gettext_lazy("Product"))
    quantity = LocalizedDecimal(label=gettext_lazy("Quantity"), max_digits=12, decimal_places=3, initial=1, min_value=0)
    unit_price = MoneyField(label=gettext_lazy("Unit price"), required=False)
    discount = LocalizedDecimal(
        label=gettext_lazy("Discount %"), max_digits=5, decimal_places=2, required=False, min_value=0, max_value=100
    )

    def __init__(self, *args: Any, products: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit_price"].currency = currency  # type: ignore[attr-defined]
        field: Any = self.fields["product"]
        field.queryset = Product.objects.all()
        field.choices = products

    def price_in(self, currency: str) -> int:
        """The unit price in minor units of the deal's currency; raises ValidationError."""
        typed, product = self.cleaned_data["unit_price"].strip(), self.cleaned_data["product"]
        if typed:
            return self.fields["unit_price"].minor(typed, currency)  # type: ignore[attr-defined]
        if product.price is None or product.currency != currency:
            raise ValidationError(_("Write the price in %(currency)s."), params={"currency": currency})
        return product.price


class PersonRow(forms.Form):
    person = forms.ModelChoiceField(Person.objects.none(), label=gettext_lazy("Person"), widget=ComboboxWidget(url=PEOPLE_URL))
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=PersonRole.choices, required=False)

    def __init__(self, *args: Any, allowed: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = allowed  # type: ignore[attr-defined]


LineRows = formset_factory(LineRow, extra=1, max_num=50, absolute_max=60, can_delete=True)
PersonRows = formset_factory(PersonRow, extra=1, max_num=20, absolute_max=30, can_delete=True)


class DealForm(MoneyFormMixin, RecordForm):
    """One form for a deal with its company and person, found while typing or created with it."""

    company = company_field()
    amount = MoneyField(currency_field="currency", label=gettext_lazy("Value"), required=False)
    stage = forms.ModelChoiceField(Stage.objects.select_related("pipeline"), label=gettext_lazy("Stage"), empty_label=None)

    class Meta:
        model = Deal
        fields = [
            "title",
            "company",
            "amount",
            "currency",
            "stage",
            "expected_close",
            "owner",
            "source",
            "campaign",
            "probability",
            "first_contact_at",
            "created_at",
            "won_at",
            "lost_at",
            "lost_reason",
            "lost_note",
            "description",
        ]
        widgets = {
            "expected_close": DateInput(),
            "first_contact_at": DateTimeInput(),
            "created_at": DateTimeInput(),
            "won_at": DateTimeInput(),
            "lost_at": DateTimeInput(),
            "currency": forms.TextInput(attrs={"size": 4, "maxlength": 3, "autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 4}),
            "lost_note": forms.Textarea(attrs={"rows": 2}),
        }
        help_texts = {"probability": gettext_lazy("Empty: the stage's own.")}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["title"].required = False
        self._set_up_stage()
        self._drop_what_does_not_apply()
        choices = [("", "—"), *((row.pk, str(row)) for row in Product.objects.filter(active=True))]
        currency = self.initial.get("currency") or self.record.currency
        self.lines = LineRows(
            data, initial=self._lines(), prefix="lines", form_kwargs={"products": choices, "currency": currency}
        )
        self.rows: Any = None
        if not self.creating:
            links = list(self.record.deal_people.select_related("person"))
            allowed = Person.objects.filter(pk__in=Person.objects.visible_to(self.user).values("pk")) | Person.objects.filter(
                pk__in=[link.person_id for link in links]
            )
            initial = [{"person": link.person_id, "role": link.role} for link in links]
            self.rows = PersonRows(data, initial=initial, prefix="people", form_kwargs={"allowed": allowed})

    def _set_up_stage(self) -> None:
        choices = stage_choices()
        if not choices:
            default_pipeline()
            choices = stage_choices()
        field: Any = self.fields["stage"]
        field.widget = forms.RadioSelect(attrs={"data-segments": ""})
        field.choices = choices
        field.widget.choices = choices
        if self.creating and not self.initial.get("stage"):
            first = default_pipeline().stages.order_by("position", "pk").first()
            self.initial["stage"] = first.pk if first else None

    def _drop_what_does_not_apply(self) -> None:
        """A date of winning only on a won deal; dates of the past not while a new deal is typed."""
        unwanted = {"won_at"} if self.record.status != Status.WON else set()
        if self.record.status != Status.LOST:
            unwanted |= {"lost_at", "lost_reason", "lost_note"}
        if self.creating:
            unwanted |= {"created_at", "first_contact_at"}
            self.initial["currency"] = self.initial.get("currency") or Organisation.current().base_currency
            self.initial["expected_close"] = self.initial.get("expected_close") or proposed_close(timezone.localdate())
        for name in unwanted:
            del self.fields[name]

    def _lines(self) -> list[dict[str, Any]]:
        if self.creating:
            return []
        return [
            {
                "product": line.product_id,
                "quantity": line.quantity + Decimal(0),
                "unit_price": line.unit_price,
                "discount": line.discount or None,
            }
            for line in self.record.lines.all()
        ]

    def clean_company(self) -> Company | None:
        return known_company(self.fields["company"].queryset, self.cleaned_data["company"])  # type: ignore[attr-defined]

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip().upper()
        validate_currency(currency)
        return currency

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        for name in ("created_at", "won_at", "lost_at"):
            if name in self.fields and not data.get(name) and name not in self.errors:
                self.add_error(name, _("This date is needed."))
        return data

    def is_valid(self) -> bool:
        valid = all([super().is_valid(), self.lines.is_valid(), self.rows is None or self.rows.is_valid()])
        return valid and self._price_lines()

    def _price_lines(self) -> bool:
        """Reads the prices in the deal's currency, once that is known to be one."""
        self.deal_lines: list[DealLine] = []
        fine = True
        for form in self.lines.forms:
            data = form.cleaned_data
            if not data.get("product") or data.get("DELETE"):
                continue
            try:
                price = form.price_in(self.cleaned_data["currency"])
                line = DealLine(
                    product=data["product"],
                    quantity=data["quantity"],
                    unit_price=price,
                    discount=data.get("discount") or 0,
                    amount=0,
                )
                line.clean_fields(exclude=["deal"])
                self.deal_lines.append(line)
            except ValidationError as error:
                form.add_error("unit_price", ValidationError(error.messages))
                fine = False
        return fine

    def changed_lines(self) -> list[DealLine] | None:
        """The lines for the service, or None when nobody touched them."""
        return self.deal_lines if self.lines.has_changed() or (self.deal_lines and "currency" in self.changes()) else None

    def changed_people(self) -> list[tuple[Person, str]] | None:
        """People with roles for the service, or None when nobody touched them."""
        if self.rows is None or not self.rows.has_changed():
            return None
        rows = [form.cleaned_data for form in self.rows.forms]
        return [(row["person"], row["role"]) for row in rows if row.get("person") and not row.get("DELETE")]


class NewDealForm(DealForm):
    """A new deal: with a person, found while typing (name, e-mail, digits of a phone) or added with e-mail and phone."""

    person = CreatableModelChoiceField(
        Person.objects.all(),
        new=lambda name: Person(name=name[:200]),
        url=PEOPLE_URL,
        label=gettext_lazy("Person"),
        required=False,
    )
    person_email = forms.EmailField(label=gettext_lazy("E-mail of the person"), required=False)
    person_phone = forms.CharField(label=gettext_lazy("Phone of the person"), required=False, max_length=40)

    def clean_person_phone(self) -> str:
        phone = self.cleaned_data["person_phone"].strip()
        if phone and not any(char.isdigit() for char in phone):
            raise ValidationError(_("A phone number has digits, as in +33 1 23 45 67 89."))
        return phone

    def clean(self) -> dict:
        data = super().clean()
        person = data.get("person")
        if person is not None and person.pk is None:
            self._known_person(person, data)
        person, company = data.get("person"), data.get("company")
        if company is None and person is not None and person.company_id:
            data["company"] = self.fields["company"].queryset.filter(pk=person.company_id).first()  # type: ignore[attr-defined]
        company = data.get("company")
        if not data.get("title"):
            if company is None and person is None and not {"company", "person"} & set(self.errors):
                raise ValidationError(_("Name a company, a person or a title."))
            data["title"] = _("Deal with %(name)s") % {"name": company or person} if company or person else ""
        return data

    def _known_person(self, person: Person, data: dict) -> None:
        """Somebody who is there already is taken, not added twice."""
        visible = self.fields["person"].queryset  # type: ignore[attr-defined]
        if "@" in person.name and not data.get("person_email"):
            data["person_email"] = person.name.strip()
            person.name = person.name.partition("@")[0].replace(".", " ").title()
        email, company = data.get("person_email"), data.get("company")
        if email:
            row = PersonEmail.objects.filter(email__iexact=email).first()
            known = visible.filter(pk=row.person_id).first() if row else None
            if row and known is None:
                self.add_error("person_email", _("A person with this e-mail is there already, with a colleague."))
            elif known is not None:
                data["person"] = known
        elif company is not None and company.pk:
            same = visible.filter(company=company, name__iexact=person.name.strip()).order_by("pk").first()
            data["person"] = same or person


class LoseForm(forms.Form):
    """Why a deal was lost."""

    reason = forms.ModelChoiceField(LossReason.objects.filter(active=True), required=False)
    note = forms.CharField(required=False, max_length=2000)


class ConvertForm(MoneyFormMixin, forms.Form):
    """What to make of a lead: the company and person that match are proposed, a deal is made unless unticked."""

    company = company_field(help_text=gettext_lazy("Empty: from the lead, if it names one."))
    person = forms.ModelChoiceField(
        Person.objects.all(),
        label=gettext_lazy("Person"),
        required=False,
        widget=ComboboxWidget(url=PEOPLE_URL),
        help_text=gettext_lazy("Empty: added from the lead."),
    )
    with_deal = forms.BooleanField(label=gettext_lazy("Make a deal"), required=False, initial=True)
    title = forms.CharField(label=gettext_lazy("Title of the deal"), max_length=200, required=False)
    amount = MoneyField(currency_field="currency", label=gettext_lazy("Value"), required=False)
    currency = forms.CharField(label=gettext_lazy("Currency"), max_length=3, validators=[validate_currency])
    expected_close = DayField(label=gettext_lazy("Expected close"), required=False, widget=DateInput())

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("company", Company), ("person", Person)):
            self.fields[name].queryset = model.objects.visible_to(user)  # type: ignore[attr-defined]

    def clean_company(self) -> Company | None:
        return known_company(self.fields["company"].queryset, self.cleaned_data["company"])  # type: ignore[attr-defined]

    def take_errors(self, error: ValidationError) -> None:
        """A service's errors, at their fields where the form has them."""
        for name, errors in getattr(error, "error_dict", {None: error}).items():
            self.add_error(name if name in self.fields else None, errors)

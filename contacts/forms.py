"""The forms of companies, people, leads, activities and tasks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseFormSet, formset_factory
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.editing import RecordForm
from crm.forms import ComboboxWidget, CreatableModelChoiceField, DateInput, DateTimeInput, DayField, MoneyField, MoneyFormMixin

from .choices import ActivityKind, ContactType, Direction, LeadStatus, Outcome
from .filters import COMPANIES_URL
from .matching import clean_domain
from .models import Activity, Company, Lead, Person, Task

PEOPLE_URL = reverse_lazy("contacts:lookup_people")


def known_company(queryset: Any, company: Company | None) -> Company | None:
    """A typed company that exists already (by name or domain, among those the user may see) is that one, not a second."""
    if company is None or company.pk is not None:
        return company
    name = company.name.strip()
    found = queryset.filter(name__iexact=name).order_by("pk").first()
    domain = clean_domain(name) if "." in name and " " not in name else ""
    if found is None and domain:
        found = queryset.filter(domain__iexact=domain).first()
        company.domain = domain
    return found or company


def company_field(label: Any = _("Company"), **kwargs: Any) -> CreatableModelChoiceField:
    """A company, found while typing or created."""
    return CreatableModelChoiceField(
        Company.objects.all(), new=lambda name: Company(name=name[:200]), url=COMPANIES_URL, label=label, required=False, **kwargs
    )


class CompanyForm(MoneyFormMixin, RecordForm):
    annual_revenue = MoneyField(currency_field="annual_revenue_currency", label=_("Annual revenue"), required=False)

    class Meta:
        model = Company
        fields = [
            "name",
            "domain",
            "industry",
            "employees",
            "country",
            "city",
            "owner",
            "parent",
            "annual_revenue",
            "annual_revenue_currency",
            "source",
            "description",
        ]
        widgets = {
            "parent": ComboboxWidget(url=COMPANIES_URL),
            "description": forms.Textarea(attrs={"rows": 4}),
            "annual_revenue_currency": forms.TextInput(attrs={"size": 4, "maxlength": 3}),
        }
        labels = {"annual_revenue_currency": _("Annual revenue currency")}
        help_texts = {
            "domain": _("As in acme.com. It tells companies of the same name apart."),
            "country": _("Two letters, as in FR."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = self.record.parent_id
        if parent is not None and not Company.objects.visible_to(self.user).filter(pk=parent).exists():
            del self.fields["parent"]  # the name of a company that is a colleague's stays with the colleague

    def clean_domain(self) -> str:
        domain = clean_domain(self.cleaned_data["domain"])
        taken = Company.objects.filter(domain__iexact=domain).exclude(pk=self.record.pk).first() if domain else None
        if taken is None:
            return domain
        if Company.objects.visible_to(self.user).filter(pk=taken.pk).exists():
            raise ValidationError(_("%(company)s has this domain already."), params={"company": taken})
        raise ValidationError(_("A company with this domain is there already, with a colleague. Ask your manager for it."))

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if country and not (country.isascii() and country.isalpha() and len(country) == 2):
            raise ValidationError(_("Write the country's two letters, as in FR or US."))
        return country

    def clean_annual_revenue_currency(self) -> str:
        return self.cleaned_data["annual_revenue_currency"].upper()


class EmailRow(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    type = forms.ChoiceField(label=_("Type"), choices=ContactType.choices, required=False)


class PhoneRow(forms.Form):
    phone = forms.CharField(label=_("Phone"), max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
    type = forms.ChoiceField(label=_("Type"), choices=ContactType.choices, required=False)

    def clean_phone(self) -> str:
        phone = self.cleaned_data["phone"].strip()
        if not any(char.isdigit() for char in phone):
            raise ValidationError(_("A phone number has digits, as in +33 1 23 45 67 89."))
        return phone


EmailRows = formset_factory(EmailRow, extra=1, max_num=20, absolute_max=40, can_delete=True)
PhoneRows = formset_factory(PhoneRow, extra=1, max_num=20, absolute_max=40, can_delete=True)


def typed_rows(rows: BaseFormSet, name: str) -> list[tuple[str, str]]:
    """What stands in a formset of typed addresses, in order, without blanks and deleted rows."""
    found = []
    for form in rows.forms:
        data = form.cleaned_data
        if data.get(name) and not data.get("DELETE"):
            found.append((data[name], data.get("type") or ContactType.WORK))
    return found


class PersonForm(RecordForm):
    company = company_field()

    class Meta:
        model = Person
        fields = ["name", "title", "company", "owner", "language", "source", "consent", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"language": _("Two letters, as in fr.")}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        emails = [{"email": row.email, "type": row.type} for row in self.record.emails.all()] if self.record.pk else []
        phones = [{"phone": row.phone, "type": row.type} for row in self.record.phones.all()] if self.record.pk else []
        self.emails = EmailRows(data, initial=emails, prefix="emails")
        self.phones = PhoneRows(data, initial=phones, prefix="phones")

    def clean_company(self) -> Company | None:
        return known_company(self.fields["company"].queryset, self.cleaned_data["company"])  # type: ignore[attr-defined]

    def is_valid(self) -> bool:
        # All three are asked, so that every error shows at once.
        return all([super().is_valid(), self.emails.is_valid(), self.phones.is_valid()])

    def contact_rows(self) -> dict[str, list[tuple[str, str]]]:
        """emails and phones for `save_person`, only those that were touched."""
        found = {}
        if self.creating or self.emails.has_changed():
            found["emails"] = typed_rows(self.emails, "email")
        if self.creating or self.phones.has_changed():
            found["phones"] = typed_rows(self.phones, "phone")
        return found


class LeadForm(RecordForm):
    class Meta:
        model = Lead
        fields = [
            "name",
            "company_name",
            "email",
            "phone",
            "status",
            "owner",
            "source",
            "medium",
            "campaign",
            "term",
            "content",
            "landing_page",
            "description",
        ]
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "status" in self.fields:
            # Converting has its own page, because it makes a company, a person and a deal.
            converted = self.record.status == LeadStatus.CONVERTED
            keep = [c for c in LeadStatus.choices if c[0] != LeadStatus.CONVERTED]
            if converted:
                del self.fields["status"]
            else:
                self.fields["status"].choices = keep  # type: ignore[attr-defined]


class ActivityForm(RecordForm):
    class Meta:
        model = Activity
        fields = ["kind", "note", "direction", "outcome", "minutes", "at"]
        widgets = {
            "note": forms.Textarea(attrs={"rows": 3, "placeholder": _("What was said or done")}),
            "at": DateTimeInput(),
            "kind": forms.RadioSelect(attrs={"data-segments": ""}),
            "outcome": forms.RadioSelect(attrs={"data-chips": ""}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = ActivityKind.choices  # type: ignore[attr-defined]
        self.fields["outcome"].choices = [("", _("Not said")), *Outcome.choices]  # type: ignore[attr-defined]
        self.fields["at"].required = False
        self.fields["direction"].required = False

    def clean_direction(self) -> str:
        return self.cleaned_data["direction"] or Direction.OUTBOUND

    def clean_at(self) -> dt.datetime:
        return self.cleaned_data["at"] or self.record.at or timezone.now()


DUE_CHIPS = (("", _("None")), ("1", _("Tomorrow")), ("3", _("In 3 days")), ("7", _("In a week")), ("date", _("On a day")))


class ComposerForm(ActivityForm):
    """What was done, and the next step, in one panel."""

    next_due = forms.ChoiceField(
        label=_("Next step"), choices=DUE_CHIPS, required=False, widget=forms.RadioSelect(attrs={"data-chips": ""}), initial=""
    )
    next_date = DayField(label=_("Day of the next step"), required=False, widget=DateInput())
    next_kind = forms.ChoiceField(
        label=_("How"),
        required=False,
        choices=[c for c in ActivityKind.choices if c[0] != ActivityKind.NOTE],
    )
    next_title = forms.CharField(label=_("What"), max_length=200, required=False)

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        if data.get("next_due") == "date" and not data.get("next_date") and "next_date" not in self.errors:
            self.add_error("next_date", _("Choose the day."))
        if not data.get("note") and data.get("kind") == ActivityKind.NOTE:
            self.add_error("note", _("Write the note."))
        return data

    def next_step(self) -> dict[str, Any] | None:
        """Fields of the task that follows, or None. It is due at nine in the morning of its day, in the user's zone."""
        data = self.cleaned_data
        when = data.get("next_due")
        if not when:
            return None
        day = data["next_date"] if when == "date" else timezone.localdate() + dt.timedelta(days=int(when))
        kind = data.get("next_kind") or ActivityKind.CALL
        title = data.get("next_title") or str(ActivityKind(kind).label)
        return {"title": title, "kind": kind, "due_at": nine_on(day)}


def nine_on(day: dt.date) -> dt.datetime:
    """Nine in the morning of a day, where the user is."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time(9)))


class TaskForm(RecordForm):
    class Meta:
        model = Task
        fields = ["title", "kind", "due_at", "owner", "note"]
        widgets = {"due_at": DateTimeInput(), "note": forms.Textarea(attrs={"rows": 3})}


class MergeForm(forms.Form):
    """Which record takes in this one."""

    other = forms.ModelChoiceField(queryset=None, label=_("Merge with"))

    def __init__(self, *args: Any, queryset: Any, url: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["other"]
        field.queryset = queryset
        field.widget = ComboboxWidget(url=url)
        field.widget.choices = field.choices

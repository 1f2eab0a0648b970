"""The forms of campaigns and costs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from contacts.forms import PEOPLE_URL
from contacts.models import Lead, Person
from crm import access, periods
from crm.editing import RecordForm
from crm.forms import ComboboxWidget, DateInput, MoneyField, MoneyFormMixin
from crm.models import Organisation, Team

from .choices import Asked, MemberStatus
from .filters import CAMPAIGNS_URL
from .models import Campaign, Cost, WebForm

LEADS_URL = reverse_lazy("marketing:lookup_leads")
CURRENCY = forms.TextInput(attrs={"size": 4, "maxlength": 3})


class MarketingForm(MoneyFormMixin, RecordForm):
    """What both share: a currency that is the organisation's until another one is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].required = False
        if self.creating and not self.initial.get("currency"):
            self.initial["currency"] = Organisation.current().base_currency

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper() or self.record.currency or Organisation.current().base_currency


class CampaignForm(MarketingForm):
    budget = MoneyField(label=_("Budget"), required=False)

    class Meta:
        model = Campaign
        fields = [
            "name", "code", "kind", "status", "source", "channel", "start", "end", "budget", "currency", "owner", "description",
        ]  # fmt: skip
        widgets = {
            "start": DateInput(),
            "end": DateInput(),
            "currency": CURRENCY,
            "description": forms.Textarea(attrs={"rows": 4}),
        }

    def clean_code(self) -> str:
        """Empty: the name is the code."""
        return self.cleaned_data["code"].strip() or (self.data.get(self.add_prefix("name"), "").strip()[:120])


class WebFormForm(RecordForm):
    class Meta:
        model = WebForm
        fields = [
            "name", "title", "intro", "ask_phone", "ask_company", "ask_message", "consent_text", "consent_needed", "thanks",
            "campaign", "source", "channel", "owner", "active",
        ]  # fmt: skip
        widgets = {
            "intro": forms.Textarea(attrs={"rows": 3}),
            "consent_text": forms.Textarea(attrs={"rows": 3}),
            "thanks": forms.Textarea(attrs={"rows": 3}),
            "campaign": ComboboxWidget(url=CAMPAIGNS_URL, limit=0),
        }


class PublicForm(forms.Form):
    """What anybody fills in: name and e-mail, and what the web form asks for. `website` is a trap: people do not see it."""

    name = forms.CharField(label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(label=_("Your phone number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "tel"}))
    company = forms.CharField(
        label=_("Your company"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    message = forms.CharField(label=_("Your message"), max_length=5_000, widget=forms.Textarea(attrs={"rows": 5}))
    consent = forms.BooleanField(required=False)
    website = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: Any, form: WebForm, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("phone", "company", "message"):
            asked = getattr(form, f"ask_{name}")
            if asked == Asked.NO:
                del self.fields[name]
            else:
                self.fields[name].required = asked == Asked.REQUIRED
        if form.consent_text:
            self.fields["consent"].label = form.consent_text
            self.fields["consent"].required = form.consent_needed
        else:
            del self.fields["consent"]

    def clean_name(self) -> str:
        """A name is shown to people: one line, and no web address."""
        name = " ".join(self.cleaned_data["name"].split())
        if "://" in name or "www." in name.lower():
            raise ValidationError(_("Please write your name."))
        return name


class CostForm(MarketingForm):
    amount = MoneyField(label=_("Amount"))

    class Meta:
        model = Cost
        fields = [
            "name", "amount", "currency", "posted_on", "until", "category", "purpose", "campaign", "channel", "team", "description",
        ]  # fmt: skip
        widgets = {
            "posted_on": DateInput(),
            "until": DateInput(),
            "currency": CURRENCY,
            "campaign": ComboboxWidget(url=CAMPAIGNS_URL),
            "description": forms.Textarea(attrs={"rows": 3}),
        }
        labels = {"team": _("Budget of team")}
        help_texts = {
            "channel": _("Empty: the campaign's."),
            "team": _("Empty: nobody's own, it counts for the organisation as a whole."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.creating and not self.initial.get("posted_on"):
            self.initial["posted_on"] = periods.today()
        team: Any = self.fields["team"]
        if access.scope_of(self.user, "cost", "change") != "all":
            team.queryset = Team.objects.filter(pk__in={*access.team_ids(self.user), self.record.team_id})

    def clean(self) -> Any:
        data = super().clean()
        first, last = self.cleaned_data.get("posted_on"), self.cleaned_data.get("until")
        if first and last and last < first:
            self.add_error("until", _("The last day lies before the first."))
        return data

    def changes(self) -> dict[str, Any]:
        """Who enters it is its owner; the team is only whose budget it is."""
        values = super().changes()
        if self.creating and access.scope_of(self.user, "cost", "change") != "all":
            values["team"] = values.get("team") or self.user.team
        return values


class MemberForm(forms.Form):
    """A lead or a person, and how far the campaign got with them."""

    lead = forms.ModelChoiceField(
        Lead.objects.none(), label=_("Lead"), required=False, widget=ComboboxWidget(url=LEADS_URL, limit=0)
    )
    person = forms.ModelChoiceField(
        Person.objects.none(), label=_("Person"), required=False, widget=ComboboxWidget(url=PEOPLE_URL, limit=0)
    )
    status = forms.ChoiceField(label=_("Status"), choices=MemberStatus.choices, initial=MemberStatus.PLANNED)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("lead", Lead), ("person", Person)):
            field: Any = self.fields[name]
            field.queryset = model.objects.visible_to(user)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not data.get("lead") and not data.get("person"):
            raise ValidationError(_("Choose a person or a lead."))
        return data


class LinkForm(forms.Form):
    """An address to which the campaign's marks are added."""

    link = forms.URLField(label=_("Address of the page"), max_length=500, assume_scheme="https")

"""Settings of the organisation: itself, exchange rates, users, teams."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import services
from ..forms import ComboboxWidget, DateInput, bounded
from ..models import ExchangeRate, Organisation, Team, User
from ..zones import zone_choices
from .settings_base import SettingsForm, SettingsList, SettingsView

LANGUAGES = (("en", "English"), ("fr", "Français"), ("es", "Español"))
OWN_LANGUAGES = (("", gettext_lazy("As the browser says")), *LANGUAGES)


def months() -> list[tuple[int, str]]:
    """The months by name, in the reader's language."""
    return [(number, date_format(dt.date(2026, number, 1), "F")) for number in range(1, 13)]


def weekdays() -> list[tuple[int, str]]:
    """The days of a week from Monday, in the reader's language."""
    return [(number, date_format(dt.date(2026, 6, 1 + number), "l")) for number in range(7)]


class OrganisationForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zone_choices, widget=ComboboxWidget())
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=LANGUAGES)

    class Meta:
        model = Organisation
        fields = [
            "name",
            "time_zone",
            "base_currency",
            "language",
            "fiscal_year_start",
            "week_start",
            "go_live_on",
            "go_live_ramp",
            "crm_savings",
            "lead_quiet_days",
            "lead_abandonment_window",
            "lead_conversion_window",
            "deal_win_window",
            "stage_conversion_window",
            "stale_days",
            "survey_response_window",
            "customer_window_days",
            "attribution_window_days",
            "attribution_model",
        ]
        widgets = {"go_live_on": DateInput(), "fiscal_year_start": forms.Select, "week_start": forms.Select}
        help_texts = {"week_start": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self.fields)
        self.fields["fiscal_year_start"].widget.choices = months()
        self.fields["week_start"].widget.choices = weekdays()

    def clean_base_currency(self) -> str:
        return self.cleaned_data["base_currency"].upper()


class OrganisationPage(SettingsForm):
    form_class = OrganisationForm
    title = gettext_lazy("Organisation")
    template = "crm/settings_organisation.html"

    def record(self) -> Organisation:
        return Organisation.current()

    def save(self, form: Any, record: Any) -> Any:
        return services.save_organisation(Organisation.objects.get(pk=record.pk), **form.cleaned_data)


class RateForm(forms.ModelForm):
    class Meta:
        model = ExchangeRate
        fields = ["currency", "date", "rate"]
        widgets = {"date": DateInput(), "currency": forms.TextInput(attrs={"size": 4, "maxlength": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self.fields)

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].upper()
        if currency == Organisation.current().base_currency:
            raise ValidationError(_("This is the base currency; it needs no rate."))
        return currency

    def _get_validation_exclusions(self) -> set[str]:
        """Without the check that currency and day are new: the same again corrects the rate."""
        return {*super()._get_validation_exclusions(), "date"}


class RateList(SettingsForm):
    """All rates, and a form for one more."""

    form_class = RateForm
    title = gettext_lazy("Exchange rates")
    template = "crm/settings_rates.html"

    def record(self) -> ExchangeRate:
        return ExchangeRate()

    def save(self, form: Any, record: Any) -> Any:
        data = form.cleaned_data
        return services.set_rate(data["currency"], data["date"], data["rate"])

    def extra(self, record: Any) -> dict:
        return {"rates": ExchangeRate.objects.order_by("currency", "-date")[:500], "base": Organisation.current().base_currency}


class RateDelete(SettingsView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.delete_rate(self.row(ExchangeRate.objects))
        messages.success(request, _("Rate deleted"))
        return HttpResponseRedirect(reverse("rates"))


class TeamForm(forms.ModelForm):
    class Meta:
        model = Team
        fields = ["name", "parent", "manager"]


class TeamList(SettingsList):
    title = gettext_lazy("Teams")
    hint = gettext_lazy("A manager sees the records of the team and of the teams below it.")
    new_url = reverse_lazy("team_new")
    new_label = gettext_lazy("New team")
    heads = (gettext_lazy("Part of"), gettext_lazy("Manager"))
    icon = "users"

    def queryset(self) -> Any:
        return Team.objects.select_related("parent", "manager").order_by("name", "pk")

    def url(self, row: Any) -> str:
        return reverse("team_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [row.parent, row.manager]


class TeamEdit(SettingsForm):
    form_class = TeamForm
    parent = (gettext_lazy("Teams"), "teams")

    def record(self) -> Any:
        return self.row(Team.objects)

    def save(self, form: Any, record: Any) -> Any:
        return services.save_team(record, **form.cleaned_data)


class TeamNew(TeamEdit):
    title = gettext_lazy("New team")

    def record(self) -> Any:
        return Team()


class UserForm(forms.ModelForm):
    password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Leave empty to keep it. A new user without one sets it by “Forgot your password?”."),
    )

    class Meta:
        model = User
        fields = ["name", "username", "email", "role", "team", "carries_quota", "fte_percent", "is_active", "is_service"]
        help_texts = {"username": ""}
        labels = {"is_active": gettext_lazy("May sign in"), "username": gettext_lazy("User name")}

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if password:
            validate_password(password, self.instance)
        return password


class UserList(SettingsList):
    title = gettext_lazy("Users")
    new_url = reverse_lazy("user_new")
    new_label = gettext_lazy("New user")
    heads = (gettext_lazy("Role"), gettext_lazy("Team"), gettext_lazy("E-mail"), gettext_lazy("State"))
    icon = "users"

    def queryset(self) -> Any:
        return User.objects.select_related("team").order_by("-is_active", "name", "pk")

    def url(self, row: Any) -> str:
        return reverse("user_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        state = "" if row.is_active else _("Deactivated")
        return [row.get_role_display(), row.team, row.email, state]


class UserEdit(SettingsForm):
    form_class = UserForm
    parent = (gettext_lazy("Users"), "users")
    template = "crm/settings_user.html"

    def record(self) -> Any:
        return self.row(User.objects)

    def save(self, form: Any, record: Any) -> Any:
        data = dict(form.cleaned_data)
        if record.pk == self.user.pk and (data["role"] != record.role or not data["is_active"]):
            raise ValidationError({"role": _("You cannot take your own rights away. Ask another administrator.")})
        password = data.pop("password") or None
        return services.save_user(record, password=password, **data)


class UserNew(UserEdit):
    title = gettext_lazy("New user")

    def record(self) -> Any:
        return User()

"""What everybody sets for themselves: profile, and tokens for the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import services
from ..forms import ComboboxWidget
from ..models import ApiToken, User
from ..zones import zone_choices
from .generic import SignedIn
from .settings import OWN_LANGUAGES
from .settings_base import SettingsForm


class PersonalPage(SettingsForm):
    """Everybody's own; no right is needed."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return SignedIn.dispatch(self, request, *args, **kwargs)


def own_zones() -> list[tuple[str, Any]]:
    return [("", gettext_lazy("The organisation's")), *zone_choices()]


class ProfileForm(forms.ModelForm):
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=OWN_LANGUAGES, required=False)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=own_zones, required=False, widget=ComboboxWidget())

    class Meta:
        model = User
        fields = ["name", "email", "language", "time_zone", "compact"]


class Profile(PersonalPage):
    form_class = ProfileForm
    title = gettext_lazy("My profile")
    template = "crm/settings_profile.html"

    def record(self) -> Any:
        return User.objects.get(pk=self.user.pk)

    def save(self, form: Any, record: Any) -> Any:
        saved = services.save_user(record, **form.cleaned_data)
        if saved.language:
            translation.activate(saved.language)
        return saved


class TokenForm(forms.ModelForm):
    LIFE = (
        ("30", gettext_lazy("30 days")),
        ("90", gettext_lazy("90 days")),
        ("365", gettext_lazy("a year")),
        ("", gettext_lazy("no end")),
    )

    days = forms.ChoiceField(label=gettext_lazy("Valid for"), choices=LIFE, required=False, initial="90")

    class Meta:
        model = ApiToken
        fields = ["name", "scope"]


class Tokens(PersonalPage):
    """The user's own tokens. A new one's secret is shown in the answer to its form and never again."""

    form_class = TokenForm
    title = gettext_lazy("API tokens")
    template = "crm/settings_tokens.html"
    secret = ""

    def record(self) -> Any:
        return ApiToken(user=self.user)

    def save(self, form: Any, record: Any) -> Any:
        data = form.cleaned_data
        expires = timezone.now() + dt.timedelta(days=int(data["days"])) if data["days"] else None
        _token, self.secret = ApiToken.issue(self.user, data["name"], data["scope"], expires)
        return self.page(self.make_form(self.record()), self.record())

    def extra(self, record: Any) -> dict:
        return {"tokens": ApiToken.objects.filter(user=self.user), "secret": self.secret, "now": timezone.now()}


class TokenRevoke(PersonalPage):
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.row(ApiToken.objects.filter(user=self.user)).delete()
        messages.success(request, _("Token revoked"))
        return HttpResponseRedirect(reverse("tokens"))

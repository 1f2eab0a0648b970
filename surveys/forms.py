"""The forms of surveys: settings with the question in each language, and the list of those who are asked at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from crm.editing import RecordForm
from crm.filters import colleagues

from .choices import BANDS, Band, Kind, Polarity, Trigger
from .models import Invitation, QuestionVersion, Survey
from .texts import SCALES, texts_for

MOST_ADDRESSES = 500
LANGUAGES = [code for code, _name in settings.LANGUAGES]
PARTS = (
    ("question", gettext_lazy("Question"), 300),
    ("low", gettext_lazy("Lowest score means"), 80),
    ("high", gettext_lazy("Highest score means"), 80),
    ("thanks", gettext_lazy("Thanks"), 300),
)
TRIGGERS = [choice for choice in Trigger.choices if choice[0] != Trigger.IMPORT]


class SurveyForm(RecordForm):
    """Settings and question. `question_changes` is what the question service gets; another wording, scale or good end of a question
    that was asked starts a new version."""

    scale_min = forms.IntegerField(label=gettext_lazy("Lowest score"), min_value=-100, max_value=1000)
    scale_max = forms.IntegerField(label=gettext_lazy("Highest score"), min_value=-100, max_value=1000)
    step = forms.IntegerField(label=gettext_lazy("Step"), min_value=1, max_value=100)
    polarity = forms.ChoiceField(label=gettext_lazy("Good end"), choices=Polarity.choices)
    asked_as = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)

    class Meta:
        model = Survey
        fields = [
            "name", "kind", "active", "owner", "trigger", "delay_hours", "days_after", "sampling_percent", "throttle_days",
            "throttle_reason", "expiry_days", "reminder_days", "sender_name", "reply_to", "low_score_rule", "low_score_user",
            "low_score_hours", "settle_minutes",
        ]  # fmt: skip
        widgets = {"kind": forms.HiddenInput}

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.version: QuestionVersion | None = None if self.creating else self.record.version
        self.kind = self._kind(data)
        self.initial["kind"] = self.kind
        self.fields["low_score_user"].queryset = colleagues(self.user)  # type: ignore[attr-defined]
        trigger: Any = self.fields["trigger"]
        trigger.choices = TRIGGERS if self.record.trigger != Trigger.IMPORT else Trigger.choices
        self._set_up_scale()
        self._set_up_texts()
        self.initial["asked_as"] = self._mark()

    def _kind(self, data: Any) -> str:
        """A survey's type stays; a new one's is chosen before its texts are written."""
        wanted = self.record.kind or (data or {}).get("kind") or self.initial.get("kind") or ""
        return wanted if wanted in Kind.values else Kind.NPS

    def _set_up_scale(self) -> None:
        low, high = SCALES[Kind(self.kind)]
        version = self.version
        self.initial |= {
            "scale_min": version.scale_min if version else low,
            "scale_max": version.scale_max if version else high,
            "step": version.step if version else 1,
            "polarity": version.polarity if version else Polarity.HIGH,
        }
        if self.kind != Kind.CES:
            del self.fields["polarity"]
        if self.kind == Kind.NPS:
            for name in ("scale_min", "scale_max", "step"):
                del self.fields[name]

    def _set_up_texts(self) -> None:
        texts = self.version.texts if self.version else texts_for(self.kind)
        for code in LANGUAGES:
            own = texts.get(code, {})
            for name, label, limit in PARTS:
                self._add_text(f"{name}_{code}", label, limit, own.get(name, ""), name == "question" and code == "en")
            for band in BANDS[self.kind]:
                label = _("Asked after “%(band)s”") % {"band": Band(band).label}
                self._add_text(f"{band}_{code}", label, 200, own.get("follow_up", {}).get(band, ""), False)

    def _add_text(self, name: str, label: Any, limit: int, value: str, required: bool) -> None:
        self.fields[name] = forms.CharField(label=label, max_length=limit, required=required)
        self.initial[name] = value

    def _mark(self) -> str:
        """Which question the form was opened with."""
        return f"{self.version.pk}:{self.version.version}" if self.version else ""

    @property
    def languages(self) -> list[dict[str, Any]]:
        """The texts of each language, for the page."""
        return [
            {
                "code": code,
                "name": get_language_info(code)["name_local"].capitalize(),
                "question": self[f"question_{code}"],
                "fields": [self[f"{name}_{code}"] for name, _label, _limit in PARTS[1:]],
                "bands": [self[f"{band}_{code}"] for band in BANDS[self.kind]],
            }
            for code in LANGUAGES
        ]

    @property
    def was_asked(self) -> bool:
        """Whether a change of the question starts a new version."""
        version = self.version
        if version is None:
            return False
        return version.responses.exists() or Invitation.objects.filter(version=version).sent().exists()

    def clean_kind(self) -> str:
        return self.kind

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        if data.get("asked_as", "") != self._mark():
            raise ValidationError(_("Somebody changed the question meanwhile. Open the survey again and repeat your change."))
        return data

    def question(self) -> dict[str, Any]:
        """The question as the form says it."""
        data = self.cleaned_data
        texts = {}
        for code in LANGUAGES:
            own: dict[str, Any] = {name: data[f"{name}_{code}"] for name, _label, _limit in PARTS}
            own["follow_up"] = {str(band): data[f"{band}_{code}"] for band in BANDS[self.kind]}
            texts[code] = own
        named = {name: data[name] for name in ("scale_min", "scale_max", "step", "polarity") if name in data}
        return {**named, "texts": texts}

    def take_errors(self, error: ValidationError) -> None:
        """A service's errors, at their fields; those of texts stand at the English question."""
        for name, errors in getattr(error, "error_dict", {None: error}).items():
            place = "question_en" if name == "texts" else name
            self.add_error(place if place in self.fields else None, errors)


class SendForm(forms.Form):
    """Who is asked at once: one address a line."""

    addresses = forms.CharField(
        label=gettext_lazy("E-mail addresses"),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        max_length=60_000,
        help_text=gettext_lazy("One a line, at most 500. People who were asked too recently are left out, and the list says so."),
    )

    def clean_addresses(self) -> list[str]:
        found: dict[str, str] = {}
        wrong = []
        for line in self.cleaned_data["addresses"].replace(",", "\n").replace(";", "\n").splitlines():
            text = line.strip()
            if not text:
                continue
            try:
                validate_email(text)
            except ValidationError:
                wrong.append(text)
            found.setdefault(text.lower(), text)
        if wrong:
            shown = ", ".join(wrong[:5])
            raise ValidationError(_("Not an e-mail address: %(wrong)s"), params={"wrong": shown})
        if len(found) > MOST_ADDRESSES:
            raise ValidationError(_("At most %(n)s addresses at once."), params={"n": MOST_ADDRESSES})
        return list(found.values())

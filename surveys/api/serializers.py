"""What the API shows of surveys, invitations and answers, and takes for them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from contacts.models import Company, Person
from crm.api.fields import InstantField, ScopedField
from crm.api.serializers import RecordSerializer, StrictSerializer
from surveys import services
from surveys.choices import Polarity
from surveys.models import ATTRIBUTES, Invitation, Response, ResponseEdit, Survey

ABOUT = [name for name in ATTRIBUTES if name not in ("company", "owner", "team")]


class QuestionSerializer(StrictSerializer):
    """The question as it is asked now: scale, good end, and texts by language ({"en": {"question": …, "low": …}})."""

    version = serializers.IntegerField(read_only=True)
    scale_min = serializers.IntegerField(required=False, min_value=-100, max_value=1000)
    scale_max = serializers.IntegerField(required=False, min_value=-100, max_value=1000)
    step = serializers.IntegerField(required=False, min_value=1, max_value=100)
    polarity = serializers.ChoiceField(choices=Polarity.choices, required=False)
    texts = serializers.DictField(required=False, child=serializers.DictField())

    def validate_texts(self, texts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Known languages, and words only."""
        from django.conf import settings

        for code, words in texts.items():
            follow_up = words.get("follow_up", {})
            plain = [value for name, value in words.items() if name != "follow_up"]
            plain += list(follow_up.values()) if isinstance(follow_up, dict) else [None]
            if code not in dict(settings.LANGUAGES) or not all(isinstance(text, str) and len(text) <= 1000 for text in plain):
                raise ValidationError(
                    ErrorDetail(_("Texts by language: question, low, high, thanks, follow_up."), code="invalid")
                )
        return texts


class SurveySerializer(RecordSerializer):
    question = QuestionSerializer(source="version", required=False)
    throttle = serializers.IntegerField(read_only=True, help_text=_("Days between two surveys to one person, as they hold now."))

    class Meta:
        model = Survey
        fields = [
            "id", "name", "kind", "active", "question", "trigger", "delay_hours", "days_after", "sampling_percent", "throttle_days",
            "throttle_reason", "throttle", "expiry_days", "reminder_days", "sender_name", "reply_to", "low_score_rule",
            "low_score_user", "low_score_hours", "settle_minutes", "owner", "team", "origin", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "team", "origin", "created_at", "updated_at"]

    def store(self, record: Survey, values: dict[str, Any]) -> Survey:
        question = values.pop("version", None) or {}
        if record.pk:
            services.change_survey(record, **values)
            if question:
                services.change_question(record, **question)
            return record
        scale = (question["scale_min"], question["scale_max"]) if {"scale_min", "scale_max"} <= set(question) else None
        return services.create_survey(
            Survey(**values),
            scale=scale,
            step=question.get("step", 1),
            polarity=question.get("polarity"),
            texts=question.get("texts"),
        )


class ResponseEditSerializer(serializers.ModelSerializer):
    """What the answer was until `at`."""

    at = InstantField(read_only=True)

    class Meta:
        model = ResponseEdit
        fields = ["score", "comment", "at"]
        read_only_fields = fields


class ResponseSerializer(RecordSerializer):
    scale_min = serializers.IntegerField(source="version.scale_min", read_only=True)
    scale_max = serializers.IntegerField(source="version.scale_max", read_only=True)
    polarity = serializers.CharField(source="version.polarity", read_only=True)
    question_version = serializers.IntegerField(source="version.version", read_only=True)

    class Meta:
        model = Response
        fields = [
            "id", "survey", "invitation", "kind", "score", "scale_min", "scale_max", "polarity", "question_version", "band",
            "positive", "comment", "person", "company", "state", "reasons", "responded_at", "edited_at", "task", "number", "owner",
            "team", "origin", *ABOUT,
        ]  # fmt: skip
        read_only_fields = fields


class InvitationSerializer(RecordSerializer):
    class Meta:
        model = Invitation
        fields = [
            "id", "survey", "person", "email", "language", "state", "reason", "trigger", "cause", "company", "planned_at",
            "send_after", "sent_at", "delivered_at", "answered_at", "expires_at", "reminded_at", "not_reminded",
            "withdrawn_at", "owner", "team", *ABOUT,
        ]  # fmt: skip
        read_only_fields = fields


class PlanSerializer(StrictSerializer):
    """Whom to ask. With `mail` false nothing is sent: the answer holds the personal link, once, for your own message."""

    survey = ScopedField(queryset=Survey.objects.all())
    person = ScopedField(queryset=Person.objects.all(), required=False)
    email = serializers.EmailField(required=False, max_length=254)
    company = ScopedField(queryset=Company.objects.all(), required=False)
    cause = serializers.CharField(
        required=False, max_length=80, help_text=_("What it is about, in your own words; the same cause again asks nobody twice.")
    )
    language = serializers.CharField(required=False, max_length=5)
    mail = serializers.BooleanField(default=True)
    channel = serializers.CharField(required=False, max_length=20)
    priority = serializers.CharField(required=False, max_length=20)
    campaign = serializers.CharField(required=False, max_length=120)
    product = serializers.CharField(required=False, max_length=200)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("person") and not attrs.get("email"):
            raise ValidationError({"email": ErrorDetail(_("Give a person or an e-mail address."), code="required")})
        return attrs


class PlannedSerializer(InvitationSerializer):
    """A new invitation with its personal link, which is shown this once; null where it is mailed or nobody is asked."""

    link = serializers.CharField(read_only=True, allow_null=True)

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "link"]
        read_only_fields = fields

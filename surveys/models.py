"""Surveys, the versions of their question, invitations and answers."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from contacts.models import Company, Person, Task
from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin
from crm.models import Record

from .choices import Band, FollowUp, InvitationState, Kind, Polarity, ResponseState, Skip, Trigger
from .querysets import InvitationQuerySet, ResponseQuerySet, SurveyQuerySet, UnsubscribeQuerySet

USER = settings.AUTH_USER_MODEL
LANGUAGE = "en"  # what is read where a text was not written in the asked language


class Survey(Record):
    """A question that is asked again and again: whom, when, how often, and what happens with a low score."""

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("type"), max_length=4, choices=Kind)
    active = models.BooleanField(_("active"), default=False)
    trigger = models.CharField(_("sent when"), max_length=13, choices=Trigger, default=Trigger.MANUAL)
    delay_hours = models.PositiveSmallIntegerField(_("hours to wait"), default=24)
    days_after = models.PositiveSmallIntegerField(_("days after becoming a customer"), null=True, blank=True)
    sampling_percent = models.PositiveSmallIntegerField(
        _("ask of 100 people"), default=100, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    throttle_days = models.PositiveSmallIntegerField(
        _("days between two surveys"),
        null=True,
        blank=True,
        help_text=_(
            "Whole days since the last survey of any kind that went to the same person. Empty: 90 for NPS, 30 for others."
        ),
    )
    throttle_reason = models.CharField(_("why fewer days"), max_length=200, blank=True)
    expiry_days = models.PositiveSmallIntegerField(_("days the link works"), default=28, validators=[MinValueValidator(1)])
    reminder_days = models.PositiveSmallIntegerField(
        _("remind after days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    sender_name = models.CharField(_("sender's name"), max_length=80, blank=True)
    reply_to = models.EmailField(_("answers go to"), blank=True)
    low_score_rule = models.CharField(_("who follows up a low score"), max_length=7, choices=FollowUp, default=FollowUp.OWNER)
    low_score_user = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("always this person")
    )
    low_score_hours = models.PositiveSmallIntegerField(_("hours to follow up"), default=24)
    settle_minutes = models.PositiveSmallIntegerField(
        _("minutes to wait before following up"), default=10, help_text=_("Time for the customer to change the answer.")
    )

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="survey_name_once"),
            models.CheckConstraint(
                condition=Q(sampling_percent__gte=1, sampling_percent__lte=100), name="survey_sampling_is_percent"
            ),
            models.CheckConstraint(
                condition=~Q(trigger=Trigger.DAYS_AFTER_START) | Q(days_after__isnull=False), name="survey_knows_its_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("surveys:survey", args=[self.pk])

    @property
    def throttle(self) -> int:
        """Whole days between two surveys to one person: what was set, else 90 for NPS and 30 for the others."""
        if self.throttle_days is not None:
            return self.throttle_days
        return 90 if self.kind == Kind.NPS else 30

    @property
    def version(self) -> QuestionVersion | None:
        """The question as it is asked now."""
        return self.versions.order_by("-version").first()


class QuestionVersion(models.Model):
    """The question in one wording on one scale. Once answered it never changes; a change makes the next version.

    texts: {"en": {"question", "low", "high", "thanks", "follow_up": {band: text}}, "fr": ..., "es": ...}. `low` and `high` name
    the ends of the scale. A language without a text falls back to English.
    """

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="versions", verbose_name=_("survey"))
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    scale_min = models.SmallIntegerField(_("lowest score"), default=0)
    scale_max = models.SmallIntegerField(_("highest score"), default=10)
    step = models.PositiveSmallIntegerField(_("step"), default=1, validators=[MinValueValidator(1)])
    polarity = models.CharField(_("good end"), max_length=12, choices=Polarity, default=Polarity.HIGH)
    texts = models.JSONField(_("texts"), default=dict)
    valid_from = models.DateTimeField(_("asked from"), default=timezone.now)

    class Meta:
        verbose_name = _("question version")
        verbose_name_plural = _("question versions")
        ordering = ["survey", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "version"], name="question_version_once"),
            models.CheckConstraint(condition=Q(scale_max__gt=F("scale_min")), name="question_scale_has_two_ends"),
            models.CheckConstraint(condition=Q(step__gte=1), name="question_step_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.survey} {self.version}"

    @property
    def scale(self) -> range:
        """The scores that can be given."""
        return range(self.scale_min, self.scale_max + 1, self.step)

    def text(self, name: str, language: str = "") -> str:
        """One text in a language (the reader's), in English where that is missing, "" where both are."""
        for code in ((language or get_language() or LANGUAGE)[:2], LANGUAGE):
            found = self.texts.get(code, {}).get(name)
            if found:
                return str(found)
        return ""

    def follow_up(self, band: str, language: str = "") -> str:
        """What is asked beside the comment after an answer in this band."""
        for code in ((language or get_language() or LANGUAGE)[:2], LANGUAGE):
            found = self.texts.get(code, {}).get("follow_up", {}).get(band)
            if found:
                return str(found)
        return ""


class Attribution(models.Model):
    """Who and what an invitation is about, copied when it is planned and not changed with the records afterwards.

    The subject is a ticket or a deal by label and id, without a key: surveys know neither.
    """

    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("company"))
    owner = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    queue = models.CharField(_("queue"), max_length=80, blank=True)
    priority = models.CharField(_("priority"), max_length=20, blank=True)
    channel = models.CharField(_("channel"), max_length=20, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    product = models.CharField(_("product"), max_length=200, blank=True)
    segment = models.CharField(_("segment"), max_length=80, blank=True)
    subject_type = models.CharField(max_length=40, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject_number = models.CharField(_("about"), max_length=40, blank=True)

    class Meta:
        abstract = True


#: The fields of an attribution, in order; a response copies them from its invitation.
ATTRIBUTES = tuple(field.name for field in Attribution._meta.local_fields)


class Invitation(Attribution, LocalDayMixin):
    """One survey to one person because of one thing that happened; also the log of what was not sent, and why."""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="invitations", verbose_name=_("survey"))
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="+", verbose_name=_("question version"))
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person"))
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=5, default=LANGUAGE)
    state = models.CharField(_("state"), max_length=9, choices=InvitationState, default=InvitationState.PLANNED)
    reason = models.CharField(_("reason"), max_length=13, choices=Skip, blank=True)
    starved_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    trigger = models.CharField(_("trigger"), max_length=13, choices=Trigger)
    cause = models.CharField(max_length=120, help_text=_("What made it; one cause makes one invitation of a survey."))
    planned_at = models.DateTimeField(_("planned"), default=timezone.now)
    planned_day = LocalDayField(of="planned_at", db_index=True)
    send_after = models.DateTimeField(_("to be sent"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    delivered_day = LocalDayField(of="delivered_at", db_index=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    not_reminded = models.CharField(_("not reminded because"), max_length=13, choices=Skip, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    error = models.CharField(max_length=400, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-planned_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "cause"], name="invitation_once_per_cause"),
            models.CheckConstraint(
                condition=~Q(state=InvitationState.SKIPPED) | ~Q(reason=""), name="invitation_skip_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["-planned_at", "-id"], name="invitation_planned"),
            models.Index(fields=["survey", "-planned_at"], name="invitation_survey"),
            models.Index(fields=["person", "sent_at"], name="invitation_person_sent"),
            models.Index(Lower("email"), "sent_at", name="invitation_email_sent"),
            models.Index(fields=["state", "send_after"], name="invitation_state"),
            models.Index(fields=["state", "expires_at"], name="invitation_expiry"),
            models.Index(fields=["subject_type", "subject_id"], name="invitation_subject"),
            models.Index(fields=["company", "-planned_at"], name="invitation_company"),
            models.Index(fields=["owner", "-planned_at"], name="invitation_owner"),
            models.Index(fields=["team", "-planned_at"], name="invitation_team"),
        ]

    def __str__(self) -> str:
        return f"{self.survey} · {self.person or self.email or self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("surveys:invitation", args=[self.pk])

    def expired(self, now: Any = None) -> bool:
        """Whether the link has stopped working; at the instant itself it has."""
        return self.expires_at is not None and (now or timezone.now()) >= self.expires_at

    def mailed_at(self) -> dt.datetime | None:
        """When the mail was delivered; until that is written, when its link was made. None when there is no link yet."""
        made = self.tokens.order_by("-created_at").values_list("created_at", flat=True)
        return self.delivered_at or made.first()


def token_hash(token: str) -> str:
    """What is stored of a link's secret."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class InvitationToken(models.Model):
    """The hash of a link's secret. The secret itself is never stored: it is made when a mail is built, so a mail that is built
    again (a retry after a broken connection, a reminder) carries a new one, and both mails work.
    """

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="tokens")
    hashed = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.invitation_id} {self.hashed[:6]}…"


class Response(Attribution, LocalDayMixin):
    """One answer. The current score counts; its day stays that of the first confirmation.

    `ease_micro` (CES only) is the score turned so that high is easy and rescaled to 1-7, in millionths: integers add up exactly.
    `kind`, `band` and `positive` follow from score and version and are stored for counting.
    """

    invitation = models.OneToOneField(Invitation, models.PROTECT, null=True, blank=True, related_name="response")
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="responses", verbose_name=_("survey"))
    version = models.ForeignKey(QuestionVersion, models.PROTECT, related_name="responses", verbose_name=_("question version"))
    kind = models.CharField(_("type"), max_length=4, choices=Kind, editable=False)
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person"))
    score = models.SmallIntegerField(_("score"))
    ease_micro = models.BigIntegerField(null=True, editable=False)
    band = models.CharField(_("band"), max_length=9, choices=Band, editable=False)
    positive = models.BooleanField(_("positive"), editable=False)
    comment = models.TextField(_("comment"), blank=True)
    responded_at = models.DateTimeField(_("answered"), default=timezone.now)
    responded_day = LocalDayField(of="responded_at", db_index=True)
    edited_at = models.DateTimeField(_("changed"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=11, choices=ResponseState, default=ResponseState.CONFIRMED)
    reasons = models.JSONField(_("signals"), default=list, blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    task = models.OneToOneField(Task, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("follow-up"))
    number = models.CharField(_("number"), max_length=80, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        ordering = ["-responded_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["survey", "number"], condition=~Q(number=""), name="response_number_once"),
            models.CheckConstraint(
                condition=Q(kind=Kind.CES, ease_micro__isnull=False) | ~Q(kind=Kind.CES) & Q(ease_micro__isnull=True),
                name="response_ease_is_of_ces",
            ),
        ]
        indexes = [
            models.Index(fields=["-responded_at", "-id"], name="response_responded"),
            models.Index(fields=["survey", "-responded_at"], name="response_survey"),
            models.Index(fields=["kind", "state", "responded_day"], name="response_counting"),
            models.Index(fields=["state", "-responded_at"], name="response_state"),
            models.Index(fields=["person", "-responded_at"], name="response_person"),
            models.Index(fields=["company", "-responded_at"], name="response_company"),
            models.Index(fields=["owner", "-responded_at"], name="response_owner"),
            models.Index(fields=["team", "-responded_at"], name="response_team"),
            models.Index(fields=["subject_type", "subject_id"], name="response_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.survey}: {self.score}"

    def get_absolute_url(self) -> str:
        return reverse("surveys:response", args=[self.pk])


class ResponseEdit(models.Model):
    """What an answer was before it was changed."""

    response = models.ForeignKey(Response, models.CASCADE, related_name="edits")
    score = models.SmallIntegerField(_("score"))
    comment = models.TextField(_("comment"), blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("earlier answer")
        verbose_name_plural = _("earlier answers")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.response_id}: {self.score}"


class ClickLog(models.Model):
    """One fetch of a link, by a person or a machine; never an answer. The address is kept as a hash only."""

    PAGE, DECOY = "page", "decoy"

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="clicks")
    at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=7)
    value = models.SmallIntegerField(null=True, blank=True)
    what = models.CharField(max_length=12, default=PAGE)
    address_hash = models.CharField(max_length=16, blank=True)
    agent = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("link opened")
        verbose_name_plural = _("links opened")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["invitation", "at"], name="click_invitation")]

    def __str__(self) -> str:
        return f"{self.method} {self.at:%Y-%m-%d %H:%M:%S}"


class Unsubscribe(models.Model):
    """Somebody does not want surveys any more; `undone_at` when they changed their mind."""

    email = models.EmailField(_("e-mail"))
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("person"))
    invitation = models.ForeignKey(Invitation, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("since"), default=timezone.now)
    undone_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    objects = UnsubscribeQuerySet.as_manager()

    class Meta:
        verbose_name = _("unsubscription")
        verbose_name_plural = _("unsubscriptions")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=Q(undone_at__isnull=True), name="unsubscribed_once"),
        ]
        indexes = [models.Index(fields=["person", "undone_at"], name="unsubscribe_person")]

    def __str__(self) -> str:
        return self.email

"""Campaigns with their members, costs with the days they are spread over, and visits to the website."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Lead, Person
from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin
from crm.models import Record
from crm.money import validate_currency

from .choices import Asked, CampaignKind, CampaignStatus, Category, Device, MemberStatus, Outcome, Purpose
from .querysets import (
    CampaignQuerySet,
    CostQuerySet,
    MemberQuerySet,
    MessageQuerySet,
    SubmissionQuerySet,
    VisitQuerySet,
    WebFormQuerySet,
)


class Campaign(Record):
    """Something that is done to win or keep customers, with a beginning, an end and a budget.

    `code` is what leads, deals and visits carry in their campaign field (utm_campaign). It stays when the campaign is renamed, so a
    new name moves no number.
    """

    name = models.CharField(_("name"), max_length=120)
    code = models.CharField(
        _("code"), max_length=120, blank=True, help_text=_("What leads and links carry as campaign (utm_campaign).")
    )
    kind = models.CharField(_("type"), max_length=8, choices=CampaignKind, default=CampaignKind.ADS)
    status = models.CharField(_("status"), max_length=9, choices=CampaignStatus, default=CampaignStatus.PLANNED)
    source = models.CharField(
        _("source"), max_length=80, blank=True, help_text=_("Where it runs, as in Google Ads (utm_source).")
    )
    channel = models.CharField(
        _("channel"), max_length=80, blank=True, help_text=_("How it reaches people, as in email (utm_medium).")
    )
    start = models.DateField(_("start"), null=True, blank=True)
    end = models.DateField(_("last day"), null=True, blank=True)
    budget = models.BigIntegerField(_("budget"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    description = models.TextField(_("description"), blank=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="campaign_name_once", violation_error_message=_("There is a campaign of this name already.")
            ),
            models.UniqueConstraint(
                fields=["code"], name="campaign_code_once", violation_error_message=_("Another campaign has this code.")
            ),
            models.CheckConstraint(
                condition=Q(start__isnull=True) | Q(end__isnull=True) | Q(end__gte=F("start")), name="campaign_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(budget__isnull=True) | Q(budget__gte=0), name="campaign_budget_not_negative"),
        ]
        indexes = [
            models.Index(fields=["start", "id"], name="campaign_start"),
            models.Index(fields=["-created_at", "-id"], name="campaign_created"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("marketing:campaign", args=[self.pk])


class CampaignMember(models.Model):
    """A lead or a person whom a campaign is to reach, and how far it got."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="members", verbose_name=_("campaign"))
    lead = models.ForeignKey(Lead, models.CASCADE, null=True, blank=True, related_name="campaign_members", verbose_name=_("lead"))
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, blank=True, related_name="campaign_members", verbose_name=_("person")
    )
    status = models.CharField(_("status"), max_length=9, choices=MemberStatus, default=MemberStatus.PLANNED)
    responded_at = models.DateTimeField(_("responded"), null=True, blank=True)
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a campaign")
        verbose_name_plural = _("members of campaigns")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "lead"], condition=Q(lead__isnull=False), name="member_lead_once"),
            models.UniqueConstraint(fields=["campaign", "person"], condition=Q(person__isnull=False), name="member_person_once"),
            models.CheckConstraint(
                condition=Q(lead__isnull=False, person__isnull=True) | Q(lead__isnull=True, person__isnull=False),
                name="member_is_one",
            ),
            models.CheckConstraint(
                condition=~Q(status="responded") | Q(responded_at__isnull=False), name="member_responded_has_date"
            ),
        ]

    def __str__(self) -> str:
        return str(self.who)

    @property
    def who(self) -> Any:
        return self.lead or self.person


class CampaignMessage(LocalDayMixin):
    """A message of a campaign to one address, and what became of it, as the mailing tool tells: the first time each.

    `number` is the tool's own; it finds the message again when more is known. Owner and team are the campaign's when it was sent.
    `open_by_machine`: what opened it was a mail program or filter and not a reader, so that it counts as unopened.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="messages", verbose_name=_("campaign"))
    number = models.CharField(_("number"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"))
    person = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="campaign_messages", verbose_name=_("person")
    )
    lead = models.ForeignKey(
        Lead, models.SET_NULL, null=True, blank=True, related_name="campaign_messages", verbose_name=_("lead")
    )
    sent_at = models.DateTimeField(_("sent"))
    sent_day = LocalDayField(of="sent_at", db_index=True)
    bounced_at = models.DateTimeField(_("bounced"), null=True, blank=True)
    opened_at = models.DateTimeField(_("first opened"), null=True, blank=True)
    open_by_machine = models.BooleanField(_("opened by a machine"), default=False)
    clicked_at = models.DateTimeField(_("first clicked"), null=True, blank=True)
    opted_out_at = models.DateTimeField(_("opted out"), null=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, blank=True, related_name="+", editable=False)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message of a campaign")
        verbose_name_plural = _("messages of campaigns")
        ordering = ["-sent_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], condition=~Q(number=""), name="campaign_message_once"),
        ]
        indexes = [
            models.Index(fields=["-sent_at", "-id"], name="campaign_message_sent"),
            models.Index(fields=["campaign", "email"], name="campaign_message_email"),
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.sent_at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return f"{reverse('marketing:messages')}?campaign={self.campaign_id}&email={quote(self.email)}"


class Cost(Record):
    """Money that was spent. Posted on a day, or spread evenly over the days from `posted_on` to `until` inclusive.

    `base_amount` is converted at the rate of `posted_on`; null where there is none, and then it is in no sum. `team` is whose budget
    it came from, nobody's unless said: it does not follow the owner, who only entered it.
    """

    name = models.CharField(_("what for"), max_length=160, blank=True)
    posted_on = models.DateField(_("posted on"))
    until = models.DateField(
        _("spread until"), null=True, blank=True, help_text=_("Evenly over all days up to and with this one.")
    )
    category = models.CharField(_("category"), max_length=9, choices=Category, default=Category.MARKETING)
    purpose = models.CharField(_("purpose"), max_length=11, choices=Purpose, default=Purpose.ACQUISITION)
    campaign = models.ForeignKey(
        Campaign, models.PROTECT, null=True, blank=True, related_name="costs", verbose_name=_("campaign")
    )
    channel = models.CharField(_("channel"), max_length=80, blank=True)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    base_amount = models.BigIntegerField(_("amount in base currency"), null=True, editable=False)
    description = models.TextField(_("description"), blank=True)

    objects = CostQuerySet.as_manager()

    class Meta:
        verbose_name = _("cost")
        verbose_name_plural = _("costs")
        ordering = ["-posted_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="cost_not_negative"),
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("posted_on")), name="cost_runs_forward"),
        ]
        indexes = [
            models.Index(fields=["-posted_on", "-id"], name="cost_posted"),
            models.Index(fields=["base_amount", "id"], name="cost_base"),
            models.Index(fields=["campaign", "-posted_on"], name="cost_campaign"),
            models.Index(fields=["currency", "posted_on"], name="cost_currency"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.get_category_display()} {self.posted_on}"

    @property
    def days(self) -> int:
        """Over how many days it is spread."""
        return ((self.until or self.posted_on) - self.posted_on).days + 1

    def get_absolute_url(self) -> str:
        return reverse("marketing:cost", args=[self.pk])


class CostDay(models.Model):
    """The part of a cost that falls on one day; the parts add up to it exactly. Derived by `marketing.services`, never edited."""

    cost = models.ForeignKey(Cost, models.CASCADE, related_name="parts")
    day = models.DateField(db_index=True)
    amount = models.BigIntegerField()
    base = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("day of a cost")
        verbose_name_plural = _("days of costs")
        constraints = [models.UniqueConstraint(fields=["cost", "day"], name="cost_day_once")]

    def __str__(self) -> str:
        return f"{self.cost_id} {self.day}"


class Visit(LocalDayMixin):
    """A session on the website: everything one visitor does without a pause of 30 minutes. An imported row may stand for many.

    `visitor` is blank where nobody may be recognised: the visit counts as a session, not as a visitor. It is a random number of the
    visitor's own browser where they agreed, else one that is made anew each day and cannot be traced back. The counts are of sessions,
    except `clicks` and `views`: how many of `sessions` clicked, submitted a form, both, began one, left it unsent.
    """

    visitor = models.CharField(_("visitor"), max_length=64, blank=True)
    key = models.CharField(max_length=64, blank=True, editable=False)  # what joins the hits of one session
    started_at = models.DateTimeField(_("started"))
    started_day = LocalDayField(of="started_at", db_index=True)
    earlier_at = models.DateTimeField(null=True, editable=False)  # when the same visitor's visit before this one started
    last_at = models.DateTimeField(_("last seen"))
    clicked_at = models.DateTimeField(null=True, editable=False)
    landing_page = models.CharField(_("landing page"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    medium = models.CharField(_("medium"), max_length=80, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    term = models.CharField(_("term"), max_length=120, blank=True)
    content = models.CharField(_("content"), max_length=120, blank=True)
    device = models.CharField(_("device"), max_length=7, choices=Device, blank=True)
    sessions = models.PositiveIntegerField(_("sessions"), default=1)
    views = models.PositiveIntegerField(_("pages viewed"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    clicking = models.PositiveIntegerField(default=0, editable=False)
    submitted = models.PositiveIntegerField(_("submitted a form"), default=0)
    clicked_submitted = models.PositiveIntegerField(default=0, editable=False)
    form_started = models.PositiveIntegerField(_("began a form"), default=0)
    form_left = models.PositiveIntegerField(default=0, editable=False)
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="visits", verbose_name=_("lead"))
    batch = models.BigIntegerField(null=True, editable=False)  # the import it came with
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(sessions__gte=1), name="visit_has_sessions"),
            models.CheckConstraint(
                condition=Q(submitted__lte=F("sessions"), clicking__lte=F("sessions"), form_started__lte=F("sessions")),
                name="visit_counts_within_sessions",
            ),
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="visit_started"),
            models.Index(fields=["landing_page", "-started_at"], name="visit_page"),
            models.Index(fields=["visitor", "started_at"], name="visit_visitor", condition=~Q(visitor="")),
            models.Index(fields=["key", "-last_at"], name="visit_key", condition=~Q(key="")),
        ]

    def __str__(self) -> str:
        return f"{self.landing_page or '—'} {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("marketing:visit", args=[self.pk])


class Submission(LocalDayMixin):
    """A form that was sent on the website. `identity` says who sent it without telling it: a visitor, or a lead; blank when nobody is
    known. `outcome` follows from it and is kept by `marketing.visits`."""

    visit = models.ForeignKey(Visit, models.CASCADE, null=True, blank=True, related_name="submissions")
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="submissions")
    at = models.DateTimeField(_("sent"))
    day = LocalDayField(of="at", db_index=True)
    identity = models.CharField(max_length=70, blank=True, db_index=True)
    spam = models.BooleanField(_("spam"), default=False)
    known = models.BooleanField(_("known before"), default=False)
    outcome = models.CharField(_("counts as"), max_length=7, choices=Outcome, default=Outcome.UNNAMED, editable=False)
    source = models.CharField(_("source"), max_length=80, blank=True)
    medium = models.CharField(_("medium"), max_length=80, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    landing_page = models.CharField(_("landing page"), max_length=300, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("sent form")
        verbose_name_plural = _("sent forms")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.landing_page or '—'} {self.at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("marketing:visit", args=[self.visit_id]) if self.visit_id else reverse("marketing:visits")


class WebForm(Record):
    """A form that anybody may open and that makes leads of what is sent. Name and e-mail are always asked; the rest is chosen.

    `key` is its address and stays. `consent_version` counts the texts of the consent: each sent form keeps the one it was shown.
    """

    name = models.CharField(_("name"), max_length=120)
    key = models.CharField(max_length=20, unique=True, editable=False)
    title = models.CharField(_("heading"), max_length=120)
    intro = models.TextField(_("introduction"), max_length=2000, blank=True)
    ask_phone = models.CharField(_("phone"), max_length=8, choices=Asked, default=Asked.NO)
    ask_company = models.CharField(_("company"), max_length=8, choices=Asked, default=Asked.OPTIONAL)
    ask_message = models.CharField(_("message"), max_length=8, choices=Asked, default=Asked.OPTIONAL)
    consent_text = models.TextField(_("text of the consent"), max_length=2000, blank=True)
    consent_needed = models.BooleanField(_("nobody can send it without consent"), default=False)
    consent_version = models.PositiveIntegerField(_("version of the consent"), default=0, editable=False)
    thanks = models.TextField(_("thanks"), max_length=2000, blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    channel = models.CharField(_("channel"), max_length=80, blank=True)
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, blank=True, related_name="web_forms", verbose_name=_("campaign")
    )
    active = models.BooleanField(_("open to everybody"), default=True)

    objects = WebFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("web form")
        verbose_name_plural = _("web forms")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="web_form_name_once", violation_error_message=_("There is a form of this name already.")
            ),
            models.CheckConstraint(condition=Q(consent_needed=False) | ~Q(consent_text=""), name="web_form_consent_has_text"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="web_form_created")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("marketing:form", args=[self.pk])

    @property
    def path(self) -> str:
        """Its public address, and the landing page of those who come to it first."""
        return reverse("marketing:public_form", args=[self.key])


class WebFormEntry(models.Model):
    """One sending of a web form, with the consent as it was shown and given. What was typed is in the lead."""

    form = models.ForeignKey(WebForm, models.PROTECT, related_name="entries", verbose_name=_("web form"))
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="form_entries", verbose_name=_("lead"))
    submission = models.OneToOneField(Submission, models.CASCADE, related_name="entry")
    at = models.DateTimeField(_("sent"), default=timezone.now)
    known = models.BooleanField(_("known before"), default=False)
    consented = models.BooleanField(_("consented"), default=False)
    consent_version = models.PositiveIntegerField(_("version of the consent"), default=0)
    consent_text = models.TextField(_("text of the consent"), blank=True)

    class Meta:
        verbose_name = _("sent web form")
        verbose_name_plural = _("sent web forms")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["form", "-at"], name="web_form_entry_at")]

    def __str__(self) -> str:
        return f"{self.form_id} {self.at:%Y-%m-%d %H:%M}"


class WebFormDay(models.Model):
    """How often a form was opened on a day, by browsers that may be counted."""

    form = models.ForeignKey(WebForm, models.CASCADE, related_name="days")
    day = models.DateField()
    views = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("day of a web form")
        verbose_name_plural = _("days of web forms")
        constraints = [models.UniqueConstraint(fields=["form", "day"], name="web_form_day_once")]

    def __str__(self) -> str:
        return f"{self.form_id} {self.day}"


class Hit(models.Model):
    """What a browser told, checked and without address or name of the browser, until a worker has made visits of it."""

    received_at = models.DateTimeField(default=timezone.now)
    visitor = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=64)
    key_before = models.CharField(max_length=64, blank=True)  # by yesterday's salt: a session may cross midnight
    data = models.JSONField()

    class Meta:
        verbose_name = _("hit")
        verbose_name_plural = _("hits")

    def __str__(self) -> str:
        return str(self.pk)


class Salt(models.Model):
    """The secret of a day, from which visitors without consent get their number. It is deleted after the next day: then nobody can
    tell any more who they were."""

    day = models.DateField(unique=True)
    value = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("salt of a day")
        verbose_name_plural = _("salts of days")

    def __str__(self) -> str:
        return str(self.day)

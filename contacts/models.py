"""Companies, people, leads, and what is done with them: activities and tasks."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin
from crm.models import Record
from crm.money import validate_currency

from .choices import OPEN_LEADS, ActivityKind, Consent, ContactType, Direction, LeadStatus, Outcome
from .fields import MatchKeyField
from .querysets import ActivityQuerySet, CompanyQuerySet, LeadQuerySet, PersonQuerySet, TaskQuerySet

USER = settings.AUTH_USER_MODEL


class Company(Record):
    """An organisation we sell to or serve."""

    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("domain"), max_length=200, blank=True)
    industry = models.CharField(_("industry"), max_length=80, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    annual_revenue = models.BigIntegerField(_("annual revenue"), null=True, blank=True)
    annual_revenue_currency = models.CharField(max_length=3, blank=True, validators=[validate_currency])
    country = models.CharField(_("country"), max_length=2, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    parent = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="subsidiaries", verbose_name=_("part of")
    )
    source = models.CharField(_("source"), max_length=80, blank=True)
    description = models.TextField(_("description"), blank=True)
    customer_since = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("First won deal; kept by deals."))
    match_key = MatchKeyField(of="name")

    objects = CompanyQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("domain"), condition=~Q(domain=""), name="company_domain_once"),
            models.CheckConstraint(condition=Q(parent__isnull=True) | ~Q(parent=F("pk")), name="company_is_not_its_parent"),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="company_name"),
            models.Index(Lower("name"), name="company_name_lower"),
            models.Index(fields=["owner", "name"], name="company_owner"),
            models.Index(fields=["team", "name"], name="company_team"),
            models.Index(fields=["match_key"], name="company_match"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:company", args=[self.pk])


class Person(Record):
    """Someone at a company, or on their own."""

    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("job title"), max_length=120, blank=True)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="people", verbose_name=_("company"))
    language = models.CharField(_("language"), max_length=5, blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    consent = models.CharField(_("consent to marketing"), max_length=8, choices=Consent, default=Consent.UNKNOWN)
    consent_at = models.DateTimeField(null=True, blank=True, editable=False)
    description = models.TextField(_("description"), blank=True)
    match_key = MatchKeyField(of="name")

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        indexes = [
            models.Index(fields=["name", "id"], name="person_name"),
            models.Index(fields=["owner", "name"], name="person_owner"),
            models.Index(fields=["team", "name"], name="person_team"),
            models.Index(fields=["match_key"], name="person_match"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("contacts:person", args=[self.pk])


class PersonEmail(models.Model):
    """One of a person's addresses; the first is the one to write to."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="emails")
    email = models.EmailField(_("e-mail"))
    type = models.CharField(_("type"), max_length=6, choices=ContactType, default=ContactType.WORK)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_once")]

    def __str__(self) -> str:
        return self.email


class PersonPhone(models.Model):
    """One of a person's numbers: as typed, in E.164 where it can be read, and its digits for search."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="phones")
    phone = models.CharField(_("phone"), max_length=40)
    e164 = models.CharField(max_length=16, blank=True, editable=False)
    digits = models.CharField(max_length=40, blank=True, editable=False)
    type = models.CharField(_("type"), max_length=6, choices=ContactType, default=ContactType.WORK)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["e164"], name="phone_e164")]

    def __str__(self) -> str:
        return self.phone


class Lead(Record):
    """Someone who showed interest, before we know whether there is a deal.

    `first_response_at` is the first human outbound touch; `abandoned_at` a moment of abandonment that somebody stated (an import);
    what follows from the activities is worked out in `LeadFacts`.
    """

    number = models.CharField(_("number"), max_length=40, unique=True, blank=True)
    name = models.CharField(_("name"), max_length=200)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    company_name = models.CharField(_("company"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    medium = models.CharField(_("medium"), max_length=80, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    term = models.CharField(_("term"), max_length=120, blank=True)
    content = models.CharField(_("content"), max_length=120, blank=True)
    landing_page = models.CharField(_("landing page"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=LeadStatus, default=LeadStatus.NEW)
    description = models.TextField(_("description"), blank=True)
    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True)
    qualified_at = models.DateTimeField(_("qualified"), null=True, blank=True)
    converted_at = models.DateTimeField(_("converted"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    abandoned_at = models.DateTimeField(_("abandoned"), null=True, blank=True)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("company"))
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="leads", verbose_name=_("person"))
    match_key = MatchKeyField(of="email", max_length=254)
    score = models.PositiveSmallIntegerField(_("score"), default=0, editable=False, help_text=_("0 to 100; kept by its reasons."))

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=LeadStatus.CONVERTED) | Q(converted_at__isnull=False), name="lead_converted_has_date"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="lead_created"),
            models.Index(fields=["owner", "-created_at"], name="lead_owner"),
            models.Index(fields=["team", "-created_at"], name="lead_team"),
            models.Index(fields=["status", "-created_at"], name="lead_status"),
            models.Index(fields=["match_key"], name="lead_match"),
            models.Index(fields=["-score", "-id"], name="lead_score"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_LEADS

    def get_absolute_url(self) -> str:
        return reverse("contacts:lead", args=[self.pk])


class LeadFacts(models.Model):
    """What numbers need of a lead, derived from it and its activities by `contacts.leads`; never edited.

    Owners are as they were: at creation (or the first one, when it came without), at the first response, at the conversion.
    Seconds count from creation; null where it did not happen.
    """

    lead = models.OneToOneField(Lead, models.CASCADE, primary_key=True, related_name="facts")
    created_day = models.DateField(null=True, db_index=True)  # null when imported without a date
    created_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    created_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    response_day = models.DateField(null=True, db_index=True)
    response_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    response_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    response_seconds = models.BigIntegerField(null=True)  # null also when the first touch lies before creation
    converted_day = models.DateField(null=True, db_index=True)
    converted_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    converted_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    customer_seconds = models.BigIntegerField(null=True)
    was_customer = models.BooleanField(default=False)  # the account had bought before the lead came
    abandon_seconds = models.BigIntegerField(null=True)  # may lie ahead: "will be let drop unless touched"
    early_score = models.PositiveSmallIntegerField(null=True)  # a day after it came
    early_chance = models.PositiveSmallIntegerField(null=True)  # what such a score was worth then, in parts of ten thousand

    class Meta:
        verbose_name = _("facts of a lead")
        verbose_name_plural = _("facts of leads")

    def __str__(self) -> str:
        return str(self.lead_id)


class LeadScore(models.Model):
    """A lead's score from a moment on, with its reasons (reason -> points); never written over (`contacts.scores`).

    chance: the share of leads with such a score that had become customers in time when the lead came, in parts of ten thousand; empty
    while too little was known.
    """

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="scores")
    at = models.DateTimeField()
    score = models.PositiveSmallIntegerField()
    chance = models.PositiveSmallIntegerField(null=True)
    reasons = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("score of a lead")
        verbose_name_plural = _("scores of leads")
        constraints = [models.CheckConstraint(condition=Q(score__lte=100), name="lead_score_up_to_100")]
        indexes = [models.Index(fields=["lead", "at"], name="lead_score_at")]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.at:%Y-%m-%d} {self.score}"


class UntouchedSpan(LocalDayMixin):
    """While an open lead waits for its first human touch, one row per owner: the stock of untouched leads at any day."""

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="untouched_spans")
    start = models.DateTimeField()
    start_day = LocalDayField(of="start", db_index=True)
    end = models.DateTimeField(null=True)
    end_day = LocalDayField(of="end", db_index=True)
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead"], condition=Q(end__isnull=True), name="lead_waits_once"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="untouched_runs_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} {self.start:%Y-%m-%d}"


class FreshSpan(models.Model):
    """While a record of any kind counts as fresh; derived by `contacts.freshness`, with the owner of today."""

    entity = models.CharField(max_length=20)
    record_id = models.BigIntegerField()
    start_day = models.DateField(db_index=True)
    end_day = models.DateField(db_index=True)
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity", "record_id", "start_day"], name="fresh_span_once"),
            models.CheckConstraint(condition=Q(end_day__gt=F("start_day")), name="fresh_span_runs_forward"),
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.record_id} {self.start_day}"


class Done(LocalDayMixin):
    """What activities and tasks share: they are read on the page of the record they are about."""

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        """The lead's, person's or company's page; a task about nothing stands on the page of tasks, an activity nowhere."""
        for name in ("lead", "person", "company"):
            pk = getattr(self, f"{name}_id")
            if pk is not None:
                return reverse(f"contacts:{name}", args=[pk])
        return reverse("contacts:tasks") if isinstance(self, Task) else ""


class Activity(Done):
    """Something that was done: a call, a mail, a meeting, a note. Planned things are tasks."""

    kind = models.CharField(_("type"), max_length=8, choices=ActivityKind)
    at = models.DateTimeField(_("when"), default=timezone.now)
    day = LocalDayField(of="at", db_index=True)
    direction = models.CharField(_("direction"), max_length=4, choices=Direction, default=Direction.OUTBOUND)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True, validators=[MaxValueValidator(1440)])
    note = models.TextField(_("note"), blank=True)
    by_machine = models.BooleanField(default=False, editable=False)
    owner = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, blank=True, related_name="+")
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="activities")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="activities")
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="activities")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["company", "at"], name="activity_company"),
            models.Index(fields=["person", "at"], name="activity_person"),
            models.Index(fields=["lead", "at"], name="activity_lead"),
            models.Index(fields=["owner", "-at"], name="activity_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class Task(Done):
    """Something to do, with a due time.

    `missed_at` is the first due time that had passed when the task, unfinished, was given another: it stays, so that putting a task
    off does not make it one that was done in time.
    """

    title = models.CharField(_("title"), max_length=200)
    kind = models.CharField(_("type"), max_length=8, choices=ActivityKind, default=ActivityKind.CALL)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_day = LocalDayField(of="done_at", db_index=True)
    missed_at = models.DateTimeField(null=True, blank=True, editable=False)
    due_day = LocalDayField(of="counted_at", db_index=True)
    note = models.TextField(_("note"), blank=True)
    owner = models.ForeignKey(USER, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, blank=True, related_name="+")
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="tasks")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="tasks")
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, blank=True, related_name="tasks")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = [F("due_at").asc(nulls_last=True), "pk"]
        indexes = [models.Index(fields=["owner", "done_at", "due_at"], name="task_owner_due")]

    def __str__(self) -> str:
        return self.title

    @property
    def counted_at(self) -> dt.datetime | None:
        """The due time that numbers go by."""
        return self.missed_at or self.due_at

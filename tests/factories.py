"""Rows for tests, made the way the product makes them: records go through the services, so events and history are there.

`by` and `origin` say who did it through which door (default: the owner, through a page).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from factory.django import DjangoModelFactory

from analytics.models import OwnNumber, SuccessThreshold, Target
from contacts.models import Activity, Company, Lead, Person, PersonEmail, PersonPhone, Task
from crm.events import Origin, acting
from crm.models import Team, User, UserSpan
from deals.models import Deal, LossReason, Pipeline, Product, Stage
from marketing.models import Campaign, CampaignMessage, Cost, Visit, WebForm
from support.models import Calendar, Message, Queue, SavedReply, SlaGoal, SlaPolicy, Tag, Ticket
from surveys.models import Invitation, Response, Survey

PASSWORD = "correct horse battery"


def utc(text: str) -> dt.datetime:
    """utc("2026-05-18 10:00") and utc("2026-05-18")."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


class TeamFactory(DjangoModelFactory):
    name = factory.Sequence("Team {}".format)

    class Meta:
        model = Team


class UserFactory(DjangoModelFactory):
    """Signs in with PASSWORD; has worked here, in this role and team, since `since`."""

    username = factory.Sequence("user{}".format)
    name = factory.LazyAttribute(lambda user: user.username.title())
    email = factory.LazyAttribute(lambda user: f"{user.username}@sextant.example")
    role = "rep"
    password = factory.LazyFunction(lambda: make_password(PASSWORD))

    class Meta:
        model = User
        skip_postgeneration_save = True

    @factory.post_generation
    def since(user: User, create: bool, since: dt.date | None, **kwargs: Any) -> None:  # noqa: N805
        UserSpan.objects.create(
            user=user,
            start=since or dt.date(2020, 1, 1),
            role=user.role,
            team=user.team,
            carries_quota=user.carries_quota,
            fte_percent=user.fte_percent,
        )


class RecordFactory(DjangoModelFactory):
    """Base of what people work with: saved by `save_with`, done by `by` through `origin`."""

    owner: Any = None

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: type, *args: Any, by: User | None = None, origin: str = Origin.PAGE, **values: Any) -> Any:
        with acting(by or values.get("owner"), origin):
            return cls.save_with(model_class, values)

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Any:
        raise NotImplementedError


class CompanyFactory(RecordFactory):
    name = factory.Sequence("Company {}".format)

    class Meta:
        model = Company

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Company:
        from contacts.services import save_company

        return save_company(Company(), **values)


class PersonFactory(RecordFactory):
    """emails=["a@x.example"] and phones=["+33 1 ..."] give typed addresses."""

    name = factory.Sequence("Person {}".format)

    class Meta:
        model = Person

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Person:
        from contacts.services import save_person

        emails = [(email, "work") for email in values.pop("emails", ())]
        phones = [(phone, "work") for phone in values.pop("phones", ())]
        return save_person(Person(), emails=emails, phones=phones, **values)


class PersonEmailFactory(DjangoModelFactory):
    person = factory.SubFactory(PersonFactory)
    email = factory.Sequence("person{}@example.com".format)

    class Meta:
        model = PersonEmail


class PersonPhoneFactory(DjangoModelFactory):
    person = factory.SubFactory(PersonFactory)
    phone = factory.Sequence("+33 1 23 45 {:04d}".format)

    class Meta:
        model = PersonPhone


class LeadFactory(RecordFactory):
    name = factory.Sequence("Lead {}".format)

    class Meta:
        model = Lead

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Lead:
        from contacts.services import save_lead

        return save_lead(Lead(), **values)


class ActivityFactory(RecordFactory):
    """A call that reached someone; deal=... puts it on a deal."""

    kind = "call"

    class Meta:
        model = Activity

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Activity:
        deal = values.pop("deal", None)
        if deal is not None:
            from deals.services import log_deal_activity

            return log_deal_activity(deal, Activity(), **values)
        from contacts.services import log_activity

        return log_activity(Activity(), **values)


class TaskFactory(RecordFactory):
    """deal=... puts it on a deal."""

    title = factory.Sequence("Task {}".format)

    class Meta:
        model = Task

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Task:
        deal = values.pop("deal", None)
        if deal is not None:
            from deals.services import save_deal_task

            return save_deal_task(deal, Task(), **values)
        from contacts.services import save_task

        return save_task(Task(), **values)


class PipelineFactory(DjangoModelFactory):
    """With four stages (Lead in 10 %, Meeting 30 %, Offer 60 %, Contract 80 %) unless stages=False."""

    name = factory.Sequence("Pipeline {}".format)

    class Meta:
        model = Pipeline
        skip_postgeneration_save = True

    @factory.post_generation
    def stages(pipeline: Pipeline, create: bool, wanted: bool | None, **kwargs: Any) -> None:  # noqa: N805
        if wanted is not False:
            for position, (name, chance) in enumerate([("Lead in", 10), ("Meeting", 30), ("Offer", 60), ("Contract", 80)]):
                Stage.objects.create(pipeline=pipeline, name=name, position=position, probability=chance)


class StageFactory(DjangoModelFactory):
    pipeline = factory.SubFactory(PipelineFactory, stages=False)
    name = factory.Sequence("Stage {}".format)
    position = factory.Sequence(int)

    class Meta:
        model = Stage


class LossReasonFactory(DjangoModelFactory):
    name = factory.Sequence("Reason {}".format)

    class Meta:
        model = LossReason


class ProductFactory(DjangoModelFactory):
    code = factory.Sequence("P-{}".format)
    name = factory.Sequence("Product {}".format)
    price = 100_00
    currency = "USD"

    class Meta:
        model = Product


def usual_pipeline() -> Pipeline:
    """The default pipeline, made on first use."""
    return Pipeline.objects.filter(is_default=True).first() or PipelineFactory(name="Sales", is_default=True)


class DealFactory(RecordFactory):
    """An open deal in the first stage of the usual pipeline.

    won_at=... wins it then; lost_at=... with lost_reason=... loses it; path=[(instant, stage), ...] moves it on the way;
    people=[(person, role)] and lines=[unsaved DealLine] as in `deals.services.create_deal`.
    """

    title = factory.Sequence("Deal {}".format)
    amount = 1_000_00
    currency = "USD"

    class Meta:
        model = Deal

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Deal:
        from deals import services

        path, won_at, lost_at = values.pop("path", ()), values.pop("won_at", None), values.pop("lost_at", None)
        reason, note = values.pop("lost_reason", None), values.pop("lost_note", "")
        people, lines = values.pop("people", ()), values.pop("lines", None)
        if values.get("stage") is None:
            values["stage"] = (values.get("pipeline") or usual_pipeline()).stages.order_by("position").first()
        values["pipeline"] = values["stage"].pipeline
        deal = services.create_deal(Deal(**values), people=people, lines=lines)
        for at, stage in path:
            deal = services.move_deal(deal, stage, at=at) or deal
        if won_at:
            deal = services.win_deal(deal, at=won_at) or deal
        if lost_at:
            reason = reason or LossReason.objects.get_or_create(name="Price")[0]
            deal = services.lose_deal(deal, reason, note, at=lost_at) or deal
        return deal


class OwnNumberFactory(RecordFactory):
    """What people made of the other numbers."""

    name = factory.Sequence("Own number {}".format)
    formula = "won_amount / deals_won"
    unit = "money"

    class Meta:
        model = OwnNumber

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> OwnNumber:
        from analytics.own.services import save_own_number

        return save_own_number(OwnNumber(), **values)


class TargetFactory(RecordFactory):
    """What everyone, a team or a person (`owner`) should win in May 2026; values as they are stored."""

    kpi = "won_amount"
    grain = "month"
    start = dt.date(2026, 5, 1)
    value = Decimal(1_000_00)

    class Meta:
        model = Target

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Target:
        from analytics.targets import save_target

        return save_target(Target(), **values)


class ThresholdFactory(RecordFactory):
    """From when on the won amount of a month is a success, of everyone, a team or a person (`owner`); values as they are stored."""

    kpi = "won_amount"
    start = dt.date(2026, 1, 1)
    value = Decimal(1_000_00)

    class Meta:
        model = SuccessThreshold

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> SuccessThreshold:
        from analytics.success import save_threshold

        return save_threshold(SuccessThreshold(), **values)


class CampaignFactory(RecordFactory):
    """A running campaign; its code is its name unless code=... says otherwise."""

    name = factory.Sequence("Campaign {}".format)
    status = "running"

    class Meta:
        model = Campaign

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Campaign:
        from marketing.services import save_campaign

        return save_campaign(Campaign(), **values)


class CampaignMessageFactory(RecordFactory):
    """A message of a campaign, sent on 4 May 2026."""

    email = factory.Sequence("reader{}@mail.example".format)
    sent_at = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)

    class Meta:
        model = CampaignMessage

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> CampaignMessage:
        from marketing.mailing import save_message

        values.pop("owner", None)
        campaign = values.pop("campaign", None) or CampaignFactory()
        return save_message(CampaignMessage(campaign=campaign), **values)


class CostFactory(RecordFactory):
    """Marketing to win customers, posted on 18 May 2026; amounts in minor units."""

    posted_on = dt.date(2026, 5, 18)
    amount = 1_000_00
    currency = "USD"

    class Meta:
        model = Cost

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Cost:
        from marketing.services import save_cost

        return save_cost(Cost(), **values)


class VisitFactory(DjangoModelFactory):
    """One session on the landing page /a, written by the service that imports use."""

    started_at = factory.LazyFunction(timezone.now)
    landing_page = "/a"

    class Meta:
        model = Visit

    @classmethod
    def _create(cls, model_class: type, *args: Any, **values: Any) -> Visit:
        from marketing.visits import write_visits

        visit = Visit(**values)
        write_visits([visit])
        return visit


class WebFormFactory(RecordFactory):
    """An open form that asks for name, e-mail, company and message; consent_text=... asks for consent."""

    name = factory.Sequence("Form {}".format)
    title = "Order our catalogue"

    class Meta:
        model = WebForm

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> WebForm:
        from marketing.web_forms import save_form

        return save_form(WebForm(), **values)


class SurveyFactory(DjangoModelFactory):
    """An active survey with its question on the usual scale of its type; scale=(1, 5), polarity=... ask on another one."""

    name = factory.Sequence("Survey {}".format)
    kind = "nps"
    active = True
    delay_hours = 0

    class Meta:
        model = Survey
        skip_postgeneration_save = True

    @classmethod
    def _create(cls, model_class: type, *args: Any, **values: Any) -> Survey:
        from surveys.services import create_survey

        scale, polarity = values.pop("scale", None), values.pop("polarity", None)
        return create_survey(Survey(**values), scale=scale, polarity=polarity)


class InvitationFactory(DjangoModelFactory):
    """Sent and delivered at `sent_at` (now); other states through the services."""

    survey = factory.SubFactory(SurveyFactory)
    version = factory.LazyAttribute(lambda invitation: invitation.survey.version)
    email = factory.Sequence("customer{}@example.com".format)
    trigger = "manual"
    cause = factory.Sequence("test:{}".format)
    state = "sent"
    sent_at = factory.LazyFunction(timezone.now)
    planned_at = factory.SelfAttribute("sent_at")
    delivered_at = factory.SelfAttribute("sent_at")
    expires_at = factory.LazyAttribute(lambda row: row.sent_at + dt.timedelta(days=row.survey.expiry_days))

    class Meta:
        model = Invitation


class ResponseFactory(DjangoModelFactory):
    """A confirmed answer of `score`, written by the service that imports use; version=... for an older question."""

    survey = factory.SubFactory(SurveyFactory)
    score = 9

    class Meta:
        model = Response

    @classmethod
    def _create(cls, model_class: type, *args: Any, **values: Any) -> Response:
        from surveys.answers import record_response

        return record_response(values.pop("survey"), values.pop("score"), **values)


#: Monday to Friday, nine to five.
OFFICE = {str(day): [["09:00", "17:00"]] for day in range(5)}


class CalendarFactory(DjangoModelFactory):
    """Open Monday to Friday from 9 to 17 in Berlin; zone=..., week=... and holidays=["2026-05-01"] make it another."""

    name = factory.Sequence("Calendar {}".format)

    class Meta:
        model = Calendar

    @classmethod
    def _create(cls, model_class: type, *args: Any, **values: Any) -> Calendar:
        from support.catalogue import save_calendar

        zone, week = values.pop("zone", "Europe/Berlin"), values.pop("week", OFFICE)
        days = [day if isinstance(day, dict) else {"date": day, "name": "Holiday"} for day in values.pop("holidays", ())]
        return save_calendar(Calendar(**values), zone=zone, week=week, holidays=days)


class QueueFactory(DjangoModelFactory):
    name = factory.Sequence("Queue {}".format)

    class Meta:
        model = Queue


class TagFactory(DjangoModelFactory):
    name = factory.Sequence("tag{}".format)

    class Meta:
        model = Tag


class SlaPolicyFactory(DjangoModelFactory):
    """goals={"first_response": 60} promises it for every priority; {("resolution", "urgent"): 120} for one; goals__business=False by the
    clock on the wall."""

    name = factory.Sequence("Policy {}".format)

    class Meta:
        model = SlaPolicy
        skip_postgeneration_save = True

    @factory.post_generation
    def goals(policy: SlaPolicy, create: bool, goals: dict | None, business: bool = True, **kwargs: Any) -> None:  # noqa: N805
        for key, minutes in (goals or {}).items():
            metric, only = key if isinstance(key, tuple) else (key, "")
            for priority in [only] if only else ["low", "normal", "high", "urgent"]:
                SlaGoal.objects.create(policy=policy, priority=priority, metric=metric, minutes=minutes, business=business)


class SavedReplyFactory(DjangoModelFactory):
    title = factory.Sequence("Reply {}".format)
    body = "Thank you for writing."

    class Meta:
        model = SavedReply


class TicketFactory(RecordFactory):
    """A ticket of a customer, come by the web form with a first message; body="" leaves that out. by=... opens it by hand.

    tags=["vip"]; author, visibility, html and attachments of the first message as in `support.services.open_ticket`; solved_at
    and closed_at for one that is done already.
    """

    subject = factory.Sequence("Ticket {}".format)
    body = "It does not work."

    class Meta:
        model = Ticket

    @classmethod
    def _create(cls, model_class: type, *args: Any, by: User | None = None, origin: str = "", **values: Any) -> Ticket:
        with acting(by, origin or (Origin.PAGE if by else Origin.FORM)):
            return cls.save_with(model_class, values)

    @classmethod
    def save_with(cls, model_class: type, values: dict[str, Any]) -> Ticket:
        from support.services import open_ticket

        names = ("body", "visibility", "author", "html", "attachments", "tags", "automatic", "message_id")
        message = {name: values.pop(name) for name in names if name in values}
        if message.get("body"):
            message = {"visibility": "public", "author": "customer", **message}
        return open_ticket(Ticket(**values), **message)


class MessageFactory(DjangoModelFactory):
    """ticket=..., by=... writes an agent's public reply at `at`; without `by` the customer writes."""

    body = "Any news?"

    class Meta:
        model = Message

    @classmethod
    def _create(cls, model_class: type, *args: Any, by: User | None = None, **values: Any) -> Message:
        from support.services import add_message

        with acting(by, Origin.PAGE if by else Origin.FORM):
            values = {"visibility": "public", "author": "agent" if by else "customer", **values}
            return add_message(values.pop("ticket"), **values)

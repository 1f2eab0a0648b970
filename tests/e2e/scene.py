"""The records that browser tests walk through: a few months of Ann's, Ben's and Cleo's work, all made by the services."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from analytics import refreshing
from analytics.models import OwnNumber, SuccessThreshold, Target
from contacts.models import Company, Lead, Person, Task
from crm import periods
from crm.models import ActiveDay, ApiToken, ExchangeRate, ImportRun, Job
from crm.services import set_rate
from deals.models import Deal, LossReason, Order, OrderLine, Product, Subscription
from deals.orders.services import create_order, credit_order
from deals.subscriptions import services as subscriptions
from marketing.models import Campaign, CampaignMember, Cost, Submission, Visit, WebForm
from marketing.services import add_members
from marketing.web_forms import Browser, send
from support import catalogue, services
from support.models import Attachment, Calendar, Message, SavedReply, SlaPolicy, Ticket
from surveys.answers import record_response
from surveys.models import Invitation, Response, Survey
from tests.factories import (
    ActivityFactory,
    CalendarFactory,
    CampaignFactory,
    CompanyFactory,
    CostFactory,
    DealFactory,
    InvitationFactory,
    LeadFactory,
    MessageFactory,
    OwnNumberFactory,
    PersonFactory,
    ProductFactory,
    QueueFactory,
    SavedReplyFactory,
    SlaPolicyFactory,
    SurveyFactory,
    TargetFactory,
    TaskFactory,
    ThresholdFactory,
    TicketFactory,
    VisitFactory,
    WebFormFactory,
    usual_pipeline,
)
from tests.people import People, hire

DAY = dt.timedelta(days=1)
NAMES = [
    "Aster Foods",
    "Birch & Sons",
    "Cobalt Labs",
    "Delta Freight",
    "Ember Energy",
    "Fjord Travel",
    "Granite Bank",
    "Harbour Media",
]
PEOPLE = ["Nora Lind", "Omar Haddad", "Priya Nair", "Quentin Roux", "Rosa Vidal", "Sven Berg", "Tara Quinn", "Uma Patel"]
REASONS = ["Price", "No decision", "Lost to a competitor"]


@dataclass
class Scene:
    people: People
    companies: list[Company]
    persons: list[Person]
    deal: Deal
    lead: Lead
    product: Product
    ticket: Ticket
    now: dt.datetime

    @property
    def ids(self) -> dict[str, Any]:
        """kind -> the id of a row that a page can be opened with."""
        deal, person = self.deal, self.persons[0]
        return {
            "company": self.companies[0].pk,
            "person": person.pk,
            "lead": self.lead.pk,
            "deal": deal.pk,
            "order": Order.objects.placed().filter(refunded__gt=0).get().pk,
            "subscription": Subscription.objects.get(plan="Seats").pk,
            "activity": deal.deal_activities.first().activity_id,
            "task": deal.deal_tasks.first().task_id,
            "token": ApiToken.objects.get().pk,
            "rate": ExchangeRate.objects.first().pk,
            "user": self.people.ann.pk,
            "team": self.people.north.pk,
            "pipeline": deal.pipeline_id,
            "reason": LossReason.objects.first().pk,
            "product": self.product.pk,
            "job": Job.objects.first().pk,
            "run": ImportRun.objects.first().pk,
            "ticket": self.ticket.pk,
            "said": Message.objects.exclude(html="").first().pk,
            "attachment": Attachment.objects.first().pk,
            "queue": self.ticket.queue_id,
            "ticket_status": self.ticket.status_id,
            "tag": self.ticket.tags.first().pk,
            "calendar": Calendar.objects.first().pk,
            "policy": SlaPolicy.objects.first().pk,
            "reply": SavedReply.objects.get(owner=None).pk,
            "survey": Survey.objects.get().pk,
            "response": Response.objects.filter(band="detractor").first().pk,
            "campaign": Campaign.objects.get().pk,
            "member": CampaignMember.objects.first().pk,
            "target": Target.objects.first().pk,
            "successthreshold": SuccessThreshold.objects.first().pk,
            "own_number": OwnNumber.objects.first().pk,
            "cost": Cost.objects.get(currency="USD").pk,
            "webform": WebForm.objects.get().pk,
            "visit": Visit.objects.filter(submissions__isnull=False).first().pk,
            "submission": Submission.objects.first().pk,
            "invitation": Invitation.objects.filter(response__isnull=True).first().pk,
        }


def fill() -> Scene:
    """Everything, with the numbers computed."""
    people, now = hire(), timezone.now().replace(microsecond=0)
    set_rate("EUR", (now - 900 * DAY).date(), Decimal("1.10"))
    owners = [people.ann, people.ann, people.ben, people.cleo]
    companies, persons = [], []
    for at, (name, contact) in enumerate(zip(NAMES, PEOPLE, strict=True)):
        owner = owners[at % 4]
        domain = name.split()[0].lower() + ".example"
        company = CompanyFactory(
            name=name, owner=owner, industry="Retail", country="FR", domain=domain, created_at=now - 300 * DAY
        )
        companies.append(company)
        persons.append(
            PersonFactory(
                name=contact,
                owner=owner,
                company=company,
                title="Head of purchasing",
                emails=[f"{contact.split()[0].lower()}@{domain}"],
                phones=[f"+33 1 40 20 71 {at}{at}"],
                created_at=now - 300 * DAY,
            )
        )
    deal = _deals(people, companies, persons, now)
    lead = _leads(people, now)
    ticket = _tickets(people, persons, now)
    for user in people:
        for back in range(0, 120, 2):
            found = {"team": user.team, "role": user.role, "acted": True}
            ActiveDay.objects.update_or_create(user=user, day=(now - back * DAY).date(), defaults=found)
    ApiToken.issue(people.ada, "Reports")
    product = ProductFactory(name="Annual plan", code="PLAN-Y", price=4_800_00)
    Job.objects.create(kind="crm.import_step")
    ImportRun.objects.create(
        kind="companies", file_name="companies.csv", state=ImportRun.State.DONE, rows=3, created=2, refused=1
    )
    _orders(companies, product, now)
    _subscriptions(companies, product, now)
    _marketing(people, lead, now)
    _voice(people, companies, persons, now)
    _targets(people, now)
    _own_numbers(people)
    settle()
    return Scene(people, companies, persons, deal, lead, product, ticket, now)


def _orders(companies: list[Company], product: Product, now: dt.datetime) -> None:
    """Two a company, one of them in another currency; the first is credited in part."""
    for at, company in enumerate(companies):
        for days in (150, 20 + at):
            lines = [
                OrderLine(product=product, quantity=2, unit_price=4_800_00, amount=9_600_00, cost=3_000_00),
                OrderLine(text="Training, one day", unit_price=950_00, amount=950_00),
            ]
            currency = "EUR" if at % 2 else "USD"
            create_order(Order(company=company, currency=currency, ordered_at=now - days * DAY, channel="shop"), lines)
    first = Order.objects.order_by("pk").first()
    assert first is not None
    credit_order(first, [OrderLine(text="Goodwill", unit_price=500_00, amount=500_00)], at=now - 10 * DAY, description="Late")


def _subscriptions(companies: list[Company], product: Product, now: dt.datetime) -> None:
    """One a company, in two currencies: the first in steps and with a term that ends soon, one cancelled, one on trial."""
    today = periods.local_day(now)
    for at, company in enumerate(companies):
        row = Subscription(company=company, product=product, start=today - (420 - 30 * at) * DAY, amount=(at + 1) * 90_00)
        row.plan, row.currency = ("Seats" if at == 0 else "Care"), ("EUR" if at % 2 else "USD")
        if at == 0:
            row.quantity, row.term_end = Decimal(12), today + 25 * DAY
        if at == 3:
            row.trial_end = today + 10 * DAY
        subscriptions.start(row)
        if at == 0:
            subscriptions.change(row, day=today - 90 * DAY, quantity=Decimal(15))
        if at == 2:
            subscriptions.cancel(row, day=today - 15 * DAY, reason="price", note="Too dear for so few seats")


def _marketing(people: People, lead: Lead, now: dt.datetime) -> None:
    """A campaign with a member, what it costs in two currencies, and the visits that it brought."""
    campaign = CampaignFactory(name="Autumn catalogue", source="Google Ads", channel="cpc", budget=5_000_00, owner=people.mia)
    add_members(campaign, leads=[lead])
    CostFactory(campaign=campaign, posted_on=(now - 20 * DAY).date(), until=(now - 11 * DAY).date(), owner=people.mia)
    form = WebFormFactory(name="Catalogue", campaign=campaign, consent_text="You may write to me.", owner=people.mia)
    browser = Browser("203.0.113.7", "Mozilla/5.0", "utm_source=Fair", "", counted=False)
    send(form, {"name": "Vera Voss", "email": "vera@voss.example", "message": "Please.", "consent": True}, browser)
    CostFactory(posted_on=(now - 5 * DAY).date(), currency="GBP", category="software", owner=people.mia)
    for at in range(12):
        VisitFactory(
            visitor=f"visitor {at % 5}",
            started_at=now - at * DAY,
            landing_page="/a" if at % 3 else "/b",
            source="Google Ads" if at % 2 else "",
            campaign=campaign.code if at % 2 else "",
            clicks=at % 4,
            form_started=at % 2,
            submitted=at % 2,
        )


def _targets(people: People, now: dt.datetime) -> None:
    """This month's and the last one's: of everyone, a team and a person; a share and a duration beside the amounts."""
    for at in (now, now.replace(day=1) - DAY):
        month = periods.containing(periods.local_day(at), "month").start
        for whom in ({}, {"team": people.north}, {"owner": people.ann}):
            TargetFactory(start=month, value=Decimal(40_000_00), by=people.ada, **whom)
        TargetFactory(kpi="win_rate", start=month, value=Decimal(60), by=people.ada)
        TargetFactory(kpi="first_response_time", start=month, value=Decimal(4 * 3600), by=people.ada)


def _own_numbers(people: People) -> None:
    """One that adds up and one that does not, and a threshold of success."""
    OwnNumberFactory(name="Won for each step", formula="won_amount / pipeline_activities", by=people.max)
    ThresholdFactory(by=people.ada)
    OwnNumberFactory(name="Closed deals", formula="deals_won + deals_lost", unit="count", direction="higher", by=people.max)


def _voice(people: People, companies: list[Company], persons: list[Person], now: dt.datetime) -> None:
    """A survey with enough answers to show a score, one without, and one that looks automatic."""
    survey = SurveyFactory(name="Would you recommend us?", owner=people.mia)
    for at in range(40):
        place = at % len(persons)
        about = {"company": companies[place], "owner": people.ann, "team": people.north, "segment": "Retail"}
        sent = now - at * DAY
        row = InvitationFactory(survey=survey, person=persons[place], sent_at=sent, email="customer@x.example", **about)
        if at % 4:
            words = {"comment": "Late again, nobody called." if at % 5 == 1 else "Quick and friendly."}
            state = {"state": "quarantined", "reasons": ["fast_post"]} if at == 7 else {}
            score = 4 if at % 5 == 1 else 9
            made = record_response(survey, score, invitation=row, person=row.person, responded_at=sent, **words)
            Response.objects.filter(pk=made.pk).update(**state)


def _deals(people: People, companies: list[Company], persons: list[Person], now: dt.datetime) -> Deal:
    """Won, lost and open deals over nine months, some of them in the last quarter; the deal that pages open."""
    stages = list(usual_pipeline().stages.order_by("position"))
    reasons = [LossReason.objects.get_or_create(name=name)[0] for name in REASONS]
    owners = [people.ann, people.ann, people.ben, people.cleo]
    today = periods.containing(periods.local_day(now), "quarter")
    quarter = periods.containing(today.start - DAY, "quarter")
    inside = periods.first_instant(quarter.start) + 20 * DAY
    for at in range(24):
        owner, company = owners[at % 4], companies[at % 8]
        closed = inside + at * DAY if at < 12 else now - (at - 10) * 11 * DAY
        values: dict[str, Any] = {"owner": owner, "company": company, "people": [(persons[at % 8], "decides")]}
        values |= {
            "title": f"{company.name}: order {at + 1}",
            "amount": (at + 2) * 1_250_00,
            "source": ["web", "referral"][at % 2],
        }
        created = closed - 45 * DAY
        path = [(created + 9 * DAY * step, stage) for step, stage in enumerate(stages[1 : 2 + at % 3], 1)]
        if at % 3 == 2:
            DealFactory(**values, created_at=created, path=path, lost_at=closed, lost_reason=reasons[at % 2])
        else:
            DealFactory(**values, created_at=created, path=path, won_at=closed)
    for at in range(6):
        created = now - (20 + 9 * at) * DAY
        DealFactory(
            owner=owners[at % 4],
            company=companies[at],
            title=f"{companies[at].name}: extension",
            amount=(at + 3) * 2_000_00,
            created_at=created,
            expected_close=(now + 20 * DAY).date(),
            path=[(created + 5 * DAY, stages[1 + at % 3])],
        )
    deal = DealFactory(
        owner=people.ann,
        company=companies[0],
        title="Aster Foods: new warehouse",
        amount=48_000_00,
        expected_close=(now + 30 * DAY).date(),
        created_at=now - 25 * DAY,
        people=[(persons[0], "decides"), (persons[1], "uses")],
        path=[(now - 12 * DAY, stages[1])],
    )
    ActivityFactory(
        owner=people.ann,
        deal=deal,
        kind="call",
        direction="out",
        outcome="reached",
        note="Wants a quote for 40 seats.",
        at=now - 3 * DAY,
    )
    ActivityFactory(owner=people.ann, deal=deal, kind="mail", note="Sent the price list.", at=now - 2 * DAY)
    TaskFactory(owner=people.ann, deal=deal, title="Call about the quote", due_at=now + 2 * DAY)
    TaskFactory(owner=people.ann, title="Prepare the fair", due_at=now - DAY)
    return deal


def _leads(people: People, now: dt.datetime) -> Lead:
    """More than one page of them."""
    for at in range(58):
        owner = [people.ann, people.ben, people.cleo][at % 3]
        LeadFactory(name=f"Lead {at + 1:02}", owner=owner, source=["web", "fair"][at % 2], created_at=now - (at + 1) * DAY)
    return LeadFactory(
        name="Wes Young", email="wes@young.example", company_name="Young Ltd", owner=people.ann, created_at=now - DAY
    )


def _tickets(people: People, persons: list[Person], now: dt.datetime) -> Ticket:
    """A queue with hours and promises; tickets late, soon due, answered, solved; the one that pages open."""
    hour = dt.timedelta(hours=1)
    calendar = CalendarFactory(name="Office", zone="UTC", is_default=True, holidays=["2027-01-01"])
    queue = QueueFactory(name="Support", is_default=True, calendar=calendar)
    billing = QueueFactory(name="Billing", position=1)
    SlaPolicyFactory(name="Everybody", calendar=calendar, goals={"first_response": 240, "next_reply": 480, "resolution": 2400})
    SavedReplyFactory(title="Greeting", body="Hello {first_name},\n\nthank you for your message about {subject}.\n\n{agent}")
    SavedReplyFactory(title="Reset the device", body="Please hold the button for ten seconds.", owner=people.gus)
    subjects = [
        "Pump stops at night",
        "Invoice 2044 is wrong",
        "How do I export?",
        "Login fails",
        "Order never came",
        "Spare part",
    ]
    for at, subject in enumerate(subjects):
        opened = now - (at * 9 + 2) * hour
        values = {"requester": persons[at], "created_at": opened, "queue": [queue, billing][at % 2]}
        values |= {"priority": ["urgent", "normal", "high", "low"][at % 4], "channel": ["web", "email", "phone"][at % 3]}
        row = TicketFactory(subject=subject, body=f"{subject}. Can you help?", owner=[people.gus, None][at % 2], **values)
        if at > 2:
            with_status = {"status": catalogue.default_status("waiting_customer")} if at == 3 else {}
            MessageFactory(ticket=row, by=people.gus, at=opened + hour, body="We are looking into it.", **with_status)
        if at == 5:
            services.solve(row, at=opened + 2 * hour)
    return _long_ticket(people, persons[0], queue, now)


def _long_ticket(people: People, person: Person, queue: Any, now: dt.datetime) -> Ticket:
    """With everything a conversation may hold: a file, a layout, a quote, a note, a reply, a change."""
    hour = dt.timedelta(hours=1)
    text = "Since Monday the pump stops every night.\n\nOn Mon, 16 Nov 2026 at 10:00, Support wrote:\n> We are here for you."
    ticket = TicketFactory(
        subject="The pump of line 2 stops",
        body=text,
        html="<p>Since <b>Monday</b> the pump stops every night.</p>",
        requester=person,
        queue=queue,
        owner=people.gus,
        priority="high",
        type="Incident",
        channel="email",
        tags=["pump", "vip"],
        attachments=[SimpleUploadedFile("log.txt", b"02:13 pressure lost")],
        created_at=now - 26 * hour,
    )
    MessageFactory(
        ticket=ticket, by=people.gus, visibility="note", at=now - 25 * hour, body="The valve was replaced in March, see D-1004."
    )
    waiting = catalogue.default_status("waiting_customer")
    reply = "Thank you for the log. Does it also stop when line 1 is off?"
    MessageFactory(ticket=ticket, by=people.gus, at=now - 24 * hour, body=reply, status=waiting)
    MessageFactory(ticket=ticket, at=now - 3 * hour, body="Yes, it does. https://aster.example/line-2 shows it.")
    TaskFactory(owner=people.gus, title="Ask the maker about the valve", due_at=now + DAY)
    services.save_ticket_task(ticket, Task(), title="Call the plant", owner=people.gus, due_at=now + DAY)
    return ticket


def settle() -> None:
    """Brings the stored numbers up to date, as the worker would."""
    while refreshing.refresh_step():
        pass

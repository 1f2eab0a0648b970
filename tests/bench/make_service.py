"""Adds tickets and surveys to a database that `make_data` filled: as many tickets and answers as it has deals.

    python -m tests.bench.make_service 100000

As there, the first 10,000 tickets are written through the services' own bulk path with everything derived, and the rest are copies
for the copied companies and people. For 10,000 tickets: 50,000 messages (five each; the first ticket has 200), 20,000 invitations,
10,000 answers, ten agents.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

from .make_data import BASE, OFFSET, STEP, TIMELINES, analyse, copied_models, copy_rows, main, multiply, reset_sequences

AGENTS = 10
MESSAGES = 5
LONG = 200  # messages of the first ticket; the next ones have one less each, so that the sum is round
LONG_SUBJECT = "A long story"
ASKED_PER_ANSWER = 2
LATE = 0.8  # from here on in time a ticket may still be unsolved
CLOSE_AFTER = dt.timedelta(days=14)
CHANNELS = (("email", 0.5), ("web", 0.25), ("phone", 0.2), ("chat", 0.05))
PRIORITIES = (("low", 0.15), ("normal", 0.6), ("high", 0.18), ("urgent", 0.07))


def fill(count: int) -> None:
    """Adds `count` tickets and as many answers."""
    from django.db import transaction
    from django.db.models import Max
    from django.utils import timezone

    from analytics.models import DirtyDay
    from crm.models import Event, EventLink, Organisation
    from crm.sample.context import SEED, Sample
    from support.models import Ticket

    if Ticket.objects.exists():
        raise SystemExit("There are tickets already.")
    base = min(count, BASE)
    before = {model: model.objects.aggregate(last=Max("pk"))["last"] or 0 for model in (Event, EventLink)}
    with transaction.atomic():
        Organisation.remember()
        sample = Sample(timezone.now(), print)
        sample.random = random.Random(SEED + 2)
        tickets = Desk(sample, base).fill()
        Voices(sample, tickets).fill()
    multiply(count // base, [*service_models(), *before], lambda copy: clone(copy, before))
    DirtyDay.objects.all().delete()
    reset_sequences([*service_models(), *before])
    analyse()


class Desk:
    """Agents, what administrators set up, and the first ten thousand tickets."""

    def __init__(self, sample: Any, count: int) -> None:
        from contacts.models import Person

        self.sample, self.count, self.random = sample, count, sample.random
        self.people = list(Person.objects.filter(pk__lte=OFFSET).select_related("company").order_by("pk"))

    def fill(self) -> list[Any]:
        from crm import events
        from support import bulk
        from support.sample import catalogue
        from support.sla import Promises

        self.hire()
        catalogue.fill(self.sample)
        self.queues = list(self.sample.notes["queues"].values())
        self.statuses = self.sample.notes["statuses"]
        self.promises = Promises()
        self.hours = self.promises.schedules[self.promises.default_calendar or 0]
        days = self.sample.days(self.count)
        found = []
        with events.acting(None, events.Origin.PAGE):
            for start in range(0, self.count, STEP):
                rows = [self.ticket(n, day) for n, day in enumerate(days[start : start + STEP], start)]
                found += bulk.create_many(rows, self.promises)
            self.look()
        return found

    def look(self) -> None:
        """Leaves the clocks as the worker would, who looks at those that have run out, and no work to it."""
        from crm.models import Job
        from support import history
        from support.models import Ticket

        history.rebuild(Ticket.objects.filter(clock_at__lte=self.sample.now), promises=self.promises)
        Job.objects.filter(kind="support.clock").delete()

    def hire(self) -> None:
        """A manager and ten agents, who work in one team; `agent` has a name to sign in with."""
        from crm.models import Team, User, UserSpan

        team = self.sample.teams["Service"] = Team.objects.create(name="Service")
        names = ["paula", "agent", *(f"agent{n}" for n in range(2, AGENTS + 1))]
        password = User.objects.get(username="admin").password
        users = [User(username=name, name=name.title(), email=f"{name}@bench.example", password=password) for name in names]
        for user in users:
            user.role, user.team, user.carries_quota = "manager" if user.username == "paula" else "agent", team, False
        users = User.objects.bulk_create(users)
        UserSpan.objects.bulk_create(
            UserSpan(user=user, start=self.sample.start, role=user.role, team=team, carries_quota=False, fte_percent=100)
            for user in users
        )
        self.sample.users["paula"], self.agents = users[0], users[1:]

    def ticket(self, n: int, day: dt.date) -> Any:
        """Asked, taken, talked about, solved and closed; of the latest one in four is not solved yet, in one of three ways."""
        from support import bulk
        from support.models import Ticket
        from support.sample import words

        sample, person = self.sample, self.random.choice(self.people)
        queue_name, kind, tag, texts = self.random.choice(words.TOPICS)
        queue = sample.notes["queues"][queue_name]
        topic = texts["en"]
        ticket = Ticket(
            subject=topic[0] if n else LONG_SUBJECT,
            requester=person,
            company=person.company,
            queue=queue,
            team=queue.team,
            type=kind,
        )
        ticket.channel, ticket.priority = sample.pick(CHANNELS), sample.pick(PRIORITIES)
        ticket.status, ticket.created_at = self.statuses["open"], sample.moment(day)
        beginning = {"status": ticket.status, "owner": None, "team": queue.team, "priority": ticket.priority, "queue": queue}
        tags = [sample.notes["tags"][name] for name in (tag, "key account" if n % 10 == 0 else "") if name]
        new = bulk.NewTicket(ticket, beginning, [], [], tags)
        length = MESSAGES if not 0 <= n - 1 < LONG - MESSAGES else MESSAGES - 1
        stuck = n > LATE * self.count and self.random.random() < 0.25
        Conversation(self, new, topic, stuck=stuck).run(length if n else LONG)
        return new


class Conversation:
    """The messages of a ticket in turn, customer and agent, one of five a note, and the steps that follow from them."""

    def __init__(self, desk: Desk, new: Any, topic: Sequence[str], *, stuck: bool) -> None:
        self.desk, self.new, self.topic = desk, new, topic
        self.random, self.statuses = desk.random, desk.statuses
        self.ignored = stuck and self.random.random() < 0.2
        self.agent = None if self.ignored else self.random.choice(desk.agents)
        self.reopens = self.random.random() < 0.06
        self.stuck = stuck

    def run(self, count: int) -> None:
        times = self.times(count)
        ticket = self.new.ticket
        for turn, at in enumerate(times):
            last = turn == count - 1
            if self.ignored or turn % 2 == 0 and not last:
                self.say(at, "customer", "public", self.topic[1])
                self.status(at, "open", None)
            elif turn % 4 == 3 and not last:
                self.say(at, "agent", "note", "Asked the workshop; they look at it this week.")
            else:
                self.answer(at, last, solved=turn == 1 and self.reopens)
            if turn == 0 and self.agent:
                taken = min(at + dt.timedelta(minutes=self.random.randrange(1, 40)), times[1])
                self.step(taken, self.agent, owner=self.agent)
        if ticket.solved_at and ticket.solved_at + CLOSE_AFTER < self.desk.sample.now:
            self.status(ticket.solved_at + CLOSE_AFTER, "closed", None)

    def times(self, count: int) -> list[dt.datetime]:
        """Agents answer in business hours, customers when they like. What would come after now is moved before it, unsolved."""
        sample, at = self.desk.sample, self.new.ticket.created_at
        found = [at]
        for turn in range(1, count):
            if turn % 2:
                minutes = sample.lognormal(100, 0.9)
                at = self.desk.hours.due(at, dt.timedelta(seconds=int(minutes * 60) + 60)) or at
            else:
                at += dt.timedelta(seconds=int(sample.lognormal(6, 1.0) * 3600))
            found.append(at.replace(microsecond=0))
        if found[-1] >= sample.now:
            self.stuck = True
            share = (sample.now - found[0]) / (found[-1] - found[0] + dt.timedelta(minutes=1))
            found = [(found[0] + (at - found[0]) * share).replace(microsecond=0) for at in found]
        return found

    def answer(self, at: dt.datetime, last: bool, *, solved: bool) -> None:
        self.say(at, "agent", "public", self.topic[2])
        if last and self.stuck:
            self.status(at, self.random.choice(("open", "open", "waiting_customer", "waiting_other")), self.agent)
        else:
            self.status(at, "done" if last or solved else "waiting_customer", self.agent)

    def say(self, at: dt.datetime, author: str, visibility: str, body: str) -> None:
        from support.models import Message

        customer = author == "customer"
        message = Message(at=at, author=author, visibility=visibility, body=body, channel=self.new.ticket.channel, origin="page")
        message.user, message.person = (None, self.new.ticket.requester) if customer else (self.agent, None)
        self.new.messages.append(message)

    def status(self, at: dt.datetime, name: str, by: Any) -> None:
        status, ticket = self.statuses[name], self.new.ticket
        if ticket.status != status:
            self.step(at, by, status=status)
            ticket.solved_at = (ticket.solved_at or at) if status.category == "done" else None
            ticket.closed_at = at if status.closes else None

    def step(self, at: dt.datetime, by: Any, **changes: Any) -> None:
        from support import bulk

        for name, value in changes.items():
            setattr(self.new.ticket, name, value)
        self.new.steps.append(bulk.Step(at, changes, by))


class Voices:
    """Three surveys: half of the answers are about tickets, a third say whether they would recommend us, the rest how easy it was."""

    def __init__(self, sample: Any, tickets: Sequence[Any]) -> None:
        self.sample, self.random, self.count = sample, sample.random, len(tickets)
        self.tickets = [ticket for ticket in tickets if ticket.solved_at]
        self.people = {ticket.requester_id: ticket.requester for ticket in tickets}
        self.emails: dict[int, str] = {}

    def fill(self) -> None:
        from contacts.models import PersonEmail
        from surveys.sample import surveys

        self.emails = dict(PersonEmail.objects.filter(person__in=self.people).values_list("person_id", "email"))
        askings = surveys.fill(self.sample)
        for survey in askings:
            share = {"csat": 0.5, "nps": 0.35, "ces": 0.15}[survey.survey.kind]
            plans = self.plans(survey.survey.kind, round(self.count * share) * ASKED_PER_ANSWER)
            for start in range(0, len(plans), STEP):
                self.write(survey, plans[start : start + STEP], start)

    def plans(self, kind: str, count: int) -> list[tuple[dt.datetime, Any, Any]]:
        """(when, whom, about which ticket)."""
        if kind == "csat":
            solved = (self.tickets * (count // len(self.tickets) + 1))[:count]
            return [(ticket.solved_at, ticket.requester, ticket) for ticket in solved]
        people = list(self.people.values())
        return [(self.sample.moment(day), self.random.choice(people), None) for day in self.sample.days(count)]

    def write(self, asking: Any, plans: Sequence[tuple[dt.datetime, Any, Any]], start: int) -> None:
        from crm import events
        from surveys.links import links_of
        from surveys.models import Invitation, Response

        asked = [self.invitation(asking, *plan, number) for number, plan in enumerate(plans, start)]
        answers = [self.response(asking, row) for row in asked[::ASKED_PER_ANSWER]]
        Invitation.objects.bulk_create(asked, batch_size=STEP)
        Response.objects.bulk_create(answers, batch_size=STEP)
        name = asking.survey.name
        told = [("survey.sent", row, row.sent_at, {"survey": name, "email": row.email}) for row in asked]
        told += [
            ("response.received", row, row.responded_at, {"survey": name, "score": row.score, "band": row.band})
            for row in answers
        ]
        with events.acting(None, events.Origin.SYSTEM):
            events.record_many([(events.build(kind, row, new=new, at=at), [row, *links_of(row)]) for kind, row, at, new in told])

    def invitation(self, asking: Any, at: dt.datetime, person: Any, ticket: Any, number: int) -> Any:
        from surveys.models import Invitation

        survey, now, company = asking.survey, self.sample.now, person.company
        row = Invitation(
            survey=survey, version=asking.version, person=person, email=self.emails.get(person.pk, ""), language="en"
        )
        row.trigger, row.cause, row.planned_at, row.send_after = survey.trigger, f"bench:{number}", at, at
        row.company, row.segment = company, company.industry
        holder = ticket or company
        row.owner, row.team = holder.owner, holder.team
        if ticket is not None:
            row.subject_type, row.subject_id, row.subject_number = ticket._meta.label_lower, ticket.pk, ticket.number
            row.priority, row.channel, row.queue = str(ticket.priority), str(ticket.channel), str(ticket.queue)
        row.sent_at = row.delivered_at = min(at + dt.timedelta(hours=2), now)
        row.expires_at = row.sent_at + dt.timedelta(days=28)
        row.state = "expired" if row.expires_at <= now else "sent"
        return row

    def response(self, asking: Any, invitation: Any) -> Any:
        """An answer some hours later; one in a hundred looks like a machine's and waits to be judged."""
        from surveys.answers import derive
        from surveys.models import ATTRIBUTES, Response
        from surveys.sample.words import comments

        row = Response(invitation=invitation, survey=asking.survey, version=asking.version, person=invitation.person)
        for name in ATTRIBUTES:
            setattr(row, name, getattr(invitation, name))
        scale = asking.version.scale
        place = round((asking.content + self.random.gauss(0.1, 0.25)) * (len(scale) - 1))
        row.score, row.origin = scale[min(max(place, 0), len(scale) - 1)], "form"
        row.responded_at = min(invitation.sent_at + dt.timedelta(hours=min(self.sample.lognormal(9, 1.4), 600)), self.sample.now)
        derive(row)
        if self.random.random() < 0.4:
            row.comment = self.random.choice(comments("good" if row.positive else "low")["en"])
        if self.random.random() < 0.01:
            row.state, row.reasons = "quarantined", ["fast_post"]
        else:
            invitation.state, invitation.answered_at = "answered", row.responded_at
        return row


#: Texts that name a copied record, or must be unique.
NAMES = {
    "support_ticket": ("number",),
    "surveys_invitation": ("cause", "subject_number"),
    "surveys_response": ("subject_number",),
}


def service_models() -> list[Any]:
    """What is multiplied, parents before children."""
    from support.models import Message, ReplyWait, SlaSegment, SlaTarget, Ticket, TicketFacts, TicketState, TicketTag
    from surveys.models import Invitation, Response

    return [Ticket, TicketTag, Message, TicketState, ReplyWait, SlaTarget, SlaSegment, TicketFacts, Invitation, Response]


def clone(copy: int, before: dict[Any, int]) -> None:
    """Copies the first tickets and answers once more, with the events written since `before` (model -> last key)."""
    moving = [*copied_models(), *service_models()]
    for model in service_models():
        copy_rows(model, moving, copy, NAMES, (0, OFFSET))
    for model, last in before.items() if copy < TIMELINES else ():
        copy_rows(model, moving, copy, NAMES, (last, last + OFFSET))


if __name__ == "__main__":
    main(__doc__, "tickets", fill)

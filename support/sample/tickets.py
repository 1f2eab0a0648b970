"""Three thousand tickets, told one by one and written in bulk: who asked, how long the answers took, how it ended.

Answers come in business hours, urgent ones first, and take longer in August. What would happen after now has not happened yet, so
the tickets of the last days are open, waiting or late as they would be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from contacts.models import Person
from crm.events import Origin, acting
from crm.models import User
from crm.sample.context import ZONE, Sample

from .. import bulk
from ..choices import Author, Category, Channel, Priority, Visibility
from ..models import Message, Ticket
from ..sla import Promises
from . import words
from .staff import AGENTS

COUNT = 2_900
RECENT = 26  # of them from the last three days
CHANNELS = ((Channel.EMAIL, 0.5), (Channel.WEB, 0.22), (Channel.PHONE, 0.18), (Channel.CHAT, 0.08), (Channel.OTHER, 0.02))
PRIORITIES = ((Priority.LOW, 0.15), (Priority.NORMAL, 0.6), (Priority.HIGH, 0.18), (Priority.URGENT, 0.07))
#: median business minutes until an answer
PACE = {Priority.LOW: 260, Priority.NORMAL: 130, Priority.HIGH: 65, Priority.URGENT: 22}
UNSEEN_SINCE = dt.timedelta(days=30)
CLOSE_AFTER = dt.timedelta(days=14)


@dataclass
class Tale:
    """A ticket as it is told, with the step in hand."""

    ticket: Ticket
    language: str
    topic: tuple[str, str, str]
    at: dt.datetime
    messages: list[Message] = field(default_factory=list)
    steps: list[bulk.Step] = field(default_factory=list)
    over: bool = False  # what comes next lies after now


class Teller:
    """Tells tickets. Every happening is dated; those after now end the tale."""

    def __init__(self, sample: Sample) -> None:
        self.sample, self.chance = sample, sample.chance
        self.statuses = sample.notes["statuses"]
        self.promises = Promises()
        self.hours = self.promises.schedules[self.promises.default_calendar or 0]
        self.people = _customers(sample)

    def tell(self, at: dt.datetime) -> bulk.NewTicket:
        sample = self.sample
        known = [person for person in sample.random.choices(self.people, k=12) if person.created_at < at]
        person = next((one for one in known if one.company.customer_since < at), known[0] if known else None)  # type: ignore[union-attr]
        queue, kind, tag, texts = sample.random.choice(words.TOPICS)
        language = person.language if person and person.language in texts else "en"
        topic = texts[language]
        channel = sample.pick(CHANNELS)
        ticket = Ticket(
            subject=topic[0],
            requester=person,
            company=person.company if person else None,
            queue=sample.notes["queues"][queue],
            priority=sample.pick(PRIORITIES),
            type=kind,
            channel=channel,
            language=person.language if person else "",
            status=self.statuses[Category.OPEN],
            agent_opened=channel == Channel.PHONE and self.chance(0.3),
            created_at=at,
        )
        ticket.team = ticket.queue.team
        tags = [sample.notes["tags"][name] for name in (tag, "key account" if self._is_key(person) else "") if name]
        beginning = {
            "status": ticket.status,
            "owner": None,
            "team": ticket.team,
            "priority": ticket.priority,
            "queue": ticket.queue,
        }
        tale = Tale(ticket, language, topic, at)
        self._live(tale)
        return bulk.NewTicket(ticket, beginning, tale.steps, tale.messages, tags)

    def _is_key(self, person: Person | None) -> bool:
        return person is not None and person.company is not None and (person.company.employees or 0) > 900

    def _live(self, tale: Tale) -> None:
        """Asked, taken, answered once or several times, solved; now and then taken up again."""
        ticket = tale.ticket
        self._customer(tale, tale.topic[1], by_us=ticket.agent_opened)
        if self.chance(0.03) and tale.at > self.sample.now - UNSEEN_SINCE:
            return  # nobody saw it
        agent = self._agent(tale.at)
        self._change(tale, self._worked(tale, 0.4), agent, owner=agent, team=agent.team)
        if self.chance(0.06):
            self._change(tale, self._worked(tale, 0.2), agent, priority=Priority.HIGH)
        for _round in range(self.sample.pick(((0, 0.55), (1, 0.28), (2, 0.12), (3, 0.05)))):
            self._reply(tale, self.sample.random.choice(words.MORE[tale.language]), Category.WAITING_CUSTOMER)
            self._later(tale, self.sample.lognormal(36, 1.2))
            self._customer(tale, self.sample.random.choice(words.ASK_AGAIN[tale.language]))
        if self.chance(0.12):
            self._note(tale)
            self._change(tale, self._worked(tale, 0.1), agent, status=self.statuses[Category.WAITING_OTHER])
            self._later(tale, self.sample.lognormal(72, 0.7))
        if self.chance(0.05):
            other = self._agent(tale.at)
            self._change(tale, self._worked(tale, 0.3), other, owner=other, team=other.team)
        self._end(tale)

    def _end(self, tale: Tale) -> None:
        if self.chance(0.03):
            self._change(tale, self._worked(tale, 1), tale.ticket.owner, status=self.statuses[Category.DONE])
        else:
            self._reply(tale, tale.topic[2], Category.DONE)
        if self.chance(0.09):
            thanks = self.chance(0.45)
            self._later(tale, self.sample.lognormal(20, 1.0))
            self._customer(tale, (words.THANKS if thanks else words.BACK)[tale.language])
            if thanks:
                self._change(tale, self._worked(tale, 0.3), tale.ticket.owner, status=self.statuses[Category.DONE])
            else:
                self._reply(tale, tale.topic[2], Category.DONE)
        if not tale.over and tale.at + CLOSE_AFTER < self.sample.now:
            tale.at += CLOSE_AFTER
            self._change(tale, tale.at, None, status=self.statuses["closed"])

    # --- happenings --------------------------------------------------------------------------------------------------

    def _agent(self, at: dt.datetime) -> User:
        day = at.astimezone(ZONE).date()
        here = [name for name in AGENTS if self.sample.at_work(name, day)]
        return self.sample.users[self.sample.random.choice(here)]

    def _worked(self, tale: Tale, share: float) -> dt.datetime:
        """After a share of the time an answer takes, in business hours."""
        slow = 1.6 if tale.at.astimezone(ZONE).month == 8 else 1.0
        minutes = self.sample.lognormal(PACE[Priority(tale.ticket.priority)] * slow, 0.85) * share
        return self.hours.due(tale.at, dt.timedelta(seconds=int(minutes * 60) + 40)) or tale.at

    def _later(self, tale: Tale, hours: float) -> None:
        tale.at += dt.timedelta(seconds=int(hours * 3600))

    def _happens(self, tale: Tale, at: dt.datetime) -> bool:
        tale.at = max(at, tale.at).replace(microsecond=0)
        tale.over = tale.over or tale.at >= self.sample.now
        return not tale.over

    def _change(self, tale: Tale, at: dt.datetime, by: User | None, **changes: object) -> None:
        if not self._happens(tale, at):
            return
        for name, value in changes.items():
            setattr(tale.ticket, name, value)
        tale.steps.append(bulk.Step(tale.at, changes, by))
        status = tale.ticket.status
        if "status" in changes:
            done = status.category == Category.DONE
            tale.ticket.solved_at = (tale.ticket.solved_at or tale.at) if done else None
            tale.ticket.closed_at = tale.at if status.closes else None

    def _customer(self, tale: Tale, body: str, *, by_us: bool = False) -> None:
        if not self._happens(tale, tale.at):
            return
        person = tale.ticket.requester
        agent = self._agent(tale.at) if by_us else None
        author = Author.AGENT if by_us else Author.CUSTOMER
        self._say(tale, author=author, visibility=Visibility.PUBLIC, body=body, user=agent, person=None if by_us else person)
        if tale.ticket.status.category != Category.OPEN:
            self._change(tale, tale.at, None, status=self.statuses[Category.OPEN])

    def _reply(self, tale: Tale, body: str, category: str) -> None:
        if self._happens(tale, self._worked(tale, 1)):
            self._say(tale, author=Author.AGENT, visibility=Visibility.PUBLIC, body=body, user=tale.ticket.owner)
            self._change(tale, tale.at, tale.ticket.owner, status=self.statuses[category])

    def _note(self, tale: Tale) -> None:
        if self._happens(tale, self._worked(tale, 0.3)):
            self._say(tale, author=Author.AGENT, visibility=Visibility.NOTE, body=words.NOTE, user=tale.ticket.owner)

    def _say(self, tale: Tale, **values: object) -> None:
        origin = Origin.IMPORT if self.sample.imported(tale.at) else Origin.PAGE
        tale.messages.append(Message(at=tale.at, channel=tale.ticket.channel, origin=origin, **values))


def fill(sample: Sample) -> None:
    """Tells and writes the tickets: those before go-live came by import and were promised nothing."""
    teller = Teller(sample)
    moments = sorted(_opened(sample, day) for day in sample.days(COUNT - RECENT))
    moments += sorted(sample.now - dt.timedelta(hours=sample.random.random() ** 1.5 * 72, minutes=6) for _number in range(RECENT))
    told = [teller.tell(at.replace(microsecond=0)) for at in moments]
    for new in told:
        sample.stamp(new.ticket, new.ticket.created_at, new.messages[0].user if new.messages else None)
    old = [new for new in told if sample.imported(new.ticket.created_at)]
    for rows, origin in ((old, Origin.IMPORT), (told[len(old) :], Origin.PAGE)):
        with acting(None, origin):
            bulk.write(rows, teller.promises)
    for new in told:
        _tell_events(sample, new)


def _customers(sample: Sample) -> Sequence[Person]:
    """People of companies that buy, as the deals left them."""
    return list(Person.objects.filter(company__customer_since__isnull=False).select_related("company").order_by("pk"))


def _opened(sample: Sample, day: dt.date) -> dt.datetime:
    """Mostly in office hours; some in the evening and at weekends."""
    if day.weekday() == 4 and sample.chance(0.25):
        day += dt.timedelta(days=sample.random.choice((1, 2)))
    return sample.moment(day, 7, 20) if sample.chance(0.15) else sample.moment(day, 8, 18)


def _tell_events(sample: Sample, new: bulk.NewTicket) -> None:
    ticket = new.ticket
    links = [ticket.company, ticket.requester]
    by = new.messages[0].user
    sample.event("ticket.created", ticket, ticket.created_at, by, new={"subject": ticket.subject}, links=links)
    was_done = False
    for step in new.steps:
        status = step.changes.get("status")
        if status is None:
            continue
        done = status.category == Category.DONE
        if status.closes:
            sample.event("ticket.closed", ticket, step.at, step.by, links=links)
        elif done != was_done:
            sample.event("ticket.solved" if done else "ticket.reopened", ticket, step.at, step.by, links=links)
        was_done = done

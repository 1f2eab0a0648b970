"""A small desk of tickets with rows on the boundaries of months, and random edits to it: what number tests of service run on.

Everything goes through the services, as people's edits do.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from contacts import services as contacts
from contacts.models import Company, Person
from crm.events import Origin, acting
from crm.models import User
from crm.periods import first_instant
from support import catalogue, history, services
from support.choices import Category, Channel, Priority
from support.models import Queue, Tag, Ticket
from tests.factories import (
    CalendarFactory,
    CompanyFactory,
    MessageFactory,
    PersonFactory,
    QueueFactory,
    SlaPolicyFactory,
    TagFactory,
    TicketFactory,
    UserFactory,
    utc,
)
from tests.people import People

NOW = utc("2026-05-18 10:00")
START = dt.date(2026, 2, 1)
MONTHS = [dt.date(2026, month, 1) for month in range(2, 6)]
HOUR = dt.timedelta(hours=1)


@dataclass
class Desk:
    people: People
    rng: random.Random
    agents: list[User] = field(default_factory=list)  # two of Ann's team, one of Cleo's
    queues: list[Queue] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    requesters: list[Person] = field(default_factory=list)

    def instant(self, after: dt.datetime | None = None) -> dt.datetime:
        """A moment up to now, often exactly on a month's first instant, mostly soon after `after`."""
        low = after or first_instant(START)
        if self.rng.random() < 0.2:
            edges = [first_instant(day) for day in MONTHS if low <= first_instant(day) <= NOW]
            if edges:
                return self.rng.choice(edges)
        if after is not None and self.rng.random() < 0.7:
            return min(after + self.rng.choice([0.05, 1, 5, 30, 90]) * HOUR * self.rng.random(), NOW)
        return low + (NOW - low) * self.rng.random()

    def agent(self) -> Any:
        return self.rng.choice(self.agents)

    def owner(self) -> Any:
        return self.rng.choice([*self.agents, None])

    def requester(self) -> Person:
        """As it is now: its company may have been merged into another; others may edit people too."""
        self.requesters = list(Person.objects.filter(pk__in=[row.pk for row in self.requesters]).order_by("pk")) or [
            PersonFactory()
        ]
        return self.rng.choice(self.requesters)

    def company(self) -> Company:
        self.companies = list(Company.objects.filter(pk__in=[row.pk for row in self.companies]).order_by("pk")) or [
            CompanyFactory()
        ]
        return self.rng.choice(self.companies)

    def words(self) -> list[str]:
        return [tag.name for tag in self.rng.sample(self.tags, self.rng.choice([0, 0, 1, 2]))]


def settle(people: People, seed: int = 7) -> Desk:
    """Agents, calendars, queues, tags, policies, companies and the people who ask."""
    desk = Desk(people, random.Random(seed))
    desk.agents = [UserFactory(role="agent", team=team) for team in (people.north, people.north, people.south)]
    office = CalendarFactory(is_default=True, holidays=["2026-04-03", "2026-05-01"])
    desk.queues = [
        QueueFactory(name="Support", is_default=True, team=people.north),
        QueueFactory(name="Billing", calendar=office),
    ]
    desk.tags = [TagFactory(name=name) for name in ("vip", "bug", "refund")]
    goals = {"first_response": 240, "next_reply": 480, ("resolution", "normal"): 1440, ("resolution", "urgent"): 120}
    SlaPolicyFactory(name="Billing", queue=desk.queues[1], goals={"first_response": 60}, goals__business=False, position=1)
    SlaPolicyFactory(name="Usual", goals=goals, position=2)
    for industry in ("", "Retail", "Health"):
        desk.companies.append(CompanyFactory(industry=industry))
        desk.requesters.append(PersonFactory(company=desk.companies[-1]))
    desk.requesters.append(PersonFactory())
    return desk


def build(people: People, size: int = 24, seed: int = 7) -> Desk:
    desk = settle(people, seed)
    for _number in range(size):
        make_ticket(desk)
    return desk


def make_ticket(desk: Desk) -> Ticket:
    """Opened by a customer or by us, with a conversation; four in ten solved, some reopened."""
    rng, created = desk.rng, desk.instant()
    by = desk.agent() if rng.random() < 0.15 else None
    ticket = TicketFactory(
        by=by,
        author="agent" if by else "customer",
        requester=desk.requester(),
        owner=desk.owner(),
        queue=rng.choice(desk.queues),
        priority=rng.choice(Priority.values),
        channel=rng.choice(Channel.values),
        type=rng.choice(["", "Question", "Problem"]),
        tags=desk.words(),
        created_at=created,
        undated=rng.random() < 0.04,
    )
    at = created
    for _number in range(rng.randrange(4)):
        at = desk.instant(at)
        _speak(desk, ticket, at)
    if rng.random() < 0.6:
        at = desk.instant(at)
        with acting(desk.agent(), Origin.PAGE):
            services.solve(ticket, at=at)
        if rng.random() < 0.3:
            MessageFactory(ticket=ticket, at=desk.instant(at))
    return ticket


def _speak(desk: Desk, ticket: Ticket, at: dt.datetime) -> None:
    kind = desk.rng.random()
    if kind < 0.4:
        MessageFactory(ticket=ticket, at=at)
    elif kind < 0.8:
        status = catalogue.default_status(desk.rng.choice(["open", "waiting_customer", "done"])) if kind < 0.7 else None
        MessageFactory(ticket=ticket, by=desk.agent(), at=at, status=None if ticket.closed else status)
    elif kind < 0.9:
        MessageFactory(ticket=ticket, by=desk.agent(), at=at, visibility="note")
    else:
        MessageFactory(ticket=ticket, at=at, automatic=True)


# --- random edits ----------------------------------------------------------------------------------------------------


def shake(desk: Desk, edits: int) -> None:
    """Random edits as people make them. What the services refuse changes nothing."""
    for _number in range(edits):
        with acting(desk.rng.choice([desk.people.ann, None]), Origin.PAGE):
            try:
                desk.rng.choice(EDITS)(desk)
            except ValidationError:
                pass


def one(desk: Desk) -> Ticket | None:
    ids = list(Ticket.objects.order_by("pk").values_list("pk", flat=True))
    return Ticket.objects.get(pk=desk.rng.choice(ids)) if ids else None


def _on(edit: Callable[[Desk, Ticket], object]) -> Callable[[Desk], None]:
    def run(desk: Desk) -> None:
        ticket = one(desk)
        if ticket is not None:
            edit(desk, ticket)

    return run


def _latest(ticket: Ticket) -> dt.datetime:
    return ticket.states.order_by("-start", "-pk").first().start


def _later(desk: Desk, ticket: Ticket) -> dt.datetime:
    return desk.instant(_latest(ticket))


def _change(**make: Callable[[Desk], Any]) -> Callable[[Desk], None]:
    def edit(desk: Desk, ticket: Ticket) -> None:
        services.change_ticket(ticket, at=_later(desk, ticket), **{name: value(desk) for name, value in make.items()})

    return _on(edit)


def _merge_companies(desk: Desk) -> None:
    desk.company()
    if len(desk.companies) > 2:
        keep, lose = desk.rng.sample(desk.companies, 2)
        desk.companies.remove(lose)
        contacts.merge_companies(keep, lose)
        desk.companies.append(CompanyFactory(industry="Energy"))


def _merge_people(desk: Desk) -> None:
    desk.requester()
    if len(desk.requesters) < 2:
        return
    keep, lose = desk.rng.sample(desk.requesters, 2)
    desk.requesters.remove(lose)
    contacts.merge_people(keep, lose)
    desk.requesters.append(PersonFactory(company=desk.company()))


def _erase(desk: Desk) -> None:
    """Somebody asks to be forgotten; refused while tickets are theirs."""
    contacts.delete_person(desk.rng.choice(list(Person.objects.order_by("pk"))))


def _retag(desk: Desk) -> None:
    """A tag goes, with its place on tickets; another one comes."""
    tag = desk.tags.pop()
    catalogue.delete_entry(Tag.objects.get(pk=tag.pk))
    desk.tags.insert(0, TagFactory())


def _resegment(desk: Desk) -> None:
    contacts.save_company(desk.company(), industry=desk.rng.choice(["", "Retail", "Energy"]))


EDITS: list[Callable[[Desk], object]] = [
    make_ticket,
    _on(lambda desk, ticket: _speak(desk, ticket, _later(desk, ticket))),
    _on(lambda desk, ticket: _speak(desk, ticket, _later(desk, ticket))),
    _on(lambda desk, ticket: _speak(desk, ticket, desk.instant(ticket.created_at))),
    _on(lambda desk, ticket: services.solve(ticket, at=_later(desk, ticket))),
    _on(lambda desk, ticket: services.reopen(ticket, at=_later(desk, ticket))),
    _on(lambda desk, ticket: services.close(ticket, at=_later(desk, ticket)) if desk.rng.random() < 0.3 else None),
    _change(status=lambda desk: catalogue.default_status(desk.rng.choice(Category.values))),
    _change(owner=lambda desk: desk.owner()),
    _change(queue=lambda desk: desk.rng.choice(desk.queues)),
    _change(priority=lambda desk: desk.rng.choice(Priority.values)),
    _change(tags=lambda desk: desk.words()),
    _change(type=lambda desk: desk.rng.choice(["", "question", "Problem"]), channel=lambda desk: desk.rng.choice(Channel.values)),
    _change(requester=lambda desk: desk.requester(), company=lambda desk: desk.company()),
    _change(created_at=lambda desk: desk.instant()),
    _change(solved_at=lambda desk: desk.instant()),
    _on(lambda desk, ticket: services.mark_spam(ticket, not ticket.spam)),
    _on(lambda desk, ticket: services.delete_ticket(ticket)),
    _on(lambda desk, ticket: history.replay(ticket)),
    _merge_companies,
    _merge_people,
    _erase,
    _retag,
    _resegment,
]

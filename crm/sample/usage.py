"""How the sample's people used Sextant: sign-ins and active days that rise after go-live."""

from __future__ import annotations

import datetime as dt

from ..models import ActiveDay, LoginEvent
from .context import Sample
from .users import PEOPLE, Person

#: share of working days on which a role is seen, once the habit is there
HABIT = {"rep": 0.93, "manager": 0.88, "admin": 0.7, "marketer": 0.8, "agent": 0.95}
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5) Safari/604.1")


def fill(sample: Sample) -> None:
    """Writes active days and sign-ins of every working day since go-live."""
    days: list[ActiveDay] = []
    logins: list[LoginEvent] = []
    for person in PEOPLE:
        user = sample.users[person.username]
        for day in sample.working_days():
            if day < sample.go_live or not sample.at_work(person.username, day) or not _seen(sample, person, day):
                continue
            days.append(ActiveDay(user=user, day=day, team=user.team, role=person.role))
            if sample.chance(0.3):
                logins.extend(_sign_in(sample, person, day))
    ActiveDay.objects.bulk_create(days, batch_size=2000)
    LoginEvent.objects.bulk_create(sorted(logins, key=lambda login: login.at), batch_size=2000)


def _seen(sample: Sample, person: Person, day: dt.date) -> bool:
    """A quarter of the habit is there on the first day and all of it after eight months; August and Christmas are quiet."""
    grown = min((day - sample.go_live).days / 240, 1.0)
    away = 0.4 if day.month == 8 or (day.month, day.day) >= (12, 22) else 1.0
    return sample.chance(HABIT[person.role] * (0.35 + 0.65 * grown) * away * person.fte / 100)


def _sign_in(sample: Sample, person: Person, day: dt.date) -> list[LoginEvent]:
    """A sign-in, now and then after a typing mistake."""
    user = sample.users[person.username]
    at = sample.moment(day, 8, 10)
    agent = sample.random.choice(AGENTS)
    address = f"192.0.2.{user.pk % 250 + 1}"  # a block reserved for documentation
    found = [LoginEvent(user=user, username=person.username, ok=True, at=at, ip=address, agent=agent)]
    if sample.chance(0.06):
        before = at - dt.timedelta(seconds=sample.random.randrange(8, 60))
        found.insert(0, LoginEvent(user=None, username=person.username, ok=False, at=before, ip=address, agent=agent))
    return found

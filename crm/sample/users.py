"""Three sales teams and twelve people, one of whom has left and one of whom took over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from ..models import Team, User, UserSpan
from .context import ZONE, Sample, months_before

DOMAIN = "meridian-instruments.example"


@dataclass(frozen=True)
class Person:
    """A user of the sample. `joined` and `left` are months before today; None: from the start, and still here."""

    username: str
    name: str
    role: str
    team: str
    language: str = ""
    joined: int | None = None
    left: int | None = None
    promoted: int | None = None  # was a rep until so many months ago
    fte: int = 100

    @property
    def sells(self) -> bool:
        return self.role in ("rep", "manager")


TEAMS = {"France": "manager", "Iberia": "beatriz", "Northern Europe": "anna"}

PEOPLE = (
    Person("admin", "Nora Salvin", "admin", ""),
    Person("manager", "Claire Montrand", "manager", "France", "fr"),
    Person("rep", "Léa Fontenay", "rep", "France", "fr"),
    Person("hugo", "Hugo Lambrey", "rep", "France", "fr", left=4),
    Person("ines", "Inès Carvelle", "rep", "France", "fr", joined=5),
    Person("beatriz", "Beatriz Olmeda", "manager", "Iberia", "es"),
    Person("marta", "Marta Quirós", "rep", "Iberia", "es"),
    Person("diego", "Diego Larrazul", "rep", "Iberia", "es", joined=20),
    Person("anna", "Anna Weidling", "manager", "Northern Europe", "en", promoted=14),
    Person("oliver", "Oliver Haddon", "rep", "Northern Europe", "en", fte=80),
    Person("marketer", "Théo Bellanger", "marketer", "France", "fr", joined=26),
    Person("agent", "Sofía Cendrero", "agent", "Iberia", "es", joined=17),
)

#: who took the open deals of somebody who left
SUCCESSORS = {"hugo": "ines"}


def fill(sample: Sample, password: str) -> None:
    """Saves teams, users and the stretches of their working lives. One hash serves all: hashing is slow on purpose."""
    sample.teams = {name: Team.objects.create(name=name) for name in TEAMS}
    hashed = make_password(password)
    for person in PEOPLE:
        sample.users[person.username] = _user(sample, person, hashed)
    for name, manager in TEAMS.items():
        sample.teams[name].manager = sample.users[manager]
        sample.teams[name].save()
    UserSpan.objects.bulk_create([span for person in PEOPLE for span in _spans(sample, person)])


def _user(sample: Sample, person: Person, hashed: str) -> User:
    joined = months_before(sample.today, person.joined) if person.joined else sample.start
    left = months_before(sample.today, person.left) if person.left else None
    sample.stays[person.username] = (joined, left)
    return User.objects.create(
        username=person.username,
        name=person.name,
        email=f"{person.username}@{DOMAIN}",
        password=hashed,
        role=person.role,
        team=sample.teams.get(person.team),
        language=person.language,
        carries_quota=person.sells,
        fte_percent=person.fte,
        is_active=left is None,
        is_staff=person.role == "admin",
        is_superuser=person.role == "admin",
        date_joined=dt.datetime.combine(max(joined, sample.go_live), dt.time(9), ZONE),
    )


def _spans(sample: Sample, person: Person) -> list[UserSpan]:
    """One span, or two for somebody who was promoted."""
    start, left = sample.stays[person.username]
    turn = months_before(sample.today, person.promoted) if person.promoted else None
    stretches = [(start, turn, "rep"), (turn, left, person.role)] if turn else [(start, left, person.role)]
    return [
        UserSpan(
            user=sample.users[person.username],
            start=begin,
            end=end,
            role=role,
            team=sample.users[person.username].team,
            carries_quota=person.sells,
            fte_percent=person.fte,
        )
        for begin, end, role in stretches
    ]

"""Who answers: a team of its own with a manager and three agents, one of whom has left."""

from __future__ import annotations

import datetime as dt

from crm.models import ActiveDay, Team, User, UserSpan
from crm.sample.context import ZONE, Sample, months_before
from crm.sample.users import DOMAIN

#: username, name, role, language, months since joining, months since leaving
PEOPLE = (
    ("paula", "Paula Brandt", "manager", "en", None, None),
    ("jonas", "Jonas Ekdahl", "agent", "en", None, None),
    ("amelie", "Amélie Courtois", "agent", "fr", None, 9),
)
AGENTS = ("agent", "jonas", "amelie")


def fill(sample: Sample) -> None:
    """Saves the team; the sample's agent joins it."""
    team = sample.teams["Service"] = Team.objects.create(name="Service")
    for username, name, role, language, joined, left in PEOPLE:
        _hire(sample, team, username, name, role, language, joined, left)
    team.manager = sample.users["paula"]
    team.save()
    agent = sample.users["agent"]
    agent.team = team
    agent.save()
    for model in (UserSpan, ActiveDay):
        model._default_manager.filter(user=agent).update(team=team)


def _hire(
    sample: Sample, team: Team, username: str, name: str, role: str, language: str, joined: int | None, left: int | None
) -> None:
    start = months_before(sample.today, joined) if joined else sample.start
    end = months_before(sample.today, left) if left else None
    sample.stays[username] = (start, end)
    user = sample.users[username] = User.objects.create(
        username=username,
        name=name,
        email=f"{username}@{DOMAIN}",
        password=sample.users["agent"].password,
        role=role,
        team=team,
        language=language,
        carries_quota=False,
        is_active=end is None,
        date_joined=dt.datetime.combine(max(start, sample.go_live), dt.time(9), ZONE),
    )
    UserSpan.objects.create(user=user, start=start, end=end, role=role, team=team, carries_quota=False, fte_percent=100)
    seen = [
        day for day in sample.working_days() if day >= sample.go_live and sample.at_work(username, day) and sample.chance(0.85)
    ]
    ActiveDay.objects.bulk_create([ActiveDay(user=user, day=day, team=team, role=role) for day in seen], batch_size=1000)

"""Calls, mails and meetings on the sample's deals: denser since Sextant came, because more of them are written down."""

from __future__ import annotations

import datetime as dt

from contacts.choices import ActivityKind, Direction, Outcome
from contacts.models import Activity
from contacts.sample import words
from crm.models import User
from crm.sample.context import Sample
from deals.choices import Status
from deals.models import Deal, DealActivity

from .stories import Story

OUTCOMES = ((Outcome.REACHED, 0.66), (Outcome.NO_ANSWER, 0.2), (Outcome.VOICEMAIL, 0.14))
KINDS = ((ActivityKind.CALL, 0.42), (ActivityKind.MAIL, 0.36), (ActivityKind.MEETING, 0.17), (ActivityKind.NOTE, 0.05))


def fill(sample: Sample, stories: list[Story]) -> None:
    """Writes the activities and their links to the deals."""
    pairs = [
        (deal, _touch(sample, story, at))
        for deal, story in zip(sample.notes["deals"], stories, strict=True)
        for at in _times(sample, story)
    ]
    pairs.sort(key=lambda pair: pair[1].at)
    Activity.objects.bulk_create([activity for _deal, activity in pairs], batch_size=1000)
    DealActivity.objects.bulk_create([DealActivity(deal=deal, activity=activity) for deal, activity in pairs], batch_size=2000)
    for deal, activity in pairs:
        _event(sample, deal, activity)


def _times(sample: Sample, story: Story) -> list[dt.datetime]:
    """One a week or so while the deal was open; won deals get more of them; a few open ones are left alone."""
    end = story.closed or sample.now - dt.timedelta(hours=1)
    if story.closed is None and sample.chance(0.2):
        end = story.created + (end - story.created) * 0.35
    weeks = (end - story.created).total_seconds() / 604_800
    wanted = 1.5 + min(weeks, 20) * (0.85 if story.status == Status.WON else 0.6)
    if sample.imported(story.created):
        wanted *= 0.55
    count = min(max(round(sample.random.gauss(wanted, 1.4)), 0 if sample.imported(story.created) else 1), 22)
    return sample.between(story.created, end, count)


def _owner(story: Story, at: dt.datetime) -> User:
    """Whoever had the deal at the time."""
    owner = story.owner
    for step in story.steps:
        if step.owner is not None and step.at <= at:
            owner = step.owner
    return owner


def _touch(sample: Sample, story: Story, at: dt.datetime) -> Activity:
    owner = _owner(story, at)
    kind = sample.pick(KINDS)
    activity = Activity(kind=kind, at=at, created_at=at, owner=owner, team=owner.team, company=story.company)
    activity.person = sample.random.choice(story.people) if story.people else None
    inbound = sample.chance(0.22)
    activity.direction = Direction.INBOUND if inbound else Direction.OUTBOUND
    if kind == ActivityKind.CALL:
        activity.outcome = Outcome.REACHED if inbound else sample.pick(OUTCOMES)
        reached = activity.outcome == Outcome.REACHED
        activity.minutes = sample.random.randrange(4, 35) if reached else 1
        activity.note = sample.random.choice(words.CALL_NOTES if reached else words.NO_ANSWER_NOTES)
    elif kind == ActivityKind.MAIL:
        activity.note = sample.random.choice(words.MAIL_NOTES)
    elif kind == ActivityKind.MEETING:
        activity.direction, activity.minutes = Direction.TWO_WAY, sample.random.choice((30, 45, 60, 90, 120))
        activity.note = sample.random.choice(words.MEETING_NOTES)
    else:
        activity.note = sample.random.choice(words.WISHES)
    return sample.stamp(activity, at, owner)


def _event(sample: Sample, deal: Deal, activity: Activity) -> None:
    links = [activity.company, activity.person]
    sample.event("activity.logged", activity, activity.at, activity.owner, new={"kind": activity.kind}, links=links)

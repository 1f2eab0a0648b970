"""What happened to each of the sample's fifteen hundred deals, told before anything is written.

A story draws the outcome first and then the way there: stages passed, steps back, values that changed, close dates that slipped,
owners who left. The numbers come out as a manager would believe them: four deals in ten are won, referrals more often than
paid clicks, big ones less often and later, many in the last days of a quarter.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from contacts.choices import LeadStatus
from contacts.models import Company, Lead, Person
from contacts.sample.companies import keeper
from contacts.sample.words import SOURCES
from crm.models import User
from crm.sample.context import ZONE, Sample
from crm.sample.users import SUCCESSORS
from deals.choices import Status
from deals.models import Product, Stage

from .catalogue import PRODUCTS, REASONS

COUNT = 1500
SKILL = {"rep": 1.12, "hugo": 0.78, "ines": 0.95, "marta": 1.08, "diego": 0.9, "manager": 1.15, "beatriz": 1.1, "anna": 1.1}
CURRENCY = {"GB": ("GBP", 0.8), "US": ("USD", 0.9)}


@dataclass
class Step:
    """Something that changed at an instant; None: stays as it was."""

    at: dt.datetime
    stage: Stage | None = None
    owner: User | None = None
    factor: float | None = None  # of the final amount
    expected: dt.date | None = None
    status: str | None = None


@dataclass
class Story:
    """One deal: who, what, when, how it went."""

    created: dt.datetime
    company: Company
    people: list[Person]
    owner: User
    pipeline: str
    product: Product
    quantity: int
    currency: str
    source: str
    campaign: str
    lead: Lead | None = None
    extra: Product | None = None
    discount: int = 0
    status: str = Status.OPEN
    closed: dt.datetime | None = None
    reason: str = ""
    expected: dt.date | None = None
    early: float = 1.0  # the first guess of the value, as a part of the final one
    steps: list[Step] = field(default_factory=list)


def tell(sample: Sample) -> list[Story]:
    """All stories in order of creation: those of converted leads, and those that reps found themselves."""
    leads = [lead for lead in sample.notes["leads"] if lead.status == LeadStatus.CONVERTED and sample.chance(0.85)]
    stories = [_from_lead(sample, lead) for lead in leads]
    colleagues: dict[int, list[Person]] = {}
    for person in sample.notes["people"]:
        colleagues.setdefault(person.company_id, []).append(person)
    stories += [_own(sample, day, colleagues) for day in sample.days(COUNT - len(leads))]
    for story in stories:
        _fate(sample, story)
    return sorted(stories, key=lambda story: story.created)


def _from_lead(sample: Sample, lead: Lead) -> Story:
    assert lead.company is not None and lead.person is not None and lead.converted_at is not None
    day = lead.converted_at.astimezone(ZONE).date()
    owner = _working(sample, lead.owner, lead.company, day)
    story = _about(sample, lead.converted_at, lead.company, [lead.person], owner, "New business")
    story.lead, story.source, story.campaign = lead, lead.source, lead.campaign
    return story


def _own(sample: Sample, day: dt.date, colleagues: dict[int, list[Person]]) -> Story:
    """A deal with a company that is known by then; those who bought before come back for service."""
    at = sample.moment(day)
    known = sample.notes["companies"]
    place = 0
    while place < len(known) and known[place].created_at < at:
        place += 1
    known = known[: max(place, 8)]
    company = sample.random.choices(known, [1 + (company.employees or 60) ** 0.3 for company in known])[0]
    at = max(at, company.created_at + dt.timedelta(minutes=20))
    people = [person for person in colleagues[company.pk] if person.created_at <= at]
    people = sample.random.sample(people, k=min(len(people), sample.pick(((1, 0.55), (2, 0.33), (3, 0.12)))))
    service = (day - sample.start).days > 150 and sample.chance(0.3)
    owner = _working(sample, company.owner, company, day)
    return _about(sample, at, company, people, owner, "Service and renewals" if service else "New business")


def _working(sample: Sample, wanted: User | None, company: Company, day: dt.date) -> User:
    """The company's owner if they worked there that day, else a colleague of the team."""
    return keeper(sample, wanted if sample.chance(0.85) else None, company.country, day)


def _about(sample: Sample, at: dt.datetime, company: Company, people: list[Person], owner: User, pipeline: str) -> Story:
    codes = [code for code, row in PRODUCTS.items() if row[3] == pipeline]
    product = sample.notes["products"][sample.random.choice(codes)]
    assert product.price is not None
    usual = 2_100_000 if pipeline == "New business" else 750_000
    budget = sample.lognormal(usual, 0.75) * ((company.employees or 80) / 150) ** 0.18
    currency, share = CURRENCY.get(company.country, ("EUR", 1.0))
    story = Story(
        created=at,
        company=company,
        people=people,
        owner=owner,
        pipeline=pipeline,
        product=product,
        quantity=max(1, round(budget / product.price)),
        currency=currency if sample.chance(share) else "EUR",
        source=company.source or sample.pick([(name, row[1]) for name, row in SOURCES.items()]),
        campaign="",
        discount=sample.pick(((0, 0.55), (3, 0.15), (5, 0.18), (10, 0.12))),
    )
    if pipeline == "New business" and sample.chance(0.3):
        story.extra = sample.notes["products"]["MC-S" if sample.chance(0.6) else "SC-3"]
    return story


def _fate(sample: Sample, story: Story) -> None:
    """Draws the outcome and its date, then the way there."""
    service = story.pipeline != "New business"
    big = (story.product.price or 0) * story.quantity > 6_000_000
    rate = 0.5 if service else 0.325 * SOURCES.get(story.source, ("", 0, 1.0, ()))[2] ** 0.5
    rate *= SKILL.get(story.owner.username, 1.0) * (0.75 if big else 1.0)
    if not sample.imported(story.created):
        rate *= 1.12  # what follow-up brings
    won = sample.chance(min(rate, 0.9))
    median = (24 if service else 46) * (1.5 if big else 1.0) * (0.9 if won else 1.15)
    median *= 1.0 if sample.imported(story.created) else 0.88
    days = min(max(sample.lognormal(median, 0.62), 2.0), 330.0)
    planned = story.created + dt.timedelta(days=days)
    story.expected = _month_end(story.created + dt.timedelta(days=median * sample.random.uniform(0.8, 1.5)))
    forgotten = sample.chance(0.012)
    end = _closing(sample, planned, story.created)
    if end < sample.now - dt.timedelta(hours=2) and not forgotten:
        story.closed, story.status = end, Status.WON if won else Status.LOST
    if story.status == Status.LOST:
        story.reason = sample.pick(list(REASONS.items())) if sample.chance(0.94) else ""
    _way(sample, story, won, planned)


def _month_end(at: dt.datetime) -> dt.date:
    """People plan for the end of a month."""
    day = at.astimezone(ZONE).date()
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def _closing(sample: Sample, planned: dt.datetime, created: dt.datetime) -> dt.datetime:
    """In office hours; a third of what was due within five weeks of a quarter's end is signed in its last days; nobody signs at
    Christmas and few in August."""
    day = planned.astimezone(ZONE).date()
    quarter_end = _month_end(dt.datetime(day.year, (day.month - 1) // 3 * 3 + 3, 5, 12, tzinfo=ZONE))
    gap = (quarter_end - day).days
    if gap < 36 and sample.chance(0.36):
        day = quarter_end - dt.timedelta(days=sample.random.randrange(0, 9))
    elif day.month == 8 and sample.chance(0.35):
        day += dt.timedelta(days=30)
    elif day.month == 12 and day.day > 22:
        day -= dt.timedelta(days=8)
    day -= dt.timedelta(days=max(day.weekday() - 4, 0))
    return max(_moment(sample, day), created + dt.timedelta(hours=3))


def _moment(sample: Sample, day: dt.date) -> dt.datetime:
    """Like `sample.moment`, but the future stays the future: it decides that the deal is still open."""
    return dt.datetime.combine(day, dt.time(sample.random.randrange(9, 18), sample.random.randrange(60)), ZONE).astimezone(dt.UTC)


def _way(sample: Sample, story: Story, won: bool, planned: dt.datetime) -> None:
    """Stage moves, a first value that was corrected, slipped dates, a colleague who took over, a lost deal that came back."""
    stages: list[Stage] = sample.notes["stages"][story.pipeline]
    end = story.closed or max(planned, story.created + dt.timedelta(days=2))
    depth = len(stages) if won else sample.random.randrange(1, len(stages) + 1)
    reached = [stages[0]] + [stage for stage in stages[1:depth] if not sample.chance(0.1)]
    times = sample.between(story.created + dt.timedelta(hours=1), end - dt.timedelta(minutes=30), len(reached) - 1)
    steps = [Step(at, stage=stage) for at, stage in zip(times, reached[1:], strict=True)]
    if len(steps) > 1 and sample.chance(0.1):
        steps += _step_back(sample, steps, reached)
    if sample.chance(0.4):
        story.early = sample.random.choice((0.6, 0.75, 0.8, 0.9, 1.15, 1.3))
        steps.append(Step(sample.between(story.created + dt.timedelta(days=1), end, 1)[0], factor=1.0))
    steps += _slips(story, end, sample)
    steps += _succession(sample, story, end)
    if story.status != Status.OPEN and story.closed is not None and sample.chance(0.015):
        gone = story.created + (story.closed - story.created) * 0.6
        back = story.created + (story.closed - story.created) * 0.8
        steps += [Step(gone, status=Status.LOST), Step(back, status=Status.OPEN)]
        steps = [step for step in steps if not gone < step.at < back]
    limit = story.closed or sample.now - dt.timedelta(minutes=5)
    story.steps = sorted((step for step in steps if story.created < step.at < limit), key=lambda step: step.at)


def _step_back(sample: Sample, steps: list[Step], reached: list[Stage]) -> list[Step]:
    """The customer thinks again: back one stage in the middle of the way, and forward again."""
    place = sample.random.randrange(1, len(steps))
    gap = steps[place].at - steps[place - 1].at
    return [
        Step(steps[place - 1].at + gap * 0.4, stage=reached[place - 1]),
        Step(steps[place - 1].at + gap * 0.7, stage=reached[place]),
    ]


def _slips(story: Story, end: dt.datetime, sample: Sample) -> list[Step]:
    """When the expected day comes near and nothing is signed, most reps move it; some forget."""
    found = []
    expected = story.expected
    while expected is not None and expected < end.astimezone(ZONE).date() and len(found) < 5:
        if sample.chance(0.22):
            break
        at = _moment(sample, expected - dt.timedelta(days=sample.random.randrange(0, 5)))
        noon = dt.datetime.combine(expected, dt.time(12), ZONE)
        expected = _month_end(noon + dt.timedelta(days=sample.random.choice((20, 31, 62))))
        found.append(Step(max(at, story.created + dt.timedelta(hours=2)), expected=expected))
    return found


def _succession(sample: Sample, story: Story, end: dt.datetime) -> list[Step]:
    """Open deals of somebody who left went to the successor that morning; now and then a manager takes a deal over."""
    _joined, left = sample.stays[story.owner.username]
    end = story.closed or sample.now
    if left is not None and end.astimezone(ZONE).date() >= left > story.created.astimezone(ZONE).date():
        return [Step(_moment(sample, left), owner=sample.users[SUCCESSORS[story.owner.username]])]
    boss = story.owner.team.manager if story.owner.team else None
    if boss is not None and boss != story.owner and sample.chance(0.03):
        return [Step(story.created + (end - story.created) * 0.5, owner=sample.users[boss.username])]
    return []

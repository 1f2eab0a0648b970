"""Tasks: what was done, what is due this week, what is late."""

from __future__ import annotations

import datetime as dt

from contacts.models import Task
from contacts.sample import words
from crm.models import User
from crm.sample.context import Sample
from deals.choices import Status
from deals.models import Deal, DealTask

from .stories import Story


def fill(sample: Sample, stories: list[Story]) -> None:
    """Old deals leave done tasks behind, since go-live; most open deals have a next step, some of them overdue."""
    pairs: list[tuple[Deal, Task]] = []
    for deal, story in zip(sample.notes["deals"], stories, strict=True):
        pairs += [(deal, task) for task in _done(sample, deal, story)]
        if deal.status == Status.OPEN and sample.chance(0.74):
            pairs.append((deal, _next(sample, deal)))
    pairs.sort(key=lambda pair: pair[1].created_at)
    Task.objects.bulk_create([task for _deal, task in pairs], batch_size=1000)
    DealTask.objects.bulk_create([DealTask(deal=deal, task=task) for deal, task in pairs], batch_size=1000)
    for _deal, task in pairs:
        links = [task.company, task.person]
        sample.event("task.created", task, task.created_at, task.owner, new={"title": task.title}, links=links)
        if task.done_at:
            sample.event(
                "task.done", task, task.done_at, task.owner, old={"done_at": None}, new={"done_at": task.done_at}, links=links
            )


def _task(sample: Sample, deal: Deal, owner: User | None, at: dt.datetime, due: dt.datetime) -> Task:
    kind, title = sample.random.choice(words.TASKS)
    task = Task(kind=kind, title=title, owner=owner, team=deal.team, company=deal.company, created_at=at, due_at=due)
    return sample.stamp(task, at, owner)


def _done(sample: Sample, deal: Deal, story: Story) -> list[Task]:
    """One or two finished tasks of a deal that was worked on since go-live; a quarter were done late."""
    if sample.imported(story.created):
        return []
    found = []
    end = story.closed or sample.now - dt.timedelta(hours=2)
    for at in sample.between(story.created, end, sample.pick(((0, 0.2), (1, 0.4), (2, 0.3), (3, 0.1)))):
        due = sample.office(at + dt.timedelta(days=sample.random.randrange(1, 9)))
        late = sample.chance(0.24)
        done = (
            due + dt.timedelta(days=sample.random.randrange(1, 5)) if late else at + (due - at) * sample.random.uniform(0.2, 1.0)
        )
        task = _task(sample, deal, deal.owner, at, max(due, at))
        task.done_at = max(min(done, sample.now - dt.timedelta(minutes=20)), at)
        found.append(task)
    return found


def _next(sample: Sample, deal: Deal) -> Task:
    """The next step of an open deal: due within two weeks, for one in five overdue."""
    made = max(deal.created_at, sample.now - dt.timedelta(days=sample.random.randrange(2, 9)))
    offset = -sample.random.randrange(1, 12) if sample.chance(0.2) else sample.random.randrange(0, 14)
    day = sample.today + dt.timedelta(days=offset)
    day += dt.timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
    local = dt.datetime.combine(day, dt.time(sample.random.randrange(9, 18)), tzinfo=sample.zone)
    return _task(sample, deal, deal.owner, min(made, local.astimezone(dt.UTC)), local.astimezone(dt.UTC))

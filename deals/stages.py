"""A deal's way through its pipeline, for the stage bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from .choices import Status
from .models import Deal, Stage

DAY = 86_400


@dataclass(frozen=True)
class Step:
    """A segment of the stage bar; `days` is the time spent there over all visits, None where it never was."""

    stage: Stage
    state: str  # done | current | ahead | skipped
    days: int | None
    rotten: bool

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def value(self) -> int:
        return self.stage.pk


def seconds_by_stage(deal: Deal) -> dict[int, float]:
    """How long the open deal stood in each stage so far."""
    now = timezone.now()
    spent: dict[int, float] = {}
    for stage, start, end in deal.states.filter(status=Status.OPEN).values_list("stage_id", "start", "end"):
        spent[stage] = spent.get(stage, 0) + max(((end or now) - start).total_seconds(), 0)
    return spent


def steps_of(deal: Any) -> list[Step]:
    """All stages of the pipeline in order, with the days spent in each."""
    spent = seconds_by_stage(deal)
    steps = []
    for stage in Stage.objects.filter(pipeline=deal.pipeline_id).order_by("position", "pk"):
        days = int(spent[stage.pk] // DAY) if stage.pk in spent else None
        here = stage.pk == deal.stage_id
        if here:
            state = "current" if deal.status == Status.OPEN else "done"
        elif stage.position < deal.stage.position:
            state = "done" if days is not None else "skipped"
        else:
            state = "ahead"
        limit = stage.rotting_days
        rotten = here and deal.status == Status.OPEN and limit is not None and days is not None and days > limit
        steps.append(Step(stage, state, days, rotten))
    return steps

"""Pipelines, stages and outcomes that rows name.

Files write the outcome beside the stages: "Prospecting, Engaging, Won, Lost" in one column. Here won and lost are states of
the deal, so those words go to the status, the others to the stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from crm import events
from crm.imports.engine import Step
from crm.imports.parsing import squash
from crm.imports.registry import Row

from ..choices import Status
from ..models import Pipeline, Stage
from ..services import default_pipeline

WORDS = {
    Status.WON: ("won", "closed won", "closedwon", "win", "success", "successful", "gagnee", "gano", "ganada", "gewonnen"),
    Status.LOST: ("lost", "closed lost", "closedlost", "lose", "failed", "perdue", "perdida", "verloren"),
    Status.OPEN: ("open", "in progress", "active", "en cours", "abierta", "offen"),
}
#: The usual order of stages, for files that name new ones in no order.
USUAL = (
    "lead new prospecting prospect qualification qualified qualifiedtobuy contacted contactmade appointmentscheduled engaging engaged discovery "
    "needsanalysis demo democheduled demoscheduled presentation presentationscheduled valueproposition idecisionmakers decisionmakerboughtin "
    "perceptionanalysis proposal proposalmade proposalpricequote quote negotiation negotiationsstarted negotiationreview contract contractsent decision"
).split()


@lru_cache(maxsize=1)
def outcome_words() -> dict[str, str]:
    """Squashed word -> status, in the product's languages."""
    words = {squash(word): str(status) for status, group in WORDS.items() for word in group}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words |= {squash(str(status.label)): str(status) for status in Status}
    return words


def outcome(text: str) -> str:
    """The status a word means; "" when it is none."""
    return outcome_words().get(squash(text), "")


def is_closing(texts: Iterable[str]) -> bool:
    """Whether a column holds outcomes, so that its other values mean "open"."""
    return any(outcome(text) in (Status.WON, Status.LOST) for text in texts)


class Pipelines:
    """Finds pipelines and stages by name, and makes those that the file names and nobody has."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.pipelines = {squash(pipeline.name): pipeline for pipeline in Pipeline.objects.all()}
        self.stages: dict[tuple[int, str], Stage] = {}
        self.last: dict[int, Stage] = {}
        self.first: dict[int, Stage] = {}
        for stage in Stage.objects.select_related("pipeline").order_by("position", "pk"):
            self._remember(stage)
        seen = step.plan.seen
        names = [text for key in ("stage", "status") for text in seen.get(key, []) if not outcome(text)]
        self.named = list(dict.fromkeys(names)) if "stage" in seen or is_closing(seen.get("status", [])) else []
        self.several = bool(seen.get("pipeline"))
        self._usual: Pipeline | None = None

    def _remember(self, stage: Stage) -> None:
        self.stages[stage.pipeline_id, squash(stage.name)] = stage
        self.first.setdefault(stage.pipeline_id, stage)
        self.last[stage.pipeline_id] = max(
            self.last.get(stage.pipeline_id, stage), stage, key=lambda item: (item.position, item.pk)
        )

    def usual(self) -> Pipeline:
        """Where deals go whose row names no pipeline; the very first one gets the file's stages instead of ours."""
        if self._usual is None:
            if not self.pipelines and self.named and self.step.may("settings", "change"):
                self._usual = self._make_pipeline(_("Sales"), default=True)
            else:
                self._usual = default_pipeline()
                for stage in self._usual.stages.select_related("pipeline").order_by("position", "pk"):
                    self._remember(stage)
            if not self.several:
                self._make_named(self._usual)
        return self._usual

    def _make_pipeline(self, name: str, default: bool = False) -> Pipeline:
        pipeline = Pipeline.objects.create(name=name[:80], is_default=default, position=len(self.pipelines))
        self.pipelines[squash(name)] = pipeline
        self.step.made("pipeline", name)
        events.record("pipeline.created", pipeline, new={"name": name})
        return pipeline

    def _make_named(self, pipeline: Pipeline) -> None:
        """All new stages of the file at once: in their usual order where every one is well known, else as they appear."""
        new = [name for name in self.named if (pipeline.pk, squash(name)) not in self.stages]
        if not new or not self.step.may("settings", "change"):
            return
        if all(squash(name) in USUAL for name in new):
            new.sort(key=lambda name: USUAL.index(squash(name)))
        for name in new:
            self._make_stage(pipeline, name, len(new))

    def _make_stage(self, pipeline: Pipeline, name: str, together: int = 1) -> Stage:
        there = sum(1 for owner, _name in self.stages if owner == pipeline.pk)
        last = self.last.get(pipeline.pk)
        position = last.position + 1 if last else 0
        chance = (
            50 if last and together == 1 else round(100 * (there + 1) / (together + 1)) if not last or there < together else 50
        )
        stage = Stage.objects.create(pipeline=pipeline, name=name[:80], position=position, probability=min(chance, 95))
        self._remember(stage)
        events.record("stage.created", stage, new={"name": stage.name, "probability": stage.probability})
        self.step.made("stage", f"{pipeline.name}: {stage.name} ({stage.probability} %)")
        return stage

    def pipeline(self, row: Row) -> Pipeline | None:
        """The row's pipeline; None and a refused row when it is unknown and may not be made."""
        text = row.text("pipeline")
        if not text:
            return self.usual()
        found = self.pipelines.get(squash(text))
        if found is None and not self.step.may("settings", "change"):
            row.refuse("pipeline", _("there is no such pipeline"))
            return None
        return found or self._make_pipeline(text, default=not self.pipelines)

    def stage(self, row: Row, pipeline: Pipeline, text: str, key: str) -> Stage | None:
        """The stage of that name in the pipeline; made when there is none."""
        found = self.stages.get((pipeline.pk, squash(text)))
        if found is not None:
            if found.name.casefold() != text.casefold():
                self.step.note(
                    f"taken:stage:{text}", _("“%(text)s” was taken for “%(name)s”.") % {"text": text, "name": found.name}
                )
            return found
        if not self.step.may("settings", "change"):
            row.refuse(key, _("there is no such stage in the pipeline “%(name)s”") % {"name": pipeline.name})
            return None
        return self._make_stage(pipeline, text)

    def beginning(self, pipeline: Pipeline) -> Stage:
        """The stage of an open deal whose row names none."""
        return self.first.get(pipeline.pk) or self._make_stage(pipeline, _("Open"))

    def furthest(self, pipeline: Pipeline) -> Stage:
        """The stage that a won or lost deal is taken to have been in: the last one that the file names, else the last one."""
        named: list[Any] = [self.stages.get((pipeline.pk, squash(name))) for name in self.named]
        there = [stage for stage in named if stage is not None]
        return (
            max(there, key=lambda stage: (stage.position, stage.pk))
            if there
            else self.last.get(pipeline.pk) or self.beginning(pipeline)
        )

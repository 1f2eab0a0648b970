"""What a KPI card shows. The analytics app fills it; the template `_components/kpi_card.html` draws it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass
class Change:
    """Change against a comparison. `better` is None when the KPI has no direction or nothing changed."""

    text: str
    direction: str = "flat"  # up | down | flat
    better: bool | None = None
    against: Any = ""

    @property
    def icon(self) -> str:
        return {"up": "arrow-up", "down": "arrow-down"}.get(self.direction, "minus")

    @property
    def tone(self) -> str:
        return "neutral" if self.better is None else "success" if self.better else "danger"


@dataclass
class Goal:
    """A target: how much of it is reached, and how much should be by now."""

    percent: float
    text: Any = ""
    pace: float | None = None

    @property
    def width(self) -> str:
        return f"{min(max(self.percent, 0), 100):.1f}"

    @property
    def pace_at(self) -> str:
        return f"{min(max(self.pace or 0, 0), 99.2):.1f}"


@dataclass
class Card:
    """A number with all that it needs to be understood. An empty `value` is "no value", and `reason` says why."""

    name: Any
    url: str = ""
    value: str = ""
    exact: str = ""
    reason: Any = ""
    change: Change | None = None
    n: int | None = None
    n_label: Any = ""
    status: str = "final"  # final | provisional | updating
    partial: Any = ""
    small_sample: bool = False
    permitted: bool = True
    definition: Any = ""
    definition_url: str = ""
    spark: str = ""
    goal: Goal | None = None
    id: str = ""
    computed_at: dt.datetime | None = None

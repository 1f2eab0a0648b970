"""What a chart is made of, before and after it is laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

Number = int | float | Decimal
HEIGHT = 220  # of the plot, in pixels
WIDTH = 1000  # of the stretching inner picture, in its own units
DIRECT = 4  # up to so many series carry their label on the chart; more get a legend


@dataclass(frozen=True)
class Unit:
    """One place on the axis across: a month, a stage. `running` ones are not over yet; `inside` ones lie in the chosen period."""

    short: str
    name: str
    running: bool = False
    inside: bool = False


@dataclass(frozen=True)
class Series:
    """A line, or one colour of bars. A value of None is a gap, never a zero. `details` stand in the tooltip, per unit:
    pairs of label and text (n, numerator, denominator)."""

    name: str
    values: Sequence[Number | None]
    details: Sequence[Sequence[tuple[str, str]]] = ()
    colour: int = 0  # 1 to 8; 0 takes the place in the list


@dataclass(frozen=True)
class Tick:
    y: str
    text: str
    zero: bool = False


@dataclass(frozen=True)
class Label:
    """A name on the axis across. `minor` ones give way on narrow screens."""

    x: str
    text: str
    minor: bool
    anchor: str = "middle"


@dataclass(frozen=True)
class Mark:
    """A bar (with width and height) or a point. Across in percent, down in pixels."""

    x: str
    y: str
    colour: int
    width: str = ""
    height: str = ""
    running: bool = False
    title: str = ""


@dataclass(frozen=True)
class Range:
    """From where to where a value is expected to lie, up and down, in pixels."""

    x: str
    top: str
    bottom: str


@dataclass(frozen=True)
class Ahead:
    """What is expected at a place: a value, the ends of its interval where there is one, and words for the tooltip."""

    value: Number
    low: Number | None = None
    high: Number | None = None
    text: str = ""


@dataclass(frozen=True)
class Stroke:
    """A stretch of line without a gap, as path data in the stretching inner picture."""

    path: str
    colour: int
    running: bool = False
    area: str = ""


@dataclass(frozen=True)
class Name:
    """A series' name at the end of its line, or in the legend."""

    text: str
    colour: int
    y: str = ""


@dataclass(frozen=True)
class Stop:
    """What hovering or focusing one unit shows. `tip` is JSON: [[heading], [label, text, colour], …]."""

    x: str
    left: str
    width: str
    tip: str
    title: str


@dataclass(frozen=True)
class Chart:
    """A laid out chart; the template only writes it down."""

    kind: str
    title: str
    description: str
    units: Sequence[Unit]
    series: Sequence[Series]
    unit: str
    currency: str
    ticks: Sequence[Tick] = ()
    labels: Sequence[Label] = ()
    bars: Sequence[Mark] = ()
    points: Sequence[Mark] = ()
    strokes: Sequence[Stroke] = ()
    names: Sequence[Name] = ()
    legend: Sequence[Name] = ()
    stops: Sequence[Stop] = ()
    bands: Sequence[tuple[str, str]] = ()
    target: Tick | None = None
    expected: Sequence[Mark] = ()
    ranges: Sequence[Range] = ()
    signals: Sequence[Mark] = ()
    gutter: str = "m"
    height: int = HEIGHT
    empty: bool = False
    uid: str = ""
    colours: Sequence[int] = field(default_factory=tuple)

    @property
    def has_running(self) -> bool:
        return any(unit.running for unit in self.units)

"""Lays out lines, areas and bars. Across in percent of the plot, down in pixels; see the package's docstring."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from .. import formats
from .model import DIRECT, HEIGHT, WIDTH, Ahead, Chart, Label, Mark, Name, Number, Range, Series, Stop, Stroke, Tick, Unit
from .paths import path, runs
from .scale import Scale, scale_for

BAR_SHARE = 0.68  # of a unit's width that its bars fill
LABEL_GAP = 15.0  # pixels between two names at the end of lines
MOST_LABELS = 13  # names on the axis across on a wide screen
FEW_LABELS = 6  # and on a phone


def lines(units: Sequence[Unit], series: Sequence[Series], *, unit: str, zero: bool | None = None, **words: Any) -> Chart:
    """Lines. They start at zero unless all values lie close together and far from it."""
    values = _numbers(series) + _target(words)
    zero = _needs_zero(values) if zero is None else zero
    return _Plot(units, series, unit, scale_for(values, unit=unit, zero=zero), "lines", **words).with_lines()


def areas(units: Sequence[Unit], series: Sequence[Series], *, unit: str, **words: Any) -> Chart:
    """Lines with the space to zero filled; the axis always holds zero."""
    scale = scale_for(_numbers(series) + _target(words), unit=unit)
    return _Plot(units, series, unit, scale, "areas", **words).with_lines(filled=True)


def columns(units: Sequence[Unit], series: Sequence[Series], *, unit: str, **words: Any) -> Chart:
    """Bars from zero, one beside the other where there are several series."""
    scale = scale_for(_numbers(series) + _target(words), unit=unit)
    return _Plot(units, series, unit, scale, "columns", **words).with_columns()


def stacked(units: Sequence[Unit], series: Sequence[Series], *, unit: str, **words: Any) -> Chart:
    """Bars on top of each other: what is above zero upward, what is below downward."""
    ups = [sum(max(0.0, float(s.values[i] or 0)) for s in series) for i in range(len(units))]
    downs = [sum(min(0.0, float(s.values[i] or 0)) for s in series) for i in range(len(units))]
    scale = scale_for(ups + downs + _target(words), unit=unit)
    return _Plot(units, series, unit, scale, "stacked", **words).with_stack()


def _numbers(series: Sequence[Series]) -> list[float]:
    return [float(value) for one in series for value in one.values if value is not None]


def _target(words: dict[str, Any]) -> list[float]:
    """The values of the axis that no series has: the target, and what is expected."""
    ends = [end for one in words.get("ahead", {}).values() for end in (one.value, one.low, one.high) if end is not None]
    return [float(value) for value in ([] if words.get("target") is None else [words["target"]]) + ends]


def _needs_zero(values: list[float]) -> bool:
    return not values or min(values) < 0.6 * max(values) or max(values) <= 0


@dataclass
class _Plot:
    units: Sequence[Unit]
    series: Sequence[Series]
    unit: str
    scale: Scale
    kind: str
    title: str = ""
    description: str = ""
    currency: str = ""
    target: Number | None = None
    target_label: str = ""
    height: int = HEIGHT
    uid: str = "chart"
    ahead: Mapping[int, Ahead] = field(default_factory=dict)  # place -> what is expected there
    flags: Mapping[int, str] = field(default_factory=dict)  # place -> why its value stands out

    # --- where things are --------------------------------------------------------------------------------------------

    def _left(self, place: float) -> float:
        """The left edge of the unit at this place, in percent."""
        return 100 * place / max(1, len(self.units))

    def _middle(self, place: int) -> float:
        return self._left(place + 0.5)

    def _y(self, value: float) -> float:
        return self.height * (1 - self.scale.share(value))

    def _colour(self, place: int) -> int:
        return self.series[place].colour or place % 8 + 1

    # --- the three kinds ---------------------------------------------------------------------------------------------

    def with_lines(self, filled: bool = False) -> Chart:
        strokes, points, ends = [], [], []
        for place, one in enumerate(self.series):
            stretches = runs(one.values)
            for run in stretches:
                strokes += self._strokes(run, place, filled)
            points += self._points(one, place, stretches)
            if stretches:
                ends.append((self._y(float(one.values[stretches[-1][-1]] or 0)), place))
        return self._chart(strokes=strokes, points=points, ends=ends)

    def with_columns(self) -> Chart:
        bars, ends = [], []
        width = 100 / max(1, len(self.units)) * BAR_SHARE / max(1, len(self.series))
        for place, one in enumerate(self.series):
            for at, value in enumerate(one.values):
                if value is not None:
                    left = self._middle(at) + width * (place - len(self.series) / 2)
                    bars.append(self._bar(left, width, 0.0, float(value), place, at))
            drawn = [value for value in one.values if value is not None]
            if drawn:
                ends.append((self._y(float(drawn[-1])), place))
        return self._chart(bars=bars, ends=ends)

    def with_stack(self) -> Chart:
        bars: list[Mark] = []
        middles: dict[int, float] = {}
        width = 100 / max(1, len(self.units)) * BAR_SHARE
        for at in range(len(self.units)):
            up = down = 0.0
            for place, one in enumerate(self.series):
                value = float(one.values[at] or 0)
                if not value:
                    continue
                low, up, down = (up, up + value, down) if value > 0 else (down, up, down + value)
                bars.append(self._bar(self._middle(at) - width / 2, width, low, low + value, place, at))
                middles[place] = self._y(low + value / 2)
        return self._chart(bars=bars, ends=[(y, place) for place, y in middles.items()])

    # --- parts -------------------------------------------------------------------------------------------------------

    def _bar(self, left: float, width: float, start: float, end: float, place: int, at: int) -> Mark:
        top, bottom = sorted((self._y(start), self._y(end)))
        return Mark(
            x=f"{left:.3f}%",
            y=f"{top:.1f}",
            width=f"{width:.3f}%",
            height=f"{max(bottom - top, 1.0):.1f}",
            colour=self._colour(place),
            running=self.units[at].running,
            title=self._words(at, place),
        )

    def _strokes(self, run: list[int], place: int, filled: bool) -> list[Stroke]:
        """The solid stretch of a run, and the dashed one into the running unit."""
        values, colour = self.series[place].values, self._colour(place)
        spots = [(self._middle(at) * WIDTH / 100, self._y(float(values[at] or 0))) for at in run]
        area = ""
        if filled and len(spots) > 1:
            zero = self._y(max(self.scale.low, min(0.0, self.scale.high)))
            area = path([(spots[0][0], zero), *spots, (spots[-1][0], zero)]) + "Z"
        solid, dashed = (spots[:-1], spots[-2:]) if self.units[run[-1]].running else (spots, [])
        found = [Stroke(path=path(solid), colour=colour, area=area)] if len(solid) > 1 else []
        if len(dashed) > 1:
            found.append(Stroke(path=path(dashed), colour=colour, running=True, area="" if found else area))
        return found

    def _points(self, one: Series, place: int, stretches: list[list[int]]) -> list[Mark]:
        """A dot where a line would not show a value: alone between gaps, at the end, and on short series everywhere."""
        every = len(self.units) <= 31 and len(self.series) <= 2
        shown = {at for run in stretches for at in run if every or len(run) == 1} | {run[-1] for run in stretches[-1:]}
        return [
            Mark(
                x=f"{self._middle(at):.3f}%",
                y=f"{self._y(float(one.values[at] or 0)):.1f}",
                colour=self._colour(place),
                running=self.units[at].running,
                title=self._words(at, place),
            )
            for at in sorted(shown)
        ]

    def _ticks(self) -> list[Tick]:
        return [
            Tick(f"{self._y(tick):.1f}", formats.axis(tick, self.unit, self.currency, self.scale.ticks), tick == 0)
            for tick in self.scale.ticks
        ]

    def _labels(self) -> list[Label]:
        """Names across: as many as fit, the last one always; on a phone every other gives way until six are left."""
        count = len(self.units)
        step = -(-count // MOST_LABELS) if count else 1
        shown = [at for at in range(count) if (count - 1 - at) % step == 0]
        thin = -(-len(shown) // FEW_LABELS) if shown else 1
        return [
            Label(f"{self._middle(at):.3f}%", self.units[at].short, (len(shown) - 1 - place) % thin != 0)
            for place, at in enumerate(shown)
        ]

    def _words(self, at: int, place: int) -> str:
        one = self.series[place]
        text = f"{self.units[at].name}: {formats.exact(one.values[at], self.unit, self.currency)}"
        return f"{one.name}, {text}" if len(self.series) > 1 else text

    def _stops(self) -> list[Stop]:
        share = 100 / max(1, len(self.units))
        return [
            Stop(
                f"{self._middle(at):.3f}%",
                f"{at * share:.3f}%",
                f"{share:.3f}%",
                json.dumps(tip, ensure_ascii=False),
                _sentence(tip),
            )
            for at, tip in enumerate(self._tip(at) for at in range(len(self.units)))
        ]

    def _tip(self, at: int) -> list[list[Any]]:
        rows: list[list[Any]] = [[self.units[at].name + (f" ({formats.so_far()})" if self.units[at].running else "")]]
        for place, one in enumerate(self.series):
            rows.append([one.name, formats.exact(one.values[at], self.unit, self.currency), self._colour(place)])
            rows += [[label, text, 0] for label, text in (one.details[at] if one.details else ())]
        if at in self.ahead:
            rows.append([_("Forecast"), self.ahead[at].text, 0])
        if at in self.flags:
            rows.append([_("Stands out"), self.flags[at], 0])
        return rows

    def _expected(self) -> list[Mark]:
        return [
            Mark(
                x=f"{self._middle(at):.3f}%",
                y=f"{self._y(float(one.value)):.1f}",
                colour=self._colour(0),
                running=True,
                title=f"{self.units[at].name}: {_('Forecast')} {one.text}",
            )
            for at, one in sorted(self.ahead.items())
        ]

    def _ranges(self) -> list[Range]:
        return [
            Range(f"{self._middle(at):.3f}%", f"{self._y(float(one.high)):.1f}", f"{self._y(float(one.low)):.1f}")
            for at, one in sorted(self.ahead.items())
            if one.low is not None and one.high is not None
        ]

    def _signals(self) -> list[Mark]:
        """A ring around each value that stands out."""
        values = self.series[0].values
        return [
            Mark(
                x=f"{self._middle(at):.3f}%",
                y=f"{self._y(float(values[at] or 0)):.1f}",
                colour=self._colour(0),
                title=f"{self.units[at].name}: {text}",
            )
            for at, text in sorted(self.flags.items())
            if values[at] is not None
        ]

    def _chart(
        self,
        *,
        strokes: Sequence[Stroke] = (),
        points: Sequence[Mark] = (),
        bars: Sequence[Mark] = (),
        ends: Sequence[tuple[float, int]] = (),
    ) -> Chart:
        ticks = self._ticks()
        names = [Name(one.name, self._colour(place)) for place, one in enumerate(self.series)]
        many, direct = len(self.series) > 1, len(self.series) <= DIRECT
        return Chart(
            kind=self.kind,
            title=self.title,
            description=self.description or "; ".join(_sentence(self._tip(at)) for at in range(len(self.units))[-DIRECT * 6 :]),
            units=self.units,
            series=self.series,
            unit=self.unit,
            currency=self.currency,
            ticks=ticks,
            labels=self._labels(),
            bars=bars,
            points=points,
            strokes=strokes,
            names=self._spread(ends) if many and direct else (),
            legend=names if many else (),
            stops=self._stops(),
            bands=self._bands(),
            target=self._target(),
            expected=self._expected(),
            ranges=self._ranges(),
            signals=self._signals(),
            gutter=_gutter(max((len(tick.text) for tick in ticks), default=0)),
            height=self.height,
            empty=not _numbers(self.series),
            uid=self.uid,
            colours=sorted({mark.colour for mark in bars if mark.running}),
        )

    def _bands(self) -> list[tuple[str, str]]:
        """Left edge and width of the stretches that belong to the chosen period; none when all or nothing does."""
        inside = [unit.inside for unit in self.units]
        if all(inside) or not any(inside):
            return []
        first, last = inside.index(True), len(inside) - 1 - inside[::-1].index(True)
        return [(f"{self._left(first):.3f}%", f"{self._left(last + 1) - self._left(first):.3f}%")]

    def _target(self) -> Tick | None:
        if self.target is None:
            return None
        text = self.target_label or formats.short(self.target, self.unit, self.currency)
        return Tick(f"{self._y(float(self.target)):.1f}", text)

    def _spread(self, ends: Sequence[tuple[float, int]]) -> list[Name]:
        """The names at their lines' ends, pushed apart so that none covers another and all stay in the plot."""
        placed: list[tuple[float, int]] = []
        for y, place in sorted(ends):
            placed.append((max(y, placed[-1][0] + LABEL_GAP) if placed else y, place))
        floor = float(self.height)
        names = []
        for y, place in reversed(placed):
            y = min(y, floor)
            floor = y - LABEL_GAP
            names.append(Name(self.series[place].name, self._colour(place), f"{y:.1f}"))
        return names[::-1]


def _gutter(longest: int) -> str:
    """The room that the names of the ticks need, as a size the style sheet knows."""
    return next((size for size, most in (("s", 3), ("m", 6), ("l", 9)) if longest <= most), "xl")


def _sentence(tip: list[list[Any]]) -> str:
    """A stop in words: "May 2026: Win rate 42.3 %, n 87"."""
    return tip[0][0] + ": " + ", ".join(f"{row[0]} {row[1]}" for row in tip[1:])

"""The check of forecasts and signals: the months or other periods before are recounted, and what follows from them worked out again."""

from __future__ import annotations

import datetime as dt
from statistics import fmean

from .checking import Recount
from .checking_published import Asked, Parts, formula
from .checks_goals import shifted, won

Span = tuple[dt.date, dt.date]
SEASONS = {1: 12, 3: 4, 12: 1}
LENGTHS = {1: 48, 3: 24, 12: 12}


def months_of(recount: Recount, asked: Asked) -> int:
    """How many months the period has, when it is a calendar month or a fiscal quarter or year; else 0."""
    start, end = asked.start, asked.end
    size = (end.year - start.year) * 12 + end.month - start.month
    in_year = (start.month - recount.settings["fiscal_year_start"]) % 12
    whole = start.day == end.day == 1 and size in SEASONS
    return size if whole and (size == 1 or (size == 3 and not in_year % 3) or (size == 12 and not in_year)) else 0


def closed(recount: Recount, asked: Asked, size: int) -> list[Span]:
    """The periods of this size that were over before it, and are over today."""
    last = asked.start
    while last > recount.today:
        last = shifted(last, -size)
    return [(shifted(last, -size * back), shifted(last, -size * (back - 1))) for back in range(LENGTHS[size], 0, -1)]


def course(recount: Recount, spans: list[Span]) -> list[float]:
    """The won amounts from the first that is not 0 on."""
    values = [won(recount, Asked(*span)) for span in spans]
    first = next((at for at, value in enumerate(values) if value), len(values))
    return values[first:]


@formula("trend_forecast")
def trend_forecast(recount: Recount, asked: Asked) -> Parts | None:
    """What it was a season ago; nothing is said where Holt-Winters may stand in."""
    size = months_of(recount, asked)
    if not size:
        is_day = (asked.end - asked.start).days == 1
        is_week = (asked.end - asked.start).days == 7
        return None if is_day or is_week else (None, None, None)
    values, season = course(recount, closed(recount, asked, size)), SEASONS[size]
    if season > 1 and len(values) >= 2 * season + 3:
        return None
    if len(values) < season:
        return None, None, None
    return max(values[len(values) - season], 0.0), None, None


@formula("anomaly_signal")
def anomaly_signal(recount: Recount, asked: Asked) -> Parts | None:
    """The last of its closed periods against the twelve that the baseline is made of; nothing is said where one may have shifted."""
    size = months_of(recount, asked)
    if not size or asked.end > recount.today:
        return None if (asked.end - asked.start).days in (1, 7) else (None, None, None)
    values = course(recount, closed(recount, Asked(asked.end, asked.end), size))
    if len(values) < 12:
        return None, None, None
    if len(values) > 12 + 7:
        return None
    moving = fmean([abs(b - a) for a, b in zip(values[:12], values[1:12], strict=False)])
    mean = fmean(values[:12])
    return ((values[-1] - mean) / (2.66 * moving / 3) if moving else None), None, None


@formula("threshold_breach")
def threshold_breach(recount: Recount, asked: Asked) -> Parts:
    """The periods since the threshold of everyone holds, walked through again."""
    sql = """SELECT grain, start, value, dead_band FROM analytics_successthreshold
        WHERE kpi = 'won_amount' AND owner_id IS NULL AND team_id IS NULL AND currency = %s"""
    found = 0
    for grain, start, value, band in recount.rows(sql, [recount.base]):
        size = {"month": 1, "quarter": 3, "year": 12}[grain]
        day = recount.date(start)
        assert day is not None
        first = shifted(day, -((day.month - recount.settings["fiscal_year_start"]) % 12 % size))
        armed = True
        while (last := shifted(first, size)) <= min(asked.end, recount.today):
            amount = won(recount, Asked(first, last))
            if armed and amount >= float(value):
                armed, found = False, found + (last > asked.start)
            elif not armed and amount < float(value) and float(value) - amount >= float(band):
                armed = True
            first = last
    return found, found, None

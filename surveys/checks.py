"""The check of what answers and invitations count: bands, ease and windows are worked out again from scores, scales and instants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from analytics.checking import Recount, checks, text

from . import checks_kpis  # noqa: F401  the formulas of published values

Row = dict[str, Any]
DAY = dt.timedelta(days=1)
FIELDS = ("channel", "segment", "product", "campaign", "priority")

STREAMS: dict[str, tuple[str, ...]] = {
    "surveys.nps": ("nps_answers", "nps_quarantined", "nps_rejected", "nps_balance", "nps_promoters", "nps_detractors"),
    "surveys.ces": ("ces_answers", "ces_quarantined", "ces_rejected", "ces_ease", "ces_easy"),
    "surveys.csat": (
        "csat_answers",
        "csat_quarantined",
        "csat_rejected",
        "csat_positive",
        "csat_score",
        "csat_lowest",
        "csat_lowest_squared",
        "csat_highest",
        "csat_highest_squared",
    ),
    "surveys.invitations": ("invitations_delivered", "invitations_answered", "invitations_bounced"),
}


def members(row: Row) -> dict[str, str]:
    own = {"survey": text(row["survey_id"]), "owner": text(row["owner_id"]), "team": text(row["team_id"])}
    return own | {name: row[name] for name in FIELDS}


def count_responses(recount: Recount) -> None:
    """Every answer: what it should have been counted as, and whether what is stored of it follows from its score."""
    sql = """SELECT r.*, s.kind AS asked, v.scale_min, v.scale_max, v.step, v.polarity FROM surveys_response r
             JOIN surveys_survey s ON s.id = r.survey_id JOIN surveys_questionversion v ON v.id = r.version_id"""
    work_out = {"nps": nps, "ces": ces, "csat": csat}
    for row in recount.dicts(sql):
        day = recount.day(recount.instant(row["responded_at"]))  # type: ignore[arg-type]
        band, values = work_out[row["asked"]](row)
        recount.expect(f"response {row['id']} type", row["kind"], row["asked"])
        recount.expect(f"response {row['id']} band", row["band"], band)
        recount.expect(f"response {row['id']} satisfied", bool(row["positive"]), band in ("promoter", "easy", "positive"))
        counts = row["state"] == "confirmed"
        apart = (int(counts), int(row["state"] == "quarantined"), int(row["state"] == "rejected"))
        found = values if counts else (0,) * len(values)
        recount.add(f"surveys.{row['asked']}", day, members(row), (*apart, *found))


def nps(row: Row) -> tuple[str, tuple[int, ...]]:
    score = row["score"]
    band = "detractor" if score <= 6 else "passive" if score <= 8 else "promoter"
    up, down = int(band == "promoter"), int(band == "detractor")
    return band, (up - down, up, down)


def ces(row: Row) -> tuple[str, tuple[int, ...]]:
    """Ease from 1 to 7 as a fraction, turned where the low end is the good one."""
    low, high = row["scale_min"], row["scale_max"]
    score = row["score"] if row["polarity"] == "high_is_easy" else low + high - row["score"]
    ease = 1 + Fraction(6 * (score - low), high - low)
    band = "easy" if ease >= 5 else "hard" if ease <= 3 else "neutral"
    return band, (round(ease * 1_000_000), int(band == "easy"))


def csat(row: Row) -> tuple[str, tuple[int, ...]]:
    low, high, score = row["scale_min"], row["scale_max"], row["score"]
    scale: Sequence[int] = [low + step for step in range(0, high - low + 1, row["step"])]
    best = 1 if len(scale) <= 3 else 2 if len(scale) <= 7 else 3
    good = score >= scale[-best]
    band = "positive" if good else "neutral" if score - low >= high - score else "negative"
    return band, (int(good), score, low, low * low, high, high * high)


def count_invitations(recount: Recount) -> None:
    """Invitations by the day of their delivery, answered in time or not."""
    window = recount.settings["survey_response_window"] * DAY
    sql = """SELECT i.*, r.state AS answer, r.responded_at AS replied_at FROM surveys_invitation i
             LEFT JOIN surveys_response r ON r.invitation_id = i.id WHERE i.delivered_at IS NOT NULL"""
    for row in recount.dicts(sql):
        delivered, replied = recount.instant(row["delivered_at"]), recount.instant(row["replied_at"])
        assert delivered is not None
        bounced = row["state"] == "bounced"
        in_time = replied is not None and row["answer"] == "confirmed" and replied < delivered + window
        values = (int(not bounced), int(in_time and not bounced), int(bounced))
        recount.add("surveys.invitations", recount.day(delivered), members(row), values)


def count_surveys(recount: Recount) -> None:
    """Everything about surveys."""
    for key, measures in STREAMS.items():
        recount.stream(key, *measures)
    count_responses(recount)
    count_invitations(recount)
    for key in STREAMS:
        recount.compare(key)


checks.register("surveys", count_surveys)

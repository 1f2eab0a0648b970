"""The check of lead scores: what they were a day after each lead came, and how they were borne out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from analytics.checking import Recount
from analytics.checking_published import Asked, Parts, formula, ratio

DAY = dt.timedelta(days=1)
JUDGED = ("leads_judged", "leads_judged_bought", "score_and_outcome", "leads_predicted", "prediction_error")


def begin(recount: Recount) -> None:
    """lead -> (score, chance) as they stood a day after it came."""
    recount.stream("leads.judged", *JUDGED)
    recount.notes["judged"] = []
    found: dict[int, tuple[int, int | None]] = {}
    recount.notes["early_scores"] = found
    sql = """SELECT s.lead_id, s.at, l.created_at, s.score, s.chance FROM contacts_leadscore s
             JOIN contacts_lead l ON l.id = s.lead_id ORDER BY s.lead_id, s.at, s.id"""
    for lead, raw, born, score, chance in recount.rows(sql):
        at, created = recount.instant(raw), recount.instant(born)
        assert at is not None and created is not None
        if lead not in found or at - created < DAY:
            found[lead] = score, chance


def band_of(score: int | None) -> str:
    return "" if score is None else str(min(score - score % 20, 80))


def judge(
    recount: Recount, row: dict[str, Any], members: dict[str, Any], bought: dt.datetime | None, was: bool, in_time: bool
) -> None:
    """Counts a lead whose score stood before its outcome was known."""
    score, chance = recount.notes["early_scores"].get(row["id"], (None, None))
    early = bought is not None and row["created_at"] <= bought < row["created_at"] + DAY
    if was or early or score is None:
        return
    error = 0 if chance is None else (chance - 10_000 * in_time) ** 2
    day = recount.day(row["created_at"])
    values = (1, int(in_time), 2 * score + in_time, int(chance is not None), error)
    recount.add("leads.judged", day, members, values)
    recount.notes["judged"].append((day, score, in_time, members))


def _leads(recount: Recount, asked: Asked) -> list[tuple[int, bool]]:
    window = recount.settings["lead_conversion_window"] * DAY
    end = min(asked.end, recount.today - window)
    return [(score, won) for day, score, won, _members in recount.notes["judged"] if asked.start <= day < end]


@formula("lead_score_auc")
def lead_score_auc(recount: Recount, asked: Asked) -> Parts | None:
    """Every pair is looked at, where they are not too many."""
    if asked.dimension:
        return None  # who owned a lead in the past cannot be told from base records
    rows = _leads(recount, asked)
    won, lost = [score for score, yes in rows if yes], [score for score, yes in rows if not yes]
    if not won or not lost:
        return None, len(won), len(rows)
    if len(won) * len(lost) > 4_000_000:
        return None
    better = sum((one > other) + (one == other) / 2 for one in won for other in lost)
    return better / len(won) / len(lost), len(won), len(rows)


@formula("lead_score_lift")
def lead_score_lift(recount: Recount, asked: Asked) -> Parts | None:
    if asked.dimension:
        return None
    rows = sorted(_leads(recount, asked), reverse=True)
    won = sum(yes for _score, yes in rows)
    if not won:
        return None, None, 0 if rows else None
    size = len(rows) / 10
    cut = rows[max(-(-len(rows) // 10) - 1, 0)][0]
    over = [yes for score, yes in rows if score > cut]
    tied = [yes for score, yes in rows if score == cut]
    top = (sum(over) + sum(tied) * (size - len(over)) / len(tied)) / size
    return ratio(top, won / len(rows))


@formula("lead_score_calibration")
def lead_score_calibration(recount: Recount, asked: Asked) -> Parts | None:
    if asked.dimension:
        return None
    end = min(asked.end, recount.today - recount.settings["lead_conversion_window"] * DAY)
    top, n = (recount.total("leads.judged", name, asked.start, end) for name in ("prediction_error", "leads_predicted"))
    return ratio(top / 10**8, n)


@formula("hot_lead_share")
def hot_lead_share(recount: Recount, asked: Asked) -> Parts | None:
    if asked.dimension:
        return None
    end = min(asked.end, recount.today - DAY)
    top, n = (recount.total("leads.created", name, asked.start, end) for name in ("leads_hot", "leads_created"))
    return ratio(top, n, 100)

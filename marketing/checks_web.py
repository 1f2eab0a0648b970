"""The check of what the website counts: sessions, visitors and sign-ups are counted again from plain rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from analytics.checking import Recount, checks
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, ratio

SESSIONS, SUBMISSIONS = "web.sessions", "web.submissions"
Row = dict[str, Any]


def members_of(row: Row) -> dict[str, str]:
    return {"source": row["source"], "campaign": row["campaign"], "channel": row["medium"], "landing_page": row["landing_page"]}


def count_visits(recount: Recount) -> None:
    """Every visit, with the counts that follow from what it says; who came when, for the visitors."""
    recount.stream(
        SESSIONS,
        "web_sessions",
        "web_landed",
        "web_landed_submitted",
        "web_clicks",
        "web_clicked_in_vain",
        "web_forms_started",
        "web_forms_left",
        "web_sessions_unknown",
    )
    came: dict[str, list[tuple[dt.datetime, int, dt.date, dict[str, str]]]] = defaultdict(list)
    earlier: dict[int, dt.datetime | None] = {}
    for row in recount.dicts("SELECT * FROM marketing_visit"):
        at = recount.instant(row["started_at"])
        assert at is not None
        day, members = recount.day(at), {**members_of(row), "device": row["device"]}
        recount.expect(f"visit {row['id']} day", recount.date(row["started_day"]), day)
        sessions, sent = row["sessions"], row["submitted"]
        clicking = row["clicks"] if row["clicks"] < sessions else sessions
        in_vain = clicking - sent if clicking > sent else 0
        left = row["form_started"] - sent if row["form_started"] > sent else 0
        landed = row["landing_page"] != ""
        recount.expect(f"visit {row['id']} left forms", row["form_left"], left)
        values = (
            sessions,
            sessions if landed else 0,
            sent if landed else 0,
            row["clicks"] if landed else 0,
            in_vain if landed else 0,
            row["form_started"],
            left,
            0 if row["visitor"] else sessions,
        )
        recount.add(SESSIONS, day, members, values)
        earlier[row["id"]] = recount.instant(row["earlier_at"])
        if row["visitor"]:
            came[row["visitor"]].append((at, row["id"], day, members))
    for rows in came.values():
        rows.sort(key=lambda one: one[:2])
        for before, (_at, pk, _day, _members) in zip([None, *rows], rows, strict=False):
            recount.expect(f"visit {pk} visit before", earlier[pk], before and before[0])
    recount.notes["web.visitors"] = came
    recount.compare(SESSIONS)


def count_submissions(recount: Recount) -> None:
    """Every sent form: the first valid one of each person who was not known is the sign-up."""
    names = ("signup", "known", "unnamed", "spam")
    recount.stream(SUBMISSIONS, "web_signups", "web_known", "web_unnamed", "web_spam")
    rows = list(recount.dicts("SELECT * FROM marketing_submission"))
    seen: set[str] = set()
    for row in sorted(rows, key=lambda row: (recount.instant(row["at"]), row["id"])):
        who = row["identity"]
        outcome = "spam" if row["spam"] else "unnamed" if not who else "known" if row["known"] or who in seen else "signup"
        if outcome in ("signup", "known"):
            seen.add(who)
        recount.expect(f"sent form {row['id']} counts as", row["outcome"], outcome)
        at = recount.instant(row["at"])
        assert at is not None
        recount.add(SUBMISSIONS, recount.day(at), members_of(row), tuple(int(outcome == name) for name in names))
    recount.compare(SUBMISSIONS)


def count_web(recount: Recount) -> None:
    count_visits(recount)
    count_submissions(recount)


checks.register("web", count_web)


def flow(recount: Recount, asked: Asked, key: str, measure: str) -> int:
    return recount.total(key, measure, asked.start, asked.end, asked.dimension, asked.member)


def added(key: str, measure: str) -> Formula:
    """A count that adds up over days."""

    def value(recount: Recount, asked: Asked) -> Parts:
        found = flow(recount, asked, key, measure)
        return found, found, None

    return value


def share(top: str, bottom: str) -> Formula:
    """100 x one count of sessions / another."""

    def value(recount: Recount, asked: Asked) -> Parts:
        return ratio(flow(recount, asked, SESSIONS, top), flow(recount, asked, SESSIONS, bottom), 100)

    return value


formulas.register("website_sessions", added(SESSIONS, "web_sessions"))
formulas.register("landing_page_clicks", added(SESSIONS, "web_clicks"))
formulas.register("clicks_without_conversion", added(SESSIONS, "web_clicked_in_vain"))
formulas.register("signups_captured", added(SUBMISSIONS, "web_signups"))
formulas.register("landing_page_conversion_rate", share("web_landed_submitted", "web_landed"))
formulas.register("form_abandonment_rate", share("web_forms_left", "web_forms_started"))


@formula("website_visitors")
def website_visitors(recount: Recount, asked: Asked) -> Parts:
    """Different visitors of the period, each under the member of the first visit in it."""
    found = 0
    for rows in recount.notes["web.visitors"].values():
        first = next((members for _at, _pk, day, members in rows if asked.start <= day < asked.end), None)
        found += first is not None and (not asked.dimension or first[asked.dimension] == asked.member)
    return found, found, None


@formula("traffic_to_lead_rate")
def traffic_to_lead_rate(recount: Recount, asked: Asked) -> Parts:
    leads = flow(recount, asked, "leads.created", "leads_from_web")
    return ratio(leads, flow(recount, asked, SESSIONS, "web_sessions"), 100)


@formula("visitors_per_lead")
def visitors_per_lead(recount: Recount, asked: Asked) -> Parts:
    sessions = flow(recount, asked, SESSIONS, "web_sessions")
    return ratio(sessions, flow(recount, asked, "leads.created", "leads_from_web"))

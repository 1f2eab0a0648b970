"""The check of what contacts count: records made and held, leads."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from analytics.checking import Recount, checks, is_filled, text
from analytics.checking_published import Asked, Parts, formula, median, ratio

from . import checks_quality, checks_scores
from . import checks_work as checks_work  # what people do
from .checks_quality import TESTS

HUMAN = ("page", "admin")
INSTANTS = ("created_at", "first_response_at", "qualified_at", "converted_at", "closed_at", "abandoned_at", "customer_since")
DAY = dt.timedelta(days=1)
Row = dict[str, Any]

#: entity -> (plural, measures of completeness, what the fields of a row say); upper apps add theirs.
ENTITIES: dict[str, tuple[str, tuple[str, ...], Callable[[Row], tuple[bool, ...]]]] = {
    "company": (
        "companies",
        ("domain", "industry", "country", "employees", "owner"),
        lambda row: (
            is_filled(row["domain"]),
            is_filled(row["industry"]),
            is_filled(row["country"]),
            row["employees"] is not None,
            row["owner_id"] is not None,
        ),
    ),
    "person": (
        "people",
        ("company", "email", "phone", "title", "owner"),
        lambda row: (
            row["company_id"] is not None,
            bool(row["emails"]),
            bool(row["phones"]),
            is_filled(row["title"]),
            row["owner_id"] is not None,
        ),
    ),
    "lead": (
        "leads",
        ("email", "company", "source", "owner"),
        lambda row: (
            is_filled(row["email"]),
            is_filled(row["company_name"]),
            is_filled(row["source"]),
            row["owner_id"] is not None,
        ),
    ),
}


def begin_entity(recount: Recount, entity: str) -> None:
    plural, fields, _says = ENTITIES[entity]
    recount.stream(f"{plural}.made", f"{plural}_made", f"{plural}_made_otherwise")
    tested = (f"{plural}_valid_{name}" for name in TESTS[entity])
    recount.stream(
        f"{plural}.held", f"{plural}_held", *(f"{plural}_with_{name}" for name in fields), f"{plural}_complete", *tested
    )
    checks_quality.begin(recount, entity, plural)


def count_entity(recount: Recount, entity: str, row: Row) -> None:
    """A record's creation, by whoever made it, and which of its fields say something."""
    plural, fields, says = ENTITIES[entity]
    created = recount.instant(row["created_at"])
    assert created is not None
    day = recount.day(created)
    if not row["undated"]:
        human = row["origin"] in HUMAN
        made = {"user": text(row["created_by_id"]), "team": text(row["created_by_team_id"]), "source": row["source"]}
        recount.add(f"{plural}.made", day, made, (int(human), int(not human)))
    held = {"owner": text(row["owner_id"]), "team": text(row["team_id"]), "source": row["source"]}
    said = dict(zip(fields, says(row), strict=True))
    passed = [said[name] and test(row) for name, test in TESTS[entity].items()]
    recount.add(f"{plural}.held", day, held, (1, *map(int, said.values()), int(all(said.values())), *map(int, passed)))
    checks_quality.count(recount, entity, plural, row, day)


def compare_entity(recount: Recount, entity: str) -> None:
    plural = ENTITIES[entity][0]
    recount.compare(f"{plural}.made")
    recount.compare(f"{plural}.held")
    checks_quality.compare(recount, entity, plural)


def count_contacts(recount: Recount) -> None:
    """Companies and people."""
    people = """SELECT p.*, (SELECT COUNT(*) FROM contacts_personemail e WHERE e.person_id = p.id) AS emails,
                (SELECT COUNT(*) FROM contacts_personphone f WHERE f.person_id = p.id) AS phones FROM contacts_person p"""
    checks_quality.read_addresses(recount)
    for entity, sql in (("company", "SELECT * FROM contacts_company"), ("person", people)):
        begin_entity(recount, entity)
        for row in recount.dicts(sql):
            for name, bad in recount.notes["bad_addresses"].items():
                row[f"sound_{name}"] = row["id"] not in bad
            count_entity(recount, entity, row)
        compare_entity(recount, entity)
    recount.stream("customers.active", "customers")
    for industry, country, since in recount.rows("SELECT industry, country, customer_since FROM contacts_company"):
        if since is not None:
            recount.add("customers.active", recount.day(recount.instant(since)), {"segment": industry, "country": country}, (1,))
    recount.compare("customers.active")


def pages(recount: Recount) -> Iterator[list[Row]]:
    """Leads, two thousand at a time, each with its activities [(when, is a human outbound touch)]."""
    last = 0
    sql = """SELECT l.*, c.industry, c.customer_since FROM contacts_lead l LEFT JOIN contacts_company c ON c.id = l.company_id
             WHERE l.id > %s ORDER BY l.id LIMIT 2000"""
    while page := list(recount.dicts(sql, [last])):
        done: dict[int, list] = defaultdict(list)
        inside = [page[0]["id"], page[-1]["id"]]
        found = recount.rows(
            "SELECT lead_id, at, kind, direction FROM contacts_activity WHERE NOT by_machine AND lead_id BETWEEN %s AND %s",
            inside,
        )
        for lead, at, kind, direction in found:
            done[lead].append((recount.instant(at), kind != "note" and direction != "in"))
        for row in page:
            for name in INSTANTS:
                row[name] = recount.instant(row[name])
            row["activities"] = sorted(done[row["id"]])
        yield page
        last = page[-1]["id"]


def let_drop(row: Row, quiet: dt.timedelta) -> dt.datetime | None:
    """The first moment the team let the lead drop (kpis.md 87): a stated one; no human outbound touch in the first days; as many
    days in a row without any activity, while it was open; or closed without response."""
    if row["abandoned_at"]:
        return row["abandoned_at"]
    created, response = row["created_at"], row["first_response_at"]
    closed = row["converted_at"] or row["closed_at"]
    touched = [at for at, touch in row["activities"] if touch] + ([response] if response else [])
    moments = sorted(
        {at for at, _touch in row["activities"] if at >= created} | ({max(response, created)} if response else set())
    )
    found = None
    for before, after in zip([created, *moments], [*moments, None], strict=True):
        if after is None or after - before >= quiet:
            found = before + quiet
            break
    if all(at >= created + quiet for at in touched):
        found = min(found, created + quiet) if found else created + quiet
    if closed is None or (found is not None and found < closed):
        return found
    return closed if row["status"] == "unresponsive" else None


def became_customer(rows: Iterable[Row]) -> dict[int, tuple[dt.datetime | None, bool]]:
    """Of one account's leads: which one is credited with its first purchase, and which came when it had bought already."""
    found: dict[int, tuple[dt.datetime | None, bool]] = {}
    credited = False
    for row in sorted(rows, key=lambda row: (row["created_at"], row["id"])):
        since = row["customer_since"]
        gave_up = row["status"] != "converted" and row["closed_at"] is not None and row["closed_at"] < since
        if row["created_at"] > since:
            found[row["id"]] = (None, True)
        elif not credited and not gave_up:
            credited = True
            found[row["id"]] = (since, False)
    return found


def credits(recount: Recount) -> dict[int, tuple[dt.datetime | None, bool]]:
    """lead -> (when its account became a customer thanks to it, whether it had bought before), for accounts that bought."""
    sql = """SELECT l.id, l.company_id, l.created_at, l.closed_at, l.status, c.customer_since FROM contacts_lead l
             JOIN contacts_company c ON c.id = l.company_id WHERE c.customer_since IS NOT NULL ORDER BY l.company_id"""
    found: dict[int, tuple[dt.datetime | None, bool]] = {}
    for _company, rows in groupby(recount.dicts(sql), key=lambda row: row["company_id"]):
        found |= became_customer(
            [
                {**row, **{name: recount.instant(row[name]) for name in ("created_at", "closed_at", "customer_since")}}
                for row in rows
            ]
        )
    return found


CREATED = (
    "leads_created",
    "leads_new",
    "leads_of_customers",
    "leads_become_customers",
    "leads_abandoned",
    "leads_qualified",
    "leads_qualifiable",
    "leads_qualified_early",
    "leads_quick",
    "leads_to_reach",
    "leads_touched_early",
    "leads_from_web",
    "leads_hot",
    "leads_scored",
)


def count_leads(recount: Recount) -> None:
    """Leads created, converted, answered, waiting. Who owned them in the past cannot be told from base records."""
    begin_entity(recount, "lead")
    recount.stream("leads.created", *CREATED)
    recount.stream("leads.converted", "leads_converted")
    recount.stream("leads.responded", "lead_response", "lead_response_unclear")
    recount.stream("leads.waiting", "leads_untouched")
    checks_scores.begin(recount)
    credited = credits(recount)
    for page in pages(recount):
        for row in page:
            count_entity(recount, "lead", row)
            _count_lead(recount, row, credited.get(row["id"]))
    compare_entity(recount, "lead")
    for key in ("leads.created", "leads.judged", "leads.converted", "leads.responded"):
        recount.compare(key, only_adds_up=("owner", "team"))
    _compare_waiting(recount)


def _count_lead(recount: Recount, row: Row, credit: tuple[dt.datetime | None, bool] | None) -> None:
    created, settings = row["created_at"], recount.settings
    members = {
        "source": row["source"],
        "campaign": row["campaign"],
        "channel": row["medium"],
        "segment": row["industry"] or "",
    }
    if credit is None:
        credit = (row["converted_at"], False) if row["company_id"] is None else (None, False)
    bought, was_customer = credit

    def within(moment: dt.datetime | None, setting: str) -> bool:
        return moment is not None and created <= moment < created + settings[setting] * DAY

    if not row["undated"]:
        dropped = let_drop(row, settings["lead_quiet_days"] * DAY)
        qualified, touched = row["qualified_at"] or row["converted_at"], row["first_response_at"]
        score = recount.notes["early_scores"].get(row["id"], (None, None))[0]
        too_early = [moment is not None and moment < created for moment in (qualified, touched)]
        values = (
            1,
            int(not was_customer),
            int(was_customer),
            int(not was_customer and within(bought, "lead_conversion_window")),
            int(within(dropped, "lead_abandonment_window")),
            int(within(qualified, "lead_conversion_window")),
            int(not too_early[0]),
            int(too_early[0]),
            int(touched is not None and created <= touched < created + dt.timedelta(hours=1)),
            int(not too_early[1]),
            int(too_early[1]),
            int(row["origin"] == "form" or row["landing_page"] != ""),
            int(score is not None and score >= 60),
            int(score is not None),
        )
        banded = {**members, "landing_page": row["landing_page"], "score_band": checks_scores.band_of(score)}
        recount.add("leads.created", recount.day(created), banded, values)
        checks_scores.judge(recount, row, members, bought, was_customer, within(bought, "lead_conversion_window"))
    if row["converted_at"]:
        recount.add("leads.converted", recount.day(row["converted_at"]), members, (1,))
    response = row["first_response_at"]
    if response:
        clear = not row["undated"] and response >= created
        seconds = int((response - created).total_seconds()) if clear else 0
        day = recount.day(response)
        recount.add("leads.responded", day, members, (seconds, int(not clear)))
        if clear:
            recount.values["lead_response"].append((day, seconds, "", ""))
    touches = [at for at, touch in row["activities"] if touch]
    if touches and (response is None or min(touches) < response):
        recount.differ(f"lead {row['number']} first response", response, min(touches))
    ends = [when for when in (response, row["converted_at"], row["closed_at"]) if when]
    recount.add("leads.waiting", recount.day(created), members, (1,))
    if ends:
        recount.add("leads.waiting", recount.day(max(min(ends), created)), members, (-1,))


def _compare_waiting(recount: Recount) -> None:
    """The stock of untouched leads: what came less what went, by day; members of owner and team add up to the whole."""
    stored: dict[tuple[str, dt.date, str, str], int] = defaultdict(int)
    for key, sign in (("leads.untouched_in", 1), ("leads.untouched_out", -1)):
        sql = "SELECT dimension, day, member, v0 FROM analytics_dailymeasure WHERE source = %s"
        for dimension, raw, member, count in recount.rows(sql, [key]):
            day = recount.date(raw)
            assert day is not None
            stored[dimension, day, "" if dimension in ("owner", "team") else member, ""] += sign * count
    waiting = recount.waiting.get("leads.untouched_in", set()) | recount.waiting.get("leads.untouched_out", set())
    wanted = {place: values[0] for place, values in recount.sums["leads.waiting"].items()}
    for (dimension, day, _member, _currency), values in recount.sums["leads.waiting"].items():
        if dimension == "":
            wanted["owner", day, "", ""] = wanted["team", day, "", ""] = values[0]
    for place in sorted({*stored, *wanted}):
        if place[1] not in waiting:
            what = f"leads untouched, change on {place[1]} {place[0]}={place[2]}"
            recount.expect(what, stored.get(place, 0), wanted.get(place, 0))


def count_touches(recount: Recount) -> None:
    """Begins the list of touches, to which upper apps add theirs: a lead came to us when it was created."""
    found = recount.notes["touches"] = defaultdict(list)
    sql = "SELECT id, created_at, source, medium, campaign FROM contacts_lead WHERE NOT undated"
    for pk, at, *said in recount.rows(sql):
        found["lead", pk].append((recount.instant(at), "lead", *said))


checks.register("touches", count_touches)
checks.register("contacts", count_contacts)
checks.register("leads", count_leads)


# --- published values ------------------------------------------------------------------------------------------------


def matured(recount: Recount, asked: Asked, setting: str) -> dt.date:
    """The end of the part of a period whose window has passed."""
    return min(asked.end, recount.today - recount.settings[setting] * DAY)


def cohort(recount: Recount, asked: Asked, key: str, top: str, bottom: str, setting: str) -> Parts:
    """100 x matured with the outcome / matured; the additive parts by the day of the anchor."""
    end = matured(recount, asked, setting)
    parts = [recount.total(key, name, asked.start, end, asked.dimension, asked.member) for name in (top, bottom)]
    return ratio(parts[0], parts[1], 100)


@formula("leads_created")
def leads_created(recount: Recount, asked: Asked) -> Parts:
    found = recount.total("leads.created", "leads_created", asked.start, asked.end)
    return found, found, None


@formula("lead_conversion_rate")
def lead_conversion_rate(recount: Recount, asked: Asked) -> Parts:
    return cohort(recount, asked, "leads.created", "leads_become_customers", "leads_new", "lead_conversion_window")


@formula("lead_conversion_rate_period")
def lead_conversion_rate_period(recount: Recount, asked: Asked) -> Parts:
    top = recount.total("leads.converted", "leads_converted", asked.start, asked.end)
    return ratio(top, recount.total("leads.created", "leads_created", asked.start, asked.end), 100)


@formula("lead_abandonment_rate")
def lead_abandonment_rate(recount: Recount, asked: Asked) -> Parts:
    return cohort(recount, asked, "leads.created", "leads_abandoned", "leads_created", "lead_abandonment_window")


@formula("lead_qualification_rate")
def lead_qualification_rate(recount: Recount, asked: Asked) -> Parts:
    return cohort(recount, asked, "leads.created", "leads_qualified", "leads_qualifiable", "lead_conversion_window")


@formula("speed_to_lead_rate")
def speed_to_lead_rate(recount: Recount, asked: Asked) -> Parts:
    """Of leads that have had their hour: those of the day before yesterday and older."""
    span = asked.start, min(asked.end, recount.today - DAY), asked.dimension, asked.member
    return ratio(
        recount.total("leads.created", "leads_quick", *span), recount.total("leads.created", "leads_to_reach", *span), 100
    )


@formula("untouched_leads")
def untouched_leads(recount: Recount, asked: Asked) -> Parts:
    found = recount.total("leads.waiting", "leads_untouched", None, asked.end)
    return found, found, None


@formula("lead_response_time")
def lead_response_time(recount: Recount, asked: Asked) -> Parts | None:
    if asked.dimension:
        return None  # who owned a lead in the past cannot be told from base records
    return median([seconds for day, seconds, _owner, _team in recount.values["lead_response"] if asked.start <= day < asked.end])


@formula("records_created")
def records_created(recount: Recount, asked: Asked) -> Parts:
    found = sum(recount.total(f"{plural}.made", f"{plural}_made", asked.start, asked.end) for plural, _f, _s in ENTITIES.values())
    return found, found, None


@formula("data_completeness")
def data_completeness(recount: Recount, asked: Asked) -> Parts:
    top = bottom = 0
    for plural, fields, _says in ENTITIES.values():
        bottom += len(fields) * recount.total(f"{plural}.held", f"{plural}_held", None, asked.end)
        top += sum(recount.total(f"{plural}.held", f"{plural}_with_{name}", None, asked.end) for name in fields)
    return ratio(top, bottom, 100)


@formula("data_accuracy_rate")
def data_accuracy_rate(recount: Recount, asked: Asked) -> Parts:
    top = bottom = 0
    for entity, tests in TESTS.items():
        plural = ENTITIES[entity][0]
        for name in tests:
            top += recount.total(f"{plural}.held", f"{plural}_valid_{name}", None, asked.end)
            bottom += recount.total(f"{plural}.held", f"{plural}_with_{name}", None, asked.end)
    return ratio(top, bottom, 100)


@formula("data_freshness")
def data_freshness(recount: Recount, asked: Asked) -> Parts:
    end, at = min(asked.end, recount.today + DAY), (asked.dimension, asked.member)
    top = bottom = 0
    for plural, _fields, _says in ENTITIES.values():
        came, went = (recount.total(f"{plural}.fresh_{way}", f"{plural}_fresh", None, end, *at) for way in ("in", "out"))
        top += came - went
        bottom += recount.total(f"{plural}.held", f"{plural}_held", None, asked.end, *at)
    return ratio(top, bottom, 100)


@formula("duplicate_rate")
def duplicate_rate(recount: Recount, asked: Asked) -> Parts:
    plurals = [ENTITIES[entity][0] for entity in checks_quality.KEYS]
    top = sum(recount.total(f"{plural}.surplus", f"{plural}_surplus", None, asked.end) for plural in plurals)
    return ratio(top, sum(recount.total(f"{plural}.held", f"{plural}_held", None, asked.end) for plural in plurals), 100)


@formula("complete_record_rate")
def complete_record_rate(recount: Recount, asked: Asked) -> Parts:
    top, bottom = (
        sum(recount.total(f"{plural}.held", f"{plural}_{what}", None, asked.end) for plural, _fields, _says in ENTITIES.values())
        for what in ("complete", "held")
    )
    return ratio(top, bottom, 100)

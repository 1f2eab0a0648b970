"""The formulas of service, written a second time for the check: over what was recounted from the records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from analytics.checking import Recount
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, median, ratio

DAY = dt.timedelta(days=1)


def flow(recount: Recount, asked: Asked, key: str, measure: str, end: dt.date | None = None) -> int:
    return recount.total(key, measure, asked.start, end or asked.end, asked.dimension, asked.member)


def count(key: str, measure: str) -> Formula:
    """A count of one stream."""

    def value(recount: Recount, asked: Asked) -> Parts:
        found = flow(recount, asked, key, measure)
        return found, found, None

    return value


def within(recount: Recount, asked: Asked, name: str) -> list[int]:
    """The durations that were kept of the period and member."""
    place = {"": None, "owner": 2, "team": 3}[asked.dimension]
    rows = recount.values[name]
    return [row[1] for row in rows if asked.start <= row[0] < asked.end and (place is None or row[place] == asked.member)]


def spread(name: str) -> Formula:
    """The median of durations."""
    return lambda recount, asked: median(within(recount, asked, name))


def mean(name: str) -> Formula:
    """The mean of durations."""

    def value(recount: Recount, asked: Asked) -> Parts:
        rows = within(recount, asked, name)
        return ratio(sum(rows), len(rows))

    return value


def cohort(key: str, top: str, bottom: str, window: str) -> Formula:
    """100 x those with the outcome / those whose window has passed."""

    def value(recount: Recount, asked: Asked) -> Parts:
        end = min(asked.end, recount.today - recount.notes["service"][window] * DAY)
        return ratio(flow(recount, asked, key, top, end), flow(recount, asked, key, bottom, end), 100)

    return value


for _key, _formula in {
    "tickets_created": count("tickets.created", "tickets_created"),
    "tickets_solved": count("tickets.solved", "tickets_solved"),
    "first_response_time": spread("first_response"),
    "first_response_time_business": spread("first_response_business"),
    "resolution_time": spread("resolution"),
    "resolution_time_business": spread("resolution_business"),
    "first_resolution_time": spread("first_resolution"),
    "first_resolution_time_business": spread("first_resolution_business"),
    "handling_time": spread("handling"),
    "handling_time_business": spread("handling_business"),
    "response_time": mean("wait_time"),
    "response_time_business": mean("wait_time_business"),
    "reopen_rate": cohort("tickets.first_solved", "first_solved_reopened", "first_solved", "reopen_window"),
    "fcr": cohort("tickets.solved", "solved_at_first_contact", "tickets_solved", "contact_window"),
}.items():
    formulas.register(_key, _formula)


def share(key: str, top: str, bottom: str) -> Callable[[Recount, Asked], Parts]:
    return lambda recount, asked: ratio(flow(recount, asked, key, top), flow(recount, asked, key, bottom), 100)


formulas.register("sla_attainment", share("tickets.sla", "sla_met", "sla_decided"))
formulas.register("channel_preference", share("tickets.created", "conversations", "conversations"))


@formula("ticket_backlog")
def ticket_backlog(recount: Recount, asked: Asked) -> Parts:
    opened, left = (recount.total(f"tickets.{what}", "ticket_backlog", None, asked.end) for what in ("opened", "left"))
    return opened - left, opened - left, None


@formula("tickets_per_customer")
def tickets_per_customer(recount: Recount, asked: Asked) -> Parts:
    """100 x tickets / the customers at the end of each day so far, added up and divided by the days."""
    end = min(asked.end, recount.today + DAY)
    days = [asked.start + number * DAY for number in range((end - asked.start).days)]
    top = flow(recount, asked, "tickets.created", "tickets_created")
    if not days:
        return None, top, 0
    readings = [recount.total("customers.active", "customers", None, day + DAY) for day in days]
    return ratio(top, sum(readings) / len(days), 100)

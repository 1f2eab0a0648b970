"""The check of the messages of campaigns: counted again, one by one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Formula, Parts, formulas, ratio

KEY = "mail.messages"
NAMES = ("sent", "delivered", "opened", "opened_by_machine", "clicked", "scanned", "converted", "opted_out")
DAY = dt.timedelta(days=1)
MOMENTS = ("sent_at", "bounced_at", "opened_at", "clicked_at", "opted_out_at")


def conversions(recount: Recount) -> dict[tuple[str, int], list[dt.datetime]]:
    """lead or person -> when they were converted."""
    found: dict[tuple[str, int], list[dt.datetime]] = defaultdict(list)
    sql = "SELECT id, person_id, converted_at FROM contacts_lead WHERE converted_at IS NOT NULL"
    for lead, person, raw in recount.rows(sql):
        at = recount.instant(raw)
        assert at is not None
        found["lead", lead].append(at)
        if person is not None:
            found["person", person].append(at)
    return found


def count_messages(recount: Recount) -> None:
    recount.stream(KEY, *(f"mail_{name}" for name in NAMES))
    converted = conversions(recount)
    sql = "SELECT m.*, c.code, c.channel FROM marketing_campaignmessage m JOIN marketing_campaign c ON c.id = m.campaign_id"
    for row in recount.dicts(sql):
        sent, bounced, opened, clicked, gone = (recount.instant(row[name]) for name in MOMENTS)
        assert sent is not None
        delivered = bounced is None
        read = delivered and opened is not None and opened - sent < 30 * DAY
        scanned = delivered and clicked is not None and clicked - sent < dt.timedelta(seconds=2)
        followed = delivered and clicked is not None and not scanned
        bought = False
        if followed and clicked is not None and clicked - sent < 30 * DAY:
            moments = converted["lead", row["lead_id"]] + converted["person", row["person_id"]]
            bought = any(clicked <= at < clicked + 7 * DAY for at in moments)
        machine = bool(row["open_by_machine"])
        values: tuple[Any, ...] = (True, delivered, read and not machine, read and machine, followed, scanned, bought)
        members = {
            "campaign": row["code"],
            "channel": row["channel"],
            "owner": text(row["owner_id"]),
            "team": text(row["team_id"]),
        }
        recount.add(KEY, recount.day(sent), members, [int(one) for one in (*values, delivered and gone is not None)])
    recount.compare(KEY)


checks.register("messages", count_messages)


def share(top: str, bottom: str, days: int = 0) -> Formula:
    """100 x a count of messages / another, of those sent so many days ago at least."""

    def value(recount: Recount, asked: Asked) -> Parts:
        end = min(asked.end, recount.today - days * DAY) if days else asked.end
        parts = [recount.total(KEY, f"mail_{name}", asked.start, end, asked.dimension, asked.member) for name in (top, bottom)]
        return ratio(parts[0], parts[1], 100)

    return value


formulas.register("email_delivery_rate", share("delivered", "sent"))
formulas.register("email_open_rate", share("opened", "delivered"))
formulas.register("email_click_rate", share("clicked", "delivered"))
formulas.register("email_conversion_rate", share("converted", "delivered", 37))
formulas.register("unsubscribe_rate", share("opted_out", "delivered"))

"""Records of past months that come in late, in files of every kind: what number tests run on."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm.models import ImportRun
from tests.imports import run_import, write

Instant = Callable[..., dt.datetime]
ONCE = 10**9  # of records that are written once: posted, sent, closed
Rows = Callable[[random.Random, Instant], dict[str, Any]]


def late_file(rng: random.Random, instant: Instant, kind: str) -> ImportRun:
    """Three rows of one kind. Where a later file may correct a record the numbers are few, so that it does."""
    rows = [KINDS[kind](rng, instant) for _number in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / f"{kind}.csv", [list(rows[0]), *([_text(value) for value in row.values()] for row in rows)])
        return run_import(kind, path)


def _text(value: Any) -> Any:
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, dt.datetime) else value


def _number(rng: random.Random, several: int = 12) -> str:
    return f"LATE-{rng.randrange(several)}"


def _firm(rng: random.Random) -> str:
    return f"Late firm {rng.randrange(4)}"


def _mail(rng: random.Random) -> str:
    return f"late{rng.randrange(6)}@people.example"


def _owner(rng: random.Random) -> str:
    return rng.choice(["ann", "ben", "cleo", ""])


def _currency(rng: random.Random) -> str:
    return rng.choice(["USD", "EUR", "GBP"])


def _lead(rng: random.Random, instant: Instant) -> dict[str, Any]:
    at = instant()
    response = rng.choice(["", instant(at)])
    return {"number": _number(rng), "name": "Late lead", "email": _mail(rng), "owner": _owner(rng), "source": rng.choice(["", "web"]),
            "created_at": at, "first_response_at": response}  # fmt: skip


def _deal(rng: random.Random, instant: Instant) -> dict[str, Any]:
    at = instant()
    status = rng.choice(["won", "lost"])
    return {"number": _number(rng), "title": "Late deal", "company": _firm(rng), "status": status, "amount": rng.choice([10, 999.99]),
            "currency": _currency(rng), "owner": _owner(rng), "created_at": at, "closed_at": instant(at)}  # fmt: skip


def _order(rng: random.Random, instant: Instant) -> dict[str, Any]:
    return {"number": _number(rng, ONCE), "customer": _firm(rng), "amount": rng.choice([5, 123.45]), "direct_cost": rng.choice(["", 4]),
            "currency": _currency(rng), "ordered_at": instant()}  # fmt: skip


def _subscription(rng: random.Random, instant: Instant) -> dict[str, Any]:
    first = instant()
    return {"number": _number(rng, ONCE), "customer": _firm(rng), "plan": rng.choice(["Basic", "Pro"]), "amount": rng.choice([10, 50]),
            "currency": "USD", "interval": rng.choice(["month", "year"]), "started_at": first.date(),
            "ended_at": rng.choice(["", (first + dt.timedelta(days=30)).date()])}  # fmt: skip


def _ticket(rng: random.Random, instant: Instant) -> dict[str, Any]:
    at = instant()
    answered = instant(at)
    solved = instant(answered)
    return {"number": _number(rng, ONCE), "subject": "Late ticket", "requester": _mail(rng), "company": _firm(rng), "status": "Closed",
            "opened_at": at, "first_response_at": answered, "resolved_at": solved, "closed_at": solved}  # fmt: skip


def _answer(rng: random.Random, instant: Instant) -> dict[str, Any]:
    return {"number": _number(rng), "survey": "Late", "kind": "nps", "score": rng.randrange(11), "respondent": _mail(rng),
            "answered_at": instant()}  # fmt: skip


def _message(rng: random.Random, instant: Instant) -> dict[str, Any]:
    at = instant()
    return {
        "number": _number(rng, ONCE),
        "campaign": "Spring",
        "email": _mail(rng),
        "sent_at": at,
        "clicked_at": rng.choice(["", instant(at)]),
    }


KINDS: dict[str, Rows] = {
    "companies": lambda rng, instant: {"name": _firm(rng), "industry": rng.choice(["", "Retail"]), "created_at": instant()},
    "people": lambda rng, instant: {"email": _mail(rng), "name": "Late", "company": _firm(rng), "created_at": instant()},
    "leads": _lead,
    "activities": lambda rng, instant: {
        "kind": rng.choice(["call", "meeting"]), "at": instant(), "owner": _owner(rng), "company": _firm(rng), "person": _mail(rng),
    },
    "deals": _deal,
    "orders": _order,
    "subscriptions": _subscription,
    "tickets": _ticket,
    "responses": _answer,
    "costs": lambda rng, instant: {
        "posted_on": instant().date(), "category": "marketing", "purpose": "acquisition", "amount": rng.choice([1, 99.99]), "currency": _currency(rng),
    },
    "visits": lambda rng, instant: {"visitor": rng.choice(["", "A", "L"]), "started_at": instant(), "landing_page": "/a", "submitted": rng.choice([0, 1])},
    "messages": _message,
    "rates": lambda rng, instant: {"currency": rng.choice(["EUR", "GBP"]), "date": instant().date(), "rate": rng.choice([1.2, 0.9])},
}  # fmt: skip

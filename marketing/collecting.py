"""What browsers may tell of a visit: read strictly, without keeping an address or a browser's name.

A hit is JSON: {"p": path of the page, "q": its query, "r": referrer, "v": the visitor's own number where they agreed, "n": 1 where they
refused, "d": device, "e": [[what, milliseconds ago], ...]}; what is view, click, start or submit (of a form).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from typing import Any

from django.db import IntegrityError, transaction

from crm import periods
from crm.middleware import unclean

from .choices import Device
from .models import Hit, Salt

LARGEST = 8_192  # bytes of a hit
MOST_EVENTS = 50
KINDS = ("view", "click", "start", "submit")
LONGEST_AGO = 30 * 60_000  # milliseconds; older news is of a session that is over
VISITOR = re.compile(r"[A-Za-z0-9_-]{16,40}\Z", re.ASCII)
BOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|headless|lighthouse|preview|monitor|curl/|wget/|python|java/|go-http|okhttp|axios|scrapy|facebookexternalhit",
    re.IGNORECASE,
)


class Garbage(ValueError):
    """The hit is nothing that our script sends."""


def is_bot(agent: str) -> bool:
    """Whether the caller names itself as a program, or does not name itself."""
    return not agent or BOT.search(agent) is not None


def read(body: bytes) -> dict[str, Any]:
    """The checked fields of a hit. Raises Garbage."""
    try:
        data = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise Garbage from error
    if not isinstance(data, dict):
        raise Garbage
    page = _text(data, "p", 300)
    if not page.startswith("/"):
        raise Garbage
    visitor = _text(data, "v", 40)
    device = _text(data, "d", 7)
    if (visitor and not VISITOR.match(visitor)) or (device and device not in Device.values) or data.get("n") not in (None, 0, 1):
        raise Garbage
    return {
        "page": page.partition("?")[0].partition("#")[0],
        "query": _text(data, "q", 2000),
        "referrer": _text(data, "r", 2000),
        "device": device,
        "events": _events(data.get("e")),
        "visitor": visitor,
        "refused": bool(data.get("n")),
    }


def _text(data: dict, name: str, limit: int) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str) or len(value) > limit or unclean(value):
        raise Garbage
    return value


def _events(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_EVENTS:
        raise Garbage
    for row in rows:
        if not isinstance(row, list) or len(row) != 2 or row[0] not in KINDS:
            raise Garbage
        if type(row[1]) is not int or not 0 <= row[1] <= LONGEST_AGO:
            raise Garbage
    return sorted(rows, key=lambda row: -row[1])


def salt_of(day: dt.date) -> str:
    """The day's secret, made on its first use; those before yesterday's are deleted then."""
    found = Salt.objects.filter(day=day).values_list("value", flat=True).first()
    if found:
        return found
    Salt.objects.filter(day__lt=day - dt.timedelta(days=1)).delete()
    try:
        with transaction.atomic():
            return Salt.objects.create(day=day, value=secrets.token_hex(32)).value
    except IntegrityError:
        return Salt.objects.get(day=day).value


def _number(salt: str, *parts: str) -> str:
    return hmac.new(salt.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()[:40]


def known_as(address: str, agent: str, agreed: str = "", refused: bool = False) -> tuple[str, str, str]:
    """(visitor, key, key of yesterday). Who agreed is known by the number their browser keeps; others by one of the day, and who refused by
    none."""
    if agreed and not refused:
        key = f"c{hashlib.sha256(agreed.encode()).hexdigest()[:40]}"
        return key, key, ""
    today = periods.today()
    yesterday = Salt.objects.filter(day=today - dt.timedelta(days=1)).values_list("value", flat=True).first()
    key = f"d{_number(salt_of(today), address, agent)}"
    return "" if refused else key, key, f"d{_number(yesterday, address, agent)}" if yesterday else ""


@transaction.atomic
def keep(data: dict[str, Any], address: str, agent: str) -> Hit:
    """Writes the hit down."""
    visitor, key, before = known_as(address, agent, data.pop("visitor"), data.pop("refused"))
    return Hit.objects.create(visitor=visitor, key=key, key_before=before, data=data)


def may_count(headers: Any) -> bool:
    """Whether a browser may be counted: it does not ask not to be tracked, and is no program."""
    return headers.get("DNT") != "1" and headers.get("Sec-GPC") != "1" and not is_bot(headers.get("User-Agent", ""))

"""What other programs call priorities, channels, statuses and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from crm.imports.parsing import squash
from crm.imports.registry import Row

from ..choices import Category, Channel, Priority

CLOSED = "closed"

PRIORITIES = {
    Priority.LOW: ("low", "minor", "p4", "4", "niedrig"),
    Priority.NORMAL: ("normal", "medium", "standard", "p3", "3", "mittel"),
    Priority.HIGH: ("high", "major", "p2", "2", "hoch"),
    Priority.URGENT: ("urgent", "critical", "highest", "blocker", "p1", "1", "dringend"),
}
CHANNELS = {
    Channel.WEB: ("web", "web form", "webform", "form", "portal", "website", "site"),
    Channel.EMAIL: ("email", "mail", "e-mail"),
    Channel.PHONE: ("phone", "call", "telephone", "voice"),
    Channel.CHAT: ("chat", "live chat", "messaging", "whatsapp", "messenger"),
    Channel.API: ("api", "integration"),
    Channel.OTHER: ("other", "social media", "social", "twitter", "facebook", "in person", "walk in"),
}
STATUSES = {
    Category.OPEN: ("open", "new", "in progress", "assigned", "reopened", "active", "offen"),
    Category.WAITING_CUSTOMER: ("pending", "waiting", "waiting on customer", "pending customer response", "awaiting reply"),
    Category.WAITING_OTHER: ("on hold", "hold", "waiting on third party"),
    Category.DONE: ("solved", "resolved", "done", "geloest"),
    CLOSED: ("closed", "archived", "geschlossen"),
}
VERDICTS = {
    True: ("yes", "true", "1", "met", "achieved", "within sla", "ok", "y", "oui", "si", "ja"),
    False: ("no", "false", "0", "breached", "missed", "violated", "not met", "n", "non", "nein"),
}


@lru_cache(maxsize=8)
def _known(name: str) -> Mapping[str, Any]:
    """Squashed word -> value, in the product's languages."""
    words, choices = {
        "priority": (PRIORITIES, Priority),
        "channel": (CHANNELS, Channel),
        "status": (STATUSES, Category),
        "sla_met": (VERDICTS, None),
    }[name]
    found: dict[str, Any] = {squash(word): value for value, group in words.items() for word in group}
    for code, _label in settings.LANGUAGES if choices is not None else ():
        with translation.override(code):
            found |= {squash(str(choice.label)): choice.value for choice in choices}
    return found


def meaning(row: Row, key: str) -> Any:
    """The value a cell's word stands for; None when it is blank or means nothing."""
    text = row.text(key)
    return _known(key).get(squash(text)) if text else None


def understood(row: Row, key: str) -> Any:
    """The same, and the row is refused when the word means nothing."""
    found = meaning(row, key)
    if row.text(key) and found is None:
        row.refuse(key, _("is none of the known values"))
    return found

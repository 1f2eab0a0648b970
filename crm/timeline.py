"""How events read on a timeline. Apps say it in words for their own kinds; others get plain words from their old and new values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from . import formats

ICONS = {"created": "plus", "changed": "pencil", "deleted": "trash-2", "merged": "merge", "imported": "upload"}
LONGEST = 80


@dataclass
class Entry:
    """One line of a timeline. `detail` stands below, readable without opening; `url` makes the text a link."""

    at: dt.datetime
    text: Any
    icon: str = "circle"
    detail: Any = ""
    actor: Any = None
    url: str = ""
    tone: str = "neutral"
    pending: bool = False
    origin: Any = ""


_describers: dict[str, Callable[[Any], Entry | None]] = {}


def describes(*kinds: str) -> Callable:
    """Decorator: the function turns an event of these kinds into an Entry, or None to leave it out."""

    def add(function: Callable[[Any], Entry | None]) -> Callable[[Any], Entry | None]:
        for kind in kinds:
            _describers[kind] = function
        return function

    return add


def entry_of(event: Any) -> Entry | None:
    """An event in words; an Entry as it is."""
    if isinstance(event, Entry):
        return event
    describer = _describers.get(event.kind, plain)
    return describer(event)


def plain(event: Any) -> Entry:
    """An event in general words: what was done to what, and each field that changed."""
    what, _dot, verb = event.kind.partition(".")
    words = {
        "created": _("%(what)s added"),
        "changed": _("%(what)s changed"),
        "deleted": _("%(what)s deleted"),
        "merged": _("%(what)s merged"),
    }.get(verb, "%(what)s: " + verb.replace("_", " "))
    try:
        label = apps.get_model(event.subject_type)._meta.verbose_name
    except LookupError:
        label = what
    detail = changes(event) if verb != "created" else ""
    return Entry(event.at, words % {"what": capfirst(label)}, ICONS.get(verb, "circle"), detail, event.actor)


def changes(event: Any) -> str:
    """Old and new values line by line: "Stage: Proposal → Negotiation"."""
    lines = []
    for name in event.new:
        if name.endswith(("_id", "_day")) and name.removesuffix("_id") in event.new:
            continue
        old, new = value_in_words(event.old.get(name)), value_in_words(event.new[name])
        if old != new:
            lines.append(f"{_label(event.subject_type, name)}: {old} → {new}")
    return "\n".join(lines)


def _label(subject_type: str, name: str) -> str:
    try:
        return capfirst(apps.get_model(subject_type)._meta.get_field(name.removesuffix("_id")).verbose_name)
    except (LookupError, FieldDoesNotExist, AttributeError):
        return capfirst(name.removesuffix("_id").replace("_", " "))


def value_in_words(value: Any) -> str:
    if value in (None, "", []):
        return formats.MISSING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value_in_words(part) for part in value)
    if isinstance(value, str) and len(value) >= 10 and value[4:5] == "-":
        try:
            return (
                formats.day(dt.date.fromisoformat(value))
                if len(value) == 10
                else formats.moment(dt.datetime.fromisoformat(value))
            )
        except ValueError:
            return value[:LONGEST]
    text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def by_day(rows: Iterable[Any]) -> list[tuple[dt.date, str, list[Entry]]]:
    """Entries grouped by the reader's day, in the order they come: (day, its words, entries)."""
    entries = [entry for entry in map(entry_of, rows) if entry is not None]
    found = []
    for day, group in groupby(entries, key=lambda entry: timezone.localtime(entry.at).date()):
        near = abs((day - timezone.localdate()).days) <= 1
        found.append((day, capfirst(formats.day_ago(day)) if near else formats.day(day, "full"), list(group)))
    return found

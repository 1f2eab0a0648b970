"""A ticket's conversation as it is read: messages and what happened between them, in order."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from crm import timeline
from crm.models import Event
from crm.timeline import Entry

from .models import Message, Ticket

SHOWN = 60  # messages, the newest; the others on demand
EVENTS = 80
SAID = ("ticket.replied", "ticket.noted")  # the messages themselves stand there

QUOTED = re.compile(r"^\s*>")
#: "On Monday Ann wrote:", in the languages of mail programs; with the original message's head of others.
WROTE = re.compile(
    r"^\s*(on\b.{0,200}\bwrote:|le\b.{0,200}\ba écrit\s*:|el\b.{0,200}\bescribió:|am\b.{0,200}\bschrieb.{0,80}:"
    r"|-{2,}\s*(original message|message d'origine|mensaje original).{0,40}|_{10,})\s*$",
    re.IGNORECASE,
)


@dataclass
class Said:
    """A message, its text cut into what was written and what was quoted."""

    message: Message
    text: str
    quote: str
    new: bool = False
    at: dt.datetime = field(init=False)
    entry: None = None

    def __post_init__(self) -> None:
        self.at = self.message.at


@dataclass
class Happened:
    """An event, as a thin line."""

    entry: Entry
    at: dt.datetime
    opening: bool = False
    message: None = None


def split_quote(text: str) -> tuple[str, str]:
    """(what was written, the quoted rest): the rest begins where an earlier mail does and nothing is written after it.

    A reply between quoted lines stays whole: folding it would hide what somebody wrote.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if WROTE.match(line) and (line.strip("-_ ") or "-" in line or "_" in line):
            return "\n".join(lines[:number]).rstrip(), "\n".join(lines[number:]).strip()
    start = len(lines)
    while start and (QUOTED.match(lines[start - 1]) or not lines[start - 1].strip()):
        start -= 1
    quote = "\n".join(lines[start:]).strip()
    return ("\n".join(lines[:start]).rstrip(), quote) if quote else (text.rstrip(), "")


def messages_of(ticket: Ticket, user: Any) -> Any:
    """The ticket's messages that the user may read, the newest last."""
    found = Message.objects.readable_by(user).filter(ticket=ticket)
    return found.select_related("user", "person").prefetch_related("attachments").order_by("at", "pk")


def said(messages: Any, since: int | None = None) -> list[Said]:
    """Messages as they are shown; those after `since` are marked new."""
    return [Said(row, *split_quote(row.body), new=since is not None and row.pk > since) for row in messages]


def conversation_of(ticket: Ticket, user: Any, *, whole: bool = False, since: int | None = None) -> tuple[list[Any], int]:
    """What was said and what happened, oldest first; and how many older messages are left out."""
    found = messages_of(ticket, user)
    hidden = 0
    if not whole:
        newest = list(found.order_by("-at", "-pk")[: SHOWN + 1])[::-1]
        if len(newest) > SHOWN:
            hidden = found.count() - SHOWN
            newest = newest[-SHOWN:]
        found = newest
    messages = said(found, since)
    start = messages[0].at if hidden and messages else None
    lines = [line for line in happened(ticket) if start is None or line.at >= start]
    return sorted([*messages, *lines], key=_place), hidden


def _place(item: Any) -> tuple[dt.datetime, int]:
    """At one moment: that it was opened, then what was said, then what that did."""
    if item.message is not None:
        return item.at, 1
    return item.at, 0 if item.opening else 2


def happened(ticket: Ticket) -> list[Happened]:
    """The ticket's own events less its messages."""
    events = Event.objects.filter(subject_type=ticket._meta.label_lower, subject_id=ticket.pk).exclude(kind__in=SAID)
    entries = [(event, timeline.entry_of(event)) for event in events.select_related("actor").order_by("-pk")[:EVENTS]]
    return [Happened(entry, entry.at, event.kind == "ticket.created") for event, entry in entries if entry is not None]

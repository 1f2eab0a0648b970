"""Recording what happened. Every change that matters writes an Event in the transaction of the change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """The door a change came through."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    ADMIN = "admin", _("Administration")
    IMPORT = "import", _("Import")
    MAIL = "mail", _("Mail")
    FORM = "form", _("Web form")
    SYSTEM = "system", _("System")


HUMAN = (Origin.PAGE, Origin.ADMIN)

_origin: ContextVar[str] = ContextVar("origin", default=Origin.SYSTEM)
_actor: ContextVar[Any] = ContextVar("actor", default=None)


@contextmanager
def acting(user: Any, origin: str) -> Iterator[None]:
    """Everything inside is done by `user` through `origin`. Middleware, API, imports and jobs open it once."""
    tokens = _origin.set(origin), _actor.set(user)
    try:
        yield
    finally:
        _origin.reset(tokens[0])
        _actor.reset(tokens[1])


def origin() -> str:
    """The door of the running change."""
    return _origin.get()


def actor() -> Any:
    """The signed-in user of the running change, or None for the system."""
    user = _actor.get()
    return user if user is not None and getattr(user, "is_authenticated", False) else None


def stamp(record: Any) -> Any:
    """Writes creator and origin on a new record (see `models.Record`)."""
    user = actor()
    record.created_by = user
    record.created_by_team_id = user.team_id if user else None
    record.origin = origin()
    return record


def build(
    kind: str, subject: models.Model, *, old: dict | None = None, new: dict | None = None, at: dt.datetime | None = None
) -> Any:
    """An unsaved Event about `subject`; use `record` unless many are written at once."""
    from .models import Event

    return Event(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_name=str(subject)[:255],
        actor=actor(),
        origin=origin(),
        at=at or timezone.now(),
        old=old or {},
        new=new or {},
    )


def record(
    kind: str,
    subject: models.Model,
    *,
    old: dict | None = None,
    new: dict | None = None,
    at: dt.datetime | None = None,
    links: Iterable[models.Model | None] = (),
) -> Any:
    """Writes one event and its links to other records, then tells the subscribers. Call it inside the change's transaction.

    kind: "deal.won"; old and new: only the fields that changed; links: records whose timeline shows the event too.
    """
    return record_many([(build(kind, subject, old=old, new=new, at=at), [subject, *links])])[0]


def record_many(rows: list[tuple[Any, list[models.Model | None]]]) -> list[Any]:
    """Writes many built events with their links in two statements."""
    from .models import Event, EventLink

    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Events are written in the transaction of their change.")
    events = Event.objects.bulk_create([event for event, _links in rows], batch_size=500)
    links = {}
    for event, (_same, linked) in zip(events, rows, strict=True):
        for item in linked:
            if item is not None and item.pk is not None:
                links[event.pk, item._meta.label_lower, item.pk] = event.at
    EventLink.objects.bulk_create(
        [EventLink(event_id=e, object_type=t, object_id=o, at=at) for (e, t, o), at in links.items()], batch_size=500
    )
    _note_act(events)
    tell(events)
    for event in events:
        for handler in _subscribers.get(event.kind, ()):
            handler(event)
    return events


_watchers: list[Any] = []


def watch(handler: Any) -> Any:
    """Decorator: call the function with all events that were written at once, whatever their kind: for rows that follow from the log."""
    _watchers.append(handler)
    return handler


def tell(events: Sequence[Any]) -> None:
    """Shows the watchers events that have been written; who writes them past `record_many` calls it."""
    for handler in _watchers:
        handler(events)


def _note_act(events: Iterable[Any]) -> None:
    """The running user has worked on a record today, if these events came by hand."""
    from .presence import SETTINGS, mark_acted

    user = actor()
    if user is not None and any(
        event.actor_id == user.pk and event.origin in HUMAN and not event.subject_type.startswith(SETTINGS) for event in events
    ):
        mark_acted(user)


_subscribers: dict[str, list[Any]] = {}


def subscribe(*kinds: str) -> Any:
    """Decorator: call the function with each event of these kinds, in the transaction that wrote it.

    This is how apps that may not import each other hear of one another. A handler that does more than write rows enqueues a job.
    """

    def add(handler: Any) -> Any:
        for kind in kinds:
            _subscribers.setdefault(kind, []).append(handler)
        return handler

    return add

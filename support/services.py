"""What people do with tickets. Each function is one transaction: lock, change, history, event, what is derived, and the days to
recompute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from contacts import services as contacts
from contacts.matching import company_domain
from contacts.models import Person, Task
from crm import events
from crm.changes import clean, lock
from crm.models import Organisation, fresh_number

from . import catalogue, files, history, outgoing, owners
from .choices import WAITING, Author, Category, MailState, Visibility
from .models import Attachment, Desk, Message, Tag, Ticket, TicketStatus, TicketTag, TicketTask
from .sla import Promises

ONE_ANSWER = dt.timedelta(hours=24)


class SomethingNew(Exception):
    """Something arrived after what the writer had read; `messages` holds it. Nothing was written."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__(f"{len(messages)} new")
        self.messages = messages


# --- opening ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_ticket(
    ticket: Ticket,
    *,
    body: str = "",
    visibility: str | None = None,
    author: str | None = None,
    attachments: Sequence[Any] = (),
    tags: Iterable[str] = (),
    promises: Promises | None = None,
    derive: bool = True,
    **message: Any,
) -> Ticket:
    """Writes a new ticket and its first message. `message` holds further columns of that message (html, email, message_id, ...).

    It may be solved or closed already, with its own dates (an import, a call that was dealt with at once). One that our side wrote
    is "opened by us" and has no first response. derive=False leaves `history.rebuild(..., new=True)` to the caller, for many.
    """
    told = bool(body or attachments or message.get("html"))
    if told and (visibility is None or author is None):
        raise TypeError("A first message needs its visibility and its author.")
    owners.check(ticket.owner)
    _complete(ticket)
    ticket.agent_opened = ticket.agent_opened or author == Author.AGENT
    events.stamp(ticket)
    _check(ticket)
    promises = promises or Promises()
    solved_at, closed_at, status = ticket.solved_at, ticket.closed_at, ticket.status
    if solved_at is not None:
        _stand(ticket, catalogue.default_status(Category.OPEN), None, None)
    ticket.save()
    _tag(ticket, tags)
    history.begin(ticket, promises)
    _record("ticket.created", ticket, new={**present_facts(ticket), "subject": ticket.subject}, at=ticket.created_at)
    if told:
        first = {"visibility": visibility, "author": author, "body": body, "at": ticket.created_at, **message}
        _say(ticket, first, attachments)
    if solved_at is not None:
        _finish(ticket, status, solved_at, closed_at, promises)
    if derive:
        history.rebuild([ticket], new=True, promises=promises)
    return ticket


def _finish(ticket: Ticket, status: TicketStatus, solved_at: dt.datetime, closed_at: Any, promises: Promises) -> None:
    """Solves, and closes, a ticket that came so."""
    _stand(ticket, catalogue.default_status(Category.DONE) if closed_at else status, solved_at, None)
    ticket.save()
    history.advance(ticket, solved_at, promises)
    _record("ticket.solved", ticket, new=present_facts(ticket), at=solved_at)
    if closed_at is not None:
        _stand(ticket, status, solved_at, closed_at)
        ticket.save()
        history.advance(ticket, closed_at, promises)
        _record("ticket.closed", ticket, new=present_facts(ticket), at=closed_at)


def _complete(ticket: Ticket) -> None:
    """Fills what a new ticket may leave out: queue, status, company, team, language, number, and the dates of one that is done."""
    if not ticket.queue_id:
        ticket.queue = catalogue.default_queue()
    if ticket.status_id is None or ticket.closed_at and not ticket.status.closes:
        done = "closed" if ticket.closed_at else Category.DONE if ticket.solved_at else Category.OPEN
        ticket.status = catalogue.default_status(done)
    if ticket.solved_at and ticket.status.category != Category.DONE:
        ticket.status = catalogue.default_status(Category.DONE)
    ticket.category = ticket.status.category
    if ticket.category == Category.DONE:
        ticket.solved_at = ticket.solved_at or ticket.closed_at or max(timezone.now(), ticket.created_at)
        if ticket.status.closes:
            ticket.closed_at = ticket.closed_at or ticket.solved_at
    if ticket.requester is not None:
        ticket.company = ticket.company or ticket.requester.company
        ticket.language = ticket.language or ticket.requester.language
    if ticket.team_id is None:
        ticket.team = ticket.owner.team if ticket.owner and ticket.owner.team_id else ticket.queue.team
    if not ticket.number:
        ticket.number = fresh_number(Ticket, "ticket", "T-")


def _check(ticket: Ticket) -> None:
    ticket.subject = " ".join(ticket.subject.split())
    ticket.type = " ".join(ticket.type.split())
    errors: dict[str, Any] = {}
    if ticket.solved_at and ticket.solved_at < ticket.created_at:
        errors["solved_at"] = _("A ticket cannot be solved before it was opened.")
    if ticket.closed_at and ticket.solved_at and ticket.closed_at < ticket.solved_at:
        errors["closed_at"] = _("A ticket cannot be closed before it was solved.")
    if ticket.stated_response_at and ticket.stated_response_at < ticket.created_at:
        errors["first_response_at"] = _("A ticket cannot be answered before it was opened.")
    if errors:
        raise ValidationError(errors)
    clean(ticket)


def _stand(ticket: Ticket, status: TicketStatus, solved_at: dt.datetime | None, closed_at: dt.datetime | None) -> None:
    ticket.status, ticket.category = status, status.category
    ticket.solved_at, ticket.closed_at = solved_at, closed_at


def present_facts(ticket: Ticket) -> dict[str, Any]:
    """What those who hear of a ticket's events need to know: who is in charge, for whom."""
    names = ("owner_id", "team_id", "queue_id", "requester_id", "company_id", "status_id")
    values = {name.removesuffix("_id"): getattr(ticket, name) for name in names}
    return {**values, "number": ticket.number, "priority": ticket.priority, "channel": ticket.channel}


def _record(
    kind: str, ticket: Ticket, *, old: dict | None = None, new: dict | None = None, at: dt.datetime | None = None
) -> None:
    events.record(kind, ticket, old=old, new=new, at=at, links=[ticket.company, ticket.requester])


def _tag(ticket: Ticket, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Makes these the ticket's tags; returns (before, after)."""
    before = sorted(ticket.tags.values_list("name", flat=True)) if ticket.pk else []
    wanted: dict[int, Tag] = {}
    for name in names:
        if name.strip():
            tag = catalogue.tag_named(name)
            wanted[tag.pk] = tag
    ticket.ticket_tags.exclude(tag__in=wanted).delete()
    there = set(ticket.ticket_tags.values_list("tag_id", flat=True))
    TicketTag.objects.bulk_create([TicketTag(ticket=ticket, tag=tag) for pk, tag in wanted.items() if pk not in there])
    return before, sorted(tag.name for tag in wanted.values())


# --- messages --------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_message(
    ticket: Ticket,
    *,
    visibility: str,
    author: str,
    body: str = "",
    attachments: Sequence[Any] = (),
    status: TicketStatus | None = None,
    at: dt.datetime | None = None,
    expected_last_message_id: int | None = None,
    nonce: str = "",
    **message: Any,
) -> Message:
    """Writes a message on a ticket. `message` holds further columns (html, email, person, automatic, message_id, ...).

    A public reply of ours is mailed, and `status` is the ticket's status after it. A customer's message takes a waiting ticket up
    again and reopens a solved one; on a closed one it opens a follow-up, whose message is returned. Automatic messages are kept and
    change nothing. The same nonce again returns what the first one wrote.

    expected_last_message_id: the last message the writer had read (0: none); SomethingNew is raised when there is a later one.
    """
    lock(ticket)
    if nonce and (sent := ticket.messages.filter(nonce=nonce).first() or _sent_as_follow_up(ticket, nonce)):
        return sent
    if expected_last_message_id is not None:
        later = list(ticket.messages.filter(pk__gt=expected_last_message_id).order_by("at", "pk"))
        if later:
            raise SomethingNew(later)
    at = at or timezone.now()
    row = {"visibility": visibility, "author": author, "body": body, "at": at, "nonce": nonce, **message}
    automatic = bool(message.get("automatic"))
    if author == Author.CUSTOMER and ticket.closed and not automatic:
        return _follow_up(ticket, row, attachments)
    said = _say(ticket, row, attachments)
    if author == Author.CUSTOMER and not automatic and ticket.category in (*WAITING, Category.DONE):
        status = catalogue.default_status(Category.OPEN)
    if status is not None:
        _change_status(ticket, status, at)
    ticket.save()
    history.advance(ticket, at, Promises())
    history.rebuild([ticket])
    return said


def _say(ticket: Ticket, row: dict[str, Any], attachments: Sequence[Any]) -> Message:
    """Writes the message with its files and its event, and queues its mail."""
    kept = files.check(attachments)
    if not (row.get("body", "").strip() or row.get("html") or kept):
        raise ValidationError({"body": _("Write something, or attach a file.")})
    message = Message(ticket=ticket, origin=events.origin(), **row)
    message.channel = row.get("channel") or ticket.channel
    if message.author == Author.CUSTOMER:
        if message.visibility != Visibility.PUBLIC:
            raise ValidationError({"visibility": _("What a customer writes is public.")})
        message.person = message.person or ticket.requester
    elif message.author == Author.AGENT:
        message.user = message.user or events.actor()
    ours = message.author != Author.CUSTOMER and message.visibility == Visibility.PUBLIC
    if ours and message.origin != events.Origin.IMPORT and message.mail_state == MailState.NONE:
        outgoing.address(message)
    clean(message)
    message.save()
    files.keep(message, kept)
    outgoing.queue(message)
    kind = "ticket.replied" if message.public else "ticket.noted"
    # Words stay in the message: events are read in more places than notes may be.
    new = {"message": message.pk, "author": message.author, "automatic": message.automatic}
    events.record(kind, ticket, new=new, at=message.at)
    return message


def _sent_as_follow_up(ticket: Ticket, nonce: str) -> Message | None:
    return Message.objects.filter(ticket__followed_up=ticket, nonce=nonce).first()


def _follow_up(closed: Ticket, row: dict[str, Any], attachments: Sequence[Any]) -> Message:
    """A new ticket for what came after the old one was closed, with the same people and queue, linked to it."""
    names = ("subject", "requester", "email", "company", "queue", "type", "language", "owner")
    ticket = Ticket(followed_up=closed, created_at=row["at"], **{name: getattr(closed, name) for name in names})
    ticket.channel = row.get("channel") or closed.channel
    if ticket.owner is not None and not (ticket.owner.is_active and owners.handles(ticket.owner)):
        ticket.owner = None
    rest = {name: value for name, value in row.items() if name not in ("at", "visibility", "author", "body")}
    tags = closed.tags.values_list("name", flat=True)
    ticket = open_ticket(
        ticket, body=row["body"], visibility=row["visibility"], author=row["author"], attachments=attachments, tags=tags, **rest
    )
    events.record("ticket.followed_up", closed, new={"ticket": ticket.pk, "number": ticket.number}, at=row["at"])
    first = ticket.messages.first()
    assert first is not None
    return first


@transaction.atomic
def acknowledge(ticket: Ticket) -> Message | None:
    """Tells the customer by mail that the ticket arrived, with its link. Once a day per address, so that nobody can be flooded
    through us; and in our words alone, so that nobody can write through us."""
    to = outgoing.recipient(ticket)
    since = timezone.now() - ONE_ANSWER
    if not to or Message.objects.filter(to__iexact=to, author=Author.SYSTEM, at__gt=since).exists():
        return None
    lock(ticket)
    with override(ticket.language or Organisation.current().language):
        body = _("We have received your request %(number)s and will answer as soon as we can.") % {"number": ticket.number}
    row = {"visibility": Visibility.PUBLIC, "author": Author.SYSTEM, "automatic": True, "body": body, "at": timezone.now()}
    return _say(ticket, row, ())


# --- changing --------------------------------------------------------------------------------------------------------


@transaction.atomic
def change_ticket(ticket: Ticket, *, at: dt.datetime | None = None, tags: Iterable[str] | None = None, **changes: Any) -> Ticket:
    """Changes any fields of a ticket, status and tags included. The history goes on at `at` (now).

    A corrected created_at or solved_at moves the history. Spam has its own function.
    """
    if {"spam", "category", "link_version", "closed_at"} & set(changes):
        raise TypeError("Use mark_spam, revoke_link, close; the category follows from the status.")
    lock(ticket)
    at = at or timezone.now()
    requester = ticket.requester_id
    status, solved_at = changes.pop("status", None), changes.pop("solved_at", None)
    if "queue" in changes and "team" not in changes and "owner" not in changes and ticket.owner_id is None:
        changes["team"] = changes["queue"].team
    old, new = contacts.prepare(ticket, changes)
    if "owner" in new:
        owners.check(ticket.owner)
    if "created_at" in new:
        ticket.undated = False
    if tags is not None:
        before, after = _tag(ticket, tags)
        if before != after:
            old["tags"], new["tags"] = before, after
    if status is not None and status.pk != ticket.status_id:
        _change_status(ticket, status, at)
    moved = solved_at is not None and ticket.solved_at is not None and solved_at != ticket.solved_at
    if moved:
        old["solved_at"], new["solved_at"] = ticket.solved_at, solved_at
        ticket.solved_at = solved_at
    _check(ticket)
    ticket.save()
    history.mark([ticket.pk])
    if "created_at" in new:
        history.redate_creation(ticket)
    promises = Promises()
    history.advance(ticket, at, promises)
    if moved:
        history.redate_solve(ticket, solved_at)
    if new:
        _record("ticket.changed", ticket, old=old, new=new, at=at)
    moved_on = {"requester", "type", "created_at"} & set(new)
    history.rebuild([ticket], promises=promises, beside=[requester, ticket.requester_id] if moved_on else ())
    return ticket


@transaction.atomic
def add_tag(ticket: Ticket, name: str) -> Ticket:
    """Gives the ticket one more tag. Locked before its tags are read, so that two who tag at once both do."""
    lock(ticket)
    return change_ticket(ticket, tags=[*ticket.tags.values_list("name", flat=True), name])


def _change_status(ticket: Ticket, status: TicketStatus, at: dt.datetime) -> None:
    """Sets the status with the dates that follow from it, and writes what that means. Closed tickets stay closed."""
    if ticket.status_id == status.pk:
        return
    if ticket.closed and not status.closes:
        raise ValidationError({"status": _("A closed ticket does not reopen. Open a follow-up instead.")})
    was_done, old = ticket.category == Category.DONE, {"status": ticket.status_id}
    done = status.category == Category.DONE
    solved_at = (ticket.solved_at or at) if done else None
    _stand(ticket, status, solved_at, (ticket.closed_at or at) if status.closes else None)
    new = present_facts(ticket)
    if done and not was_done:
        _record("ticket.solved", ticket, old=old, new=new, at=at)
    elif was_done and not done:
        _record("ticket.reopened", ticket, old=old, new=new, at=at)
    if status.closes:
        _record("ticket.closed", ticket, old=old, new=new, at=at)
    elif done == was_done:
        events.record("ticket.moved", ticket, old=old, new={"status": status.pk}, at=at)


def solve(ticket: Ticket, *, at: dt.datetime | None = None, status: TicketStatus | None = None) -> Ticket:
    """Marks the ticket solved; doing it twice changes nothing."""
    if ticket.category == Category.DONE and status is None:
        return ticket
    return change_ticket(ticket, status=status or catalogue.default_status(Category.DONE), at=at)


def reopen(ticket: Ticket, *, at: dt.datetime | None = None) -> Ticket:
    """Takes the solution back; refused for closed tickets."""
    return change_ticket(ticket, status=catalogue.default_status(Category.OPEN), at=at)


def close(ticket: Ticket, *, at: dt.datetime | None = None) -> Ticket:
    """Closes the ticket for good, solving it first where it was not."""
    return change_ticket(ticket, status=catalogue.default_status("closed"), at=at)


def take(ticket: Ticket, *, at: dt.datetime | None = None) -> Ticket:
    """Makes whoever does this the owner."""
    return change_ticket(ticket, owner=events.actor(), at=at)


@transaction.atomic
def mark_spam(ticket: Ticket, spam: bool = True) -> Ticket:
    """Takes the ticket out of every number, past ones included, or back in."""
    lock(ticket)
    if ticket.spam == spam:
        return ticket
    history.mark([ticket.pk])
    ticket.spam = spam
    ticket.save()
    events.record("ticket.spam" if spam else "ticket.no_spam", ticket, old={"spam": not spam}, new={"spam": spam})
    history.rebuild([ticket], beside=[ticket.requester_id])
    return ticket


@transaction.atomic
def delete_ticket(ticket: Ticket) -> None:
    """Deletes a ticket with its messages and files: it leaves every number, past ones included."""
    lock(ticket)
    requester = ticket.requester_id
    history.mark([ticket.pk])
    _record("ticket.deleted", ticket, old={"subject": ticket.subject, "number": ticket.number})
    files.remove_later(list(Attachment.objects.filter(message__ticket=ticket)))
    ticket.delete()
    history.rebuild([], beside=[requester])


@transaction.atomic
def revoke_link(ticket: Ticket) -> Ticket:
    """Makes all links to the ticket that customers have worthless; later mails carry a new one."""
    lock(ticket)
    ticket.link_version += 1
    ticket.save()
    events.record("ticket.link_revoked", ticket)
    return ticket


@transaction.atomic
def save_ticket_task(ticket: Ticket, task: Task, **changes: Any) -> Task:
    """Creates or changes a task of a ticket; company and person come from the ticket unless given."""
    if not task.pk:
        changes.setdefault("company", ticket.company)
        changes.setdefault("person", ticket.requester)
    task = contacts.save_task(task, also=[ticket], **changes)
    TicketTask.objects.get_or_create(ticket=ticket, task=task)
    return task


def requester_of(email: str, name: str = "") -> Person:
    """The person with that address; a new one where there is none. For tickets that come from outside."""
    person = contacts.match_person(email, "", name, None)
    if person is None:
        domain = company_domain(email)
        company = contacts.match_company(domain=domain) if domain else None
        person = contacts.save_person(Person(), name=name or email.partition("@")[0], emails=[(email, "work")], company=company)
    return person


def close_old(now: dt.datetime | None = None, limit: int = 200) -> int:
    """Closes tickets that have been solved for as long as the desk says; returns how many, at most `limit`."""
    now = now or timezone.now()
    before = now - dt.timedelta(days=Desk.current().close_after_days)
    old = Ticket.objects.filter(solved_at__lte=before, closed_at__isnull=True)
    closed = 0
    for pk in list(old.order_by("solved_at", "pk").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            ticket = old.select_for_update().filter(pk=pk).first()  # none when a customer reopened it meanwhile
            if ticket is not None:
                close(ticket)
                closed += 1
    return closed

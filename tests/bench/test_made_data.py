"""The data to measure on is what the application itself would have written."""

from __future__ import annotations

from typing import Any

from marketing.models import Submission, Visit
from support import history
from support.models import ReplyWait, SlaSegment, SlaTarget, Ticket, TicketFacts, TicketState
from surveys.models import Invitation, Response

from . import make_data, make_service, make_web

COUNT = 50


def derived() -> dict[str, list[Any]]:
    """Everything that a replay may touch, without keys of its own."""
    own = {"id", "target_id"}
    found = {}
    for model in (Ticket, TicketFacts, TicketState, ReplyWait, SlaTarget, SlaSegment):
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in own]
        found[model.__name__] = sorted(model._default_manager.order_by().values_list(*names), key=repr)
    return found


def test_made_and_copied_rows_are_what_a_replay_writes(db, monkeypatch):
    """25 deals, tickets and answers, 250 visits, and one copy of each; once, for PostgreSQL's sequences stay where the copies left them."""
    for module in (make_data, make_service, make_web):
        monkeypatch.setattr(module, "BASE", COUNT // 2)
    make_data.fill(COUNT)
    make_service.fill(COUNT)

    before = derived()
    for ticket in Ticket.objects.all():
        history.replay(ticket)
    assert derived() == before
    assert len(before["Ticket"]) == COUNT and len(before["SlaTarget"]) > COUNT

    assert Response.objects.count() == COUNT
    assert Invitation.objects.count() == 2 * COUNT
    numbers: dict[int | None, str] = dict(Ticket.objects.values_list("pk", "number"))
    about = list(Response.objects.exclude(subject_id=None).values_list("subject_id", "subject_number"))
    assert about and all(numbers[pk] == number for pk, number in about)

    make_web.fill(COUNT)
    assert Visit.objects.count() == make_web.VISITS * COUNT
    assert Visit.objects.filter(submitted=1).count() == Submission.objects.count() > 0

"""Which days of which sources a change of a survey row touches."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from analytics import dirty
from crm.periods import local_day

from .choices import Kind
from .models import Invitation, Response

NPS, CES, CSAT, INVITATIONS = "surveys.nps", "surveys.ces", "surveys.csat", "surveys.invitations"
SOURCES: dict[str, str] = {Kind.NPS: NPS, Kind.CES: CES, Kind.CSAT: CSAT}


def of_response(response: Response) -> list[tuple[str, dt.date | None]]:
    """The day of the answer, and the day its invitation was delivered (answered or not is counted there)."""
    days: list[tuple[str, dt.date | None]] = [(SOURCES[response.kind], local_day(response.responded_at))]
    return days + (of_invitation(response.invitation) if response.invitation else [])


def of_invitation(invitation: Invitation) -> list[tuple[str, dt.date | None]]:
    """The day the invitation was delivered, if it was."""
    return [(INVITATIONS, local_day(invitation.delivered_at))] if invitation.delivered_at else []


def mark(rows: Iterable[Response | Invitation]) -> None:
    """Marks the days of these rows, as they are now, in the running transaction."""
    dirty.mark(day for row in rows for day in (of_response(row) if isinstance(row, Response) else of_invitation(row)))


def around(row: Response | Invitation) -> list[tuple[str, dt.date]]:
    """The days of the row and those beside them, where another time zone may have put it."""
    found = of_response(row) if isinstance(row, Response) else of_invitation(row)
    return [(source, day + dt.timedelta(days=step)) for source, day in found if day for step in (-1, 0, 1)]

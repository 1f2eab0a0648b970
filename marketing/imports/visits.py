"""Importing visits: one session a row, or many that share all that the row says."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.leads import index_of as leads_of
from contacts.imports.leads import whoever
from contacts.models import Lead
from contacts.services import save_lead
from crm.imports.engine import Step, options_of
from crm.imports.parsing import fold, parse_whole
from crm.imports.registry import Field, Kind, Row, register

from ..models import Visit
from ..visits import write_visits

YES, NO = ("yes", "y", "true", "t", "x", "oui", "si", "sí", "ja"), ("no", "n", "false", "f", "non", "nein", "-")
MOST = 10**9  # sessions or clicks in one row
SAYS = ("visitor", "started_at", "landing_page", "source", "medium", "campaign", "clicks", "submitted", "lead_id", "sessions")


def visitor_of(text: str) -> str:
    """A visitor's number that tells nothing: files may call them by their address."""
    return "i" + hashlib.sha256(text.encode()).hexdigest()[:40] if text else ""


def says(visit: Visit) -> tuple[Any, ...]:
    return tuple(getattr(visit, name) for name in SAYS)


def known(step: Step, visits: Sequence[Visit]) -> Counter[tuple[Any, ...]]:
    """How many visits of earlier imports say the same as these."""
    moments = {visit.started_at for visit in visits}
    rows = Visit.objects.filter(~Q(batch=step.run.pk), batch__isnull=False, started_at__in=moments).order_by()
    return Counter(rows.values_list(*SAYS))


@register
class Visits(Kind):
    """Visits. Rows may repeat: two visitors may do the same. A file that is imported again adds what was not there as often."""

    key = "visits"
    label = gettext_lazy("Visits to the website")
    needs = (("visit", "change"),)
    required = (("started_at",),)
    fields = (
        Field("visitor", gettext_lazy("Visitor"), headings=("visitor id", "client id", "user id", "cookie")),
        Field("started_at", gettext_lazy("Started"), "moment", headings=("date", "day", "session start", "timestamp", "time")),
        Field(
            "landing_page",
            gettext_lazy("Landing page"),
            limit=300,
            headings=("page", "entry page", "url", "path", "landing page id"),
        ),
        Field("source", gettext_lazy("Source"), limit=80, headings=("utm_source", "channel", "origin", "traffic source")),
        Field("medium", gettext_lazy("Channel"), limit=80, headings=("utm_medium", "channel grouping")),
        Field("campaign", gettext_lazy("Campaign"), limit=120, headings=("utm_campaign",)),
        Field("clicks", gettext_lazy("Clicks"), "whole", headings=("link clicks", "events")),
        Field(
            "submitted",
            gettext_lazy("Sent a form"),
            limit=20,
            headings=("conversions", "submissions", "converted", "goal completions"),
            help=gettext_lazy("Yes or no; how many of the sessions, where the row stands for many."),
        ),
        Field("lead", gettext_lazy("Lead"), limit=254, headings=("lead number", "lead id", "lead e-mail")),
        Field("sessions", gettext_lazy("Sessions"), "whole", headings=("visits", "users", "count")),
    )

    def identities(self, row: Row) -> list[str]:
        return [f"line:{row.line}"]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        leads = self._leads(rows, step)
        found = [(row, visit) for row in rows if (visit := self._visit(row, step, leads)) is not None and not row.refused]
        there = known(step, [visit for _row, visit in found])
        index: Any = step.index("visits", lambda since: ())
        matched: Counter = index.__dict__.setdefault("matched", Counter())
        fresh = []
        for row, visit in found:
            mark = says(visit)
            if matched[mark] < there[mark]:
                matched[mark] += 1
                row.result = "unchanged"
            else:
                fresh.append((row, visit))
        write_visits([visit for _row, visit in fresh])
        for row, visit in fresh:
            self._tell_lead(leads.get(row.text("lead")), visit, step)
            row.result = "created"

    def _leads(self, rows: Sequence[Row], step: Step) -> dict[str, Lead]:
        """The leads that cells name, by number or e-mail."""
        texts = {row.text("lead") for row in rows if row.text("lead")}
        ids = {}
        for text in texts:
            found = leads_of(step).find(f"n:{text.lower()}", whoever(text, "", ""))
            if found and not found.several:
                ids[text] = found.pk
        leads = Lead.objects.in_bulk(ids.values())
        return {text: leads[pk] for text, pk in ids.items() if pk in leads}

    def _visit(self, row: Row, step: Step, leads: dict[str, Lead]) -> Visit | None:
        """The unsaved visit of a row; the row is refused where it cannot be one."""
        started: dt.datetime | None = row.get("started_at")
        if started is None:
            row.refuse("started_at", _("is missing"))
            return None
        sessions, clicks = row.get("sessions", 1), row.get("clicks", 0)
        for key, number in (("sessions", sessions), ("clicks", clicks)):
            if not (1 if key == "sessions" else 0) <= number <= MOST:
                row.refuse(key, _("is not a possible number"))
        text = row.text("lead")
        lead = leads.get(text)
        if text and lead is None and fold(text) not in (*NO, "0"):
            row.refuse("lead", _("there is no such lead: give its number or e-mail"))
        submitted = self._submitted(row, step, sessions)
        if row.refused:
            return None
        return Visit(
            visitor=visitor_of(row.text("visitor")),
            started_at=started,
            last_at=started,
            lead=lead,
            sessions=sessions,
            clicks=clicks,
            submitted=submitted,
            batch=step.run.pk,
            **{name: row.text(name) for name in ("landing_page", "source", "medium", "campaign")},
        )

    def _submitted(self, row: Row, step: Step, sessions: int) -> int:
        """How many of the row's sessions sent a form; yes is all of them. A number is read as in other columns."""
        text = fold(row.text("submitted"))
        if not text or text in NO:
            return 0
        if text in YES:
            return sessions
        try:
            number = parse_whole(text, options_of(step.run).decimal)
        except ValueError:
            number = -1
        if not 0 <= number <= sessions:
            row.refuse("submitted", _("must be yes, no, or a number of the row's sessions"))
        return number

    def _tell_lead(self, lead: Lead | None, visit: Visit, step: Step) -> None:
        """A lead that a visit brought came by the website, by the page where the visit began."""
        if lead is not None and not lead.landing_page and visit.landing_page and step.may_change(lead, "lead"):
            save_lead(lead, landing_page=visit.landing_page)

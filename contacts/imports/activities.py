"""Importing what was done: calls, mails, meetings, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.imports.engine import Step
from crm.imports.registry import Field, Kind, Row, register

from ..choices import ActivityKind, Direction, Outcome
from ..models import Activity
from ..services import log_activity
from .common import owner_of, refuse_by
from .companies import References as Companies
from .people import find_person

DIRECTIONS = (*Direction.choices, ("out", "outgoing"), ("in", "incoming"), ("out", "outbound"), ("in", "inbound"))
KINDS = (*ActivityKind.choices, ("mail", "email"), ("call", "phone call"), ("meeting", "visit"), ("meeting", "demo"))


@dataclass(frozen=True)
class Link:
    """A field that an upper app adds: find(step, row) gives the record (or refuses the row), log writes the activity with it.

    same(activities, record) keeps those that are linked to the record already.
    """

    field: Field
    find: Callable[[Step, Row], Any]
    log: Callable[..., Activity]
    same: Callable[[Any, Any], Any]


links: dict[str, Link] = {}


class Activities(Kind):
    """Activities; one of the same type, time, owner, company, person and note is the same, so a file can be imported again."""

    key = "activities"
    label = gettext_lazy("Activities")
    needs = (("activity", "add"),)
    required = (("kind",), ("at",))
    own_fields = (
        Field("kind", gettext_lazy("Type"), "choice", choices=KINDS, headings=("activity type", "type")),
        Field("at", gettext_lazy("When"), "moment", headings=("date", "activity date", "done at", "marked as done time")),
        Field("owner", gettext_lazy("Owner"), headings=("assigned to", "user", "activity - assigned to user")),
        Field("company", gettext_lazy("Company"), headings=("account", "organization")),
        Field("person", gettext_lazy("Person"), headings=("contact", "contact person")),
        Field("direction", gettext_lazy("Direction"), "choice", choices=DIRECTIONS),
        Field("outcome", gettext_lazy("Outcome"), "choice", choices=tuple(Outcome.choices), headings=("result",)),
        Field("minutes", gettext_lazy("Minutes"), "whole", headings=("duration",)),
        Field(
            "note", gettext_lazy("Note"), limit=100_000, headings=("comment", "notes", "description", "note - content", "body")
        ),
    )

    @property
    def fields(self) -> tuple[Field, ...]:  # type: ignore[override]
        return (*self.own_fields, *(link.field for link in links.values()))

    def identities(self, row: Row) -> list[str]:
        return ["|".join(row.raw.get(key, "") for key in ("kind", "at", "owner", "company", "person", "note", *links))]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        companies = Companies(step, rows)
        for row in rows:
            for key in ("kind", "at"):
                if row.get(key) is None:
                    row.refuse(key, _("is missing"))
            if (row.get("minutes") or 0) < 0 or (row.get("minutes") or 0) > 1440:
                row.refuse("minutes", _("is not between 0 and 1440"))
            if not row.refused:
                self._save(row, step, companies)

    def _save(self, row: Row, step: Step, companies: Companies) -> None:
        owner = owner_of(row, step, "activity", new=True)
        company = companies.get(row)
        person = find_person(step, row, company)
        linked = {key: link.find(step, row) for key, link in links.items() if row.text(key)}
        if row.refused:
            return
        same = Activity.objects.filter(kind=row.values["kind"], at=row.values["at"], owner=owner, note=row.text("note"))
        same = same.filter(company=company) if company else same
        same = same.filter(person=person) if person else same
        for key, record in linked.items():
            same = links[key].same(same, record)
        if same.exists():
            row.result = "unchanged"
            return
        values = {
            key: row.values[key] for key in ("kind", "at", "direction", "outcome", "minutes", "note") if row.get(key) is not None
        }
        values |= {"company": company} if company else {}
        values |= {"person": person} if person else {}
        try:
            key, record = next(iter(linked.items()), ("", None))
            if record is not None:
                links[key].log(record, Activity(), owner=owner, **values)
            else:
                log_activity(Activity(), owner=owner, **values)
        except ValidationError as error:
            refuse_by(row, self, error)
            return
        row.result = "created"


register(Activities)

"""What surveys do when something they depend on changes elsewhere: people and companies that are merged, the time zone."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics import dirty
from contacts import services as contacts
from contacts.models import Company, Person
from crm import events, jobs

from . import followups as _followups  # noqa: F401  registers its job
from . import marks
from . import sending as _sending  # noqa: F401  registers its jobs
from . import triggers as _triggers  # noqa: F401  hears of solved tickets and won deals
from .models import Invitation, Response, Survey, Unsubscribe

STEP = 500


def _merge_company(keep: Company, lose: Company) -> None:
    for model in (Invitation, Response):
        model.objects.filter(company=lose).update(company=keep)


def _merge_person(keep: Person, lose: Person) -> None:
    for model in (Invitation, Response, Unsubscribe):
        model.objects.filter(person=lose).update(person=keep)


contacts.company_merges.append(_merge_company)
contacts.person_merges.append(_merge_person)


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    if "time_zone" in event.new:
        for label in DAYS_OF:
            jobs.enqueue("surveys.derive_days", {"model": label, "after": 0})


DAYS_OF: dict[str, Any] = {"survey": Survey, "invitation": Invitation, "response": Response}


@jobs.kind("surveys.derive_days", label=_("Recompute local days"))
def derive_days(job: Any) -> None:
    """Recomputes the local days of 500 rows in another time zone, then leaves the rest to the next step.

    The days beside the new one are marked too: the row may have been counted there before.
    """
    model = DAYS_OF[job.payload["model"]]
    rows = list(model.objects.filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    for row in rows:
        row.save()
    dirty.mark(near for row in rows if not isinstance(row, Survey) for near in marks.around(row))
    if len(rows) == STEP:
        job.again({**job.payload, "after": rows[-1].pk})

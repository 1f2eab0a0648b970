"""When the model of renewals runs, and what its values do when accounts change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics import dirty
from contacts import services as contacts
from contacts.models import Company
from crm import due, events, jobs

from .models import ContractValue, runs


@due.every("deals.contracts", grain="week", each=False)
def weekly(period: Any) -> None:
    """The value of contracts as of the end of the week that is over."""
    jobs.enqueue("deals.contracts_fit", {"day": period.last_day.isoformat()}, key="fit")


@jobs.kind("deals.contracts_fit", label=_("Fit the model of renewals"), lease=900)
def fit(job: Any) -> None:
    """Fits the terms that ended up to a day and values all accounts."""
    from . import fitting  # it loads the mathematics, which only this job needs

    fitting.make(dt.date.fromisoformat(job.payload["day"]))


def _merge_company(keep: Company, lose: Company) -> None:
    """What was expected of both is expected of the one; it counts under the plan, owner and team of the more valuable."""
    dirty.mark(runs.marks_of(ContractValue.objects.filter(company__in=[keep.pk, lose.pk]).only("start", "end")))
    kept = {row.run_id: row for row in ContractValue.objects.filter(company=keep)}
    for row in ContractValue.objects.filter(company=lose):
        other = kept.get(row.run_id)
        if other is not None:
            added = None if row.value is None or other.value is None else row.value + other.value
            row, less = (row, other) if (row.value or 0) > (other.value or 0) else (other, row)
            less.delete()
            row.value = added
        row.company = keep
        row.save()


contacts.company_merges.append(_merge_company)


@events.subscribe("company.resegmented", "company.merged")
def _resegmented(event: Any) -> None:
    """Industry is a dimension of what is expected of a company."""
    dirty.mark(runs.marks_of(ContractValue.objects.filter(company=event.subject_id).only("start", "end")))

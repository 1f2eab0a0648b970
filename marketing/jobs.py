"""The jobs of marketing: making visits of hits."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm import jobs

from . import visits


@jobs.kind("marketing.hits", label=_("Count visits to the website"))
def take_hits(job: Any) -> None:
    """Makes visits of up to 500 hits, then leaves the rest to the next step."""
    if visits.take_hits() == visits.STEP:
        job.again()

"""Sample data: a firm that has sold for three years, so that a first look shows numbers and not empty pages.

The kernel fills the organisation, its teams, users and rates; every app adds its own rows through `crm.site.samples`.
The data is the same on every machine for the same day: one seeded generator, dates counted back from today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from .. import site
from ..models import Event, Organisation, User
from ..presence import derive_acted
from . import organisation, usage, users
from .context import Sample

PASSWORD = "sextant-demo"  # noqa: S105  printed by `manage.py demo`; everybody may know it

#: role, login and what the person may see: printed by `manage.py demo`
LOGINS = tuple((person.role, person.username) for person in users.PEOPLE if person.username == person.role)


def is_empty() -> bool:
    """Whether nobody has signed up and nothing has ever been entered."""
    return not User.objects.exists() and not Event.objects.exists()


def fill(now: dt.datetime | None = None, tell: Callable[[str], None] = lambda text: None) -> Sample | None:
    """Fills an empty database; None and no change when it is not empty.

    One transaction: killed in the middle it leaves nothing behind, and the next start begins again.
    """
    with transaction.atomic():
        if not is_empty():
            return None
        sample = Sample(now or timezone.now(), tell)
        organisation.fill(sample)
        Organisation.remember()
        try:
            users.fill(sample, PASSWORD)
            usage.fill(sample)
            for add in site.samples:
                add(sample)
            sample.write_events()
            derive_acted(sample.zone)
        finally:
            Organisation.forget()
    return sample

"""Adds ten visits per deal to a database that `make_data` filled.

    python -m tests.bench.make_web 100000

For 10,000 deals: 100,000 visits over 36 months with their derived columns, and the forms that some of them sent; the rest are
copies with visitors of their own.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from .make_data import BASE, OFFSET, STEP, analyse, copy_rows, main, multiply, reset_sequences

VISITS = 10  # per deal
REGULARS = 2_000  # visitors of the first copy who come again and again
PAGES = [f"/lp/offer-{number:02}" for number in range(20)]
DEVICES = ("desktop", "mobile", "tablet")

#: Texts that tell one visitor from another.
NAMES = {"marketing_visit": ("visitor", "key"), "marketing_submission": ("identity",)}


def fill(count: int) -> None:
    """Adds the visits of `count` deals."""
    from django.db import transaction
    from django.utils import timezone

    from analytics.models import DirtyDay
    from crm.models import Organisation
    from crm.sample.context import SEED, Sample
    from marketing.models import Visit

    if Visit.objects.exists():
        raise SystemExit("There are visits already.")
    base = min(count, BASE)
    with transaction.atomic():
        Organisation.remember()
        sample = Sample(timezone.now(), print)
        sample.random = random.Random(SEED + 3)
        write(sample, VISITS * base)
    multiply(count // base, models(), clone)
    DirtyDay.objects.all().delete()
    reset_sequences(models())
    analyse()


def models() -> list[Any]:
    """What is multiplied, parents before children."""
    from marketing.models import Submission, Visit

    return [Visit, Submission]


def clone(copy: int) -> None:
    """Copies the first visits once more."""
    for model in models():
        copy_rows(model, models(), copy, NAMES, (0, OFFSET))


def write(sample: Any, count: int) -> None:
    """The first visits, a thousand at a time."""
    from contacts.sample import words
    from marketing import visits
    from marketing.models import Visit

    chance, sources, written, sent = sample.random, list(words.SOURCES.items()), [], []
    for days in (sample.days(min(STEP, count)) for _part in range(0, count, STEP)):
        rows = []
        for day in days:
            source, (medium, _share, _rate, campaigns) = chance.choice(sources)
            visit = Visit(started_at=sample.moment(day), source=source, medium=medium, campaign=chance.choice(campaigns))
            visit.visitor = f"v{chance.randrange(REGULARS) if chance.random() < 0.2 else chance.getrandbits(60)}"
            visit.landing_page, visit.device = chance.choice(PAGES), chance.choice(DEVICES)
            visit.views = 1 + int(chance.expovariate(0.7))
            visit.clicks = visit.views - 1
            visit.form_started = int(chance.random() < 0.1)
            visit.submitted = int(visit.form_started and chance.random() < 0.3)
            visit.last_at = visit.started_at + dt.timedelta(seconds=30 * visit.views)
            visits.derive(visit)
            rows.append(visit)
        Visit.objects.bulk_create(rows)
        written += rows
        sent += [visits.submission_of(visit, visit.started_at) for visit in rows if visit.submitted]
    visits.follow(written)
    visits.write_submissions(sent)


if __name__ == "__main__":
    main(__doc__, "visits", fill, VISITS)

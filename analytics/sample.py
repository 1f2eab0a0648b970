"""Sample targets: what everybody who carries a quota should win a month, the teams and everyone, a few for numbers of service and customers, and success thresholds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from crm import periods, site
from crm.models import Organisation
from crm.sample.context import Sample, months_before

from .models import SuccessThreshold, Target
from .own import sample as _own  # noqa: F401  the numbers that a manager would make
from .registry import kpis

#: euros a rep should win in a month, eighteen months ago, and how much more each month
PER_REP, GROWTH = 72_000, 0.015
BACK, AHEAD = 18, 3
#: number, target of each month, in the stored unit
OTHERS = (
    ("win_rate", Decimal(40)),
    ("deals_won", Decimal(16)),
    ("nps", Decimal(35)),
    ("first_response_time", Decimal(4 * 3600)),
    ("sla_attainment", Decimal(92)),
)
#: number, from which level on it is a success, how far it must fall back before it is one anew
THRESHOLDS = (
    ("won_amount", Decimal(400_000_00), Decimal(50_000_00)),
    ("win_rate", Decimal(45), Decimal(5)),
    ("nps", Decimal(40), Decimal(5)),
    ("first_response_time", Decimal(3 * 3600), Decimal(1800)),
)


def fill(sample: Sample) -> None:
    """Month by month, set by the administrator on the first day of each quarter."""
    sample.tell("targets")
    reps = [user for user in sample.users.values() if user.carries_quota and user.is_active and user.team_id]
    rows: list[Target] = []
    for back in range(BACK, -AHEAD - 1, -1):
        month = months_before(sample.today, back)
        each = int(round(PER_REP * (1 + GROWTH * (BACK - back)), -3)) * 100
        rows += [_target("won_amount", month, each, owner=rep, team=rep.team) for rep in reps]
        for team in sample.teams.values():
            size = sum(rep.team_id == team.pk for rep in reps)
            rows += [_target("won_amount", month, each * size, team=team)] if size else []
        rows.append(_target("won_amount", month, each * len(reps)))
        rows += [_target(key, month, value) for key, value in OTHERS if key in kpis]
    _write(sample, rows)
    _thresholds(sample)


def _thresholds(sample: Sample) -> None:
    """Since go-live: what everyone calls a success."""
    setter = sample.users.get("admin")
    for key, value, band in THRESHOLDS:
        if key in kpis:
            currency = Organisation.current().base_currency if kpis[key].unit == "money" else ""
            row = SuccessThreshold(kpi=key, start=sample.go_live, value=value, dead_band=band, currency=currency)
            row.created_at = sample.moment(sample.go_live)
            sample.stamp(row, row.created_at, setter).save()
            sample.event("successthreshold.created", row, row.created_at, setter, new={"kpi": key, "value": str(value)})


def _target(kpi: str, month: dt.date, value: Decimal | int, **whom: object) -> Target:
    money = kpis.get(kpi) is not None and kpis[kpi].unit == "money"
    return Target(
        kpi=kpi,
        start=month,
        value=Decimal(value),
        currency=Organisation.current().base_currency if money else "",
        **whom,
    )


def _write(sample: Sample, rows: list[Target]) -> None:
    """In one statement, with the event of each."""
    setter = sample.users.get("admin")
    for target in rows:
        quarter = max(periods.containing(target.start, "quarter").start, sample.start)
        target.created_at = sample.moment(min(quarter, sample.today - dt.timedelta(days=1)))
        sample.stamp(target, target.created_at, setter)
    rows.sort(key=lambda target: (target.created_at, target.kpi, target.owner_id or 0, target.team_id or 0))
    Target.objects.bulk_create(rows, batch_size=500)
    for target in rows:
        sample.event("target.created", target, target.created_at, setter, new={"kpi": target.kpi, "value": str(target.value)})


site.samples.register("targets", fill)

"""What the tests of the catalogue's vectors share: records in bulk, and one way to ask for a number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from analytics import refreshing
from analytics.engine import Row, evaluate
from analytics.scopes import Scope
from contacts import freshness
from contacts import leads as lead_facts
from contacts.models import Lead
from crm.models import Organisation
from crm.periods import Period
from deals.bulk import NewDeal, Step, create_many
from deals.models import Deal, Stage
from tests.factories import usual_pipeline, utc

MAY = Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1), "month")
LATER = "2026-12-01 10:00"  # everything of May has matured


def number(key: str, period: Period = MAY, *, member: str = "", by: str | None = None) -> Row:
    """The KPI from the stored sums; the records must say the same."""
    Organisation.remember()
    refreshing.refresh_all_marked()

    def found(live: bool) -> Row:
        rows = evaluate([key], [period], scope=Scope.everything(), by=by, live=live)
        return next(row for row in rows if row.member == member)

    stored, live = found(False), found(True)
    assert (stored.value, stored.numerator, stored.denominator) == (live.value, live.numerator, live.denominator)
    return stored


def stages() -> list[Stage]:
    return list(usual_pipeline().stages.order_by("position"))


def deals(
    count: int,
    created: str = "2026-05-04 09:00",
    *,
    won: str = "",
    lost: str = "",
    amount: int | None = 1_000_00,
    steps: Sequence[tuple[str, Stage]] = (),
    **fields: Any,
) -> list[Deal]:
    """`count` deals with the same dates; steps are moves to stages on the way. Amounts in minor units of USD."""
    return create_many(new_deals(count, created, won=won, lost=lost, amount=amount, steps=steps, **fields))


def new_deals(
    count: int,
    created: str = "2026-05-04 09:00",
    *,
    won: str = "",
    lost: str = "",
    amount: int | None = 1_000_00,
    steps: Sequence[tuple[str, Stage]] = (),
    **fields: Any,
) -> list[NewDeal]:
    """The same, to be created together with others."""
    path = stages()
    rows = []
    for _number in range(count):
        values = {"stage": steps[-1][1] if steps else path[0], "pipeline": path[0].pipeline, **fields}
        values["status"] = "won" if won else "lost" if lost else "open"
        values["won_at"], values["lost_at"] = utc(won) if won else None, utc(lost) if lost else None
        deal = Deal(title="Deal", amount=amount, currency="USD", created_at=utc(created), **values)
        moves = [Step(utc(at), {"stage": stage}) for at, stage in steps]
        rows.append(NewDeal(deal, beginning={"stage": path[0]} if steps else {}, steps=moves))
    return rows


def leads(count: int, created: str = "2026-05-04 09:00", **fields: Any) -> list[Lead]:
    """`count` leads with the same dates."""
    before = Lead.objects.count()
    rows = [
        Lead(number=f"V-{before + offset}", name="Lead", created_at=utc(created), origin="page", **fields)
        for offset in range(count)
    ]
    Lead.objects.bulk_create(rows)
    lead_facts.rebuild(rows)
    freshness.derive(Lead._meta.label_lower, [lead.pk for lead in rows])
    return rows

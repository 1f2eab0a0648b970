"""Preparing renewals: some days before a term ends its owner gets a task and a deal."""

from __future__ import annotations

import datetime as dt

from django.db.models import F, Q
from django.utils.translation import gettext as _

from contacts.models import Task
from crm import events
from crm.periods import first_instant, today

from ..choices import Billing
from ..models import Deal, DealLine
from ..services import create_deal, default_pipeline, save_deal_task
from .models import Subscription
from .terms import a_year, whole

AT_WORK = dt.timedelta(hours=9)
FURTHEST = 3650


def due() -> list[Subscription]:
    """Those whose term ends within their days of preparation, and for which nothing was prepared: not cancelled, not renewed."""
    now = today()
    rows = Subscription.objects.ending(now + dt.timedelta(days=FURTHEST + 1)).filter(term_end__gte=now, remind_days__gt=0)
    rows = rows.filter(Q(reminded_for__isnull=True) | ~Q(reminded_for=F("term_end")), start__lte=now)
    rows = rows.select_related("company", "product", "owner", "team", "deal__pipeline").order_by("pk")
    return [row for row in rows if row.term_end is not None and row.term_end - dt.timedelta(days=row.remind_days) <= now]


def prepare() -> int:
    """Makes deal and task of every renewal that is due to be prepared; returns how many. Once for each end of a term."""
    found = due()
    for row in found:
        deal = renewal_deal(row)
        assert row.term_end is not None
        title = _("Renew %(subscription)s, which ends on %(day)s") % {"subscription": row, "day": row.term_end.isoformat()}
        at = first_instant(max(row.term_end - dt.timedelta(days=row.remind_days // 2), today())) + AT_WORK
        save_deal_task(deal, Task(), title=title[:200], due_at=at, owner=row.owner, company=row.company)
        row.reminded_for, row.renewal_deal = row.term_end, deal
        row.save(update_fields=["reminded_for", "renewal_deal", "updated_at"])
        new = {"deal": deal.pk, "day": row.term_end.isoformat()}
        events.record("subscription.prepared", row, new=new, links=[row.company, deal])
    return len(found)


def renewal_deal(row: Subscription) -> Deal:
    """An open deal worth a year of the subscription, in the pipeline of the deal it came from, else the usual one."""
    pipeline = row.deal.pipeline if row.deal is not None else default_pipeline()
    deal = Deal(
        title=_("%(company)s: renewal of %(plan)s") % {"company": str(row.company)[:80], "plan": row.plan[:100]},
        company=row.company,
        pipeline=pipeline,
        currency=row.currency,
        amount=whole(a_year(row.amount, row.quantity, row.interval)),
        expected_close=row.term_end,
        owner=row.owner,
        team=row.team,
        source=row.source,
    )
    lines = []
    if row.product is not None and row.product.billing == row.interval == Billing.YEAR:  # its lines are worth a year too
        lines = [DealLine(product=row.product, quantity=row.quantity, unit_price=row.amount)]
    return create_deal(deal, lines=lines)

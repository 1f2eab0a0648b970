"""What people do with subscriptions. Each function is one transaction: check, write, event, and what follows for the account.

Everything is dated by the day from which it holds, which may lie in the past or ahead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from analytics import dirty
from crm import events
from crm.changes import apply, clean, lock, refuse_delete
from crm.models import Organisation, next_number
from crm.money import LARGEST
from crm.periods import after_months, first_instant, today

from ..choices import Billing, CancelReason, Interval, Status
from ..models import Deal
from . import facts
from .models import Subscription, SubscriptionStep
from .terms import STEPPED, a_year, step_on

#: What else can be corrected; it holds for the whole subscription.
HEAD = (
    "number",
    "start",
    "trial_end",
    "term_end",
    "grace_days",
    "remind_days",
    "source",
    "description",
    "cancel_reason",
    "cancel_note",
)
NAMES = ("plan", "product", "interval", "amount", "quantity", "owner", "team")
MONTHS = 12


# --- starting --------------------------------------------------------------------------------------------------------


@dataclass
class NewSubscription:
    """A subscription to be written: the unsaved row, and its later steps as (day, what changes)."""

    subscription: Subscription
    later: Sequence[tuple[dt.date, dict[str, Any]]] = field(default_factory=tuple)


@transaction.atomic
def start(subscription: Subscription) -> Subscription:
    """Writes a new subscription. It may have begun, ended or been cancelled already (an import, a late entry)."""
    complete(subscription)
    check(subscription)
    post([NewSubscription(subscription)])
    subscription.refresh_from_db()
    return subscription


def complete(subscription: Subscription) -> None:
    """Fills what a new subscription may leave out, from its deal, product and company."""
    deal, product = subscription.deal, subscription.product
    if deal is not None:
        for name in ("company", "owner", "team"):
            if getattr(subscription, f"{name}_id") is None:
                setattr(subscription, name, getattr(deal, name))
        subscription.source = subscription.source or deal.source
    if subscription.company_id and subscription.owner_id is None and subscription.created_by_id is None:
        subscription.owner, subscription.team = subscription.company.owner, subscription.team or subscription.company.team
    if subscription.team_id is None and subscription.owner is not None:
        subscription.team = subscription.owner.team
    subscription.plan = subscription.plan or (product.name[:120] if product else "")
    subscription.currency = subscription.currency or Organisation.current().base_currency


def check(subscription: Subscription) -> None:
    """Raises what is wrong with a subscription, by field."""
    errors: dict[str, Any] = {}
    if subscription.company_id is None:
        errors["company"] = _("A subscription needs a company.")
    if not subscription.plan.strip():
        errors["plan"] = _("Name the plan or choose a product.")
    errors |= check_days(subscription)
    if subscription.interval in Interval.values and subscription.amount is not None and subscription.quantity is not None:
        if subscription.quantity < 0:
            errors["quantity"] = _("A quantity is not negative.")
        elif a_year(subscription.amount, Decimal(subscription.quantity), subscription.interval) > LARGEST:
            errors["amount"] = _("The amount is too large.")
    if errors:
        raise ValidationError(errors)
    if subscription.pk:  # a new one gets its number when it is written
        clean(subscription)
    else:
        subscription.clean_fields(exclude=["number", "company", "product", "deal", "owner", "team", "renewed_from"])
        if subscription.number and Subscription.objects.filter(number=subscription.number).exists():
            raise ValidationError({"number": _("There is a subscription with this number already.")})


def is_too_far(day: dt.date) -> bool:
    """Whether recurring revenue is not counted so far away: before 1970, or from 2200 on."""
    return not 1970 <= day.year < 2200


def check_days(subscription: Subscription) -> dict[str, Any]:
    """What is wrong with its days, by field."""
    errors: dict[str, Any] = {}
    if subscription.start is None:
        return {"start": _("Say when it starts.")}
    for name in ("start", "trial_end", "term_end", "ended_on"):
        day = getattr(subscription, name)
        if day is not None and is_too_far(day):
            errors[name] = _("This day is too far away.")
    if subscription.term_end is not None and subscription.term_end <= subscription.start:
        errors["term_end"] = _("A term ends after its start.")
    if subscription.trial_end is not None and subscription.trial_end < subscription.start:
        errors["trial_end"] = _("A trial does not end before its start.")
    if subscription.ended_on is not None and subscription.ended_on < subscription.start:
        errors["ended_on"] = _("It cannot end before its start.")
    return errors


@transaction.atomic
def post(rows: Sequence[NewSubscription]) -> list[Subscription]:
    """Writes many subscriptions with their steps and events; set-based. They are complete and checked."""
    if not rows:
        return []
    _number([new.subscription for new in rows])
    for new in rows:
        events.stamp(new.subscription)
    made = Subscription.objects.bulk_create([new.subscription for new in rows], batch_size=500)
    SubscriptionStep.objects.bulk_create([step for new in rows for step in _steps(new)], batch_size=500)
    events.record_many([row for new in rows for row in _told(new)])
    facts.keep({row.company_id for row in made})
    return made


def _number(rows: Sequence[Subscription]) -> None:
    """Gives those without a number the next ones that no subscription has."""
    unnumbered = [row for row in rows if not row.number]
    while unnumbered:
        first = next_number("subscription", len(unnumbered))
        numbers = [f"S-{first + offset}" for offset in range(len(unnumbered))]
        taken = set(Subscription.objects.filter(number__in=numbers).values_list("number", flat=True))
        taken |= {row.number for row in rows if row.number}
        free = [number for number in numbers if number not in taken]
        for row, number in zip(unnumbered, free, strict=False):
            row.number = number
        unnumbered = unnumbered[len(free) :]


def _steps(new: NewSubscription) -> list[SubscriptionStep]:
    now = {name: getattr(new.subscription, name) for name in STEPPED if name != "paused"} | {"paused": False}
    found = [SubscriptionStep(subscription=new.subscription, day=new.subscription.start, **now)]
    for day, changes in new.later:
        now |= changes
        found.append(SubscriptionStep(subscription=new.subscription, day=day, **now))
    return found


def _links(row: Subscription) -> list[Any]:
    return [row, row.company, row.deal]


def _told(new: NewSubscription) -> list[tuple[Any, list[Any]]]:
    """The events of a subscription that is written with its history."""
    row = new.subscription
    kind = "subscription.renewed" if row.renewed_from_id else "subscription.started"
    what = {"amount": row.amount, "currency": row.currency, "interval": row.interval, "day": row.start.isoformat()}
    found = [events.build(kind, row, new=what, at=min(first_instant(row.start), row.created_at))]
    for day, changes in new.later:
        plain = {
            name: getattr(value, "pk", str(value) if isinstance(value, Decimal) else value) for name, value in changes.items()
        }
        found.append(events.build("subscription.changed", row, new={**plain, "day": day.isoformat()}, at=first_instant(day)))
    if row.ended_on is not None:
        found.append(_cancelled(row))
    return [(event, _links(row)) for event in found]


def _cancelled(row: Subscription) -> Any:
    assert row.ended_on is not None
    new = {"day": row.ended_on.isoformat(), "cancel_reason": row.cancel_reason}
    return events.build("subscription.cancelled", row, new=new, at=first_instant(row.cancelled_on or row.ended_on))


# --- changing --------------------------------------------------------------------------------------------------------


@transaction.atomic
def change(subscription: Subscription, *, day: dt.date | None = None, **changes: Any) -> Subscription:
    """Changes a subscription. Plan, product, interval, amount, quantity and owner change from `day` on (today, or its start while
    that lies ahead); what else can be changed (`HEAD`) is corrected for its whole time.

    A later step that sets a value itself keeps it.
    """
    lock(subscription)
    if refused := set(changes) - {*NAMES, *HEAD}:
        raise TypeError(f"{', '.join(sorted(refused))} of a subscription cannot be changed here.")
    if "owner" in changes and "team" not in changes:
        changes["team"] = changes["owner"].team if changes["owner"] is not None else None
    stepped = {name: value for name, value in changes.items() if name in NAMES}
    head = {name: value for name, value in changes.items() if name in HEAD}
    since = _day_for(subscription, day)
    before = {name: getattr(subscription, name) for name in NAMES}
    moved = head.get("start", subscription.start)
    old, new = apply(subscription, changes)
    check(subscription)
    for name, value in before.items():
        setattr(subscription, name, value)  # what holds today follows from the steps
    if head:
        _move_start(subscription, moved)
    subscription.save()
    changed = _step(subscription, max(since, subscription.start), stepped) if stepped else {}
    told = {name: value for name, value in {**_plain(changed), **_plain(head)}.items() if name in new or name in changed}
    if not told:
        return subscription
    facts.keep({subscription.company_id})
    subscription.refresh_from_db()
    if changed:
        told["day"] = max(since, subscription.start).isoformat()
    events.record("subscription.changed", subscription, old=_plain(old), new=told, links=_links(subscription))
    return subscription


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as the event log keeps them."""
    found = {}
    for name, value in values.items():
        value = getattr(value, "pk", value)
        found[name] = str(value) if isinstance(value, Decimal) else value.isoformat() if isinstance(value, dt.date) else value
    return found


def _day_for(subscription: Subscription, day: dt.date | None) -> dt.date:
    """The day from which a change holds; raises where it lies outside the subscription."""
    found = day or max(today(), subscription.start)
    if is_too_far(found):
        raise ValidationError({"day": _("This day is too far away.")})
    if found < subscription.start:
        raise ValidationError({"day": _("This day lies before the start of the subscription.")})
    return found


def _move_start(subscription: Subscription, first: dt.date) -> None:
    """Lets the first step begin with the subscription; what lay before it goes into it."""
    steps = list(subscription.steps.order_by("day"))
    if steps[0].day == first:
        return
    holds = step_on(steps, first)
    gone = [step.pk for step in steps if step.day <= first and step.pk != holds.pk]
    SubscriptionStep.objects.filter(pk__in=gone).delete()
    SubscriptionStep.objects.filter(pk=holds.pk).update(day=first)


def _step(subscription: Subscription, day: dt.date, changes: dict[str, Any]) -> dict[str, Any]:
    """Writes what holds from a day on into the steps; returns what differs from before. A later step keeps what it set itself."""
    steps = list(subscription.steps.select_related("product", "owner", "team").order_by("day"))
    holds = step_on(steps, day)
    before = {name: getattr(holds, name) for name in STEPPED}
    changed = {name: value for name, value in changes.items() if value != before[name]}
    if not changed:
        return {}
    if holds.day == day:
        step = holds
    else:
        step = SubscriptionStep(subscription=subscription, day=day, **before)
    for name, value in changed.items():
        setattr(step, name, value)
    step.clean_fields(exclude=["product", "owner", "team"])
    check_yearly(step)
    step.save()
    for name, value in changed.items():
        for later in (row for row in steps if row.day > day):
            if getattr(later, name) != before[name]:
                break
            setattr(later, name, value)
            later.save()
    return changed


def check_yearly(step: SubscriptionStep) -> None:
    """Refuses a step of which a year is more than can be stored."""
    if a_year(step.amount, Decimal(step.quantity), step.interval) > LARGEST:
        raise ValidationError({"amount": _("The amount is too large.")})


@transaction.atomic
def pause(subscription: Subscription, day: dt.date | None = None) -> Subscription:
    """Pauses it from a day on: it brings nothing until it goes on."""
    return _set_paused(subscription, day, True)


@transaction.atomic
def resume(subscription: Subscription, day: dt.date | None = None) -> Subscription:
    """Lets a paused subscription go on from a day."""
    return _set_paused(subscription, day, False)


def _set_paused(subscription: Subscription, day: dt.date | None, paused: bool) -> Subscription:
    lock(subscription)
    since = _day_for(subscription, day)
    end = subscription.natural_end
    if end is not None and since >= end:
        raise ValidationError({"day": _("The subscription has ended on this day.")})
    if not _step(subscription, since, {"paused": paused}):
        words = (
            _("The subscription is paused on this day already.") if paused else _("The subscription is not paused on this day.")
        )
        raise ValidationError({"day": words})
    facts.keep({subscription.company_id})
    subscription.refresh_from_db()
    kind = "subscription.paused" if paused else "subscription.resumed"
    events.record(kind, subscription, new={"day": since.isoformat()}, links=_links(subscription))
    return subscription


# --- the end ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def cancel(
    subscription: Subscription, *, day: dt.date | None = None, reason: str = "", note: str = "", told_on: dt.date | None = None
) -> Subscription:
    """Cancels it: from `day` on it brings nothing (the end of its term unless said, or today without one). `told_on` is when the
    customer said so."""
    lock(subscription)
    if reason and reason not in CancelReason.values:
        raise ValidationError({"reason": _("Choose a reason from the list.")})
    if hasattr(subscription, "renewal"):
        raise ValidationError(_("It was renewed: cancel the renewal, %(number)s.") % {"number": subscription.renewal.number})
    end = day or subscription.term_end or max(today(), subscription.start)
    if end < subscription.start:
        raise ValidationError({"day": _("It cannot end before its start.")})
    if is_too_far(end):
        raise ValidationError({"day": _("This day is too far away.")})
    if subscription.term_end is not None and end > subscription.term_end:
        raise ValidationError({"day": _("Its term ends earlier.")})
    subscription.ended_on, subscription.cancelled_on = end, told_on or today()
    subscription.cancel_reason, subscription.cancel_note = reason, note
    check(subscription)
    subscription.save()
    facts.keep({subscription.company_id})
    subscription.refresh_from_db()
    event = _cancelled(subscription)
    events.record_many([(event, _links(subscription))])
    return subscription


@transaction.atomic
def reactivate(subscription: Subscription, day: dt.date | None = None) -> Subscription:
    """Takes a cancellation back. Until the grace after the end has passed the subscription goes on as if nothing had been said and
    no loss is counted; later a subscription of its own begins on that day, and the account comes back."""
    lock(subscription)
    since = _day_for(subscription, day)
    if subscription.ended_on is None:
        raise ValidationError(_("It was not cancelled."))
    if hasattr(subscription, "renewal"):
        raise ValidationError(_("It was renewed: %(number)s.") % {"number": subscription.renewal.number})
    grace_end = subscription.grace_end
    assert grace_end is not None
    over = subscription.term_end is not None and since > subscription.term_end
    if since > grace_end or over:
        return renew(subscription, day=since)
    old = {"ended_on": subscription.ended_on.isoformat(), "cancel_reason": subscription.cancel_reason}
    subscription.ended_on = subscription.cancelled_on = None
    subscription.cancel_reason = subscription.cancel_note = ""
    subscription.save()
    facts.keep({subscription.company_id})
    subscription.refresh_from_db()
    events.record("subscription.reactivated", subscription, old=old, new={"day": since.isoformat()}, links=_links(subscription))
    return subscription


def next_term_end(subscription: Subscription, first: dt.date) -> dt.date | None:
    """The end of a term as long as this one's that begins on a day; None where it has no end."""
    end = subscription.term_end
    if end is None:
        return None
    months = (end.year - subscription.start.year) * MONTHS + end.month - subscription.start.month
    if months < 1 or after_months(subscription.start, months) != end:
        return first + (end - subscription.start)
    return after_months(first, months)


def renewal_of(subscription: Subscription, day: dt.date | None = None) -> Subscription:
    """The unsaved renewal of a subscription, with everything as it is at its end: from the end of its term, or from today when that
    has passed."""
    first = day or max(subscription.natural_end or today(), today())
    names = ("company", "currency", "grace_days", "remind_days", "source")
    found = Subscription(renewed_from=subscription, start=first, **{name: getattr(subscription, name) for name in names})
    steps = list(subscription.steps.select_related("product", "owner", "team").order_by("day"))
    last = step_on(steps, first - dt.timedelta(days=1))
    for name in NAMES:
        setattr(found, name, getattr(last, name))
    found.term_end = next_term_end(subscription, first)
    return found


@transaction.atomic
def renew(subscription: Subscription, *, day: dt.date | None = None, **changes: Any) -> Subscription:
    """Renews it: the renewal begins on `day` (the end of the term, or today when that has passed) with what is to change of plan,
    product, interval, amount, quantity, currency, term_end or deal. Early it takes over on its start; late but within the grace no
    loss is counted; later still the account comes back."""
    lock(subscription)
    if hasattr(subscription, "renewal"):
        raise ValidationError(_("It was renewed already: %(number)s.") % {"number": subscription.renewal.number})
    if day is not None and (day <= subscription.start or not 1970 <= day.year < 2200):
        raise ValidationError({"start": _("A renewal begins after the start of what it renews.")})
    found = renewal_of(subscription, day)
    for name, value in changes.items():
        setattr(found, name, value)
    return start(found)


@transaction.atomic
def delete_subscription(subscription: Subscription) -> None:
    """Deletes what was entered by mistake: it leaves all numbers, past ones too. Refused while a renewal follows it."""
    lock(subscription)
    company = subscription.company
    dirty.mark(facts.marks_of([company.pk]))
    events.record("subscription.deleted", subscription, old={"name": str(subscription)}, links=[company])
    try:
        subscription.delete()
    except ProtectedError:
        refuse_delete(subscription, _("it was renewed"))
    facts.keep({company.pk})


# --- from a deal -----------------------------------------------------------------------------------------------------


@transaction.atomic
def from_deal(deal: Deal, first: dt.date | None = None) -> list[Subscription]:
    """Makes the subscriptions of a won deal, one for each line whose product is billed again and again. Only once. The deal of a
    renewal renews its subscription with its first line."""
    lock(deal)
    if deal.status != Status.WON:
        raise ValidationError(_("Only a won deal becomes a subscription."))
    if there := deal.subscriptions.first():
        raise ValidationError(_("This deal has its subscription already: %(number)s.") % {"number": there.number})
    if deal.company_id is None:
        raise ValidationError(_("Give the deal a company first: a subscription needs one."))
    lines = recurring(deal)
    if not lines:
        raise ValidationError(_("No product of this deal is billed again and again."))
    previous = Subscription.objects.filter(renewal_deal=deal, renewal__isnull=True).first()
    made = []
    for line in lines:
        values = {**_of_line(line), "deal": deal, "currency": deal.currency}
        if previous is not None:
            made.append(renew(previous, **values))
            previous = None
        else:
            made.append(start(Subscription(start=first or today(), **values)))
    return made


def recurring(deal: Deal) -> list[Any]:
    """The deal's lines of products that are billed again and again."""
    return list(deal.lines.select_related("product").exclude(product__billing=Billing.ONCE))


def _of_line(line: Any) -> dict[str, Any]:
    """A line as a subscription: the price of one, less the discount."""
    factor = (Decimal(100) - Decimal(line.discount)) / Decimal(100)
    return {
        "product": line.product,
        "plan": line.product.name[:120],
        "interval": line.product.billing,
        "amount": round(Decimal(line.unit_price) * factor),
        "quantity": line.quantity,
    }

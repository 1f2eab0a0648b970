"""Imported users have no history of their own. Whoever owned a deal worked here then, so the working time of users that an import
made begins no later than their first deal; without it "per rep" would divide years of deals by nobody."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min

from crm import events
from crm.models import Event, UserSpan

from ..models import Deal


def backdate(owners: Iterable[int]) -> list[str]:
    """Moves the first span of these users back to the day of their first deal; returns the names of those it moved.

    Users that a person made keep their dates: someone knew when they came.
    """
    ids = set(owners)
    made = Event.objects.filter(kind="user.created", origin=events.Origin.IMPORT, subject_type="crm.user", subject_id__in=ids)
    ids = set(made.values_list("subject_id", flat=True))
    if not ids:
        return []
    first_deal = dict(
        Deal.objects.filter(owner_id__in=ids, undated=False).order_by().values_list("owner_id").annotate(first=Min("created_day"))
    )
    first_span: dict[int, UserSpan] = {}
    for span in UserSpan.objects.filter(user_id__in=ids).select_related("user").order_by("start"):
        first_span.setdefault(span.user_id, span)
    moved = []
    for span in first_span.values():
        day = first_deal.get(span.user_id)
        if day is None or day >= span.start:
            continue
        UserSpan.objects.filter(pk=span.pk).update(start=day)
        events.record("user.backdated", span.user, old={"since": span.start}, new={"since": day})
        moved.append(span.user.name)
    return moved

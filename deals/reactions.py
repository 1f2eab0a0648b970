"""What deals do when something they depend on changes elsewhere: activities, tasks, companies, people, rates, settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics import dirty
from contacts import freshness
from contacts import services as contacts
from contacts.models import Activity, Company, Person, Task
from crm import events, jobs

from . import history
from .choices import Status
from .models import Deal, DealPerson

STEP = 500


def _deals_of(activity: Activity) -> set[int]:
    """The deals that count the activity: linked ones, and won ones of its person or company that it may have led to."""
    if activity.pk is None:
        return set()
    linked = set(Deal.objects.filter(deal_activities__activity=activity).values_list("pk", flat=True))
    near = Q(people=activity.person) if activity.person_id else Q(pk__in=[])
    if activity.company_id:
        near |= Q(company=activity.company_id)
    return linked | set(Deal.objects.filter(near, status=Status.WON, won_at__gt=activity.at).values_list("pk", flat=True))


@contextmanager
def _around_activity(activity: Activity) -> Iterator[None]:
    stored = Activity.objects.filter(pk=activity.pk).first() if activity.pk else None
    ids = _deals_of(stored) if stored else set()
    history.mark(sorted(ids))
    yield
    ids |= _deals_of(activity)
    history.mark(sorted(ids))
    history.refresh_facts(Deal.objects.filter(pk__in=ids, status=Status.WON))


@contextmanager
def _around_task(task: Task) -> Iterator[None]:
    ids = list(Deal.objects.filter(deal_tasks__task=task).values_list("pk", flat=True)) if task.pk else []
    history.mark(ids)
    yield
    history.mark(ids)


contacts.activity_watchers.append(_around_activity)
contacts.task_watchers.append(_around_task)


def _merge_company(keep: Company, lose: Company) -> None:
    moved = list(Deal.objects.filter(company=lose).values_list("pk", flat=True))
    history.mark(moved)
    Deal.objects.filter(pk__in=moved).update(company=keep)
    history.rebuild(Deal.objects.filter(company=keep))


def _merge_person(keep: Person, lose: Person) -> None:
    both = DealPerson.objects.filter(person=keep).values("deal_id")
    DealPerson.objects.filter(person=lose, deal_id__in=both).delete()
    DealPerson.objects.filter(person=lose).update(person=keep)
    history.refresh_facts(Deal.objects.filter(people=keep, status=Status.WON))


contacts.company_merges.append(_merge_company)
contacts.person_merges.append(_merge_person)


@events.subscribe("company.resegmented")
def _resegmented(event: Any) -> None:
    """Industry and country are dimensions of the company's deals."""
    history.mark(list(Deal.objects.filter(company_id=event.subject_id).values_list("pk", flat=True)))


def _began_with(lead: int) -> Any:
    return Deal.objects.filter(lead_id=lead, status=Status.WON)


@events.subscribe("lead.changed")
def _lead_redated(event: Any) -> None:
    """The sales cycle of a deal begins with its lead."""
    if {"created_at", "undated"} & set(event.new):
        history.refresh_facts(_began_with(event.subject_id))


@events.subscribe("lead.deleted")
def _lead_deleted(event: Any) -> None:
    """The deal of a lead that goes begins when it was created itself, or its company was first contacted."""
    deals = list(_began_with(event.subject_id))
    Deal.objects.filter(lead_id=event.subject_id).update(lead=None)
    for deal in deals:
        deal.lead = None
    history.refresh_facts(deals)


@events.subscribe("rate.changed")
def _rate_changed(event: Any) -> None:
    """Deals in that currency created or closed from that day on are converted again, by a job; stocks from then on are published
    again, they are converted on the day they are read for."""
    dirty.mark([("deals.opened", dt.date.fromisoformat(str(event.new["date"])))])
    jobs.enqueue("deals.convert", {"currency": event.new["currency"], "since": str(event.new["date"]), "after": 0})


@jobs.kind("deals.convert", label=_("Convert deals at new rates"))
def convert(job: Any) -> None:
    """Converts 500 deals after `after` again, then leaves the rest to the next step."""
    since = dt.date.fromisoformat(job.payload["since"])
    touched = Q(facts__created_day__gte=since, facts__early_currency=job.payload["currency"])
    touched |= Q(facts__closed_day__gte=since, currency=job.payload["currency"])
    deals = list(Deal.objects.filter(touched, pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    history.refresh_facts(deals)
    if len(deals) == STEP:
        jobs.enqueue("deals.convert", {**job.payload, "after": deals[-1].pk})


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    """Another base currency or zone means other amounts and days for every deal."""
    if {"base_currency", "time_zone"} & set(event.new):
        jobs.enqueue("deals.derive", {"after": 0}, key="all")


@events.subscribe("pipeline.changed", "stage.changed")
def _stages_changed(event: Any) -> None:
    """Which stage lies after which decides whether a deal got further."""
    before = event.old.get("stages") or []
    if "position" in event.new or (before and before != event.new.get("stages")):
        jobs.enqueue("deals.derive", {"after": 0}, key="all")


@jobs.kind("deals.derive", label=_("Derive deals anew"))
def derive(job: Any) -> None:
    """Derives 500 deals anew, their local days included, then leaves the rest to the next step."""
    deals = list(Deal.objects.select_for_update().filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    for deal in deals:
        for row in (deal, *deal.states.all()):
            row.save()
    history.rebuild(deals)
    freshness.derive(Deal._meta.label_lower, [deal.pk for deal in deals])
    if len(deals) == STEP:
        jobs.enqueue("deals.derive", {"after": deals[-1].pk}, key="all")


from .contracts import reactions as _contracts  # noqa: E402, F401
from .orders import reactions as _orders  # noqa: E402, F401
from .subscriptions import reactions as _subscriptions  # noqa: E402, F401
from .value import reactions as _value  # noqa: E402, F401

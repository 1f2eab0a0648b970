"""Sample pipelines, products, deals with their histories, activities and tasks, orders and subscriptions."""

from __future__ import annotations

from contacts import leads as lead_facts
from contacts.models import Lead
from crm import site
from crm.sample.context import Sample
from deals import history
from deals.models import Deal

from . import catalogue, orders, stories, subscriptions, tasks, touches, write

STEP = 500


def fill(sample: Sample) -> None:
    """The catalogue, then one story a deal, written in bulk; what numbers need is derived from the rows at the end."""
    catalogue.fill(sample)
    sample.tell("deals")
    told = stories.tell(sample)
    write.deals(sample, told)
    sample.tell("calls, mails, meetings, tasks")
    touches.fill(sample, told)
    tasks.fill(sample, told)
    sample.tell("histories")
    for rows in _chunks(Deal.objects.order_by("pk")):
        history.rebuild(rows)
    for rows in _chunks(Lead.objects.order_by("pk")):
        lead_facts.rebuild(rows)
    orders.fill(sample)
    subscriptions.fill(sample)


def _chunks(queryset):
    rows = list(queryset)
    return (rows[start : start + STEP] for start in range(0, len(rows), STEP))


site.samples.register("deals", fill)

"""What orders do when something they depend on changes elsewhere: merges, rates, industries, settings, teams."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics import dirty
from contacts import services as contacts
from contacts import touches
from contacts.models import Company, Person
from crm import due, events, jobs

from ..attribution import shares
from ..value.models import runs as value_runs
from . import facts, growth, life
from .models import Customer, Order

STEP = 500


def _merge_customers(keep: Customer | None, lose: Customer | None, **owner: Any) -> None:
    """Makes one customer of two; the days on which either bought are counted anew."""
    if lose is None:
        return
    if keep is None:
        Customer.objects.filter(pk=lose.pk).update(**owner)
        return
    orders = list(Order.objects.filter(customer=lose))
    dirty.mark({*life.marks_of(lose.spells.all()), *value_runs.marks_of(lose.values.all()), (life.COHORTS, lose.started)})
    Order.objects.filter(customer=lose).update(customer=keep)
    dirty.mark({*facts.marks_of(orders), (facts.LINES, lose.first_day), (facts.LINES, keep.first_day)})
    lose.delete()
    facts.keep_customers({keep.pk})


def _merge_company(keep: Company, lose: Company) -> None:
    dirty.mark(facts.marks_of(Order.objects.filter(company=lose)))  # the survivor's industry counts from now on
    Order.objects.filter(company=lose).update(company=keep)
    found = {customer.company_id: customer for customer in Customer.objects.filter(company__in=[keep.pk, lose.pk])}
    _merge_customers(found.get(keep.pk), found.get(lose.pk), company=keep)
    touches.changed(leads=keep.leads.values_list("pk", flat=True), people=keep.people.values_list("pk", flat=True))


def _merge_person(keep: Person, lose: Person) -> None:
    Order.objects.filter(person=lose).update(person=keep)
    found = {customer.person_id: customer for customer in Customer.objects.filter(person__in=[keep.pk, lose.pk])}
    _merge_customers(found.get(keep.pk), found.get(lose.pk), person=keep)
    touches.changed(leads=keep.leads.values_list("pk", flat=True), people=[keep.pk, lose.pk])


contacts.company_merges.append(_merge_company)
contacts.person_merges.append(_merge_person)


@events.subscribe("company.resegmented", "company.merged")
def _resegmented(event: Any) -> None:
    """Industry is a dimension of the company's orders; the survivor of a merge may take over the other's."""
    dirty.mark(facts.marks_of(Order.objects.filter(company_id=event.subject_id)))


@events.subscribe("user.placed")
def _placed(event: Any) -> None:
    """The orders of a user who never had a team belong to the first one an import gives."""
    if event.new["team"] is None:
        return
    orders = Order.objects.filter(owner_id=event.subject_id, team=None)
    dirty.mark(facts.marks_of(orders))
    orders.update(team_id=event.new["team"])


@events.subscribe("rate.changed")
def _rate_changed(event: Any) -> None:
    """Orders in that currency from that day on are converted again, by a job."""
    payload = {"currency": event.new["currency"], "since": str(event.new["date"]), "after": 0}
    jobs.enqueue("deals.convert_orders", payload)


@jobs.kind("deals.convert_orders", label=_("Convert orders at new rates"))
def convert(job: Any) -> None:
    """Converts 500 orders after `after` again, then leaves the rest to the next step."""
    since = dt.date.fromisoformat(job.payload["since"])
    touched = Q(rate_day__gte=since, currency=job.payload["currency"], pk__gt=job.payload["after"])
    orders = list(Order.objects.filter(touched).select_related("refund_of").order_by("pk")[:STEP])
    facts.price_again(orders)
    if len(orders) == STEP:
        jobs.enqueue("deals.convert_orders", {**job.payload, "after": orders[-1].pk})


@events.subscribe("organisation.changed")
def _window_changed(event: Any) -> None:
    """Another window means other days on which customers were lost and came back, or other touches before a sale."""
    if {"customer_window_days", "attribution_window_days"} & set(event.new):
        jobs.enqueue("deals.derive_spells", {"after": 0}, key="all")


@jobs.kind("deals.derive_spells", label=_("Derive customers' active times anew"))
def derive_spells(job: Any) -> None:
    """Derives the spells of 500 customers anew, then leaves the rest to the next step."""
    ids = list(Customer.objects.filter(pk__gt=job.payload["after"]).order_by("pk").values_list("pk", flat=True)[:STEP])
    facts.keep_customers(ids)
    if len(ids) == STEP:
        jobs.enqueue("deals.derive_spells", {"after": ids[-1]}, key="all")


@events.subscribe("product.changed")
def _product_changed(event: Any) -> None:
    """Another family means other cross-sales and upsells to those who bought the product."""
    if "family" in event.new:
        jobs.enqueue("deals.derive_growth", {"product": event.subject_id, "after": 0}, key=str(event.subject_id))


@jobs.kind("deals.derive_growth", label=_("Derive what customers bought in addition anew"))
def derive_growth(job: Any) -> None:
    """Derives 500 customers who bought the product anew, then leaves the rest to the next step."""
    ids = [pk for pk in growth.buyers_of([job.payload["product"]]) if pk > job.payload["after"]][:STEP]
    facts.keep_customers(ids)
    if len(ids) == STEP:
        job.again({**job.payload, "after": ids[-1]})


@jobs.kind("deals.attribute", label=_("Attribute a customer's orders anew"))
def attribute(job: Any) -> None:
    """Shares a customer's orders among the touches before them anew."""
    shares.keep_shares([job.payload["customer"]])


@due.every("deals.lapsed", grain="day", each=False)
def lapsed(period: Any) -> None:
    """Customers whose last purchase has become as old as the window are lost from today on."""
    with transaction.atomic():
        life.lapse()


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    """Another base currency or zone means other amounts and days for every order."""
    if {"base_currency", "time_zone"} & set(event.new):
        jobs.enqueue("deals.derive_orders", {"after": 0}, key="all")


@jobs.kind("deals.derive_orders", label=_("Derive orders anew"))
def derive(job: Any) -> None:
    """Derives 500 orders anew, their local days included, then leaves the rest to the next step."""
    orders = list(Order.objects.filter(pk__gt=job.payload["after"]).select_related("refund_of").order_by("pk")[:STEP])
    dirty.mark({(stream, order.ordered_day) for order in orders for stream in (facts.LINES, facts.PLACED, *facts.SHARED)})
    for order in orders:
        order.save(update_fields=["ordered_at"])
    facts.price_again(orders)
    facts.refresh(orders)
    if len(orders) == STEP:
        jobs.enqueue("deals.derive_orders", {"after": orders[-1].pk}, key="all")

"""What support does when something it depends on changes elsewhere: companies, people, settings."""

from __future__ import annotations

from typing import Any

from contacts import services as contacts
from contacts.models import Company, Person
from crm import events, jobs

from . import history
from .models import Message, SlaPolicy, Ticket


def _merge_company(keep: Company, lose: Company) -> None:
    moved = list(Ticket.objects.filter(company=lose).values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=moved).update(company=keep)
    SlaPolicy.objects.filter(company=lose).update(company=keep)
    history.mark(list(keep.tickets.values_list("pk", flat=True)))  # the survivor may take over an industry


def _merge_person(keep: Person, lose: Person) -> None:
    moved = list(Ticket.objects.filter(requester=lose).values_list("pk", flat=True))
    Ticket.objects.filter(pk__in=moved).update(requester=keep)
    Message.objects.filter(person=lose).update(person=keep)
    history.rebuild([], beside=[keep.pk])


contacts.company_merges.append(_merge_company)
contacts.person_merges.append(_merge_person)


@events.subscribe("company.resegmented")
def _resegmented(event: Any) -> None:
    """Industry and country are dimensions of the company's tickets."""
    history.mark(list(Ticket.objects.filter(company_id=event.subject_id).values_list("pk", flat=True)))


@events.subscribe("tag.deleted")
def _untagged(event: Any) -> None:
    """Its tickets lose the tag."""
    history.mark(list(Ticket.objects.filter(ticket_tags__tag=event.subject_id).values_list("pk", flat=True)))


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    """Another zone means other days for every ticket."""
    if "time_zone" in event.new:
        jobs.enqueue("support.derive", {"after": 0}, key="all")

"""Two people at once: a service works on the row as it is in the database, not as its caller read it a moment ago."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from contacts import services
from contacts.models import Company, Lead, Person
from deals.models import Deal
from deals.services import change_deal, convert_lead
from tests.factories import CompanyFactory, DealFactory, LeadFactory, PersonFactory

pytestmark = pytest.mark.django_db

SAVES: list[tuple[Any, Callable[..., Any], Callable[[Any], None]]] = [
    (CompanyFactory, services.save_company, services.delete_company),
    (PersonFactory, services.save_person, services.delete_person),
    (LeadFactory, services.save_lead, services.delete_lead),
]


@pytest.mark.parametrize(("factory", "save", "delete"), SAVES, ids=["company", "person", "lead"])
def test_changes_of_different_fields_are_both_kept(factory: Any, save: Any, delete: Any) -> None:
    first = factory(name="Before")
    second = type(first).objects.get(pk=first.pk)
    save(first, name="After")
    save(second, description="Met at the fair")
    now = type(first).objects.get(pk=first.pk)
    assert (now.name, now.description) == ("After", "Met at the fair")


@pytest.mark.parametrize(("factory", "save", "delete"), SAVES, ids=["company", "person", "lead"])
def test_a_record_deleted_meanwhile_is_not_written_again(factory: Any, save: Any, delete: Any) -> None:
    record = factory()
    model, pk = type(record), record.pk
    delete(model.objects.get(pk=pk))
    with pytest.raises(ValidationError, match="meantime"):
        save(record, description="x")
    assert not model.objects.filter(pk=pk).exists()


def test_a_deal_deleted_meanwhile_is_refused_in_words() -> None:
    deal = DealFactory()
    Deal.objects.filter(pk=deal.pk).delete()
    with pytest.raises(ValidationError, match="meantime"):
        change_deal(deal, title="x")


def test_a_lead_is_converted_once() -> None:
    lead = LeadFactory(company_name="Acme", email="a@acme.example")
    again = Lead.objects.get(pk=lead.pk)
    convert_lead(lead)
    with pytest.raises(ValidationError, match="already"):
        convert_lead(again)
    assert (Deal.objects.count(), Person.objects.count(), Company.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("factory", "merge"),
    [(CompanyFactory, services.merge_companies), (PersonFactory, services.merge_people)],
    ids=["companies", "people"],
)
def test_two_records_merged_both_ways_leave_one(factory: Any, merge: Any) -> None:
    one, two = factory(), factory()
    model = type(one)
    stale = model.objects.get(pk=one.pk), model.objects.get(pk=two.pk)
    merge(one, two)
    with pytest.raises(ValidationError, match="meantime"):
        merge(stale[1], stale[0])
    assert list(model.objects.values_list("pk", flat=True)) == [one.pk]


def test_merging_keeps_what_somebody_changed_meanwhile() -> None:
    keep, lose = CompanyFactory(name="Keep"), CompanyFactory()
    services.save_company(Company.objects.get(pk=keep.pk), name="Renamed")
    services.merge_companies(keep, lose)
    assert Company.objects.get(pk=keep.pk).name == "Renamed"

"""Search over everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.services import save_company
from tests.factories import CompanyFactory, DealFactory, LeadFactory, PersonFactory
from tests.people import People
from tests.suites import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(people: People) -> Any:
    acme = CompanyFactory(name="Acme Élan", domain="acme-elan.example", owner=people.ann)
    PersonFactory(name="Paula Pons", company=acme, owner=people.ann, emails=["pp@other.example"], phones=["+33 1 23 45 67 89"])
    LeadFactory(name="Lena Lind", company_name="Lind AB", owner=people.ann)
    DealFactory(title="Blue pump", number="D-777", company=acme, owner=people.ann)
    return acme


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acme", "Acme Élan"),
        ("ACME", "Acme Élan"),
        ("cme", "Acme Élan"),
        ("elan.ex", "Acme Élan"),
        ("ac", "Acme Élan"),
        ("acme exa", "Acme Élan"),
        ("paula", "Paula Pons"),
        ("ons", "Paula Pons"),
        ("pp@other", "Paula Pons"),
        ("4567", "Paula Pons"),
        ("23 45 67", "Paula Pons"),
        ("lind", "Lena Lind"),
        ("pump", "Blue pump"),
        ("D-777", "Blue pump"),
    ],
)
def test_any_part_finds_it(people: People, client_of: Callable[[Any], Client], world: Any, text: str, found: str) -> None:
    page = client_of(people.ann).get(reverse("search"), {"q": text})
    assert found in [hit.title for _kind, hits in page.context["groups"] for hit in hits]


@pytest.mark.parametrize("text", ["acme", "paula", "4567", "lind", "pump", "D-777"])
def test_nobody_finds_what_is_a_colleagues(people: People, client_of: Callable[[Any], Client], world: Any, text: str) -> None:
    assert client_of(people.cleo).get(reverse("search"), {"q": text}).context["groups"] == []


@pytest.mark.parametrize(
    "text", ["", "a", '"', "'", "* OR *", 'a" OR "b', "%%%", "___", "a" * 3000, "NEAR(", "-", "\\", "日本語"]
)
def test_odd_texts_find_nothing_and_break_nothing(
    people: People, client_of: Callable[[Any], Client], world: Any, text: str
) -> None:
    response = client_of(people.ann).get(reverse("search"), {"q": text})
    assert response.status_code == 200
    assert response.context["groups"] == []


def test_a_renamed_record_is_found_by_its_new_name_only(people: People, client_of: Callable[[Any], Client], world: Any) -> None:
    save_company(world, name="Zenith")
    client = client_of(people.ann)
    kinds = [str(kind.label) for kind, _hits in client.get(reverse("search"), {"q": "zenith"}).context["groups"]]
    assert "Companies" in kinds
    old = client.get(reverse("search"), {"q": "acme él"}).context["groups"]
    assert [hit.title for _kind, hits in old for hit in hits] == []


def test_exact_names_come_first(people: People, client_of: Callable[[Any], Client]) -> None:
    for name in ("The Orion group", "Orion North", "Orion"):
        CompanyFactory(name=name, owner=people.ann)
    groups = client_of(people.ann).get(reverse("search"), {"q": "orion"}).context["groups"]
    assert [hit.title for hit in groups[0][1]] == ["Orion", "Orion North", "The Orion group"]


def test_the_fragment_is_the_short_list(people: People, client_of: Callable[[Any], Client], world: Any) -> None:
    response = client_of(people.ann).get(reverse("search"), {"q": "acme"}, headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert "Acme" in response.content.decode()


def test_queries_do_not_grow_with_hits(people: People, client_of: Callable[[Any], Client], world: Any) -> None:
    client = client_of(people.ann)
    url = f"{reverse('search')}?q=ac"
    PersonFactory(name="Ace", owner=people.ann, emails=["ace@x.example"])
    client.get(url)
    few = queries_of(client, url)
    for number in range(10):
        company = CompanyFactory(name=f"Acorn {number}", owner=people.ann)
        PersonFactory(name=f"Ace {number}", company=company, owner=people.ann, emails=[f"a{number}@x.example"])
    assert queries_of(client, url) == few


def test_combobox_answers_with_what_one_may_see(people: People, client_of: Callable[[Any], Client], world: Any) -> None:
    found = client_of(people.ann).get(reverse("contacts:lookup_companies"), {"q": "acme"}).json()["results"]
    assert found == [{"value": str(world.pk), "label": "Acme Élan", "detail": "acme-elan.example"}]
    assert client_of(people.cleo).get(reverse("contacts:lookup_companies"), {"q": "acme"}).json() == {"results": []}


def test_combobox_finds_people_by_digits(people: People, client_of: Callable[[Any], Client], world: Any) -> None:
    found = client_of(people.ann).get(reverse("contacts:lookup_people"), {"q": "4567"}).json()["results"]
    assert [row["label"] for row in found] == ["Paula Pons"]

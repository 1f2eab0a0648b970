"""The pages of answers and invitations, and the scores on the pages of others."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Task
from surveys.models import Invitation, Response
from tests.factories import CompanyFactory, DealFactory, InvitationFactory, PersonFactory, ResponseFactory, SurveyFactory, utc
from tests.people import People

from .bulk import answers, invitations

pytestmark = pytest.mark.django_db
RESPONSES, INVITATIONS = "/surveys/responses/", "/surveys/invitations/"


@pytest.fixture(autouse=True)
def today(organisation: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")


@pytest.fixture
def hers(people: People) -> Response:
    """An answer about Ann's customer."""
    return ResponseFactory(score=3, comment="late again", owner=people.ann, team=people.north)


def count(client: Client, url: str, **query: Any) -> int:
    return client.get(url, query).context["page"].count


@pytest.mark.parametrize(
    ("who", "sees"), [("ann", True), ("ben", False), ("cleo", False), ("max", True), ("ada", True), ("mia", True), ("gus", False)]
)
def test_who_sees_an_answer(people: People, client_of: Any, hers: Response, who: str, sees: bool) -> None:
    client = client_of(getattr(people, who))
    assert count(client, RESPONSES) == int(sees)
    assert client.get(hers.get_absolute_url()).status_code == (200 if sees else 404)
    exported = b"".join(client.get(RESPONSES + "?export=csv").streaming_content).decode()
    assert ("late again" in exported) == sees


def test_the_list_is_filtered_by_all_that_matters(people: People, client_of: Any) -> None:
    nps, csat = SurveyFactory(), SurveyFactory(kind="csat")
    answers(nps, [10], utc("2026-05-01"), comment="quick", channel="email", owner=people.ann)
    answers(nps, [0], utc("2026-05-10"), state="quarantined", segment="Retail")
    answers(csat, [1], utc("2026-05-17"), priority="high")
    client = client_of(people.ada)
    for query, expected in (
        ({"survey": nps.pk}, 2),
        ({"kind": "csat"}, 1),
        ({"band": "detractor"}, 1),
        ({"state": "quarantined"}, 1),
        ({"from": "2026-05-10"}, 2),
        ({"to": "2026-05-10"}, 2),
        ({"q": "quick"}, 1),
        ({"channel": "email"}, 1),
        ({"segment": "retail"}, 1),
        ({"priority": "high"}, 1),
        ({"owner": people.ann.pk}, 1),
        ({"commented": "true"}, 1),
        ({"answered": "this_month"}, 3),
    ):
        assert count(client, RESPONSES, **query) == expected, query


@pytest.mark.parametrize("url", [RESPONSES, INVITATIONS])
@pytest.mark.parametrize(
    "query", ["page=x", "sort=password", "owner=abc", "from=never", "survey=99999", "q=%25", "subject_id=-1", "stage=odd"]
)
def test_the_lists_survive_what_nobody_should_type(people: People, client_of: Any, url: str, query: str) -> None:
    assert client_of(people.ada).get(f"{url}?{query}").status_code == 200


def test_the_lists_ask_as_much_for_many_rows_as_for_few(people: People, client_of: Any) -> None:
    client, survey = client_of(people.ada), SurveyFactory()
    company = CompanyFactory()

    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    def add(number: int) -> None:
        for _number in range(number):
            answers(survey, [9], person=PersonFactory(company=company), company=company, owner=people.ann)
            invitations(survey, 1, person=PersonFactory(), company=company)

    add(1)
    few = [queries(url) for url in (RESPONSES, INVITATIONS, RESPONSES)][1:]
    add(20)
    assert [queries(url) for url in (INVITATIONS, RESPONSES)] == few


def test_the_page_tells_what_the_answer_was_before(people: People, client_of: Any, hers: Response) -> None:
    from surveys.answers import change_response

    change_response(hers, score=8)
    text = client_of(people.ann).get(hers.get_absolute_url()).content.decode()
    assert "What it was before" in text


def test_a_manager_releases_and_rejects_what_is_in_quarantine(people: People, client_of: Any) -> None:
    response = ResponseFactory(score=3, state="quarantined", owner=people.ann, team=people.north)
    client = client_of(people.max)
    client.post(reverse("surveys:response_release", args=[response.pk]))
    response.refresh_from_db()
    assert response.state == "confirmed"
    client.post(reverse("surveys:response_reject", args=[response.pk]))
    response.refresh_from_db()
    assert response.state == "rejected"


def test_a_rep_cannot_release_and_an_outsider_finds_nothing(people: People, client_of: Any, hers: Response) -> None:
    url = reverse("surveys:response_reject", args=[hers.pk])
    assert client_of(people.ann).post(url).status_code == 403
    assert client_of(people.cleo).post(url).status_code == 404
    hers.refresh_from_db()
    assert hers.state == "confirmed"


def test_a_follow_up_can_be_planned_by_hand(people: People, client_of: Any, hers: Response) -> None:
    client_of(people.max).post(reverse("surveys:response_follow_up", args=[hers.pk]))
    assert Task.objects.get().owner == people.ann


def test_scores_stand_on_the_pages_of_company_person_and_deal(people: People, client_of: Any) -> None:
    company = CompanyFactory(owner=people.ann)
    person, deal = PersonFactory(company=company, owner=people.ann), DealFactory(owner=people.ann, company=company)
    about = {"subject_type": "deals.deal", "subject_id": deal.pk, "subject_number": deal.number}
    ResponseFactory(
        score=4, comment="slow delivery", person=person, company=company, owner=people.ann, team=people.north, **about
    )
    client = client_of(people.ann)
    for record in (company, person, deal):
        assert "slow delivery" in client.get(record.get_absolute_url()).content.decode(), record


def test_a_colleagues_scores_do_not_stand_on_a_shared_company(people: People, client_of: Any) -> None:
    company = CompanyFactory(owner=people.ann)
    ResponseFactory(score=4, comment="slow delivery", company=company, owner=people.cleo, team=people.south)
    assert "slow delivery" not in client_of(people.ann).get(company.get_absolute_url()).content.decode()


def test_an_invitation_says_why_it_was_not_sent(people: People, client_of: Any) -> None:
    row = InvitationFactory(owner=people.ann)
    Invitation.objects.filter(pk=row.pk).update(state="skipped", reason="throttled", sent_at=None)
    client = client_of(people.ann)
    assert "Asked too recently" in client.get(row.get_absolute_url()).content.decode()
    assert count(client, INVITATIONS, reason="throttled") == 1


def test_a_manager_withdraws_an_invitation(people: People, client_of: Any) -> None:
    row = InvitationFactory(owner=people.ann, team=people.north)
    assert client_of(people.ann).post(reverse("surveys:invitation_withdraw", args=[row.pk])).status_code == 403
    client_of(people.max).post(reverse("surveys:invitation_withdraw", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "withdrawn"

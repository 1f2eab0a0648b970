"""The settings pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import ApiToken, ExchangeRate, Organisation, Team, User
from deals.models import LossReason, Pipeline, Product
from tests.factories import DealFactory, usual_pipeline
from tests.people import People
from tests.suites import posted

pytestmark = pytest.mark.django_db

CLOSED = [
    "organisation",
    "users",
    "user_new",
    "teams",
    "team_new",
    "rates",
    "deals:pipelines",
    "deals:pipeline_new",
    "deals:reasons",
]


@pytest.mark.parametrize("name", CLOSED)
@pytest.mark.parametrize("who", ["ann", "max", "mia", "gus"])
def test_only_administrators_open_them(people: People, client_of: Callable[[Any], Client], name: str, who: str) -> None:
    assert client_of(getattr(people, who)).get(reverse(name)).status_code == 403


@pytest.mark.parametrize("name", [*CLOSED, "deals:products", "deals:product_new", "deals:reason_new", "profile", "tokens"])
def test_administrators_do(people: People, client_of: Callable[[Any], Client], name: str) -> None:
    assert client_of(people.ada).get(reverse(name)).status_code == 200


def test_the_organisation_is_saved(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ada)
    form = posted(client.get(reverse("organisation")).context["form"]) | {
        "name": "Acme",
        "time_zone": "Europe/Paris",
        "base_currency": "eur",
    }
    assert client.post(reverse("organisation"), form).status_code == 302
    saved = Organisation.objects.get()
    assert (saved.name, saved.time_zone, saved.base_currency) == ("Acme", "Europe/Paris", "EUR")


@pytest.mark.parametrize(("field", "value"), [("time_zone", "Mars/Base"), ("base_currency", "XXZ"), ("fiscal_year_start", "13")])
def test_what_cannot_be_is_refused_at_its_field(
    people: People, client_of: Callable[[Any], Client], field: str, value: str
) -> None:
    client = client_of(people.ada)
    form = posted(client.get(reverse("organisation")).context["form"]) | {field: value}
    response = client.post(reverse("organisation"), form)
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_a_new_user_gets_role_and_team(people: People, client_of: Callable[[Any], Client]) -> None:
    form = {
        "name": "Nina New",
        "username": "nina",
        "email": "nina@x.example",
        "role": "rep",
        "team": people.north.pk,
        "fte_percent": "80",
        "is_active": "on",
    }
    assert client_of(people.ada).post(reverse("user_new"), form).status_code == 302
    nina = User.objects.get(username="nina")
    assert (nina.team, nina.fte_percent, nina.has_usable_password()) == (people.north, 80, False)
    assert nina.spans.get().role == "rep"


def test_a_weak_password_is_refused(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ada)
    url = reverse("user_edit", args=[people.ann.pk])
    form = posted(client.get(url).context["form"]) | {"password": "12345"}
    assert "password" in client.post(url, form).context["form"].errors


def test_administrators_cannot_lock_themselves_out(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ada)
    url = reverse("user_edit", args=[people.ada.pk])
    form = posted(client.get(url).context["form"]) | {"role": "rep"}
    assert client.post(url, form).status_code == 422
    people.ada.refresh_from_db()
    assert people.ada.role == "admin"


def test_a_team_is_not_below_itself(people: People, client_of: Callable[[Any], Client]) -> None:
    url = reverse("team_edit", args=[people.north.pk])
    response = client_of(people.ada).post(url, {"name": "North", "parent": people.north.pk})
    assert response.status_code == 422
    assert Team.objects.get(pk=people.north.pk).parent is None


def test_a_rate_is_added_corrected_and_deleted(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ada)
    for rate in ("1.10", "1.20"):
        assert client.post(reverse("rates"), {"currency": "eur", "date": "2026-01-01", "rate": rate}).status_code == 302
    row = ExchangeRate.objects.get()
    assert str(row.rate) == "1.20000000"
    client.post(reverse("rate_delete", args=[row.pk]))
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize("values", [{"currency": "USD"}, {"rate": "0"}, {"rate": "-1"}, {"date": "soon"}, {"currency": "XXZ"}])
def test_a_rate_that_cannot_be_is_refused(people: People, client_of: Callable[[Any], Client], values: dict) -> None:
    form = {"currency": "EUR", "date": "2026-01-01", "rate": "1.1", **values}
    assert client_of(people.ada).post(reverse("rates"), form).status_code == 422
    assert not ExchangeRate.objects.exists()


def stage_rows(*rows: dict, initial: int = 0) -> dict[str, Any]:
    data: dict[str, Any] = {"stages-TOTAL_FORMS": len(rows), "stages-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"stages-{number}-{key}": value for key, value in row.items()}
    return data


def test_a_pipeline_is_made_with_its_stages(people: People, client_of: Callable[[Any], Client]) -> None:
    usual_pipeline()
    rows = stage_rows({"name": "First", "position": 0, "probability": 10}, {"name": "Second", "position": 1, "probability": 60})
    form = {"name": "Renewals", "position": 1, "is_default": "on", **rows}
    response = client_of(people.ada).post(reverse("deals:pipeline_new"), form)
    assert response.status_code == 302, (response.context["form"].errors, response.context["form"].stages.errors)
    made = Pipeline.objects.get(name="Renewals")
    assert [stage.name for stage in made.stages.all()] == ["First", "Second"]
    assert Pipeline.objects.get(is_default=True) == made


def test_a_pipeline_without_stages_is_refused(people: People, client_of: Callable[[Any], Client]) -> None:
    response = client_of(people.ada).post(reverse("deals:pipeline_new"), {"name": "Empty", "position": 1, **stage_rows()})
    assert response.status_code == 422
    assert not Pipeline.objects.filter(name="Empty").exists()


def test_a_stage_with_deals_stays(people: People, client_of: Callable[[Any], Client]) -> None:
    deal = DealFactory(owner=people.ann)
    client, url = client_of(people.ada), reverse("deals:pipeline_edit", args=[deal.pipeline_id])
    form = posted(client.get(url).context["form"]) | {"stages-0-DELETE": "on"}
    assert client.post(url, form).status_code == 422
    assert deal.pipeline.stages.filter(pk=deal.stage_id).exists()


def test_reasons_and_products_are_added(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ada)
    client.post(reverse("deals:reason_new"), {"name": "Too dear", "position": 1, "active": "on"})
    client.post(
        reverse("deals:product_new"),
        {"code": "P1", "name": "Pump", "price": "1,250.50", "currency": "usd", "billing": "once", "active": "on"},
    )
    assert LossReason.objects.get().name == "Too dear"
    assert Product.objects.get().price == 1_250_50


def test_reps_read_products_and_change_none(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ann)
    assert client.get(reverse("deals:products")).status_code == 200
    assert client.get(reverse("deals:product_new")).status_code == 403


def test_a_profile_is_ones_own(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ann)
    form = posted(client.get(reverse("profile")).context["form"]) | {
        "language": "fr",
        "time_zone": "Europe/Paris",
        "role": "admin",
    }
    assert client.post(reverse("profile"), form).status_code == 302
    people.ann.refresh_from_db()
    assert (people.ann.language, people.ann.time_zone, people.ann.role) == ("fr", "Europe/Paris", "rep")


def test_a_tokens_secret_is_shown_once(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.ann)
    page = client.post(reverse("tokens"), {"name": "Script", "scope": "read", "days": "30"})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert secret not in client.get(reverse("tokens")).content.decode()
    token = ApiToken.objects.get()
    assert (token.user, token.scope) == (people.ann, "read")
    assert token.expires_at is not None


def test_a_token_is_revoked_by_its_owner_only(people: People, client_of: Callable[[Any], Client]) -> None:
    token, _secret = ApiToken.issue(people.ann, "Script")
    assert client_of(people.ada).post(reverse("token_revoke", args=[token.pk])).status_code == 404
    client_of(people.ann).post(reverse("token_revoke", args=[token.pk]))
    assert not ApiToken.objects.exists()

"""The administration: every table is there, history is only read, and saves go through the services."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from analytics.models import OwnNumber, SuccessThreshold, Target
from contacts.models import Activity, Company, Lead, Person, Task
from crm.models import ApiToken, Event, ExchangeRate, Job, Team, User, UserSpan
from deals.models import Deal, DealState, LossReason, Pipeline, Product, Stage
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    DealFactory,
    LeadFactory,
    PersonFactory,
    ProductFactory,
    TaskFactory,
    usual_pipeline,
)

pytestmark = pytest.mark.django_db

OURS = [model for name in ("crm", "analytics", "contacts", "deals") for model in apps.get_app_config(name).get_models()]
EDITED = {User, Team, ExchangeRate, Company, Person, Lead, Activity, Task, Deal, Pipeline, Stage, LossReason, Product, Target}
EDITED |= {SuccessThreshold, OwnNumber, apps.get_model("crm", "Organisation")}


def label(value: Any) -> str:
    return getattr(value._meta, "label", value.__name__) if isinstance(value, type) else str(value)


def page(model: type[models.Model], what: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}", args=args)


@pytest.fixture
def ada(people: Any, client_of: Any) -> Client:
    """Ada's browser: an administrator by role, not a superuser."""
    return client_of(people.ada)


def form(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """The form's values as the browser would send them back, with changes."""
    context = client.get(address).context
    main = context["adminform"].form
    values = _values(main, "")
    for inline in context["inline_admin_formsets"]:
        formset = inline.formset
        values |= _values(formset.management_form, "")
        for one in formset.forms:
            values |= _values(one, "")
    return values | changes


def _values(one: Any, _prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for bound in one:
        value = bound.value()
        names = [bound.html_name]
        if hasattr(bound.field.widget, "widgets"):
            parts = bound.field.widget.decompress(value)
            names = [bound.html_name, *([bound.html_initial_name] if bound.field.show_hidden_initial else [])]
            found |= {f"{name}_{at}": part for name in names for at, part in enumerate(parts) if part is not None}
            continue
        if value is not None and value is not False:
            found |= dict.fromkeys(names, value)
    return {name: value.pk if isinstance(value, models.Model) else value for name, value in found.items()}


def test_every_table_is_in_the_administration() -> None:
    assert set(OURS) <= set(admin.site._registry)


def test_every_list_opens_for_an_administrator(ada: Client) -> None:
    for model in OURS:
        assert ada.get(page(model, "changelist")).status_code == 200, model


def test_every_record_can_be_started_from_an_empty_form(ada: Client) -> None:
    usual_pipeline()
    for model in EDITED - {apps.get_model("crm", "Organisation")}:
        assert ada.get(page(model, "add")).status_code == 200, model


def test_what_only_the_program_writes_is_only_read(ada: Client) -> None:
    request = ada.get(page(Deal, "changelist")).wsgi_request
    for model in set(OURS) - EDITED:
        assert ada.get(page(model, "add")).status_code == 403, model
        assert not admin.site._registry[model].has_change_permission(request), model


@pytest.mark.parametrize("name", ["ann", "max", "mia", "gus"])
def test_nobody_else_gets_in(name: str, people: Any, client_of: Any) -> None:
    client = client_of(getattr(people, name))
    assert client.get("/admin/").status_code == 302
    assert client.get(page(User, "changelist")).status_code == 302


def test_a_company_saved_here_writes_its_event(people: Any, ada: Client) -> None:
    company = CompanyFactory(owner=people.ann, city="Lyon")
    address = page(Company, "change", company.pk)
    response = ada.post(address, form(ada, address, city="Paris", annual_revenue="12.50", annual_revenue_currency="EUR"))
    assert response.status_code == 302, response.context["errors"]
    company.refresh_from_db()
    assert (company.city, company.annual_revenue, company.name) == ("Paris", 1250, company.name)
    event = Event.objects.get(kind="company.changed")
    assert (event.old["city"], event.new["city"], event.actor, event.origin) == ("Lyon", "Paris", people.ada, "admin")


def test_a_company_made_here_is_stamped(people: Any, ada: Client) -> None:
    address = page(Company, "add")
    assert ada.post(address, form(ada, address, name="Acme", owner=people.ann.pk)).status_code == 302
    company = Company.objects.get()
    assert (company.origin, company.created_by, company.team) == ("admin", people.ada, people.north)


def test_what_a_service_refuses_is_told_and_not_written(people: Any, ada: Client) -> None:
    top = CompanyFactory(owner=people.ann)
    below = CompanyFactory(owner=people.ann, parent=top)
    address = page(Company, "change", top.pk)
    response = ada.post(address, form(ada, address, parent=below.pk), follow=True)
    assert "A company cannot be part of itself." in response.content.decode()
    top.refresh_from_db()
    assert top.parent is None


def test_a_persons_addresses_are_saved_with_the_person(people: Any, ada: Client) -> None:
    person = PersonFactory(owner=people.ann, emails=["a@x.example"], phones=["+33 1 44 55 66 77"])
    address = page(Person, "change", person.pk)
    values = form(ada, address, title="CEO")
    values |= {"emails-TOTAL_FORMS": 2, "emails-1-email": "b@x.example", "emails-1-type": "home", "emails-1-person": person.pk}
    assert ada.post(address, values).status_code == 302
    assert [row.email for row in person.emails.all()] == ["a@x.example", "b@x.example"]
    assert [row.digits for row in person.phones.all()]
    assert Event.objects.filter(kind="person.reachable", origin="admin").count() == 1


def test_a_deal_saved_here_writes_history_in_major_units(people: Any, ada: Client) -> None:
    deal = DealFactory(owner=people.ann, amount=1000_00)
    address = page(Deal, "change", deal.pk)
    assert form(ada, address)["amount"] == Decimal("1000.00")
    response = ada.post(address, form(ada, address, amount="1200.50"))
    assert response.status_code == 302, response.context["errors"]
    state = DealState.objects.get(deal=deal, end=None)
    assert (state.amount, state.by, state.origin) == (1200_50, people.ada, "admin")
    assert DealState.objects.filter(deal=deal).count() == 2


def test_saving_without_a_change_writes_nothing(people: Any, ada: Client) -> None:
    deal = DealFactory(owner=people.ann)
    address, before = page(Deal, "change", deal.pk), Event.objects.count()
    response = ada.post(address, form(ada, address))
    assert response.status_code == 302, response.context["errors"]
    assert [(event.kind, event.new) for event in Event.objects.order_by("pk")[before:]] == []
    assert DealState.objects.count() == 1


def test_a_deal_made_here_has_number_and_history(people: Any, ada: Client) -> None:
    pipeline = usual_pipeline()
    address = page(Deal, "add")
    values = form(ada, address, title="Solar", pipeline=pipeline.pk, stage=pipeline.stages.first().pk, amount="5", currency="EUR")
    response = ada.post(address, values | {"owner": people.ann.pk})
    assert response.status_code == 302, response.context["errors"]
    deal = Deal.objects.get()
    assert (deal.amount, deal.number, deal.states.count()) == (500, "D-1", 1)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (CompanyFactory, "company"),
        (PersonFactory, "person"),
        (LeadFactory, "lead"),
        (ActivityFactory, "activity"),
        (TaskFactory, "task"),
        (DealFactory, "deal"),
    ],
    ids=label,
)
def test_deleting_here_is_an_event_one_by_one_and_in_bulk(make: Any, kind: str, people: Any, ada: Client) -> None:
    records = [make(owner=people.ann) for _ in range(3)]
    model = type(records[0])
    assert ada.post(page(model, "delete", records[0].pk), {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [record.pk for record in records[1:]], "post": "yes"}
    assert ada.post(page(model, "changelist"), chosen).status_code == 302
    assert not model._default_manager.exists()
    assert Event.objects.filter(kind=f"{kind}.deleted", origin="admin", actor=people.ada).count() == 3


def test_a_company_with_deals_is_not_deleted_in_bulk(people: Any, ada: Client) -> None:
    company = CompanyFactory(owner=people.ann)
    DealFactory(owner=people.ann, company=company)
    ada.post(page(Company, "changelist"), {"action": "delete_selected", "_selected_action": [company.pk], "post": "yes"})
    assert Company.objects.filter(pk=company.pk).exists()


def test_a_user_made_here_can_sign_in_and_has_a_working_life(people: Any, ada: Client) -> None:
    address = page(User, "add")
    values = form(ada, address, username="eve", name="Eve", email="eve@sextant.example", role="rep", team=people.north.pk)
    secret = "a long way to Tipperary"
    response = ada.post(address, values | {"usable_password": "true", "password1": secret, "password2": secret})
    assert response.status_code == 302, response.context["errors"]
    eve = User.objects.get(username="eve")
    assert eve.check_password(secret)
    assert UserSpan.objects.get(user=eve).team == people.north


def test_a_users_new_role_is_written_down_and_makes_no_superuser(people: Any, ada: Client) -> None:
    address = page(User, "change", people.ann.pk)
    values = form(ada, address, role="manager") | {"is_superuser": "on", "is_staff": "on"}
    assert ada.post(address, values).status_code == 302
    people.ann.refresh_from_db()
    assert (people.ann.role, people.ann.is_superuser) == ("manager", False)
    assert people.ann.has_usable_password()
    assert Event.objects.filter(kind="user.changed", origin="admin").count() == 1


def test_users_are_not_deleted(people: Any, ada: Client) -> None:
    assert ada.post(page(User, "delete", people.ann.pk), {"post": "yes"}).status_code == 403


def test_a_rate_set_here_is_an_event(people: Any, ada: Client) -> None:
    address = page(ExchangeRate, "add")
    assert ada.post(address, {"currency": "EUR", "date": "2026-01-01", "rate": "1.1"}).status_code == 302
    rate = ExchangeRate.objects.get()
    address = page(ExchangeRate, "change", rate.pk)
    assert ada.post(address, {"currency": "GBP", "date": "2020-01-01", "rate": "1.2"}).status_code == 302
    rate.refresh_from_db()
    assert (rate.currency, rate.rate) == ("EUR", Decimal("1.2"))
    assert Event.objects.filter(kind="rate.changed", origin="admin").count() == 2


def test_there_is_one_default_pipeline_the_last_one_chosen(people: Any, ada: Client) -> None:
    usual_pipeline()
    address = page(Pipeline, "add")
    assert ada.post(address, {"name": "Partners", "position": 1, "is_default": "on"}).status_code == 302
    assert [row.name for row in Pipeline.objects.filter(is_default=True)] == ["Partners"]


def test_a_product_is_priced_in_major_units(people: Any, ada: Client) -> None:
    product = ProductFactory(price=99_90)
    address = page(Product, "change", product.pk)
    assert ada.post(address, form(ada, address, price="89.90")).status_code == 302
    product.refresh_from_db()
    assert product.price == 89_90


def test_a_token_is_shown_without_its_hash_and_can_be_withdrawn(people: Any, ada: Client) -> None:
    token, secret = ApiToken.issue(people.ann, "laptop")
    shown = ada.get(page(ApiToken, "change", token.pk)).content.decode()
    assert token.hashed not in shown
    assert secret not in shown
    ada.post(page(ApiToken, "delete", token.pk), {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_jobs_and_events_open_to_be_read(people: Any, ada: Client) -> None:
    CompanyFactory(owner=people.ann)
    event = Event.objects.first()
    job = Job.objects.create(kind="crm.test")
    assert ada.get(page(Event, "change", event.pk)).status_code == 200
    assert ada.get(page(Job, "change", job.pk)).status_code == 200
    assert ada.post(page(Event, "change", event.pk), {"kind": "x"}).status_code == 403


def test_the_index_opens(ada: Client) -> None:
    assert ada.get("/admin/").status_code == 200

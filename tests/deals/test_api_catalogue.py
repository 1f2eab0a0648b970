"""/api/v1/products/, pipelines, stages and loss reasons"""

from __future__ import annotations

from typing import Any

import pytest

from deals.models import DealLine, Product
from tests.api import Api, fields
from tests.factories import DealFactory, LossReasonFactory, ProductFactory, usual_pipeline

pytestmark = pytest.mark.django_db


def test_an_administrator_makes_changes_and_deletes_products(people: Any) -> None:
    api = Api(people.ada)
    made = api.post("/products/", code="SOL-1", name="Panel", price="99.90", currency="EUR")
    assert (made.status_code, made.json()["price"]) == (201, "99.90")
    path = f"/products/{made.json()['id']}/"
    assert api.patch(path, price="89.90").json()["price"] == "89.90"
    assert api.delete(path).status_code == 204
    assert not Product.objects.exists()


def test_a_product_is_priced_in_the_organisations_currency_by_default(people: Any) -> None:
    assert Api(people.ada).post("/products/", code="A", name="A", price="5").json()["currency"] == "USD"
    assert Api(people.ada).post("/products/", code="B", name="B").json()["currency"] == "USD"


def test_others_only_read_products(people: Any) -> None:
    product, api = ProductFactory(), Api(people.max)
    assert api.get(f"/products/{product.pk}/").status_code == 200
    assert api.post("/products/", code="x", name="x").status_code == 403
    assert api.patch(f"/products/{product.pk}/", name="x").status_code == 403
    assert api.delete(f"/products/{product.pk}/").status_code == 403


def test_a_code_is_given_once(people: Any) -> None:
    ProductFactory(code="SOL-1")
    assert fields(Api(people.ada).post("/products/", code="SOL-1", name="x")) == {"code"}


def test_a_product_on_a_deal_is_not_deleted(people: Any) -> None:
    product = ProductFactory()
    DealFactory(owner=people.ann, lines=[DealLine(product=product, quantity=1, unit_price=5)])
    assert Api(people.ada).delete(f"/products/{product.pk}/").status_code == 400
    assert Product.objects.exists()


def test_pipelines_come_with_their_stages_in_order(people: Any) -> None:
    pipeline = usual_pipeline()
    read = Api(people.ann).get(f"/pipelines/{pipeline.pk}/").json()
    assert [stage["name"] for stage in read["stages"]] == ["Lead in", "Meeting", "Offer", "Contract"]
    stages = Api(people.ann).get(f"/stages/?pipeline={pipeline.pk}").json()["results"]
    assert [stage["probability"] for stage in stages] == [10, 30, 60, 80]


def test_loss_reasons_can_be_narrowed_to_those_offered(people: Any) -> None:
    LossReasonFactory(active=False)
    offered = LossReasonFactory()
    rows = Api(people.ann).get("/loss-reasons/?active=true").json()["results"]
    assert [row["id"] for row in rows] == [offered.pk]

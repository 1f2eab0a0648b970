"""The OpenAPI schema and its page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.management import call_command

from tests.api import Api, routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(people: Any) -> dict[str, Any]:
    response = Api(people.ann).get("/schema/")
    assert response.status_code == 200
    return response.json()


def test_the_schema_is_valid_and_complete(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").stat().st_size > 10_000


def test_every_address_is_in_the_schema(schema: dict[str, Any]) -> None:
    described = {
        (method.upper(), re.sub(r"{[^}]+}", "{}", path))
        for path, methods in schema["paths"].items()
        for method in methods
        if method != "parameters"
    }
    served = {(method, "/api/v1" + re.sub(r"{[^}]+}", "{}", path)) for method, path, _name in routes()}
    assert served <= described


def test_writes_name_their_headers_and_every_call_its_errors(schema: dict[str, Any]) -> None:
    create = schema["paths"]["/api/v1/deals/"]["post"]
    change = schema["paths"]["/api/v1/deals/{id}/"]["patch"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in create["parameters"]}
    assert "If-Match" in {parameter["name"] for parameter in change["parameters"]}
    assert "default" in create["responses"]


def test_the_schema_and_its_page_need_a_login(people: Any, client: Any) -> None:
    assert Api().get("/schema/").status_code == 401
    assert client.get("/api/v1/docs/").status_code == 302


def test_the_page_runs_under_the_strict_policy(people: Any, client_of: Any) -> None:
    response = client_of(people.ann).get("/api/v1/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"(src|href)=\"https?://", page)
    script = client_of(people.ann).get("/api/v1/docs/?script=")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert "/api/v1/schema/" in script.content.decode()

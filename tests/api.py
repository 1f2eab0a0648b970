"""Talking to the API in tests: a client with a token, and the addresses that exist."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from rest_framework.utils.encoders import JSONEncoder

from crm.api.routing import router
from crm.models import ApiToken, User


class Api:
    """A caller with a token of its own. `get("/deals/")`, `post("/deals/", title="Solar")`; answers are Django's responses."""

    def __init__(self, user: User | None = None, scope: str = "write", **headers: str) -> None:
        self.client = Client()
        self.headers = dict(headers)
        if user is not None:
            self.token, secret = ApiToken.issue(user, "test", scope)
            self.headers["Authorization"] = f"Bearer {secret}"

    def call(self, method: str, path: str, data: Any = None, headers: dict[str, str] | None = None) -> Any:
        body = data if isinstance(data, str | bytes) else json.dumps(data, cls=JSONEncoder) if data is not None else ""
        return self.client.generic(
            method,
            path if path.startswith(("/api/", "http")) else f"/api/v1{path}",
            body,
            content_type="application/json",
            headers={**self.headers, **(headers or {})},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, headers=headers)

    def post(self, path: str, headers: dict[str, str] | None = None, **data: Any) -> Any:
        return self.call("POST", path, data, headers)

    def patch(self, path: str, headers: dict[str, str] | None = None, **data: Any) -> Any:
        return self.call("PATCH", path, data, headers)

    def delete(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self.call("DELETE", path, headers=headers)


def fields(response: Any) -> set[str]:
    """The fields that an error answer names."""
    return {error["field"] for error in response.json()["errors"]}


def routes() -> list[tuple[str, str, str]]:
    """(method, path with {pk}, view's basename) of everything the router serves."""
    import crm.api.urls  # noqa: F401  fills the router

    found = []
    for prefix, viewset, basename in router.registry:
        for route in router.get_routes(viewset):
            mapping = router.get_method_map(viewset, route.mapping)
            if mapping:
                path = route.url.replace("{prefix}", prefix).replace("{lookup}", "{pk}").replace("{trailing_slash}", "/")
                found += [(method.upper(), "/" + path, basename) for method in mapping]
    return found

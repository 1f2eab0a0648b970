"""What the OpenAPI schema cannot read from the code: how tokens are sent, and the headers and errors that every call has."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from .auth import TokenAuthentication


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A personal token, made under Settings › API tokens."}


class ErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    field = serializers.CharField(help_text="Dotted path, empty for the whole request.")
    message = serializers.CharField()


class ErrorsSerializer(serializers.Serializer):
    errors = ErrorSerializer(many=True)
    request_id = serializers.CharField()


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


IF_MATCH = _header("If-Match", "The ETag that was read; answers 412 when the record has changed since.")
IDEMPOTENCY_KEY = _header("Idempotency-Key", "Any text of up to 255 characters; a retry with it gets the first answer.")


class Schema(AutoSchema):
    """Adds to each operation the headers it reads and the errors it may give."""

    def get_override_parameters(self) -> list[OpenApiParameter]:
        added = []
        if self.method == "POST":
            added.append(IDEMPOTENCY_KEY)
        if self.method in ("PUT", "PATCH", "DELETE") or (self.method == "POST" and "{id}" in self.path):
            added.append(IF_MATCH)
        return added

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        bodies = super()._get_response_bodies(*args, **kwargs)
        error = self._get_response_for_code(OpenApiResponse(ErrorsSerializer, "What is wrong."), "default")
        return {**bodies, "default": error}

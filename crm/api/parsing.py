"""Reading a request's JSON: bounded, exact, and nothing that a database cannot store."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ..middleware import unclean

DEEPEST, MOST_VALUES, LONGEST_NUMBER = 20, 20_000, 40


class StrictJSONParser(BaseParser):
    """UTF-8 JSON objects. Refuses NaN, doubled keys, NUL, lone surrogates, great depth, endless numbers; decimals stay exact."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            data = json.loads(
                stream.read().decode(),
                parse_constant=_no_number,
                parse_int=_integer,
                parse_float=_decimal,
                object_pairs_hook=_object,
            )
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(data, dict):
            raise ParseError(_("The body must be a JSON object."))
        inspect(data)
        return data


def inspect(data: Any) -> None:
    """Raises ParseError where the data is too deep, too much, or holds text that PostgreSQL cannot store."""
    level, count = [data], 0
    for _depth in range(DEEPEST + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str) and unclean(value):
                raise ParseError(_("The body holds characters that cannot be stored."))
            if isinstance(value, dict):
                below += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                below += value
        count += len(below)
        if count > MOST_VALUES:
            raise ParseError(_("The body holds too many values."))
        if not below:
            return
        level = below
    raise ParseError(_("The body is nested too deeply."))


def _no_number(text: str) -> None:
    raise ValueError(text)


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError(text[:LONGEST_NUMBER])
    return int(text)


def _decimal(text: str) -> Decimal:
    value = Decimal(text) if len(text) <= LONGEST_NUMBER else None
    if value is None or abs(value.adjusted()) > LONGEST_NUMBER:
        raise ValueError(text[:LONGEST_NUMBER])
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found

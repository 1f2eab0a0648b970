"""Sharing long lists of cases out between the databases."""

from __future__ import annotations

from typing import Any

from django.db import connection


def shared_out(*cases: Any) -> tuple[Any, ...]:
    """Every other case on SQLite, the rest on PostgreSQL: `.ci/run` asks each of them, and each database its part. For random
    seeds and settings, where another case is worth as much as the same one again."""
    return cases[0::2] if connection.vendor == "sqlite" else cases[1::2]

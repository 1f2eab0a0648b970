"""Indexes that only one of the databases needs or can have; made after migrate, like those of search.

PostgreSQL reads an index in its own order only, and ours sort rows without a value last in both directions. SQLite's indexes
serve that order already and cannot say it.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import Model
from django.db.models.signals import post_migrate
from django.dispatch import receiver

_wanted: list[tuple[type[Model], str]] = []


def blanks_last(model: type[Model], field: str) -> None:
    """A list of these rows is sorted by this nullable column, the largest first."""
    _wanted.append((model, field))


@receiver(post_migrate)
def ensure(sender: Any, using: str = "default", **kwargs: Any) -> None:
    """Makes the app's missing indexes."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    tables = set(connection.introspection.table_names())
    for model, field in _wanted:
        table, column = model._meta.db_table, model._meta.get_field(field).column  # type: ignore[union-attr]
        if model._meta.app_label == sender.label and table in tables:
            with connection.cursor() as cursor:
                cursor.execute(
                    f'CREATE INDEX IF NOT EXISTS "{table}_{column}_last" ON "{table}" ("{column}" DESC NULLS LAST, id DESC)'
                )

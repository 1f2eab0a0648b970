"""Indexes that only PostgreSQL needs or can have; made after migrate, like those of search.

It reads an index in its own order only, and ours sort rows without a value last in both directions: SQLite's indexes serve that
order already and cannot say it. And it can index spans of days, which SQLite cannot.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import Model
from django.db.models.signals import post_migrate
from django.dispatch import receiver

#: (model, name of the index after the table's, how it is made)
_wanted: list[tuple[type[Model], str, str]] = []


def blanks_last(model: type[Model], field: str) -> None:
    """A list of these rows is sorted by this nullable column, the largest first."""
    column = _column(model, field)
    _wanted.append((model, f"{column}_last", f'("{column}" DESC NULLS LAST, id DESC)'))


def spans(model: type[Model], start: str, end: str, where: str) -> None:
    """Rows that match `where` are asked for by the days they hold (`crm.spans`)."""
    days = f'daterange("{_column(model, start)}", "{_column(model, end)}", \'[]\')'
    _wanted.append((model, "span", f"USING gist ({days}) WHERE {where}"))


def _column(model: type[Model], field: str) -> str:
    return model._meta.get_field(field).column  # type: ignore[union-attr,return-value]


@receiver(post_migrate)
def ensure(sender: Any, using: str = "default", **kwargs: Any) -> None:
    """Makes the app's missing indexes."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    tables = set(connection.introspection.table_names())
    for model, name, made in _wanted:
        table = model._meta.db_table
        if model._meta.app_label == sender.label and table in tables:
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE INDEX IF NOT EXISTS "{table}_{name}" ON "{table}" {made}')

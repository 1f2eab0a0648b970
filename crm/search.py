"""Finding records by any part of a text, fast at 100,000 rows and on both databases.

Tables announce their searchable columns (`index`). On PostgreSQL each gets a trigram index; on SQLite a full-text table with
trigrams, kept by triggers, so that whatever door a row comes through it is found. Both are made after migrate (`ensure`),
because SQLite drops triggers when a migration remakes their table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connections, transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from .access import may
from .site import search_kinds

TRIGRAM = 3
LONGEST = 80
WORDS = 6


@dataclass(frozen=True)
class TextIndex:
    """The searchable columns of a table."""

    model: type[Model]
    fields: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def fts(self) -> str:
        return f"search_{self.table}"

    @property
    def columns(self) -> list[str]:
        return [str(self.model._meta.get_field(name).column) for name in self.fields]  # type: ignore[union-attr]


_indexes: dict[type[Model], TextIndex] = {}


def index(model: type[Model], *fields: str) -> None:
    """Makes columns of a table searchable by parts. Called from an app's registrations."""
    _indexes[model] = TextIndex(model, fields)


def words(text: str) -> list[str]:
    """What must be contained, each word somewhere: "acme paris" finds Acme in Paris."""
    return [word for word in text[:LONGEST].split() if word][:WORDS]


def matching(queryset: QuerySet, text: str) -> QuerySet:
    """The rows of an indexed table of which each word is contained in some searchable column."""
    found = _indexes[queryset.model]
    terms = words(text)
    if not terms:
        return queryset.none()
    long = [term for term in terms if len(term) >= TRIGRAM]
    short = [term for term in terms if len(term) < TRIGRAM]
    if connections[queryset.db].vendor == "sqlite" and long:
        query = " AND ".join('"' + term.replace('"', '""') + '"' for term in long)
        match = RawSQL(f'SELECT rowid FROM "{found.fts}" WHERE "{found.fts}" MATCH %s', [query])  # noqa: S611  names are ours
        queryset = queryset.filter(pk__in=match)
    else:
        short = terms
    for term in short:
        # One or two letters are in nearly every row; they are read as the start of a word.
        lookup = "icontains" if len(term) >= TRIGRAM else "istartswith"
        part = Q()
        for name in found.fields:
            part |= Q(**{f"{name}__{lookup}": term})
            if len(term) < TRIGRAM:
                part |= Q(**{f"{name}__icontains": f" {term}"})
        queryset = queryset.filter(part)
    return queryset


@receiver(post_migrate)
def ensure(sender: Any, using: str = "default", **kwargs: Any) -> None:
    """Makes the app's missing search indexes; runs after every migrate and does nothing when all is there."""
    connection = connections[using]
    mine = [found for found in _indexes.values() if found.model._meta.app_label == sender.label]
    tables = set(connection.introspection.table_names()) if mine else set()
    for found in mine:
        if found.table in tables:
            (_ensure_sqlite if connection.vendor == "sqlite" else _ensure_postgresql)(connection, found)


def _ensure_sqlite(connection: Any, found: TextIndex) -> None:
    names = ", ".join(f'"{column}"' for column in found.columns)
    new = ", ".join(f'new."{column}"' for column in found.columns)
    old = ", ".join(f'old."{column}"' for column in found.columns)
    insert = f'INSERT INTO "{found.fts}"(rowid, {names}) VALUES (new.id, {new});'
    delete = f'INSERT INTO "{found.fts}"("{found.fts}", rowid, {names}) VALUES (\'delete\', old.id, {old});'
    triggers = {
        f"{found.fts}_insert": f'AFTER INSERT ON "{found.table}" BEGIN {insert} END',
        f"{found.fts}_delete": f'AFTER DELETE ON "{found.table}" BEGIN {delete} END',
        f"{found.fts}_update": f'AFTER UPDATE OF {names} ON "{found.table}" BEGIN {delete} {insert} END',
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [found.table])
        there = {row[0] for row in cursor.fetchall()}
        if there >= triggers.keys():
            return
        cursor.execute(
            f'CREATE VIRTUAL TABLE IF NOT EXISTS "{found.fts}" '
            f"USING fts5({names}, content='{found.table}', content_rowid='id', tokenize='trigram')"
        )
        for name, body in triggers.items():
            cursor.execute(f'CREATE TRIGGER IF NOT EXISTS "{name}" {body}')
        cursor.execute(f'INSERT INTO "{found.fts}"("{found.fts}") VALUES (\'rebuild\')')


def _ensure_postgresql(connection: Any, found: TextIndex) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [found.table])
        there = {row[0] for row in cursor.fetchall()}
        missing = [column for column in found.columns if f"{found.fts}_{column}"[:63] not in there]
        if not missing:
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError:
            return  # The role may not add extensions: search works, only slower.
        for column in missing:
            name = f"{found.fts}_{column}"[:63]
            # Django writes icontains as UPPER(column) LIKE UPPER(term); the index must be on the same expression.
            cursor.execute(
                f'CREATE INDEX IF NOT EXISTS "{name}" ON "{found.table}" USING gin (UPPER("{column}"::text) gin_trgm_ops)'
            )


def everywhere(user: Any, text: str, limit: int = 6) -> list[tuple[Any, list]]:
    """Hits of each kind of record that the user may see, in the kinds' order; kinds without a hit are left out."""
    if len(text.strip()) < 2:
        return []
    found = []
    for kind in sorted(search_kinds, key=lambda kind: kind.order):
        if may(user, kind.resource, "view"):
            hits = kind.find(user, text.strip(), limit)
            if hits:
                found.append((kind, hits))
    return found

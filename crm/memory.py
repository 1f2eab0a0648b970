"""Memory for questions that read much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def working_memory(size: str) -> Iterator[None]:
    """What PostgreSQL may use for each sort and grouping meanwhile ("64MB"): with its usual 4 MB it sorts on disk. Inside a transaction it
    holds until that ends. SQLite has no such limit."""
    if connection.vendor != "postgresql":
        yield
        return
    local = "LOCAL" if connection.in_atomic_block else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SET {local} work_mem = '{size}'")
    try:
        yield
    finally:
        if not local:
            with connection.cursor() as cursor:
                cursor.execute("RESET work_mem")

"""Finding what a row refers to, among very many records, without a query per row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from .parsing import fold, squash

SEVERAL = -1
SLACK = dt.timedelta(minutes=5)  # transactions that began before the last look may commit after it

Loaded = Iterable[tuple[int, Sequence[str]]]


@dataclass(frozen=True)
class Found:
    """The record's id; `loosely` when only spaces or punctuation had to be forgiven; `several` when more than one fits."""

    pk: int
    loosely: bool = False
    several: bool = False


class Index:
    """key -> id. Keys are names ("Acme Corp"), or exact marks with a prefix ("e:ann@example.com").

    load(since) yields (id, keys) of all records, or of those written since; it is asked again at the start of each step, so
    what others write meanwhile is found.
    """

    def __init__(self, load: Callable[[dt.datetime | None], Loaded]) -> None:
        self._load = load
        self._exact: dict[str, int] = {}
        self._loose: dict[str, int] = {}
        self._seen: dt.datetime | None = None

    def refresh(self) -> None:
        """Takes in what was written since the last look."""
        now = timezone.now()
        for pk, keys in self._load(self._seen - SLACK if self._seen else None):
            self.add(pk, keys)
        self._seen = now

    def reset(self) -> None:
        """Forgets everything; the next look reads it anew."""
        self._exact.clear()
        self._loose.clear()
        self._seen = None

    def add(self, pk: int, keys: Sequence[str]) -> None:
        for key in keys:
            if not key:
                continue
            if key[1:2] == ":":
                self._put(self._exact, key, pk)
            else:
                self._put(self._exact, fold(key), pk)
                self._put(self._loose, squash(key), pk)

    @staticmethod
    def _put(table: dict[str, int], key: str, pk: int) -> None:
        table[key] = pk if table.get(key, pk) == pk else SEVERAL

    def find(self, *keys: str) -> Found | None:
        """The record that the first fitting key names."""
        if self._seen is None:
            self.refresh()
        for key in keys:
            if not key:
                continue
            mark = key[1:2] == ":"
            pk = self._exact.get(key if mark else fold(key))
            if pk is not None:
                return Found(pk, several=pk == SEVERAL)
            pk = None if mark else self._loose.get(squash(key))
            if pk is not None:
                return Found(pk, loosely=True, several=pk == SEVERAL)
        return None

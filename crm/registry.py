"""A small registry: things declared under a key, frozen once the project has started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class RegistryError(RuntimeError):
    """A duplicate key, or a registration after the registry was frozen."""


class Registry(Generic[T]):
    """Keeps items in order of registration. Look-ups go by key only; an unknown key raises KeyError."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._items: dict[str, T] = {}
        self._frozen = False

    def register(self, key: str, item: T) -> T:
        if self._frozen:
            raise RegistryError(f"{self.what} “{key}” comes too late: the registry is frozen.")
        if key in self._items:
            raise RegistryError(f"{self.what} “{key}” is registered twice.")
        self._items[key] = item
        return item

    def freeze(self) -> None:
        self._frozen = True

    def __getitem__(self, key: str) -> T:
        return self._items[key]

    def get(self, key: str) -> T | None:
        return self._items.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def keys(self) -> list[str]:
        return list(self._items)

    @contextmanager
    def temporarily(self, key: str, item: T) -> Iterator[None]:
        """For tests: the item is there inside the block only."""
        if key in self._items:
            raise RegistryError(f"{self.what} “{key}” is registered twice.")
        self._items[key] = item
        try:
            yield
        finally:
            del self._items[key]

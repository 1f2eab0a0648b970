"""What can be imported. Apps declare kinds; the engine reads rows, the kind writes them, a thousand at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from ..money import LARGEST, to_minor
from ..registry import Registry
from ..site import Text
from .parsing import Amount
from .readers import Cell

if TYPE_CHECKING:
    from .engine import Plan, Step

TYPES = ("text", "email", "domain", "money", "whole", "decimal", "day", "moment", "choice", "currency", "country", "language")


@dataclass(frozen=True)
class Field:
    """One field that a column can be mapped to.

    type: how a cell is read (one of TYPES). choices: value -> label for "choice"; either may be written, in any language of
    the product. headings: what other programs call the column; the mapping page proposes by them.
    """

    key: str
    label: Text
    type: str = "text"
    limit: int = 200
    choices: tuple[tuple[str, Text], ...] = ()
    headings: tuple[str, ...] = ()
    help: Text = ""


@dataclass
class Row:
    """One row of the file: its line, its cells, its values by field (blank cells have none), and what came of it."""

    line: int
    cells: list[Cell]
    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    result: str = ""
    column: str = ""
    value: str = ""
    reason: str = ""

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def text(self, key: str) -> str:
        return self.values.get(key, "")

    def refuse(self, key: str, reason: Text) -> None:
        """Refuses the row; the first reason stands."""
        if not self.refused:
            self.result, self.column, self.value, self.reason = "refused", key, self.raw.get(key, ""), str(reason)

    @property
    def refused(self) -> bool:
        return self.result == "refused"

    def minor(self, key: str, currency: str) -> int | None:
        """A money value in minor units of the row's currency; a different currency beside the number refuses the row."""
        amount: Amount | None = self.values.get(key)
        if amount is None:
            return None
        if amount.currency and amount.currency != currency:
            self.refuse(
                key, _("is in %(written)s, the row is in %(currency)s") % {"written": amount.currency, "currency": currency}
            )
            return None
        if amount.value and amount.value.adjusted() > 20:  # far above LARGEST, and more than decimals convert
            self.refuse(key, _("is too large"))
            return None
        minor = to_minor(amount.value, currency)
        if minor < 0:
            self.refuse(key, _("is negative"))
        elif minor > LARGEST:
            self.refuse(key, _("is too large"))
        return minor

    def currency_of(self, key: str, default: str) -> str:
        """The row's currency: its own column, else what stands beside the amount, else the default."""
        amount: Amount | None = self.values.get(key)
        return self.values.get("currency") or (amount.currency if amount else "") or default


class Kind:
    """Something that can be imported. Subclasses live in the app that owns the rows."""

    key: ClassVar[str]
    label: ClassVar[Text]
    fields: ClassVar[tuple[Field, ...]]
    #: What the person who imports must be allowed (crm.access), each as (resource, action).
    needs: ClassVar[tuple[tuple[str, str], ...]]
    #: At least one field of each group must have a column or a default.
    required: ClassVar[tuple[tuple[str, ...], ...]] = ()
    #: Fields whose different values are collected over the whole file before the first row is written.
    surveyed: ClassVar[tuple[str, ...]] = ()

    def field(self, key: str) -> Field | None:
        return next((field for field in self.fields if field.key == key), None)

    def check(self, plan: Plan) -> None:
        """Raises FileRefused when the mapping as a whole makes no sense."""

    def identities(self, row: Row) -> list[str]:
        """What makes two rows speak of the same record; rows that share one are written one after the other."""
        raise NotImplementedError

    def save(self, rows: Sequence[Row], step: Step) -> None:
        """Writes the rows and sets each one's result: created, updated or unchanged; or refuses it."""
        raise NotImplementedError


kinds: Registry[Kind] = Registry("Import kind")


def register(kind: type[Kind]) -> type[Kind]:
    """Class decorator: makes the kind known."""
    kinds.register(kind.key, kind())
    return kind


def missing_groups(kind: Kind, present: Iterable[str]) -> list[tuple[str, ...]]:
    """The groups of required fields of which none is there."""
    there = set(present)
    return [group for group in kind.required if not there & set(group)]

"""Which column is which field, and what whole columns tell: the order of day and month, the decimal sign, the values there are."""

from __future__ import annotations

import codecs
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.core import Locale
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext as _

from ..middleware import unclean
from ..money import currencies
from .errors import FileRefused
from .parsing import (
    DAY_FIRST,
    ISO,
    MONTH_FIRST,
    Dates,
    date_evidence,
    decimal_evidence,
    domain_of,
    fold,
    is_formula,
    parse_amount,
    parse_whole,
    squash,
    strptime_format,
)
from .readers import Cell
from .registry import Field, Kind, Row, missing_groups

NUMBERS = ("money", "whole", "decimal")
DATES = ("day", "moment")
BLANK = ("", "-", "—", "n/a", "null", "none", "#n/a")


@dataclass
class Options:
    """What the user said about reading the file; kept with the run as plain JSON."""

    map: dict[str, str] = field(default_factory=dict)
    default: dict[str, str] = field(default_factory=dict)
    alias: dict[str, dict[str, str]] = field(default_factory=dict)
    date_format: str = ""
    zone: str = ""
    decimal: str = ""
    encoding: str = ""

    def check(self, kind: Kind) -> None:
        """Raises FileRefused for an option that cannot be meant."""
        for key in [*self.map, *self.default, *self.alias]:
            if kind.field(key) is None:
                known = ", ".join(item.key for item in kind.fields)
                raise FileRefused(
                    _("%(kind)s have no field “%(field)s”. Fields: %(known)s.") % {"kind": kind.key, "field": key, "known": known}
                )
        if self.zone and self.zone not in zoneinfo.available_timezones():
            raise FileRefused(_("“%(name)s” is not a time zone. Example: Europe/Paris.") % {"name": self.zone})
        if self.decimal not in ("", ".", ","):
            raise FileRefused(_("The decimal sign is . or ,"))
        if self.date_format:
            try:
                strptime_format(self.date_format)
            except ValueError as error:
                raise FileRefused(str(error)) from error
        if self.encoding:
            try:
                codecs.lookup(self.encoding)
            except LookupError as error:
                raise FileRefused(
                    _("“%(name)s” is not an encoding. Examples: utf-8, cp1252.") % {"name": self.encoding}
                ) from error


@dataclass
class Plan:
    """How every row of this file is read; made once before the first step, kept with the run as plain JSON."""

    columns: dict[str, int]
    orders: dict[str, str] = field(default_factory=dict)
    decimals: dict[str, str] = field(default_factory=dict)
    seen: dict[str, list[str]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)


def normal(heading: str) -> str:
    """A heading for comparison with field names: "Created at" is created_at."""
    return "_".join(fold(heading.replace("_", " ").replace("-", " ")).split())


def match_columns(kind: Kind, headers: Sequence[str], options: Options) -> Plan:
    """Maps columns to fields: what the user said, then columns that bear a field's name. Raises FileRefused."""
    options.check(kind)
    places = {header: place for place, header in reversed(list(enumerate(headers)))}
    folded = {fold(header): place for place, header in reversed(list(enumerate(headers)))}
    columns: dict[str, int] = {}
    for key, wanted in options.map.items():
        if not wanted:
            continue
        place = places.get(wanted, folded.get(fold(wanted)))
        if place is None:
            raise FileRefused(
                _("The file has no column “%(column)s”. Columns: %(columns)s.")
                % {"column": wanted, "columns": ", ".join(headers)}
            )
        columns[key] = place
    for place, header in enumerate(headers):
        key = normal(header)
        if kind.field(key) and key not in options.map and key not in columns:
            columns[key] = place
    lacking = missing_groups(kind, [*columns, *options.default])
    if lacking:
        names = ", ".join(_(" or ").join(group) for group in lacking)
        raise FileRefused(
            _("No column for %(fields)s. Say which one it is. Columns: %(columns)s.")
            % {"fields": names, "columns": ", ".join(headers)},
            hint=f"--map {lacking[0][0]}={headers[0] if headers else '…'}",
        )
    return Plan(columns=columns, unused=[header for place, header in enumerate(headers) if place not in columns.values()])


def propose(kind: Kind, headers: Sequence[str]) -> dict[str, str]:
    """field -> column for the mapping page: own names first, then what other programs call the field."""
    found: dict[str, str] = {}
    for header in headers:
        key = normal(header)
        if kind.field(key) and key not in found:
            found[key] = header
    for item in kind.fields:
        known = {squash(str(item.label)), *(squash(heading) for heading in item.headings)}
        for header in headers:
            if item.key not in found and header not in found.values() and squash(header) in known:
                found[item.key] = header
    return found


def survey(kind: Kind, plan: Plan, options: Options, rows: Iterable[Sequence[Cell]], headers: Sequence[str]) -> None:
    """One pass over the file: settles how dates and numbers are read and collects the values of the kind's surveyed fields."""
    fields = {key: kind.field(key) for key in plan.columns}
    dates = [key for key, item in fields.items() if item and item.type in DATES and not options.date_format]
    numbers = [key for key, item in fields.items() if item and item.type in NUMBERS and not options.decimal]
    orders = {key: {ISO, DAY_FIRST, MONTH_FIRST} for key in dates}
    signs: dict[str, set[str]] = {key: set() for key in numbers}
    seen: dict[str, dict[str, None]] = {key: {} for key in kind.surveyed if key in plan.columns or key in options.default}
    remembered: dict[tuple[str, str], None] = {}
    for cells in rows:
        for key in dates:
            cell = cells[plan.columns[key]]
            if isinstance(cell, str) and cell and ("d", cell) not in remembered:
                orders[key] &= _order(cell) or orders[key]
        for key in numbers:
            cell = cells[plan.columns[key]]
            if isinstance(cell, str) and cell and ("." in cell or "," in cell):
                signs[key] |= {decimal_evidence(cell)} - {""}
        for key, values in seen.items():
            text = cell_text(cells[plan.columns[key]]) if key in plan.columns else ""
            text = alias(options, key, text) or options.default.get(key, "")
            if text and len(values) < 500:
                values.setdefault(text)
    plan.orders = _settle(orders, plan, headers)
    plan.decimals = {key: found.pop() if len(found) == 1 else "" for key, found in signs.items()}
    plan.seen = {key: list(values) for key, values in seen.items()}


@lru_cache(maxsize=65536)
def _order(text: str) -> frozenset[str]:
    return frozenset(date_evidence(text))


def _settle(orders: dict[str, set[str]], plan: Plan, headers: Sequence[str]) -> dict[str, str]:
    decided = {key: next(iter(found)) for key, found in orders.items() if len(found) == 1}
    others = set(decided.values())
    for key, found in orders.items():
        name = headers[plan.columns[key]]
        if not found:
            raise FileRefused(
                _(
                    "Column “%(column)s” has dates with the day first and dates with the month first. Make them alike, or say which it is."
                )
                % {"column": name},
                hint="--date-format d/m/Y",
            )
        if key in decided or len(found) == 3:
            continue
        if len(others) == 1 and others <= found:
            decided[key] = next(iter(others))  # one file, one way of writing dates
            continue
        raise FileRefused(
            _("The dates in column “%(column)s” can be read with the day or with the month first. Say which.") % {"column": name},
            hint="--date-format d/m/Y, --date-format m/d/Y",
        )
    return decided


# --- rows ------------------------------------------------------------------------------------------------------------


def cell_text(cell: Cell) -> str:
    """A cell as text, without the blanks around it; signs that stand for "nothing" are nothing."""
    text = (cell if isinstance(cell, str) else str(cell)).strip(" \t\r\n\u00a0\ufeff")
    if text.startswith("'") and is_formula(text[1:]):
        text = text[1:]  # an export's guard against formulas
    return "" if text.lower() in BLANK else text


def alias(options: Options, key: str, text: str) -> str:
    """The text that stands for this text by the user's --alias, without regard to case and accents."""
    table = options.alias.get(key)
    if not table or not text:
        return text
    return table.get(text, {fold(old): new for old, new in table.items()}.get(fold(text), text))


class Reader:
    """Turns cells into values, by the plan."""

    def __init__(self, kind: Kind, plan: Plan, options: Options, zone: ZoneInfo) -> None:
        self.kind, self.plan, self.options = kind, plan, options
        self.zone = ZoneInfo(options.zone) if options.zone else zone
        self.fields = [item for item in kind.fields if item.key in plan.columns or item.key in options.default]
        pattern = strptime_format(options.date_format) if options.date_format else ""
        self.dates = {item.key: Dates(self.zone, plan.orders.get(item.key, ISO), pattern) for item in self.fields}

    def row(self, line: int, cells: list[Cell], flaw: str) -> Row:
        """Reads every field; the first that cannot be read refuses the row."""
        row = Row(line, cells)
        if flaw:
            row.refuse("", flaw)
            return row
        for item in self.fields:
            place = self.plan.columns.get(item.key)
            cell = cells[place] if place is not None else ""
            text = alias(self.options, item.key, cell_text(cell)) or self.options.default.get(item.key, "")
            if not text:
                continue
            row.raw[item.key] = text
            if unclean(text):
                row.refuse(item.key, _("holds characters that cannot be stored"))
                continue
            try:
                value = self.value(item, text, typed=not isinstance(cell, str))
                if value not in ("", None):
                    row.values[item.key] = value
            except ValueError as error:
                row.refuse(item.key, str(error))
        return row

    def value(self, item: Field, text: str, *, typed: bool = False) -> Any:
        """One cell's value. Raises ValueError with the reason."""
        decimal = "." if typed else self.options.decimal or self.plan.decimals.get(item.key, "")
        if item.type == "moment":
            return self.dates[item.key].moment(text)
        if item.type == "day":
            return self.dates[item.key].day(text)
        if item.type == "money":
            return parse_amount(text, decimal)
        if item.type == "whole":
            return parse_whole(text, decimal)
        if item.type == "decimal":
            return parse_amount(text, decimal).value
        if item.type in SPECIAL:
            return SPECIAL[item.type](text)
        if item.type == "choice":
            return choose(item, text)
        if len(text) > item.limit:
            raise ValueError(_("is longer than %(limit)s characters") % {"limit": item.limit})
        return text


def read_email(text: str) -> str:
    """A valid address, as typed."""
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError(_("is not an e-mail address")) from error
    return text


def read_domain(text: str) -> str:
    """The bare domain of whatever address stands there."""
    domain = domain_of(text)
    if not domain:
        raise ValueError(_("is not a domain like example.com"))
    return domain


def read_currency(text: str) -> str:
    """An ISO code, in any case."""
    if text.upper() not in currencies():
        raise ValueError(_("is not a currency code like EUR"))
    return text.upper()


def read_language(text: str) -> str:
    """A language code: fr, fr-FR and French are fr."""
    for code, name in settings.LANGUAGES:
        if fold(text) in (code, fold(str(name))) or text.lower().replace("_", "-").startswith(f"{code}-"):
            return code
    if text.isalpha() and 2 <= len(text) <= 3:
        return text.lower()
    raise ValueError(_("is not a language code like en"))


#: What people write and no list of territories has.
COUNTRY_NAMES = {
    "usa": "US",
    "us of a": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "korea": "KR",
    "south korea": "KR",
    "republic of korea": "KR",
    "russia": "RU",
    "czech republic": "CZ",
    "holland": "NL",
    "uae": "AE",
    "turkey": "TR",
    "viet nam": "VN",
    "ivory coast": "CI",
}


@lru_cache(maxsize=1)
def territories() -> dict[str, str]:
    """Folded country name in the product's languages -> ISO code."""
    names = {}
    for locale in ("es", "fr", "en"):
        for code, name in Locale.parse(locale).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("ZZ", "EU", "EZ", "UN", "XA", "XB", "QO"):
                names[fold(name)] = code
    return names | COUNTRY_NAMES


@lru_cache(maxsize=4096)
def read_country(text: str) -> str:
    """The ISO code of a country's code or name; a slip of one letter is forgiven ("Philipines")."""
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    names = territories()
    if len(text) == 2 and text.upper() in names.values():
        return text.upper()
    name = fold(text)
    if name in names:
        return names[name]
    near = (
        process.extract(name, names.keys(), scorer=DamerauLevenshtein.distance, score_cutoff=1, limit=5) if len(name) > 5 else []
    )
    codes = {names[found] for found, _distance, _place in near}
    if len(codes) == 1:
        return codes.pop()
    raise ValueError(_("is not a country"))


SPECIAL: dict[str, Callable[[str], Any]] = {
    "email": read_email,
    "domain": read_domain,
    "currency": read_currency,
    "country": read_country,
    "language": read_language,
}


def choose(item: Field, text: str) -> str:
    """The choice that is meant: by its value or its label in any of the product's languages."""
    found = choice_table(item).get(squash(text))
    if found is None:
        known = ", ".join(dict.fromkeys(str(value) for value, _label in item.choices))
        raise ValueError(_("is not one of: %(known)s") % {"known": known})
    return found


@lru_cache(maxsize=64)
def choice_table(item: Field) -> dict[str, str]:
    """Squashed value or label -> value."""
    table = {squash(str(value)): str(value) for value, _label in item.choices}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for value, label in item.choices:
                table.setdefault(squash(str(label)), str(value))
    return table

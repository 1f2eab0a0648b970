"""One cell to one value: dates in the orders people write them, numbers with either decimal sign, names to compare.

Every function raises ValueError with a sentence in the user's language.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import get_month_names
from django.utils.translation import gettext as _

from ..periods import first_instant
from ..years import is_thinkable

# --- names -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """A name for comparison: without case, accents and surplus spaces."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(plain.split())


@lru_cache(maxsize=65536)
def squash(text: str) -> str:
    """A name for forgiving comparison: `fold`, and without spaces and punctuation ("GTX Pro" is "GTXPro").

    The signs that make names differ in earnest stay: C, C++ and C# are three.
    """
    return "".join(char for char in fold(text) if char.isalnum() or char in "+#&@") or fold(text)


def domain_of(text: str) -> str:
    """The domain of an e-mail address, a web address or a bare domain, in lower case without www; "" when it is none."""
    text = text.strip().lower()
    text = text.rsplit("@", 1)[-1]
    text = re.sub(r"^[a-z][a-z0-9+.-]*://", "", text).split("/")[0].split("?")[0].split(":")[0].removeprefix("www.").rstrip(".")
    return text if re.fullmatch(r"[^\s.@]+(\.[^\s.@]+)+", text) and not re.fullmatch(r"[\d.]+", text) else ""


FORMULA_STARTS = "=+-@\t\r\n|%"
SEPARATORS = ';,"'  # a reader that splits there begins a new cell


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might run the text: by its first sign after blanks, separators, control and invisible characters."""
    for char in unicodedata.normalize("NFKC", text):
        if char in FORMULA_STARTS:
            return True
        if not char.isspace() and char not in SEPARATORS and unicodedata.category(char) not in ("Cc", "Cf", "Zs", "Zl", "Zp"):
            return False
    return False


# --- numbers ---------------------------------------------------------------------------------------------------------

SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "$": "",
    "US$": "USD",
    "CA$": "CAD",
    "A$": "AUD",
    "CHF": "CHF",
    "Fr.": "CHF",
}
NUMBER = re.compile(r"[+-]?(\d[\d.,']*|[.,]\d+)")


@dataclass(frozen=True)
class Amount:
    """A number, and the currency that was written beside it."""

    value: Decimal
    currency: str = ""


def decimal_evidence(text: str) -> str:
    """ "," or "." when the text can only be read with that decimal sign, else ""."""
    digits = re.sub(r"[^\d.,]", "", text)
    dot, comma = digits.rfind("."), digits.rfind(",")
    if dot >= 0 and comma >= 0:
        return "." if dot > comma else ","
    for sign, other in ((",", "."), (".", ",")):
        if digits.count(sign) > 1:
            return other
        if sign in digits and len(digits) - digits.rfind(sign) - 1 != 3:
            return sign
    return ""


def parse_amount(text: str, decimal: str = "") -> Amount:
    """A number with spaces, thousands separators, currency sign or code. `decimal` is the column's decimal sign, "" when unknown:
    then 1,234 has a thousands separator and 1.234 a decimal point."""
    rest = re.sub(r"[\s\u00a0\u202f]", "", unicodedata.normalize("NFKC", text).replace("\u2212", "-"))
    negative = rest.startswith("(") and rest.endswith(")")
    rest = rest[1:-1] if negative else rest
    found = NUMBER.search(rest)
    if not found:
        raise ValueError(_("is not a number"))
    beside = (rest[: found.start()] + rest[found.end() :]).strip()
    sign = decimal or decimal_evidence(found[0]) or "."
    other = "." if sign == "," else ","
    plain = found[0].replace("'", "").replace(other, "").replace(sign, ".")
    if rest.startswith("-") and not found[0].startswith("-"):
        plain, beside = f"-{plain}", beside.replace("-", "", 1)
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(_("is not a number")) from error
    return Amount(-value if negative else value, _currency(beside))


def _currency(beside: str) -> str:
    if not beside or beside == "$":
        return ""
    if beside in SYMBOLS:
        return SYMBOLS[beside]
    if beside.upper() in get_global("all_currencies"):
        return beside.upper()
    raise ValueError(_("is not a number"))


def parse_whole(text: str, decimal: str = "") -> int:
    """A whole number, with or without thousands separators."""
    amount = parse_amount(text, decimal)
    if amount.currency or amount.value != amount.value.to_integral_value():
        raise ValueError(_("is not a whole number"))
    if abs(amount.value) > 2**31 - 1:
        raise ValueError(_("is too large"))
    return int(amount.value)


# --- dates -----------------------------------------------------------------------------------------------------------

ISO, DAY_FIRST, MONTH_FIRST = "iso", "day", "month"
CLOCK = r"(?:[T ,]+(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<m>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}}){CLOCK}$")
COMPACT = re.compile(rf"(?P<y>(?:19|20)\d{{2}})(?P<m>\d{{2}})(?P<d>\d{{2}}){CLOCK}$")
NUMERIC = re.compile(rf"(?P<a>\d{{1,2}})(?P<sep>[-/. ])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}}|\d{{2}}){CLOCK}$")
NAMED = re.compile(
    rf"(?:\w+,\s*)?(?P<d>\d{{1,2}})(?:st|nd|rd|th|er|\.)?[\s-]+(?:de\s+)?(?P<name>[^\W\d]+)\.?[\s,-]+(?:de\s+)?(?P<y>\d{{4}}|\d{{2}}){CLOCK}$"
)
NAMED_FIRST = re.compile(rf"(?P<name>[^\W\d]+)\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){CLOCK}$")


@lru_cache(maxsize=1)
def month_names() -> dict[str, int]:
    """Month names and their short forms in the product's languages."""
    names: dict[str, int] = {}
    for locale in ("en", "fr", "es"):
        for width in ("wide", "abbreviated"):
            for number, name in get_month_names(width, locale=locale).items():
                names[fold(name).rstrip(".")] = number
    return {**names, "sept": 9}


def date_evidence(text: str) -> set[str]:
    """The orders in which the text can be a date; empty when it is none, all three when the order does not matter."""
    text = text.strip()
    if YEAR_FIRST.match(text) or COMPACT.match(text) or NAMED.match(text) or NAMED_FIRST.match(text):
        return {ISO, DAY_FIRST, MONTH_FIRST}
    found = NUMERIC.match(text)
    if not found:
        return set()
    first, second = int(found["a"]), int(found["b"])
    if found["sep"] == ".":
        return {DAY_FIRST}
    if first == second:
        return {ISO, DAY_FIRST, MONTH_FIRST} if first <= 12 else set()
    orders = set()
    if first <= 31 and second <= 12:
        orders.add(DAY_FIRST)
    if first <= 12 and second <= 31:
        orders.add(MONTH_FIRST)
    return orders


def strptime_format(pattern: str) -> str:
    """A strptime format from what people write: "%d/%m/%Y", Django's "d/m/Y", or "DD/MM/YYYY". Raises ValueError."""
    if "%" in pattern:
        made = pattern
    elif re.search(r"(?i)yy|dd|mm", pattern) or re.fullmatch(r"(?i)[dm][-/. ][dm][-/. ]y+", pattern) and "yy" in pattern.lower():
        words = {"yyyy": "%Y", "yy": "%y", "dd": "%d", "d": "%d", "hh": "%H", "h": "%H", "ss": "%S", "mmmm": "%B", "mmm": "%b"}

        def word(match: re.Match) -> str:
            text = match[0].lower()
            if text in ("mm", "m"):
                return "%M" if match.start() > 0 and pattern[match.start() - 1] == ":" else "%m"
            return words[text]

        made = re.sub(r"(?i)yyyy|yy|dd?|m{1,4}|hh?|ss", word, pattern)
    else:
        letters = {"d": "%d", "j": "%d", "m": "%m", "n": "%m", "Y": "%Y", "y": "%y", "H": "%H", "G": "%H", "i": "%M", "s": "%S"}
        letters |= {"M": "%b", "N": "%b", "F": "%B", "P": "%I:%M %p", "A": "%p", "h": "%I", "g": "%I"}
        made = "".join(letters.get(char, char) for char in pattern)
    try:
        sample = dt.datetime(2024, 2, 29, 13, 5, 6)
        back = dt.datetime.strptime(sample.strftime(made), made)
    except ValueError as error:
        raise ValueError(
            _("“%(format)s” is not a date format. Examples: %%Y-%%m-%%d, d/m/Y, DD-MM-YY.") % {"format": pattern}
        ) from error
    if back.date() != sample.date():
        raise ValueError(_("“%(format)s” is not a date format. Examples: %%Y-%%m-%%d, d/m/Y, DD-MM-YY.") % {"format": pattern})
    return made


@dataclass(frozen=True)
class Dates:
    """How the dates of a column are read: a given format, or the order of day and month that was found; and their zone."""

    zone: ZoneInfo
    order: str = ""
    format: str = ""

    def moment(self, text: str) -> dt.datetime:
        """An instant in UTC. A date without time is the first instant of that local day."""
        local, timed = self._local(text.strip())
        if not timed:
            return first_instant(local.date(), self.zone)
        return (local if local.tzinfo else local.replace(tzinfo=self.zone)).astimezone(dt.UTC)

    def day(self, text: str) -> dt.date:
        """The date as written; of an instant with its own zone, the local day."""
        local, _timed = self._local(text.strip())
        return local.astimezone(self.zone).date() if local.tzinfo else local.date()

    def _local(self, text: str) -> tuple[dt.datetime, bool]:
        if self.format:
            try:
                timed = any(mark in self.format for mark in ("%H", "%I"))
                return in_range(dt.datetime.strptime(text, self.format)), timed
            except ValueError:
                if not YEAR_FIRST.match(text):
                    raise ValueError(_("is not a date in the format %(format)s") % {"format": self.format}) from None
        return read_date(text, self.order)


def read_date(text: str, order: str) -> tuple[dt.datetime, bool]:
    """(local date and time, whether a time was written). `order` says which of 3/4/2024 is the month."""
    found = YEAR_FIRST.match(text) or COMPACT.match(text)
    if found:
        return _made(found, int(found["y"]), int(found["m"]), int(found["d"]))
    found = NUMERIC.match(text)
    if found:
        first, second = int(found["a"]), int(found["b"])
        if order == ISO and first != second:
            raise ValueError(_("is not a date like 2024-12-31"))
        day, month = (second, first) if order == MONTH_FIRST and found["sep"] != "." else (first, second)
        return _made(found, _year(found["y"]), month, day)
    found = NAMED.match(text) or NAMED_FIRST.match(text)
    month_number = month_names().get(fold(found["name"]).rstrip(".")) if found else None
    if found and month_number:
        return _made(found, _year(found["y"]), month_number, int(found["d"]))
    raise ValueError(_("is not a date"))


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 69 else 1900)


def _made(found: re.Match, year: int, month: int, day: int) -> tuple[dt.datetime, bool]:
    try:
        if found["h"] is None:
            return in_range(dt.datetime(year, month, day)), False
        hour = int(found["h"])
        if found["half"]:
            hour = hour % 12 + (12 if found["half"][0] in "Pp" else 0)
        made = in_range(dt.datetime(year, month, day, hour, int(found["min"]), int(found["s"] or 0)))
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(_("lies")) else _("is not a date that exists")) from error
    written = found["zone"]
    if written:
        hours = written.replace(":", "") if written[0] in "+-" else "+0000"
        offset = dt.timedelta(hours=int(hours[1:3]), minutes=int(hours[3:5]))
        made = made.replace(tzinfo=dt.timezone(-offset if hours[0] == "-" else offset))
    return made, True


def in_range(moment: dt.datetime) -> dt.datetime:
    """Refuses years that no business has seen."""
    if not is_thinkable(moment):
        raise ValueError(_("lies outside the years 1900 to 2200"))
    return moment


def common_order(texts: Iterable[str]) -> set[str]:
    """The orders in which all texts that are dates can be read."""
    orders = {ISO, DAY_FIRST, MONTH_FIRST}
    for text in texts:
        found = date_evidence(text)
        if found:
            orders &= found
    return orders

"""Money: integers of minor units plus a currency code. Floats never touch an amount."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

from babel.core import Locale, get_global
from babel.numbers import format_currency, get_currency_precision, parse_decimal
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

LARGEST = 10**15  # minor units; far below what a 64-bit column holds, so sums stay exact


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """All ISO 4217 codes that are or were legal tender."""
    return frozenset(get_global("all_currencies"))


def validate_currency(code: str) -> None:
    """Refuses what is not an ISO 4217 code."""
    if code not in currencies():
        raise ValidationError(_("“%(code)s” is not a currency. Example: EUR."), params={"code": code})


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """How many decimal places the currency's minor unit has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return get_currency_precision(currency)


def to_minor(amount: Decimal, currency: str) -> int:
    """Minor units of a decimal amount, rounded half to even."""
    return int(amount.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def to_major(minor: int, currency: str) -> Decimal:
    """The decimal amount of minor units, with the currency's places."""
    return Decimal(minor).scaleb(-exponent(currency))


def parse_amount(text: str, currency: str, locale: str | None = None) -> int:
    """Minor units of what a person typed, in their number format. Raises ValidationError."""
    cleaned = text.strip().replace("\u202f", "").replace("\xa0", "").replace(" ", "")
    try:
        value = Decimal(cleaned) if not locale else parse_decimal(cleaned, locale=locale)
    except (InvalidOperation, ValueError) as error:
        raise ValidationError(_("“%(text)s” is not an amount."), params={"text": text[:40]}) from error
    if not value.is_finite():
        raise ValidationError(_("“%(text)s” is not an amount."), params={"text": text[:40]})
    # Looked at before it is scaled: an exponent of 400 does not fit the arithmetic.
    if value and value.adjusted() > 20 or abs(minor := to_minor(value, currency)) > LARGEST:
        raise ValidationError(_("The amount is too large."))
    return minor


def format_money(minor: int | None, currency: str, locale: str | None = None, *, cents: bool = True) -> str:
    """The amount as a reader of the locale writes it; without cents where they are all zero and `cents` is off."""
    if minor is None:
        return "—"
    locale = (locale or get_language() or "en").replace("-", "_")
    major = to_major(minor, currency)
    if not cents and major == major.to_integral_value():
        return _whole(major, currency, locale)
    return format_currency(major, currency, locale=locale)


def _whole(major: Decimal, currency: str, locale: str) -> str:
    pattern = Locale.parse(locale).currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(major, currency, locale=locale, format=pattern, currency_digits=False)


class Rates:
    """All dated rates, read once. `convert` gives None where a rate is missing: never 1.0."""

    def __init__(self, base: str, rows: Iterable[tuple[str, dt.date, Decimal]]) -> None:
        self.base = base
        self._dates: dict[str, list[dt.date]] = {}
        self._rates: dict[str, list[Decimal]] = {}
        for currency, date, rate in sorted(rows, key=lambda row: (row[0], row[1])):
            self._dates.setdefault(currency, []).append(date)
            self._rates.setdefault(currency, []).append(rate)

    @classmethod
    def load(cls) -> Rates:
        from .models import ExchangeRate, Organisation

        return cls(Organisation.current().base_currency, ExchangeRate.objects.values_list("currency", "date", "rate"))

    def rate(self, currency: str, day: dt.date) -> Decimal | None:
        """Units of base currency for one unit of `currency` on a day; None before the first dated rate."""
        if currency == self.base:
            return Decimal(1)
        place = bisect_right(self._dates.get(currency, []), day)
        return self._rates[currency][place - 1] if place else None

    def convert(self, minor: int | None, currency: str, day: dt.date) -> int | None:
        """Minor units of the base currency at the day's rate, rounded half to even; None without amount or rate."""
        if minor is None:
            return None
        if currency == self.base:
            return minor
        rate = self.rate(currency, day)
        return None if rate is None else to_minor(to_major(minor, currency) * rate, self.base)

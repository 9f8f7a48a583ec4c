"""Money: whole minor units (öre, cents) once it is owed; exact decimals while it is still being priced.

`rounded_minor` (and `rounded_exact`, for fractions) is the one place where a price becomes an amount: half up, and the
same for a credit (law 4).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from laddverk.kernel.problems import Invalid

MINOR_DIGITS: Final = {"SEK": 2, "EUR": 2, "NOK": 2, "DKK": 2}
"""Currencies the house can charge in, with the number of decimals of their minor unit (ISO 4217)."""

VAT_PERCENTS: Final = frozenset(Decimal(percent) for percent in (25, 12, 6, 0))
"""Rates at which something can be sold: those of Sweden, for which the books have accounts."""


class Money(Struct, frozen=True, order=True):
    """An amount in the minor unit of one currency. Adding two currencies is a mistake and raises `ValueError`."""

    amount_minor: int
    currency: str = "SEK"

    def __add__(self, other: Money) -> Money:
        return Money(self.amount_minor + self._same(other).amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount_minor - self._same(other).amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other


def checked_currency(currency: str) -> str:
    """Return `currency` if the house can charge in it, else raise `Invalid`."""
    if currency not in MINOR_DIGITS:
        raise Invalid(
            "The currency %(currency)s is not supported.",
            field="currency",
            remedy="Choose one of %(known)s.",
            currency=currency,
            known=", ".join(MINOR_DIGITS),
        )
    return currency


def rounded_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` (major units, exact) as whole minor units: half up, sign-symmetric (-0.005 becomes -1)."""
    return int(amount.scaleb(MINOR_DIGITS[currency]).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def rounded_exact(amount: Fraction, currency: str) -> int:
    """Return an exact fraction (major units) as whole minor units, rounded as `rounded_minor` does."""
    units = int(abs(amount) * 10 ** MINOR_DIGITS[currency] + Fraction(1, 2))
    return units if amount >= 0 else -units


def major(amount_minor: int, currency: str) -> Decimal:
    """Return `amount_minor` in major units, exactly."""
    return Decimal(amount_minor).scaleb(-MINOR_DIGITS[currency])


def vat_within(gross_minor: int, rate_percent: Decimal) -> int:
    """Return the VAT contained in a gross amount, rounded half up once: gross x rate / (100 + rate)."""
    vat = Decimal(gross_minor) * rate_percent / (100 + rate_percent)
    return int(vat.quantize(Decimal(1), rounding=ROUND_HALF_UP))

"""Amounts as people write them in forms."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from laddverk.kernel.money import rounded_minor
from laddverk.kernel.problems import Invalid

AMOUNT_BELOW: Final = 10_000_000  # beyond it a comma was forgotten


def minor_of(text: str, currency: str, field: str) -> int:
    """Return the minor units of an amount as people write it: `1 234,50`. Raises `Invalid` naming `field`."""
    try:
        amount = Decimal("".join(text.split()).replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or not 0 < amount < AMOUNT_BELOW:
        raise Invalid("This must be an amount above zero.", field=field, remedy="Write it like 12,50.")
    return rounded_minor(amount, currency)

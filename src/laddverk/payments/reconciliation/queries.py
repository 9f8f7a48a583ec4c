"""What screens read of reconciliation. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from typing import Final

from laddverk.payments.queries import like
from laddverk.payments.reconciliation.model import DifferenceRow
from laddverk.platform.database import Transaction

_NARROWED: Final = """
FROM reconciliation_difference
WHERE ($1 = '' OR concat_ws(' ', label, key, explained_why) ILIKE '%' || $1 || '%')
  AND ($2 = '' OR kind = $2) AND ($3 = '' OR rail = $3)
  AND CASE $4 WHEN 'open' THEN gone_at IS NULL AND explained_at IS NULL
              WHEN 'explained' THEN gone_at IS NULL AND explained_at IS NOT NULL
              WHEN 'gone' THEN gone_at IS NOT NULL ELSE gone_at IS NULL END
"""
DIFFERENCES: Final = "SELECT *" + _NARROWED + "ORDER BY first_seen_at DESC, key LIMIT $5 OFFSET $6"
COUNT: Final = "SELECT count(*)" + _NARROWED
OPEN: Final = "SELECT count(*) FROM reconciliation_difference WHERE gone_at IS NULL AND explained_at IS NULL"
BESIDE_PAYOUTS: Final = OPEN + " AND kind <> 'payout'"
OF_PAYMENT: Final = """
SELECT * FROM reconciliation_difference WHERE payment_id = $1 AND gone_at IS NULL ORDER BY first_seen_at
"""


async def differences(
    tx: Transaction, search: str, kind: str, rail: str, state: str, *, limit: int = 50, offset: int = 0
) -> list[DifferenceRow]:
    """Return a page of differences, the latest first. `state` is open, explained, gone, or empty for all but gone."""
    return await tx.fetch(DifferenceRow, DIFFERENCES, like(search), kind, rail, state, limit, offset)


async def count_differences(tx: Transaction, search: str, kind: str, rail: str, state: str) -> int:
    """Return how many differences a filter leaves."""
    return int(await tx.value(COUNT, like(search), kind, rail, state))


async def count_open(tx: Transaction) -> int:
    """Return how many differences wait for somebody."""
    return int(await tx.value(OPEN))


async def count_beside_payouts(tx: Transaction) -> int:
    """Return how many differences wait for somebody, without those of payouts, which have their own page."""
    return int(await tx.value(BESIDE_PAYOUTS))


async def of_payment(tx: Transaction, payment_id: object) -> list[DifferenceRow]:
    """Return where the sides of a payment disagree now."""
    return await tx.fetch(DifferenceRow, OF_PAYMENT, payment_id)

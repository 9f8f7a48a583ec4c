"""When two sides of a payment disagree. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from laddverk.payments.reconciliation.model import Difference, Kind, SideBySide
from laddverk.payments.rules import BY_FILE, BY_HAND, WALLET

PAYOUT_AFTER: Final = timedelta(days=14)  # Stripe pays within 7 days in Sweden, a week's holidays come on top
CARDS: Final = frozenset({"stripe", "sandbox"})


def differences(rows: Iterable[SideBySide], now: datetime, pays_out: frozenset[str]) -> list[Difference]:
    """Return where the sides of each payment disagree. `pays_out` are the rails that have made payouts at all."""
    return [found for row in rows for found in of_payment(row, now, pays_out)]


def of_payment(row: SideBySide, now: datetime, pays_out: frozenset[str]) -> list[Difference]:
    """Return where the sides of one payment disagree: most often nowhere, and never for a side that was not heard."""
    found = []
    if row.ledger_minor != row.net_minor:
        found.append(_difference(Kind.LEDGER, row, row.net_minor, row.ledger_minor))
    provider = _of_provider(row)
    if provider is not None:
        found.append(provider)
    if row.rail in BY_FILE and row.bank_minor is not None and row.bank_minor != row.net_minor:
        found.append(_difference(Kind.BANK, row, row.net_minor, row.bank_minor))
    if _is_late(row, now, pays_out):
        found.append(_difference(Kind.LATE, row, row.net_minor, 0))
    return found


def _of_provider(row: SideBySide) -> Difference | None:
    if row.is_known is None or row.rail == WALLET or row.rail in BY_HAND:
        return None
    if not row.is_known:
        return _difference(Kind.UNKNOWN, row, row.net_minor, 0) if row.net_minor else None
    seen = (row.seen_captured_minor or 0, row.seen_refunded_minor or 0)
    if seen == (row.captured_minor, row.refunded_minor):
        return None
    # Amounts may agree in sum and still be two stories: taken and given back is not the same as never taken.
    return _difference(Kind.PROVIDER, row, row.net_minor, seen[0] - seen[1])


def _is_late(row: SideBySide, now: datetime, pays_out: frozenset[str]) -> bool:
    waits = row.rail in CARDS and row.rail in pays_out and row.bank_minor is None and row.net_minor > 0
    return waits and row.undisputed and now - row.taken_at > PAYOUT_AFTER


def _difference(kind: Kind, row: SideBySide, ours_minor: int, theirs_minor: int) -> Difference:
    return Difference(
        kind=kind,
        rail=row.rail,
        subject_kind="payment",
        subject_id=row.id,
        payment_id=row.id,
        label="",
        currency=row.currency,
        ours_minor=ours_minor,
        theirs_minor=theirs_minor,
    )

"""Telling a payer that more came than was owed: it is theirs, and what they can do with it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import InvoiceId, shown
from laddverk.notices.model import Template
from laddverk.payments.telling import Reader, tell
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

OVERPAID: Final = """
SELECT invoice.id AS invoice_id, advance_minor,
       series || '-' || lpad(number::text, greatest(5, length(number::text)), '0') AS number,
       deposit.currency, driver.language,
       coalesce(nullif(invoice.buyer ->> 'email', ''), driver.email) AS email
FROM deposit
JOIN invoice ON invoice.id = deposit.invoice_id
JOIN driver ON driver.id = deposit.driver_id
WHERE deposit.id = $1 AND deposit.state = 'booked' AND advance_minor > 0
"""


class _Overpaid(Struct, frozen=True):
    invoice_id: InvoiceId
    number: str
    advance_minor: int
    currency: str
    language: str
    email: str


async def overpaid(tx: Transaction, house: House, deposit_id: UUID, now: datetime) -> None:
    """Mail the payer of a deposit, once, unless it was undone meanwhile."""
    found = await tx.fetch_one(_Overpaid, OVERPAID, deposit_id)
    if found is None:
        return
    await tell(
        tx,
        house,
        Reader(found.email, found.language),
        Template.OVERPAID,
        f"/my/invoices/{shown('inv', found.invoice_id)}",
        {"number": found.number, "amount_minor": found.advance_minor, "currency": found.currency},
        f"overpaid:{deposit_id}",
        now,
    )

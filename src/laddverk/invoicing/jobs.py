"""What invoicing does in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from laddverk.invoicing import service
from laddverk.kernel.ids import InvoiceId
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

EVERY: Final[tuple[Every, ...]] = ()


def handlers(_house: House) -> dict[str, Handler]:
    """Return the jobs of this room: `invoicing.mark_paid`."""
    return {"invoicing.mark_paid": mark_paid}


async def mark_paid(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    """Money for invoices was captured or went back: set what is paid on them. May be repeated."""
    ids = {InvoiceId(UUID(payload["invoice_id"])) for payload in payloads if payload.get("invoice_id")}
    if ids:
        await service.mark_paid(tx, sorted(ids))

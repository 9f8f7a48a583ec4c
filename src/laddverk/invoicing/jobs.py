"""What invoicing does in the background: tell drivers of documents, and keep what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from laddverk.invoicing import links, selling, service, store
from laddverk.invoicing.model import Invoice
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import InvoiceId, shown
from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler

RUN: Final = "invoicing.run_month"
EVERY: Final = (Every(RUN, timedelta(hours=1)),)

log = structlog.get_logger()


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room. Raises `Invalid` when what invoices are to print cannot be right."""
    selling.seller_of(house.settings)

    async def mail(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for payload in payloads:
            await _tell(tx, house, InvoiceId(UUID(payload["invoice_id"])))

    async def run_month(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        today = house.clock().astimezone(ZoneInfo(house.settings.timezone)).date()
        month = month_due(today, house.settings.invoice_day)
        if month is not None:
            await service.run(tx, month, rule("monthly invoices"), house.clock(), settings=house.settings)

    return {"invoicing.mark_paid": mark_paid, service.MAIL: mail, RUN: run_month}


def month_due(today: date, invoice_day: int) -> date | None:
    """Return the first day of the month to invoice on `today`: the one before, from `invoice_day` on; 0 is never."""
    if not 0 < invoice_day <= today.day:
        return None
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


async def mark_paid(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
    """Money for invoices was captured or went back: set what is paid on them. May be repeated."""
    ids = {InvoiceId(UUID(payload["invoice_id"])) for payload in payloads if payload.get("invoice_id")}
    if ids:
        await service.mark_paid(tx, sorted(ids))


async def _tell(tx: Transaction, house: House, invoice_id: InvoiceId) -> None:
    """Mail a document to its driver, once; an address that is none is logged, for the document itself stands."""
    invoice = await service.invoice(tx, invoice_id)
    params = {
        "link": await _link(tx, house, invoice),
        "number": invoice.shown_number,
        "amount_minor": abs(invoice.gross_minor),
        "currency": invoice.currency,
        "operator": invoice.seller.name,
        **await _of_its_kind(tx, invoice),
    }
    try:
        await notices.send(
            tx,
            recipient=invoice.buyer.email,
            language=await store.language_of(tx, invoice.driver_id),
            template=invoice.kind,
            params=params,
            now=house.clock(),
            unique_key=f"invoice:{invoice_id}",
        )
    except Invalid as problem:
        log.warning("invoicing.not_mailed", invoice=str(invoice_id), error=str(problem))


async def _link(tx: Transaction, house: House, invoice: Invoice) -> str:
    """Return where the reader of the mail looks at a document: an invoice opens without signing in, to be paid."""
    if invoice.kind == "invoice":
        return house.settings.web_url + await links.path_of(tx, house.secrets, invoice.id, house.clock())
    return f"{house.settings.web_url}/my/invoices/{shown('inv', invoice.id)}"


async def _of_its_kind(tx: Transaction, invoice: Invoice) -> dict[str, Any]:
    if invoice.credits_invoice_id is not None:
        credited = await service.invoice(tx, InvoiceId(invoice.credits_invoice_id))
        return {"credited": credited.shown_number}
    return {
        "month": invoice.period,
        "due_on": invoice.due_on,
        "reference": invoice.reference,
        "bankgiro": invoice.seller.bankgiro,
    }

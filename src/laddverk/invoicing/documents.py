"""Documents as PDF: made when first asked for, kept for ever, always the same bytes."""

from __future__ import annotations

import asyncio
import hashlib

from laddverk.invoicing import links, store
from laddverk.invoicing.model import Invoice
from laddverk.invoicing.selling import seller_of
from laddverk.invoicing.typesetting import typeset
from laddverk.invoicing.wording import invoice_document, receipt_document
from laddverk.kernel.ids import InvoiceId, SessionId
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.languages import SUPPORTED


async def pdf(house: House, invoice_id: InvoiceId, language: str) -> bytes:
    """Return an invoice or a credit note as PDF in `language` (`sv`, `en`).

    Who may see it is for the caller to say. Raises `NotFound`, and `Invalid` for another language.
    """
    _checked(language)
    async with house.database.transaction() as tx:
        kept = await store.file(tx, invoice_id, language)
        if kept is not None:
            return kept
        invoice = await store.invoice(tx, invoice_id)
        if invoice is None:
            raise NotFound("There is no such invoice.")
        lines = await store.lines(tx, invoice_id)
        credited = await _number_of(tx, invoice)
        path = await links.path_of(tx, house.secrets, invoice_id, house.clock()) if invoice.kind == "invoice" else ""
    pay_url = f"{house.settings.web_url}{path}"
    document = invoice_document(invoice, lines, language, pay_url=pay_url, credited=credited)
    content = await asyncio.to_thread(typeset, document, invoice.issued_at)
    async with house.database.transaction() as tx:
        await store.keep_file(tx, invoice_id, language, content, hashlib.sha256(content).hexdigest(), house.clock())
        # Two who asked at once get what the first one kept.
        return await store.file(tx, invoice_id, language) or content


async def receipt_pdf(house: House, session_id: SessionId, language: str) -> bytes:
    """Return the receipt of a session as PDF, as things stand now: a later refund shows on it.

    Raises `NotFound` while the session is not over and priced, and `Invalid` for a language that is not spoken.
    """
    _checked(language)
    async with house.database.transaction() as tx:
        receipt = await store.receipt(tx, session_id)
    if receipt is None:
        raise NotFound("There is no receipt for this session.", remedy="It comes when the session is over and priced.")
    document = receipt_document(receipt, seller_of(house.settings), language)
    return await asyncio.to_thread(typeset, document, receipt.ended_at)


async def _number_of(tx: Transaction, invoice: Invoice) -> str:
    """Return the number of the invoice that a credit note refers to; nothing for an invoice."""
    if invoice.credits_invoice_id is None:
        return ""
    credited = await store.invoice(tx, InvoiceId(invoice.credits_invoice_id))
    return credited.shown_number if credited else ""


def _checked(language: str) -> None:
    if language not in SUPPORTED:
        raise Invalid("There are documents in Swedish and English.", field="language", remedy="Choose sv or en.")

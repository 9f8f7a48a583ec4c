"""Making a month's invoices, crediting one, and keeping what was paid. One transaction each, brought by the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.invoicing import rules, store
from laddverk.invoicing.documents import pdf, receipt_pdf
from laddverk.invoicing.model import (
    Due,
    Fee,
    Invoice,
    InvoiceIssued,
    NewInvoice,
    RunReport,
    shown_number,
)
from laddverk.invoicing.selling import seller_of
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId, new_id
from laddverk.kernel.money import VatTotal, by_currency, vat_negated
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ledger import service as ledger
from laddverk.ledger.model import RECEIVABLES, Entry, Line
from laddverk.ledger.rules import sales
from laddverk.payments.disputes import store as disputes
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.settings import Settings
from laddverk.subscriptions import service as subscriptions

__all__ = ["credit", "invoice", "mark_paid", "pdf", "receipt_pdf", "run", "seller_of"]

MAIL: Final = "invoicing.mail"
"""The job that tells the driver of a document: payload `{invoice_id}`."""

DRIVERS_AT_ONCE: Final = 500  # bounds the memory of a run: some ten thousand sessions, whatever the month holds


async def run(tx: Transaction, month: date, actor: Actor, now: datetime, *, settings: Settings) -> RunReport:
    """Invoice every payer for all sessions that ended in `month` or before and stand on no invoice yet, and all fees.

    The month is the local one of each session's site. A session's payer is the owner of its driver's account, if there
    is one. Who has nothing but the fee of a subscription gets an invoice too. Runs follow one another; a second run for
    the same month changes nothing, and sessions that were priced late make a further invoice for it, or come with the
    next month's. Needs `invoices:write`. Raises `Invalid` for a month that has not ended.
    """
    actor.require(Permission.INVOICES_WRITE)
    period, before = rules.first_of_month(month), rules.first_of_next_month(month)
    if now.astimezone(ZoneInfo(settings.timezone)).date() < before:
        raise Invalid("This month has not ended yet.", field="month", remedy="Choose a month that has ended.")
    year = rules.year_of_issue(now, settings.timezone)
    series = f"F{year}"
    number = first = await store.lock_series(tx, series)
    report = RunReport()
    fees = await _fees(tx, period)
    drivers = sorted({*await store.due_drivers(tx, before), *fees})
    for start in range(0, len(drivers), DRIVERS_AT_ONCE):
        these = drivers[start : start + DRIVERS_AT_ONCE]
        due: list[Due] = [fee for driver_id in these for fee in fees.get(driver_id, ())]
        due += await store.due_sessions(tx, before, these)
        invoices = [_composed(group, year, number + place) for place, group in enumerate(rules.groups_of(due))]
        number += len(invoices)
        today, seller = now.astimezone(ZoneInfo(settings.timezone)).date(), seller_of(settings)
        await store.save(
            tx, invoices, series=series, period=period, seller=seller, at=now, today=today, timezone=settings.timezone
        )
        await ledger.post_many(tx, [_entry(invoice, series, now) for invoice in invoices])
        await outbox.publish(tx, [_issued(invoice) for invoice in invoices])
        await enqueue(tx, [_mail(invoice.id) for invoice in invoices if invoice.gross_minor])
        report = _added(report, invoices, due)
    if number > first:
        await store.advance_series(tx, series, number)
        detail = {"month": period.isoformat(), "invoices": report.invoices, "gross_minor": report.gross_minor}
        await audit.write(tx, actor, "invoices.run", "invoice_run", None, at=now, detail=detail)
    return report


async def _fees(tx: Transaction, month: date) -> dict[DriverId, list[Fee]]:
    """Return the fees to invoice up to `month`, by who pays them."""
    found: dict[DriverId, list[Fee]] = {}
    for due in await subscriptions.fees_due(tx, month):
        fee = Fee(new_id(), due.payer_id, due.currency, due.vat_percent, due.gross_minor, due)
        found.setdefault(due.payer_id, []).append(fee)
    return found


async def credit(
    tx: Transaction, actor: Actor, invoice_id: InvoiceId, reason: str, now: datetime, *, bill_again: bool = False
) -> InvoiceId:
    """Credit an invoice in full; return the id of the credit note, the exact mirror of it.

    Its sessions are held for review, so that what was credited is not billed again by itself; with `bill_again` they
    come on the next run. Held ones took nothing of what a subscription includes (F46). What was paid stays on the
    driver's account until it is refunded. Needs `invoices:write` and a reason. Raises `NotFound`, or `Conflict` for a
    credit note, for what is credited already and for what was lost in a dispute.
    """
    actor.require(Permission.INVOICES_WRITE)
    if not reason.strip():
        raise Invalid("A credit note needs a reason.", field="reason", remedy="Say in a few words why it is credited.")
    invoice = await store.invoice(tx, invoice_id, lock=True)
    if invoice is None:
        raise NotFound("There is no such invoice.")
    if invoice.kind != "invoice":
        raise Conflict("A credit note cannot be credited.")
    if invoice.credited_minor or await store.is_credited(tx, invoice_id):
        raise Conflict("This invoice has been credited already.")
    if await disputes.lost_on(tx, invoice_id):
        raise Conflict(
            "The payment of this invoice was lost in a dispute: it is written off, and its VAT claimed back already.",
            remedy="The payer has the money; nothing is left to credit.",
        )
    note_id = InvoiceId(new_id())
    await _write_credit(tx, invoice, note_id, reason.strip(), now)
    released = await store.release_sessions(tx, invoice_id, hold=not bill_again)
    if not bill_again:
        await subscriptions.restore(tx, [SessionId(session_id) for session_id in released])
    detail = {"credit_note": str(note_id), "sessions": len(released), "bill_again": bill_again}
    await audit.write(
        tx, actor, "invoice.credited", "invoice", invoice_id, at=now, reason=reason.strip(), detail=detail
    )
    return note_id


async def _write_credit(tx: Transaction, invoice: Invoice, note_id: InvoiceId, reason: str, now: datetime) -> None:
    year = rules.year_of_issue(now, invoice.timezone)
    series = f"K{year}"
    number = await store.lock_series(tx, series)
    mirror = vat_negated(invoice.vat)
    await store.save_credit(
        tx,
        invoice,
        id=note_id,
        series=series,
        number=number,
        reference=rules.reference_of("credit_note", year, number),
        vat=mirror,
        at=now,
        due_on=now.astimezone(ZoneInfo(invoice.timezone)).date(),
        reason=reason,
    )
    await store.advance_series(tx, series, number + 1)
    entry = Entry(
        idempotency_key=f"credit_note:{note_id}",
        kind="credit_note",
        occurred_at=now,
        source_kind="invoice",
        source_id=note_id,
        text=f"{shown_number(series, number)} / {invoice.shown_number}",
        lines=_lines(mirror, invoice.currency, invoice.driver_id),
    )
    await ledger.post(tx, entry)
    issued = InvoiceIssued(
        invoice_id=note_id,
        driver_id=invoice.driver_id,
        kind="credit_note",
        gross_minor=-invoice.gross_minor,
        currency=invoice.currency,
    )
    await outbox.publish(tx, [issued])
    await enqueue(tx, [_mail(note_id)])


async def mark_paid(tx: Transaction, invoice_ids: Sequence[InvoiceId]) -> None:
    """Set what was paid on these invoices to what their payments captured less what was refunded. May be repeated."""
    await store.mark_paid(tx, invoice_ids)


async def invoice(tx: Transaction, invoice_id: InvoiceId) -> Invoice:
    """Return a document. Raises `NotFound`. Who may see it is for the caller to say."""
    found = await store.invoice(tx, invoice_id)
    if found is None:
        raise NotFound("There is no such invoice.")
    return found


def _composed(group: Sequence[Due], year: int, number: int) -> NewInvoice:
    return rules.composed(InvoiceId(new_id()), number, rules.reference_of("invoice", year, number), group)


def _entry(new: NewInvoice, series: str, now: datetime) -> Entry:
    return Entry(
        idempotency_key=f"invoice:{new.id}",
        kind="invoice",
        occurred_at=now,
        source_kind="invoice",
        source_id=new.id,
        text=shown_number(series, new.number),
        lines=_lines(new.vat, new.currency, new.driver_id),
    )


def _lines(vat: Sequence[VatTotal], currency: str, driver_id: DriverId) -> tuple[Line, ...]:
    """Return the postings of a document: receivable against sales and VAT per rate."""
    return (Line(RECEIVABLES, sum(v.gross_minor for v in vat), currency, driver_id), *sales(vat, currency))


def _mail(invoice_id: InvoiceId) -> NewJob:
    return NewJob(MAIL, {"invoice_id": str(invoice_id)}, unique_key=f"{MAIL}:{invoice_id}")


def _issued(new: NewInvoice) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_id=new.id,
        driver_id=new.driver_id,
        kind="invoice",
        gross_minor=new.gross_minor,
        currency=new.currency,
    )


def _added(report: RunReport, invoices: Sequence[NewInvoice], due: Sequence[Due]) -> RunReport:
    fees = sum(isinstance(each, Fee) for each in due)
    return RunReport(
        invoices=report.invoices + len(invoices),
        sessions=report.sessions + len(due) - fees,
        fees=report.fees + fees,
        gross_minor=by_currency(
            [*report.gross_minor.items(), *((each.currency, each.gross_minor) for each in invoices)]
        ),
        net_minor=_summed(report.net_minor, [(each.currency, each.net_minor) for each in invoices]),
        vat_minor=_summed(report.vat_minor, [(each.currency, each.vat_minor) for each in invoices]),
        energy_wh=report.energy_wh + sum(session.energy_wh for session in due),
    )


def _summed(before: Mapping[str, int], more: Sequence[tuple[str, int]]) -> dict[str, int]:
    return by_currency([*before.items(), *more])

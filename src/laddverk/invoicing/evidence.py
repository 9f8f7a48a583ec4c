"""The evidence pack of a disputed payment: what was kept at the time, as one PDF for the bank and a ZIP with it all."""

from __future__ import annotations

import asyncio
import io
import zipfile
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from laddverk.invoicing import documents, store
from laddverk.invoicing.selling import seller_of
from laddverk.invoicing.typesetting import typeset
from laddverk.invoicing.wording import receipt_document
from laddverk.kernel.ids import InvoiceId, SessionId
from laddverk.kernel.problems import NotFound
from laddverk.payments import queries as payment_queries
from laddverk.payments.disputes import queries
from laddverk.payments.disputes.queries import DisputeRow, EvidenceFacts
from laddverk.platform.house import House

LANGUAGE: Final = "en"
"""Of what a bank gets: card networks everywhere read English."""


class Pack(Struct, frozen=True, kw_only=True):
    """What can be shown of a disputed payment."""

    dispute: DisputeRow
    session: EvidenceFacts | None
    mails: list[queries.MailRow]
    meter: list[queries.MeterRow]
    messages: list[queries.EventRow]
    events: list[payment_queries.PaymentEventRow]


async def gathered(house: House, dispute_id: UUID) -> Pack:
    """Return what was kept about a disputed payment. Raises `NotFound`."""
    async with house.database.transaction() as tx:
        dispute = await queries.dispute(tx, dispute_id)
        if dispute is None:
            raise NotFound("There is no such dispute.")
        session_id = dispute.session_id
        session = None if session_id is None else await queries.evidence_facts(tx, session_id)
        around = session.started_at if session else dispute.opened_at
        return Pack(
            dispute=dispute,
            session=session,
            mails=await queries.mails(tx, dispute.driver_email, around, session_id, dispute.invoice_id)
            if dispute.driver_email
            else [],
            meter=[] if session_id is None else await queries.meter(tx, session_id),
            messages=[] if session_id is None else await queries.charger_events(tx, session_id),
            events=await payment_queries.events(tx, dispute.payment_id),
        )


def proposed_text(pack: Pack, operator: str) -> str:
    """Return what to tell the bank, as a proposal: what was delivered, when, where, how the price was known. Pure."""
    session = pack.session
    if session is None:
        return (
            f"{operator} supplied electricity for charging an electric vehicle. The payment was for an invoice that was"
            " sent to the customer beforehand. The invoice is attached."
        )
    lines = [
        f"{operator} supplied {session.energy_wh / 1000:.2f} kWh of electricity to an electric vehicle at the public"
        f" charging station {session.station_name}, {_place(session)}.",
        f"Charging began {_local(session.started_at, session)} and ended"
        f" {_local(session.ended_at, session)} local time.",
        "The price was shown before the charge began, and the customer had to plug in the cable for it to begin. The"
        " energy was measured by the meter of the charging station, whose readings are attached.",
    ]
    if pack.mails:
        lines.append(f"{len(pack.mails)} messages were sent to the customer at {pack.dispute.driver_email}.")
    return "\n\n".join(lines)


async def pdf(house: House, pack: Pack, text: str) -> bytes:
    """Return the PDF for the bank: what happened, in words, the parts of the price, the meter. A quarter of a second.

    Raises `NotFound` when there is neither a priced session nor an invoice to show.
    """
    dispute = pack.dispute
    if dispute.session_id is None:
        if dispute.invoice_id is None:
            raise NotFound("There is nothing to show about this payment.")
        return await documents.pdf(house, InvoiceId(dispute.invoice_id), LANGUAGE)
    async with house.database.transaction() as tx:
        receipt = await store.receipt(tx, SessionId(dispute.session_id))
    if receipt is None:
        raise NotFound("There is nothing to show about this payment.", remedy="Wait until the session is priced.")
    document = receipt_document(receipt, seller_of(house.settings), LANGUAGE)
    document |= {"title": "Evidence for dispute", "number": dispute.provider_ref, "settled": True}
    document["amount_note"] = "delivered and paid"
    document["facts"] = [*document["facts"], *_facts(pack)]
    document["notes"] = [note for note in (*text.split("\n\n"), *document["notes"], _readings(pack)) if note]
    return await asyncio.to_thread(typeset, document, dispute.opened_at)


async def packed(house: House, pack: Pack, text: str) -> bytes:
    """Return a ZIP with the PDF, the receipt, and everything else as it is kept, one file each."""
    files: dict[str, bytes] = {"evidence.txt": text.encode()}
    files["evidence.pdf"] = await pdf(house, pack, text)
    if pack.dispute.session_id is not None:
        files["receipt.pdf"] = await documents.receipt_pdf(house, SessionId(pack.dispute.session_id), LANGUAGE)
    if pack.session is not None:
        files["session.json"] = _json(msgspec.structs.asdict(pack.session) | {"tariff": None})
        files["tariff-shown.json"] = _json(pack.session.tariff)
    files["meter-values.json"] = _json(pack.meter)
    files["charger-messages.json"] = _json(pack.messages)
    files["payment-events.json"] = _json(pack.events)
    for place, mail in enumerate(pack.mails, start=1):
        head = f"Date: {mail.created_at.isoformat()}\nTo: {mail.recipient}\nSubject: {mail.subject}\n\n"
        files[f"mails/{place:02d}.txt"] = (head + mail.body_text).encode()
    return await asyncio.to_thread(_zipped, files, pack.dispute.opened_at)


def _zipped(files: dict[str, bytes], at: datetime) -> bytes:
    """Return the files as a ZIP: the same files and time give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, at.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _facts(pack: Pack) -> list[list[str]]:
    session, dispute = pack.session, pack.dispute
    facts = [["Card", " ".join(part for part in (dispute.brand, dispute.last4 and f"•••• {dispute.last4}") if part)]]
    if session is not None:
        facts += [["Charging station", session.station_identity], ["Transaction", session.transaction_key]]
    return [fact for fact in facts if fact[1]]


def _readings(pack: Pack) -> str:
    session = pack.session
    known = [row for row in pack.meter if row.energy_wh is not None]
    if session is None or not known:
        return ""
    first, last = known[0], known[-1]
    return (
        f"Meter readings ({len(known)}): {first.energy_wh} Wh at {_local(first.at, session)},"
        f" {last.energy_wh} Wh at {_local(last.at, session)} local time. The charging station sent"
        f" {len(pack.messages)} messages about this transaction; all are kept as they came."
    )


def _place(session: EvidenceFacts) -> str:
    return ", ".join(part for part in (session.site_name, session.address) if part)


def _local(at: datetime | None, session: EvidenceFacts) -> str:
    return "?" if at is None else at.astimezone(ZoneInfo(session.timezone)).strftime("%Y-%m-%d %H:%M:%S")


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2)

"""Collections and the files of banks in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from laddverk.kernel.ids import BankFileId, CollectionId, InvoiceId, MandateId, PaymentId
from laddverk.payments.direct_debit.collection_rules import Due
from laddverk.payments.direct_debit.model import CURRENCIES, BankFile, BankRecord, Collection, Scheme
from laddverk.payments.store import NOT_GIVEN_BACK
from laddverk.platform.database import Transaction

# What remains is derived from the payments themselves, for the invoice learns of them a moment later. What people gave
# back is not taken again by itself.
DUE: Final = (
    """
SELECT invoice.id AS invoice_id, invoice.driver_id, invoice.series, invoice.number, invoice.due_on, invoice.issued_at,
       mandate.id AS mandate_id, coalesce(last.attempt, 0) AS attempt, last.mandate_id AS last_mandate_id,
       last.state AS last_state, last.answer_code AS last_code, last.due_on AS last_due_on,
       coalesce(last.returned_minor, 0) AS last_returned_minor,
       (invoice.gross_minor - invoice.credited_minor - coalesce(paid.minor, 0))::bigint AS remaining_minor
FROM invoice
JOIN mandate ON mandate.driver_id = invoice.driver_id AND mandate.scheme = $1 AND mandate.state = 'active'
LEFT JOIN LATERAL (
    SELECT sum(captured_minor - refunded_minor) AS minor FROM payment WHERE payment.invoice_id = invoice.id
) AS paid ON true
LEFT JOIN LATERAL (
    SELECT * FROM collection WHERE collection.invoice_id = invoice.id AND kind = 'collect' ORDER BY attempt DESC LIMIT 1
) AS last ON true
WHERE invoice.kind = 'invoice' AND invoice.currency = $2 AND invoice.issued_at <= $3
  AND invoice.gross_minor - invoice.credited_minor - coalesce(paid.minor, 0) > 0
  AND NOT EXISTS (
      SELECT FROM payment WHERE payment.invoice_id = invoice.id
         AND (state IN ('submitted', 'authorised', 'capturing', 'unknown')
              OR (state IN ('created', 'checkout') AND (updated_at > $3::timestamptz - interval '2 hours'
                                                        OR provider IN ('autogiro', 'sepa')))))
"""  # noqa: S608 - constant text
    + NOT_GIVEN_BACK
    + """
  -- Whose first way is a card or the wallet is debited there; the bank steps in when that has come to nothing.
  AND NOT EXISTS (
      SELECT FROM driver_paying LEFT JOIN invoice_debit ON invoice_debit.invoice_id = invoice.id
      WHERE driver_paying.driver_id = invoice.driver_id AND driver_paying.first_kind IN ('method', 'wallet')
        AND coalesce(invoice_debit.ended_why, '') NOT IN ('given_up', 'no_way'))
ORDER BY invoice.id
FOR UPDATE OF invoice
"""
)
REMAINING: Final = """
SELECT (invoice.gross_minor - invoice.credited_minor
        - coalesce((SELECT sum(captured_minor - refunded_minor) FROM payment
                    WHERE payment.invoice_id = invoice.id), 0))::bigint
FROM invoice WHERE id = $1
"""
INSERT: Final = """
INSERT INTO collection (id, kind, scheme, mandate_id, payment_id, refund_id, invoice_id, attempt, reference,
                        amount_minor, currency, due_on, state, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
ON CONFLICT DO NOTHING
"""
SAVE: Final = """
UPDATE collection SET amount_minor = $2, due_on = $3, state = $4, paid_minor = $5, returned_minor = $6,
       answer_code = $7, answer = $8, file_id = $9, cancel_sent = $10, updated_at = $11
WHERE id = $1
"""
LOWER: Final = "UPDATE payment SET amount_minor = $2, due_minor = $2 WHERE id = $1"
LOCKED: Final = "SELECT * FROM collection WHERE id = $1 FOR UPDATE"
BY_REFERENCE: Final = "SELECT * FROM collection WHERE scheme = $1 AND reference = $2 FOR UPDATE"
PLANNED: Final = """
SELECT * FROM collection WHERE scheme = $1 AND state = 'planned' AND (due_on <= $2 OR kind = 'payout')
ORDER BY due_on, reference FOR UPDATE
"""
TO_CANCEL: Final = """
SELECT * FROM collection WHERE scheme = $1 AND state = 'cancelling' AND NOT cancel_sent
ORDER BY due_on, reference FOR UPDATE
"""
OF_MANDATE: Final = """
SELECT * FROM collection WHERE mandate_id = $1 AND kind = 'collect' AND state IN ('planned', 'sent', 'retrying')
ORDER BY reference FOR UPDATE
"""
OF_PAYMENT: Final = """
SELECT * FROM collection WHERE payment_id = $1 AND kind = 'collect' ORDER BY attempt LIMIT 1
"""
KEEP_FILE: Final = """
INSERT INTO bank_file (id, scheme, direction, number, name, sha256, content_sealed, size, records, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (scheme, direction, sha256) DO UPDATE SET copies = bank_file.copies + 1
RETURNING id, copies
"""
COUNT_FILE: Final = "UPDATE bank_file SET records = $2, applied = $3, unmatched = $4 WHERE id = $1"
USE_NUMBER: Final = "UPDATE rail_counter SET next_file_number = $2 WHERE scheme = $1"
FILE: Final = """
SELECT id, scheme, direction, number, name, sha256, size, records, applied, unmatched, copies, fetched_at, made_at,
       made_by
FROM bank_file WHERE id = $1
"""
FILE_CONTENT: Final = "SELECT content_sealed FROM bank_file WHERE id = $1"
FETCHED: Final = "UPDATE bank_file SET fetched_at = $2 WHERE id = $1 AND fetched_at IS NULL"
UNFETCHED: Final = """
SELECT id FROM bank_file WHERE direction = 'out' AND fetched_at IS NULL ORDER BY scheme, number FOR UPDATE SKIP LOCKED
"""
KEEP_RECORDS: Final = """
INSERT INTO bank_record (file_id, line, what, payer_number, reference, amount_minor, code, said, outcome, collection_id,
                         mandate_id)
SELECT $1, line, what, payer_number, reference, amount_minor, code, said, outcome, collection_id, mandate_id
FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::text[],
            $10::uuid[], $11::uuid[])
     AS given (line, what, payer_number, reference, amount_minor, code, said, outcome, collection_id, mandate_id)
ON CONFLICT DO NOTHING
"""


class Kept(Struct, frozen=True):
    """A file that was kept: its id, and how often its content came."""

    id: BankFileId
    copies: int


async def due(tx: Transaction, scheme: Scheme, now: datetime) -> list[Due]:
    """Return the invoices of drivers with an active mandate that nobody pays otherwise just now, locked."""
    return await tx.fetch(Due, DUE, scheme, CURRENCIES[scheme], now)


async def remaining(tx: Transaction, invoice_id: InvoiceId) -> int:
    """Return what remains to be paid of an invoice, in minor units; negative when too much was paid."""
    return int(await tx.value(REMAINING, invoice_id) or 0)


async def insert(tx: Transaction, collection: Collection) -> bool:
    """Write a new collection; return False when there is one for the same try already."""
    written = await tx.execute(
        INSERT,
        collection.id,
        collection.kind,
        collection.scheme,
        collection.mandate_id,
        collection.payment_id,
        collection.refund_id,
        collection.invoice_id,
        collection.attempt,
        collection.reference,
        collection.amount_minor,
        collection.currency,
        collection.due_on,
        collection.state,
        collection.created_at,
    )
    return written == 1


async def save(tx: Transaction, collection: Collection) -> None:
    """Write what can change of a collection. The caller holds its lock."""
    await tx.execute(
        SAVE,
        collection.id,
        collection.amount_minor,
        collection.due_on,
        collection.state,
        collection.paid_minor,
        collection.returned_minor,
        collection.answer_code,
        collection.answer,
        collection.file_id,
        collection.cancel_sent,
        collection.updated_at,
    )


async def locked(tx: Transaction, collection_id: CollectionId) -> Collection | None:
    """Return a collection, locked."""
    return await tx.fetch_one(Collection, LOCKED, collection_id)


async def by_reference(tx: Transaction, scheme: Scheme, reference: str) -> Collection | None:
    """Return the collection that a bank means, locked."""
    return await tx.fetch_one(Collection, BY_REFERENCE, scheme, reference)


async def planned(tx: Transaction, scheme: Scheme, until: date) -> list[Collection]:
    """Return what waits to be written to a file, up to a day; locked."""
    return await tx.fetch(Collection, PLANNED, scheme, until)


async def to_cancel(tx: Transaction, scheme: Scheme) -> list[Collection]:
    """Return what the bank must be asked to take back, locked."""
    return await tx.fetch(Collection, TO_CANCEL, scheme)


async def open_of_mandate(tx: Transaction, mandate_id: MandateId) -> list[Collection]:
    """Return what is still to be collected by a mandate, locked."""
    return await tx.fetch(Collection, OF_MANDATE, mandate_id)


async def of_payment(tx: Transaction, payment_id: PaymentId) -> Collection | None:
    """Return the collection that a payment is."""
    return await tx.fetch_one(Collection, OF_PAYMENT, payment_id)


async def lower(tx: Transaction, payment_id: PaymentId, amount_minor: int) -> None:
    """Lower what a planned payment is to take, for a part was paid or credited meanwhile."""
    await tx.execute(LOWER, payment_id, amount_minor)


async def keep_file(tx: Transaction, file: BankFile, sealed: bytes) -> Kept:
    """Keep a file; the same content again is only counted."""
    kept = await tx.fetch_one(
        Kept,
        KEEP_FILE,
        file.id,
        file.scheme,
        file.direction,
        file.number,
        file.name,
        file.sha256,
        sealed,
        file.size,
        file.records,
        file.made_at,
        file.made_by,
    )
    assert kept is not None
    return kept


async def count_file(tx: Transaction, file_id: BankFileId, records: int, applied: int, unmatched: int) -> None:
    """Write what a file held and did."""
    await tx.execute(COUNT_FILE, file_id, records, applied, unmatched)


async def use_number(tx: Transaction, scheme: Scheme, number: int) -> None:
    """Say that a file has `number`; the caller holds the scheme."""
    await tx.execute(USE_NUMBER, scheme, number + 1)


async def file(tx: Transaction, file_id: BankFileId) -> BankFile | None:
    """Return a file without its content."""
    return await tx.fetch_one(BankFile, FILE, file_id)


async def file_content(tx: Transaction, file_id: BankFileId) -> bytes | None:
    """Return the sealed content of a file."""
    found: bytes | None = await tx.value(FILE_CONTENT, file_id)
    return found


async def fetched(tx: Transaction, file_id: BankFileId, now: datetime) -> None:
    """Note when a file was first taken to the bank."""
    await tx.execute(FETCHED, file_id, now)


async def unfetched(tx: Transaction) -> list[BankFileId]:
    """Return the files that nobody has taken to the bank, locked."""
    return await tx.values(UNFETCHED)


async def keep_records(tx: Transaction, file_id: BankFileId, records: Sequence[BankRecord]) -> None:
    """Keep what the lines of a file said and did."""
    await tx.execute(
        KEEP_RECORDS,
        file_id,
        [each.line for each in records],
        [each.what for each in records],
        [each.payer_number for each in records],
        [each.reference for each in records],
        [each.amount_minor for each in records],
        [each.code for each in records],
        [each.said for each in records],
        [each.outcome for each in records],
        [each.collection_id for each in records],
        [each.mandate_id for each in records],
    )

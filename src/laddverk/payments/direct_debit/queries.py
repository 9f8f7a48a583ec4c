"""What screens read of direct debit. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.payments.queries import like
from laddverk.platform.database import Transaction


class MandateRow(Struct, frozen=True, kw_only=True):
    """A mandate in a list and on its own page."""

    id: UUID
    scheme: str
    payer_number: str
    driver_id: UUID
    driver_name: str
    driver_email: str | None
    channel: str
    state: str
    holder: str
    account_last4: str
    consent_text: str
    signed_on: date | None
    answer_code: str
    answer: str
    created_at: datetime
    updated_at: datetime


_MANDATE: Final = """
SELECT mandate.id, scheme, payer_number, driver_id, driver.name AS driver_name, driver.email AS driver_email,
       channel, state, holder, account_last4, consent_text, signed_on, answer_code, answer,
       mandate.created_at, mandate.updated_at
FROM mandate JOIN driver ON driver.id = mandate.driver_id
"""
_MANDATES_NARROWED: Final = """
WHERE ($1 = '' OR concat_ws(' ', driver.name, driver.email, payer_number, holder, account_last4)
                ILIKE '%' || $1 || '%')
  AND ($2 = '' OR state = $2)
"""
MANDATES: Final = _MANDATE + _MANDATES_NARROWED + "ORDER BY mandate.created_at DESC, mandate.id LIMIT $3 OFFSET $4"
_COUNTED: Final = "SELECT count(*) "
COUNT_MANDATES: Final = _COUNTED + "FROM mandate JOIN driver ON driver.id = mandate.driver_id" + _MANDATES_NARROWED
MANDATE: Final = _MANDATE + "WHERE mandate.id = $1"
MANDATE_STATES: Final = "SELECT state, count(*) AS rows FROM mandate GROUP BY state ORDER BY state"
MANDATE_EVENTS: Final = """
SELECT at, kind, detail FROM mandate_event WHERE mandate_id = $1 ORDER BY at DESC, id DESC LIMIT 200
"""


class StateRow(Struct, frozen=True):
    """How many there are in one state, and for collections what they amount to."""

    state: str
    rows: int
    amount_minor: int = 0


class EventRow(Struct, frozen=True):
    """Something that happened to a mandate."""

    at: datetime
    kind: str
    detail: dict[str, Any]


class CollectionRow(Struct, frozen=True, kw_only=True):
    """A collection in a list and on its own page."""

    id: UUID
    kind: str
    scheme: str
    mandate_id: UUID
    payment_id: UUID
    invoice_id: UUID | None
    driver_id: UUID
    driver_name: str
    attempt: int
    reference: str
    amount_minor: int
    currency: str
    due_on: date
    state: str
    paid_minor: int
    returned_minor: int
    answer_code: str
    answer: str
    file_id: UUID | None
    file_name: str | None
    created_at: datetime
    updated_at: datetime


_COLLECTION_FROM: Final = """
FROM collection
JOIN mandate ON mandate.id = collection.mandate_id
JOIN driver ON driver.id = mandate.driver_id
LEFT JOIN bank_file ON bank_file.id = collection.file_id
"""
_COLLECTION: Final = (
    """
SELECT collection.id, collection.kind, collection.scheme, collection.mandate_id, payment_id, invoice_id, driver_id,
       driver.name AS driver_name, attempt, reference, amount_minor, currency, due_on, collection.state, paid_minor,
       returned_minor, collection.answer_code, collection.answer, file_id, bank_file.name AS file_name,
       collection.created_at, collection.updated_at
"""
    + _COLLECTION_FROM
)
_COLLECTIONS_NARROWED: Final = """
WHERE ($1 = '' OR concat_ws(' ', driver.name, reference, payer_number, bank_file.name) ILIKE '%' || $1 || '%')
  AND ($2 = '' OR collection.state = $2)
"""
COLLECTIONS: Final = (
    _COLLECTION
    + _COLLECTIONS_NARROWED
    + """
ORDER BY CASE WHEN $3 = 'amount' THEN amount_minor END, CASE WHEN $3 = '-amount' THEN amount_minor END DESC,
         CASE WHEN $3 = 'due' THEN due_on END, due_on DESC, collection.created_at DESC, collection.id
LIMIT $4 OFFSET $5
"""
)
COUNT_COLLECTIONS: Final = "SELECT count(*)" + _COLLECTION_FROM + _COLLECTIONS_NARROWED
COLLECTION: Final = _COLLECTION + "WHERE collection.id = $1"
OF_MANDATE: Final = _COLLECTION + "WHERE mandate_id = $1 ORDER BY due_on DESC, collection.created_at DESC LIMIT 50"
OF_INVOICE: Final = _COLLECTION + "WHERE invoice_id = $1 ORDER BY collection.created_at DESC LIMIT 20"
OF_PAYMENT: Final = _COLLECTION + "WHERE payment_id = $1 AND collection.kind = 'collect' LIMIT 1"
COLLECTION_STATES: Final = """
SELECT state, count(*) AS rows, coalesce(sum(amount_minor), 0)::bigint AS amount_minor
FROM collection GROUP BY state ORDER BY state
"""


class FileRow(Struct, frozen=True, kw_only=True):
    """A file to or from a bank."""

    id: UUID
    scheme: str
    direction: str
    number: int | None
    name: str
    sha256: str
    size: int
    records: int
    applied: int
    unmatched: int
    copies: int
    fetched_at: datetime | None
    made_at: datetime
    made_by: str


class LineRow(Struct, frozen=True, kw_only=True):
    """What one line of a file from a bank said, and what became of it."""

    line: int
    what: str
    payer_number: str
    reference: str
    amount_minor: int | None
    code: str
    said: str
    outcome: str
    collection_id: UUID | None
    mandate_id: UUID | None


_FILE: Final = """
SELECT id, scheme, direction, number, name, sha256, size, records, applied, unmatched, copies, fetched_at, made_at,
       made_by
FROM bank_file
"""
_FILES_NARROWED: Final = """
WHERE ($1 = '' OR concat_ws(' ', name, made_by) ILIKE '%' || $1 || '%')
  AND ($2 = '' OR direction = $2 OR ($2 = 'look' AND unmatched > 0) OR ($2 = 'waiting' AND direction = 'out'
                                                                        AND fetched_at IS NULL))
"""
FILES: Final = _FILE + _FILES_NARROWED + "ORDER BY made_at DESC, id DESC LIMIT $3 OFFSET $4"
COUNT_FILES: Final = _COUNTED + "FROM bank_file" + _FILES_NARROWED
FILE: Final = _FILE + "WHERE id = $1"
LINES: Final = """
SELECT line, what, payer_number, reference, amount_minor, code, said, outcome, collection_id, mandate_id
FROM bank_record WHERE file_id = $1
ORDER BY outcome <> 'unmatched', line LIMIT $2 OFFSET $3
"""
ORDERED: Final = _COLLECTION + "WHERE file_id = $1 ORDER BY reference LIMIT 200"
BOOKED: Final = """
SELECT coalesce(sum(bank_record.amount_minor) FILTER (WHERE what = 'deposit'), 0)::bigint AS booked_minor,
       (SELECT coalesce(sum(CASE kind WHEN 'collect' THEN paid_minor - returned_minor ELSE -paid_minor END), 0)::bigint
        FROM collection WHERE collection.scheme = $1) AS collected_minor,
       count(*) FILTER (WHERE outcome = 'unmatched') AS unmatched
FROM bank_file JOIN bank_record ON bank_record.file_id = bank_file.id
WHERE scheme = $1
"""


class Booked(Struct, frozen=True):
    """What the bank says it booked on our account, and what we booked of it. They are the same, or people look."""

    booked_minor: int
    collected_minor: int
    unmatched: int


async def mandates(tx: Transaction, search: str, state: str, *, limit: int = 50, offset: int = 0) -> list[MandateRow]:
    """Return a page of mandates, the latest first."""
    return await tx.fetch(MandateRow, MANDATES, like(search), state, limit, offset)


async def count_mandates(tx: Transaction, search: str, state: str) -> int:
    """Return how many mandates a filter leaves."""
    return int(await tx.value(COUNT_MANDATES, like(search), state))


async def mandate(tx: Transaction, mandate_id: UUID) -> MandateRow | None:
    """Return one mandate."""
    return await tx.fetch_one(MandateRow, MANDATE, mandate_id)


async def mandate_states(tx: Transaction) -> list[StateRow]:
    """Return how many mandates are in each state."""
    return await tx.fetch(StateRow, MANDATE_STATES)


async def mandate_events(tx: Transaction, mandate_id: UUID) -> list[EventRow]:
    """Return what happened to a mandate, newest first."""
    return await tx.fetch(EventRow, MANDATE_EVENTS, mandate_id)


async def collections(
    tx: Transaction, search: str, state: str, sort: str, *, limit: int = 50, offset: int = 0
) -> list[CollectionRow]:
    """Return a page of collections. `sort` is due or amount, with `-` for descending."""
    return await tx.fetch(CollectionRow, COLLECTIONS, like(search), state, sort, limit, offset)


async def count_collections(tx: Transaction, search: str, state: str) -> int:
    """Return how many collections a filter leaves."""
    return int(await tx.value(COUNT_COLLECTIONS, like(search), state))


async def collection(tx: Transaction, collection_id: UUID) -> CollectionRow | None:
    """Return one collection."""
    return await tx.fetch_one(CollectionRow, COLLECTION, collection_id)


async def of_mandate(tx: Transaction, mandate_id: UUID) -> list[CollectionRow]:
    """Return the latest collections by a mandate."""
    return await tx.fetch(CollectionRow, OF_MANDATE, mandate_id)


async def of_invoice(tx: Transaction, invoice_id: UUID) -> list[CollectionRow]:
    """Return the tries to collect an invoice, the latest first."""
    return await tx.fetch(CollectionRow, OF_INVOICE, invoice_id)


async def of_payment(tx: Transaction, payment_id: UUID) -> CollectionRow | None:
    """Return the collection that a payment is; None for one that came otherwise."""
    return await tx.fetch_one(CollectionRow, OF_PAYMENT, payment_id)


async def collection_states(tx: Transaction) -> list[StateRow]:
    """Return how many collections are in each state, and what they amount to."""
    return await tx.fetch(StateRow, COLLECTION_STATES)


async def files(tx: Transaction, search: str, which: str, *, limit: int = 50, offset: int = 0) -> list[FileRow]:
    """Return a page of files, the latest first. `which` is out, in, waiting (not fetched) or look (unmatched lines)."""
    return await tx.fetch(FileRow, FILES, like(search), which, limit, offset)


async def count_files(tx: Transaction, search: str, which: str) -> int:
    """Return how many files a filter leaves."""
    return int(await tx.value(COUNT_FILES, like(search), which))


async def file(tx: Transaction, file_id: UUID) -> FileRow | None:
    """Return one file."""
    return await tx.fetch_one(FileRow, FILE, file_id)


async def lines(tx: Transaction, file_id: UUID, *, limit: int, offset: int = 0) -> list[LineRow]:
    """Return what the lines of a file from a bank said; those that belong to nothing come first."""
    return await tx.fetch(LineRow, LINES, file_id, limit, offset)


async def ordered(tx: Transaction, file_id: UUID) -> list[CollectionRow]:
    """Return the collections that stand in a file to a bank."""
    return await tx.fetch(CollectionRow, ORDERED, file_id)


async def booked(tx: Transaction, scheme: str) -> Booked:
    """Return what a bank says it booked on our account beside what we booked."""
    found = await tx.fetch_one(Booked, BOOKED, scheme)
    assert found is not None
    return found

"""Mandates in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.kernel.ids import BankFileId, DriverId, MandateId, new_id
from laddverk.payments.direct_debit.model import Mandate, MandateOffered, Scheme
from laddverk.platform.database import Transaction

COUNTERS: Final = "SELECT next_file_number, next_payer_number FROM rail_counter WHERE scheme = $1 FOR UPDATE"
NEXT_PAYER: Final = """
UPDATE rail_counter SET next_payer_number = next_payer_number + 1 WHERE scheme = $1 RETURNING next_payer_number - 1
"""
INSERT: Final = """
INSERT INTO mandate (id, scheme, payer_number, driver_id, channel, state, holder, account_sealed, account_last4,
                     consent_text, signed_on, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
"""
SAVE: Final = """
UPDATE mandate SET state = $2, holder = $3, account_sealed = $4, account_last4 = $5, answer_code = $6, answer = $7,
       deletion_sent = $8, consent_text = $9, channel = $10, signed_on = $11, updated_at = $12
WHERE id = $1
"""
LOCKED: Final = "SELECT * FROM mandate WHERE id = $1 FOR UPDATE"
BY_IDS: Final = "SELECT * FROM mandate WHERE id = ANY($1) ORDER BY id"
BY_NUMBER: Final = "SELECT * FROM mandate WHERE scheme = $1 AND payer_number = $2 FOR UPDATE"
ALIVE: Final = """
SELECT * FROM mandate
WHERE driver_id = $1 AND scheme = $2 AND state IN ('invited', 'requested', 'sent', 'active') FOR UPDATE
"""
LATEST: Final = "SELECT * FROM mandate WHERE driver_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1"
TO_TELL: Final = """
SELECT * FROM mandate
WHERE scheme = $1 AND (state = 'requested' OR (state = 'cancelling' AND NOT deletion_sent))
ORDER BY payer_number FOR UPDATE
"""
NOTE: Final = "INSERT INTO mandate_event (id, mandate_id, at, kind, detail) VALUES ($1, $2, $3, $4, $5)"
DRIVER: Final = "SELECT name, email, language FROM driver WHERE id = $1 FOR UPDATE"
REFUSE: Final = """
INSERT INTO mandate_refusal (scheme, payer_number, asked_on) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
REFUSALS: Final = """
SELECT DISTINCT payer_number FROM mandate_refusal WHERE scheme = $1 AND file_id IS NULL ORDER BY payer_number
"""
REFUSED: Final = "UPDATE mandate_refusal SET file_id = $2 WHERE scheme = $1 AND file_id IS NULL"


class DriverRow(Struct, frozen=True):
    """What a mandate needs to know of a driver."""

    name: str
    email: str | None
    language: str


async def lock(tx: Transaction, scheme: Scheme) -> int:
    """Hold a scheme until `tx` ends, for its files follow one another; return the number of its next file."""
    return int(await tx.value(COUNTERS, scheme))


async def next_payer(tx: Transaction, scheme: Scheme) -> int:
    """Return a number that was never given to a payer."""
    return int(await tx.value(NEXT_PAYER, scheme))


async def insert(tx: Transaction, mandate: Mandate) -> None:
    """Write a new mandate."""
    await tx.execute(
        INSERT,
        mandate.id,
        mandate.scheme,
        mandate.payer_number,
        mandate.driver_id,
        mandate.channel,
        mandate.state,
        mandate.holder,
        mandate.account_sealed,
        mandate.account_last4,
        mandate.consent_text,
        mandate.signed_on,
        mandate.created_at,
    )


async def save(tx: Transaction, mandate: Mandate) -> None:
    """Write what can change of a mandate. The caller holds its lock."""
    await tx.execute(
        SAVE,
        mandate.id,
        mandate.state,
        mandate.holder,
        mandate.account_sealed,
        mandate.account_last4,
        mandate.answer_code,
        mandate.answer,
        mandate.deletion_sent,
        mandate.consent_text,
        mandate.channel,
        mandate.signed_on,
        mandate.updated_at,
    )


async def locked(tx: Transaction, mandate_id: MandateId) -> Mandate | None:
    """Return a mandate, locked."""
    return await tx.fetch_one(Mandate, LOCKED, mandate_id)


async def by_ids(tx: Transaction, mandate_ids: Sequence[MandateId]) -> list[Mandate]:
    """Return mandates by their ids."""
    return await tx.fetch(Mandate, BY_IDS, mandate_ids)


async def by_number(tx: Transaction, scheme: Scheme, payer_number: str) -> Mandate | None:
    """Return the mandate that a bank means, locked."""
    return await tx.fetch_one(Mandate, BY_NUMBER, scheme, payer_number)


async def alive(tx: Transaction, driver_id: DriverId, scheme: Scheme) -> Mandate | None:
    """Return a driver's mandate that is, or may become, active; locked."""
    return await tx.fetch_one(Mandate, ALIVE, driver_id, scheme)


async def latest(tx: Transaction, driver_id: DriverId) -> Mandate | None:
    """Return a driver's newest mandate, whatever became of it."""
    return await tx.fetch_one(Mandate, LATEST, driver_id)


async def to_tell(tx: Transaction, scheme: Scheme) -> list[Mandate]:
    """Return the mandates that the bank must be told of, locked."""
    return await tx.fetch(Mandate, TO_TELL, scheme)


async def note(tx: Transaction, mandate_id: MandateId, kind: str, now: datetime, detail: dict[str, Any]) -> None:
    """Add to what happened to a mandate."""
    await tx.execute(NOTE, new_id(), mandate_id, now, kind, detail)


async def driver(tx: Transaction, driver_id: DriverId) -> DriverRow | None:
    """Return a driver, locked: two forms for a mandate follow one another."""
    return await tx.fetch_one(DriverRow, DRIVER, driver_id)


async def refuse(tx: Transaction, scheme: Scheme, offered: MandateOffered, today: date) -> None:
    """Keep that a mandate from an internet bank is to be answered with no."""
    await tx.execute(REFUSE, scheme, offered.payer_number, today)


async def refusals(tx: Transaction, scheme: Scheme) -> Sequence[str]:
    """Return the payer numbers to say no to."""
    found: list[str] = await tx.values(REFUSALS, scheme)
    return found


async def refused(tx: Transaction, scheme: Scheme, file_id: BankFileId) -> None:
    """Note in which file we said no."""
    await tx.execute(REFUSED, scheme, file_id)

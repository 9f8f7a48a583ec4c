"""Mail of support in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.mail.model import Dmarc, Envelope, Letter, Verdict

COMPRESSION: Final = 6

KEEP: Final = """
INSERT INTO support_mail (id, at, inbox, message_id, fingerprint, sender, sender_name, subject, verdict, dmarc,
                          left_out, raw, raw_size)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'taken', $9, $10, $11, $12)
ON CONFLICT (message_id, fingerprint) DO NOTHING RETURNING id
"""
AGAIN: Final = """
UPDATE support_mail SET copies = copies + 1 WHERE message_id = $1 AND fingerprint = $2
RETURNING id AS mail_id, verdict, case_id, true AS is_duplicate
"""
FINISH: Final = """
UPDATE support_mail SET verdict = $2, why = $3, how = $4, case_id = $5, entry_id = $6, quoted = $7, html = $8
WHERE id = $1
"""
# The case of the nearest mail that is answered: one that came to us, or one of ours. What was moved to another case
# is answered there.
BY_IDS: Final = """
SELECT case_id FROM (
    SELECT named.place, coalesce(entry.case_id, came.case_id) AS case_id
    FROM unnest($1::text[]) WITH ORDINALITY AS named (id, place)
    JOIN support_mail AS came ON came.message_id = named.id AND came.case_id IS NOT NULL
    LEFT JOIN case_entry AS entry ON entry.id = came.entry_id
    UNION ALL
    SELECT named.place, entry.case_id FROM unnest($2::uuid[]) WITH ORDINALITY AS named (id, place)
    JOIN case_entry AS entry ON entry.mail_id = named.id
) AS answered ORDER BY place LIMIT 1
"""
NUMBERED: Final = "SELECT id, contact_email FROM support_case WHERE number = $1"
OURS: Final = "SELECT id FROM mail WHERE id = ANY($1)"
SENT: Final = """
SELECT recipient, (SELECT case_id FROM case_entry WHERE mail_id = mail.id LIMIT 1) AS case_id FROM mail WHERE id = $1
"""
MARK_DEAD: Final = """
INSERT INTO support_dead_address (address, at, status, reason, case_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (address) DO UPDATE SET at = excluded.at, status = excluded.status, reason = excluded.reason,
    case_id = coalesce(excluded.case_id, support_dead_address.case_id)
"""
MARK_ALIVE: Final = "DELETE FROM support_dead_address WHERE address = $1"
IS_DEAD: Final = "SELECT EXISTS (SELECT FROM support_dead_address WHERE address = $1)"
RECEIPTS: Final = """
SELECT count(*) FROM mail WHERE recipient = $1 AND created_at > $2 AND template = 'case_opened'
"""
# What an answer in a case answers: the ids of what came, the newest last, and their subjects.
CONVERSATION: Final = """
SELECT entry.reference AS message_id, coalesce(came.subject, '') AS subject
FROM case_entry AS entry LEFT JOIN support_mail AS came ON came.message_id = entry.reference
WHERE entry.case_id = $1 AND entry.kind = 'message_in' AND entry.channel = 'email' AND entry.reference <> ''
ORDER BY entry.at, entry.id LIMIT 200
"""
ENTRY: Final = """
SELECT id FROM case_entry WHERE case_id = $1 AND reference = $2 AND kind = 'message_in' ORDER BY at DESC LIMIT 1
"""
OUTLET_CODES: Final = """
SELECT connector.code FROM connector JOIN station ON station.id = connector.station_id
WHERE connector.code = ANY($1) AND station.retired_at IS NULL
"""
RAW: Final = "SELECT raw FROM support_mail WHERE id = $1"
FORGET: Final = "DELETE FROM support_mail WHERE case_id IS NULL AND at < $1"
MAILBOX: Final = "SELECT uid_validity, last_uid FROM support_mailbox WHERE name = $1"
READ: Final = """
INSERT INTO support_mailbox (name, uid_validity, last_uid, read_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET uid_validity = excluded.uid_validity, last_uid = excluded.last_uid,
    read_at = excluded.read_at, trouble = '', trouble_at = NULL
"""
TROUBLE: Final = """
INSERT INTO support_mailbox (name, trouble, trouble_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET trouble = excluded.trouble,
    trouble_at = CASE WHEN support_mailbox.trouble = '' THEN excluded.trouble_at ELSE support_mailbox.trouble_at END
"""


class Again(Struct, frozen=True, kw_only=True):
    """A mail that came before."""

    mail_id: UUID
    verdict: Verdict
    case_id: UUID | None
    is_duplicate: bool


class Numbered(Struct, frozen=True):
    """The case with a number, and whose it is."""

    id: UUID
    contact_email: str


class Sent(Struct, frozen=True):
    """A mail of ours, and its case."""

    recipient: str
    case_id: UUID | None


class Came(Struct, frozen=True):
    """A mail of a case."""

    message_id: str
    subject: str


class Mailbox(Struct, frozen=True):
    """How far a mailbox was read."""

    uid_validity: int
    last_uid: int


async def keep(
    tx: Transaction, mail_id: UUID, raw: bytes, letter: Letter, envelope: Envelope, dmarc: Dmarc, now: datetime
) -> bool:
    """Keep a mail; return False when it came before. Waits for another that brings the same one."""
    made = await tx.value(
        KEEP, mail_id, now, envelope.inbox, letter.message_id, letter.fingerprint, letter.sender, letter.sender_name,
        letter.subject, dmarc, letter.left_out, zlib.compress(raw, COMPRESSION), len(raw),
    )  # fmt: skip
    return made is not None


async def again(tx: Transaction, letter: Letter) -> Again | None:
    """Count a mail that came before, and return it."""
    return await tx.fetch_one(Again, AGAIN, letter.message_id, letter.fingerprint)


async def finish(
    tx: Transaction, mail_id: UUID, verdict: Verdict, *, why: str = "", how: str = "", case_id: UUID | None = None,
    entry_id: UUID | None = None, quoted: str = "", html: str = "",
) -> None:  # fmt: skip
    """Note what became of a mail."""
    await tx.execute(FINISH, mail_id, verdict, why, how, case_id, entry_id, quoted, html)


async def case_answered(tx: Transaction, ids: Sequence[str], our_ids: Sequence[UUID]) -> UUID | None:
    """Return the case of the nearest of the mails that are answered, or None."""
    found: UUID | None = await tx.value(BY_IDS, list(ids), list(our_ids)) if ids else None
    return found


async def numbered(tx: Transaction, number: int) -> Numbered | None:
    """Return the case with a number, or None."""
    return await tx.fetch_one(Numbered, NUMBERED, number)


async def ours(tx: Transaction, ids: Sequence[UUID]) -> list[UUID]:
    """Return those of `ids` that are mails of ours."""
    return await tx.values(OURS, list(ids)) if ids else []


async def sent(tx: Transaction, mail_id: UUID) -> Sent | None:
    """Return who a mail of ours went to, and in which case."""
    return await tx.fetch_one(Sent, SENT, mail_id)


async def mark_dead(
    tx: Transaction, address: str, status: str, reason: str, case_id: UUID | None, now: datetime
) -> None:  # fmt: skip
    """Note that mail to an address does not arrive."""
    await tx.execute(MARK_DEAD, address, now, status, reason, case_id)


async def mark_alive(tx: Transaction, address: str) -> bool:
    """Forget that an address is dead; return whether it was."""
    return await tx.execute(MARK_ALIVE, address) > 0


async def is_dead(tx: Transaction, address: str) -> bool:
    """Return whether mail to an address came back for good."""
    return bool(await tx.value(IS_DEAD, address.lower()))


async def count_receipts(tx: Transaction, address: str, since: datetime) -> int:
    """Return how many automatic answers an address got since."""
    return int(await tx.value(RECEIPTS, address, since))


async def conversation(tx: Transaction, case_id: UUID) -> list[Came]:
    """Return what came by mail in a case, the oldest first."""
    return await tx.fetch(Came, CONVERSATION, case_id)


async def entry_of(tx: Transaction, case_id: UUID, message_id: str) -> UUID:
    """Return the entry of a case that a mail made."""
    found: UUID = await tx.value(ENTRY, case_id, message_id)
    return found


async def outlet_codes(tx: Transaction, codes: Sequence[str]) -> list[str]:
    """Return those of `codes` that stand on an outlet."""
    return await tx.values(OUTLET_CODES, list(codes)) if codes else []


async def raw(tx: Transaction, mail_id: UUID) -> bytes | None:
    """Return a mail as it came, or None."""
    found = await tx.value(RAW, mail_id)
    return zlib.decompress(found) if found is not None else None


async def forget(tx: Transaction, before: datetime) -> None:
    """Delete mails from before an instant that belong to no case."""
    await tx.execute(FORGET, before)


async def mailbox(tx: Transaction, name: str) -> Mailbox | None:
    """Return how far a mailbox was read; None for one that never was."""
    return await tx.fetch_one(Mailbox, MAILBOX, name)


async def note_read(tx: Transaction, name: str, uid_validity: int, last_uid: int, now: datetime) -> None:
    """Note how far a mailbox was read, and that it answers."""
    await tx.execute(READ, name, uid_validity, last_uid, now)


async def note_trouble(tx: Transaction, name: str, trouble: str, now: datetime) -> None:
    """Note why a mailbox cannot be read."""
    await tx.execute(TROUBLE, name, trouble[:300], now)

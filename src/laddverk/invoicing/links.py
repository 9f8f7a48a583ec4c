"""The secret address of an invoice: whoever has the mail or the paper can look at it and pay it, without an account.

The address is made from our own key, so that it can be printed again; only its hash is kept. It ends when somebody
takes it back, and some time after the invoice is due: an old paper opens nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from datetime import date, datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import InvoiceId
from laddverk.kernel.problems import NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.settings import Secrets

PATH: Final = "/i/"
TOKEN_BYTES: Final = 15  # 120 bits in 24 letters: nobody guesses it, and its code on paper stays coarse
LASTS_AFTER_DUE: Final = timedelta(days=400)  # a year's books are closed by then

LATEST: Final = """
SELECT generation, revoked_at FROM invoice_link WHERE invoice_id = $1 ORDER BY generation DESC LIMIT 1
"""
INSERT: Final = """
INSERT INTO invoice_link (token_hash, invoice_id, generation, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
REVOKE: Final = "UPDATE invoice_link SET revoked_at = $2 WHERE invoice_id = $1 AND revoked_at IS NULL"
BEHIND: Final = """
SELECT invoice.id AS invoice_id, invoice.due_on FROM invoice_link JOIN invoice ON invoice.id = invoice_link.invoice_id
WHERE token_hash = $1 AND revoked_at IS NULL
"""


class _Latest(Struct, frozen=True):
    generation: int
    revoked_at: datetime | None


class _Behind(Struct, frozen=True):
    invoice_id: InvoiceId
    due_on: date


async def path_of(tx: Transaction, secrets: Secrets, invoice_id: InvoiceId, now: datetime) -> str:
    """Return the path on which an invoice is paid, `/i/…`; the first call makes it."""
    latest = await tx.fetch_one(_Latest, LATEST, invoice_id)
    generation = 1 if latest is None else latest.generation + (latest.revoked_at is not None)
    token = token_of(secrets, invoice_id, generation)
    await tx.execute(INSERT, hashed(token), invoice_id, generation, now)
    return f"{PATH}{token}"


async def behind(tx: Transaction, token: str, today: date) -> InvoiceId:
    """Return the invoice behind a secret. Raises `NotFound` when there is none, or it was taken back, or is too old."""
    found = await tx.fetch_one(_Behind, BEHIND, hashed(token))
    if found is None or today > found.due_on + LASTS_AFTER_DUE:
        raise NotFound(
            "This address opens no invoice.",
            remedy="It may have been replaced. Look for our latest mail, or pay by the bankgiro on the invoice.",
        )
    return found.invoice_id


async def renew(tx: Transaction, actor: Actor, invoice_id: InvoiceId, reason: str, now: datetime) -> None:
    """Take the address of an invoice back; the next one that is asked for is new. Needs `invoices:write`."""
    actor.require(Permission.INVOICES_WRITE)
    await tx.execute(REVOKE, invoice_id, now)
    await audit.write(tx, actor, "invoice.link_revoked", "invoice", invoice_id, at=now, reason=reason)


def token_of(secrets: Secrets, invoice_id: InvoiceId, generation: int) -> str:
    """Return the secret of an invoice: 24 small letters and digits."""
    said = invoice_id.bytes + generation.to_bytes(4, "big")
    made = hashlib.blake2b(said, key=secrets.link_key, digest_size=TOKEN_BYTES, person=b"invoice link").digest()
    return b32encode(made).decode().lower()


def hashed(token: str) -> bytes:
    """Return what is kept of a secret. Plain BLAKE2b: nobody guesses 120 bits."""
    return hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=32).digest()

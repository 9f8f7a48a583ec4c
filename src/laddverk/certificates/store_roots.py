"""Trust anchors and what is installed in chargers, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.certificates.model import Anchor
from laddverk.certificates.reading import Read
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import HashData
from laddverk.platform.database import Transaction

INSERT_ANCHOR = """
INSERT INTO trust_anchor (id, use, ecosystem, name, subject, serial_number, fingerprint_sha256, not_before, not_after,
                          pem, intermediates, responders, provisioning_url, own, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (use, fingerprint_sha256) DO UPDATE SET retired_at = NULL, name = excluded.name,
    ecosystem = excluded.ecosystem, intermediates = excluded.intermediates, responders = excluded.responders,
    provisioning_url = excluded.provisioning_url
RETURNING id
"""
INSERT_NAME = """
INSERT INTO trust_anchor_name (anchor_id, algorithm, issuer_name_hash, issuer_key_hash, serial_number)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


class AnchorRow(Struct, frozen=True, kw_only=True):
    """A root to be kept."""

    id: UUID
    use: Use
    ecosystem: str
    name: str
    intermediates: str
    responders: tuple[str, ...]
    provisioning_url: str
    own: bool
    read: Read
    names: tuple[HashData, ...]


async def keep_anchor(tx: Transaction, row: AnchorRow, now: datetime) -> UUID:
    """Keep a root; one that is known for the same use is brought up to date. Return its id."""
    read = row.read
    kept: UUID = await tx.value(
        INSERT_ANCHOR, row.id, row.use.value, row.ecosystem, row.name, read.subject, read.serial_number,
        read.fingerprint_sha256, read.not_before, read.not_after, read.pem, row.intermediates, list(row.responders),
        row.provisioning_url, row.own, now,
    )  # fmt: skip
    for name in row.names:
        await tx.execute(
            INSERT_NAME, kept, name.algorithm, name.issuer_name_hash, name.issuer_key_hash, name.serial_number
        )
    return kept


ANCHORS = """
SELECT id, use, name, ecosystem, pem, intermediates, responders, provisioning_url, not_after
FROM trust_anchor WHERE retired_at IS NULL AND ($1 = '' OR use = $1) ORDER BY ecosystem, name, id
"""


async def anchors(tx: Transaction, use: Use | None = None) -> list[Anchor]:
    """Return the roots that are trusted, for one use or for all."""
    return await tx.fetch(Anchor, ANCHORS, use.value if use else "")


ANCHOR = """
SELECT id, use, name, ecosystem, pem, intermediates, responders, provisioning_url, not_after
FROM trust_anchor WHERE id = $1 AND retired_at IS NULL
"""


async def anchor(tx: Transaction, anchor_id: UUID) -> Anchor | None:
    """Return a root that is trusted."""
    return await tx.fetch_one(Anchor, ANCHOR, anchor_id)


RETIRE = "UPDATE trust_anchor SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"


async def retire_anchor(tx: Transaction, anchor_id: UUID, now: datetime) -> bool:
    """Trust a root no longer; return whether it was trusted."""
    return await tx.execute(RETIRE, anchor_id, now) > 0


UPDATE_ANCHOR = (
    "UPDATE trust_anchor SET name = $2, ecosystem = $3, responders = $4, provisioning_url = $5 WHERE id = $1"
)


async def update_anchor(
    tx: Transaction, anchor_id: UUID, name: str, ecosystem: str, responders: Sequence[str], provisioning_url: str
) -> None:
    """Change what staff say of a root."""
    await tx.execute(UPDATE_ANCHOR, anchor_id, name, ecosystem, list(responders), provisioning_url)


CLEAR_INVENTORY = "DELETE FROM installed_certificate WHERE station_id = $1 AND ($2::text[] = '{}' OR use = ANY($2))"
INSERT_INSTALLED = """
INSERT INTO installed_certificate (station_id, use, position, algorithm, issuer_name_hash, issuer_key_hash,
                                   serial_number, serial_normal, parent, told_at)
SELECT $1, use, position, algorithm, name, key, serial, normal, parent, $2
FROM unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
     AS given (use, position, algorithm, name, key, serial, normal, parent)
ON CONFLICT DO NOTHING
"""
TOLD = """
INSERT INTO certificate_inventory (station_id, told_at, why_not) VALUES ($1, $2, $3)
ON CONFLICT (station_id) DO UPDATE SET told_at = excluded.told_at, why_not = excluded.why_not
"""


class Installed(Struct, frozen=True, kw_only=True):
    """One certificate that a charger says is installed."""

    use: str
    position: int
    certificate: HashData
    parent: str = ""


async def replace_inventory(
    tx: Transaction, station_id: StationId, uses: Sequence[str], rows: Sequence[Installed], now: datetime
) -> None:
    """Replace what is known to be installed, of some uses or (without any) of all."""
    await tx.execute(CLEAR_INVENTORY, station_id, list(uses))
    await add_installed(tx, station_id, rows, now)
    await tx.execute(TOLD, station_id, now, "")


async def add_installed(tx: Transaction, station_id: StationId, rows: Sequence[Installed], now: datetime) -> None:
    """Add what a charger has just accepted, or told."""
    named: list[HashData] = [row.certificate for row in rows]
    normal = [name.normal() for name in named]
    await tx.execute(
        INSERT_INSTALLED, station_id, now, [row.use for row in rows], [row.position for row in rows],
        [name.algorithm for name in normal], [name.issuer_name_hash for name in normal],
        [name.issuer_key_hash for name in normal], [name.serial_number for name in named],
        [name.serial_number for name in normal], [row.parent for row in rows],
    )  # fmt: skip


REMOVE_INSTALLED = """
DELETE FROM installed_certificate
WHERE station_id = $1 AND issuer_key_hash = $2 AND (serial_normal = $3 OR parent = $3)
"""


async def remove_installed(tx: Transaction, station_id: StationId, certificate: HashData) -> None:
    """Forget what a charger has deleted, with the chain that it had."""
    name = certificate.normal()
    await tx.execute(REMOVE_INSTALLED, station_id, name.issuer_key_hash, name.serial_number)


async def not_told(tx: Transaction, station_id: StationId, why: str, now: datetime) -> None:
    """Note that a charger did not say what is installed, and why."""
    await tx.execute(TOLD, station_id, now, why)


COMMAND = "SELECT command, detail FROM command WHERE id = $1"


class CommandRow(Struct, frozen=True):
    """A command with its answer."""

    command: dict[str, Any]
    detail: dict[str, Any]


async def command_of(tx: Transaction, command_id: UUID) -> CommandRow | None:
    """Return a command and what was answered to it."""
    return await tx.fetch_one(CommandRow, COMMAND, command_id)


PROTOCOL = "SELECT coalesce(protocol, '') FROM station WHERE id = $1"


async def protocol_of(tx: Transaction, station_id: StationId) -> str:
    """Return what a station spoke last; empty when it was never here."""
    return str(await tx.value(PROTOCOL, station_id) or "")

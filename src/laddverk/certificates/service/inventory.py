"""What is installed in chargers: asked for, and kept in step with what is installed and deleted (M03-M05)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.certificates import reading, store_roots
from laddverk.certificates.store_roots import Installed
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import BatchId, CommandId, StationId
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import DeleteCertificate, InstallCertificate, ListCertificates, Use
from laddverk.ocpp.facts import HashData
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState

WAIT: Final = timedelta(days=7)  # a root that comes late is as good
FIELD_MAX: Final = 160  # characters of a hash or a serial number; 128 in OCPP
LISTED_MAX: Final = 200


async def ask_inventory(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> list[CommandId]:
    """Ask a charger which certificates it has; return the commands. Needs commands:send.

    A charger of 1.6 is asked for one use at a time: for the roots that the security white paper knows.
    """
    is_16 = await store_roots.protocol_of(tx, station_id) == Protocol.V16.value
    wanted: list[tuple[Use, ...]] = [(Use.CSMS_ROOT,), (Use.MANUFACTURER_ROOT,)] if is_16 else [()]
    return [
        await stations.request_command(tx, actor, station_id, ListCertificates(uses=uses), now, reason=reason)
        for uses in wanted
    ]


async def install(
    tx: Transaction, actor: Actor, anchor_id: UUID, station_id: StationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Have a charger trust a root; return the command. Needs stations:write and commands:send."""
    command = await _installation(tx, actor, anchor_id)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def install_in_many(
    tx: Transaction, actor: Actor, anchor_id: UUID, station_ids: Sequence[StationId], now: datetime, *, reason: str
) -> BatchId:
    """Have many chargers trust a root; return the batch. Needs stations:write and commands:send.

    It waits a week for those that are away. Raises what `stations.request_of_many` raises.
    """
    command = await _installation(tx, actor, anchor_id)
    return await stations.request_of_many(tx, actor, station_ids, command, now, reason=reason, wait=WAIT)


async def _installation(tx: Transaction, actor: Actor, anchor_id: UUID) -> InstallCertificate:
    actor.require(Permission.STATIONS_WRITE)
    anchor = await store_roots.anchor(tx, anchor_id)
    if anchor is None:
        raise NotFound("There is no such root.", field="root")
    return InstallCertificate(use=anchor.use, certificate=anchor.pem)


async def delete(
    tx: Transaction, actor: Actor, station_id: StationId, certificate: HashData, use: Use | None, now: datetime, *,
    reason: str = "",
) -> CommandId:  # fmt: skip
    """Have a charger forget a certificate. Needs stations:write and commands:send. Raises `Invalid` for odd hashes."""
    actor.require(Permission.STATIONS_WRITE)
    if certificate.algorithm not in reading.ALGORITHMS or not all(
        word and len(word) <= FIELD_MAX and word.isalnum() and word.isascii()
        for word in (certificate.issuer_name_hash, certificate.issuer_key_hash, certificate.serial_number)
    ):
        raise Invalid("There is no such certificate.", field="serial_number")
    command = DeleteCertificate(certificate=certificate, use=use)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def listed(tx: Transaction, finished: CommandFinished, now: datetime) -> None:
    """Keep what a charger says is installed, in the place of what was known."""
    row = await store_roots.command_of(tx, finished.command_id)
    if row is None:
        return
    if finished.state is not CommandState.CONFIRMED or "certificates" not in row.detail:
        why = finished.word or finished.state.value
        await store_roots.not_told(tx, finished.station_id, why[:FIELD_MAX], now)
        return
    uses = [str(use) for use in row.command.get("uses") or ()]
    rows = _rows(row.detail["certificates"], uses[0] if uses else "")
    await store_roots.replace_inventory(tx, finished.station_id, uses, rows, now)


def _rows(told: Any, asked: str) -> list[Installed]:
    rows: list[Installed] = []
    for item in (told if isinstance(told, list) else [])[:LISTED_MAX]:
        named = _hash(item.get("hash"))
        if named is None:
            continue
        use = str(item.get("use") or asked)[:FIELD_MAX]
        rows.append(Installed(use=use, position=0, certificate=named))
        parent = named.normal().serial_number
        for position, child in enumerate(item.get("children") or (), start=1):
            below = _hash(child)
            if below is not None:
                rows.append(Installed(use=use, position=position, certificate=below, parent=parent))
    return rows


def _hash(told: Any) -> HashData | None:
    try:
        named = msgspec.convert(told, HashData)
    except msgspec.ValidationError:
        return None
    words = (named.issuer_name_hash, named.issuer_key_hash, named.serial_number, named.algorithm)
    return named if all(word and len(word) <= FIELD_MAX and "\x00" not in word for word in words) else None


async def installed(tx: Transaction, finished: CommandFinished, now: datetime) -> None:
    """Add a root that a charger has just accepted to its inventory."""
    row = await store_roots.command_of(tx, finished.command_id)
    if row is None or finished.state is not CommandState.CONFIRMED:
        return
    command = msgspec.convert(row.command, InstallCertificate)
    root = reading.certificates_in(command.certificate)[0]
    one = Installed(use=command.use.value, position=0, certificate=reading.named(root, root))
    await store_roots.add_installed(tx, finished.station_id, [one], now)


async def deleted(tx: Transaction, finished: CommandFinished) -> None:
    """Take a certificate that a charger has forgotten off its inventory."""
    row = await store_roots.command_of(tx, finished.command_id)
    if row is not None and finished.state is CommandState.CONFIRMED:
        command = msgspec.convert(row.command, DeleteCertificate)
        await store_roots.remove_installed(tx, finished.station_id, command.certificate)

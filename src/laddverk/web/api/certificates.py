"""The API's certificates of stations, roots and security events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.certificates import queries
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import HashData, Signing
from laddverk.stations.model import COMMANDS_TOPIC, DOORS_TOPIC
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit, station_id_of


class StationCertificate(Struct, frozen=True):
    """A certificate of a station."""

    id: str
    station_id: str
    kind: str
    state: str
    common_name: str
    serial_number: str
    fingerprint_sha256: str
    not_before: datetime
    not_after: datetime


class Root(Struct, frozen=True):
    """A root that is trusted."""

    id: str
    use: str
    name: str
    ecosystem: str
    fingerprint_sha256: str
    not_after: datetime
    pem: str
    stations: int


class SecurityEvent(Struct, frozen=True):
    """What a station noticed, or what was noticed of it."""

    id: str
    station_id: str | None
    at: datetime
    kind: str
    tech_info: str
    source: str
    critical: bool
    times: int
    seen_at: datetime | None


class RequestWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which certificate a station is to ask for."""

    signing: Signing = Signing.STATION
    combined: bool = False
    reason: str = ""


class RootWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which root a station is to trust."""

    root_id: str
    reason: str = ""


class Withdrawal(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a certificate is withdrawn."""

    reason: str


class InstalledCertificate(Struct, frozen=True):
    """A certificate that a station says is installed in it; `name` is that of the root, where it is known here."""

    use: str
    position: int
    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    name: str | None
    told_at: datetime


class DeleteWanted(Struct, frozen=True, forbid_unknown_fields=True):
    """Which certificate a station is to forget, as its inventory names it."""

    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    use: Use | None = None
    reason: str = ""


class Commands(Struct, frozen=True):
    """The commands that were queued; ask for their outcome at `/commands/{id}`."""

    command_ids: list[str]


@get("/stations/{station:str}/certificates", opt=needs(Permission.STATIONS_READ))
async def list_station_certificates(asked: Asking, station: FromPath[str]) -> list[StationCertificate]:
    """List the certificates of a station, those in use first."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        rows = await queries.certificates(tx, asked.actor.site_ids, station_id)
    return [
        StationCertificate(
            row.id.hex, shown("sta", row.station_id), row.kind, row.state, row.subject_cn, row.serial_number,
            row.fingerprint_sha256.hex(), row.not_before, row.not_after,
        )
        for row in rows
    ]  # fmt: skip


@post("/stations/{station:str}/certificates/request", opt=needs(Permission.COMMANDS_SEND))
async def ask_for_certificate(asked: Asking, station: FromPath[str], data: JSONBody[RequestWanted]) -> Commands:
    """Have a station make a new key and ask for a certificate."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        command_id = await certificates.ask_now(
            tx, asked.actor, station_id, data.signing, asked.now, combined=data.combined, reason=data.reason
        )
    return _queued(asked, [command_id])


@post("/stations/{station:str}/certificates/install", opt=needs(Permission.STATIONS_WRITE))
async def install_root(asked: Asking, station: FromPath[str], data: JSONBody[RootWanted]) -> Commands:
    """Have a station trust a root."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await certificates.install(
            tx, asked.actor, _root(data.root_id), station_id, asked.now, reason=data.reason
        )
    return _queued(asked, [sent])


@post("/stations/{station:str}/certificates/inventory", opt=needs(Permission.COMMANDS_SEND))
async def ask_inventory(asked: Asking, station: FromPath[str]) -> Commands:
    """Ask a station which certificates are installed in it."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await certificates.ask_inventory(tx, asked.actor, station_id, asked.now)
    return _queued(asked, sent)


@get("/stations/{station:str}/certificates/inventory", opt=needs(Permission.STATIONS_READ))
async def list_inventory(asked: Asking, station: FromPath[str]) -> list[InstalledCertificate]:
    """List what a station said is installed in it when it was last asked."""
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        rows, _ = await queries.installed(tx, station_id)
    return [
        InstalledCertificate(
            row.use, row.position, row.algorithm, row.issuer_name_hash, row.issuer_key_hash, row.serial_number,
            row.name, row.told_at,
        )
        for row in rows
    ]  # fmt: skip


@post("/stations/{station:str}/certificates/delete", opt=needs(Permission.STATIONS_WRITE))
async def delete_installed(asked: Asking, station: FromPath[str], data: JSONBody[DeleteWanted]) -> Commands:
    """Have a station forget a certificate."""
    named = HashData(
        algorithm=data.hash_algorithm, issuer_name_hash=data.issuer_name_hash, issuer_key_hash=data.issuer_key_hash,
        serial_number=data.serial_number,
    )  # fmt: skip
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        sent = await certificates.delete(tx, asked.actor, station_id, named, data.use, asked.now, reason=data.reason)
    return _queued(asked, [sent])


@post("/stations/{station:str}/certificates/{certificate:str}/revoke", opt=needs(Permission.STATIONS_WRITE))
async def revoke_certificate(
    asked: Asking, station: FromPath[str], certificate: FromPath[str], data: JSONBody[Withdrawal]
) -> dict[str, str]:
    """Withdraw a certificate of a station: it opens no more, and a connection that stands on it is closed."""
    try:
        certificate_id = UUID(certificate)
    except ValueError:
        raise NotFound("There is no such certificate.") from None
    async with asked.transaction() as tx:
        station_id = await station_id_of(tx, asked, station)
        await certificates.revoke(tx, asked.actor, station_id, certificate_id, asked.now, reason=data.reason)
    asked.house.hints.publish([DOORS_TOPIC])
    return {"state": "revoked"}


@get("/roots", opt=needs(Permission.STATIONS_WRITE))
async def list_roots(asked: Asking) -> list[Root]:
    """List the roots that are trusted."""
    if asked.actor.site_ids is not None:
        raise NotFound("There is no such page.")
    async with asked.transaction() as tx:
        rows = await queries.anchors(tx)
    return [
        Root(
            row.id.hex, row.use, row.name, row.ecosystem, row.fingerprint_sha256.hex(), row.not_after, row.pem,
            row.stations,
        )
        for row in rows
    ]  # fmt: skip


@post("/roots", opt=needs(Permission.STATIONS_WRITE))
async def add_root(asked: Asking, data: JSONBody[NewAnchor]) -> dict[str, str]:
    """Trust a root and return its id."""
    async with asked.transaction() as tx:
        kept = await certificates.add_anchor(tx, asked.actor, data, asked.now)
    return {"id": kept.hex}


@get("/security-events", opt=needs(Permission.STATIONS_READ))
async def list_security_events(
    asked: Asking,
    search: FromQuery[str] = "",
    only: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> list[SecurityEvent]:
    """List security events, newest first. `only` is `open` (alarms that nobody has looked at), `alarm` or `house`."""
    checked_limit(limit, offset)
    if only not in ("", "open", "alarm", "house"):
        raise Invalid("This is not known here.", field="only", remedy="Use open, alarm or house.")
    async with asked.transaction() as tx:
        rows = await queries.events(tx, asked.actor.site_ids, None, search, only, limit=limit, offset=offset)
    return [
        SecurityEvent(
            row.id.hex, shown("sta", row.station_id) if row.station_id else None, row.at, row.kind, row.tech_info,
            row.source, row.critical, row.times, row.seen_at,
        )
        for row in rows
    ]  # fmt: skip


def _root(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("There is no such root.", field="root_id") from None


def _queued(asked: Asked, command_ids: Sequence[UUID]) -> Commands:
    asked.house.hints.publish([COMMANDS_TOPIC])
    return Commands([shown("cmd", one) for one in command_ids])


HANDLERS: Final = [
    list_station_certificates,
    ask_for_certificate,
    install_root,
    ask_inventory,
    list_inventory,
    delete_installed,
    revoke_certificate,
    list_roots,
    add_root,
    list_security_events,
]

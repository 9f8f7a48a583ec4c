"""The API's provisioning for tools: how a station proves who it is, how its boots are answered, how it is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.access import queries as access_queries
from laddverk.access import service as access
from laddverk.access.model import TokenDetails
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, StationId, TokenId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp import quirks
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.commands import InstallCertificate, ListCertificates
from laddverk.platform.database import Transaction
from laddverk.stations import queries, quirk_queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api import shapes
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking, station_of
from laddverk.web.api.shapes import of

PEM_MAX: Final = 10_000  # characters of a certificate; 10,000 in OCPP 2.1


class Treatment(Struct, frozen=True):
    """How a station is treated: its boots, and the special settings that it has (among them its strictness)."""

    station_id: str
    boot_answer: str
    boot_interval_s: int | None
    settings: dict[str, Any]


class BootToAnswer(Struct, frozen=True, forbid_unknown_fields=True):
    """How the next boots of a station are answered. Without an interval it is the usual one."""

    status: Registration
    interval_s: int | None = None
    reason: str = ""


class Strictness(Struct, frozen=True, forbid_unknown_fields=True):
    """`strict` refuses what the schema refuses, but for messages that hold money; `tolerant` reads with goodwill."""

    strictness: Literal["strict", "tolerant"]
    reason: str = ""


class KeyToSet(Struct, frozen=True, forbid_unknown_fields=True):
    """The Basic password of a station: 32 to 40 hexadecimal digits, or 4 to 64 characters."""

    key: str
    keep_old: bool = False
    """Let the old key open the door too, until the new one has been used."""
    reason: str = ""


class ProfileToSet(Struct, frozen=True, forbid_unknown_fields=True):
    """The security profile that a station must come with, 0 to 3."""

    profile: int
    until: datetime | None = None
    """When profile 0 ends."""
    reason: str = ""


class ProofToSet(Struct, frozen=True, forbid_unknown_fields=True):
    """What a station is recognised by besides its identity and key."""

    basic_user: str | None = None
    certificate_name: str = ""
    certificate_sha256: str | None = None
    """64 hexadecimal digits: the only certificate that it may show."""
    legacy_tls: bool = False
    may_step_down: bool = False
    reason: str = ""


class CertificateToInstall(Struct, frozen=True, forbid_unknown_fields=True):
    """A root for the station to trust, and for what."""

    use: str
    """csms_root, manufacturer_root, v2g_root, mo_root or oem_root."""
    certificate: Annotated[str, Meta(min_length=1, max_length=PEM_MAX)]
    """PEM."""
    reason: str = ""


class TokenChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What may be changed of a token: whose it is, its label, its group, and how long it is valid."""

    driver_id: str | None = None
    label: str = ""
    valid_until: datetime | None = None
    group_code: str = ""
    is_master: bool = False


@get("/stations/{station:str}/treatment", opt=needs(Permission.STATIONS_READ))
async def show_treatment(asked: Asking, station: FromPath[str]) -> Treatment:
    """Show how a station's boots are answered, and its special settings."""
    async with asked.transaction() as tx:
        return await _treatment(tx, await station_of(tx, asked, station))


@put("/stations/{station:str}/registration", opt=needs(Permission.STATIONS_WRITE))
async def set_registration(asked: Asking, station: FromPath[str], data: JSONBody[BootToAnswer]) -> Treatment:
    """Answer the next boots of a station with Accepted, Pending or Rejected."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        await stations.set_registration(
            tx,
            asked.actor,
            StationId(row.id),
            data.status,
            asked.now,
            interval_s=data.interval_s,
            reason=data.reason,
        )
        return await _treatment(tx, row)


@put("/stations/{station:str}/strictness", opt=needs(Permission.STATIONS_WRITE))
async def set_strictness(asked: Asking, station: FromPath[str], data: JSONBody[Strictness]) -> Treatment:
    """Read a station strictly or with goodwill, from its next connection on. Its other settings stay."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        given = {**row.quirks, "strictness": data.strictness}
        await stations.set_quirks(tx, asked.actor, StationId(row.id), given, asked.now, reason=data.reason)
        return await _treatment(tx, await station_of(tx, asked, station))


@put("/stations/{station:str}/key", opt=needs(Permission.STATIONS_WRITE), status_code=204)
async def set_key(asked: Asking, station: FromPath[str], data: JSONBody[KeyToSet]) -> None:
    """Let a station in by a key of your own choice. Its answer does not repeat the key."""
    pepper = asked.house.secrets.charger_pepper
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        await stations.set_key(
            tx,
            asked.actor,
            StationId(row.id),
            data.key,
            asked.now,
            pepper,
            reason=data.reason,
            keep_old=data.keep_old,
        )


@post("/stations/{station:str}/change-key", opt=needs(Permission.STATIONS_WRITE), status_code=202)
async def change_key(asked: Asking, station: FromPath[str]) -> shapes.Command:
    """Make a new key and have it sent to the station; nobody sees it. The old one opens until the new one is used."""
    pepper = asked.house.secrets.charger_pepper
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        command_id = await stations.change_key(tx, asked.actor, StationId(row.id), asked.now, pepper)
        made = await _command(tx, command_id)
    _wake(asked, row)
    return made


@put("/stations/{station:str}/profile", opt=needs(Permission.STATIONS_WRITE), status_code=204)
async def set_profile(asked: Asking, station: FromPath[str], data: JSONBody[ProfileToSet]) -> None:
    """Decide with which security profile a station must come."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        await stations.set_profile(
            tx, asked.actor, StationId(row.id), data.profile, asked.now, reason=data.reason, until=data.until
        )


@put("/stations/{station:str}/proof", opt=needs(Permission.STATIONS_WRITE), status_code=204)
async def set_proof(asked: Asking, station: FromPath[str], data: JSONBody[ProofToSet]) -> None:
    """Decide what a station is recognised by: user name, name of its certificate, the certificate's fingerprint."""
    proof = stations.Proof(
        basic_user=data.basic_user,
        certificate_name=data.certificate_name,
        certificate_sha256=_fingerprint(data.certificate_sha256),
        legacy_tls=data.legacy_tls,
        may_step_down=data.may_step_down,
    )
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        await stations.set_proof(tx, asked.actor, StationId(row.id), proof, asked.now, reason=data.reason)


def _fingerprint(text: str | None) -> bytes | None:
    """Return the bytes of a fingerprint, with or without colons."""
    if not text:
        return None
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raise Invalid(
            "A fingerprint has 64 hexadecimal digits.", field="certificate_sha256", remedy="Give its SHA-256."
        ) from None


@post("/stations/{station:str}/certificates", opt=needs(Permission.STATIONS_WRITE), status_code=202)
async def install_certificate(
    asked: Asking, station: FromPath[str], data: JSONBody[CertificateToInstall]
) -> shapes.Command:
    """Have a station trust a root. Needs commands:send as well."""
    command = _converted({"use": data.use, "certificate": data.certificate}, InstallCertificate)
    return await _sent(asked, station, command, data.reason)


@post("/stations/{station:str}/certificates/list", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def ask_certificates(asked: Asking, station: FromPath[str], use: FromQuery[str | None] = None) -> shapes.Command:
    """Ask a station which roots it has; one use at a time with 1.6. The command's detail has the answer."""
    return await _sent(asked, station, _converted({"uses": [use] if use else []}, ListCertificates), "")


@put("/tokens/{token:str}", opt=needs(Permission.DRIVERS_WRITE))
async def change_token(asked: Asking, token: FromPath[str], data: JSONBody[TokenChange]) -> shapes.Token:
    """Replace what is known of a token."""
    token_id = TokenId(parsed("tok", token))
    driver = DriverId(parsed("drv", data.driver_id, field="driver_id")) if data.driver_id else None
    known = {name: getattr(data, name) for name in data.__struct_fields__}
    async with asked.transaction() as tx:
        await access.update_token(tx, asked.actor, token_id, TokenDetails(**{**known, "driver_id": driver}), asked.now)
        row = await access_queries.token(tx, token_id)
    if row is None:
        raise NotFound("There is no such token.")
    return of(shapes.Token, row, "tok")


def _converted(fields: dict[str, Any], kind: Any) -> Any:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise Invalid("This cannot be used: %(why)s", field="use", why=str(error)) from None


async def _sent(asked: Asked, station: str, command: Any, reason: str) -> shapes.Command:
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        command_id = await stations.request_command(
            tx, asked.actor, StationId(row.id), command, asked.now, reason=reason
        )
        made = await _command(tx, command_id)
    _wake(asked, row)
    return made


def _wake(asked: Asked, row: queries.StationDetail) -> None:
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{row.id}"])


async def _command(tx: Transaction, command_id: Any) -> shapes.Command:
    made = await queries.command(tx, command_id)
    if made is None:
        raise NotFound("There is no such command.")
    return of(shapes.Command, made, "cmd")


async def _treatment(tx: Transaction, row: queries.StationDetail) -> Treatment:
    boot = await quirk_queries.boot(tx, row.id)
    settings: dict[str, Any] = msgspec.to_builtins(quirks.read(row.quirks))
    return Treatment(shown("sta", row.id), boot.boot_answer, boot.boot_interval_s, settings)


HANDLERS: Final = [
    show_treatment,
    set_registration,
    set_strictness,
    set_key,
    change_key,
    set_profile,
    set_proof,
    install_certificate,
    ask_certificates,
    change_token,
]

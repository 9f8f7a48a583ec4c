"""How stations prove who they are: their keys are changed, their profiles raised, their certificates bound.

A new key opens beside the old one until it has been used once (A01.FR.04-06 and the 1.6 white paper): a charger that
never took it keeps working, and nobody is locked out half-way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.commands import SetStationKey
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import admission, keys
from laddverk.stations.model import CommandFinished, CommandState, Deed, NewStationKey, QueuedCommand
from laddverk.stations.service import checks, hashing
from laddverk.stations.service.commanding import confirm, request_command
from laddverk.stations.service.registry import writable_station
from laddverk.stations.store import credentials as store

NAME_LENGTH_MAX: Final = 100
FINGERPRINT_BYTES: Final = 32
UNTAKEN: Final = (CommandState.REFUSED, CommandState.EXPIRED)
"""Outcomes after which the charger certainly does not have the new key."""
DOOR: Final = rule("door")
"""What follows by itself from how a charger connected."""


class Proof(Struct, frozen=True, kw_only=True):
    """What a station is recognised by, besides its identity and key."""

    basic_user: str | None = None
    """Its Basic user name, when that is not its identity (quirk 9)."""
    certificate_name: str = ""
    """The common name of its certificate, when that is neither its identity nor its serial number."""
    certificate_sha256: bytes | None = None
    """The one certificate that it may show."""
    legacy_tls: bool = False
    may_step_down: bool = False


# Keys


async def change_key(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, pepper: bytes, *, reason: str = ""
) -> CommandId:
    """Make a new key for a station and have it sent there; return the command. Nobody sees the key.

    The old key opens the door until the charger has come in with the new one. Where an earlier change was never
    finished, its key is sent again: the charger may have it already. Needs stations:write and commands:send. Raises
    `Conflict` while one is on its way. The caller publishes the hint `commands`.
    """
    station = await writable_station(tx, actor, station_id)
    _check_in_service(station.retired_at)
    row = await store.key(tx, station_id)
    if row.command_open:
        raise Conflict("A new key is already on its way to the charger.", remedy="Wait for its outcome.")
    number = row.next_key_number
    if row.next_key_hash is None or row.next_key_sealed is None:
        key = keys.generated_key()
        box = keys.sealed(pepper, station_id.bytes, key)
        number = await store.set_next_key(tx, station_id, await hashing.stored(pepper, key), box, now)
    await audit.write(
        tx, actor, "station.key_change_begun", "station", station_id, at=now, reason=reason, detail={"number": number}
    )
    return await request_command(tx, actor, station_id, SetStationKey(number=number), now, reason=reason)


async def give_up_key_change(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> None:
    """Forget the new key of a change that was not finished: the old one stays. Raises `Conflict` when there is none."""
    await writable_station(tx, actor, station_id)
    if (await store.key(tx, station_id)).command_open:
        raise Conflict("The new key is on its way to the charger.", remedy="Wait for its outcome.")
    if not await store.drop_next_key(tx, station_id):
        raise Conflict("No change of the key is under way.")
    await audit.write(tx, actor, "station.key_change_given_up", "station", station_id, at=now, reason=reason)


async def rotate_key(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    now: datetime,
    pepper: bytes,
    *,
    reason: str = "",
    keep_old: bool = False,
) -> NewStationKey:
    """Give a station a new key and return it: shown now and never again; somebody enters it into the charger.

    With `keep_old` the old key opens until the new one has been used, else it no longer lets anybody in. A connection
    that is open stays open; the charger needs the new key when it next connects.
    """
    station = await writable_station(tx, actor, station_id)
    _check_in_service(station.retired_at)
    key = keys.generated_key()
    await _store(tx, station_id, await hashing.stored(pepper, key), now, keep_old=keep_old)
    await audit.write(tx, actor, "station.key_rotated", "station", station_id, at=now, reason=reason)
    return NewStationKey(station_id, key)


async def set_key(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    key: str,
    now: datetime,
    pepper: bytes,
    *,
    reason: str = "",
    keep_old: bool = False,
) -> None:
    """Let a station in by a key that somebody chose: 32 to 40 hexadecimal digits, or a password of 4 to 64 characters.

    One shorter than 16 characters is changed when the charger has connected with it. Raises `Invalid`.
    """
    station = await writable_station(tx, actor, station_id)
    _check_in_service(station.retired_at)
    checks.check_key(key)
    if keep_old and not keys.is_strong(key):
        raise Invalid("Only a key of 32 to 40 hexadecimal digits can open beside the old one.", field="key")
    await _store(tx, station_id, await hashing.stored(pepper, key), now, keep_old=keep_old)
    await audit.write(tx, actor, "station.key_set", "station", station_id, at=now, reason=reason)


def _check_in_service(retired_at: datetime | None) -> None:
    if retired_at is not None:
        raise Conflict("The station is retired: it can no longer connect.")


async def _store(
    tx: Transaction, station_id: StationId, stored: keys.StoredKey, now: datetime, *, keep_old: bool
) -> None:
    if keep_old and (await store.key(tx, station_id)).has_key:
        await store.set_next_key(tx, station_id, stored, None, now)
    else:
        await store.set_key(tx, station_id, stored, now)


async def with_key(tx: Transaction, queued: QueuedCommand, pepper: bytes) -> QueuedCommand:
    """Return a command as it is sent: with its key, where it carries one that is still wanted."""
    if not isinstance(queued.command, SetStationKey):
        return queued
    row = await store.key(tx, queued.station_id)
    if row.next_key_sealed is None or row.next_key_number != queued.command.number:
        return queued
    key = keys.unsealed(pepper, queued.station_id.bytes, row.next_key_sealed) or ""
    return msgspec.structs.replace(queued, command=SetStationKey(number=queued.command.number, key=key))


async def key_commands_finished(tx: Transaction, finished: Sequence[CommandFinished]) -> None:
    """Forget the new keys that chargers refused or were never sent. Where it is unsure, both keys open."""
    for command in finished:
        if command.state in UNTAKEN:
            number = await store.key_number_of(tx, command.command_id)
            if number is not None:
                await store.drop_next_key(tx, command.station_id, number)


# What follows from how a charger connected


async def proven(tx: Transaction, station_id: StationId, admitted: admission.Admission, now: datetime) -> None:
    """Keep what follows from how a charger proved who it is: a new key, or a higher profile, is the only one now."""
    if admitted.key is not None:
        await store.note_form(tx, station_id, admitted.key.form)
        if admitted.key.is_next:
            await _take_into_use(tx, station_id, now)
    await store.note_expired(tx, station_id, admitted.certificate_expired)
    row = await store.key(tx, station_id)
    if admitted.profile != row.security_profile:
        await store.set_profile(tx, station_id, admitted.profile, None, "", None)
        word = "raised" if admitted.profile > row.security_profile else "lowered"
        detail = {"before": row.security_profile, "after": admitted.profile}
        await audit.write(tx, DOOR, f"station.profile_{word}", "station", station_id, at=now, detail=detail)


async def _take_into_use(tx: Transaction, station_id: StationId, now: datetime) -> None:
    number = await store.promote_key(tx, station_id, now)
    if number is not None:
        match = {"number": number}
        await confirm(tx, [Deed(station_id=station_id, kind="set_station_key", at=now, match=match)], now)
        await audit.write(tx, DOOR, "station.key_in_use", "station", station_id, at=now, detail=match)


async def replace_weak_key(tx: Transaction, station_id: StationId, now: datetime, pepper: bytes) -> bool:
    """Begin to change a key that is too short, once: what a charger refused is not tried at every connection.

    Returns whether a command was queued, for which the caller publishes the hint `commands`.
    """
    row = await store.key(tx, station_id)
    if not row.key_weak or row.next_key_number > 0:
        return False
    await change_key(tx, DOOR, station_id, now, pepper, reason="its key is shorter than 16 characters")
    return True


# Profiles


async def set_profile(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    profile: int,
    now: datetime,
    *,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    """Decide how a station must prove who it is (profile 0 to 3).

    Raising it lets the charger in both ways until it has come the higher one once. Lowering it is a decision of staff
    and holds at once; OCPP itself never lowers (A00.FR.005). Profile 0 asks for nothing, needs a reason, may end at
    `until`, and works from listed networks only. Raises `Invalid`, or `Conflict` for a retired station.
    """
    station = await writable_station(tx, actor, station_id)
    _check_in_service(station.retired_at)
    if profile not in admission.PROFILES:
        raise Invalid("The security profile must be 0, 1, 2 or 3.", field="profile")
    if profile == admission.NOTHING:
        if not reason.strip():
            raise Invalid("Say why nothing is asked of this charger.", field="reason")
        if until is not None and until <= now:
            raise Invalid("The end must be in the future.", field="until")
    row = await store.key(tx, station_id)
    raised = profile > row.security_profile and row.epoch > 0
    why = reason.strip() if profile == admission.NOTHING else ""
    if raised:
        await store.raise_profile(tx, station_id, profile)
    else:
        await store.set_profile(tx, station_id, profile, None, why, until if profile == admission.NOTHING else None)
    detail = {"before": row.security_profile, "after": profile, "until": until}
    word = "station.profile_raising" if raised else "station.profile_set"
    await audit.write(tx, actor, word, "station", station_id, at=now, reason=reason, detail=detail)


async def set_proof(
    tx: Transaction, actor: Actor, station_id: StationId, proof: Proof, now: datetime, *, reason: str = ""
) -> None:
    """Decide what a station is recognised by: user name, name of its certificate, the certificate itself."""
    station = await writable_station(tx, actor, station_id)
    _check_in_service(station.retired_at)
    for field, text in (("basic_user", proof.basic_user or ""), ("certificate_name", proof.certificate_name)):
        if len(text) > NAME_LENGTH_MAX or (text and not text.isprintable()) or (field == "basic_user" and ":" in text):
            raise Invalid("This name cannot be used.", field=field, remedy="Use at most 100 characters and no colon.")
    if proof.certificate_sha256 is not None and len(proof.certificate_sha256) != FINGERPRINT_BYTES:
        raise Invalid(
            "A fingerprint has 64 hexadecimal digits.", field="certificate_sha256", remedy="Give its SHA-256."
        )
    await store.set_proof(
        tx,
        station_id,
        proof.basic_user,
        proof.certificate_name,
        proof.certificate_sha256,
        legacy_tls=proof.legacy_tls,
        may_step_down=proof.may_step_down,
    )
    detail = {
        "basic_user": proof.basic_user,
        "certificate_name": proof.certificate_name,
        "certificate_sha256": proof.certificate_sha256.hex() if proof.certificate_sha256 else None,
        "legacy_tls": proof.legacy_tls,
        "may_step_down": proof.may_step_down,
    }
    await audit.write(tx, actor, "station.proof_set", "station", station_id, at=now, reason=reason, detail=detail)


async def release_station(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> None:
    """Send commands to a station again, whose key seemed to be in two hands. Raises `Conflict` when it is not held."""
    await writable_station(tx, actor, station_id)
    if not await store.release(tx, station_id):
        raise Conflict("The station is not held.")
    await audit.write(tx, actor, "station.released", "station", station_id, at=now, reason=reason)

"""Profiles into chargers and out of them, each as a command with its one outcome (law 7)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.energy import rules, store
from laddverk.energy.model import COMPOSITE_S_MAX, PROFILES_MAX, Allowed, Checked, Set, Wish
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ocpp import quirks
from laddverk.ocpp.commands import (
    AllowTransfer,
    AnyCommand,
    ClearProfiles,
    ReadComposite,
    ReadProfiles,
    SetProfile,
    SignalFrequency,
    UpdateDynamicLimit,
    UsePriority,
)
from laddverk.ocpp.facts import Profile, ProfileKind, Purpose, RateUnit, ScheduleUpdate
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.quirks import Registry
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

REQUEST_ID_MAX: Final = 2**31 - 1


async def set_limit(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    wish: Wish,
    now: datetime,
    *,
    reason: str = "",
    known: Registry | None = None,
) -> Set:
    """Limit a charger or one of its outlets to a constant current or power, from now on.

    A wish for the session (`TxProfile`) needs one that runs there. See `set_profile` for what is raised.
    """
    session = await store.running(tx, station_id, wish.evse_number) if wish.purpose is Purpose.TX else None
    profile = rules.profile_of(
        wish,
        now,
        running=session.transaction_key if session else None,
        number=session.number if session else None,
    )
    return await set_profile(tx, actor, station_id, wish.evse_number, profile, now, reason=reason, known=known)


async def set_profile(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    evse_number: int,
    profile: Profile,
    now: datetime,
    *,
    reason: str = "",
    expires_at: datetime | None = None,
    known: Registry | None = None,
    clock_ahead: timedelta = timedelta(),
    replaces: int | None = None,
) -> Set:
    """Queue a charging profile for a charger (EVSE 0: the whole of it) and return its number there.

    It gets a number of its own, or that of the one with the same purpose, level and outlet, which it replaces. The
    number in `profile` does not matter. `known` are the models of which something is known; without it those that come
    with Laddverk. By `clock_ahead` the times in `profile` were moved for the charger's own clock (below 0: it is
    behind). `replaces` is the number of a profile in whose place it comes, whatever the level of either. Needs
    commands:send. Raises `NotFound`, `Invalid` for a limit that no charger could obey or this one does not take,
    `TooMany`.
    """
    good = await _numbered(
        tx, actor, station_id, evse_number, profile, now, reason=reason, known=known, clock_ahead=clock_ahead,
        replaces=replaces,
    )  # fmt: skip
    command_id = await stations.request_command(
        tx,
        actor,
        station_id,
        SetProfile(evse_number=evse_number, profile=good.profile),
        now,
        reason=reason,
        expires_at=expires_at,
    )
    return Set(good.profile.id, command_id, good.notes)


async def limit_for_start(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    evse_number: int,
    limit: float,
    unit: RateUnit,
    now: datetime,
    *,
    reason: str = "",
    known: Registry | None = None,
) -> Checked:
    """Return the profile with which a session shall start at an outlet, kept as one that is on its way.

    The caller hands it to the start; it becomes that session's when the start is confirmed, and is refused with it.
    Raises as `set_profile` does.
    """
    profile = rules.profile_to_start_with(limit, unit)
    return await _numbered(
        tx, actor, station_id, evse_number, profile, now, reason=reason, known=known, for_a_start=True
    )


async def _numbered(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    evse_number: int,
    profile: Profile,
    now: datetime,
    *,
    reason: str,
    known: Registry | None,
    for_a_start: bool = False,
    clock_ahead: timedelta = timedelta(),
    replaces: int | None = None,
) -> Checked:
    """Return a profile as the charger may be sent it, with its number there; it is kept as wanted."""
    actor.require(Permission.COMMANDS_SEND)
    station = await _locked(tx, actor, station_id)
    feed = await store.feed(tx, station_id, evse_number)
    if feed is None:
        raise NotFound("The charger has no such outlet.", field="evse_number")
    allows = await _allowed(tx, station, known)
    is_16 = station.protocol == Protocol.V16.value
    their_now = now + clock_ahead
    good = rules.checked(profile, evse_number, feed, allows, is_16=is_16, now=their_now, for_a_start=for_a_start)
    there = await store.profiles_there(tx, station_id)
    number = replaces or _replaced(there, evse_number, good.profile) or await store.next_id(tx, station_id)
    if number not in {one.profile_id for one in there} and len(there) >= (allows.profiles_max or PROFILES_MAX):
        raise TooMany(
            "The charger holds %(count)s profiles already.",
            remedy="Take one away first, or replace one.",
            count=len(there),
        )
    numbered = replace(good.profile, id=number)
    await store.save(tx, station_id, evse_number, numbered, actor.name or actor.kind, reason, now)
    return replace(good, profile=numbered)


async def _allowed(tx: Transaction, station: store.Addressee, known: Registry | None) -> Allowed:
    """Return what a charger takes: as it says, and as its model and its own settings say of it."""
    own = quirks.read(station.quirks)
    treated = (known or quirks.registry_of()).known(station.vendor, station.model, station.firmware, own).quirks
    said = await store.allowances(tx, station.id)
    return rules.allowed(said, treated.profile_unit, treated.profile_stack_level)


async def _locked(tx: Transaction, actor: Actor, station_id: StationId) -> store.Addressee:
    station = await store.lock_station(tx, station_id, actor.site_ids)
    if station is None:
        raise NotFound("There is no such station.", field="station_id")
    return station


def _replaced(there: Sequence[store.KeptProfile], evse_number: int, profile: Profile) -> int | None:
    """Return the number of the profile that has the same place: chargers keep one of each (K01.FR.05)."""
    place = (evse_number, profile.purpose, profile.stack_level, profile.transaction_key)
    same = (
        one
        for one in there
        if (one.evse_number, one.profile.purpose, one.profile.stack_level, one.profile.transaction_key) == place
    )
    return next((one.profile_id for one in same), None)


async def clear_profiles(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    now: datetime,
    *,
    profile_id: int | None = None,
    evse_number: int | None = None,
    purpose: Purpose | None = None,
    stack_level: int | None = None,
    reason: str = "",
) -> CommandId:
    """Take one profile away, or all that fit; without any word all of them. Needs commands:send."""
    await _locked(tx, actor, station_id)
    if profile_id is not None:
        evse_number = purpose = stack_level = None  # one by its number needs no more (K10.FR.02)
    command = ClearProfiles(
        profile_id=profile_id, evse_number=evse_number, purpose=purpose, stack_level=stack_level
    )  # fmt: skip
    command_id = await stations.request_command(tx, actor, station_id, command, now, reason=reason)
    await store.leaving(tx, station_id, which(command), now)
    return command_id


def which(command: ClearProfiles) -> store.Which:
    """Return the profiles that a command takes away."""
    return store.Which(
        profile_id=command.profile_id,
        evse_number=command.evse_number,
        purpose=command.purpose.value if command.purpose else None,
        stack_level=command.stack_level,
    )


async def read_profiles(
    tx: Transaction, actor: Actor, station_id: StationId, now: datetime, *, reason: str = ""
) -> CommandId:
    """Ask a charger for all its profiles (2.x). 1.6 cannot be asked."""
    station = await _locked(tx, actor, station_id)
    if station.protocol == Protocol.V16.value:
        raise Conflict(
            "OCPP 1.6 has no way to ask for profiles.",
            remedy="Ask for the composite schedule: it shows what they add up to.",
        )
    command = ReadProfiles(request_id=secrets.randbelow(REQUEST_ID_MAX))
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def read_composite(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    evse_number: int,
    duration_s: int,
    now: datetime,
    *,
    reason: str = "",
    known: Registry | None = None,
) -> CommandId:
    """Ask a charger what all its profiles add up to, in amperes where it can say that."""
    if not 1 <= duration_s <= COMPOSITE_S_MAX:
        raise Invalid("The time must be from 1 to %(max)s seconds.", field="duration_s", max=COMPOSITE_S_MAX)
    allows = await _allowed(tx, await _locked(tx, actor, station_id), known)
    unit = RateUnit.AMPERE if RateUnit.AMPERE in allows.units else RateUnit.WATT
    command = ReadComposite(evse_number=evse_number, duration_s=duration_s, unit=unit)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def update_dynamic_limit(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    profile_id: int,
    update: ScheduleUpdate,
    now: datetime,
    *,
    reason: str = "",
) -> CommandId:
    """Tell a dynamic profile its new limit (2.1). Raises `NotFound` when it is none of ours."""
    await _locked(tx, actor, station_id)
    there = await store.profiles_there(tx, station_id, ("wanted", "installed"))
    kinds = {one.profile_id: one.profile.kind for one in there}
    if kinds.get(profile_id) is not ProfileKind.DYNAMIC:
        raise NotFound("The charger has no such dynamic profile.", field="profile_id")
    if update.limit is not None and update.limit < 0:
        raise Invalid("A limit must not be negative.", field="limit")
    command = UpdateDynamicLimit(profile_id=profile_id, update=update)
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def _for_session(
    tx: Transaction, actor: Actor, station_id: StationId, evse_number: int, now: datetime, reason: str, kind: str,
    modes: Sequence[str] = (), active: bool = True,
) -> CommandId:  # fmt: skip
    await _locked(tx, actor, station_id)
    session = await store.running(tx, station_id, evse_number)
    if session is None:
        raise Conflict("No session runs at this outlet.", field="evse_number")
    command: AnyCommand = (
        UsePriority(transaction_key=session.transaction_key, active=active)
        if kind == "priority"
        else AllowTransfer(transaction_key=session.transaction_key, modes=tuple(modes))
    )
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)


async def use_priority(
    tx: Transaction, actor: Actor, station_id: StationId, evse_number: int, active: bool, now: datetime, *,
    reason: str = "",
) -> CommandId:  # fmt: skip
    """Let the session at an outlet charge by its priority profile, or no longer (2.1)."""
    return await _for_session(tx, actor, station_id, evse_number, now, reason, "priority", active=active)


async def allow_transfer(
    tx: Transaction, actor: Actor, station_id: StationId, evse_number: int, modes: Sequence[str], now: datetime, *,
    reason: str = "",
) -> CommandId:  # fmt: skip
    """Tell the session at an outlet in which ways it may exchange energy with the car (2.1)."""
    return await _for_session(tx, actor, station_id, evse_number, now, reason, "transfer", modes=modes)


async def signal_frequency(
    tx: Transaction, actor: Actor, station_id: StationId, signal: int, now: datetime, *, reason: str = ""
) -> CommandId:
    """Pass the signal of the frequency restoration reserve on to a charger (2.1)."""
    await _locked(tx, actor, station_id)
    return await stations.request_command(
        tx, actor, station_id, SignalFrequency(at=now, signal=signal), now, reason=reason
    )

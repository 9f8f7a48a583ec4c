"""What single stations need and do differently: their settings, how their boots are answered, and what they bend."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ocpp import facts, quirks
from laddverk.ocpp.answers import BootAnswer, Registration
from laddverk.ocpp.oddities import sorted_out
from laddverk.ocpp.tolerance import storable
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations.store import quirks as store
from laddverk.stations.store import registry

HEARTBEAT_INTERVAL_S: Final = 300  # unless the station has its own; the socket's pings find a dead link sooner
INTERVAL_MIN_S: Final = 10  # between heartbeats, or between tries to boot
INTERVAL_MAX_S: Final = 86_400
JITTER: Final = 0.1  # each way: chargers that came back together do not go on together
KINDS_MAX: Final = 200  # of one station: names of fields are the charger's own words, and may be without end


# How boots are answered


async def boot_answers(
    tx: Transaction,
    boots: Sequence[facts.Booted],
    interval_s: int = HEARTBEAT_INTERVAL_S,
    known: quirks.Registry | None = None,
) -> list[BootAnswer]:
    """Return the answer to each of `boots`: accepted, unless a person or a tool holds the station back.

    The interval is the one set for the boot, else the station's or its model's own, else `interval_s`; but for the
    first of these it is moved a little, always the same way for one station, so that stations spread.
    """
    rules = await store.boot_rules(tx, sorted({boot.station_id for boot in boots}))
    known = known or quirks.registry_of()
    return [_boot_answer(boot, rules.get(boot.station_id), interval_s, known) for boot in boots]


def _boot_answer(
    boot: facts.Booted, rule: store.BootRule | None, interval_s: int, known: quirks.Registry
) -> BootAnswer:
    if rule is None:
        return BootAnswer(interval_s=spread(boot.station_id, interval_s))
    registration = Registration(rule.boot_answer)
    if rule.boot_interval_s is not None:
        return BootAnswer(registration, rule.boot_interval_s)
    own = known.known(boot.vendor, boot.model, boot.firmware, quirks.read(rule.quirks)).quirks
    return BootAnswer(registration, spread(boot.station_id, own.heartbeat_interval_s or interval_s))


def spread(station_id: StationId, interval_s: int) -> int:
    """Return an interval up to a tenth away from `interval_s`, the same for a station each time; at least 10 s."""
    digest = hashlib.blake2b(station_id.bytes, digest_size=4).digest()
    share = int.from_bytes(digest) / 2**32  # from 0 to 1
    return max(INTERVAL_MIN_S, round(interval_s * (1 - JITTER + 2 * JITTER * share)))


async def set_registration(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    registration: Registration,
    now: datetime,
    *,
    interval_s: int | None = None,
    reason: str = "",
) -> None:
    """Decide how the next boots of a station are answered, and with which interval in seconds (None: as usual).

    Needs stations:write. Held back (Pending, Rejected) it may talk, but is sent nothing but what sets it up. Raises
    `NotFound`, or `Invalid` for an interval that cannot be.
    """
    before = await _writable(tx, actor, station_id)
    if interval_s is not None and not 1 <= interval_s <= INTERVAL_MAX_S:
        raise Invalid(
            "The interval must be from 1 to %(most)s seconds.",
            field="interval_s",
            remedy="Leave it empty for the usual one.",
            most=INTERVAL_MAX_S,
        )
    await store.set_boot_answer(tx, station_id, registration.value, interval_s)
    await audit.write(
        tx, actor, "station.registration_set", "station", station_id, at=now, reason=reason,
        detail={"identity": before.identity, "registration": registration.value, "interval_s": interval_s},
    )  # fmt: skip


# Settings of one station


async def set_quirks(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    given: Mapping[str, Any],
    now: datetime,
    *,
    reason: str = "",
) -> quirks.Quirks:
    """Set the special settings of a station, all of them at once, and return them. They count when it next connects.

    Needs stations:write. Raises `NotFound`, or `Invalid` naming the setting that is wrong.
    """
    before = await _writable(tx, actor, station_id)
    checked = quirks.checked(given)
    stored: dict[str, Any] = msgspec.to_builtins(checked)
    await store.set_quirks(tx, station_id, stored)
    await audit.write(
        tx, actor, "station.quirks_set", "station", station_id, at=now, reason=reason,
        detail={"before": before.quirks, "after": stored},
    )  # fmt: skip
    return checked


async def _writable(tx: Transaction, actor: Actor, station_id: StationId) -> registry.StationRow:
    actor.require(Permission.STATIONS_WRITE)
    station = (await registry.lock_stations(tx, [station_id])).get(station_id)
    if station is None or (actor.site_ids is not None and station.site_id not in actor.site_ids):
        raise NotFound("There is no such station.", field="station_id")
    if station.retired_at is not None:
        raise Conflict("The station is retired: it can no longer connect.")
    return station


# What was bent


async def record_bent(tx: Transaction, bent: Sequence[facts.MessageBent]) -> None:
    """Count what was tolerated or doubted in messages, by kind and place, and keep the latest example of each."""
    await _count(tx, [(one.station_id, one.action, flag, one.received_at) for one in bent for flag in one.flags])


async def flagged(tx: Transaction, station_id: StationId, now: datetime, flag: str) -> None:
    """Count something odd about a station that no message said."""
    await _count(tx, [(station_id, "", flag, now)])


async def _count(tx: Transaction, flags: Sequence[tuple[StationId, str, str, datetime]]) -> None:
    counted: dict[tuple[StationId, str, str], store.Bent] = {}
    for station_id, action, flag, at in flags:
        oddity = sorted_out(storable(action), storable(flag))
        key = (station_id, oddity.kind, oddity.place)
        before = counted.get(key)
        count = 1 + (before.count if before else 0)
        latest = max(at, before.at) if before else at
        counted[key] = store.Bent(station_id, oddity.kind, oddity.place, count, latest, oddity.example)
    if counted:
        await store.count_bent(tx, [counted[key] for key in sorted(counted)], KINDS_MAX)


async def forget_bent(tx: Transaction, actor: Actor, station_id: StationId, now: datetime) -> None:
    """Begin to count anew what a station bends: after an update of its firmware, say. Needs stations:write."""
    await _writable(tx, actor, station_id)
    forgotten = await store.forget_bent(tx, station_id)
    detail = {"kinds": forgotten}
    await audit.write(tx, actor, "station.oddities_forgotten", "station", station_id, at=now, detail=detail)

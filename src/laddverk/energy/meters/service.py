"""Adding, changing and removing meters, and keeping what they say. Every change by a person is audited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.energy.circuits import service as changing
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Circuit, MeterId, Tree
from laddverk.energy.meters import rules, store
from laddverk.energy.meters.model import METERS_MAX, Meter, Reading, Setup, Way
from laddverk.energy.steering import jobs as steering
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

REASON_MIN: Final = 3
REASON_MAX: Final = 200
MEASURED: Final = N_("What the meter %(name)s measures was changed.")
STEP_PAUSE: Final = timedelta(seconds=5)  # chargers take seconds to lower; a whole step at every reading helps nobody
OLD_MAX: Final = timedelta(days=40)  # of a reading that was pushed late, for the chart; the loop takes what is newer


async def add(
    tx: Transaction, actor: Actor, site_id: SiteId, name: str, setup: Setup, models: Collection[str], now: datetime, *,
    reason: str, secret: bytes | None = None, meter_id: MeterId | None = None,
) -> Meter:  # fmt: skip
    """Add a meter to a site, and return it. Raises `NotAllowed`, `NotFound`, `Invalid`, `TooMany`."""
    actor.require(Permission.STATIONS_WRITE)
    actor.require_site(site_id)
    if not await store.lock_site(tx, site_id):
        raise NotFound("There is no such site.", field="site_id")
    if await store.count(tx, site_id) >= METERS_MAX:
        raise TooMany("A site has at most %(max)s meters.", max=METERS_MAX)
    made = Meter(
        id=meter_id or MeterId(new_id()), site_id=site_id, name=rules.checked_name(name),
        setup=rules.checked_setup(setup, models), secret=secret, changed_at=now,
    )  # fmt: skip
    await _stands_here(tx, made)
    why = _why(reason)
    await store.put(tx, made)
    await _audited(tx, actor, "meter.added", made, why, now)
    return made


async def change(
    tx: Transaction, actor: Actor, meter_id: UUID, name: str, setup: Setup, models: Collection[str], now: datetime, *,
    reason: str, secret: bytes | None = None,
) -> Meter:  # fmt: skip
    """Change how a meter is read. Without `secret` it keeps the one it has. Raises as `add`."""
    before = await seen(tx, actor, meter_id, Permission.STATIONS_WRITE)
    after = replace(
        before, name=rules.checked_name(name), setup=rules.checked_setup(setup, models),
        secret=secret or before.secret, changed_at=now,
    )  # fmt: skip
    await _stands_here(tx, after)
    why = _why(reason)
    await store.put(tx, after)
    await _audited(tx, actor, "meter.changed", after, why, now)
    return after


async def _stands_here(tx: Transaction, meter: Meter) -> None:
    """Raise `Invalid` for a charger of another site."""
    station = meter.setup.station_id
    if station is not None and station not in await circuits.stations_of(tx, meter.site_id):
        raise Invalid("This charger does not stand at the site.", field="station")


async def remove(tx: Transaction, actor: Actor, meter_id: UUID, now: datetime, *, reason: str) -> Meter:
    """Read a meter no more. Raises `Conflict` while a circuit counts on it."""
    meter = await seen(tx, actor, meter_id, Permission.STATIONS_WRITE)
    tree = await circuits.locked(tx, meter.site_id)
    used = [one.name for one in tree.circuits if one.meter_id == meter.id] if tree is not None else []
    if used:
        raise Conflict(
            "The circuit %(name)s is measured by this meter.", remedy="Choose another meter there first.", name=used[0]
        )
    why = _why(reason)
    await store.retire(tx, meter.id, now)
    await _audited(tx, actor, "meter.removed", meter, why, now)
    return meter


async def measure(
    tx: Transaction, actor: Actor, meter: Meter, circuit_id: UUID | None, now: datetime, *, reason: str
) -> None:
    """Say which circuit of its site a meter measures, or none: a new version of the site's tree. Raises as `change`."""

    def edited(tree: Tree) -> Tree:
        found = [_measured(one, meter.id, is_chosen=one.id == circuit_id) for one in tree.circuits]
        return replace(tree, circuits=tuple(found))

    tree = await circuits.tree(tx, meter.site_id)
    if circuit_id is not None and all(one.id != circuit_id for one in tree.circuits):
        raise NotFound("There is no such circuit.", field="circuit")
    if edited(tree) != tree:
        await changing.change(
            tx, actor, meter.site_id, edited, MEASURED, now, reason=reason, params={"name": meter.name}
        )  # fmt: skip


def _measured(circuit: Circuit, meter_id: MeterId, *, is_chosen: bool) -> Circuit:
    if is_chosen:
        return replace(circuit, meter_id=meter_id)
    return replace(circuit, meter_id=None) if circuit.meter_id == meter_id else circuit


async def seen(tx: Transaction, actor: Actor, meter_id: UUID, needed: Permission) -> Meter:
    """Return a meter that `actor` may use so. Raises `NotAllowed`, `NotFound`."""
    actor.require(needed)
    meter = await store.meter(tx, meter_id)
    if meter is None or (actor.site_ids is not None and meter.site_id not in actor.site_ids):
        raise NotFound("There is no such meter.", field="meter_id")
    return meter


async def record(tx: Transaction, meter_id: MeterId, readings: Sequence[Reading], now: datetime) -> int:
    """Keep readings of one meter, oldest first; return for how many circuits the last counts.

    Raises `Invalid` for a reading that cannot be: then none of them is kept.
    """
    for reading in readings:
        wrong = rules.fault(reading, now)
        if wrong:
            raise Invalid("A reading cannot be: %(what)s.", field="readings", what=wrong)
        if reading.at < now - OLD_MAX:
            raise Invalid("A reading is too old: %(what)s.", field="readings", what=reading.at.isoformat())
    counts = 0
    for reading in sorted(readings, key=lambda one: one.at):
        counts = await keep(tx, meter_id, reading, now)
    return counts


async def keep(tx: Transaction, meter_id: MeterId, reading: Reading, now: datetime) -> int:
    """Keep a reading that was found sound; return for how many circuits it counts.

    Where more flows than a circuit may carry, the loop does not wait for its next turn of ten seconds; for as long as
    it lasts it is asked again after each `STEP_PAUSE`.
    """
    fed = await store.keep(tx, meter_id, reading, now, STEP_PAUSE)
    await steering.soon(tx, {one.site_id for one in fed if one.asks_step})
    return len(fed)


async def pushed(tx: Transaction, meter: Meter, readings: Sequence[Reading], now: datetime) -> int:
    """Keep what a program sent for a meter that it pushes to; return for how many circuits it counts.

    Raises `Conflict` for a meter that we read ourselves: two tellers of one meter would hide each other's silence.
    """
    if meter.setup.way is not Way.PUSH:
        raise Conflict("This meter is read by us.", remedy="Push to a meter whose way is push.")
    ratio = meter.setup.ratio
    return await record(tx, meter.id, [_times(reading, ratio) for reading in readings], now)


def _times(reading: Reading, ratio: float) -> Reading:
    first, second, third = reading.current_a
    power, told, given = (
        None if value is None else value * ratio for value in (reading.power_w, reading.import_wh, reading.export_wh)
    )
    return replace(
        reading, current_a=(first * ratio, second * ratio, third * ratio), power_w=power, import_wh=told,
        export_wh=given,
    )  # fmt: skip


def _why(reason: str) -> str:
    why = reason.strip()
    if not REASON_MIN <= len(why) <= REASON_MAX:
        raise Invalid("Say why.", field="reason", remedy="A few words that others will understand in a year.")
    return why


async def _audited(tx: Transaction, actor: Actor, action: str, meter: Meter, why: str, now: datetime) -> None:
    detail = {
        "meter": str(meter.id), "name": meter.name, "way": meter.setup.way, "host": meter.setup.host,
        "port": meter.setup.port, "model": meter.setup.model, "topic": meter.setup.topic, "ratio": meter.setup.ratio,
        "station": str(meter.setup.station_id) if meter.setup.station_id else None,
    }  # fmt: skip
    await audit.write(tx, actor, action, "site", meter.site_id, at=now, reason=why, detail=detail)

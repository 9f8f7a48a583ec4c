"""Looks at the meters that circuits count on, and tells those on call when one is ill for too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits import editing
from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Circuit, Tree
from laddverk.energy.meters import health, store
from laddverk.energy.meters.health import Ill
from laddverk.energy.meters.model import Latest
from laddverk.kernel.events import Event
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform import outbox
from laddverk.platform.database import Transaction


class IllMeter(Struct, frozen=True, kw_only=True):
    """A meter that somebody must look at."""

    name: str
    circuit: str
    what: str
    since: datetime
    phase: int = 0
    value_a: float = 0.0


class MetersIll(Event, frozen=True, kw_only=True):
    """Meters of a site are ill, or others than before; none: all are well again. Told at one charger of the site."""

    site_id: SiteId
    station_id: StationId
    at: datetime
    meters: tuple[IllMeter, ...]


class _Measured(Struct, frozen=True):
    row: store.Watched
    circuit: Circuit
    now: Ill | None


async def watch(tx: Transaction, now: datetime) -> int:
    """Look at all meters that circuits name; return at how many sites something changed that people are told."""
    rows = await store.watched(tx)
    site_trees = {tree.site_id: tree for tree in await trees.trees(tx, {row.site_id for row in rows})}
    latest = await store.latest(tx, [row.id for row in rows])
    changed = 0
    for site_id in sorted({row.site_id for row in rows}):
        here = [row for row in rows if row.site_id == site_id]
        measured = _looked(here, site_trees.get(site_id), latest, now)
        changed += await _told(tx, site_id, site_trees.get(site_id), here, measured, now)
    return changed


def _looked(
    rows: Iterable[store.Watched], tree: Tree | None, latest: dict[UUID, Latest], now: datetime
) -> list[_Measured]:
    found = []
    for row in rows:
        for circuit in tree.circuits if tree is not None else ():
            if tree is not None and circuit.meter_id == row.id:
                gives_back = any(one.circuit_id in editing.below(tree, circuit.id) for one in tree.sources)
                state = health.ill(latest.get(row.id), circuit, row.ill, now, gives_back=gives_back)
                found.append(_Measured(row, circuit, state))
                break
    return found


async def _told(
    tx: Transaction, site_id: SiteId, tree: Tree | None, rows: Sequence[store.Watched], measured: Sequence[_Measured],
    now: datetime,
) -> bool:  # fmt: skip
    """Keep how meters are, and tell what is ill for long enough: one finding at one charger speaks of all of them."""
    before = {row.id: row.ill for row in rows}
    told_at = next((one.told_at for one in before.values() if one is not None and one.told_at is not None), None)
    due = [one for one in measured if one.now is not None and health.is_due(one.now, now)]
    station = told_at or (min((place.station_id for place in tree.places), default=None) if tree is not None else None)
    after: dict[UUID, Ill | None] = dict.fromkeys(before)
    for one in measured:
        is_due = one in due
        after[one.row.id] = replace(one.now, told_at=station if is_due else None) if one.now is not None else None
    for meter_id, state in after.items():
        if state != before[meter_id]:
            await store.set_ill(tx, meter_id, state)
    if station is None or _words(before) == _words(after):
        return False
    ills = tuple(
        IllMeter(name=one.row.name, circuit=one.circuit.name, what=one.now.what.value, since=one.now.since,
                 phase=one.now.phase, value_a=one.now.value_a)
        for one in due if one.now is not None
    )  # fmt: skip
    await outbox.publish(tx, [MetersIll(site_id=site_id, station_id=StationId(station), at=now, meters=ills)])
    return True


def _words(states: dict[UUID, Ill | None]) -> dict[UUID, str]:
    """Return what people were told of each meter: that is to be told anew when it changes."""
    return {key: one.what.value for key, one in states.items() if one is not None and one.told_at is not None}

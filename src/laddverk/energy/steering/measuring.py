"""What steps say of outlets' phases, kept with each step of the loop; told when it is not what people entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from laddverk.energy.circuits.model import Place, Tree, Wiring
from laddverk.energy.steering import phase_steps, placing, rotations, store_phases
from laddverk.energy.steering.events import RotationContradicted
from laddverk.energy.steering.model import Alarm, AlarmKind, Known
from laddverk.energy.steering.phase_steps import Watched
from laddverk.energy.steering.store_phases import Evidence
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform import outbox
from laddverk.platform.database import Transaction


async def known_of(tx: Transaction, tree: Tree) -> dict[str, Evidence]:
    """Return what is known of the phases of a site's outlets, by their names in the loop."""
    return {
        placing.key_of(one.station_id, one.evse_number): one for one in await store_phases.evidence(tx, tree.site_id)
    }


def contradicted(tree: Tree, evidence: Mapping[str, Evidence]) -> dict[str, Evidence]:
    """Return the outlets whose order of phases people vouch for, and whose steps show on another phase."""
    if tree.wiring is not Wiring.STAR_400:
        return {}
    return {
        key: evidence[key]
        for key, place in placing.by_key(tree).items()
        if place.is_rotation_known and place.phases and key in evidence and _is_other(place, evidence[key])
    }


def _is_other(place: Place, seen: Evidence) -> bool:
    return rotations.is_wrong(place.rotation.phases, rotations.found(seen.steps))


def alarms(wrong: Mapping[str, Evidence]) -> tuple[Alarm, ...]:
    """Return an alarm for each outlet that lies on another phase than people entered."""
    return tuple(
        Alarm(kind=AlarmKind.WRONG_ROTATION, key=key, phase=seen.phase + 1)
        for key, one in wrong.items()
        if (seen := rotations.found(one.steps)) is not None
    )


async def measured(tx: Transaction, tree: Tree, known: Known, evidence: Mapping[str, Evidence], now: datetime) -> None:
    """Look for steps in what is known after a step of the loop, keep them, and tell what is wrong or right again."""
    if tree.wiring is not Wiring.STAR_400:
        return
    before = msgspec.convert(await store_phases.snapshots(tx, tree.site_id), dict[str, Watched])
    after, steps = phase_steps.noticed(known, before)
    if after != before:
        await store_phases.keep_snapshots(tx, tree.site_id, after)
    places = placing.by_key(tree)
    rows = {key: one for key, one in evidence.items() if key in places}
    for key, step in steps.items():
        earlier = rows[key].steps if key in rows else ()
        station_id, evse_number = placing.outlet_of(key)
        rows[key] = Evidence(station_id, evse_number, phase_steps.with_step(earlier, step), False)
    wrong = contradicted(tree, rows)
    changed = [
        (key, one, key in wrong)
        for key, one in rows.items()
        if key in steps or (key in evidence and evidence[key].is_wrong != (key in wrong))
    ]
    for _key, one, is_wrong in changed:
        await store_phases.keep(tx, tree.site_id, one, rotations.found(one.steps), now, is_wrong=is_wrong)
    await outbox.publish(tx, _told(tree.site_id, changed, evidence, places, now))


def _told(
    site_id: SiteId, changed: Sequence[tuple[str, Evidence, bool]], before: Mapping[str, Evidence],
    places: Mapping[str, Place], now: datetime,
) -> list[RotationContradicted]:  # fmt: skip
    found = []
    for key, one, is_wrong in changed:
        if is_wrong == (key in before and before[key].is_wrong):
            continue
        seen = rotations.found(one.steps)
        found.append(
            RotationContradicted(
                site_id=site_id, station_id=StationId(one.station_id), evse_number=one.evse_number, at=now,
                entered=places[key].rotation.value, phase=seen.phase + 1 if seen is not None else 0,
                steps=len(one.steps), is_over=not is_wrong,
            )
        )  # fmt: skip
    return found

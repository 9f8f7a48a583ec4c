"""Keeps what a planned site draws beside charging, and what its sources give, by the quarter: plans learn from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Source, SourceKind, Tree
from laddverk.energy.planning_ahead import store, store_quarters
from laddverk.energy.planning_ahead.model import VOLTAGE_V
from laddverk.energy.planning_ahead.store import Past, Wanted
from laddverk.energy.planning_ahead.surroundings import QUARTER, DrawnQuarter, Quarter, beside_charging
from laddverk.platform.database import Transaction

LEARNT_FROM: Final = timedelta(days=56)  # eight weeks of the same hour of the week
AT_ONCE: Final = timedelta(
    days=7
)  # of a past that is caught up with: a site of fifty outlets has half a million readings in it
AGAIN: Final = timedelta(hours=1)  # readings that came late are counted in


async def roll(tx: Transaction, wanted: Wanted, now: datetime) -> int:
    """Keep the quarters of a site that are over and new; return how many. A site without meters has none."""
    tree = await circuits.tree(tx, wanted.site_id)
    meters: list[UUID] = [one.meter_id for one in tree.circuits if one.meter_id is not None]
    meters += [one.meter_id for one in tree.sources if one.meter_id is not None]
    if not meters:
        return 0
    last = await store_quarters.kept_until(tx, wanted.site_id)
    until = floor(now)
    since = max(floor(now - LEARNT_FROM), floor(last - AGAIN) if last else floor(now - LEARNT_FROM))
    count = 0
    while since < until:
        end = min(until, since + AT_ONCE)
        found = await _between(tx, tree, meters, since, end)
        await store_quarters.keep(tx, wanted.site_id, found)
        count, since = count + len(found), end
    return count


async def _between(
    tx: Transaction, tree: Tree, meters: Sequence[UUID], since: datetime, until: datetime
) -> list[Quarter]:
    metered = await store_quarters.metered(tx, meters, since, until)
    if not metered:
        return []
    stations = sorted({place.station_id for place in tree.places})
    drawn = await store_quarters.drawn(tx, stations, since, until)
    past = await store.past_sessions(tx, stations, since - timedelta(days=2))
    beside = beside_charging(tree, metered, drawn, silent(past, drawn, since, until))
    return beside + given_by_sources(tree, metered)


def given_by_sources(tree: Tree, metered: Sequence[Quarter]) -> list[Quarter]:
    """Return what metered solar cells gave. A roof only gives, whichever way its meter counts."""
    source_of: dict[UUID, Source] = {
        one.meter_id: one for one in tree.sources if one.kind is SourceKind.SOLAR and one.meter_id is not None
    }
    found = []
    for each in metered:
        source = source_of.get(each.series)
        if source is not None:
            power_w = VOLTAGE_V * sum(each.current_a) if each.power_w is None else abs(each.power_w)
            found.append(Quarter(series=source.id, at=each.at, current_a=each.current_a, power_w=power_w))
    return found


def silent(
    past: Sequence[Past], drawn: Sequence[DrawnQuarter], since: datetime, until: datetime
) -> frozenset[datetime]:
    """Return the quarters in which a car drew that said nothing: what the building had then is not known."""
    said = {(each.key, each.at) for each in drawn}
    found: set[datetime] = set()
    for each in past:
        at = floor(max(each.started_at, since))
        while at < min(each.drew_until, until):
            if ((each.station_id, each.evse_number), at) not in said:
                found.add(at)
            at += QUARTER
    return frozenset(found)


def floor(at: datetime) -> datetime:
    """Return the beginning of the quarter in which an instant lies."""
    return at - (at - datetime.fromtimestamp(0, at.tzinfo)) % QUARTER

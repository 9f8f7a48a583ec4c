"""What was observed of sites, read for the verdict on what holds them back. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Place, Tree
from laddverk.planning.bottlenecks.model import Circuit, Held, Observed, PoolWeek, Room
from laddverk.planning.usage import censoring
from laddverk.planning.usage import queries as usage
from laddverk.planning.usage.censoring import Numbers, Slot
from laddverk.planning.usage.figures import divided
from laddverk.planning.usage.periods import Cover, cover
from laddverk.planning.usage.queries import Chosen, PoolSpan, Sites
from laddverk.planning.usage.weeks import Weeks, weeks
from laddverk.platform.database import Transaction

LOOKED_BACK: Final = timedelta(
    weeks=13
)  # a season: long enough for a rhythm, short enough to be about the site as it is

SITES: Final = """
SELECT i.id, i.name FROM site i
WHERE ($1::uuid[] IS NULL OR i.id = ANY($1)) AND i.retired_at IS NULL
ORDER BY i.name
"""
SOLD: Final = f"""
SELECT site_id, plug, sum(began)::bigint AS began, sum(ended)::bigint AS ended, sum(stay_s) AS stay_s,
       sum(session_wh)::bigint AS session_wh, sum(revenue_minor)::bigint AS revenue_minor,
       sum(sold_wh)::bigint AS sold_wh
FROM usage_class_day
WHERE day >= $1 AND day <= $2 AND site_id <> '{usage.NETWORK}' GROUP BY site_id, plug
"""  # noqa: S608 - made of constants
GIVEN_UP: Final = """
-- Starts that failed, and after how many of them the same person did not try again within half an hour.
SELECT site_id, sum(failed)::bigint AS failed, sum(failed - retries)::bigint AS given_up
FROM usage_attempt_day
WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND day >= $2 AND day <= $3 GROUP BY site_id
"""
UNPAID: Final = """
SELECT s.site_id, count(*) AS unpaid
FROM start_request r JOIN station s ON s.id = r.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND r.created_at >= $2 AND r.created_at < $3
  AND r.session_id IS NULL AND r.cancelled_why IN ('expired', 'payment_failed')
GROUP BY s.site_id
"""
HELD: Final = """
-- While a car charged: how long load management gave it less because a phase of a circuit was full, and what full power
-- would have given meanwhile to those that left while they still charged.
WITH share AS (
    SELECT site_id, station_id, evse_number, at, limit_a, reason,
           lead(at, 1, $3) OVER (PARTITION BY station_id, evse_number ORDER BY at) AS next_at
    FROM steering_share WHERE ($1::uuid[] IS NULL OR site_id = ANY($1)) AND at >= $2 AND at < $3::timestamptz
),
slowed AS (
    SELECT h.site_id, h.reason->>'branch' AS branch, coalesce((h.reason->>'phase')::int, 0) AS phase, v.id,
           extract(epoch FROM least(h.next_at, v.full_at) - greatest(h.at, v.started_at)) AS seconds,
           v.ended_at IS NOT NULL AND (v.charging_ended_at IS NULL OR v.charging_ended_at >= v.ended_at) AS is_short,
           c.power_max_w * greatest(0, 1 - h.limit_a / c.current_max_a) AS less_w
    FROM share h
    JOIN LATERAL (
        SELECT id, started_at, ended_at, charging_ended_at, coalesce(charging_ended_at, ended_at, $3) AS full_at
        FROM session WHERE station_id = h.station_id AND evse_number = h.evse_number AND started_at < h.next_at
          AND started_at >= h.at - interval '40 days'
    ) v ON v.full_at > h.at
    JOIN LATERAL (
        SELECT max(power_max_w) AS power_max_w, max(current_max_a) AS current_max_a FROM connector
        WHERE station_id = h.station_id AND evse_number = h.evse_number
    ) c ON true
    WHERE h.reason->>'code' IN ('circuit_full', 'no_room', 'turn_of_others', 'ranked_below')
)
SELECT site_id, coalesce(branch, '') AS branch, phase, sum(seconds)::float8 AS limited_s, count(DISTINCT id) AS cars,
       count(DISTINCT id) FILTER (WHERE is_short) AS cars_short,
       coalesce(sum(seconds * less_w / 3600) FILTER (WHERE is_short), 0)::float8 AS short_wh
FROM slowed WHERE seconds > 0 GROUP BY site_id, 2, phase
"""


class Site(Struct, frozen=True, kw_only=True):
    """A site; one whose outlets nobody has used yet is too new to judge."""

    id: UUID
    name: str


class Sold(Struct, frozen=True, kw_only=True):
    """What a site sold by one kind of connector: fast charging has another price than slow everywhere."""

    site_id: UUID
    plug: str
    began: int
    ended: int
    stay_s: float
    session_wh: int
    revenue_minor: int
    sold_wh: int

    @property
    def mean_stay_s(self) -> float | None:
        """How long cars stayed."""
        return divided(self.stay_s, self.ended)

    @property
    def price_minor(self) -> float | None:
        """Revenue for each kWh, without VAT."""
        return divided(self.revenue_minor * 1_000, self.sold_wh)


class GivenUp(Struct, frozen=True, kw_only=True):
    """Failed starts at a site."""

    site_id: UUID
    failed: int
    given_up: int


class Unpaid(Struct, frozen=True, kw_only=True):
    """Who did not pay at a site."""

    site_id: UUID
    unpaid: int


class HeldAt(Held, frozen=True, kw_only=True):
    """What load management held back, and at which site."""

    site_id: UUID


async def observed(tx: Transaction, sites: Sites, zone: str, now: datetime) -> list[Observed]:
    """Return what was observed of these sites (None: of all) in the last quarter of a year, by name."""
    chosen, covered = _looked_at(sites, zone, now)
    span = chosen.outlets[0], chosen.since, now
    ports = {(one.site_id, one.plug): one.ports for one in await usage.pools(tx, chosen, covered)}
    # What others take is a median over the network, which tells a host of a few sites nothing of a single other one.
    sold = await tx.fetch(Sold, SOLD, chosen.first, chosen.last)
    sold_at: dict[UUID, list[Sold]] = defaultdict(list)
    for each in sold:
        sold_at[each.site_id].append(each)
    stays = {(each.site_id, each.plug): each.mean_stay_s for each in sold}
    unpaid = {one.site_id: one.unpaid for one in await tx.fetch(Unpaid, UNPAID, *span)}
    held: dict[UUID, list[Held]] = defaultdict(list)
    for part in await tx.fetch(HeldAt, HELD, *span):
        held[part.site_id].append(part)
    trees: dict[UUID, Tree] = {tree.site_id: tree for tree in await circuits.trees(tx, sites)}
    market: dict[str, list[tuple[UUID, float]]] = defaultdict(list)
    for each in sold:
        if each.price_minor:
            market[each.plug].append((each.site_id, each.price_minor))
    found = []
    for room in await rooms(tx, sites, zone, now):
        site = room.site_id
        own = sold_at[site]
        most = max(own, key=lambda each: each.session_wh, default=None)
        found.append(
            Observed(
                site_id=site, name=room.name, since=room.since, until=room.until,
                pools=tuple(
                    replace(one, ports=ports.get((site, one.plug), 0), stay_s=stays.get((site, one.plug)))
                    for one in room.pools
                ),
                session_wh=divided(sum(each.session_wh for each in own), sum(each.ended for each in own)),
                began=sum(each.began for each in own), given_up=room.given_up, failed=room.failed,
                held=tuple(held[site]),
                circuits={one.key: one for one in _circuits(trees[site])} if site in trees else {},
                unpaid=unpaid.get(site, 0), price_minor=most.price_minor if most else None,
                network_price_minor=_others(market[most.plug], site) if most else None,
            )
        )  # fmt: skip
    return found


async def rooms(tx: Transaction, sites: Sites, zone: str, now: datetime) -> list[Room]:
    """Return what is known of the room for cars at these sites (None: at all) in that time, by name.

    Without how many outlets there are, how long cars stay and what they take: who found no room is told without them.
    """
    chosen, covered = _looked_at(sites, zone, now)
    spans: dict[UUID, list[PoolSpan]] = defaultdict(list)
    for one in await usage.pool_spans(tx, chosen, now):
        spans[one.site_id].append(one)
    pools = [(one.site_id, one.plug) for at in spans.values() for one in at]
    week, rows = await weeks(tx, pools, covered), {pool: row for row, pool in enumerate(pools)}
    days = chosen.outlets[0], chosen.first, chosen.last
    given_up = {each.site_id: each for each in await tx.fetch(GivenUp, GIVEN_UP, *days)}
    found = []
    for site in await tx.fetch(Site, SITES, chosen.outlets[0]):
        standing = sorted(spans[site.id], key=lambda one: one.plug)
        since = min((one.since for one in standing), default=now)
        failures = given_up.get(site.id)
        found.append(
            Room(
                site_id=site.id, name=site.name, since=since.astimezone(UTC), until=now,
                pools=tuple(_pool_week(one, week, rows[one.site_id, one.plug]) for one in standing),
                given_up=failures.given_up if failures else 0, failed=failures.failed if failures else 0,
            )
        )  # fmt: skip
    return found


def _looked_at(sites: Sites, zone: str, now: datetime) -> tuple[Chosen, Cover]:
    today = now.astimezone(ZoneInfo(zone)).date()
    chosen = Chosen(first=today - LOOKED_BACK, last=today, zone=zone, sites=sites)
    return chosen, cover(chosen.first, chosen.last, today)


def _pool_week(span: PoolSpan, week: Weeks, row: int) -> PoolWeek:
    """Return a pool by hour of its local week: a row of `week`."""
    closed_s, began = week.closed_s[row].tolist(), week.began[row].tolist()
    return PoolWeek(
        plug=span.plug,
        slots={
            at: Slot(stood_h=hours, full_h=min(closed_s[at] / 3_600, hours), began=round(began[at]))
            for at, hours in enumerate(censoring.hours_of_week(span.since, span.until, span.timezone))
            if hours
        },
        full_s=_some(week.full_s[row]), full_busy_s=_some(week.full_busy_s[row]),
        full_charging_s=_some(week.full_charging_s[row]), dark_s=_some(week.closed_s[row] - week.full_s[row]),
    )  # fmt: skip


def _some(seconds: Numbers) -> dict[int, float]:
    return {at: each for at, each in enumerate(seconds.tolist()) if each}


def _others(prices: Iterable[tuple[UUID, float]], own: UUID) -> float | None:
    """Return the median of what others than a site take."""
    others = [price_minor for site, price_minor in prices if site != own]
    return median(others) if len(others) >= 3 else None  # fewer than three are not a market


def _circuits(tree: Tree) -> list[Circuit]:
    """Return each circuit with how many outlets on it, or below it, may load each phase."""
    above: dict[UUID, UUID | None] = {one.id: one.parent_id for one in tree.circuits}
    below: dict[UUID, list[Place]] = defaultdict(list)
    for place in tree.places:
        at: UUID | None = place.circuit_id
        while at is not None:
            below[at].append(place)
            at = above.get(at)
    return [
        Circuit(
            key=str(one.id), name=one.name,
            on_phase=(_on(0, below[one.id]), _on(1, below[one.id]), _on(2, below[one.id])),
            unknown=sum(place.phases == 1 and not place.is_rotation_known for place in below[one.id]),
        )
        for one in tree.circuits
    ]  # fmt: skip


def _on(phase: int, places: Iterable[Place]) -> int:
    return sum(phase in _phases(place) for place in places)


def _phases(place: Place) -> tuple[int, ...]:
    return place.rotation.phases[:1] if place.phases == 1 and place.is_rotation_known else (0, 1, 2)

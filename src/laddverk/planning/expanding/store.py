"""Studies, their parts, and the sessions they are made of, in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.planning.expanding.child import Done, Unit
from laddverk.planning.expanding.grounding import Outlet
from laddverk.planning.expanding.model import Part, State, Study
from laddverk.planning.traces import Seen, Stay
from laddverk.platform.database import Transaction

STUDY_SHOWN: Final = """
SELECT study.id, study.site_id, site.name AS site_name, site.timezone, study.title, study.asked, study.ground,
       study.options, study.stays_count, study.units, study.state, study.why, study.made_at, study.made_by,
       study.ended_at, coalesce(done.parts, 0) AS parts, coalesce(done.cpu_s, 0) AS cpu_s
FROM study JOIN site ON site.id = study.site_id
LEFT JOIN LATERAL (
    SELECT count(*) AS parts, sum(cpu_s) AS cpu_s FROM study_part WHERE study_part.study_id = study.id
) AS done ON true
"""
ONE: Final = STUDY_SHOWN + "WHERE study.id = $1 AND ($2::uuid[] IS NULL OR study.site_id = ANY($2))"
LISTED_NARROWED: Final = """
WHERE ($1::uuid[] IS NULL OR study.site_id = ANY($1))
  AND ($2 = '' OR study.title ILIKE '%' || $2 || '%' OR site.name ILIKE '%' || $2 || '%')
  AND ($3 = '' OR study.state = $3) AND ($4::uuid IS NULL OR study.site_id = $4)
"""
LISTED: Final = STUDY_SHOWN + LISTED_NARROWED + "ORDER BY study.made_at DESC, study.id OFFSET $5 LIMIT $6"
COUNTED_FROM: Final = "SELECT count(*) FROM study JOIN site ON site.id = study.site_id"
COUNTED: Final = COUNTED_FROM + LISTED_NARROWED
OPEN: Final = "SELECT count(*) FROM study WHERE state IN ('queued', 'running')"
ADD: Final = """
INSERT INTO study (id, site_id, title, asked, ground, stays, stays_count, options, units, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
SET_STATE: Final = "UPDATE study SET state = $2 WHERE id = $1 AND state IN ('queued', 'running')"
END: Final = """
UPDATE study SET state = $2, ended_at = $3, why = $4 WHERE id = $1 AND state IN ('queued', 'running')
"""
DELETE: Final = "DELETE FROM study WHERE id = $1"
DROP_OLD: Final = "DELETE FROM study WHERE made_at < $1"
STAYS: Final = "SELECT stays FROM study WHERE id = $1"
ADD_PART: Final = """
INSERT INTO study_part (study_id, scenario, place, draw, outcome, cpu_s)
SELECT $1, scenario, place, draw, outcome::jsonb, cpu_s
FROM unnest($2::int[], $3::int[], $4::int[], $5::text[], $6::float8[]) AS given (scenario, place, draw, outcome, cpu_s)
WHERE EXISTS (SELECT FROM study WHERE id = $1)
ON CONFLICT DO NOTHING
"""
PARTS: Final = """
SELECT place, draw, outcome, scenario FROM study_part WHERE study_id = $1 ORDER BY scenario, place, draw
"""
UNITS_DONE: Final = "SELECT place, draw, scenario FROM study_part WHERE study_id = $1"
SESSIONS: Final = """
-- Sessions of a site that began in a period and are over, with the most that their samples show.
SELECT session.id::text AS key, coalesce(session.driver_id::text, session.token_uid, '') AS who,
       session.station_id || ':' || session.evse_number AS outlet, session.started_at, session.ended_at,
       session.charging_ended_at, session.energy_wh, shown.most_a, shown.second_a, shown.most_w
FROM session JOIN station ON station.id = session.station_id
LEFT JOIN LATERAL (
    SELECT max(greatest(current_l1_a, current_l2_a, current_l3_a)) AS most_a, max(current_l2_a) AS second_a,
           max(power_w) AS most_w
    FROM sample
    WHERE sample.station_id = session.station_id AND sample.transaction_key = session.transaction_key
) AS shown ON true
WHERE station.site_id = $1 AND session.started_at >= $2 AND session.started_at < $3 AND session.ended_at IS NOT NULL
ORDER BY session.started_at, session.id LIMIT $4
"""
OUTLETS: Final = """
SELECT connector.station_id || ':' || connector.evse_number AS key,
       min(CASE connector.power_type WHEN 'dc' THEN 0 WHEN 'ac1' THEN 1 ELSE 3 END) AS phases,
       max(connector.current_max_a)::float8 AS current_max_a, max(connector.power_max_w)::float8 AS power_max_w
FROM connector JOIN station ON station.id = connector.station_id
WHERE station.site_id = $1 AND station.retired_at IS NULL AND connector.evse_number > 0
GROUP BY connector.station_id, connector.evse_number, station.name
ORDER BY station.name, connector.station_id, connector.evse_number
"""
MARGIN: Final = """
SELECT (sum(price_minor - coalesce(vat_minor, 0)) / nullif(sum(energy_wh) / 1000.0, 0))::float8
FROM session JOIN station ON station.id = session.station_id
WHERE station.site_id = $1 AND session.currency = $2 AND session.price_minor > 0 AND session.started_at >= $3
"""


class SiteShown(Struct, frozen=True):
    """A site that may be studied."""

    id: UUID
    name: str
    timezone: str
    sessions: int
    first_at: datetime | None


SITES: Final = """
SELECT site.id, site.name, site.timezone, count(session.id) AS sessions, min(session.started_at) AS first_at
FROM site LEFT JOIN station ON station.site_id = site.id
LEFT JOIN session ON session.station_id = station.id AND session.ended_at IS NOT NULL
WHERE site.retired_at IS NULL AND ($1::uuid[] IS NULL OR site.id = ANY($1))
GROUP BY site.id ORDER BY site.name
"""


class _Stays(Struct, frozen=True):
    stays: bytes


async def study(tx: Transaction, sites: frozenset[UUID] | None, identity: UUID) -> Study | None:
    """Return a study, or None where there is none at one of `sites` (None: all)."""
    return await tx.fetch_one(Study, ONE, identity, None if sites is None else list(sites))


class Looked(Struct, frozen=True):
    """Which studies are looked for."""

    sites: frozenset[UUID] | None
    search: str = ""
    state: str = ""
    site_id: UUID | None = None


async def studies(tx: Transaction, looked: Looked, offset: int, limit: int) -> list[Study]:
    """Return studies, the newest first."""
    return await tx.fetch(Study, LISTED, *_narrowed(looked), offset, limit)


async def count(tx: Transaction, looked: Looked) -> int:
    """Return how many studies there are."""
    return int(await tx.value(COUNTED, *_narrowed(looked)))


def _narrowed(looked: Looked) -> tuple[object, ...]:
    sites = None if looked.sites is None else list(looked.sites)
    return sites, looked.search, looked.state, looked.site_id


async def count_open(tx: Transaction) -> int:
    """Return how many studies wait or run."""
    return int(await tx.value(OPEN))


async def add(tx: Transaction, new: Study, played: Sequence[Stay]) -> None:
    """Keep a new study with its stays."""
    packed = zlib.compress(msgspec.msgpack.encode(list(played)))
    await tx.execute(
        ADD, new.id, new.site_id, new.title, new.asked, new.ground, packed, len(played), new.options, new.units,
        new.made_at, new.made_by,
    )  # fmt: skip


async def stays(tx: Transaction, identity: UUID) -> list[Stay]:
    """Return the stays that a study plays."""
    kept = await tx.fetch_one(_Stays, STAYS, identity)
    return [] if kept is None else msgspec.msgpack.decode(zlib.decompress(kept.stays), type=list[Stay])


async def set_state(tx: Transaction, identity: UUID, state: State) -> None:
    """Say how far a study is that has not ended."""
    await tx.execute(SET_STATE, identity, state)


async def end(tx: Transaction, identity: UUID, state: State, now: datetime, why: str = "") -> bool:
    """End a study; return whether it had not."""
    return bool(await tx.execute(END, identity, state, now, why))


async def delete(tx: Transaction, identity: UUID) -> None:
    """Forget a study."""
    await tx.execute(DELETE, identity)


async def drop_old(tx: Transaction, before: datetime) -> None:
    """Forget studies that were made before."""
    await tx.execute(DROP_OLD, before)


async def add_parts(tx: Transaction, identity: UUID, done: Sequence[Done]) -> None:
    """Keep what was played."""
    await tx.execute(
        ADD_PART, identity, [one.unit.scenario for one in done], [one.unit.place for one in done],
        [one.unit.draw for one in done],
        [msgspec.json.encode(one.outcome).decode() for one in done], [one.cpu_s for one in done],
    )  # fmt: skip


async def parts(tx: Transaction, identity: UUID) -> list[Part]:
    """Return what was played, by growth, option and draw."""
    return await tx.fetch(Part, PARTS, identity)


async def units_done(tx: Transaction, identity: UUID) -> list[Unit]:
    """Return which replays are done."""
    return await tx.fetch(Unit, UNITS_DONE, identity)


async def sessions(tx: Transaction, site: UUID, since: datetime, until: datetime, limit: int) -> list[Seen]:
    """Return a site's sessions of a period that are over, by beginning."""
    return await tx.fetch(Seen, SESSIONS, site, since, until, limit)


async def outlets(tx: Transaction, site: UUID) -> list[Outlet]:
    """Return a site's outlets."""
    return await tx.fetch(Outlet, OUTLETS, site)


async def price_per_kwh(tx: Transaction, site: UUID, currency: str, since: datetime) -> float | None:
    """Return what a kilowatt-hour was sold for, in minor units without VAT; None where none was."""
    price: float | None = await tx.value(MARGIN, site, currency, since)
    return price


async def sites(tx: Transaction, allowed: frozenset[UUID] | None) -> list[SiteShown]:
    """Return the sites that may be studied, with how many sessions they have had."""
    return await tx.fetch(SiteShown, SITES, None if allowed is None else list(allowed))

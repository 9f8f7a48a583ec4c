"""Meters and their readings in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import MeterId
from laddverk.energy.meters.health import Ill
from laddverk.energy.meters.model import Latest, Meter, Minute, Reading, Trouble
from laddverk.kernel.ids import SiteId
from laddverk.platform.database import Transaction

METER_COLUMNS: Final = "SELECT id, site_id, name, setup, secret, changed_at FROM meter "
ALL: Final = METER_COLUMNS + "WHERE retired_at IS NULL ORDER BY id"
ONE: Final = METER_COLUMNS + "WHERE id = $1 AND retired_at IS NULL"
OF_SITE: Final = METER_COLUMNS + "WHERE site_id = $1 AND retired_at IS NULL ORDER BY name, id"
LOCK_SITE: Final = "SELECT id FROM site WHERE id = $1 FOR NO KEY UPDATE"
PUT: Final = """
INSERT INTO meter (id, site_id, name, setup, secret, made_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6)
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, setup = excluded.setup, secret = excluded.secret, changed_at = excluded.changed_at,
    trouble = NULL
"""
RETIRE: Final = "UPDATE meter SET retired_at = $2, secret = NULL WHERE id = $1 AND retired_at IS NULL"
COUNT: Final = "SELECT count(*) FROM meter WHERE site_id = $1 AND retired_at IS NULL"
SET_TROUBLE: Final = """
-- Since when it lasts stays while the reason is the same.
UPDATE meter
SET trouble = CASE WHEN trouble->>'why' = $2::jsonb->>'why'
                   THEN jsonb_set($2::jsonb, '{since}', trouble->'since') ELSE $2::jsonb END
WHERE id = $1 AND retired_at IS NULL
"""
END_TROUBLE: Final = "UPDATE meter SET trouble = NULL WHERE id = $1 AND trouble IS NOT NULL"
TROUBLE: Final = "SELECT trouble FROM meter WHERE id = $1"
KEEP: Final = """
INSERT INTO meter_reading AS kept
       (meter_id, at, received_at, moved_at, current_a, voltage_v, power_w, import_wh, export_wh)
VALUES ($1, $2, $3, $2, $4, $5, $6, $7, $8)
ON CONFLICT (meter_id) DO UPDATE
SET at = excluded.at, received_at = excluded.received_at, current_a = excluded.current_a,
    voltage_v = excluded.voltage_v, power_w = excluded.power_w, import_wh = excluded.import_wh,
    export_wh = excluded.export_wh,
    moved_at = CASE WHEN kept.current_a = excluded.current_a THEN kept.moved_at ELSE excluded.at END
WHERE excluded.at > kept.at
"""
KEEP_MINUTE: Final = """
INSERT INTO meter_minute AS kept (meter_id, minute, current_a, power_w)
VALUES ($1, date_trunc('minute', $2::timestamptz), $3, $4)
ON CONFLICT (meter_id, minute) DO UPDATE
SET current_a = ARRAY[greatest(kept.current_a[1], excluded.current_a[1]),
                      greatest(kept.current_a[2], excluded.current_a[2]),
                      greatest(kept.current_a[3], excluded.current_a[3])],
    power_w = greatest(kept.power_w, excluded.power_w)
"""
FEED: Final = """
-- What the loop reads: for each circuit that names this meter in its site's tree as it is now.
WITH here AS (
    SELECT (circuit->>'id')::uuid AS circuit_id, meter.site_id,
           EXISTS (SELECT FROM unnest($3::float8[]) WITH ORDINALITY AS measured (flows_a, phase)
                   WHERE flows_a > (circuit->'limit_a'->>(phase - 1)::int)::float8
                                   - coalesce((circuit->>'margin_a')::float8, 0)) AS is_over
    FROM meter
    JOIN LATERAL (SELECT tree FROM circuit_tree WHERE site_id = meter.site_id ORDER BY version DESC LIMIT 1) AS now
      ON true
    CROSS JOIN LATERAL jsonb_array_elements(now.tree->'circuits') AS circuit
    WHERE meter.id = $1 AND circuit->>'meter_id' = $1::text AND meter.retired_at IS NULL
), fed AS (
    INSERT INTO circuit_load AS kept (circuit_id, site_id, at, current_a, asked_at)
    SELECT circuit_id, site_id, $2, $3, CASE WHEN is_over THEN $4::timestamptz END FROM here
    ON CONFLICT (circuit_id) DO UPDATE
    SET site_id = excluded.site_id, at = excluded.at, current_a = excluded.current_a,
        asked_at = CASE WHEN excluded.asked_at < kept.asked_at + $5::interval THEN kept.asked_at
                   ELSE coalesce(excluded.asked_at, kept.asked_at) END
    WHERE excluded.at > kept.at
    RETURNING site_id, asked_at
)
SELECT site_id, coalesce(asked_at = $4, false) AS asks_step FROM fed
"""
LATEST: Final = """
SELECT meter_id, at, received_at, moved_at, current_a, voltage_v, power_w, import_wh, export_wh
FROM meter_reading WHERE meter_id = ANY($1)
"""
MINUTES: Final = """
SELECT minute, current_a, power_w FROM meter_minute WHERE meter_id = $1 AND minute >= $2 AND minute < $3 ORDER BY minute
"""
DROP_OLD: Final = "DELETE FROM meter_minute WHERE minute < $1"
WATCHED: Final = "SELECT id, site_id, name, ill FROM meter WHERE retired_at IS NULL ORDER BY id"
SET_ILL: Final = "UPDATE meter SET ill = $2 WHERE id = $1"


class Watched(Struct, frozen=True):
    """A meter, and what was wrong with it when it was looked at last."""

    id: UUID
    site_id: SiteId
    name: str
    ill: Ill | None


class Fed(Struct, frozen=True):
    """A circuit that a reading counts for."""

    site_id: SiteId
    asks_step: bool
    """More flows than its fuse, less the margin, lets through, and no step was asked for because of it just now."""


async def meters(tx: Transaction) -> list[Meter]:
    """Return every meter that is read."""
    return await tx.fetch(Meter, ALL)


async def meter(tx: Transaction, meter_id: UUID) -> Meter | None:
    """Return a meter, or None."""
    return await tx.fetch_one(Meter, ONE, meter_id)


async def of_site(tx: Transaction, site_id: UUID) -> list[Meter]:
    """Return the meters of a site by name."""
    return await tx.fetch(Meter, OF_SITE, site_id)


async def lock_site(tx: Transaction, site_id: UUID) -> bool:
    """Let nobody else add meters to a site until `tx` ends; return whether there is such a site."""
    return await tx.value(LOCK_SITE, site_id) is not None


async def count(tx: Transaction, site_id: SiteId) -> int:
    """Return how many meters a site has."""
    return int(await tx.value(COUNT, site_id))


async def put(tx: Transaction, kept: Meter) -> None:
    """Keep a meter, new or changed; what was wrong with it is forgotten."""
    await tx.execute(PUT, kept.id, kept.site_id, kept.name, kept.setup, kept.secret, kept.changed_at)


async def retire(tx: Transaction, meter_id: UUID, now: datetime) -> None:
    """Read a meter no more; its secret is gone."""
    await tx.execute(RETIRE, meter_id, now)


async def set_trouble(tx: Transaction, meter_id: UUID, trouble: Trouble) -> None:
    """Keep why nothing comes."""
    await tx.execute(SET_TROUBLE, meter_id, trouble)


async def trouble(tx: Transaction, meter_id: UUID) -> object:
    """Return what is wrong with a meter, as kept, or None."""
    return await tx.value(TROUBLE, meter_id)


async def keep(
    tx: Transaction, meter_id: MeterId, reading: Reading, now: datetime, step_pause: timedelta
) -> list[Fed]:  # fmt: skip
    """Keep a reading, and let the loop know; return the circuits that it counts for.

    A circuit that carries too much asks for a step where it last did so `step_pause` ago.
    """
    volts = list(reading.voltage_v) if reading.voltage_v is not None else None
    currents = list(reading.current_a)
    await tx.execute(
        KEEP, meter_id, reading.at, now, currents, volts, reading.power_w, reading.import_wh, reading.export_wh
    )
    await tx.execute(KEEP_MINUTE, meter_id, reading.at, currents, reading.power_w)
    await tx.execute(END_TROUBLE, meter_id)
    return await tx.fetch(Fed, FEED, meter_id, reading.at, currents, now, step_pause)


async def latest(tx: Transaction, meter_ids: Sequence[UUID]) -> dict[UUID, Latest]:
    """Return the latest reading of each meter that ever had one."""
    return {one.meter_id: one for one in await tx.fetch(Latest, LATEST, list(meter_ids))}


async def minutes(tx: Transaction, meter_id: UUID, from_at: datetime, until_at: datetime) -> list[Minute]:
    """Return the minutes of a time, oldest first."""
    return await tx.fetch(Minute, MINUTES, meter_id, from_at, until_at)


async def watched(tx: Transaction) -> list[Watched]:
    """Return every meter with what was wrong with it."""
    return await tx.fetch(Watched, WATCHED)


async def set_ill(tx: Transaction, meter_id: UUID, ill: Ill | None) -> None:
    """Keep what is wrong with a meter, or that it is well."""
    await tx.execute(SET_ILL, meter_id, ill)


async def drop_old(tx: Transaction, before: datetime) -> int:
    """Forget minutes from before; return how many."""
    return await tx.execute(DROP_OLD, before)

"""What is known of each charger's costs: read, weighed, and the assumptions that people keep."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, to_builtins

from laddverk.diagnostics.upkeep.replacing import Costs, Record, Verdict, verdict
from laddverk.diagnostics.upkeep.spares import DAYS_PER_YEAR
from laddverk.diagnostics.upkeep.stocking import PARTS
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import SiteId, StationId
from laddverk.kernel.problems import Invalid, NotAllowed
from laddverk.platform import audit
from laddverk.platform.database import Transaction

LOOKED_BACK: Final = timedelta(days=730)
USED_OVER: Final = timedelta(days=90)
PRIOR_REPAIRS: Final = 5.0  # in so many charger-years a fleet is taken to have had before anything was seen:
PRIOR_YEARS: Final = 25.0  # one in five years; a young fleet without repairs is not one that never breaks
LEAST_YEARS: Final = 30 / DAYS_PER_YEAR  # a charger's first month says nothing of its year

RECORDS: Final = """
WITH fleet AS (
    SELECT station.*, site.name AS site_name,
           least(extract(epoch FROM $2 - registered_at), extract(epoch FROM $2 - $3::timestamptz)) AS seconds
    FROM station JOIN site ON site.id = station.site_id
    WHERE epoch > 0 AND station.retired_at IS NULL AND registered_at < $2
      AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
), repair AS (
    SELECT incident.station_id, closing.cost_minor FROM incident_closing AS closing
    JOIN incident ON incident.id = closing.incident_id
    WHERE closing.at > $3 AND closing.cause = ANY($4) AND incident.station_id IS NOT NULL
    UNION ALL
    SELECT station_id, cost_minor FROM work_order
    WHERE done_at > $3 AND incident_id IS NULL AND state <> 'cancelled' AND cause = ANY($4)
), repaired AS (
    SELECT station_id, count(*)::int AS repairs, avg(nullif(cost_minor, 0))::float8 AS cost FROM repair GROUP BY 1
), visited AS (
    SELECT station_id, count(*)::int AS visits FROM work_order
    WHERE done_at > $3 AND state <> 'cancelled' GROUP BY 1
), lost AS (
    SELECT station_id, sum(lost_wh)::float8 AS wh, sum(outage_s)::float8 / 3600 AS hours,
           greatest(max(eligible_sum), 1) AS seconds
    FROM (SELECT *, sum(eligible_s) OVER (PARTITION BY station_id, evse_number) AS eligible_sum FROM uptime_month
          WHERE policy = 'honest' AND month >= $5 AND evse_number > 0) AS month GROUP BY 1
), used AS (
    SELECT station_id, sum(extract(epoch FROM least(coalesce(ended_at, $2), $2) - started_at))::float8 AS seconds
    FROM session WHERE started_at > $6 AND started_at < $2 GROUP BY 1
), outlet AS (
    SELECT station_id, count(DISTINCT evse_number)::int AS outlets, bool_or(power_type = 'dc') AS is_dc,
           min(power_max_w)::int AS power_max_w
    FROM connector WHERE evse_number > 0 GROUP BY 1
)
SELECT fleet.id AS station_id, fleet.name AS station_name, fleet.vendor, fleet.model, fleet.site_id, fleet.site_name,
       outlet.is_dc, (fleet.seconds / 31557600)::float8 AS years, coalesce(repairs, 0) AS repairs,
       coalesce(visits, 0) AS visits, repaired.cost AS repair_cost,
       coalesce(lost.wh / lost.seconds * 31557600, 0)::float8 AS lost_wh,
       coalesce(lost.hours / lost.seconds * 31557600, 0)::float8 AS down_hours,
       CASE WHEN fleet.registered_at < $6 THEN coalesce(used.seconds, 0)
            / (outlet.outlets * extract(epoch FROM $2 - $6::timestamptz)) END::float8 AS used_share,
       coalesce(fleet.protocol, '') <> 'ocpp1.6' AS speaks_2, fleet.security_profile >= 2 AS is_secured,
       outlet.power_max_w, known.takes_signed AS is_signed, coalesce(known.vendor_gone, false) AS vendor_gone,
       ((known.parts_until - ($2 AT TIME ZONE 'UTC')::date) / 365.25)::float8 AS parts_years
FROM fleet JOIN outlet ON outlet.station_id = fleet.id LEFT JOIN repaired ON repaired.station_id = fleet.id
LEFT JOIN visited ON visited.station_id = fleet.id LEFT JOIN lost ON lost.station_id = fleet.id
LEFT JOIN used ON used.station_id = fleet.id
LEFT JOIN model_fact AS known ON known.vendor = fleet.vendor AND known.model = fleet.model
"""
KEPT: Final = "SELECT body FROM replacing_cost"
SAVE: Final = """
INSERT INTO replacing_cost (body, author, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (only_one) DO UPDATE SET body = excluded.body, author = excluded.author, changed_at = excluded.changed_at
"""


class _Row(Struct, frozen=True, kw_only=True):
    station_id: StationId
    station_name: str
    vendor: str
    model: str
    site_id: SiteId
    site_name: str
    is_dc: bool
    years: float
    repairs: int
    visits: int
    repair_cost: float | None
    lost_wh: float
    down_hours: float
    used_share: float | None
    speaks_2: bool
    is_secured: bool
    power_max_w: int
    is_signed: bool | None
    vendor_gone: bool
    parts_years: float | None


class _Kept(Struct, frozen=True):
    body: Costs


class Weighed(Struct, frozen=True, kw_only=True):
    """A charger with its record and what keeping and replacing it cost."""

    station_id: StationId
    station_name: str
    vendor: str
    model: str
    site_name: str
    record: Record
    verdict: Verdict
    fleet_rate: float


async def costs(tx: Transaction) -> Costs:
    """Return the assumptions of the list: those that people wrote down, or ours."""
    kept = await tx.fetch_one(_Kept, KEPT)
    return kept.body if kept else Costs()


async def weighed(
    tx: Transaction, sites: frozenset[UUID] | None, margin_per_kwh_minor: float, now: datetime
) -> list[Weighed]:
    """Return every charger in service at these sites: those first that replacing saves most."""
    said = await costs(tx)
    month = date(now.year - 1, now.month, 1)
    listed = None if sites is None else list(sites)
    rows = await tx.fetch(_Row, RECORDS, listed, now, now - LOOKED_BACK, list(PARTS), month, now - USED_OVER)
    years = sum(row.years for row in rows)
    fleet_rate = (sum(row.repairs for row in rows) + PRIOR_REPAIRS) / (years + PRIOR_YEARS)
    found = []
    for row in rows:
        record = Record(
            is_dc=row.is_dc, years=max(row.years, LEAST_YEARS), repairs=row.repairs, visits=row.visits,
            repair_cost_minor=None if row.repair_cost is None else round(row.repair_cost),
            lost_margin_minor=row.lost_wh / 1000 * margin_per_kwh_minor, down_hours=row.down_hours,
            used_share=row.used_share, speaks_2=row.speaks_2, is_secured=row.is_secured,
            power_max_w=row.power_max_w, is_signed=row.is_signed, vendor_gone=row.vendor_gone,
            parts_years=row.parts_years,
        )  # fmt: skip
        found.append(
            Weighed(
                station_id=row.station_id, station_name=row.station_name, vendor=row.vendor, model=row.model,
                site_name=row.site_name, record=record, verdict=verdict(record, said, fleet_rate),
                fleet_rate=fleet_rate,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (-one.verdict.gain_minor, one.station_name))


async def say(tx: Transaction, actor: Actor, said: Costs, now: datetime) -> None:
    """Write down the assumptions. Raises `NotAllowed`, `Invalid`."""
    actor.require(Permission.STATIONS_WRITE)
    if actor.site_ids is not None:
        raise NotAllowed("These are the costs of the whole network.")
    if not 1 <= said.life_years <= 40:
        raise Invalid("A life is between 1 and 40 years.", field="life_years")
    if not 0 <= said.interest_percent <= 30:
        raise Invalid("Interest is between 0 and 30 percent.", field="interest_percent")
    if not 0 <= said.least_ac_kw <= 1000 or not 0 <= said.least_dc_kw <= 1000:
        raise Invalid("An outlet gives between 0 and 1000 kW.", field="least_ac_kw")
    body = to_builtins(said)
    await tx.execute(SAVE, body, actor.name, now)
    await audit.write(tx, actor, "replacing_cost.changed", "replacing_cost", None, at=now, detail=body)

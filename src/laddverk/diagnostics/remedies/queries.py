"""What screens and programs read of self-healing: its settings, what it did, and how much of that helped."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.model import Family
from laddverk.diagnostics.remedies.model import Action, Why
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.stations.queries.narrowing import Sites, as_list, like_text

_WHERE: Final = """
FROM remedy JOIN station ON station.id = remedy.station_id JOIN site ON site.id = station.site_id
LEFT JOIN incident ON incident.id = remedy.incident_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', station.name, site.name, remedy.vendor, remedy.model, incident.number)
                  ILIKE '%' || $2 || '%')
  AND ($3 = '' OR ($3 = 'dry' AND remedy.dry) OR ($3 = 'done' AND NOT remedy.dry)
       OR ($3 = 'cured' AND remedy.verdict = 'cured') OR ($3 = 'failed' AND remedy.verdict = 'failed'))
  AND ($4::uuid IS NULL OR remedy.incident_id = $4)
"""
HISTORY: Final = (
    """
SELECT remedy.id, remedy.incident_id, incident.number AS incident_number, remedy.station_id,
       station.name AS station_name, remedy.evse_number, remedy.family, remedy.vendor, remedy.model, remedy.firmware,
       remedy.action, remedy.why, remedy.dry, remedy.decided_at, remedy.state, remedy.word, remedy.finished_at,
       remedy.verdict, remedy.verdict_why, remedy.verdict_at, remedy.sessions_cut
"""
    + _WHERE
    + "ORDER BY remedy.decided_at DESC, remedy.number DESC LIMIT $5 OFFSET $6"
)
COUNT: Final = "SELECT count(*) " + _WHERE
# A visit was avoided where an incident ended with a cure, and without anybody going there.
FIGURES: Final = """
SELECT count(*) FILTER (WHERE NOT dry AND verdict = 'cured')::int AS cured,
       count(*) FILTER (WHERE NOT dry AND verdict <> '')::int AS judged,
       count(DISTINCT incident_id) FILTER (WHERE NOT dry AND action <> 'work_order')::int AS incidents,
       count(DISTINCT incident_id) FILTER (WHERE NOT dry AND verdict = 'cured' AND NOT EXISTS (
           SELECT FROM remedy AS visit WHERE visit.incident_id = remedy.incident_id
             AND visit.action = 'work_order'))::int AS incidents_cured,
       coalesce(sum(sessions_cut), 0)::int AS sessions_cut,
       count(*) FILTER (WHERE NOT dry AND action IN ('reset_soft', 'reset_hard'))::int AS resets
FROM remedy JOIN station ON station.id = remedy.station_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1)) AND decided_at > $2
"""
RATES: Final = """
SELECT vendor, model, firmware, family, action, count(*)::int AS tries,
       count(*) FILTER (WHERE verdict = 'cured')::int AS cured
FROM remedy WHERE NOT dry AND verdict <> '' AND action <> 'work_order'
GROUP BY vendor, model, firmware, family, action ORDER BY tries DESC, vendor, model, firmware, family, action LIMIT 100
"""
MODELS: Final = """
SELECT model.vendor, model.model, model.began_at, model.excluded_at, model.excluded_by, model.excluded_why,
       (SELECT count(*) FROM station WHERE station.vendor = model.vendor AND station.model = model.model
          AND retired_at IS NULL)::int AS stations
FROM remedy_model AS model ORDER BY model.vendor, model.model LIMIT 500
"""
SETTING: Final = "SELECT began_at, switched_off_at, switched_off_by, switched_off_why FROM remedy_setting"
HELD: Final = "SELECT until_at, why, decided_at FROM remedy_hold WHERE incident_id = $1"


class RemedyRow(Struct, frozen=True):
    """One step, and what became of it."""

    id: UUID
    incident_id: UUID
    incident_number: int | None
    station_id: StationId
    station_name: str
    evse_number: int
    family: Family
    vendor: str
    model: str
    firmware: str
    action: Action
    why: Why
    dry: bool
    decided_at: datetime
    state: str
    word: str
    finished_at: datetime | None
    verdict: str
    verdict_why: str
    verdict_at: datetime | None
    sessions_cut: int


class Figures(Struct, frozen=True):
    """How much was mended from here, and what harm it did."""

    cured: int
    judged: int
    incidents: int
    incidents_cured: int
    sessions_cut: int
    resets: int


class RateRow(Struct, frozen=True):
    """How often a step cured a family at one version of a model."""

    vendor: str
    model: str
    firmware: str
    family: Family
    action: Action
    tries: int
    cured: int


class ModelRow(Struct, frozen=True):
    """A model that self-healing has met."""

    vendor: str
    model: str
    began_at: datetime
    excluded_at: datetime | None
    excluded_by: str
    excluded_why: str
    stations: int


class SettingRow(Struct, frozen=True):
    """The kill switch."""

    began_at: datetime
    switched_off_at: datetime | None
    switched_off_by: str
    switched_off_why: str


class Held(Struct, frozen=True):
    """Why nothing is done for an incident now; `until_at` is None when nothing more will be."""

    until_at: datetime | None
    why: Why
    decided_at: datetime


class RemedyFilter(Struct, frozen=True, kw_only=True):
    """What the list is narrowed to: `what` is '', dry, done, cured or failed."""

    search: str = ""
    what: str = ""
    incident_id: UUID | None = None


def _given(sites: Sites, wanted: RemedyFilter) -> tuple[Any, ...]:
    return (as_list(sites), like_text(wanted.search), wanted.what, wanted.incident_id)


async def history(
    tx: Transaction, sites: Sites, wanted: RemedyFilter, *, limit: int, offset: int = 0
) -> list[RemedyRow]:
    """Return steps at these sites, the newest first."""
    return await tx.fetch(RemedyRow, HISTORY, *_given(sites, wanted), limit, offset)


async def count(tx: Transaction, sites: Sites, wanted: RemedyFilter) -> int:
    """Return how many steps there are."""
    return int(await tx.value(COUNT, *_given(sites, wanted)))


async def figures(tx: Transaction, sites: Sites, since: datetime) -> Figures:
    """Return what self-healing has done since `since`."""
    found = await tx.fetch_one(Figures, FIGURES, as_list(sites), since)
    assert found is not None
    return found


async def rates(tx: Transaction) -> list[RateRow]:
    """Return how often each step helped, by version of model and family; the most tried first."""
    return await tx.fetch(RateRow, RATES)


async def models(tx: Transaction) -> list[ModelRow]:
    """Return the models that self-healing has met."""
    return await tx.fetch(ModelRow, MODELS)


async def setting(tx: Transaction) -> SettingRow | None:
    """Return the kill switch; None before self-healing has looked for the first time."""
    return await tx.fetch_one(SettingRow, SETTING)


async def held(tx: Transaction, incident_id: UUID) -> Held | None:
    """Return why nothing is done for an incident now."""
    return await tx.fetch_one(Held, HELD, incident_id)

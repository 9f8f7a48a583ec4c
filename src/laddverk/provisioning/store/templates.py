"""Templates with their versions, how stations stand to them, and runs that write them to chargers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import CommandId, StationId
from laddverk.ocpp.commands import NewValue
from laddverk.platform.database import Transaction
from laddverk.provisioning.model import Family, Present, RunId, Standing, Template, TemplateDetails, TemplateId

INSERT = """
INSERT INTO configuration_template (id, name, vendor, model, site_id, family, checks_at_start, version, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) ON CONFLICT (name) DO NOTHING RETURNING id
"""
INSERT_VERSION = """
INSERT INTO configuration_template_version (template_id, number, wanted, created_at, created_by, reason)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def insert(
    tx: Transaction, template_id: TemplateId, wanted: TemplateDetails, family: Family, now: datetime
) -> bool:
    """Make a template, without its first version. Return False when the name is taken."""
    made = await tx.value(
        INSERT, template_id, wanted.name, wanted.vendor, wanted.model, wanted.site_id, family.value,
        wanted.checks_at_start, now,
    )  # fmt: skip
    return made is not None


async def insert_version(
    tx: Transaction,
    template_id: TemplateId,
    number: int,
    wanted: Sequence[NewValue],
    now: datetime,
    *,
    by: str,
    reason: str,
) -> None:
    """Add a version."""
    await tx.execute(INSERT_VERSION, template_id, number, list(wanted), now, by, reason)


REVISE = """
UPDATE configuration_template SET name = $2, vendor = $3, model = $4, site_id = $5, family = $6,
       checks_at_start = $7, version = $8
WHERE id = $1 AND NOT EXISTS (SELECT FROM configuration_template other WHERE other.name = $2 AND other.id <> $1)
"""


async def revise(
    tx: Transaction, template_id: TemplateId, wanted: TemplateDetails, family: Family, version: int
) -> bool:
    """Change a template to a new version. Return False when the name is taken."""
    changed = await tx.execute(
        REVISE, template_id, wanted.name, wanted.vendor, wanted.model, wanted.site_id, family.value,
        wanted.checks_at_start, version,
    )  # fmt: skip
    return changed > 0


RETIRE = "UPDATE configuration_template SET retired_at = $2, name = $3 WHERE id = $1 AND retired_at IS NULL"
FORGET_STANDINGS = "DELETE FROM configuration_standing WHERE template_id = $1"


async def retire(tx: Transaction, template_id: TemplateId, now: datetime, name: str) -> bool:
    """Take a template out of use, under a name that sets the old one free. Return whether it was in use."""
    await tx.execute(FORGET_STANDINGS, template_id)
    return await tx.execute(RETIRE, template_id, now, name) > 0


_LIVE_COLUMNS = """
SELECT t.id, t.name, t.vendor, t.model, t.site_id, t.family, t.checks_at_start, t.version, t.retired_at,
       v.created_at AS version_at, v.wanted
FROM configuration_template t
JOIN configuration_template_version v ON v.template_id = t.id AND v.number = t.version
"""
LIVE = _LIVE_COLUMNS + "WHERE t.retired_at IS NULL ORDER BY t.name"
ONE = _LIVE_COLUMNS + "WHERE t.id = $1 FOR UPDATE OF t"


async def live(tx: Transaction) -> list[Template]:
    """Return all templates that are in use."""
    return await tx.fetch(Template, LIVE)


async def lock(tx: Transaction, template_id: TemplateId) -> Template | None:
    """Return a template, locked, whether in use or not."""
    return await tx.fetch_one(Template, ONE, template_id)


ANY_CHECKS = "SELECT EXISTS (SELECT FROM configuration_template WHERE checks_at_start AND retired_at IS NULL)"


async def any_checks_at_start(tx: Transaction) -> bool:
    """Return whether any template wants to be compared each time a charger has started."""
    return bool(await tx.value(ANY_CHECKS))


class PresentRow(Struct, frozen=True):
    """A present value with its key in lower case."""

    station_id: StationId
    component: str
    variable: str
    attribute: str
    value: str | None
    data_type: str | None
    changed_at: datetime
    pending_value: str | None

    def as_present(self) -> Present:
        """Return what comparing needs."""
        return Present(
            value=self.value, data_type=self.data_type, changed_at=self.changed_at, pending_value=self.pending_value
        )


PRESENT = """
SELECT station_id, lower(component) AS component, lower(variable) AS variable, lower(attribute) AS attribute, value,
       data_type, changed_at, pending_value
FROM station_variable
WHERE station_id = ANY($1) AND lower(variable) = ANY($2)
ORDER BY reported_at
"""


async def present(tx: Transaction, station_ids: Sequence[StationId], variables: Sequence[str]) -> list[PresentRow]:
    """Return the present values of variables with these lower-case names at these stations, the newest last."""
    return await tx.fetch(PresentRow, PRESENT, list(station_ids), list(variables))


KEEP_STANDINGS = """
INSERT INTO configuration_standing AS kept (station_id, template_id, version, state, since, differences, checked_at)
SELECT station_id, template_id, version, state, $6, differences::jsonb, $6
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[])
    AS given (station_id, template_id, version, state, differences)
ON CONFLICT (station_id, template_id) DO UPDATE
SET version = excluded.version, state = excluded.state, differences = excluded.differences,
    checked_at = excluded.checked_at,
    since = CASE WHEN kept.state = excluded.state THEN kept.since ELSE excluded.since END
"""
DROP_STANDINGS = """
DELETE FROM configuration_standing s
WHERE station_id = ANY($1) AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $3::uuid[]) AS given (station_id, template_id)
    WHERE given.station_id = s.station_id AND given.template_id = s.template_id)
"""


async def keep_standings(
    tx: Transaction, station_ids: Sequence[StationId], standings: Sequence[Standing], now: datetime
) -> None:
    """Keep how these stations stand; what they no longer stand to is forgotten."""
    stations, templates = [one.station_id for one in standings], [one.template_id for one in standings]
    await tx.execute(DROP_STANDINGS, list(station_ids), stations, templates)
    await tx.execute(
        KEEP_STANDINGS,
        stations,
        templates,
        [one.version for one in standings],
        [one.state.value for one in standings],
        [msgspec.json.encode(one.differences).decode() for one in standings],
        now,
    )


START_RUN = """
INSERT INTO configuration_run (id, template_id, version, started_at, started_by, reason) VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_TO_RUN = """
INSERT INTO configuration_run_station (run_id, station_id)
SELECT $1, s.station_id FROM configuration_standing s JOIN station ON station.id = s.station_id
WHERE s.template_id = $2 AND s.state <> 'in_step' AND station.retired_at IS NULL
  AND ($3::uuid IS NULL OR s.station_id = $3) AND ($4::uuid[] IS NULL OR station.site_id = ANY($4))
RETURNING station_id
"""


async def start_run(
    tx: Transaction,
    run_id: RunId,
    template: Template,
    *,
    station_id: StationId | None,
    site_ids: Sequence[UUID] | None,
    by: str,
    reason: str,
    now: datetime,
) -> int:
    """Begin a run over the stations that are not in step (or one of them); return how many there are."""
    await tx.execute(START_RUN, run_id, template.id, template.version, now, by, reason)
    return len(await tx.values(ADD_TO_RUN, run_id, template.id, station_id, site_ids))


class Run(Struct, frozen=True, kw_only=True):
    """A run, as its job needs it."""

    id: RunId
    template_id: TemplateId
    started_by: str
    reason: str


RUN = "SELECT id, template_id, started_by, reason FROM configuration_run WHERE id = $1"
WAITING = """
SELECT w.station_id, coalesce(s.differences, '[]'::jsonb) AS differences
FROM configuration_run_station w
LEFT JOIN configuration_standing s ON s.station_id = w.station_id AND s.template_id = $2
WHERE w.run_id = $1 AND w.queued_at IS NULL ORDER BY w.station_id LIMIT $3 FOR UPDATE OF w SKIP LOCKED
"""
QUEUED = """
UPDATE configuration_run_station SET queued_at = $3, command_ids = $4, skipped = $5
WHERE run_id = $1 AND station_id = $2
"""


class WaitingStation(Struct, frozen=True):
    """A station that waits for its commands in a run, and what differs there."""

    station_id: StationId
    differences: list[dict[str, Any]]


async def run(tx: Transaction, run_id: RunId) -> Run | None:
    """Return a run."""
    return await tx.fetch_one(Run, RUN, run_id)


async def waiting(tx: Transaction, begun: Run, limit: int) -> list[WaitingStation]:
    """Return stations of a run that got no commands yet, locked."""
    return await tx.fetch(WaitingStation, WAITING, begun.id, begun.template_id, limit)


async def queued(
    tx: Transaction, run_id: RunId, station_id: StationId, commands: Sequence[CommandId], skipped: str, now: datetime
) -> None:
    """Note the commands that a station got in a run, or why it got none."""
    await tx.execute(QUEUED, run_id, station_id, now, list(commands), skipped)

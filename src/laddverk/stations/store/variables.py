"""Configuration keys and variables in PostgreSQL: the present values, and every value that was known before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Transaction


class KeptVariable(Struct, frozen=True):
    """A variable as it was at an instant, and how that is known."""

    station_id: StationId
    variable: Variable
    reported_at: datetime
    cause: str = "report"
    changed_by: str = ""
    command_id: UUID | None = None


KEEP_VARIABLES = """
-- The newest value of each, and a line of history wherever that is another one than before.
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::float8[], $10::float8[], $11::text[], $12::bool[], $13::bool[], $14::bool[],
                         $15::timestamptz[], $16::text[], $17::text[], $18::uuid[])
        AS g (station_id, component, variable, attribute, value, mutability, unit, data_type, min_limit, max_limit,
              values_list, supports_monitoring, persistent, constant, reported_at, cause, changed_by, command_id)
), before AS (
    SELECT g.*, k.station_id IS NULL OR k.value IS DISTINCT FROM g.value AS is_other
    FROM given g LEFT JOIN station_variable k USING (station_id, component, variable, attribute)
), kept AS (
    INSERT INTO station_variable AS kept
        (station_id, component, variable, attribute, value, mutability, unit, data_type, min_limit, max_limit,
         values_list, supports_monitoring, persistent, constant, reported_at, changed_at, changed_by)
    SELECT station_id, component, variable, attribute, value, mutability, unit, data_type, min_limit, max_limit,
           values_list, supports_monitoring, persistent, constant, reported_at, reported_at, changed_by
    FROM before
    ON CONFLICT (station_id, component, variable, attribute) DO UPDATE
    SET value = excluded.value, unit = coalesce(excluded.unit, kept.unit),
        mutability = coalesce(nullif(excluded.mutability, ''), kept.mutability),
        data_type = coalesce(excluded.data_type, kept.data_type),
        min_limit = coalesce(excluded.min_limit, kept.min_limit),
        max_limit = coalesce(excluded.max_limit, kept.max_limit),
        values_list = coalesce(excluded.values_list, kept.values_list),
        supports_monitoring = coalesce(excluded.supports_monitoring, kept.supports_monitoring),
        persistent = coalesce(excluded.persistent, kept.persistent),
        constant = coalesce(excluded.constant, kept.constant), reported_at = excluded.reported_at,
        changed_at = CASE WHEN kept.value IS DISTINCT FROM excluded.value
                          THEN excluded.reported_at ELSE kept.changed_at END,
        changed_by = CASE WHEN kept.value IS DISTINCT FROM excluded.value
                          THEN excluded.changed_by ELSE kept.changed_by END,
        pending_value = CASE WHEN kept.pending_value = excluded.value THEN NULL ELSE kept.pending_value END,
        pending_since = CASE WHEN kept.pending_value = excluded.value THEN NULL ELSE kept.pending_since END
    WHERE (excluded.reported_at, coalesce(excluded.value, '')) > (kept.reported_at, coalesce(kept.value, ''))
    RETURNING station_id, component, variable, attribute
), noted AS (
    INSERT INTO station_variable_change
        (station_id, component, variable, attribute, at, value, cause, changed_by, command_id)
    SELECT station_id, component, variable, attribute, reported_at, value, cause, changed_by, command_id
    FROM before JOIN kept USING (station_id, component, variable, attribute) WHERE is_other
    ON CONFLICT (station_id, component, variable, attribute, at) DO UPDATE
    SET value = excluded.value, cause = excluded.cause, changed_by = excluded.changed_by
    RETURNING station_id
)
SELECT DISTINCT station_id FROM noted
"""


async def keep_variables(tx: Transaction, variables: Sequence[KeptVariable]) -> list[StationId]:
    """Keep the newest value of each variable and note what changed; return the stations where anything did.

    Each (station, component, variable, attribute) at most once. Characteristics that are not said stay as they are.
    """
    return await tx.values(
        KEEP_VARIABLES,
        [one.station_id for one in variables],
        [one.variable.component for one in variables],
        [one.variable.variable for one in variables],
        [one.variable.attribute for one in variables],
        [one.variable.value for one in variables],
        [one.variable.mutability for one in variables],
        [one.variable.unit for one in variables],
        [one.variable.data_type for one in variables],
        [one.variable.min_limit for one in variables],
        [one.variable.max_limit for one in variables],
        [one.variable.values_list for one in variables],
        [one.variable.supports_monitoring for one in variables],
        [one.variable.persistent for one in variables],
        [one.variable.constant for one in variables],
        [one.reported_at for one in variables],
        [one.cause for one in variables],
        [one.changed_by for one in variables],
        [one.command_id for one in variables],
    )


class Counted(Struct, frozen=True):
    """How many variables of a station are kept."""

    station_id: StationId
    count: int


COUNT_VARIABLES = """
SELECT station_id, count(*) AS count FROM station_variable WHERE station_id = ANY($1) GROUP BY station_id
"""


async def count_variables(tx: Transaction, station_ids: Sequence[StationId]) -> dict[StationId, int]:
    """Return how many variables are kept of each of these stations."""
    rows = await tx.fetch(Counted, COUNT_VARIABLES, list(station_ids))
    return {row.station_id: row.count for row in rows}


KNOWN = """
SELECT DISTINCT k.station_id, k.component, k.variable
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS g (station_id, component, variable)
JOIN station_variable k ON k.station_id = g.station_id AND k.component = g.component AND k.variable = g.variable
  AND k.attribute = 'Actual'
"""


class Name(Struct, frozen=True):
    """Which variable of which station."""

    station_id: StationId
    component: str
    variable: str


async def known(tx: Transaction, names: Sequence[Name]) -> set[Name]:
    """Return those of `names` whose actual value is kept."""
    return set(
        await tx.fetch(
            Name,
            KNOWN,
            [name.station_id for name in names],
            [name.component for name in names],
            [name.variable for name in names],
        )
    )


AWAIT_START = """
UPDATE station_variable SET pending_value = $5, pending_since = $6
WHERE station_id = $1 AND component = $2 AND variable = $3 AND attribute = $4 AND value IS DISTINCT FROM $5
"""


async def await_start(tx: Transaction, station_id: StationId, name: Variable, value: str, now: datetime) -> None:
    """Note that a value was taken, and is in force from the charger's next start."""
    await tx.execute(AWAIT_START, station_id, name.component, name.variable, name.attribute, value, now)


START_ENDS_WAIT = """
UPDATE station_variable SET pending_value = NULL, pending_since = NULL
WHERE station_id = ANY($1) AND pending_since IS NOT NULL
RETURNING station_id, component, variable, attribute
"""


class Awaited(Struct, frozen=True):
    """A variable whose new value should be in force now."""

    station_id: StationId
    component: str
    variable: str
    attribute: str


async def start_ends_wait(tx: Transaction, station_ids: Sequence[StationId]) -> list[Awaited]:
    """Return the variables of these stations that waited for a start, which they do no more."""
    return await tx.fetch(Awaited, START_ENDS_WAIT, list(station_ids))


PRUNE_HISTORY = """
DELETE FROM station_variable_change c USING (
    SELECT station_id, component, variable, attribute, at,
           row_number() OVER (PARTITION BY station_id, component, variable, attribute ORDER BY at DESC) AS place
    FROM station_variable_change
) AS ranked
WHERE ranked.place > 1 AND (ranked.place > $2 OR ranked.at < $1)
  AND c.station_id = ranked.station_id AND c.component = ranked.component AND c.variable = ranked.variable
  AND c.attribute = ranked.attribute AND c.at = ranked.at
"""


async def prune_history(tx: Transaction, before: datetime, kept_max: int) -> int:
    """Drop what was known before `before`, and all but the newest `kept_max` of each; never the present value."""
    return await tx.execute(PRUNE_HISTORY, before, kept_max)

"""What screens read of a station's variables: a tree of components, values with history, reports, network profiles.

Whoever calls has looked whether the station may be seen.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.provisioning.model import Difference
from laddverk.stations.queries import like_text


class VariableFilter(Struct, frozen=True, kw_only=True):
    """What a list of variables is narrowed to. Empty narrows nothing."""

    search: str = ""
    component: str = ""
    writable: bool = False
    changed_since: datetime | None = None
    monitored: bool = False


class ComponentRow(Struct, frozen=True):
    """A component with how many variables it has."""

    component: str
    variables: int


COMPONENTS = """
SELECT component, count(*) AS variables FROM station_variable WHERE station_id = $1
GROUP BY component ORDER BY component LIMIT 2000
"""


async def components(tx: Transaction, station_id: UUID) -> list[ComponentRow]:
    """Return the components of a station; one without a name for the keys of 1.6."""
    return await tx.fetch(ComponentRow, COMPONENTS, station_id)


class VariableRow(Struct, frozen=True, kw_only=True):
    """An attribute of a variable with its characteristics."""

    component: str
    variable: str
    attribute: str
    value: str | None
    mutability: str
    unit: str | None
    data_type: str | None
    min_limit: float | None
    max_limit: float | None
    values_list: str | None
    supports_monitoring: bool | None
    persistent: bool | None
    constant: bool | None
    reported_at: datetime
    changed_at: datetime
    changed_by: str
    pending_value: str | None
    pending_since: datetime | None
    changes: int = 0


_NARROWED = """
FROM station_variable v
WHERE v.station_id = $1 AND ($2 = '' OR concat_ws(' ', component, variable, value) ILIKE '%' || $2 || '%')
  AND ($3 = '' OR component = $3) AND (NOT $4 OR mutability <> 'ReadOnly')
  AND ($5::timestamptz IS NULL OR EXISTS (
      SELECT FROM station_variable_change c WHERE c.station_id = v.station_id AND c.component = v.component
        AND c.variable = v.variable AND c.attribute = v.attribute AND c.at >= $5 AND EXISTS (
            SELECT FROM station_variable_change b WHERE b.station_id = c.station_id AND b.component = c.component
              AND b.variable = c.variable AND b.attribute = c.attribute AND b.at < c.at)))
  AND (NOT $6 OR supports_monitoring)
"""
_COUNTED_SHOWN = """
SELECT v.*, (SELECT count(*) - 1 FROM station_variable_change c WHERE c.station_id = v.station_id
             AND c.component = v.component AND c.variable = v.variable AND c.attribute = v.attribute) AS changes
"""
_PAGE_SHOWN = """
ORDER BY component, variable, attribute LIMIT $7 OFFSET $8
"""
VARIABLES = _COUNTED_SHOWN + _NARROWED + _PAGE_SHOWN
COUNT = "SELECT count(*)" + _NARROWED


async def variables(
    tx: Transaction, station_id: UUID, wanted: VariableFilter, *, limit: int = 50, offset: int = 0
) -> list[VariableRow]:
    """Return a page of a station's variables, by component and name."""
    return await tx.fetch(VariableRow, VARIABLES, *_narrowing(station_id, wanted), limit, offset)


async def count_variables(tx: Transaction, station_id: UUID, wanted: VariableFilter) -> int:
    """Return how many variables `wanted` leaves."""
    return int(await tx.value(COUNT, *_narrowing(station_id, wanted)))


def _narrowing(station_id: UUID, wanted: VariableFilter) -> tuple[object, ...]:
    return (
        station_id, like_text(wanted.search), wanted.component, wanted.writable, wanted.changed_since,
        wanted.monitored,
    )  # fmt: skip


ONE = """
SELECT *, 0 AS changes FROM station_variable
WHERE station_id = $1 AND component = $2 AND variable = $3 AND attribute = $4
"""


async def variable(
    tx: Transaction, station_id: UUID, component: str, variable: str, attribute: str
) -> VariableRow | None:
    """Return one attribute of a variable."""
    return await tx.fetch_one(VariableRow, ONE, station_id, component, variable, attribute)


PENDING = """
SELECT *, 0 AS changes FROM station_variable WHERE station_id = $1 AND pending_since IS NOT NULL
ORDER BY component, variable LIMIT 100
"""


async def pending(tx: Transaction, station_id: UUID) -> list[VariableRow]:
    """Return the variables whose new value is in force from the next start."""
    return await tx.fetch(VariableRow, PENDING, station_id)


class ChangeRow(Struct, frozen=True, kw_only=True):
    """A value that a variable got, when, and who says so."""

    component: str
    variable: str
    attribute: str
    at: datetime
    value: str | None
    before: str | None
    is_first: bool
    cause: str
    changed_by: str
    command_id: UUID | None


_CHANGES = """
SELECT * FROM (
    SELECT component, variable, attribute, at, value, lag(value) OVER w AS before, row_number() OVER w = 1 AS is_first,
           cause, changed_by, command_id
    FROM station_variable_change
    WHERE station_id = $1 AND ($2::text IS NULL OR (component = $2 AND variable = $3 AND attribute = $4))
    WINDOW w AS (PARTITION BY component, variable, attribute ORDER BY at)
) AS change
"""
HISTORY = _CHANGES + "ORDER BY at DESC LIMIT $5"
LATEST = _CHANGES + "WHERE NOT is_first ORDER BY at DESC, component, variable LIMIT $5"


async def history(
    tx: Transaction, station_id: UUID, component: str, variable: str, attribute: str, limit: int = 100
) -> list[ChangeRow]:
    """Return the values that a variable had, newest first."""
    return await tx.fetch(ChangeRow, HISTORY, station_id, component, variable, attribute, limit)


async def latest_changes(tx: Transaction, station_id: UUID, limit: int = 20) -> list[ChangeRow]:
    """Return what changed last at a station; what was told for the first time is no change."""
    return await tx.fetch(ChangeRow, LATEST, station_id, None, None, None, limit)


class DifferenceRow(Struct, frozen=True, kw_only=True):
    """A variable that had another value at one instant than at another."""

    component: str
    variable: str
    attribute: str
    was_known: bool
    value_then: str | None
    value_later: str | None
    changed_at: datetime
    cause: str
    changed_by: str


DIFFERENCES = """
WITH later AS (
    SELECT DISTINCT ON (component, variable, attribute) component, variable, attribute, value, at, cause, changed_by
    FROM station_variable_change WHERE station_id = $1 AND at <= $3
    ORDER BY component, variable, attribute, at DESC
), earlier AS (
    SELECT DISTINCT ON (component, variable, attribute) component, variable, attribute, value
    FROM station_variable_change WHERE station_id = $1 AND at <= $2
    ORDER BY component, variable, attribute, at DESC
)
SELECT component, variable, attribute, earlier.component IS NOT NULL AS was_known, earlier.value AS value_then,
       later.value AS value_later, later.at AS changed_at, later.cause, later.changed_by
FROM later LEFT JOIN earlier USING (component, variable, attribute)
WHERE later.value IS DISTINCT FROM earlier.value OR earlier.component IS NULL
ORDER BY component, variable, attribute LIMIT $4
"""


async def differences(
    tx: Transaction, station_id: UUID, then: datetime, later: datetime, limit: int = 1000
) -> list[DifferenceRow]:
    """Return what was another way at `then` than at `later`, with its last change before `later`."""
    return await tx.fetch(DifferenceRow, DIFFERENCES, station_id, then, later, limit)


class InventoryRow(Struct, frozen=True, kw_only=True):
    """A report that was asked for, and what of it has come."""

    request_id: int
    kind: str
    what: str
    requested_at: datetime
    parts: list[int]
    last_part: int | None
    items: int
    received_at: datetime | None
    state: str | None
    """Of the command that asked for it."""


INVENTORIES = """
SELECT i.request_id, i.kind, i.what, i.requested_at, i.parts, i.last_part, i.items, i.received_at, c.state
FROM station_inventory i LEFT JOIN command c ON c.id = i.command_id
WHERE i.station_id = $1 AND i.kind = $2 ORDER BY i.requested_at DESC LIMIT $3
"""


async def inventories(tx: Transaction, station_id: UUID, kind: str, limit: int = 5) -> list[InventoryRow]:
    """Return the latest reports of a station; `kind` is variables or monitors."""
    return await tx.fetch(InventoryRow, INVENTORIES, station_id, kind, limit)


class ProfileRow(Struct, frozen=True, kw_only=True):
    """A network profile that we have written into a charger."""

    slot: int
    url: str
    security_profile: int
    message_timeout_s: int
    interface: str
    ocpp_version: str
    apn: str | None
    set_at: datetime
    set_by: str


PROFILES = "SELECT * FROM network_profile WHERE station_id = $1 ORDER BY slot"


async def profiles(tx: Transaction, station_id: UUID) -> list[ProfileRow]:
    """Return the network profiles of a station."""
    return await tx.fetch(ProfileRow, PROFILES, station_id)


PRIORITY = """
SELECT *, 0 AS changes FROM station_variable
WHERE station_id = $1 AND component = 'OCPPCommCtrlr' AND attribute = 'Actual'
  AND variable IN ('NetworkConfigurationPriority', 'ActiveNetworkProfile', 'NetworkProfileConnectionAttempts')
"""


async def network_variables(tx: Transaction, station_id: UUID) -> dict[str, VariableRow]:
    """Return the variables that say which profiles a charger uses, by name."""
    return {row.variable: row for row in await tx.fetch(VariableRow, PRIORITY, station_id)}


class StandingRow(Struct, frozen=True, kw_only=True):
    """How a station stands to one template."""

    template_id: UUID
    name: str
    version: int
    state: str
    since: datetime
    differences: list[Difference]
    checked_at: datetime

    @property
    def count(self) -> int:
        """How many settings differ."""
        return len(self.differences)


STANDINGS = """
SELECT s.template_id, t.name, s.version, s.state, s.since, s.differences, s.checked_at
FROM configuration_standing s JOIN configuration_template t ON t.id = s.template_id
WHERE s.station_id = $1 ORDER BY t.name
"""


async def standings(tx: Transaction, station_id: UUID) -> list[StandingRow]:
    """Return how a station stands to the templates that are meant for it."""
    return await tx.fetch(StandingRow, STANDINGS, station_id)

"""Local lists in PostgreSQL: choices, what stations carry, and what is different. SQL and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET, Struct

from laddverk.authorisation.list_rules import Change
from laddverk.authorisation.model import Difference, Keeper, ListChoice
from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.database import Transaction

EFFECTIVE_COLUMNS: Final = """
    SELECT DISTINCT ON (station.id) station.id AS station_id, choice.scope, choice.driver_groups
    FROM station LEFT JOIN list_choice AS choice
      ON choice.station_id = station.id OR choice.site_id = station.site_id
         OR (choice.station_id IS NULL AND choice.site_id IS NULL)
    ORDER BY station.id, choice.station_id NULLS LAST, choice.site_id NULLS LAST
"""
"""The choice that counts for each station: its own, its site's, the network's."""

CARRYING: Final = f"""
-- Stations that have a list, or are to have one, and can be reached.
SELECT station.id FROM station
JOIN ({EFFECTIVE_COLUMNS}) AS chosen ON chosen.station_id = station.id
LEFT JOIN local_list ON local_list.station_id = station.id
WHERE station.retired_at IS NULL AND station.connected_at IS NOT NULL
  AND (coalesce(chosen.scope, 'off') <> 'off' OR local_list.version > 0)
  AND ($1::uuid[] IS NULL OR station.id = ANY($1))
"""  # noqa: S608 - a constant above

BEGIN: Final = "INSERT INTO local_list (station_id) VALUES ($1) ON CONFLICT DO NOTHING"

KEEPER: Final = f"""
-- A station with its list, locked, and what it says of its own limits.
SELECT station.id AS station_id, station.site_id, station.protocol, station.connected_at IS NOT NULL AS connected,
       station.retired_at IS NOT NULL AS retired, station.vendor, station.model, station.firmware, station.quirks,
       coalesce(chosen.scope, 'off') AS scope, coalesce(chosen.driver_groups, '{{}}') AS driver_groups,
       list.version, list.known_at, list.needs_full, list.state, list.command_id, list.tries, list.next_try_at,
       (SELECT min(CASE WHEN max_limit IS NOT NULL THEN max_limit
                        WHEN value ~ '^[0-9]{{1,9}}$' THEN value::double precision END)::int
        FROM station_variable AS told
        WHERE told.station_id = $1
          AND (lower(variable) = 'localauthlistmaxlength'
               OR (lower(variable) = 'entries' AND lower(component) = 'localauthlistctrlr' AND max_limit IS NOT NULL))
       ) AS length_max,
       (SELECT min(CASE WHEN value ~ '^[0-9]{{1,9}}$' THEN value::int END) FROM station_variable AS told
        WHERE told.station_id = $1
          AND (lower(variable) = 'sendlocallistmaxlength'
               OR (lower(variable) = 'itemspermessage' AND lower(component) = 'localauthlistctrlr'))
       ) AS per_message_max
FROM local_list AS list
JOIN station ON station.id = list.station_id
JOIN ({EFFECTIVE_COLUMNS}) AS chosen ON chosen.station_id = station.id
WHERE list.station_id = $1
FOR UPDATE OF list
"""  # noqa: S608 - as above

WANTED_COLUMNS: Final = """
SELECT token.uid, token.kind, token.valid_until,
       CASE WHEN token.is_master THEN $9 ELSE token.group_code END AS group_code
FROM token LEFT JOIN driver ON driver.id = token.driver_id
LEFT JOIN token_presence AS here ON here.station_id = $1 AND here.token_uid = token.uid
WHERE token.blocked_at IS NULL AND driver.blocked_at IS NULL AND (driver.id IS NOT NULL OR token.is_master)
  AND (token.is_master OR coalesce(driver.starts_held, '') = '')
  AND (token.valid_until IS NULL OR token.valid_until > $2) AND token.kind NOT IN ('app', 'adhoc')
  AND length(token.uid) <= $3 AND (NOT $4::boolean OR token.uid ~ '^[0-9A-F]+$')
  AND CASE $5 WHEN 'all' THEN true
              WHEN 'groups' THEN token.is_master OR driver.driver_group = ANY($6::text[])
              WHEN 'site' THEN token.is_master OR EXISTS (
                  SELECT FROM token_presence AS seen
                  JOIN token AS own ON own.uid = seen.token_uid
                  JOIN station ON station.id = seen.station_id
                  WHERE own.driver_id = token.driver_id AND station.site_id = $7 AND seen.last_at > $8)
              ELSE false END
  AND NOT EXISTS (SELECT FROM customer_answer AS forgot
                  JOIN customer_request AS wish ON wish.id = forgot.request_id AND wish.kind = 'erase'
                  WHERE forgot.station_id = $1 AND forgot.token_uid = token.uid AND forgot.state = 'done'
                    AND (here.last_at IS NULL OR here.last_at < forgot.ended_at))
ORDER BY token.is_master DESC, here.station_id IS NULL, token.created_at, token.uid
"""
"""The tokens that belong into a list, the most useful first: masters, those that were shown here, the oldest. One that
the station was told to forget does not, until it is shown there again (OCPP 2.x N10)."""

WANTED_COUNT: Final = f"SELECT count(*) FROM ({WANTED_COLUMNS}) AS wanted"  # noqa: S608 - a constant above

DIFFERENCES: Final = f"""
-- What is different from what the station has, those that must leave first. $11: it has nothing that counts.
WITH wanted AS (SELECT * FROM ({WANTED_COLUMNS}) AS all_wanted LIMIT $10),
     kept AS (SELECT * FROM local_list_entry WHERE station_id = $1 AND NOT $11::boolean)
SELECT coalesce(kept.token_uid, wanted.uid) AS token_uid, coalesce(wanted.kind, '') AS kind,
       coalesce(kept.token_type, '') AS token_type, wanted.valid_until,
       coalesce(wanted.group_code, '') AS group_code, wanted.uid IS NULL AS is_gone
FROM wanted FULL JOIN kept ON kept.token_uid = wanted.uid
WHERE wanted.uid IS NULL OR kept.token_uid IS NULL
   OR (wanted.valid_until, wanted.group_code) IS DISTINCT FROM (kept.valid_until, kept.group_code)
ORDER BY wanted.uid IS NOT NULL, token_uid LIMIT $12
"""  # noqa: S608 - as above

SENDING: Final = (
    "UPDATE local_list SET state = 'sending', command_id = $2, wanted = $3, changed_at = $4 WHERE station_id = $1"
)
RESTING: Final = (
    "UPDATE local_list SET state = $2, wanted = $3 WHERE station_id = $1 AND (state, wanted) IS DISTINCT FROM ($2, $3)"
)
UNDER_WAY: Final = "SELECT station_id FROM local_list WHERE command_id = $1"
CHANGE: Final = """
UPDATE local_list SET state = $2, word = $3, version = coalesce($4, version),
       known_at = CASE WHEN $5::boolean THEN $6 ELSE known_at END, needs_full = coalesce($7, needs_full), tries = $8,
       next_try_at = $9, command_id = NULL, changed_at = $10
WHERE station_id = $1
"""
EMPTY: Final = "DELETE FROM local_list_entry WHERE station_id = $1"
TAKE_OFF: Final = "DELETE FROM local_list_entry WHERE station_id = $1 AND token_uid = ANY($2)"
PUT_ON: Final = """
INSERT INTO local_list_entry (station_id, token_uid, token_type, valid_until, group_code)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::text[])
ON CONFLICT (station_id, token_uid) DO UPDATE
SET token_type = excluded.token_type, valid_until = excluded.valid_until, group_code = excluded.group_code
"""
DOUBT: Final = "UPDATE local_list SET known_at = NULL WHERE station_id = ANY($1) AND known_at < $2"
AGAIN: Final = """
UPDATE local_list SET known_at = NULL, needs_full = true, state = 'waiting', tries = 0, next_try_at = NULL
WHERE station_id = $1
"""
CHOOSE: Final = """
INSERT INTO list_choice (id, site_id, station_id, scope, driver_groups, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (site_id, station_id) DO UPDATE
SET scope = excluded.scope, driver_groups = excluded.driver_groups, changed_at = excluded.changed_at
"""
UNCHOOSE: Final = """
DELETE FROM list_choice WHERE site_id IS NOT DISTINCT FROM $1 AND station_id IS NOT DISTINCT FROM $2
"""
COMMAND: Final = "SELECT command, coalesce(outcome, '') AS word, state, detail FROM command WHERE id = $1"
CACHING: Final = """
-- Stations where one of these tokens was shown and may be remembered, unless they say that they keep no cache, or are
-- told already to clear it.
SELECT DISTINCT station.id FROM token_presence
JOIN station ON station.id = token_presence.station_id AND station.retired_at IS NULL
WHERE token_presence.token_uid = ANY($1) AND token_presence.last_at > $2
  AND NOT EXISTS (SELECT FROM station_variable AS said WHERE said.station_id = station.id
                  AND (lower(said.variable) = 'authorizationcacheenabled'
                       OR (lower(said.component) = 'authcachectrlr' AND lower(said.variable) = 'enabled'))
                  AND lower(said.value) = 'false')
  AND NOT EXISTS (SELECT FROM command WHERE command.station_id = station.id AND command.kind = 'clear_cache'
                  AND command.state = 'queued')
LIMIT $3
"""
CACHE_HOURS: Final = "SELECT cache_hours FROM access_policy"
SET_CACHE_HOURS: Final = "UPDATE access_policy SET cache_hours = $1"
PRESENT: Final = """
INSERT INTO token_presence AS known (station_id, token_uid, first_at, last_at)
SELECT given.station_id, token.uid, min(given.at), max(given.at)
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS given (station_id, token_uid, at)
JOIN token ON token.uid = given.token_uid
GROUP BY given.station_id, token.uid
ON CONFLICT (station_id, token_uid) DO UPDATE SET last_at = excluded.last_at
WHERE known.last_at < excluded.last_at - interval '1 hour'
"""


class _Found(Struct, frozen=True):
    token_uid: str
    kind: str
    token_type: str
    valid_until: datetime | None
    group_code: str
    is_gone: bool


class Outcome(Struct, frozen=True):
    """A command of ours with its outcome."""

    command: dict[str, Any]
    word: str
    state: str
    detail: dict[str, Any]


async def carrying(tx: Transaction, station_ids: Sequence[StationId] | None = None) -> list[StationId]:
    """Return the connected stations (among `station_ids`, or all) that have a list or are to have one."""
    return await tx.values(CARRYING, None if station_ids is None else list(station_ids))


async def keeper(tx: Transaction, station_id: StationId) -> Keeper | None:
    """Return a station with its list, locked; the list is begun when there is none."""
    await tx.execute(BEGIN, station_id)
    return await tx.fetch_one(Keeper, KEEPER, station_id)


class Filter(Struct, frozen=True, kw_only=True):
    """Which tokens may be in a list, beside what its scope says."""

    now: datetime
    seen_since: datetime
    tag_length_max: int
    hex_only: bool
    master_group: str

    def of(self, keeper: Keeper) -> tuple[object, ...]:
        """Return the arguments $1 to $9 of a statement on wanted tokens."""
        return (
            keeper.station_id, self.now, self.tag_length_max, self.hex_only, keeper.scope.value,
            list(keeper.driver_groups), keeper.site_id, self.seen_since, self.master_group,
        )  # fmt: skip


async def wanted_count(tx: Transaction, keeper: Keeper, chosen: Filter) -> int:
    """Return how many tokens belong into the list of a station, whether they fit or not."""
    return int(await tx.value(WANTED_COUNT, *chosen.of(keeper)))


async def differences(
    tx: Transaction, keeper: Keeper, chosen: Filter, length_max: int, limit: int, types: dict[str, str]
) -> list[Difference]:
    """Return at most `limit` differences between what belongs into the list and what the station has."""
    rows = await tx.fetch(_Found, DIFFERENCES, *chosen.of(keeper), length_max, keeper.needs_full, limit)
    return [
        Difference(
            token_uid=row.token_uid,
            token_type=row.token_type if row.is_gone else types.get(row.kind, "Central"),
            valid_until=row.valid_until,
            group_code=row.group_code,
            is_gone=row.is_gone,
        )
        for row in rows
    ]


async def sending(tx: Transaction, station_id: StationId, command_id: UUID, wanted: int, now: datetime) -> None:
    """Write that a command about the list is under way."""
    await tx.execute(SENDING, station_id, command_id, wanted, now)


async def resting(tx: Transaction, station_id: StationId, state: str, wanted: int) -> None:
    """Write that there is nothing to be sent, or nothing can be now."""
    await tx.execute(RESTING, station_id, state, wanted)


async def under_way(tx: Transaction, command_id: UUID) -> StationId | None:
    """Return the station whose list a command is about."""
    found: StationId | None = await tx.value(UNDER_WAY, command_id)
    return found


async def outcome(tx: Transaction, command_id: UUID) -> Outcome | None:
    """Return a command with its outcome."""
    return await tx.fetch_one(Outcome, COMMAND, command_id)


async def change(tx: Transaction, station_id: StationId, changed: Change, now: datetime) -> None:
    """Write what an outcome changes."""
    await tx.execute(
        CHANGE,
        station_id,
        changed.state.value,
        changed.word,
        None if changed.version is UNSET else changed.version,
        changed.known_at is not UNSET,
        None if changed.known_at is UNSET else changed.known_at,
        None if changed.needs_full is UNSET else changed.needs_full,
        changed.tries,
        changed.next_try_at,
        now,
    )


async def empty(tx: Transaction, station_id: StationId) -> None:
    """Forget what a station has."""
    await tx.execute(EMPTY, station_id)


async def take_off(tx: Transaction, station_id: StationId, uids: Sequence[str]) -> None:
    """Forget some of what a station has."""
    if uids:
        await tx.execute(TAKE_OFF, station_id, list(uids))


async def put_on(tx: Transaction, station_id: StationId, entries: Sequence[Difference]) -> None:
    """Write what a station has from now on."""
    if entries:
        await tx.execute(
            PUT_ON,
            station_id,
            [entry.token_uid for entry in entries],
            [entry.token_type for entry in entries],
            [entry.valid_until for entry in entries],
            [entry.group_code for entry in entries],
        )


async def doubt(tx: Transaction, station_ids: Sequence[StationId], before: datetime) -> None:
    """Ask these stations anew for their version, where they last told it before `before`."""
    await tx.execute(DOUBT, list(station_ids), before)


async def begin_again(tx: Transaction, station_id: StationId) -> None:
    """Send the whole list anew, whatever the station answered before."""
    await tx.execute(AGAIN, station_id)


async def choose(tx: Transaction, choice: ListChoice, now: datetime) -> None:
    """Write a choice for the network, a site or a station; without a scope it is taken back."""
    if choice.scope is None:
        await tx.execute(UNCHOOSE, choice.site_id, choice.station_id)
        return
    groups = list(choice.driver_groups)
    await tx.execute(CHOOSE, new_id(), choice.site_id, choice.station_id, choice.scope.value, groups, now)


async def caching(
    tx: Transaction, uids: Sequence[str], within: timedelta, now: datetime, limit: int
) -> list[StationId]:
    """Return the stations that may remember one of these tokens and are not told yet to forget."""
    return await tx.values(CACHING, list(uids), now - within, limit)


async def cache_hours(tx: Transaction) -> int | None:
    """Return for how many hours chargers may remember an answer; None when they may as they like."""
    found: int | None = await tx.value(CACHE_HOURS)
    return found


async def set_cache_hours(tx: Transaction, hours: int | None) -> None:
    """Write for how many hours chargers may remember an answer."""
    await tx.execute(SET_CACHE_HOURS, hours)


async def present(tx: Transaction, shown: Sequence[tuple[StationId, str, datetime]]) -> None:
    """Write where known tokens were shown; moves forward at most once an hour, never back."""
    if shown:
        stations, uids, instants = zip(*shown, strict=True)
        await tx.execute(PRESENT, list(stations), list(uids), list(instants))

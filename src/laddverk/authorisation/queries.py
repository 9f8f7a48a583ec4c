"""What screens read of lists, reservations and customer requests. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.authorisation.store_lists import EFFECTIVE_COLUMNS
from laddverk.kernel.ids import StationId
from laddverk.ocpp.facts import Variable
from laddverk.platform.database import Transaction


class StationAccess(Struct, frozen=True, kw_only=True):
    """A station with its list and what was chosen for it."""

    id: UUID
    site_id: UUID
    protocol: str | None
    scope: str
    driver_groups: tuple[str, ...]
    own_scope: str | None
    own_groups: tuple[str, ...]
    version: int
    known_at: datetime | None
    state: str
    word: str
    tries: int
    next_try_at: datetime | None
    wanted: int
    entries: int
    changed_at: datetime | None
    present: int
    """Tags that were shown here, and may be in the cache."""


STATION_ACCESS: Final = f"""
SELECT station.id, station.site_id, station.protocol, coalesce(chosen.scope, 'off') AS scope,
       coalesce(chosen.driver_groups, '{{}}') AS driver_groups, own.scope AS own_scope,
       coalesce(own.driver_groups, '{{}}') AS own_groups, coalesce(list.version, 0) AS version, list.known_at,
       coalesce(list.state, 'waiting') AS state, coalesce(list.word, '') AS word, coalesce(list.tries, 0) AS tries,
       list.next_try_at, coalesce(list.wanted, 0) AS wanted, list.changed_at,
       (SELECT count(*) FROM local_list_entry AS entry WHERE entry.station_id = station.id) AS entries,
       (SELECT count(*) FROM token_presence AS seen WHERE seen.station_id = station.id) AS present
FROM station
JOIN ({EFFECTIVE_COLUMNS}) AS chosen ON chosen.station_id = station.id
LEFT JOIN list_choice AS own ON own.station_id = station.id
LEFT JOIN local_list AS list ON list.station_id = station.id
WHERE station.id = $1 AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
"""  # noqa: S608 - a constant

TOLD: Final = """
SELECT component, variable, attribute, value, mutability FROM station_variable
WHERE station_id = $1 AND attribute = 'Actual' AND lower(variable) = ANY(ARRAY[
    'localauthorizeoffline', 'allowofflinetxforunknownid', 'offlinetxforunknownidenabled',
    'stoptransactiononinvalidid', 'stoptxoninvalidid', 'localpreauthorize', 'localauthlistenabled', 'enabled',
    'authorizationcacheenabled', 'masterpassgroupid'])
"""

CHOICE: Final = """
SELECT scope, driver_groups FROM list_choice
WHERE site_id IS NOT DISTINCT FROM $1::uuid AND station_id IS NULL
"""


class Chosen(Struct, frozen=True):
    """What was chosen for the network or a site."""

    scope: str
    driver_groups: tuple[str, ...]


class ListRow(Struct, frozen=True, kw_only=True):
    """A station in the list of lists."""

    station_id: UUID
    station_name: str
    site_id: UUID
    site_name: str
    protocol: str | None
    connected: bool
    scope: str
    version: int
    known_at: datetime | None
    state: str
    word: str
    wanted: int
    entries: int
    changed_at: datetime | None


_LISTS_NARROWED = f"""
FROM station JOIN site ON site.id = station.site_id
JOIN ({EFFECTIVE_COLUMNS}) AS chosen ON chosen.station_id = station.id
LEFT JOIN local_list AS list ON list.station_id = station.id
WHERE station.retired_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', station.name, station.identity, site.name) ILIKE '%' || $2 || '%')
  AND CASE $3 WHEN '' THEN true WHEN 'off' THEN coalesce(chosen.scope, 'off') = 'off'
              ELSE coalesce(list.state, 'waiting') = $3 AND coalesce(chosen.scope, 'off') <> 'off' END
"""
LISTS: Final = f"""
SELECT station.id AS station_id, station.name AS station_name, station.site_id, site.name AS site_name,
       station.protocol, station.connected_at IS NOT NULL AS connected, coalesce(chosen.scope, 'off') AS scope,
       coalesce(list.version, 0) AS version, list.known_at, coalesce(list.state, 'waiting') AS state,
       coalesce(list.word, '') AS word, coalesce(list.wanted, 0) AS wanted, list.changed_at,
       (SELECT count(*) FROM local_list_entry AS entry WHERE entry.station_id = station.id) AS entries
{_LISTS_NARROWED}
ORDER BY coalesce(list.state, '') = 'failed' DESC, site.name, station.name, station.id LIMIT $4 OFFSET $5
"""  # noqa: S608 - as above
LIST_COUNT: Final = f"SELECT count(*) {_LISTS_NARROWED}"

LIST_COUNTS: Final = f"""
SELECT CASE WHEN coalesce(chosen.scope, 'off') = 'off' THEN 'off' ELSE coalesce(list.state, 'waiting') END AS state,
       count(*) AS stations
FROM station JOIN ({EFFECTIVE_COLUMNS}) AS chosen ON chosen.station_id = station.id
LEFT JOIN local_list AS list ON list.station_id = station.id
WHERE station.retired_at IS NULL AND ($1::uuid[] IS NULL OR station.site_id = ANY($1)) GROUP BY 1
"""  # noqa: S608 - as above


class _Counted(Struct, frozen=True):
    state: str
    stations: int


class EntryRow(Struct, frozen=True, kw_only=True):
    """A token in a station's list."""

    token_uid: str
    token_type: str
    valid_until: datetime | None
    group_code: str
    driver_id: UUID | None
    driver_name: str | None


ENTRIES: Final = """
SELECT entry.token_uid, entry.token_type, entry.valid_until, entry.group_code, driver.id AS driver_id,
       driver.name AS driver_name
FROM local_list_entry AS entry
LEFT JOIN token ON token.uid = entry.token_uid LEFT JOIN driver ON driver.id = token.driver_id
WHERE entry.station_id = $1 AND ($2 = '' OR concat_ws(' ', entry.token_uid, driver.name) ILIKE '%' || $2 || '%')
ORDER BY entry.token_uid LIMIT $3 OFFSET $4
"""


class ReservationRow(Struct, frozen=True, kw_only=True):
    """A reservation in a list."""

    id: UUID
    number: int
    station_id: UUID
    station_name: str
    site_id: UUID
    site_name: str
    address: str
    evse_number: int | None
    connector_type: str | None
    code: str | None
    driver_id: UUID | None
    driver_name: str | None
    token_uid: str
    state: str
    why: str
    no_show: bool
    requested_by: str
    created_at: datetime
    expires_at: datetime
    held_at: datetime | None
    ended_at: datetime | None
    cancelling: bool


_RESERVATIONS_NARROWED = """
FROM reservation AS r
JOIN station ON station.id = r.station_id JOIN site ON site.id = station.site_id
LEFT JOIN driver ON driver.id = r.driver_id
WHERE ($1::uuid[] IS NULL OR station.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', r.number::text, station.name, site.name, driver.name, driver.email, r.token_uid)
       ILIKE '%' || $2 || '%')
  AND CASE $3 WHEN '' THEN true WHEN 'active' THEN r.state IN ('asked', 'held') WHEN 'no_show' THEN r.no_show
              ELSE r.state = $3 END
  AND ($4::uuid IS NULL OR r.station_id = $4) AND ($5::uuid IS NULL OR r.driver_id = $5)
  AND ($6::uuid IS NULL OR r.id = $6)
"""
RESERVATIONS: Final = f"""
SELECT r.id, r.number, r.station_id, station.name AS station_name, station.site_id, site.name AS site_name,
       site.address, r.evse_number, r.connector_type,
       (SELECT min(code) FROM connector
        WHERE connector.station_id = r.station_id AND connector.evse_number = r.evse_number) AS code,
       r.driver_id, driver.name AS driver_name, r.token_uid, r.state, r.why, r.no_show, r.requested_by, r.created_at,
       r.expires_at, r.held_at, r.ended_at, r.cancel_id IS NOT NULL AND r.state IN ('asked', 'held') AS cancelling
{_RESERVATIONS_NARROWED}
ORDER BY r.state IN ('asked', 'held') DESC, r.created_at DESC, r.id DESC LIMIT $7 OFFSET $8
"""  # noqa: S608 - as above
RESERVATION_COUNT: Final = f"SELECT count(*) {_RESERVATIONS_NARROWED}"
NO_SHOW_COUNT: Final = "SELECT count(*) FROM reservation WHERE driver_id = $1 AND no_show"
SUPPORTS: Final = """
-- False when the station says that it reserves nothing; true also for one that never told.
SELECT NOT EXISTS (
    SELECT FROM station_variable WHERE station_id = $1
    AND ((lower(variable) = 'supportedfeatureprofiles' AND value NOT ILIKE '%reservation%')
         OR (lower(component) = 'reservationctrlr' AND lower(variable) IN ('enabled', 'available')
             AND lower(value) = 'false')))
"""


class RequestRow(Struct, frozen=True, kw_only=True):
    """A customer request with how far it has come."""

    id: UUID
    driver_id: UUID
    kind: str
    requested_by: str
    reason: str
    created_at: datetime
    finished_at: datetime | None
    asked: int
    answered: int


_REQUEST_COLUMNS = """
SELECT request.*, (SELECT count(*) FROM customer_answer AS a WHERE a.request_id = request.id) AS asked,
       (SELECT count(*) FROM customer_answer AS a WHERE a.request_id = request.id AND a.state <> 'asked') AS answered
FROM customer_request AS request
"""
REQUESTS: Final = _REQUEST_COLUMNS + "WHERE driver_id = $1 ORDER BY created_at DESC LIMIT 20"
REQUEST: Final = _REQUEST_COLUMNS + "WHERE id = $1"


class AnswerRow(Struct, frozen=True, kw_only=True):
    """What one station answered about one tag."""

    number: int
    station_id: UUID
    station_name: str
    site_name: str
    protocol: str | None
    token_uid: str
    state: str
    word: str
    ended_at: datetime | None
    data: str | None


ANSWERS: Final = """
SELECT a.number, a.station_id, station.name AS station_name, site.name AS site_name, station.protocol, a.token_uid,
       a.state, a.word, a.ended_at,
       (SELECT string_agg(part.data, '' ORDER BY part.part_number) FROM customer_part AS part
        WHERE part.station_id = a.station_id AND part.number = a.number) AS data
FROM customer_answer AS a
JOIN station ON station.id = a.station_id JOIN site ON site.id = station.site_id
WHERE a.request_id = $1 AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
ORDER BY site.name, station.name, a.token_uid
"""
KNOWING: Final = """
-- How many stations may know a driver's tags: where they were shown, or stand in the list.
SELECT count(DISTINCT known.station_id) FROM token
JOIN (SELECT station_id, token_uid FROM token_presence
      UNION SELECT station_id, token_uid FROM local_list_entry) AS known
  ON known.token_uid = token.uid
WHERE token.driver_id = $1
"""


class TransactionSaid(Struct, frozen=True):
    """What a charger last said of a session when it was asked."""

    state: str
    outcome: str | None
    detail: dict[str, bool | str]
    at: datetime | None


TRANSACTION_SAID: Final = """
SELECT state, outcome, detail, coalesce(answered_at, finished_at) AS at FROM command
WHERE station_id = $1 AND kind = 'read_transaction_status' AND command->>'transaction_key' = $2
ORDER BY created_at DESC LIMIT 1
"""

Sites = Collection[UUID] | None
"""The only sites that the asker may see; None for all."""


def _listed(sites: Sites) -> list[UUID] | None:
    return None if sites is None else list(sites)


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def station_access(tx: Transaction, sites: Sites, station_id: UUID) -> StationAccess | None:
    """Return a station with its list; None when there is none that the asker may see."""
    return await tx.fetch_one(StationAccess, STATION_ACCESS, station_id, _listed(sites))


async def told(tx: Transaction, station_id: StationId) -> list[Variable]:
    """Return what a station told of the settings that decide who may charge."""
    return await tx.fetch(Variable, TOLD, station_id)


async def choice(tx: Transaction, site_id: UUID | None) -> Chosen | None:
    """Return what was chosen for a site, or for the network."""
    return await tx.fetch_one(Chosen, CHOICE, site_id)


async def lists(
    tx: Transaction, sites: Sites, search: str, state: str, *, limit: int = 50, offset: int = 0
) -> list[ListRow]:
    """Return a page of stations with their lists, those that failed first. `state` is a state, off or empty."""
    return await tx.fetch(ListRow, LISTS, _listed(sites), _like(search), state, limit, offset)


async def count_lists(tx: Transaction, sites: Sites, search: str, state: str) -> int:
    """Return how many stations a filter leaves."""
    return int(await tx.value(LIST_COUNT, _listed(sites), _like(search), state))


async def list_counts(tx: Transaction, sites: Sites) -> dict[str, int]:
    """Return how many stations have a list in each state; those without one are `off`."""
    return {row.state: row.stations for row in await tx.fetch(_Counted, LIST_COUNTS, _listed(sites))}


async def entries(
    tx: Transaction, station_id: UUID, search: str, *, limit: int = 50, offset: int = 0
) -> list[EntryRow]:
    """Return a page of what a station's list holds."""
    return await tx.fetch(EntryRow, ENTRIES, station_id, _like(search), limit, offset)


class ReservationFilter(Struct, frozen=True, kw_only=True):
    """What a list of reservations is narrowed to. `state` is a state, active, no_show or empty."""

    search: str = ""
    state: str = ""
    station_id: UUID | None = None
    driver_id: UUID | None = None
    reservation_id: UUID | None = None

    def of(self, sites: Sites) -> tuple[object, ...]:
        """Return the arguments of a statement."""
        return _listed(sites), _like(self.search), self.state, self.station_id, self.driver_id, self.reservation_id


async def reservations(
    tx: Transaction, sites: Sites, wanted: ReservationFilter, *, limit: int = 50, offset: int = 0
) -> list[ReservationRow]:
    """Return a page of reservations, active ones first, then the newest."""
    return await tx.fetch(ReservationRow, RESERVATIONS, *wanted.of(sites), limit, offset)


async def count_reservations(tx: Transaction, sites: Sites, wanted: ReservationFilter) -> int:
    """Return how many reservations a filter leaves."""
    return int(await tx.value(RESERVATION_COUNT, *wanted.of(sites)))


async def reservation(tx: Transaction, sites: Sites, reservation_id: UUID) -> ReservationRow | None:
    """Return one reservation."""
    found = await reservations(tx, sites, ReservationFilter(reservation_id=reservation_id), limit=1)
    return found[0] if found else None


async def count_no_shows(tx: Transaction, driver_id: UUID) -> int:
    """Return to how many reservations a driver never came."""
    return int(await tx.value(NO_SHOW_COUNT, driver_id))


async def supports_reservations(tx: Transaction, station_id: UUID) -> bool:
    """Return whether a station may be asked to keep an outlet, as far as it told."""
    return bool(await tx.value(SUPPORTS, station_id))


async def requests(tx: Transaction, driver_id: UUID) -> list[RequestRow]:
    """Return the customer requests about a driver, newest first."""
    return await tx.fetch(RequestRow, REQUESTS, driver_id)


async def request(tx: Transaction, request_id: UUID) -> RequestRow | None:
    """Return one customer request."""
    return await tx.fetch_one(RequestRow, REQUEST, request_id)


async def answers(tx: Transaction, sites: Sites, request_id: UUID) -> Sequence[AnswerRow]:
    """Return what each station answered, with what it told while that is kept."""
    return await tx.fetch(AnswerRow, ANSWERS, request_id, _listed(sites))


async def count_knowing(tx: Transaction, driver_id: UUID) -> int:
    """Return how many stations may know a driver's tags."""
    return int(await tx.value(KNOWING, driver_id))


async def transaction_said(tx: Transaction, station_id: UUID, transaction_key: str) -> TransactionSaid | None:
    """Return what a station last said of a session when it was asked."""
    return await tx.fetch_one(TransactionSaid, TRANSACTION_SAID, station_id, transaction_key)

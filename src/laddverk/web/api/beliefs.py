"""The API's transactions and reservations as the system believes them, for tools that compare it with what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from litestar import get
from litestar.params import FromPath, FromQuery
from msgspec import Struct

from laddverk.authorisation import queries as authorisation_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Transaction
from laddverk.sessions import queries
from laddverk.stations import quirk_queries
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, checked_limit, station_of
from laddverk.web.api.shapes import Page, of, page

TRANSACTIONS_MAX: Final = 20  # at once, each with its meter values
METER_VALUES_MAX: Final = 500  # of one transaction; longer ones are thinned evenly


class MeterValue(Struct, frozen=True):
    """What the meter showed at one instant, in Wh, W, A, V and %."""

    at: datetime
    context: str
    said_at: datetime | None
    received_at: datetime
    energy_wh: int | None
    power_w: int | None
    current_l1_a: float | None
    current_l2_a: float | None
    current_l3_a: float | None
    voltage_l1_v: float | None
    soc_percent: float | None
    temperature_c: float | None


class Message(Struct, frozen=True):
    """A message that the transaction was made from: what it was, its three times, and what it said."""

    kind: str
    content_key: str
    at: datetime
    said_at: datetime | None
    received_at: datetime
    detail: Any


class Believed(Struct, frozen=True, kw_only=True):
    """A transaction as it is believed to have been.

    `transaction_id` is what station and system call it: the number that we gave (1.6), or the station's own word (2.x).
    """

    session_id: str
    transaction_id: str
    number: int
    station_id: str
    evse_number: int
    connector_number: int
    token_uid: str | None
    stop_token_uid: str | None
    started_at: datetime
    ended_at: datetime | None
    said_start_at: datetime | None
    said_end_at: datetime | None
    register_start_wh: int | None
    register_end_wh: int | None
    energy_wh: int
    charging_state: str | None
    stop_reason: str | None
    flags: list[str]
    """What makes it doubtful, and what was bent in its messages."""
    meter_values: list[MeterValue]
    messages: list[Message]


class Bent(Struct, frozen=True):
    """One kind of thing that a station's messages bend, how often, and an example."""

    kind: str
    place: str
    count: int
    first_at: datetime
    last_at: datetime
    example: str


class Reservation(Struct, frozen=True):
    """A reservation as it is believed to stand. `number` is the reservationId of OCPP."""

    id: str
    number: int
    station_id: str
    evse_number: int | None
    connector_type: str | None
    token_uid: str
    driver_id: str | None
    state: str
    why: str
    no_show: bool
    created_at: datetime
    expires_at: datetime
    held_at: datetime | None
    ended_at: datetime | None


@get("/stations/{station:str}/transactions", opt=needs(Permission.SESSIONS_READ))
async def list_transactions(
    asked: Asking,
    station: FromPath[str],
    transaction_id: FromQuery[str | None] = None,
    limit: FromQuery[int] = 5,
) -> list[Believed]:
    """List a station's transactions, newest first, each with its token, times, meter values and what was flagged."""
    checked_limit(limit, 0)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        wanted = queries.SessionFilter(station_id=row.id)
        most = TRANSACTIONS_MAX if transaction_id is None else METER_VALUES_MAX
        rows = await queries.sessions(tx, asked.actor.site_ids, wanted, limit=most, offset=0)
        found = []
        for each in rows:
            detail = await queries.session(tx, asked.actor.site_ids, each.id)
            if detail is None or (transaction_id is not None and transaction_id not in _names(detail)):
                continue
            found.append(await _transaction(tx, detail, is_16=row.protocol == "ocpp1.6"))
            if len(found) >= min(limit, TRANSACTIONS_MAX):
                break
    return found


def _names(detail: queries.SessionDetail) -> set[str]:
    return {str(detail.number), detail.transaction_key}


async def _transaction(tx: Transaction, detail: queries.SessionDetail, *, is_16: bool) -> Believed:
    samples = await queries.samples(tx, detail.station_id, detail.transaction_key, METER_VALUES_MAX)
    evidence = await queries.evidence(tx, detail.station_id, detail.transaction_key)
    bent = [flag for row in evidence if isinstance(row.detail, dict) for flag in row.detail.get("flags") or ()]
    return of(
        Believed,
        detail,
        session_id=shown("ses", detail.id),
        transaction_id=str(detail.number) if is_16 else detail.transaction_key,
        flags=[*detail.doubts, *dict.fromkeys(bent)],
        meter_values=[of(MeterValue, sample) for sample in samples],
        messages=[of(Message, row) for row in evidence],
    )


@get("/stations/{station:str}/flags", opt=needs(Permission.STATIONS_READ))
async def list_flags(asked: Asking, station: FromPath[str]) -> list[Bent]:
    """List what a station's messages bend, most frequent first."""
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        return [of(Bent, each) for each in await quirk_queries.bent(tx, row.id)]


@get("/stations/{station:str}/reservations", opt=needs(Permission.SESSIONS_READ))
async def list_reservations(
    asked: Asking,
    station: FromPath[str],
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[Reservation]:
    """List a station's reservations, active ones first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        wanted = authorisation_queries.ReservationFilter(station_id=row.id)
        sites = asked.actor.site_ids
        rows = await authorisation_queries.reservations(tx, sites, wanted, limit=limit, offset=offset)
        total = await authorisation_queries.count_reservations(tx, sites, wanted)
    return page([of(Reservation, each, "rsv") for each in rows], limit=limit, offset=offset, total=total)


HANDLERS: Final = [list_transactions, list_flags, list_reservations]

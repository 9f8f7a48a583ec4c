"""What a session costs while it still runs: for the driver's live page. Nothing here is billed."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, SessionId, StationId
from laddverk.platform.database import Transaction
from laddverk.sessions.measured import NOTHING, measured_of
from laddverk.sessions.store_fold import Span
from laddverk.subscriptions import service as subscriptions
from laddverk.tariffs.model import Charge, Priced, Tariff
from laddverk.tariffs.rules import SpotMissing, price
from laddverk.tariffs.spot import spots_for

READINGS_MAX = 2000  # more would not change what is shown


class _Running(Struct, frozen=True):
    id: SessionId
    station_id: StationId
    transaction_key: str
    evse_number: int
    connector_number: int
    started_at: datetime
    ended_at: datetime | None
    charging_ended_at: datetime | None
    energy_wh: int
    register_start_wh: int | None
    timezone: str
    tariff: Tariff | None
    driver_id: DriverId | None
    reserved_from: datetime | None


class _Reading(Struct, frozen=True):
    at: datetime
    energy_wh: int


RUNNING = """
SELECT id, station_id, transaction_key, evse_number, connector_number, started_at, ended_at, charging_ended_at,
       energy_wh, register_start_wh, timezone, tariff, driver_id, reserved_from
FROM session WHERE id = $1
"""

POWER = "SELECT power_w FROM session WHERE id = $1"

READINGS = """
SELECT sample.at, sample.energy_wh FROM sample
JOIN session ON session.station_id = sample.station_id AND session.transaction_key = sample.transaction_key
WHERE session.id = $1 AND sample.energy_wh IS NOT NULL ORDER BY sample.at DESC LIMIT $2
"""


async def price_so_far(tx: Transaction, session_id: SessionId, now: datetime) -> Priced | None:
    """Return what a running session would cost if it ended now, or what one costs that has; None without a tariff.

    None as well while the exchange's prices that its tariff follows are not known.
    Time after charging is not foreseen: it is priced when the session has ended.
    """
    found = await _charge_so_far(tx, session_id, now)
    return None if found is None else await _priced(tx, *found)


async def price_ahead(tx: Transaction, session_id: SessionId, now: datetime, ahead: timedelta) -> int | None:
    """Return the most that a running session will cost `ahead` of `now`, in minor units, including VAT.

    That is the dearer of going on with the last known power, and of having ended to charge now with the car left there
    (idle fee). None where its price is not known.
    """
    found = await _charge_so_far(tx, session_id, now)
    if found is None:
        return None
    tariff, charge = found
    until = max(now, charge.ended_at) + ahead
    readings = (*charge.readings, (now, charge.energy_wh))
    more_wh = int((await tx.value(POWER, session_id) or 0) * ahead.total_seconds() / 3600)
    going_on = replace(
        charge,
        ended_at=until,
        energy_wh=charge.energy_wh + more_wh,
        readings=(*readings, (until, charge.energy_wh + more_wh)),
    )
    left_there = replace(charge, ended_at=until, charging_ended_at=charge.charging_ended_at or now)
    costs = [await _priced(tx, tariff, each) for each in (going_on, left_there)]
    return max((cost.amount_minor for cost in costs if cost is not None), default=None)


async def _priced(tx: Transaction, tariff: Tariff, charge: Charge) -> Priced | None:
    (spots,) = await spots_for(tx, [(tariff, charge.started_at, charge.ended_at)])
    try:
        return price(tariff, charge, spots)
    except SpotMissing:
        return None


async def _charge_so_far(tx: Transaction, session_id: SessionId, now: datetime) -> tuple[Tariff, Charge] | None:
    running = await tx.fetch_one(_Running, RUNNING, session_id)
    if running is None or running.tariff is None:
        return None
    now = running.ended_at or now
    if now <= running.started_at:
        return None
    readings = sorted(
        (reading.at, reading.energy_wh) for reading in await tx.fetch(_Reading, READINGS, session_id, READINGS_MAX)
    )
    first_wh = running.register_start_wh if running.register_start_wh is not None else (readings or [(now, 0)])[0][1]
    span = Span(
        running.id,
        running.station_id,
        running.transaction_key,
        running.evse_number,
        running.connector_number,
        running.started_at,
        now,
    )
    measured = (await measured_of(tx, [(span, running.tariff)])).get(running.id, NOTHING)
    charge = Charge(
        started_at=running.started_at,
        ended_at=now,
        charging_ended_at=running.charging_ended_at if running.ended_at else None,
        readings=tuple((at, max(0, register_wh - first_wh)) for at, register_wh in readings if at <= now),
        energy_wh=running.energy_wh,
        timezone=running.timezone,
        powers=measured.powers,
        currents=measured.currents,
        reserved_from=running.reserved_from,
    )
    if running.driver_id is not None:
        charge = replace(charge, included_wh=await _included_wh(tx, running, running.driver_id, now))
    return running.tariff, charge


async def _included_wh(tx: Transaction, running: _Running, driver_id: DriverId, now: datetime) -> int:
    """Return what a subscription has left for the session, were it to end now."""
    assert running.tariff is not None
    used = subscriptions.Used(
        session_id=running.id,
        driver_id=driver_id,
        station_id=running.station_id,
        started_at=running.started_at,
        ended_at=now,
        energy_wh=running.energy_wh,
        timezone=running.timezone,
        is_free=running.tariff.free,
    )
    return await subscriptions.left_wh(tx, used)

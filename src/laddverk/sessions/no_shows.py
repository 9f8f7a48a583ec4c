"""Reservations that nobody came for: where waiting has a price, each becomes a session without energy.

OCPI has it so too: its sessions begin as RESERVATION. What is a session is invoiced, collected, shown, credited and
refunded like any other, and the price explains itself line by line. Where the tariff of the place has no price for
waiting, or the outlet did not work, nothing is kept and nobody pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId, SessionId, StationId
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import payers, store, store_fold, store_review
from laddverk.sessions.model import Detail, Doubt, Kind, Payer, SessionClosed, StoredEvent
from laddverk.sessions.refold import refold
from laddverk.sessions.store import NewSession
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Wish
from laddverk.tariffs.plan import reservation_plans

REASON: Final = "ReservationExpired"
CAME: Final = "the car came after all"
NAME: Final = "reservation {number}"
"""The transaction key of such a session; a charger's own keys of 1.6 and 2.x are never like it by chance."""

DRIVER: Final = "SELECT driver_group, settlement FROM driver WHERE id = $1"
OUTLET: Final = """
SELECT coalesce($2::int, min(evse_number)) FROM connector WHERE station_id = $1 AND evse_number > 0
"""
WORKED: Final = """
-- Whether the outlet could have been used: the charger is there, and nothing was faulted or shut meanwhile.
SELECT EXISTS (SELECT FROM station WHERE id = $1 AND connected_at IS NOT NULL)
   AND NOT EXISTS (SELECT FROM connector_state
                   WHERE station_id = $1 AND evse_number IN (0, $2) AND status IN ('faulted', 'unavailable')
                     AND started_at < $4 AND coalesce(ended_at, 'infinity') > $3)
"""
MARK: Final = "UPDATE session SET reservation_expired = true WHERE id = $1"
OPEN: Final = """
-- What is still to be charged of a reservation that was used after all; locked.
SELECT id, EXISTS (SELECT FROM session_settled WHERE session_id = session.id) AS settled
FROM session WHERE station_id = $1 AND transaction_key = $2 AND reservation_expired
FOR NO KEY UPDATE
"""


class NoShow(Struct, frozen=True, kw_only=True):
    """A reservation that was kept until it expired."""

    number: int
    station_id: StationId
    evse_number: int | None
    driver_id: DriverId | None
    token_uid: str
    kept_from: datetime
    until: datetime


class _Driver(Struct, frozen=True):
    driver_group: str
    settlement: str


class _Open(Struct, frozen=True):
    id: SessionId
    settled: bool


async def record_no_shows(tx: Transaction, no_shows: Sequence[NoShow], now: datetime) -> int:
    """Make sessions of those reservations whose tariff prices waiting; return how many are new. Safe to repeat."""
    return sum([await _recorded(tx, each, now) for each in no_shows])


async def _recorded(tx: Transaction, given: NoShow, now: datetime) -> bool:
    evse_number: int = await tx.value(OUTLET, given.station_id, given.evse_number) or 1
    if not await tx.value(WORKED, given.station_id, evse_number, given.kept_from, given.until):
        return False
    payer = await _payer(tx, given, now)
    wish = Wish(given.station_id, payer.driver_group, evse_number, 1, payer.driver_id)
    (version,) = await tariffs.chosen(tx, [wish], [given.kept_from])
    if version is None or given.until <= given.kept_from or not reservation_plans(version.body, expired=True):
        return False
    key = NAME.format(number=given.number)
    new = NewSession(given.station_id, key, evse_number, given.kept_from, now)
    created = frozenset(await store.insert_sessions(tx, [new]))
    if not created:
        return False
    await store.insert_events(tx, _events(given, key, evse_number, payer, now))
    for session_id in created:
        await tx.execute(MARK, session_id)
    await refold(tx, await store.locked_by_ids(tx, created), created)
    return True


def _events(given: NoShow, key: str, evse_number: int, payer: Payer, now: datetime) -> list[StoredEvent]:
    """What a charger would have told of it: from then until then, and no energy."""
    began = Detail(
        evse_number=evse_number, connector_number=1, token_uid=given.token_uid or None, payer=payer, register_wh=0
    )
    ended = Detail(evse_number=evse_number, connector_number=1, register_wh=0, reason=REASON)
    return [
        StoredEvent(given.station_id, key, "kept", Kind.STARTED, given.kept_from, now, None, began),
        StoredEvent(given.station_id, key, "expired", Kind.ENDED, given.until, now, None, ended),
    ]


async def _payer(tx: Transaction, given: NoShow, now: datetime) -> Payer:
    """Who pays: the driver it was kept for, else whose tag it was kept for."""
    if given.driver_id is None:
        shown = payers.Presented(given.station_id, given.token_uid, given.kept_from)
        return (await payers.judged(tx, [shown], now))[0].payer
    driver = await tx.fetch_one(_Driver, DRIVER, given.driver_id)
    return Payer(
        accepted=True,
        driver_id=given.driver_id,
        driver_group=driver.driver_group if driver else "",
        settlement=driver.settlement if driver else "",
    )


async def forgive(tx: Transaction, station_id: StationId, numbers: Sequence[int], now: datetime) -> None:
    """Take back what was charged for reservations that were used after all: their charger told it late.

    What was paid or invoiced already is not touched by itself: it is doubted, for somebody to credit.
    """
    for number in numbers:
        found = await tx.fetch_one(_Open, OPEN, station_id, NAME.format(number=number))
        if found is None:
            continue
        if found.settled:
            await store_fold.doubt(tx, [found.id], Doubt.CHANGED_AFTER_SETTLEMENT)
            continue
        version = await store_review.write_off(tx, found.id)
        await refold(tx, await store.locked_by_ids(tx, [found.id]))
        await outbox.publish(tx, [SessionClosed(session_id=found.id, version=version)])
        await audit.write(
            tx, rule("reservations"), "session.written_off", "session", UUID(str(found.id)), at=now, reason=CAME
        )

"""Pricing closed sessions with the tariff they started under, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.ids import DriverId, PaymentId, SessionId
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.sessions import including, store, store_fold
from laddverk.sessions.fold import fold
from laddverk.sessions.measured import NOTHING, Measured, measured_of
from laddverk.sessions.model import Point, SessionClosed, SessionPriced, Settlement
from laddverk.sessions.out_of_order import out_of_order_since
from laddverk.sessions.store_fold import SavedPrice, Span, Unpriced
from laddverk.tariffs.model import Charge, Component, Dimension, Priced, Restriction, Tariff
from laddverk.tariffs.rules import SpotMissing, price
from laddverk.tariffs.spot import spots_for

WAITING_MAX: Final = 500  # bounds one run; the rest follows at the next news
ANY_POWER: Final = Tariff(
    components=(Component(dimension=Dimension.ENERGY, price=Decimal(0), when=Restriction(min_power_w=0)),)
)
"""Stands for whatever tariff a charge may be compared under: what was measured is wanted."""


async def price_closed(tx: Transaction, closed: Sequence[SessionClosed], now: datetime) -> int:
    """Price those of `closed` that have no price yet, and publish `SessionPriced`; return how many there were.

    An older version than the row's is priced as what the row is now. A session without a tariff waits for one, and one
    whose tariff follows the exchange for the exchange's prices.
    """
    return await _price(tx, list({event.session_id for event in closed}), now)


async def price_waiting(tx: Transaction, now: datetime) -> int:
    """Price sessions that waited for the exchange's prices; return how many could be priced."""
    return await _price(tx, await store_fold.waiting_for_spot(tx, WAITING_MAX), now)


async def _price(tx: Transaction, session_ids: Sequence[SessionId], now: datetime) -> int:
    sessions = await store_fold.unpriced(tx, session_ids)
    if not sessions:
        return 0
    curves = await _curves(tx, sessions)
    measured = await measured_of(tx, [(_span(session), session.tariff) for session in sessions])
    broken = await out_of_order_since(tx, sessions)
    spots = await spots_for(tx, [(each.tariff, each.started_at, each.ended_at) for each in sessions])
    included = await including.included(tx, sessions)
    priced: list[tuple[Unpriced, Priced]] = []
    for session, its in zip(sessions, spots, strict=True):
        with suppress(SpotMissing):
            charge = _charge(session, curves[session.id], measured.get(session.id, NOTHING), broken)
            charge = replace(charge, included_wh=included.get(session.id, 0))
            priced.append((session, price(session.tariff, charge, its)))
    await store_fold.save_prices(tx, [_saved(session, found, now) for session, found in priced])
    await including.record_costs(tx, priced, now)
    await outbox.publish(tx, [_event(session, found) for session, found in priced])
    return len(priced)


async def price_again(tx: Transaction, session_ids: Sequence[SessionId], now: datetime) -> int:
    """Price sessions anew whose part of what is included became another; return how many there were.

    Those whose money has moved, or is about to, keep their price.
    """
    return await _price(tx, await including.unprice(tx, session_ids), now)


async def charge_of(tx: Transaction, session_id: SessionId) -> Charge | None:
    """Return what a closed session used, as its price is made from it; None while it runs, or when there is none."""
    found = await charges_of(tx, [session_id])
    return found[0][1] if found else None


async def charges_of(tx: Transaction, session_ids: Sequence[SessionId]) -> list[tuple[Unpriced, Charge]]:
    """Return what closed sessions used, in the order in which they ended."""
    sessions = await store_fold.closed(tx, session_ids)
    if not sessions:
        return []
    curves = await _curves(tx, sessions)
    measured = await measured_of(tx, [(_span(session), ANY_POWER) for session in sessions])
    broken = await out_of_order_since(tx, sessions, under_any=True)
    return [
        (session, _charge(session, curves[session.id], measured.get(session.id, NOTHING), broken))
        for session in sessions
    ]


async def _curves(tx: Transaction, sessions: Sequence[Unpriced]) -> dict[SessionId, tuple[Point, ...]]:
    """How the energy of each session grew, folded again from its messages and readings."""
    rows = await store.locked_by_ids(tx, [session.id for session in sessions])
    events = await store_fold.events_of(tx, rows)
    spans = [_span(session) for session in sessions]
    samples = await store_fold.samples_of(tx, spans)
    around = await store_fold.surroundings_of(tx, spans)
    return {
        session.id: fold(
            events[session.station_id, session.transaction_key],
            samples.get(session.id, ()),
            around[session.id].power_max_w,
        ).curve
        for session in sessions
    }


def _span(session: Unpriced) -> Span:
    return Span(
        session.id,
        session.station_id,
        session.transaction_key,
        session.evse_number,
        session.connector_number,
        session.started_at,
        session.ended_at,
    )


def _charge(
    session: Unpriced, curve: Sequence[Point], measured: Measured, broken: Mapping[SessionId, datetime]
) -> Charge:
    if session.reservation_expired:
        return _no_show(session)
    return Charge(
        started_at=session.started_at,
        ended_at=session.ended_at,
        charging_ended_at=session.charging_ended_at,
        readings=tuple((point.at, point.energy_wh) for point in curve),
        energy_wh=session.energy_wh,
        timezone=session.timezone,
        powers=measured.powers,
        currents=measured.currents,
        reserved_from=session.reserved_from,
        idle_until=broken.get(session.id),
    )


def _no_show(session: Unpriced) -> Charge:
    """A reservation that nobody came for: kept for all of its time, and no charge after it."""
    return Charge(
        started_at=session.ended_at,
        ended_at=session.ended_at,
        charging_ended_at=None,
        readings=(),
        energy_wh=0,
        timezone=session.timezone,
        reserved_from=session.started_at,
        reservation_expired=True,
    )


def _saved(session: Unpriced, found: Priced, now: datetime) -> SavedPrice:
    return SavedPrice(
        id=session.id,
        price_minor=found.amount_minor,
        vat_minor=found.vat_minor,
        vat_percent=found.vat_percent,
        vat=found.vat if len(found.vat) > 1 else None,
        currency=found.currency,
        price_lines=found.lines,
        priced_at=now,
    )


def _event(session: Unpriced, found: Priced) -> SessionPriced:
    return SessionPriced(
        session_id=session.id,
        version=session.version,
        price_minor=found.amount_minor,
        vat_minor=found.vat_minor,
        vat_percent=found.vat_percent,
        currency=found.currency,
        settlement=Settlement(session.settlement),
        payment_id=PaymentId(session.payment_id) if session.payment_id else None,
        driver_id=DriverId(session.driver_id) if session.driver_id else None,
    )

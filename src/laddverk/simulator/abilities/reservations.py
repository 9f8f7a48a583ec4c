"""Reservations: an outlet kept for a token until it comes or the time is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from laddverk.ocpp import times
from laddverk.ocpp.facts import Status
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.abilities.local_list import KnownTokens
from laddverk.simulator.model import Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

REFUSALS: Final = {Status.FAULTED: "Faulted", Status.UNAVAILABLE: "Unavailable"}


class Reservation(Struct, frozen=True):
    """What is kept, for whom, and until when. Outlet 0 is any."""

    number: int
    outlet: int
    token: str
    group: str
    expires_at: datetime


class Reservations:
    """What one charger keeps, by number."""

    __slots__ = ("held",)

    def __init__(self) -> None:
        self.held: dict[int, Reservation] = {}


def admits(charger: Charger, number: int, token: str, at: datetime) -> bool:
    """Return whether a token may charge at an outlet as far as reservations go."""
    held = [one for one in charger.of(Reservations).held.values() if one.expires_at > at]
    if any(_is_for(charger, one, token) and one.outlet in (0, number) for one in held):
        return True
    if any(one.outlet == number for one in held):
        return False
    free = [each for each, outlet in charger.outlets.items() if outlet.status in (Status.AVAILABLE, Status.PREPARING)]
    anywhere = sum(one.outlet == 0 for one in held)
    return not anywhere or len(free) > anywhere


def _is_for(charger: Charger, one: Reservation, token: str) -> bool:
    if one.token.upper() == token.upper():
        return True
    entry = charger.of(KnownTokens).entries.get(token.upper())
    return bool(one.group) and entry is not None and entry.group == one.group


def reservation_used(charger: Charger, number: int, token: str, at: datetime) -> int | None:
    """Return the number of the reservation that a session uses, which is over then."""
    del at
    held = charger.of(Reservations).held
    mine = next((one for one in held.values() if one.outlet in (0, number) and _is_for(charger, one, token)), None)
    if mine is None:
        return None
    del held[mine.number]
    return mine.number


def pass_time(charger: Charger, at: datetime) -> None:
    """End the reservations whose time is over, and say so (2.x)."""
    held = charger.of(Reservations).held
    for one in [one for one in held.values() if one.expires_at <= at]:
        del held[one.number]
        charger.release(one.outlet, at)
        charger.say(Told(at=at, action="ReservationStatusUpdate",
                         fields={"reservationId": one.number, "reservationUpdateStatus": "Expired"}))  # fmt: skip


def _reserve(charger: Charger, outlet: int, wish: Reservation, at: datetime) -> str:
    if outlet and outlet not in charger.outlets:
        return "Rejected"
    concerned = [charger.outlets[outlet]] if outlet else list(charger.outlets.values())
    held = charger.of(Reservations).held
    free = [one for one in concerned if one.status is Status.AVAILABLE or (wish.number in held and one.token is None)]
    kept = sum(one.outlet == 0 for one in held.values() if one.number != wish.number)
    if len(free) <= (0 if outlet else kept):
        return next(
            (word for status, word in REFUSALS.items() if all(o.status is status for o in concerned)), "Occupied"
        )
    held[wish.number] = wish
    if outlet:
        charger.keep(outlet, at)
    return "Accepted"


def _reserve_16(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    until = times.parsed(asked.expiry_date)[0] or at
    wish = Reservation(asked.reservation_id, asked.connector_id, asked.id_tag, asked.parent_id_tag or "", until)
    return {"status": _reserve(charger, asked.connector_id, wish, at)}


def _reserve_2x(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    until = times.parsed(asked.expiry_date_time)[0] or at
    group = asked.group_id_token.id_token if asked.group_id_token else ""
    outlet = asked.evse_id or 0
    wish = Reservation(asked.id, outlet, asked.id_token.id_token, group, until)
    return {"status": _reserve(charger, outlet, wish, at)}


def _cancel(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    one = charger.of(Reservations).held.pop(asked.reservation_id, None)
    if one is None:
        return {"status": "Rejected"}
    charger.release(one.outlet, at)
    return {"status": "Accepted"}


def settings_16() -> list[Setting]:
    """Return the key of reservations of the whole charger."""
    return [Setting("", "ReserveConnectorZeroSupported", "true", writable=False, data_type="boolean")]


def settings_2x() -> list[Setting]:
    """Return the variables of reservations."""
    return [Setting("ReservationCtrlr", "Enabled", "true", data_type="boolean")]


ORDERS_16: Final[Orders] = {"ReserveNow": _reserve_16, "CancelReservation": _cancel}
ORDERS_2X: Final[Orders] = {"ReserveNow": _reserve_2x, "CancelReservation": _cancel}

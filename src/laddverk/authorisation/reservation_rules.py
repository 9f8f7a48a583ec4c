"""Decisions about reservations: whether one can be made, and what its end is called. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from laddverk.authorisation.model import Asked, Held, Place, ReservationState, Spot, Wish
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, Problem
from laddverk.stations.model import CommandState

MINUTES_MAX: Final = 24 * 60  # longer is a place for one car, not a reservation
MINUTES_MAX_DRIVER: Final = 60  # by drivers themselves: the way to the charger, and nobody stands without reason
MINUTES_MIN: Final = 5
ACTIVE_MAX: Final = 1  # of one driver by themselves
NO_SHOWS_MAX: Final = 3  # after so many within NO_SHOWS_WITHIN a driver reserves no more by themselves
NO_SHOWS_WITHIN: Final = timedelta(days=30)
GRACE: Final = timedelta(minutes=1)  # a session may be under way to us when the reservation is over
FREE: Final = frozenset({"available", "unknown"})
ENDED_BY: Final = {
    "expired": ReservationState.EXPIRED,
    "removed": ReservationState.REMOVED,
    "notransaction": ReservationState.EXPIRED,
}
CONNECTOR_TYPES: Final = {"type2": "cType2", "ccs2": "cCCS2", "chademo": "cG105"}
"""What 2.x calls our plugs. A Type 2 socket is sType2; the kind that hangs at the charger is the common one."""


def check_wish(wish: Wish, *, by_driver: bool) -> None:
    """Raise `Invalid` when nobody could grant this."""
    most = MINUTES_MAX_DRIVER if by_driver else MINUTES_MAX
    if not MINUTES_MIN <= wish.minutes <= most:
        raise Invalid(
            "A reservation lasts from %(min)s to %(max)s minutes.", field="minutes", min=MINUTES_MIN, max=most
        )
    if wish.connector_type is not None and (wish.connector_type not in CONNECTOR_TYPES or wish.evse_number is not None):
        raise Invalid("Choose an outlet or a kind of plug, not both.", field="connector_type")


def why_not(wish: Wish, place: Place) -> Problem | None:
    """Return what stands in the way of a reservation at `place`, or None.

    An EVSE can be kept for one only. Any EVSE can be reserved as often as EVSEs are free and not kept for somebody.
    """
    if place.retired or not place.connected:
        return Conflict(
            "The charger is not connected just now, so it cannot keep an outlet.", remedy="Try another charger."
        )
    free = _free(place.spots, wish.connector_type)
    if wish.evse_number is not None:
        if wish.evse_number not in {spot.evse_number for spot in place.spots}:
            return Invalid("The charger has no such outlet.", field="evse_number")
        if any(one.evse_number == wish.evse_number for one in place.held):
            return Conflict("This outlet is reserved already.", remedy="Choose another outlet or time.")
        if wish.evse_number not in free:
            return Conflict("This outlet is not free just now.", remedy="Choose another outlet.")
    elif wish.connector_type is not None and place.protocol == "ocpp1.6":
        return Conflict("This charger can keep an outlet, but not a kind of plug.", remedy="Choose an outlet.")
    if left(free, place.held) < 1:
        return Conflict("Every free outlet of this charger is reserved.", remedy="Try another charger.")
    return None


def _free(spots: Sequence[Spot], plug: str | None) -> frozenset[int]:
    return frozenset(spot.evse_number for spot in spots if spot.status in FREE and plug in (None, spot.plug))


def left(free: frozenset[int], held: Sequence[Held]) -> int:
    """Return how many EVSEs are free and not kept: those that are kept by number, and one for each other one."""
    kept_by_number = {one.evse_number for one in held if one.evse_number is not None}
    return len(free - kept_by_number) - sum(one.evse_number is None for one in held)


def check_driver(asked: Asked) -> None:
    """Raise `Conflict` or `NotAllowed` when a driver may not reserve by themselves now."""
    if asked.active >= ACTIVE_MAX:
        raise Conflict("You have a reservation already.", remedy="Cancel it before you make another.")
    if asked.no_shows >= NO_SHOWS_MAX:
        raise NotAllowed(
            "You did not come to your last reservations, so you cannot reserve just now.",
            remedy="Start charging without a reservation, or call us.",
        )


def granted(state: CommandState) -> ReservationState:
    """Return what the outcome of ReserveNow makes of a reservation."""
    return ReservationState.HELD if state is CommandState.CONFIRMED else ReservationState.REFUSED


def released(word: str) -> ReservationState:
    """Return what a charger's word makes of a reservation; one that nobody knows has removed it."""
    return ENDED_BY.get(word.lower(), ReservationState.REMOVED)


def is_no_show(state: ReservationState, *, was_held: bool, cancelling: bool) -> bool:
    """Return whether somebody let a reservation lapse: it was kept for them until it expired."""
    return state is ReservationState.EXPIRED and was_held and not cancelling

"""What a site's own sessions leave behind for a replay: when a car came, when it left, and what it took. Pure.

A stay holds no name: its driver is an opaque key, which says no more than "the same again". What a car would have
taken if more had been there is not known: its energy is what it took, so demand that was cut is not seen here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

SHORTEST_S: Final = 60.0  # who stays for less has changed the outlet, or the charge failed
SHOWN_MIN_A: Final = 6.0  # IEC 61851: a car that charges takes this much
SECOND_PHASE_A: Final = 1.5  # what a one-phase car shows on the other phases is noise of the meter
SECONDS_PER_HOUR: Final = 3_600.0
VOLTAGE_V: Final = 230.0
WATTS_PER_A_DC: Final = 690.0  # a DC outlet by its power, drawn from three phases of 230 V


class Stay(Struct, frozen=True, kw_only=True):
    """A car at an outlet, from when it was plugged in until it left."""

    key: str
    user: str
    """The same for the same driver; the stay's own key where nobody knows."""
    outlet: str
    arrives_s: float
    """Seconds since 1970."""
    departs_s: float
    energy_wh: float
    current_a: float
    """The most that the car took on each phase it uses."""
    phases: int
    """1 or 3; 0 is DC."""


class Seen(Struct, frozen=True, kw_only=True):
    """A session as it is kept, with the most that its samples show."""

    key: str
    who: str
    """'' where nobody knows."""
    outlet: str
    started_at: datetime
    ended_at: datetime
    charging_ended_at: datetime | None
    energy_wh: int
    most_a: float | None = None
    """The highest phase of any sample; None where no current was measured."""
    second_a: float | None = None
    """The highest sample of the second phase."""
    most_w: float | None = None


def stays(sessions: Iterable[Seen], outlets: dict[str, tuple[int, float]]) -> list[Stay]:
    """Return the stays of sessions by arrival. `outlets` are phases (1, 3 or 0) and the most amperes, by key.

    Sessions at outlets that are not among them, without energy or of less than a minute are left out.
    """
    found: list[Stay] = []
    drivers: dict[str, str] = {}
    for one in sessions:
        place = outlets.get(one.outlet)
        lasted_s = (one.ended_at - one.started_at).total_seconds()
        if place is None or one.energy_wh <= 0 or lasted_s < SHORTEST_S:
            continue
        phases, current_a = _taken(one, *place)
        user = drivers.setdefault(one.who, f"d{len(drivers)}") if one.who else one.key
        found.append(
            Stay(
                key=one.key, user=user, outlet=one.outlet,
                arrives_s=one.started_at.timestamp(), departs_s=one.ended_at.timestamp(),
                energy_wh=float(one.energy_wh), current_a=current_a, phases=phases,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: (each.arrives_s, each.key))


def watts_per_a(phases: int) -> float:
    """Return what an ampere on each of a car's phases gives on a star: 230 W on one, 690 W on three and for DC."""
    return VOLTAGE_V if phases == 1 else WATTS_PER_A_DC


def _is_on_one_phase(one: Seen) -> bool:
    """Return whether a car showed current on one phase alone. Where a charger tells no other phase of such a car, its
    power says it: less than two phases of that current give.
    """
    if one.most_a is None or one.most_a < SHOWN_MIN_A:
        return False
    if one.second_a is not None:
        return one.second_a < SECOND_PHASE_A
    return one.most_w is not None and one.most_w < 2 * VOLTAGE_V * one.most_a


def _taken(one: Seen, phases: int, most_a: float) -> tuple[int, float]:
    """Return on how many phases a car charged and how much it took there: measured, else from its energy and time."""
    if phases == 3 and _is_on_one_phase(one):
        phases = 1
    watts = watts_per_a(phases)
    until = one.charging_ended_at or one.ended_at
    hours = max((until - one.started_at).total_seconds(), SHORTEST_S) / SECONDS_PER_HOUR
    shown = [one.energy_wh / hours / watts]
    if one.most_a is not None and phases != 0:
        shown.append(one.most_a)
    if one.most_w is not None:
        shown.append(one.most_w / watts)
    least = 0.0 if phases == 0 else SHOWN_MIN_A
    return phases, min(max(*shown, least), max(most_a, least))

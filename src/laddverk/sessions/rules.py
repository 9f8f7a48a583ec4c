"""How much energy a charging session delivered, and until when, decided from what the charger's meter said.

Chargers reset their register in mid-session, count some readings from zero, and send them late, twice and out of
order. The decisions here are pure: the same set of readings gives the same answer, whatever way it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from laddverk.kernel.time import seconds_between
from laddverk.sessions.model import INFORMS_ONLY, Doubt, Metered, Payer, Point, Reading, Settlement

POWER_TOLERANCE: Final = 1.05  # meters of class B may read 1 % high; the rest covers rounding of timestamps to seconds
REGISTER_STEP_WH: Final = 100  # registers of 0.1 kWh: a charge of seconds may show a whole step, and no less
SECONDS_PER_HOUR: Final = 3600
RESET_SHARE_MAX: Final = 0.5  # a register that was reset shows less than half of before; less of a fall is jitter
RELATIVE_SLACK_WH: Final = 1000  # registers of whole kWh: readings from zero may pass the difference by one step
CHARGING_POWER_MIN_W: Final = 200.0  # IEC 61851 knows no charging below 6 A; what is less keeps a car's heater or clock
CLOCK_TOLERANCE_S: Final = 300.0  # beyond five minutes of correction the clock is said to be wrong
CLOCK_NEVER_SET_S: Final = 86_400.0  # clocks drift by minutes and miss time zones by hours; a day is 1970 or 2000


def metered(readings: Iterable[Reading], power_max_w: int) -> Metered:
    """Return the energy delivered between the first and the last reading.

    A register that falls to what the connector can have delivered since was reset to zero: what it shows afterwards is
    added to what was proved before (OCPP leaves this open; seen in the field, quirk 62). Any other fall proves nothing
    and adds nothing. Energy beyond `power_max_w` for the whole time is returned as read, and doubted, unless it is one
    step of a coarse register. Never negative, never raises: no reading proves 0 Wh and says so.
    """
    ordered = sorted(set(readings))
    if not ordered:
        return Metered(0, frozenset({Doubt.NO_READINGS}))
    doubts: set[Doubt] = set()
    energy_wh = 0
    curve = [Point(ordered[0].at, 0)]
    for earlier, later in pairwise(ordered):
        step_wh, doubt = _step(earlier, later, power_max_w)
        energy_wh += step_wh
        curve.append(Point(later.at, energy_wh))
        if doubt:
            doubts.add(doubt)
    if energy_wh > max(REGISTER_STEP_WH, possible_wh(ordered[0].at, ordered[-1].at, power_max_w)):
        doubts.add(Doubt.MORE_THAN_POSSIBLE)
    return Metered(energy_wh, frozenset(doubts), tuple(curve), ordered[0].register_wh, ordered[-1].register_wh)


def possible_wh(earlier: datetime, later: datetime, power_max_w: int) -> float:
    """Return the most that a connector of `power_max_w` can deliver between two instants, with tolerance."""
    return power_max_w * seconds_between(earlier, later) / SECONDS_PER_HOUR * POWER_TOLERANCE


def _step(earlier: Reading, later: Reading, power_max_w: int) -> tuple[int, Doubt | None]:
    if later.register_wh >= earlier.register_wh:
        return later.register_wh - earlier.register_wh, None
    was_reset = 0 <= later.register_wh < earlier.register_wh * RESET_SHARE_MAX and later.register_wh <= possible_wh(
        earlier.at, later.at, power_max_w
    )
    return (later.register_wh, Doubt.REGISTER_RESET) if was_reset else (0, Doubt.REGISTER_WENT_BACK)


def session_energy(start: Reading | None, between: Sequence[Reading], end: Reading | None, power_max_w: int) -> Metered:
    """Return the energy of a session from its first and last register and the readings between.

    Some chargers report the register's lifetime at start and end, and count from zero in between (quirk 61): then the
    difference counts, the readings only shape its curve, and the session says so.
    """
    if start is not None and end is not None and _is_relative(start, between, end):
        shape = [Reading(reading.at, start.register_wh + reading.register_wh) for reading in between]
        highest = end.register_wh
        capped = [Reading(reading.at, min(reading.register_wh, highest)) for reading in shape]
        found = metered([start, *capped, end], power_max_w)
        return Metered(
            found.energy_wh,
            found.doubts | {Doubt.RELATIVE_READINGS},
            found.curve,
            found.register_start_wh,
            found.register_end_wh,
        )
    return metered([*([start] if start else ()), *between, *([end] if end else ())], power_max_w)


def _is_relative(start: Reading, between: Sequence[Reading], end: Reading) -> bool:
    inner = [reading for reading in between if reading not in (start, end)]
    if not inner or end.register_wh < start.register_wh:
        return False
    highest_wh = max(reading.register_wh for reading in inner)
    return highest_wh < start.register_wh and highest_wh <= end.register_wh - start.register_wh + RELATIVE_SLACK_WH


def charging_end(curve: Sequence[Point], started_at: datetime, ended_at: datetime) -> datetime:
    """Return when energy stopped flowing for good: from here on the car only stands there.

    It is the end of the last stretch between two readings in which the mean power was that of charging; where readings
    are too far apart to tell, the last in which the register moved at all; without any energy, the start.
    """
    moved = [(earlier, later) for earlier, later in pairwise(curve) if later.energy_wh > earlier.energy_wh]
    strong = [(earlier, later) for earlier, later in moved if _mean_power_w(earlier, later) >= CHARGING_POWER_MIN_W]
    last = max((later.at for _, later in strong or moved), default=started_at)
    return min(max(last, started_at), ended_at)


def _mean_power_w(earlier: Point, later: Point) -> float:
    seconds = seconds_between(earlier.at, later.at)
    return (later.energy_wh - earlier.energy_wh) * SECONDS_PER_HOUR / seconds if seconds > 0 else float("inf")


def clock_doubt(at: datetime, said_at: datetime | None, *, offline: bool) -> Doubt | None:
    """Return what the correction of a start or end time makes doubtful.

    A wrong clock is harmless while we hear the message as it happens; told later, the time is a guess. So it is when
    a clock was off by more than a day: such clocks were never set, which means that the charger had no connection.
    """
    if said_at is None:
        return Doubt.CLOCK_UNSURE if offline else None
    wrong_s = abs(seconds_between(said_at, at))
    if wrong_s <= CLOCK_TOLERANCE_S:
        return None
    return Doubt.CLOCK_UNSURE if offline or wrong_s > CLOCK_NEVER_SET_S else Doubt.CLOCK_CORRECTED


def settlement_of(
    payer: Payer | None, energy_wh: int, doubts: frozenset[Doubt], *, free: bool, approved: bool = False
) -> Settlement:
    """Return how a session is settled: held for review while a doubt holds the bill and nobody approved it."""
    if Doubt.WRITTEN_OFF in doubts:
        return Settlement.FREE
    held = bool(doubts - INFORMS_ONLY) and not approved
    if held:
        return Settlement.REVIEW
    if free or not _pays(payer):
        return Settlement.FREE if free or energy_wh == 0 else Settlement.REVIEW
    assert payer is not None
    by_card = payer.payment_id is not None or payer.settlement == "card"
    return Settlement.PAYMENT if by_card else Settlement.INVOICE


def payer_doubts(payer: Payer | None, energy_wh: int, *, free: bool) -> frozenset[Doubt]:
    """Return what is doubtful about who pays. Without energy there is nothing to pay for, and no doubt."""
    if energy_wh == 0:
        return frozenset()
    found: set[Doubt] = set()
    if payer is not None and not payer.accepted:
        found.add(Doubt.NOT_AUTHORISED)
    if not free and not _pays(payer):
        found.add(Doubt.NO_PAYER)
    return frozenset(found)


def _pays(payer: Payer | None) -> bool:
    return payer is not None and (payer.driver_id is not None or payer.payment_id is not None)

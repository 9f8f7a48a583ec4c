"""How energy, power and current of a charge went over time, in whole microseconds and watt-hours. Pure.

Instants are integers here, microseconds of UTC since 1970: comparing and subtracting them is exact and fast, and no
time zone can creep in (law 5).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from laddverk.tariffs.model import Charge

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SECOND_US: Final = 1_000_000
DAY_US: Final = 86_400 * SECOND_US
WH_US_PER_W: Final = 3600 * SECOND_US  # a watt for so many microseconds is a watt-hour
PHASE_VOLTAGE_V: Final = 230  # low voltage in Europe (EN 50160); turns power into the sum of the phases' currents


def micros(at: datetime) -> int:
    """Return the microseconds since 1970 of an aware instant."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND_US + since.microseconds


def instant(at_us: int) -> datetime:
    """Return the instant (UTC) of so many microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at_us)


class Span:
    """When a charge began, stopped charging and ended, in order."""

    __slots__ = ("charging_ended_us", "ended_us", "started_us")

    def __init__(self, charge: Charge) -> None:
        started_us = micros(charge.started_at)
        ended_us = max(micros(charge.ended_at), started_us)
        stopped = charge.charging_ended_at
        charging_us = ended_us if stopped is None else min(max(micros(stopped), started_us), ended_us)
        self.started_us, self.charging_ended_us, self.ended_us = started_us, charging_us, ended_us


class Delivered:
    """How much energy had been delivered at any instant, in whole Wh that never fall and end at the total."""

    __slots__ = ("energies_wh", "instants_us")

    def __init__(self, instants_us: list[int], energies_wh: list[int]) -> None:
        self.instants_us = instants_us
        self.energies_wh = energies_wh

    def until(self, at_us: int) -> int:
        """Return the Wh delivered by an instant: on the line between the readings around it, rounded down.

        At the last instant and after it the total; before the first nothing, at the first what it shows.
        """
        index = bisect_right(self.instants_us, at_us) - 1
        if index < 0:
            return 0
        if index + 1 == len(self.instants_us):
            return self.energies_wh[-1]
        earlier_us, earlier_wh = self.instants_us[index], self.energies_wh[index]
        rise_wh = self.energies_wh[index + 1] - earlier_wh
        if not rise_wh:
            return earlier_wh
        return earlier_wh + rise_wh * (at_us - earlier_us) // (self.instants_us[index + 1] - earlier_us)

    def crossing(self, energy_wh: int) -> int | None:
        """Return the first microsecond at which so much energy had been delivered; None if it never was."""
        if energy_wh > self.energies_wh[-1]:
            return None
        index = bisect_left(self.energies_wh, energy_wh)
        if index == 0:
            return self.instants_us[0]
        earlier_us, earlier_wh = self.instants_us[index - 1], self.energies_wh[index - 1]
        rise_wh = self.energies_wh[index] - earlier_wh
        missing = (energy_wh - earlier_wh) * (self.instants_us[index] - earlier_us)
        return earlier_us + -(-missing // rise_wh)

    def power_at_least(self, at_us: int, power_w: Decimal) -> bool:
        """Return whether the mean power from the reading before an instant to the one after it reaches `power_w`."""
        index = bisect_right(self.instants_us, at_us) - 1
        if index < 0 or index + 1 == len(self.instants_us):
            return power_w <= 0
        rise_wh = self.energies_wh[index + 1] - self.energies_wh[index]
        return rise_wh * WH_US_PER_W >= power_w * (self.instants_us[index + 1] - self.instants_us[index])


def delivered_of(charge: Charge, span: Span) -> Delivered:
    """Return how the energy of `charge` was delivered.

    Readings outside its time or beyond its energy are taken to its edges. What no reading places flows evenly from the
    last one on until charging ended, or in the last instant when it had ended before.
    """
    total_wh = max(charge.energy_wh, 0)
    started_us, ended_us = span.started_us, span.ended_us
    instants_us, energies_wh = [started_us], [0]
    for at_us, energy_wh in sorted((micros(at), energy_wh) for at, energy_wh in charge.readings):
        inside_us = started_us if at_us < started_us else ended_us if at_us > ended_us else at_us
        highest_wh = energies_wh[-1]
        if highest_wh < energy_wh:
            highest_wh = energy_wh if energy_wh < total_wh else total_wh
        if inside_us == instants_us[-1]:
            energies_wh[-1] = highest_wh
        else:
            instants_us.append(inside_us)
            energies_wh.append(highest_wh)
    if energies_wh[-1] < total_wh:
        last_us = span.charging_ended_us if span.charging_ended_us > instants_us[-1] else ended_us
        if last_us == instants_us[-1]:
            energies_wh[-1] = total_wh
        else:
            instants_us.append(last_us)
            energies_wh.append(total_wh)
    return Delivered(instants_us, energies_wh)


class Measured:
    """A value as it was measured now and then: each holds until the next."""

    __slots__ = ("instants_us", "values")

    def __init__(self, samples: Sequence[tuple[datetime, int]] | Sequence[tuple[datetime, Decimal]]) -> None:
        ordered = sorted((micros(at), value) for at, value in samples)
        self.instants_us = [at_us for at_us, _ in ordered]
        self.values = [Decimal(value) for _, value in ordered]

    def at_least(self, at_us: int, least: Decimal) -> bool:
        """Return whether the value that holds at an instant reaches `least`; before the first one, the first holds."""
        return self.values[max(0, bisect_right(self.instants_us, at_us) - 1)] >= least

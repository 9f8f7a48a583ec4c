"""What a car takes from a charger: its battery, its phases, 6 A or nothing, and the taper above 80 %. Pure.

The shapes are those of measured sessions: an AC charger gives what the on-board charger asks until the battery is
nearly full; a DC charger is limited by the battery, which asks for ever less above 80 %, and for little while it is
cold.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

VOLTAGE_V: Final = 230.0  # phase to neutral in a Swedish network
CURRENT_MIN_A: Final = 6.0  # IEC 61851: no car charges with less, it pauses
TAPER_FROM: Final = 0.80  # share of the battery above which the power falls
TAPER_TO_SHARE: Final = 0.12  # of the full power, when the battery is full
WARM_C: Final = 10.0  # from here on the cold does not limit a battery
COLD_C: Final = -10.0  # here it takes `COLD_TO_SHARE`
COLD_TO_SHARE: Final = 0.2
LOST_SHARE: Final = 0.05  # of what goes in, as heat in the battery
HEAT_SHARE_PER_C: Final = 0.0016  # of what a battery holds: so much heat makes it one degree warmer
SECONDS_PER_HOUR: Final = 3600.0


class Supply(Struct, frozen=True):
    """What an outlet can give: phases (0 means DC), amperes per phase, watts in all."""

    phases: int
    current_max_a: float
    power_max_w: int


class Draw(Struct, frozen=True):
    """What a car takes at one instant. Zero amperes means that it pauses or is full."""

    power_w: int = 0
    current_a: float = 0.0
    phases: int = 0


NOTHING: Final = Draw()


class Car(Struct):
    """One car with the state of its battery. `target_share` is where its owner lets it stop."""

    battery_wh: int
    charged_wh: float
    phases: int = 3
    current_max_a: float = 16.0
    dc_max_w: int = 100_000
    target_share: float = 1.0
    battery_c: float = 20.0
    wakes_s: float = 0.0
    """So long it still agrees with the charger on how to charge, and takes nothing."""
    holds_cable: bool = False
    """Its own lock keeps the plug, whatever the charger lets go of."""

    @property
    def share(self) -> float:
        """How full the battery is, 0 to 1."""
        return min(1.0, self.charged_wh / self.battery_wh)

    @property
    def missing_wh(self) -> float:
        """Energy until the car stops by itself."""
        return max(0.0, self.target_share * self.battery_wh - self.charged_wh)


def taper(share: float) -> float:
    """Return which part of its full power a battery takes when it is `share` full: 1 up to 80 %, then falling."""
    if share <= TAPER_FROM:
        return 1.0
    beyond = (min(share, 1.0) - TAPER_FROM) / (1.0 - TAPER_FROM)
    return 1.0 - beyond * (1.0 - TAPER_TO_SHARE)


def warmth(battery_c: float) -> float:
    """Return which part of its full power a battery takes at a temperature: 1 from 10 °C on, 0.2 in hard frost."""
    share = COLD_TO_SHARE + (1.0 - COLD_TO_SHARE) * (battery_c - COLD_C) / (WARM_C - COLD_C)
    return min(1.0, max(COLD_TO_SHARE, share))


def draw(car: Car, supply: Supply, limit_a: float | None = None) -> Draw:
    """Return what `car` takes from `supply` now, when it is told at most `limit_a` (None: no limit).

    AC: never under 6 A: then it takes nothing. The on-board charger follows the taper of the battery only when that is
    lower than what it can do anyway, which for a small charger is close to full.
    """
    if car.missing_wh <= 0 or car.wakes_s > 0:
        return NOTHING
    if supply.phases == 0:
        return _dc(car, supply, limit_a)
    phases = min(car.phases, supply.phases)
    allowed_a = min(car.current_max_a, supply.current_max_a, supply.current_max_a if limit_a is None else limit_a)
    battery_a = _battery_w(car) / (VOLTAGE_V * phases)
    current_a = min(allowed_a, battery_a)
    if allowed_a < CURRENT_MIN_A:
        return NOTHING
    current_a = max(current_a, CURRENT_MIN_A)
    return Draw(round(current_a * phases * VOLTAGE_V), round(current_a, 1), phases)


def _battery_w(car: Car) -> float:
    return car.dc_max_w * taper(car.share) * warmth(car.battery_c)


def _dc(car: Car, supply: Supply, limit_a: float | None) -> Draw:
    power_w = min(_battery_w(car), supply.power_max_w)
    volts = 350.0 + 60.0 * car.share  # a 400 V battery pack
    current_a = power_w / volts
    if limit_a is not None and current_a > limit_a:
        current_a, power_w = limit_a, limit_a * volts
    return Draw(round(power_w), round(current_a, 1), 0)


def charge(car: Car, taken: Draw, seconds: float) -> float:
    """Fill the battery of `car` for `seconds` with `taken`, which warms it; return the Wh that the meter counts."""
    car.wakes_s = max(0.0, car.wakes_s - seconds)
    energy_wh = min(taken.power_w * seconds / SECONDS_PER_HOUR, car.missing_wh)
    car.charged_wh += energy_wh
    if car.battery_c < WARM_C:
        car.battery_c += energy_wh * LOST_SHARE / (HEAT_SHARE_PER_C * car.battery_wh)
    return energy_wh

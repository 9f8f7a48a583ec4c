"""What a car takes from a charger: its battery, its phases, 6 A or nothing, and the taper above 80 %. Pure.

The shapes are those of measured sessions: an AC charger gives what the on-board charger asks until the battery is
nearly full; a DC charger is limited by the battery, which asks for ever less above 80 %.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

VOLTAGE_V: Final = 230.0  # phase to neutral in a Swedish network
CURRENT_MIN_A: Final = 6.0  # IEC 61851: no car charges with less, it pauses
TAPER_FROM: Final = 0.80  # share of the battery above which the power falls
TAPER_TO_SHARE: Final = 0.12  # of the full power, when the battery is full
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


def draw(car: Car, supply: Supply, limit_a: float | None = None) -> Draw:
    """Return what `car` takes from `supply` now, when it is told at most `limit_a` (None: no limit).

    AC: never under 6 A: then it takes nothing. The on-board charger follows the taper of the battery only when that is
    lower than what it can do anyway, which for a small charger is close to full.
    """
    if car.missing_wh <= 0:
        return NOTHING
    if supply.phases == 0:
        return _dc(car, supply, limit_a)
    phases = min(car.phases, supply.phases)
    allowed_a = min(car.current_max_a, supply.current_max_a, supply.current_max_a if limit_a is None else limit_a)
    battery_a = car.dc_max_w * taper(car.share) / (VOLTAGE_V * phases)
    current_a = min(allowed_a, battery_a)
    if allowed_a < CURRENT_MIN_A:
        return NOTHING
    current_a = max(current_a, CURRENT_MIN_A)
    return Draw(round(current_a * phases * VOLTAGE_V), round(current_a, 1), phases)


def _dc(car: Car, supply: Supply, limit_a: float | None) -> Draw:
    power_w = min(car.dc_max_w * taper(car.share), supply.power_max_w)
    volts = 350.0 + 60.0 * car.share  # a 400 V battery pack
    current_a = power_w / volts
    if limit_a is not None and current_a > limit_a:
        current_a, power_w = limit_a, limit_a * volts
    return Draw(round(power_w), round(current_a, 1), 0)


def charge(car: Car, taken: Draw, seconds: float) -> float:
    """Fill the battery of `car` for `seconds` with `taken`; return the energy in Wh that the meter counts."""
    energy_wh = min(taken.power_w * seconds / SECONDS_PER_HOUR, car.missing_wh)
    car.charged_wh += energy_wh
    return energy_wh

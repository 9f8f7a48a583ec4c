"""The cars that come: kinds of batteries and on-board chargers, drawn with a seeded random. Pure."""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct

from laddverk.simulator.car import Car


class Kind(Struct, frozen=True):
    """A kind of car on Swedish roads, and how common it is."""

    battery_kwh: float
    phases: int
    current_max_a: float
    dc_max_kw: int
    weight: int


KINDS: Final = (
    Kind(10.4, 1, 16.0, 0, 22),  # plug-in hybrid
    Kind(18.0, 1, 16.0, 0, 12),  # plug-in hybrid, newer
    Kind(39.0, 1, 32.0, 46, 8),  # small car of one phase
    Kind(58.0, 3, 16.0, 120, 20),
    Kind(60.0, 3, 16.0, 170, 14),
    Kind(77.0, 3, 16.0, 135, 26),
    Kind(82.0, 3, 16.0, 200, 14),
    Kind(107.0, 3, 16.0, 190, 4),
)
FULL_TARGET_SHARE: Final = 0.35  # of owners who let the car fill to 100 %; the others stop at 80 or 90 %


def arriving(random: Random, *, dc: bool = False) -> Car:
    """Return a car as it arrives: emptier at a fast charger, and always with something to charge."""
    kinds = [kind for kind in KINDS if kind.dc_max_kw or not dc]
    kind = random.choices(kinds, [kind.weight for kind in kinds])[0]
    battery_wh = int(kind.battery_kwh * 1000)
    share = random.triangular(0.08, 0.55, 0.2) if dc else random.triangular(0.1, 0.88, 0.5)
    target = 1.0 if random.random() < FULL_TARGET_SHARE or not kind.dc_max_kw else random.choice((0.8, 0.9))
    if dc:
        target = min(target, 0.9)
    return Car(
        battery_wh,
        charged_wh=min(share, target - 0.05) * battery_wh,
        phases=kind.phases,
        current_max_a=kind.current_max_a,
        dc_max_w=kind.dc_max_kw * 1000 or 7_000,
        target_share=target,
    )


def visiting(*, dc: bool = False) -> Car:
    """Return the car of somebody who tries the network by hand: hungry and quick, so that there is something to see."""
    return Car(77_000, 12_000.0, phases=3, current_max_a=32.0, dc_max_w=150_000 if dc else 77_000)

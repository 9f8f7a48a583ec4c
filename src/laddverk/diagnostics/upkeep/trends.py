"""Which quantities drift towards a limit, as their detectors keep them, and what that limit is. Pure.

A point of a trend is the middle of the sessions that a detector remembers; the next one is taken when as many new ones
have come, so that no session is in two points. Nothing is taken before the detector knows what is normal here.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.detectors import heat, meter_drift
from laddverk.diagnostics.detectors.base import Detector
from laddverk.diagnostics.detectors.heat import CabinetHeat, ContactHeat, Heat
from laddverk.diagnostics.detectors.meter_drift import MeterDrift

SUMMER_AIR_C: Final = 25.0  # of a warm afternoon: what a plug's rise comes on top of


class Measured(Struct, frozen=True, kw_only=True):
    """What a detector says of its quantity now."""

    value: float
    usual: float
    heard: int
    """Samples it has judged; less than before: it has begun anew."""


class Aim(Struct, frozen=True, kw_only=True):
    """A limit that a quantity may meet."""

    name: str
    value: float
    upward: bool = True


class Feature(Struct, frozen=True, kw_only=True):
    """A quantity that drifts."""

    kind: type[Detector]
    part: str
    """What will have to be changed: a cause of `stocking.PARTS`."""
    apart: int
    """New sessions between two points."""
    measured: Callable[[Detector], Measured | None]
    aims: Callable[[float], tuple[Aim, ...]]
    """The limits, by what is usual; the nearest first."""


def _heat(one: Detector) -> Measured | None:
    if not isinstance(one, Heat) or one.drift.baseline.centre is None or not one.last or not one.drift.heard:
        return None
    return Measured(value=median(one.last), usual=one.drift.baseline.centre, heard=one.drift.heard)


def _meter(one: Detector) -> Measured | None:
    if not isinstance(one, MeterDrift) or one.up.baseline.centre is None or not one.last or not one.up.heard:
        return None
    return Measured(value=median(one.last), usual=one.up.baseline.centre, heard=one.up.heard)


def _plug_aims(usual: float) -> tuple[Aim, ...]:
    return (
        Aim(name="alarm", value=usual * (1 + heat.STEP_SHARE)),
        Aim(name="derates", value=heat.PLUG_HOT_C - SUMMER_AIR_C),
    )


def _cabinet_aims(usual: float) -> tuple[Aim, ...]:
    return (Aim(name="alarm", value=usual * (1 + heat.STEP_SHARE)),)


def _meter_aims(usual: float) -> tuple[Aim, ...]:
    return (
        Aim(name="alarm", value=usual * (1 + meter_drift.MOVED_SHARE)),
        Aim(name="alarm", value=usual * (1 - meter_drift.MOVED_SHARE), upward=False),
    )


FEATURES: Final = {
    "D16": Feature(kind=ContactHeat, part="cable_or_plug", apart=heat.LAST, measured=_heat, aims=_plug_aims),
    "D17": Feature(kind=CabinetHeat, part="cooling", apart=heat.LAST, measured=_heat, aims=_cabinet_aims),
    "D24": Feature(kind=MeterDrift, part="meter", apart=meter_drift.MIDDLE_OF, measured=_meter, aims=_meter_aims),
}
"""By detector. The supply's voltage drifts too (D20), but is no part that wears."""


def is_new(feature: Feature, now: Measured, before_heard: int | None) -> bool:
    """Return whether enough has been heard since the point before."""
    return before_heard is None or now.heard - before_heard >= feature.apart


def has_begun_anew(now: Measured, before_heard: int) -> bool:
    """Return whether the detector has forgotten what it knew: the points before belong to another life."""
    return now.heard < before_heard


def next_aim(feature: Feature, usual: float, level: float, *, upward: bool) -> Aim | None:
    """Return the nearest limit in that direction that is not yet met; the last one where all are met."""
    aims = [aim for aim in feature.aims(usual) if aim.upward is upward]
    ahead = (aim for aim in aims if (aim.value > level if upward else aim.value < level))
    return next(ahead, aims[-1] if aims else None)

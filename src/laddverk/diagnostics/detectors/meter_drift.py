"""D24: the meter's register and its own power no longer agree as they once did.

What is compared is uncertain by itself: between two readings power may have gone any way from the one to the other, so
that the energy in between is known to half their difference. Where a fast charger follows a battery that grows full
that is several percent, more than a meter may ever err (MID, class B: 1 percent intrinsic, 2 to 2.5 with temperature).
So only stretches of steady power are compared, at which the comparison errs by less than what is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from statistics import median
from typing import ClassVar, Final

from msgspec import field

from laddverk.diagnostics.detectors.base import About, Detector, EvseScene, Scene, Scope
from laddverk.diagnostics.detectors.statistics import Drift, DriftPlan, elapsed_s
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Metered, Observation, SessionBegan, SessionOver
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

GAP_MAX_S: Final = 1_000.0  # readings a quarter of an hour apart still give a sum, though a rough one
INTEGRAL_MIN_WH: Final = 1_000.0
READINGS_MIN: Final = 3
MIDDLE_OF: Final = 3
POSSIBLE: Final = (0.05, 20.0)  # what is beyond is not drift: it does not count at all, or in another unit (D25)
MOVED_SHARE: Final = 0.02  # meters of class B may err by 1 % as made, and by 2 % in the field
STEADY_SHARE: Final = 2 * MOVED_SHARE  # between two readings: then their mean errs by MOVED_SHARE at the very most
RUNNING_WEIGHT: Final = 0.15


class MeterDrift(Detector, kw_only=True, omit_defaults=True):
    """The ratio of counted energy to the integral of power, or of current and voltage, once a session."""

    ABOUT: ClassVar = About(
        id="D24",
        title=N_("The meter drifts"),
        family=Family.METER,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("Energy of a session over the integral of its power (of current times voltage without it) while "
                   "that is steady within 4 percent, from 1 kWh on: EWMA of weight 0.08 over 4.2 sigma and CUSUM over "
                   "9, up or down, and 2 percent from its normal"),
        needs=(Input.ENERGY, Input.POWER),
        better_with=(Input.CURRENT, Input.VOLTAGE),
        action=N_("Hold what it bills until the meter is checked; recalibrate or replace it"),
        runbook="meter-drift",
    )  # fmt: skip
    HEARS: ClassVar = (Metered, SessionBegan, SessionOver)
    UP: ClassVar = DriftPlan(weight=0.08, sigma_min=0.003)
    DOWN: ClassVar = DriftPlan(weight=0.08, sigma_min=0.003, upward=False)

    up: Drift = field(default_factory=Drift)
    down: Drift = field(default_factory=Drift)
    last: tuple[float, ...] = ()
    """Ratios of the last sessions: the middle one is heard, so that one odd session is none."""
    running: float | None = None
    counts: bool = False
    """A session is followed."""
    read_at: datetime | None = None
    power_w: float = 0.0
    register_wh: int = 0
    energy_wh: float = 0.0
    integral_wh: float = 0.0
    readings: int = 0

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Follow a session and judge it at its end."""
        if isinstance(seen, SessionBegan):
            self.counts, self.read_at = True, None
            self.energy_wh, self.integral_wh, self.readings = 0.0, 0.0, 0
        elif isinstance(seen, Metered):
            self._follow(seen, scene.evse(self.evse_number))
        elif isinstance(seen, SessionOver):
            return self._end(seen.at)
        return ()

    def _follow(self, seen: Metered, evse: EvseScene) -> None:
        power_w = power_of(seen, evse)
        if not self.counts or seen.energy_wh is None or power_w is None:
            return
        past_s, rise_wh = elapsed_s(self.read_at, seen.at), seen.energy_wh - self.register_wh
        steady = abs(power_w - self.power_w) <= STEADY_SHARE * max(power_w, self.power_w)
        if self.read_at is not None and 0 < past_s <= GAP_MAX_S and 0 <= rise_wh < 1e6 and steady:
            self.integral_wh += (self.power_w + power_w) / 2 * past_s / 3_600
            self.energy_wh += rise_wh
            self.readings += 1
        self.read_at, self.power_w, self.register_wh = seen.at, power_w, seen.energy_wh

    def _end(self, at: datetime) -> Sequence[Signal]:
        counts, self.counts = self.counts, False
        if not counts or self.integral_wh < INTEGRAL_MIN_WH or self.readings < READINGS_MIN:
            return ()
        ratio = self.energy_wh / self.integral_wh
        if not POSSIBLE[0] < ratio < POSSIBLE[1]:
            return ()
        self.last = (*self.last, ratio)[-MIDDLE_OF:]
        heard = median(self.last) if self.up.baseline.is_learnt and len(self.last) == MIDDLE_OF else ratio
        self.up.hear(heard, at, self.UP)
        self.down.hear(heard, at, self.DOWN)
        usual = self.up.baseline.centre
        if usual is None or usual <= 0:
            return ()
        self.running = ratio if self.running is None else self.running + RUNNING_WEIGHT * (ratio - self.running)
        return self._judged(at, self.running / usual - 1)

    def _judged(self, at: datetime, moved: float) -> Sequence[Signal]:
        upward = self.up.is_drifting(self.UP)
        if (upward or self.down.is_drifting(self.DOWN)) and abs(moved) > MOVED_SHARE:
            drift = self.up if upward else self.down
            said = Evidence(
                text=N_("It counts %(moved_percent)s of its own power more than it used to") if moved > 0
                else N_("It counts %(moved_percent)s of its own power less than it used to"),
                values={"moved_percent": round(100 * abs(moved), 1)}, at=at,
            )  # fmt: skip
            return self.raise_it(at, said, since=drift.since, confidence=0.75)
        if self.up.is_normal(self.UP) and self.down.is_normal(self.DOWN) and abs(moved) < MOVED_SHARE / 2:
            return self.clear_it(at, Evidence(text=N_("It counts as it used to")))
        return ()


def power_of(seen: Metered, evse: EvseScene) -> float | None:
    """Return the power in W: as said, or the sum of current times voltage by phase; None without either."""
    if seen.power_w is not None:
        return float(seen.power_w) if 0 <= seen.power_w < 5_000_000 else None
    if seen.current_a is None or seen.voltage_v is None or evse.power_type == "dc":
        return None
    pairs = [(a, v) for a, v in zip(seen.current_a, seen.voltage_v, strict=False) if a is not None and v is not None]
    watts = sum(abs(a * v) for a, v in pairs if isfinite(a) and isfinite(v))
    return watts if pairs and watts < 5_000_000 else None

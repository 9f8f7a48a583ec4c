"""D20: the supply is too low or too high, or sinks slowly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from statistics import median
from typing import ClassVar, Final

from msgspec import field

from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import Drift, DriftPlan, elapsed_s
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Metered, Observation
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

NOMINAL_V: Final = (120.0, 230.0, 400.0)
LOW_SHARE: Final = 0.9
HIGH_SHARE: Final = 1.1
"""EN 50160: ten per cent to either side."""
DEAD_SHARE: Final = 0.5  # a phase without voltage is a lost phase (D19), not a low supply
FOR_S: Final = 300.0
WELL_FOR_S: Final = 1_800.0
GAP_MAX_S: Final = 1_200.0  # readings further apart than this say nothing of the time between
FIRST: Final = 10  # readings by which it is known which nominal voltage this is
BUCKET_S: Final = 6 * 3_600.0  # one value for a quarter of a day: evenings are low everywhere
SAGGED_SHARE: Final = 0.03  # of nominal, below its own normal
OHMS_PRIOR: Final = 0.1  # of the supply as far as the charger: 3 V at 32 A
OHMS_WEIGHT: Final = 400.0  # A²: how much own evidence outweighs it
OHMS_MAX: Final = 1.0
RUNNING_WEIGHT: Final = 0.15


class SupplyVoltage(Detector, kw_only=True, omit_defaults=True):
    """Watches the lowest and highest phase, and the mean voltage with the fall under own load taken away."""

    ABOUT: ClassVar = About(
        id="D20",
        title=N_("The supply voltage is out of range"),
        family=Family.SUPPLY,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=N_("A phase below 0.9 or above 1.1 of nominal for 5 minutes; or the voltage without its own load, in "
                   "means of 6 hours, drifts: EWMA over 4.2 sigma and CUSUM over 9, and 3 percent of nominal below "
                   "its normal"),
        needs=(Input.VOLTAGE,),
        better_with=(Input.CURRENT,),
        action=N_("Compare with the other chargers of the site; ask an electrician or the grid company"),
        runbook="supply-voltage",
    )  # fmt: skip
    HEARS: ClassVar = (Metered,)
    PLAN: ClassVar = DriftPlan(sigma_min=1.0, upward=False)

    first: tuple[float, ...] = ()
    nominal_v: float | None = None
    heard_at: datetime | None = None
    bad_since: datetime | None = None
    well_since: datetime | None = None
    by_limit: bool = False
    drift: Drift = field(default_factory=Drift)
    running: float | None = None
    bucket: int = -1
    total_v: float = 0.0
    readings: int = 0
    mean_v: float = 0.0
    mean_a: float = 0.0
    covariance: float = 0.0
    """Volts times amperes, over all readings: with `variance` the resistance of the supply."""
    variance: float = 0.0
    counted: float = 0.0

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Take in one reading of the mains; what a DC outlet shows is the car's battery."""
        if not isinstance(seen, Metered) or seen.voltage_v is None:
            return ()
        if scene.evse(seen.evse_number).power_type == "dc":
            return ()
        volts = [abs(volt) for volt in seen.voltage_v if volt is not None and isfinite(volt)]
        if not volts or max(volts) <= 0:
            return ()
        nominal_v = self._nominal(max(volts))
        if nominal_v is None:
            return ()
        alive = [volt for volt in volts if volt >= DEAD_SHARE * nominal_v]
        if not alive or max(alive) > 2 * nominal_v:
            return ()
        return (*self._limits(seen.at, alive, nominal_v), *self._sags(seen, alive, nominal_v))

    def _nominal(self, volt: float) -> float | None:
        if self.nominal_v is None:
            self.first = (*self.first, volt)
            if len(self.first) >= FIRST:
                middle = median(self.first)
                self.nominal_v = min(NOMINAL_V, key=lambda nominal: abs(nominal - middle))
                self.first = ()
        return self.nominal_v

    def _limits(self, at: datetime, volts: Sequence[float], nominal_v: float) -> Sequence[Signal]:
        if elapsed_s(self.heard_at, at) > GAP_MAX_S:
            self.bad_since = self.well_since = None
        self.heard_at = at
        worst = max(volts, key=lambda volt: abs(volt - nominal_v))
        if LOW_SHARE * nominal_v <= worst <= HIGH_SHARE * nominal_v:
            self.bad_since = None
            self.well_since = self.well_since or at
            if self.by_limit and elapsed_s(self.well_since, at) >= WELL_FOR_S:
                self.by_limit = False
                return self.clear_it(at, Evidence(text=N_("The voltage is in range again"), at=at))
            return ()
        self.well_since = None
        self.bad_since = self.bad_since or at
        if self.by_limit or elapsed_s(self.bad_since, at) < FOR_S:
            return ()
        self.by_limit = True
        said = Evidence(
            text=N_("%(volts)s V for %(lasted_s)s; %(nominal)s V is nominal"),
            values={"volts": round(worst), "lasted_s": round(elapsed_s(self.bad_since, at)),
                    "nominal": round(nominal_v)}, at=at,
        )  # fmt: skip
        return self.raise_it(at, said, since=self.bad_since, confidence=0.95)

    def _sags(self, seen: Metered, volts: Sequence[float], nominal_v: float) -> Sequence[Signal]:
        """Add a reading to the quarter of its day; judge the quarter that is over."""
        bucket = int(seen.at.timestamp() // BUCKET_S)
        signals: Sequence[Signal] = ()
        if bucket != self.bucket:
            if self.readings:
                signals = self._judged(seen.at, self.total_v / self.readings, nominal_v)
            self.bucket, self.total_v, self.readings = bucket, 0.0, 0
        amperes = [abs(a) for a in seen.current_a or () if a is not None and isfinite(a) and abs(a) < 5_000]
        volt, ampere = sum(volts) / len(volts), max(amperes, default=0.0)
        self._regress(volt, ampere)
        self.total_v += volt + self._ohms() * ampere
        self.readings += 1
        return signals

    def _judged(self, at: datetime, mean_v: float, nominal_v: float) -> Sequence[Signal]:
        self.drift.hear(mean_v, at, self.PLAN)
        usual = self.drift.baseline.centre
        if usual is None:
            return ()
        self.running = mean_v if self.running is None else self.running + RUNNING_WEIGHT * (mean_v - self.running)
        sagged_v = usual - self.running
        if self.drift.is_drifting(self.PLAN) and sagged_v > SAGGED_SHARE * nominal_v:
            said = Evidence(
                text=N_("%(volts)s V without its own load; usual here are %(usual)s V"),
                values={"volts": round(self.running, 1), "usual": round(usual, 1)}, at=at,
            )  # fmt: skip
            return self.raise_it(at, said, since=self.drift.since, confidence=0.8)
        if not self.by_limit and self.drift.is_normal(self.PLAN) and sagged_v < SAGGED_SHARE * nominal_v / 2:
            return self.clear_it(at, Evidence(text=N_("The voltage is what it used to be"), at=at))
        return ()

    def _regress(self, volt: float, ampere: float) -> None:
        """Learn how far the voltage falls for each ampere drawn."""
        self.counted = min(self.counted + 1, 500.0)  # a window: seasons change the supply
        weight = 1 / self.counted
        by_v, by_a = volt - self.mean_v, ampere - self.mean_a
        self.mean_v += weight * by_v
        self.mean_a += weight * by_a
        fades = 1 - weight
        self.covariance = fades * (self.covariance + weight * by_v * by_a)
        self.variance = fades * (self.variance + weight * by_a * by_a)

    def _ohms(self) -> float:
        own_weight = self.variance * self.counted
        raw = (OHMS_PRIOR * OHMS_WEIGHT - self.covariance * self.counted) / (OHMS_WEIGHT + own_weight)
        return min(max(raw, 0.0), OHMS_MAX)

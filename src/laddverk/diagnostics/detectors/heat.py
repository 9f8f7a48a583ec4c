"""D16 and D17: the plug, and the cabinet, grow hotter under the same load than they once did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import exp, isfinite
from statistics import median
from typing import ClassVar, Final

from msgspec import field

from laddverk.diagnostics.detectors.base import About, Detector, EvseScene, Scene, Scope
from laddverk.diagnostics.detectors.statistics import Drift, DriftPlan, elapsed_s
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Metered, Observation, SessionBegan, SessionOver
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

LOAD_SHARE_MIN: Final = 0.45  # of full current: below it the heat drowns in the weather
WARM_UP_S: Final = 600.0
COOL_S: Final = 2_700.0  # after three quarters of an hour a plug is as warm as the air
COLD_AIR_C: Final = -45.0
HOT_AIR_C: Final = 60.0  # what a sensor says beyond these is not the weather
POSSIBLE_C: Final = (-50.0, 250.0)
STEP_SHARE: Final = 0.35  # more heat than usual under the same load; at a quarter, twins without a fault told too
STEP_WEIGHT: Final = 0.2  # of the newest session in the running value that is shown
PLUG_HOT_C: Final = 90.0  # where plugs must begin to derate
PLUG_COOL_C: Final = 60.0
GAP_MAX_S: Final = 1_800.0
AIR_LASTS_S: Final = 3_600.0  # air warms by a kelvin an hour on any morning, which at half the current looks like four
STILL_MOST: Final = 0.98
MIDDLE_OF: Final = 3
LAST: Final = 5
HOTTER_MIN: Final = 4  # of the last five sessions: a worn contact is hot every time, a warm afternoon is not


class Heat(Detector, kw_only=True, omit_defaults=True):
    """The rise of a temperature for each unit of what heats it, once for each session, against its own normal.

    What heats it is smoothed as heat itself is, so that a car that tapers off does not look like a bad contact. The
    air is as warm as the part was when it had rested, and that is so for an hour: what a long session, or one that
    began before the part had cooled, tells later is of the weather as much as of the part.
    """

    PLAN: ClassVar[DriftPlan]
    WARMS_IN_S: ClassVar[float]
    """The time constant of the part."""
    LOAD_MIN: ClassVar[float]
    """Of full load, smoothed: less heats too little."""

    drift: Drift = field(default_factory=Drift)
    air_c: float | None = None
    air_at: datetime | None = None
    last: tuple[float, ...] = ()
    """Of the last sessions."""
    most: float = 0.0
    """The most that it was heated in this session: a value is taken there, not while it cools as a car tapers off."""
    warming: float = 0.0
    """What heats it, smoothed: a share of full load (or its square), 0 to about 1."""
    load: float | None = None
    """At the reading before, in this session."""
    began_at: datetime | None = None
    loaded_at: datetime | None = None
    """The last reading under load: it has cooled when that is long ago."""
    heard_at: datetime | None = None
    value: float | None = None
    """Of this session so far: kelvins at full load."""
    running: float | None = None
    part_c: float = 0.0
    """As last read."""
    hot: bool = False
    """It is raised because it is too hot whatever is usual."""

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Follow a session's heat and judge it at the end."""
        if isinstance(seen, SessionBegan):
            self._begin(seen.at)
        elif isinstance(seen, SessionOver):
            return self._end(seen.at)
        elif isinstance(seen, Metered):
            part_c = self._temperature(seen)
            load = self._load(seen, scene.evse(self.evse_number))
            if part_c is not None and POSSIBLE_C[0] < part_c < POSSIBLE_C[1]:
                self.part_c = part_c
                self._follow(seen, part_c, load)
                return self._hot(seen.at, part_c)
        return ()

    def _temperature(self, seen: Metered) -> float | None:
        raise NotImplementedError

    def _load(self, seen: Metered, evse: EvseScene) -> float | None:
        raise NotImplementedError

    def _hot(self, at: datetime, part_c: float) -> Sequence[Signal]:
        """Return a signal for what is too hot whatever is usual."""
        del at, part_c
        return ()

    def _begin(self, at: datetime) -> None:
        self.warming *= exp(-elapsed_s(self.heard_at, at) / self.WARMS_IN_S)  # what is left of the session before
        self.began_at, self.value, self.heard_at, self.load, self.most = at, None, at, None, 0.0

    def _follow(self, seen: Metered, part_c: float, load: float | None) -> None:
        rested = self.loaded_at is None or elapsed_s(self.loaded_at, seen.at) >= COOL_S
        is_loaded = load is not None and load > 0.02
        if rested and not (is_loaded and self.warming > 0.02) and COLD_AIR_C < part_c < HOT_AIR_C:
            self.air_c, self.air_at = part_c, seen.at
        past_s = min(elapsed_s(self.heard_at, seen.at), GAP_MAX_S)
        self.heard_at = seen.at
        if load is None or self.began_at is None:
            return
        between = load if self.load is None else (load + self.load) / 2
        self.warming += (1 - exp(-past_s / self.WARMS_IN_S)) * (between - self.warming)
        self.load = load
        if is_loaded:
            self.loaded_at = seen.at
        warm = elapsed_s(self.began_at, seen.at) >= WARM_UP_S and elapsed_s(self.air_at, seen.at) <= AIR_LASTS_S
        if warm and self.air_c is not None and self.warming >= max(self.LOAD_MIN, self.most * STILL_MOST):
            self.most = max(self.most, self.warming)
            self.value = (part_c - self.air_c) / self.warming

    def _end(self, at: datetime) -> Sequence[Signal]:
        value, self.value, self.began_at = self.value, None, None
        if value is None or not isfinite(value):
            return ()
        self.drift.hear(self._middle(value), at, self.PLAN)
        was_hot, self.hot = self.hot, self.hot and self.part_c >= PLUG_COOL_C
        usual = self.drift.baseline.centre
        if usual is None or usual <= 0:
            return self._normal(at) if was_hot and not self.hot else ()
        self.running = value if self.running is None else self.running + STEP_WEIGHT * (value - self.running)
        more = self.running / usual - 1
        hotter = sum(one > usual * (1 + STEP_SHARE) for one in self.last)
        if self.drift.is_drifting(self.PLAN) and more > STEP_SHARE and hotter >= HOTTER_MIN:
            return self._drifts(at, usual, more)
        if not self.hot and self.drift.is_normal(self.PLAN) and more < STEP_SHARE / 2:
            return self._normal(at)
        return ()

    def _middle(self, value: float) -> float:
        """Return what the drift hears: the middle of three once it has learnt, so that one odd session is none."""
        self.last = (*self.last, value)[-LAST:]
        middle_of = self.last[-MIDDLE_OF:]
        return median(middle_of) if self.drift.baseline.is_learnt and len(middle_of) == MIDDLE_OF else value

    def _normal(self, at: datetime) -> Sequence[Signal]:
        return self.clear_it(at, Evidence(text=N_("It warms no more than it should"), at=at))

    def _drifts(self, at: datetime, usual: float, more: float) -> Sequence[Signal]:
        said = Evidence(
            text=N_("At full load it would be %(rise)s degrees above the air; usual here are %(usual)s "
                    "(%(more_percent)s more)"),
            values={"rise": round(self.running or 0.0), "usual": round(usual),
                    "more_percent": round(100 * more)}, at=at,
        )  # fmt: skip
        severity = Severity.SAFETY if self.hot else None
        return self.raise_it(at, said, since=self.drift.since, severity=severity, confidence=min(0.95, 0.7 + more / 4))


class ContactHeat(Heat, kw_only=True, omit_defaults=True):
    """D16: pins and plug."""

    ABOUT: ClassVar = About(
        id="D16",
        title=N_("The plug runs hot"),
        family=Family.CONTACT_HEAT,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("(plug - air) / current squared, once a session above 45 percent of full current: EWMA over 4.2 "
                   "sigma and CUSUM over 9 against its own first 25 sessions, and 35 percent more than usual in 4 of "
                   "the last 5; safety at 90 °C"),
        needs=(Input.TEMPERATURE, Input.CURRENT),
        action=N_("Cap the current at 80 percent; inspect the pins; replace the cable"),
        runbook="contact-heat",
    )  # fmt: skip
    HEARS: ClassVar = (Metered, SessionBegan, SessionOver)
    PLAN: ClassVar = DriftPlan(sigma_min=2.5)
    WARMS_IN_S: ClassVar = 600.0
    LOAD_MIN: ClassVar = LOAD_SHARE_MIN**2

    def _temperature(self, seen: Metered) -> float | None:
        return seen.temperature_c

    def _load(self, seen: Metered, evse: EvseScene) -> float | None:
        amperes = [abs(a) for a in seen.current_a or () if a is not None and isfinite(a)]
        return min(max(amperes) / max(evse.current_max_a, 1), 2.0) ** 2 if amperes else None

    def _hot(self, at: datetime, part_c: float) -> Sequence[Signal]:
        if part_c >= PLUG_HOT_C and not self.hot:
            self.hot = True
            said = Evidence(text=N_("%(degrees)s °C at the plug"), values={"degrees": round(part_c)}, at=at)
            return self.raise_it(at, said, severity=Severity.SAFETY, confidence=0.95)
        return ()


class CabinetHeat(Heat, kw_only=True, omit_defaults=True):
    """D17: fans and filters."""

    ABOUT: ClassVar = About(
        id="D17",
        title=N_("The cooling grows weaker"),
        family=Family.COOLING,
        severity=Severity.PLAN,
        scope=Scope.EVSE,
        formula=N_("(cabinet - air) / power, once a session above 30 percent of full power: EWMA over 4.2 sigma and "
                   "CUSUM over 9 against its own first 25 sessions, and 35 percent more than usual in 4 of the last 5"),
        needs=(Input.TEMPERATURE, Input.POWER),
        action=N_("Clean or change the filter, listen to the fans; cap the power in the heat"),
        runbook="cooling",
    )  # fmt: skip
    HEARS: ClassVar = (Metered, SessionBegan, SessionOver)
    PLAN: ClassVar = DriftPlan(sigma_min=2.5)
    WARMS_IN_S: ClassVar = 1_200.0
    LOAD_MIN: ClassVar = 0.3

    def _temperature(self, seen: Metered) -> float | None:
        return seen.cabinet_c

    def _load(self, seen: Metered, evse: EvseScene) -> float | None:
        return None if seen.power_w is None else min(max(seen.power_w, 0) / max(evse.power_max_w, 1), 2.0)

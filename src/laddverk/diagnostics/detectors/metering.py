"""Detectors of the meter: it stands still or jumps (D25), and its values come unevenly (D26)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from msgspec import Struct, field

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.failures import COUNT_MAX, KEY_MAX, RUN, RUN_USERS, UNKNOWN_USERS_S
from laddverk.diagnostics.detectors.last_sessions import POWER_MAX_W, LastSessions, flowing_w
from laddverk.diagnostics.detectors.statistics import Baseline, elapsed_s, later, recent
from laddverk.diagnostics.model import Evidence, Family, Input, OutcomeClass, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.platform.languages import marked

HOUR_S, DAY_S = 3_600.0, 86_400.0
JUDGED_WH: Final = 1_500.0  # registers of whole kWh exist: below this one may stand still and be right
STUCK_SHARE: Final = 0.1
INTERVAL_MAX_S: Final = 900.0  # power is not known for longer than that after it was told
BACK_WH: Final = 10
RESETS_BELOW_WH: Final = 100  # some begin every session at nought: that is their habit and no fault
JUMP_TIMES: Final = 1.5
JUMP_PLUS_WH: Final = 1_000.0
LIVE_S: Final = 60.0  # what was queued or bears a wrong time says nothing of how fast the register rose
ODD_TIMES: Final = 2
ODD_WINDOW_S: Final = 7 * DAY_S
CALM_S: Final = 14 * DAY_S
LONG_S: Final = 3_600.0


class StuckMeter(Detector, kw_only=True, omit_defaults=True):
    """D25: energy flows and is not counted, or is counted wrongly."""

    ABOUT: ClassVar[About] = About(
        id="D25",
        title=marked("The meter does not count"),
        family=Family.METER,
        severity=Severity.DOWN,
        scope=Scope.EVSE,
        formula=marked(
            "Current above 1 A or power above 300 W should have made 1.5 kWh, and the register rose by less than a "
            "tenth; or four sessions in a row without energy that lasted an hour, by two users or over two hours; or "
            "twice in a week the register fell, or rose 1.5 times faster than the outlet can."
        ),
        needs=(Input.SESSIONS, Input.ENERGY),
        better_with=(Input.CURRENT, Input.POWER),
        action=marked("Hold the bills. Restart while nobody charges; if it stays, replace the meter or its cable."),
        runbook="meter",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.Metered, seen.SessionBegan, seen.SessionOver, seen.SessionChanged, seen.StateSeen, seen.OutcomeSeen,
    )  # fmt: skip

    key: str = ""
    last_wh: int | None = None
    last_at: datetime | None = None
    was_live: bool = False
    last_w: float = 0.0
    """What flowed at the last reading."""
    expected_wh: float = 0.0
    risen_wh: float = 0.0
    judged_from: datetime | None = None
    odd_times: tuple[datetime, ...] = ()
    run: int = 0
    users: tuple[str, ...] = ()
    unknown: bool = False
    run_from: datetime | None = None
    why: str = ""
    sessions: LastSessions = field(default_factory=LastSessions)

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        self.sessions.hear(seen_now, self.evse_number)
        if isinstance(seen_now, seen.Metered):
            return self._metered(seen_now, scene)
        if isinstance(seen_now, seen.OutcomeSeen):
            return self._outcome(seen_now)
        if isinstance(seen_now, seen.SessionBegan):
            return self._began(seen_now)
        if isinstance(seen_now, seen.SessionOver):
            self.key = ""
        return ()

    def due_at(self) -> datetime | None:
        return later(self.odd_times[-1], CALM_S) if self.why == "odd" and self.odd_times else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        return self._well_again(now) if due is not None and due <= now else ()

    def _began(self, began: seen.SessionBegan) -> Sequence[Signal]:
        fell = (
            began.register_wh is not None
            and self.last_wh is not None
            and began.register_wh >= RESETS_BELOW_WH
            and self.last_wh - began.register_wh > BACK_WH
            and (self.last_at is None or began.at > self.last_at)
        )
        self.key, self.was_live = began.session_key[: KEY_MAX * 2], False
        self.last_wh, self.last_at, self.last_w = began.register_wh, began.at, 0.0
        self.expected_wh, self.risen_wh, self.judged_from = 0.0, 0.0, began.at
        return self._odd(began.at, marked("Between two sessions its register fell.")) if fell else ()

    def _metered(self, metered: seen.Metered, scene: Scene) -> Sequence[Signal]:
        at = metered.at
        if not self.key or metered.energy_wh is None or metered.session_key[: KEY_MAX * 2] not in (self.key, ""):
            return ()
        if self.last_at is not None and at <= self.last_at:
            return ()
        before_w, self.last_w = self.last_w, flowing_w(metered)
        if self.last_wh is None or self.last_at is None:
            self.last_wh, self.last_at, self.judged_from = metered.energy_wh, at, at
            return ()
        passed_s, risen_wh = elapsed_s(self.last_at, at), metered.energy_wh - self.last_wh
        was_live, self.was_live = self.was_live, abs((metered.received_at - at).total_seconds()) < LIVE_S
        self.last_wh, self.last_at = metered.energy_wh, at
        if risen_wh < -BACK_WH:
            return self._odd(at, marked("In mid-session its register fell."))
        power_max_w = min(max(scene.evse(self.evse_number).power_max_w, 0), POWER_MAX_W)
        if risen_wh > power_max_w * passed_s / HOUR_S * JUMP_TIMES + JUMP_PLUS_WH and was_live and self.was_live:
            return self._odd(at, marked("Its register rose faster than the outlet can give."))
        surely_w = min(before_w, self.last_w)  # a car may have begun to draw, or stopped, just before it was read
        self.expected_wh += surely_w * min(passed_s, INTERVAL_MAX_S) / HOUR_S
        self.risen_wh += max(0, min(risen_wh, 10_000_000))
        return self._judged(at) if self.expected_wh >= JUDGED_WH else ()

    def _judged(self, at: datetime) -> Sequence[Signal]:
        expected_wh, risen_wh, since = self.expected_wh, self.risen_wh, self.judged_from
        self.expected_wh, self.risen_wh, self.judged_from = 0.0, 0.0, at
        if risen_wh >= expected_wh * STUCK_SHARE:
            return self._well_again(at) if self.why == "stuck" else ()
        stands = Evidence(
            text=marked("Current flowed that makes %(expected_wh)s, and it counted %(energy_wh)s."),
            values={"expected_wh": round(expected_wh), "energy_wh": round(risen_wh)},
            at=at,
        )
        self.why = "stuck"
        return self.raise_it(at, stands, since=since, confidence=0.95)

    def _odd(self, at: datetime, text: str) -> Sequence[Signal]:
        self.odd_times = recent(self.odd_times, at, ODD_WINDOW_S, ODD_TIMES)
        self.expected_wh = self.risen_wh = 0.0
        if len(self.odd_times) < ODD_TIMES or self.why in ("stuck", "run"):
            return ()
        self.why = "odd"
        return self.raise_it(
            at, Evidence(text=text, at=at), since=self.odd_times[0], severity=Severity.DEGRADED, confidence=0.7
        )

    def _outcome(self, outcome: seen.OutcomeSeen) -> Sequence[Signal]:
        if outcome.outcome is OutcomeClass.OK:
            self._forget_run()
            return self._well_again(outcome.at) if self.why in ("run", "stuck") else ()
        is_long = elapsed_s(outcome.began_at, outcome.at) >= LONG_S
        look = self.sessions.of(outcome)
        is_dry = look is not None and (look.waits or look.is_held or look.flowed is False)
        if outcome.outcome is not OutcomeClass.ZERO_ENERGY or not is_long or is_dry:
            return ()
        user = outcome.token_key[:KEY_MAX]
        self.run = min(self.run + 1, COUNT_MAX)
        self.unknown = self.unknown or not user
        if user and user not in self.users and len(self.users) < RUN_USERS:
            self.users = (*self.users, user)
        self.run_from = min(self.run_from or outcome.began_at, outcome.began_at)
        several = len(self.users) >= RUN_USERS or (
            self.unknown and elapsed_s(self.run_from, outcome.at) >= UNKNOWN_USERS_S
        )
        if self.run < RUN or not several or self.why == "stuck":
            return ()
        self.why = "run"
        stayed = Evidence(
            text=marked("%(sessions)s sessions in a row lasted for an hour and more and have no energy."),
            values={"sessions": self.run},
            at=outcome.at,
        )
        return self.raise_it(outcome.at, stayed, since=self.run_from, confidence=0.8)

    def _forget_run(self) -> None:
        self.run, self.users, self.unknown, self.run_from = 0, (), False, None

    def _well_again(self, at: datetime) -> Sequence[Signal]:
        self.why = ""
        return self.clear_it(at, Evidence(text=marked("The meter counts again."), at=at))


JITTER_TIMES: Final = 3.0
MEAN_OF_NORMAL: Final = 0.798  # the mean distance from the mean, in sigmas
JITTER_WEIGHT: Final = 0.05
JITTER_FOR_S: Final = 6 * HOUR_S
QUIET_TIMES: Final = 1.5
INTERVAL_MIN_S: Final = 0.5  # closer together, two readings came in one message
GAP_TIMES: Final = 10.0  # a longer pause is no jitter
SIGMA_MIN_S: Final = 1.0  # the network alone makes as much
CADENCES_MAX: Final = 4
SETTINGS: Final = frozenset({"write_variable", "write_variables", "set_monitors", "clear_monitors"})


class Cadence(Struct, omit_defaults=True):
    """How evenly one kind of message comes, against its own normal."""

    last_at: datetime | None = None
    baseline: Baseline = field(default_factory=Baseline)
    spread: float = 0.0

    def hear(self, at: datetime) -> None:
        """Take in when one came."""
        interval_s = elapsed_s(self.last_at, at) if self.last_at else 0.0
        if self.last_at and interval_s < INTERVAL_MIN_S:
            return
        was, self.last_at = self.last_at, at
        centre = self.baseline.centre
        if was is None or interval_s > (centre * GAP_TIMES if centre else HOUR_S):
            return
        z = self.baseline.z(interval_s)
        if z is None:
            self.baseline.learn(interval_s, SIGMA_MIN_S)
        else:
            self.spread += JITTER_WEIGHT * (abs(z) - self.spread)

    @property
    def times_usual(self) -> float:
        """How many times its own usual spread the intervals now have."""
        return self.spread / MEAN_OF_NORMAL


class Jitter(Detector, kw_only=True, omit_defaults=True):
    """D26: what comes by the clock comes unevenly. A claim of the study to be tested: for the watch list only."""

    ABOUT: ClassVar[About] = About(
        id="D26",
        title=marked("Messages come unevenly"),
        family=Family.CONTROLLER,
        severity=Severity.INFO,
        scope=Scope.STATION,
        formula=marked(
            "Intervals between heartbeats and between meter values: robust spread more than three times its own "
            "(first 25 intervals), for six hours. Only watched: whether it foretells faults is not proven."
        ),
        needs=(Input.HEARTBEAT,),
        better_with=(Input.ENERGY,),
        action=marked("Nothing yet. Look at the link and at the load of the charger's computer."),
        runbook="cadence",
        watch_only=True,
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.Beat, seen.Metered, seen.LinkOpened, seen.SessionOver, seen.CommandEnded,
    )  # fmt: skip

    cadences: dict[int, Cadence] = field(default_factory=dict)
    """By EVSE, of meter values; 0: of heartbeats."""
    uneven_from: datetime | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.LinkOpened):
            for cadence in self.cadences.values():
                cadence.last_at = None
        elif isinstance(seen_now, seen.SessionOver):
            ended = self.cadences.get(seen_now.evse_number)
            if ended is not None:
                ended.last_at = None
        elif isinstance(seen_now, seen.CommandEnded):
            if seen_now.kind in SETTINGS and seen_now.state in ("accepted", "confirmed"):
                self.cadences, self.uneven_from = {}, None  # its intervals may be others from now on
                return self._even(at)
        elif isinstance(seen_now, seen.Beat):
            return self._came(0, at)
        elif isinstance(seen_now, seen.Metered) and seen_now.session_key and seen_now.evse_number > 0:
            return self._came(seen_now.evse_number, at)
        return ()

    def _came(self, stream: int, at: datetime) -> Sequence[Signal]:
        cadence = self.cadences.get(stream)
        if cadence is None:
            if len(self.cadences) >= CADENCES_MAX:
                return ()
            cadence = self.cadences[stream] = Cadence()
        cadence.hear(at)
        worst = max(one.times_usual for one in self.cadences.values())
        if worst <= JITTER_TIMES:
            self.uneven_from = None
            return self._even(at) if worst < QUIET_TIMES else ()
        self.uneven_from = self.uneven_from or at
        if self.raised or elapsed_s(self.uneven_from, at) < JITTER_FOR_S:
            return ()
        uneven = Evidence(
            text=marked("Its messages come %(times)s times as unevenly as usual for it."),
            values={"times": round(worst, 1)},
            at=at,
        )
        return self.raise_it(at, uneven, since=self.uneven_from, confidence=0.3)

    def _even(self, at: datetime) -> Sequence[Signal]:
        return self.clear_it(at, Evidence(text=marked("Its messages come evenly again."), at=at))

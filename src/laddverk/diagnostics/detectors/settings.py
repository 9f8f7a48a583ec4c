"""Detectors of settings: they differ from what was ordered (D28), and a limit that nobody wants any more (D29)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import ClassVar, Final

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import elapsed_s, later
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.ocpp.facts import Status
from laddverk.platform.languages import marked

MINUTE_S, HOUR_S = 60.0, 3_600.0
SETTLES_S: Final = 15 * MINUTE_S  # a template that staff have just changed is being sent
NAMES_MAX: Final = 5
NAME_MAX: Final = 50


class ConfigurationDrift(Detector, kw_only=True, omit_defaults=True):
    """D28: it is not set as its templates say."""

    ABOUT: ClassVar[About] = About(
        id="D28",
        title=marked("Not set as ordered"),
        family=Family.CONFIGURATION,
        severity=Severity.PLAN,
        scope=Scope.STATION,
        formula=marked("Keys that differ from the configuration templates of the station for 15 minutes."),
        needs=(Input.VARIABLES,),
        action=marked("Set the keys once more, and see whether they hold over a restart."),
        runbook="configuration",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (seen.DriftSeen,)

    names: tuple[str, ...] = ()
    count: int = 0
    since: datetime | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if not isinstance(seen_now, seen.DriftSeen):
            return ()
        names = tuple(name[:NAME_MAX] for name in sorted(seen_now.names)[:NAMES_MAX])
        has_changed, self.names, self.count = names != self.names, names, len(seen_now.names)
        if not names:
            self.since = None
            return self.clear_it(seen_now.at, Evidence(text=marked("It is set as ordered."), at=seen_now.at))
        self.since = self.since or seen_now.received_at
        return self._raise(seen_now.received_at) if self.raised and has_changed else ()

    def due_at(self) -> datetime | None:
        return later(self.since, SETTLES_S) if self.since is not None and not self.raised else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        return self._raise(now) if due is not None and due <= now else ()

    def _raise(self, at: datetime) -> Sequence[Signal]:
        differ = Evidence(
            text=marked("%(count)s settings are not as ordered: %(names)s."),
            values={"count": self.count, "names": ", ".join(self.names)},
            at=at,
        )
        return self.raise_it(at, differ, since=self.since)


PAUSE_A: Final = 6.0  # below, no car may charge (IEC 61851)
FULL_PERCENT: Final = 90.0
LOW_S: Final = 10 * MINUTE_S
LOW_AT_ONCE_S: Final = 2 * HOUR_S
LOW_SESSIONS: Final = 2
KEY_MAX: Final = 40
PROFILES: Final = frozenset({"set_profile", "update_dynamic_limit"})


class StuckLimit(Detector, kw_only=True, omit_defaults=True):
    """D29: it offers cars nothing, and no limit of ours holds it."""

    ABOUT: ClassVar[About] = About(
        id="D29",
        title=marked("Held by a limit that nobody wants"),
        family=Family.LIMIT,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=marked(
            "Less than 6 A offered for 10 minutes in two sessions in a row, or for two hours in one, while no limit of "
            "ours is below 6 A, the car is not full (90 percent) and does not itself wait."
        ),
        needs=(Input.SESSIONS, Input.OFFERED),
        better_with=(Input.STATUS, Input.SOC),
        action=marked("Clear the charging profiles that are ours. Then look at the load management on site."),
        runbook="stuck-limit",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.Metered, seen.LimitSet, seen.SessionBegan, seen.SessionOver, seen.StateSeen, seen.CommandEnded,
        seen.OutcomeSeen,
    )  # fmt: skip

    key: str = ""
    low_from: datetime | None = None
    is_low: bool = False
    """This session, or the one that has just ended, was offered nothing for long."""
    low_at: datetime | None = None
    has_profile: bool = False
    """A profile of ours is there, whose limit changes with the hour: only the outcome knows what held the session."""
    low_sessions: int = 0
    first_at: datetime | None = None
    limit_a: float | None = None
    station_limit_a: float | None = None
    is_guessing: bool = False
    """A profile was sent, and nobody has said yet which limit it makes."""
    car_waits: bool = False
    soc_percent: float | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if isinstance(seen_now, seen.Metered):
            return self._metered(seen_now)
        if isinstance(seen_now, seen.LimitSet):
            self._limited(seen_now)
        elif isinstance(seen_now, seen.SessionBegan):
            self.key, self.low_from, self.is_low = seen_now.session_key[:KEY_MAX], None, False
            self.soc_percent, self.car_waits = None, False
        elif isinstance(seen_now, seen.SessionOver):
            self.key, self.low_from = "", None
        elif isinstance(seen_now, seen.StateSeen):
            if seen_now.evse_number == self.evse_number:
                self.car_waits = seen_now.status is Status.SUSPENDED_EV
        elif isinstance(seen_now, seen.CommandEnded):
            if seen_now.state in ("accepted", "confirmed"):
                is_set = seen_now.kind in PROFILES
                self.is_guessing = self.is_guessing or is_set
                self.has_profile = is_set or (self.has_profile and seen_now.kind != "clear_profiles")
        elif isinstance(seen_now, seen.OutcomeSeen):
            return self._outcome(seen_now)
        return ()

    def _outcome(self, outcome: seen.OutcomeSeen) -> Sequence[Signal]:
        was_low, self.is_low = self.is_low, False
        if outcome.limit_a is not None and outcome.limit_a < PAUSE_A:
            self.low_sessions, self.first_at = 0, None
            return self.clear_it(outcome.at, Evidence(text=marked("It was a limit of ours."), at=outcome.at))
        if not was_low:
            return ()
        self.low_sessions = min(self.low_sessions + 1, 1_000)
        self.first_at = self.first_at or self.low_at
        return self._held(outcome.at, 0.0) if self.low_sessions >= LOW_SESSIONS and not self.raised else ()

    def _limited(self, limit: seen.LimitSet) -> None:
        self.is_guessing = False
        if limit.evse_number:
            self.limit_a = limit.limit_a
        else:
            self.station_limit_a = limit.limit_a

    def _metered(self, metered: seen.Metered) -> Sequence[Signal]:
        at, offered_a = metered.received_at, metered.offered_a
        if metered.soc_percent is not None:
            self.soc_percent = metered.soc_percent
        if not self.key or offered_a is None or not isfinite(offered_a) or metered.session_key[:KEY_MAX] != self.key:
            return ()
        if offered_a >= PAUSE_A:
            self.low_from, self.is_low, self.low_sessions, self.first_at = None, False, 0, None
            return self.clear_it(at, Evidence(text=marked("It offers current again."), at=at))
        if self._is_excused():
            self.low_from = None
            return ()
        self.low_from = self.low_from or at
        low_s = elapsed_s(self.low_from, at)
        if low_s >= LOW_S and not self.is_low:
            self.is_low, self.low_at = True, self.low_from
        if self.raised or self.has_profile or low_s < LOW_AT_ONCE_S:
            return ()
        return self._held(at, offered_a)

    def _held(self, at: datetime, offered_a: float) -> Sequence[Signal]:
        since = self.first_at or self.low_from or at
        held = Evidence(
            text=marked("It offers %(current_a)s since %(since_at)s, and no limit of ours holds it."),
            values={"current_a": round(offered_a, 1), "since_at": since.isoformat()},
            at=at,
        )
        return self.raise_it(at, held, since=since, confidence=0.8)

    def _is_excused(self) -> bool:
        ours = [limit for limit in (self.limit_a, self.station_limit_a) if limit is not None]
        is_full = self.soc_percent is not None and self.soc_percent >= FULL_PERCENT
        return self.is_guessing or self.car_waits or is_full or any(limit < PAUSE_A for limit in ours)

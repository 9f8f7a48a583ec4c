"""Detector of a clock that is wrong (D27)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import elapsed_s
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.platform.languages import marked

OFF_MS: Final = 8_000
IN_A_ROW: Final = 3
SPAN_S: Final = 60.0  # three messages in one breath are one look at the clock
SETTLES_S: Final = 120.0  # after a boot it takes the time from our answer, and from the network
LATE_S: Final = 600.0  # after a reconnect it may empty its queue: what it says then is old, and not wrong
AGREE_MS: Final = 5_000
AGREE_SHARE: Final = 0.02
BILLED_MS: Final = 60_000  # from a minute on, prices that change with the hour come out wrong
RESET_MS: Final = 300 * 86_400_000  # a clock that lost its battery begins in 1970 or 2000
HOUR_MS: Final = 3_600_000
HOUR_SLACK_MS: Final = 30_000
ZONES_MAX: Final = 14  # no zone is further from UTC
OFF_MAX_MS: Final = 10**14


class WrongClock(Detector, kw_only=True, omit_defaults=True):
    """D27: what it says of the time is not so."""

    ABOUT: ClassVar[About] = About(
        id="D27",
        title=marked("The clock is wrong"),
        family=Family.CLOCK,
        severity=Severity.PLAN,
        scope=Scope.STATION,
        formula=marked(
            "Three messages in a row, over at least a minute, whose time is more than 8 s from when they came and "
            "agree with each other. Not in the first two minutes after a boot, nor old messages within ten minutes of "
            "a reconnect. From one minute on it touches bills."
        ),
        needs=(Input.STATUS,),
        better_with=(Input.BOOT, Input.LINK),
        action=marked("Look at its time server, zone and heartbeat interval. Meanwhile we use our own time."),
        runbook="clock",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.LinkOpened, seen.Restarted, seen.StateSeen, seen.EventSeen, seen.TokenSeen, seen.SessionBegan,
        seen.Metered, seen.SessionChanged, seen.SessionOver, seen.SecuritySeen,
    )  # fmt: skip

    row: int = 0
    row_from: datetime | None = None
    off_ms: int = 0
    well: int = 0
    booted_at: datetime | None = None
    opened_at: datetime | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.LinkOpened):
            self.opened_at = at
            return ()
        if isinstance(seen_now, seen.Restarted):
            self.booted_at = at
            return ()
        if seen_now.clock_off_ms is None:
            return ()
        off_ms = min(max(seen_now.clock_off_ms, -OFF_MAX_MS), OFF_MAX_MS)
        return self._right(at) if abs(off_ms) <= OFF_MS else self._wrong(off_ms, at)

    def _right(self, at: datetime) -> Sequence[Signal]:
        self.row, self.row_from = 0, None
        self.well = min(self.well + 1, IN_A_ROW)
        if self.well < IN_A_ROW:
            return ()
        return self.clear_it(at, Evidence(text=marked("The clock is right again."), at=at))

    def _wrong(self, off_ms: int, at: datetime) -> Sequence[Signal]:
        if self.booted_at is not None and elapsed_s(self.booted_at, at) < SETTLES_S:
            return ()
        is_old = -RESET_MS < off_ms < 0
        if is_old and self.opened_at is not None and elapsed_s(self.opened_at, at) < LATE_S:
            return ()
        self.well = 0
        agrees = abs(off_ms - self.off_ms) <= AGREE_MS + abs(off_ms) * AGREE_SHARE
        if not self.row or not agrees:
            self.row, self.row_from = 0, at
        self.row = min(self.row + 1, IN_A_ROW)
        was, self.off_ms = self.off_ms, off_ms
        if self.row < IN_A_ROW or elapsed_s(self.row_from, at) < SPAN_S:
            return ()
        if self.raised and severity_of(was) is severity_of(off_ms):
            return ()
        return self.raise_it(at, told(off_ms, at), since=self.row_from, severity=severity_of(off_ms))


def severity_of(off_ms: int) -> Severity:
    """Return how bad it is that a clock is so far off: bills depend on the hour."""
    return Severity.DEGRADED if abs(off_ms) >= BILLED_MS else Severity.PLAN


def told(off_ms: int, at: datetime) -> Evidence:
    """Return in words how far off a clock is."""
    hours = round(off_ms / HOUR_MS)
    if off_ms <= -RESET_MS:
        return Evidence(text=marked("Its clock begins anew: it lives years ago."), at=at)
    if hours and abs(hours) <= ZONES_MAX and abs(off_ms - hours * HOUR_MS) <= HOUR_SLACK_MS:
        text = marked("Its clock is wrong by whole hours (%(hours)s): it says local time, or knows the wrong season.")
        return Evidence(text=text, values={"hours": hours}, at=at)
    text = marked("Its clock is wrong by %(off_s)s.")
    return Evidence(text=text, values={"off_s": round(off_ms / 1000)}, at=at)

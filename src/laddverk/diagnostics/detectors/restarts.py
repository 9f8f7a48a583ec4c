"""Detector of restarts that nobody ordered (D04)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.link import REBOOT_GAP_S, planned_until
from laddverk.diagnostics.detectors.statistics import RateCusum, RatePlan, elapsed_s, later, recent
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.platform.languages import marked

BOOTS: Final = RatePlan(prior_per_day=0.07, prior_days=28, times=4, plus_per_day=0.35, limit=6)
"""72 watchdog reboots in 1,000 charger-days are usual (Stanford, 156,077 charger-days)."""
BOOTS_AN_HOUR: Final = 3
HOUR_S: Final = 3_600.0
SAME_BOOT_S: Final = 30.0  # a charger that is told to wait or to try later sends its boot again
JUDGED_AFTER_S: Final = 30.0  # what is known of links comes a few seconds after what chargers say
REASON_MAX: Final = 40
CALM_S: Final = 3 * 86_400.0
ORDERED: Final = frozenset({"RemoteReset", "ScheduledReset", "FirmwareUpdate", "Triggered", "LocalReset"})
"""Reasons of 2.x by which somebody wanted it; a technician's local reset is one."""
WATCHDOGS: Final = frozenset({"Watchdog", "Unknown", "ApplicationReset"})


class RebootLoop(Detector, kw_only=True, omit_defaults=True):
    """D04: it restarts by itself, far more often than is usual."""

    ABOUT: ClassVar[About] = About(
        id="D04",
        title=marked("Restarts by itself"),
        family=Family.CONTROLLER,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=marked(
            "Poisson CUSUM (limit 6) of restarts that nobody ordered against four times its own shrunken rate and at "
            "least 0.35 a day more; or three within an hour, which counts as down."
        ),
        needs=(Input.BOOT,),
        better_with=(Input.LINK,),
        action=marked("Fetch its log, look at its firmware, and order no more resets."),
        runbook="reboot-loop",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.Restarted, seen.LinkOpened, seen.LinkClosed, seen.CommandEnded,
    )  # fmt: skip

    rate: RateCusum | None = None
    closed_at: datetime | None = None
    opened_at: datetime | None = None
    boot_at: datetime | None = None
    """Of a boot that is not judged yet: the loss and the socket that brought it may be heard after it."""
    boot_reason: str = ""
    times: tuple[datetime, ...] = ()
    watchdogs: int = 0
    planned_until: datetime | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.CommandEnded):
            self.planned_until = planned_until(seen_now) or self.planned_until
        elif isinstance(seen_now, seen.LinkClosed):
            self.closed_at = at
        elif isinstance(seen_now, seen.LinkOpened):
            self.opened_at = at
        elif isinstance(seen_now, seen.Restarted):
            return self._booted(seen_now)
        return ()

    def due_at(self) -> datetime | None:
        if self.boot_at is not None:
            return later(self.boot_at, JUDGED_AFTER_S)
        return later(self.times[-1], CALM_S) if self.raised and self.times else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        if self.boot_at is not None:
            return self._judged()
        self.rate, self.times, self.watchdogs = None, (), 0
        return self.clear_it(now, Evidence(text=marked("It has not restarted by itself for three days."), at=now))

    def _booted(self, boot: seen.Restarted) -> Sequence[Signal]:
        at = boot.received_at
        latest = self.boot_at or (self.times[-1] if self.times else None)
        if latest is not None and elapsed_s(latest, at) < SAME_BOOT_S:
            return ()
        signals = self._judged() if self.boot_at is not None else ()
        planned = self.planned_until is not None and at <= self.planned_until
        if planned or boot.ours or boot.reason in ORDERED:
            self.planned_until = None
            return signals
        self.boot_at, self.boot_reason = at, boot.reason[:REASON_MAX]
        return signals

    def _only_reconnected(self, at: datetime) -> bool:
        """Return whether the charger was away too shortly to have restarted: some send a boot whenever they connect."""
        if self.boot_reason or self.closed_at is None or self.closed_at > at:
            return False
        back_at = self.opened_at if self.opened_at is not None and self.opened_at >= self.closed_at else at
        return elapsed_s(self.closed_at, min(back_at, at)) < REBOOT_GAP_S

    def _judged(self) -> Sequence[Signal]:
        at, self.boot_at = self.boot_at, None
        if at is None or self._only_reconnected(at):
            return ()
        rate = self.rate = self.rate or RateCusum(at=at)
        usual = rate.own_per_day(BOOTS)
        rate.hear(at, BOOTS)
        self.times = recent(self.times, at, HOUR_S, BOOTS_AN_HOUR)
        self.watchdogs = min(self.watchdogs + (self.boot_reason in WATCHDOGS), 1_000)
        looping = len(self.times) >= BOOTS_AN_HOUR
        if not looping and not rate.is_risen(BOOTS):
            return ()
        return self.raise_it(
            at,
            self._evidence(at, looping, usual),
            since=rate.since,
            severity=Severity.DOWN if looping else None,
            confidence=0.9 if self.watchdogs else 0.7,
        )

    def _evidence(self, at: datetime, looping: bool, usual: float) -> Evidence:
        if looping:
            text = marked("%(times)s restarts within an hour that nobody ordered; usual are %(usual)s a week.")
        else:
            text = marked("It restarts by itself again and again; usual are %(usual)s restarts a week.")
        return Evidence(text=text, values={"times": len(self.times), "usual": round(usual * 7, 1)}, at=at)

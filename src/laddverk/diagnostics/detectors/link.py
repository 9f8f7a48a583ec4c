"""Detectors of the link: no contact (D01), contact that comes and goes (D02), a socket that only looks open (D03)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import RateCusum, RatePlan, elapsed_s, later, recent
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.platform.languages import marked

FRAMES: Final[tuple[type[Observed], ...]] = (
    seen.LinkOpened, seen.Restarted, seen.Beat, seen.StateSeen, seen.EventSeen, seen.TokenSeen, seen.SessionBegan,
    seen.Metered, seen.SessionChanged, seen.SessionOver, seen.SecuritySeen,
)  # fmt: skip
"""What only a charger in contact can have sent."""

OUR_ENDINGS: Final = frozenset({"restarting", "the gateway ended", "the database is away; keep your messages"})
"""Why the gateway closes sockets for reasons of its own: no charger is to blame for these."""
DEAF_ENDINGS: Final = frozenset({"nothing was heard", "too many calls went unanswered"})
"""Why the gateway closes a socket that looks open and is not."""

OFFLINE_AFTER_S: Final = 900  # 28 % of real outages are over within ten minutes: nobody should hear of them
BEATS_MISSED: Final = 3
HEARTBEAT_S_MIN, HEARTBEAT_S_MAX = 10, 86_400  # a charger may write anything into its interval
RESTART_GRACE_S: Final = 1_200  # a reset that we ordered: ten minutes to boot, and as long again for a slow modem
UPDATE_GRACE_S: Final = 5_400  # firmware is unpacked, written and checked; an hour is not rare
PLANNED: Final = {"reset": RESTART_GRACE_S, "update_firmware": UPDATE_GRACE_S}
DONE: Final = frozenset({"accepted", "confirmed"})


def planned_until(observed: seen.CommandEnded) -> datetime | None:
    """Return until when a station may be away because we asked for it."""
    grace_s = PLANNED.get(observed.kind)
    return later(observed.received_at, grace_s) if grace_s and observed.state in DONE else None


class Offline(Detector, kw_only=True, omit_defaults=True):
    """D01: no socket, or a socket over which nothing comes."""

    ABOUT: ClassVar[About] = About(
        id="D01",
        title=marked("No contact"),
        family=Family.CONNECTIVITY,
        severity=Severity.DOWN,
        scope=Scope.STATION,
        formula=marked(
            "No socket for 15 minutes, or an open socket and nothing heard for three heartbeats, at least 15 minutes. "
            "Resets (20 minutes) and updates (90 minutes) that we ordered are waited for."
        ),
        needs=(Input.LINK,),
        better_with=(Input.HEARTBEAT,),
        action=marked("See whether its neighbours are silent too. Then router, SIM and supply; go there by age."),
        runbook="offline",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (*FRAMES, seen.LinkClosed, seen.CommandEnded)

    last_at: datetime | None = None
    closed_at: datetime | None = None
    """When the last socket went; None while there is one."""
    waits_s: int = OFFLINE_AFTER_S
    planned_until: datetime | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.CommandEnded):
            self.planned_until = planned_until(seen_now) or self.planned_until
            return ()
        if isinstance(seen_now, seen.LinkClosed):
            if self.last_at is None or self.last_at <= at:  # else it has spoken since, over a newer one
                self.closed_at = max(self.closed_at or at, at)
            return ()
        if self.closed_at is not None and at < self.closed_at:
            return ()  # what was committed late was said before the socket went
        beat_s = min(max(scene.heartbeat_interval_s, HEARTBEAT_S_MIN), HEARTBEAT_S_MAX)
        self.waits_s = max(BEATS_MISSED * beat_s, OFFLINE_AFTER_S)
        self.last_at = max(self.last_at or at, at)
        self.closed_at = None
        if isinstance(seen_now, seen.Restarted | seen.LinkOpened):
            self.planned_until = None
        return self.clear_it(at, Evidence(text=marked("Contact again."), at=at))

    def due_at(self) -> datetime | None:
        if self.raised:
            return None
        if self.closed_at is not None:
            due = later(self.closed_at, OFFLINE_AFTER_S)
        elif self.last_at is not None:
            due = later(self.last_at, self.waits_s)
        else:
            return None
        return max(due, self.planned_until) if self.planned_until else due

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        gone_at = self.closed_at or self.last_at or now
        values: dict[str, str | int | float | None] = {"since_at": gone_at.isoformat()}
        if self.closed_at is None:
            text = marked("The socket is open, but nothing has been heard since %(since_at)s.")
        elif self.planned_until:
            text = marked("We had it restart or update, and it has not come back since %(since_at)s.")
        else:
            text = marked("It has had no socket to us since %(since_at)s.")
        self.planned_until = None
        return self.raise_it(now, Evidence(text=text, values=values), since=gone_at)


FLAPS: Final = RatePlan(prior_per_day=0.8, prior_days=14, times=3, plus_per_day=1, limit=9)
"""Every other charger-day has a loss of contact (Stanford, 156,077 charger-days); mobile links have more."""
REBOOT_GAP_S: Final = 15.0  # nothing boots faster: a charger that says so after less only connected again
BOOT_AFTER_S: Final = 120  # how long after the socket a boot may still be told
CALM_S: Final = 2 * 86_400.0


class Flapping(Detector, kw_only=True, omit_defaults=True):
    """D02: the link is lost far more often than is usual, and the charger did not restart."""

    ABOUT: ClassVar[About] = About(
        id="D02",
        title=marked("Contact comes and goes"),
        family=Family.CONNECTIVITY,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=marked(
            "Poisson CUSUM (limit 9) of lost links a day against three times its own shrunken rate and at least one "
            "more: nine within an hour suffice. Losses with a restart, or that we caused, do not count."
        ),
        needs=(Input.LINK,),
        better_with=(Input.BOOT,),
        action=marked("Compare signal strength and carrier with its neighbours. Then SIM, antenna, router."),
        runbook="flapping",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        seen.LinkClosed, seen.LinkOpened, seen.Restarted, seen.CommandEnded,
    )  # fmt: skip

    rate: RateCusum | None = None
    closed_at: datetime | None = None
    """Of a loss that is not counted yet."""
    back_at: datetime | None = None
    booted_at: datetime | None = None
    """Of the last restart; it may be heard before the socket that brought it, and before the loss."""
    last_at: datetime | None = None
    """The last loss that counted."""
    planned_until: datetime | None = None

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.CommandEnded):
            self.planned_until = planned_until(seen_now) or self.planned_until
            return ()
        if isinstance(seen_now, seen.Restarted):
            self.booted_at = at
            return ()
        if isinstance(seen_now, seen.LinkOpened):
            self.back_at = at if self.closed_at is not None else None
            return ()
        if not isinstance(seen_now, seen.LinkClosed):
            return ()
        signals = self._count() if self.back_at is not None else ()
        ours = seen_now.reason in OUR_ENDINGS or (self.planned_until is not None and at < self.planned_until)
        self.closed_at, self.back_at = (None if ours else at), None
        return signals

    def due_at(self) -> datetime | None:
        if self.back_at is not None:
            return later(self.back_at, BOOT_AFTER_S)
        if self.raised and self.last_at is not None:
            return later(self.last_at, CALM_S)
        return None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        if self.back_at is not None:
            return self._count()
        calm = Evidence(text=marked("The link has held for two days."), at=now)
        self.rate = self.last_at = None
        return self.clear_it(now, calm)

    def _count(self) -> Sequence[Signal]:
        at, back_at = self.closed_at, self.back_at
        self.closed_at = self.back_at = None
        if at is None or back_at is None or self._was_restart(at, back_at):
            return ()
        rate = self.rate = self.rate or RateCusum(at=at)
        rate.hear(at, FLAPS)
        self.last_at = max(self.last_at or at, at)
        if not rate.is_risen(FLAPS):
            return ()
        lost = Evidence(
            text=marked("The link was lost %(times)s times since %(since_at)s; usual are %(usual)s a day."),
            values={
                "times": round(rate.open_events),
                "since_at": (rate.since or at).isoformat(),
                "usual": round(rate.own_per_day(FLAPS), 1),
            },
            at=at,
        )
        return self.raise_it(at, lost, since=rate.since)

    def _was_restart(self, closed_at: datetime, back_at: datetime) -> bool:
        if self.booted_at is None or elapsed_s(closed_at, back_at) < REBOOT_GAP_S:
            return False
        return closed_at <= self.booted_at <= later(back_at, BOOT_AFTER_S)


DEAF_IN_A_ROW: Final = 2
DEAF_AFTER_S: Final = 29.0  # a call waits for 30 s; when it went and when it ended are written a little apart
DEAF_ENDINGS_A_DAY: Final = 3
DAY_S: Final = 86_400.0


class HalfOpen(Detector, kw_only=True, omit_defaults=True):
    """D03: the socket is open and nobody answers at its other end."""

    ABOUT: ClassVar[About] = About(
        id="D03",
        title=marked("The socket is open, but nobody answers"),
        family=Family.CONNECTIVITY,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=marked(
            "Two of our calls in a row without an answer after 30 s; or three sockets in a day that we closed because "
            "they answered neither pings nor calls."
        ),
        needs=(Input.LINK,),
        action=marked("Close the socket, so that it connects again. Look at its ping interval."),
        runbook="half-open",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (*FRAMES, seen.LinkClosed, seen.CommandEnded)

    unanswered: int = 0
    first_at: datetime | None = None
    talks: bool = False
    """Whether it said something since its first unanswered call."""
    endings: tuple[datetime, ...] = ()

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        at = seen_now.received_at
        if isinstance(seen_now, seen.CommandEnded):
            return self._answered(seen_now)
        if isinstance(seen_now, seen.LinkClosed):
            self.unanswered, self.first_at = 0, None
            if seen_now.reason not in DEAF_ENDINGS:
                return ()
            self.endings = recent(self.endings, at, DAY_S, DEAF_ENDINGS_A_DAY)
            if len(self.endings) < DEAF_ENDINGS_A_DAY:
                return ()
            dead = Evidence(
                text=marked("Within a day %(sockets)s sockets answered neither pings nor calls and had to be closed."),
                values={"sockets": len(self.endings)},
                at=at,
            )
            return self.raise_it(at, dead, since=self.endings[0])
        if isinstance(seen_now, seen.LinkOpened):
            return () if self.endings else self._mended(at)
        self.talks = self.talks or self.unanswered > 0
        return ()

    def due_at(self) -> datetime | None:
        return later(self.endings[-1], DAY_S) if self.endings else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        self.endings = ()
        return () if self.unanswered >= DEAF_IN_A_ROW else self._mended(now)

    def _answered(self, ended: seen.CommandEnded) -> Sequence[Signal]:
        at = ended.received_at
        if ended.state in ("expired", "queued", "sent"):
            return ()  # it was never sent, or nothing is known yet
        if ended.state != "timed_out":
            return () if self.endings else self._mended(at)
        if ended.word or (ended.took_s is not None and ended.took_s < DEAF_AFTER_S):
            return ()  # it was answered and not carried out, or its socket went before the time was up
        if not self.unanswered:
            self.first_at, self.talks = at, False
        self.unanswered = min(self.unanswered + 1, 1_000)
        if self.unanswered < DEAF_IN_A_ROW:
            return ()
        text = (
            marked("%(calls)s calls in a row were not answered, though it goes on talking itself.")
            if self.talks
            else marked("%(calls)s calls in a row were not answered, and it says nothing.")
        )
        deaf = Evidence(text=text, values={"calls": self.unanswered}, at=at)
        return self.raise_it(at, deaf, since=self.first_at, confidence=0.6 if self.talks else 0.9)

    def _mended(self, at: datetime) -> Sequence[Signal]:
        self.unanswered, self.first_at, self.talks = 0, None, False
        return self.clear_it(at, Evidence(text=marked("It answers again."), at=at))

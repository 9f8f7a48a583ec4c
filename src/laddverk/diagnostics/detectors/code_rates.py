"""D15 and D21: the connector lock, and trips of the residual-current device, happen more often than is usual here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Final

from msgspec import field

from laddverk.diagnostics import codes
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.statistics import SECONDS_PER_DAY, RateCusum, RatePlan, elapsed_s, later
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import CommandEnded, EventSeen, Observation, StateSeen
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

SAME_EVENT_S: Final = 60.0  # a status and a notify of the same trouble come together
REPEATING: Final = timedelta(hours=24)
REPEATING_TIMES: Final = 3
RECENT_MAX: Final = REPEATING_TIMES
NOT_UNLOCKED: Final = frozenset({"UnlockFailed", "Rejected"})
"""What chargers answer when the lock did not open; not supported and unknown connector say nothing of the lock."""


class CodeRate(Detector, kw_only=True, omit_defaults=True):
    """Codes of one family against the outlet's own rate: a Poisson CUSUM."""

    FAMILY: ClassVar[Family]
    PLAN: ClassVar[RatePlan]

    rate: RateCusum = field(default_factory=RateCusum)
    present: bool = False
    """The outlet complains of it now: the same complaint said again is no second event."""
    recent: tuple[datetime, ...] = ()

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Count what begins anew."""
        if not self._begins(seen, scene):
            return ()
        if self.recent and elapsed_s(self.recent[-1], seen.at) < SAME_EVENT_S:
            return ()
        self.recent = (*self.recent, seen.at)[-RECENT_MAX:]
        self.rate.hear(seen.at, self.PLAN)
        return self._risen(seen.at) if self.rate.is_risen(self.PLAN) else ()

    def due_at(self) -> datetime | None:
        """Say when it will have been quiet for long enough."""
        if not self.raised or self.rate.at is None:
            return None
        return later(self.rate.at, self.rate.quiet_days(self.PLAN) * SECONDS_PER_DAY + 1)

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        """Clear it once the score is used up."""
        del scene
        self.rate.pass_time(now, self.PLAN)
        if self.rate.score > 0:
            return ()
        return self.clear_it(now, Evidence(text=N_("It has not happened for longer than chance explains")))

    def _begins(self, seen: Observation, scene: Scene) -> bool:
        if isinstance(seen, StateSeen):
            said = codes.decoded(
                scene.vendor, scene.model, seen.error_code, seen.vendor_error_code, seen.vendor_id, seen.info
            )
            before, self.present = self.present, any(code.family is self.FAMILY for code in said)
            return self.present and not before
        if isinstance(seen, EventSeen):
            events = codes.decoded_event(
                scene.vendor, scene.model, seen.component, seen.variable, seen.tech_code, seen.tech_info, seen.value
            )
            return not seen.cleared and any(code.family is self.FAMILY for code in events)
        return isinstance(seen, CommandEnded) and self._failed(seen)

    def _failed(self, ended: CommandEnded) -> bool:
        """Return whether a command of ours showed the fault."""
        del ended
        return False

    def _severity(self, now: datetime) -> Severity | None:
        """Return how severe it is where that is more than usual."""
        del now
        return None

    def _risen(self, now: datetime) -> Sequence[Signal]:
        own = self.rate.own_per_day(self.PLAN)
        said = Evidence(
            text=N_("%(times)s times since %(since_at)s; usual here: %(usual_per_30_days)s in 30 days"),
            values={
                "times": len([at for at in self.recent if self.rate.since is None or at >= self.rate.since]),
                "since_at": (self.rate.since or now).isoformat(),
                "usual_per_30_days": round(own * 30, 1),
            },
            at=now,
        )
        return self.raise_it(now, said, since=self.rate.since, severity=self._severity(now), confidence=0.85)


class ConnectorLock(CodeRate, kw_only=True, omit_defaults=True):
    """D15: the lock of the plug fails more and more often."""

    ABOUT: ClassVar = About(
        id="D15",
        title=N_("The connector lock fails"),
        family=Family.CONNECTOR_LOCK,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("Lock codes and failed unlocks: Poisson CUSUM against the outlet's own rate, 5 times it and at "
                   "least 0.2 a day more, limit 7"),
        needs=(Input.ERROR_CODES,),
        action=N_("Unlock twice from afar when no session runs; then send a technician with a lock"),
        runbook="connector-lock",
    )  # fmt: skip
    HEARS: ClassVar = (StateSeen, EventSeen, CommandEnded)
    FAMILY: ClassVar = Family.CONNECTOR_LOCK
    PLAN: ClassVar = RatePlan(prior_per_day=0.02, times=5.0, plus_per_day=0.2, limit=7.0)

    def _failed(self, ended: CommandEnded) -> bool:
        return ended.kind == "unlock_connector" and ended.state in ("failed", "refused") and ended.word in NOT_UNLOCKED


class ResidualCurrentTrips(CodeRate, kw_only=True, omit_defaults=True):
    """D21: the residual-current device trips more often than is usual."""

    ABOUT: ClassVar = About(
        id="D21",
        title=N_("Residual-current trips"),
        family=Family.GROUND_FAULT,
        severity=Severity.DEGRADED,
        scope=Scope.EVSE,
        formula=N_("Ground-fault and residual-current codes: Poisson CUSUM against the outlet's own rate, 5 times it "
                   "and at least 0.15 a day more, limit 6; safety when three come within 24 hours"),
        needs=(Input.ERROR_CODES,),
        action=N_("Never reset it from afar. Look for water and damaged cables; measure the insulation"),
        runbook="residual-current",
    )  # fmt: skip
    HEARS: ClassVar = (StateSeen, EventSeen)
    FAMILY: ClassVar = Family.GROUND_FAULT
    PLAN: ClassVar = RatePlan(prior_per_day=0.01, times=5.0, plus_per_day=0.15, limit=6.0)

    def _severity(self, now: datetime) -> Severity | None:
        repeats = len(self.recent) >= REPEATING_TIMES and elapsed_s(self.recent[-REPEATING_TIMES], now) <= (
            REPEATING.total_seconds()
        )
        return Severity.SAFETY if repeats else None

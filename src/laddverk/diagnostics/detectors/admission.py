"""Detector of refused cards and payments that should not be (D11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from laddverk.diagnostics import observations as seen
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.detectors.failures import COUNT_MAX, KEY_MAX, SAME_VISIT_S
from laddverk.diagnostics.detectors.statistics import RateCusum, RatePlan, ShareCusum, SharePlan, later
from laddverk.diagnostics.model import Evidence, Family, Input, OutcomeClass, Severity, Signal
from laddverk.diagnostics.observations import Observation, Observed
from laddverk.platform.languages import marked

REFUSALS: Final = SharePlan(prior_tries=40, times=3, risen_min=0.6, limit=8)
"""Against most of them: a partner whose cards are refused makes some fail, a charger that cannot ask makes all."""
REFUSED_SHARE: Final = 0.05  # of people who try a card at a public outlet; unknown and blocked cards are life
PAYMENTS: Final = RatePlan(prior_per_day=0.05, prior_days=28, times=5, plus_per_day=0.3, limit=7)
VOTERS_MAX: Final = 16  # of one day at one station
WELL_IN_A_ROW: Final = 3
CALM_S: Final = 2 * 86_400.0


class Admission(Detector, kw_only=True, omit_defaults=True):
    """D11: people with good cards or money are not let in."""

    ABOUT: ClassVar[About] = About(
        id="D11",
        title=marked("Refuses cards or payments"),
        family=Family.AUTHORISATION,
        severity=Severity.DEGRADED,
        scope=Scope.STATION,
        formula=marked(
            "Bernoulli CUSUM (limit 8) of refused people, one vote each a day: own share against 60 percent; by people "
            "and not by hours, so quiet times weigh nothing. Payments that failed: Poisson CUSUM (limit 7) against "
            "five times the own rate and at least 0.3 a day more."
        ),
        needs=(Input.TOKENS,),
        better_with=(Input.SESSIONS,),
        action=marked("Test a known card from here. Then clear its cache, send its list again, restart its terminal."),
        runbook="admission",
    )
    HEARS: ClassVar[tuple[type[Observed], ...]] = (seen.TokenSeen, seen.OutcomeSeen)

    refused: ShareCusum | None = None
    times: int = 0
    well: int = 0
    day: int = 0
    voters: tuple[str, ...] = ()
    payments: RateCusum | None = None
    paid_badly_at: datetime | None = None
    holds: str = ""
    """Which finding stands: authorisation or payment."""

    def hear(self, seen_now: Observation, scene: Scene) -> Sequence[Signal]:
        if isinstance(seen_now, seen.TokenSeen):
            return self._shown(seen_now)
        if isinstance(seen_now, seen.OutcomeSeen) and seen_now.outcome is OutcomeClass.PAYMENT_FAIL:
            return self._unpaid(seen_now)
        return ()

    def due_at(self) -> datetime | None:
        return later(self.paid_badly_at, CALM_S) if self.holds == "payment" and self.paid_badly_at else None

    def pass_time(self, now: datetime, scene: Scene) -> Sequence[Signal]:
        due = self.due_at()
        if due is None or due > now:
            return ()
        self.payments, self.holds = None, ""
        return self.clear_it(now, Evidence(text=marked("No payment has failed for two days."), at=now))

    def _shown(self, token: seen.TokenSeen) -> Sequence[Signal]:
        if not self._votes(token):
            return ()
        share = self.refused = self.refused or ShareCusum()
        share.hear(not token.accepted, token.at, REFUSED_SHARE, REFUSALS)
        if token.accepted:
            self.well = min(self.well + 1, COUNT_MAX)
            if self.holds == "authorisation" and self.well >= WELL_IN_A_ROW:
                self.refused, self.holds, self.times = None, "", 0
                return self.clear_it(token.at, Evidence(text=marked("Cards are accepted again."), at=token.at))
            return ()
        self.well = 0
        self.times = min(self.times + 1, COUNT_MAX) if share.score else 0
        if not share.is_risen(REFUSALS):
            return ()
        self.holds = "authorisation"
        refused = Evidence(
            text=marked("%(people)s people were refused one after the other, almost without exception."),
            values={"people": round(share.open_fails)},
            at=token.at,
        )
        return self.raise_it(token.at, refused, since=share.since, confidence=0.8)

    def _unpaid(self, outcome: seen.OutcomeSeen) -> Sequence[Signal]:
        before = self.paid_badly_at
        self.paid_badly_at = max(before or outcome.at, outcome.at)
        if before is not None and abs((outcome.at - before).total_seconds()) <= SAME_VISIT_S:
            return ()  # the same person tries once more
        payments = self.payments = self.payments or RateCusum(at=outcome.at)
        payments.hear(outcome.at, PAYMENTS)
        if not payments.is_risen(PAYMENTS) or self.holds == "authorisation":
            return ()
        self.holds = "payment"
        failed = Evidence(
            text=marked("%(payments)s payments failed since %(since_at)s."),
            values={
                "payments": round(payments.open_events),
                "since_at": (payments.since or outcome.at).isoformat(),
            },
            at=outcome.at,
        )
        return self.raise_it(outcome.at, failed, since=payments.since, family=Family.PAYMENT, confidence=0.7)

    def _votes(self, token: seen.TokenSeen) -> bool:
        """Return whether it is the first time today that this person shows a token here."""
        user = token.token_key[:KEY_MAX]
        day = token.at.toordinal()
        if day != self.day:
            self.day, self.voters = day, ()
        if user in self.voters:
            return False
        self.voters = (*self.voters, user)[-VOTERS_MAX:]
        return True

"""The statistics that detectors share: own baselines, drift, rates and shares that rise. Small, streaming, explainable.

Each is a Struct whose fields are its whole memory; its plan (limits, priors) is passed in and never stored. All bear
any order and any number: what is not finite is not heard, time that runs backwards counts as no time.
Start values: study of diagnostics, sections 4.1 and 5.3.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import isfinite, log, sqrt
from statistics import median
from typing import Final

from msgspec import Struct, field

BASELINE_SAMPLES: Final = 25  # fewer say too little of what is normal; more would let a slow fault into the baseline
MAD_TO_SIGMA: Final = 1.4826  # of a normal distribution
Z_MAX: Final = 12.0  # one wild value must not decide alone
EWMA_WEIGHT: Final = 0.15
EWMA_LIMIT_SIGMAS: Final = 4.2
CUSUM_SLACK: Final = 0.75
CUSUM_LIMIT: Final = 9.0
SCORE_MAX_TIMES: Final = 2.0  # a score stops at twice its limit, so that what has ended is over in bounded time
RATE_MIN_PER_DAY: Final = 1e-4  # a rate of nought would make every event infinitely surprising
SHARE_MIN: Final = 1e-3
SHARE_MAX: Final = 0.95
SECONDS_PER_DAY: Final = 86_400.0
LAST_INSTANT: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)


def later(at: datetime, wait_s: float) -> datetime:
    """Return the instant `wait_s` after `at`; the end of all time where that does not exist."""
    left_s = (LAST_INSTANT - at).total_seconds()
    return max(at, LAST_INSTANT) if left_s <= wait_s else at + timedelta(seconds=wait_s)


def elapsed_s(earlier: datetime | None, later_at: datetime) -> float:
    """Return the seconds from `earlier` to `later_at`; 0 when there was nothing before, or time ran backwards."""
    return 0.0 if earlier is None else max(0.0, (later_at - earlier).total_seconds())


def shrunken_share(fails: float, tries: float, prior_share: float, prior_tries: float) -> float:
    """Return a share of failures, drawn towards that of its peers while there are few tries (Beta prior)."""
    share = (fails + prior_share * prior_tries) / max(tries + prior_tries, 1e-9)
    return min(max(share, SHARE_MIN), SHARE_MAX)


def shrunken_rate(events: float, days: float, prior_per_day: float, prior_days: float) -> float:
    """Return events a day, drawn towards the rate of its peers while few days are known (Gamma prior)."""
    return max((events + prior_per_day * prior_days) / max(days + prior_days, 1e-9), RATE_MIN_PER_DAY)


class Baseline(Struct, kw_only=True, omit_defaults=True):
    """What is normal for one outlet: median and MAD of its first 25 valid samples, and then no more.

    It stands still afterwards: a baseline that followed would learn the fault. `forget` starts anew after a repair.
    """

    samples: list[float] = []
    """What is learnt from; emptied when enough is known."""
    centre: float | None = None
    sigma: float = 0.0

    @property
    def is_learnt(self) -> bool:
        """Whether it knows what is normal."""
        return self.centre is not None

    def learn(self, value: float, sigma_min: float = 0.0) -> None:
        """Take in a sample while learning; `sigma_min`: how exact the quantity is at best, in its own unit."""
        if self.centre is not None or not isfinite(value):
            return
        self.samples = [*self.samples, value]
        if len(self.samples) >= BASELINE_SAMPLES:
            self.centre = median(self.samples)
            spread = median([abs(sample - self.centre) for sample in self.samples])
            self.sigma = max(spread * MAD_TO_SIGMA, sigma_min, abs(self.centre) * 1e-3, 1e-9)
            self.samples = []

    def z(self, value: float) -> float | None:
        """Return how many own sigmas `value` is from normal, at most 12; None while that is not known."""
        if self.centre is None or self.sigma <= 0 or not isfinite(value):
            return None
        return min(max((value - self.centre) / self.sigma, -Z_MAX), Z_MAX)

    def forget(self) -> None:
        """Start anew: after a repair, or a firmware that counts in another way."""
        self.samples, self.centre, self.sigma = [], None, 0.0


class DriftPlan(Struct, frozen=True, kw_only=True):
    """How a drift is found. `upward` False: a fall counts."""

    weight: float = EWMA_WEIGHT
    ewma_limit: float = EWMA_LIMIT_SIGMAS
    """In sigmas of the EWMA itself, which are sqrt(weight / (2 - weight)) of those of a sample."""
    slack: float = CUSUM_SLACK
    cusum_limit: float = CUSUM_LIMIT
    sigma_min: float = 0.0
    upward: bool = True

    @property
    def ewma_max_z(self) -> float:
        """The limit of the EWMA, in z of one sample."""
        return self.ewma_limit * sqrt(self.weight / (2 - self.weight))


class Drift(Struct, kw_only=True, omit_defaults=True):
    """A quantity that leaves its own normal slowly: EWMA and one-sided CUSUM of the robust z must both say so."""

    baseline: Baseline = field(default_factory=Baseline)
    ewma: float = 0.0
    cusum: float = 0.0
    heard: int = 0
    since: datetime | None = None
    """When the CUSUM last left nought: since when it has probably drifted."""

    def hear(self, value: float, at: datetime, plan: DriftPlan) -> None:
        """Take in one valid sample. The first 25 are learnt from and judged by nothing."""
        z = self.baseline.z(value)
        if z is None:
            self.baseline.learn(value, plan.sigma_min)
            return
        z = z if plan.upward else -z
        self.heard += 1
        self.ewma += plan.weight * (z - self.ewma)
        before = self.cusum
        self.cusum = min(max(0.0, before + z - plan.slack), plan.cusum_limit * SCORE_MAX_TIMES)
        if not before and self.cusum:
            self.since = at
        elif not self.cusum:
            self.since = None

    def is_drifting(self, plan: DriftPlan) -> bool:
        """Return whether both say that it has left its normal."""
        return self.ewma > plan.ewma_max_z and self.cusum > plan.cusum_limit

    def is_normal(self, plan: DriftPlan) -> bool:
        """Return whether it is back: the EWMA within half its limit. Between the two nothing changes (hysteresis)."""
        return self.ewma < plan.ewma_max_z / 2

    def forget(self) -> None:
        """Start anew: after a repair."""
        self.baseline.forget()
        self.ewma, self.cusum, self.heard, self.since = 0.0, 0.0, 0, None


class RatePlan(Struct, frozen=True, kw_only=True):
    """How a rate that rises is found: at least `times` the own rate, and at least `plus_per_day` more."""

    prior_per_day: float
    """What chargers like it do; the own rate begins here."""
    prior_days: float = 14.0
    """As many days of its own must be known before it weighs as much as its peers."""
    times: float = 3.0
    plus_per_day: float = 1.0
    limit: float = 9.0
    window_days: float = 60.0
    """How much of the past makes the own rate."""

    def risen(self, own_per_day: float) -> float:
        """Return the rate against which the own one is tested."""
        return max(own_per_day * self.times, own_per_day + self.plus_per_day)


class RateCusum(Struct, kw_only=True, omit_defaults=True):
    """Poisson CUSUM: events that come more often than is usual here. What made it suspicious teaches nothing yet."""

    score: float = 0.0
    events: float = 0.0
    days: float = 0.0
    open_events: float = 0.0
    """Since the score left nought: learnt when it is back without having passed the limit, else forgotten."""
    open_days: float = 0.0
    passed: bool = False
    at: datetime | None = None
    since: datetime | None = None
    """The first event of this rise."""

    def own_per_day(self, plan: RatePlan) -> float:
        """Return its usual rate, shrunken towards that of its peers."""
        return shrunken_rate(self.events, self.days, plan.prior_per_day, plan.prior_days)

    def pass_time(self, now: datetime, plan: RatePlan) -> None:
        """Let time go by in which nothing happened."""
        days = elapsed_s(self.at, now) / SECONDS_PER_DAY
        self.at = now if self.at is None else max(self.at, now)
        if not days:
            return
        own = self.own_per_day(plan)
        self.open_days += days
        self.score = max(0.0, self.score - (plan.risen(own) - own) * days)
        if not self.score:
            self._settle(plan)

    def hear(self, at: datetime, plan: RatePlan, count: float = 1.0) -> None:
        """Take in an event."""
        self.pass_time(at, plan)
        own = self.own_per_day(plan)
        self.open_events += count
        self.since = self.since or at
        self.score = min(self.score + count * log(plan.risen(own) / own), plan.limit * SCORE_MAX_TIMES)
        self.passed = self.passed or self.score > plan.limit

    def is_risen(self, plan: RatePlan) -> bool:
        """Return whether it happens more often than is usual."""
        return self.score > plan.limit

    def quiet_days(self, plan: RatePlan) -> float:
        """Return after how many days without an event the score is nought."""
        own = self.own_per_day(plan)
        return self.score / max(plan.risen(own) - own, RATE_MIN_PER_DAY)

    def _settle(self, plan: RatePlan) -> None:
        if not self.passed:
            fades = max(0.0, 1 - self.open_days / plan.window_days)
            self.events = self.events * fades + self.open_events
            self.days = self.days * fades + min(self.open_days, plan.window_days)
        self.open_events, self.open_days, self.passed, self.since = 0.0, 0.0, False, None


class SharePlan(Struct, frozen=True, kw_only=True):
    """How a share of failures that rises is found: against p1 = max(`risen_min`, `times` the own share)."""

    prior_tries: float = 40.0
    times: float = 3.0
    risen_min: float = 0.22
    limit: float = 8.0
    window_tries: float = 400.0
    own_min: float = SHARE_MIN
    """The own share is never taken for less: a lucky time must not make two failures a fault."""

    def risen(self, own_share: float) -> float:
        """Return the share against which the own one is tested."""
        return min(max(self.risen_min, self.times * own_share), SHARE_MAX)


class ShareCusum(Struct, kw_only=True, omit_defaults=True):
    """Bernoulli CUSUM: tries that fail more often than is usual here. What made it suspicious teaches nothing yet."""

    score: float = 0.0
    fails: float = 0.0
    tries: float = 0.0
    open_fails: float = 0.0
    """Since the score left nought: learnt when it is back without having passed the limit, else forgotten."""
    open_tries: float = 0.0
    passed: bool = False
    since: datetime | None = None
    """The first failure of this rise."""

    def own_share(self, prior_share: float, plan: SharePlan) -> float:
        """Return its usual share, shrunken towards that of its peers."""
        return max(shrunken_share(self.fails, self.tries, prior_share, plan.prior_tries), plan.own_min)

    def hear(self, failed: bool, at: datetime, prior_share: float, plan: SharePlan) -> None:
        """Take in one try."""
        own = self.own_share(prior_share, plan)
        risen = plan.risen(own)
        if risen > own:
            step = log(risen / own) if failed else log((1 - risen) / (1 - own))
            self.score = min(max(0.0, self.score + step), plan.limit * SCORE_MAX_TIMES)
        self.open_fails += float(failed)
        self.open_tries += 1
        self.passed = self.passed or self.score > plan.limit
        if not self.score:
            self._settle(plan)
        elif failed:
            self.since = self.since or at

    def is_risen(self, plan: SharePlan) -> bool:
        """Return whether it fails more often than is usual."""
        return self.score > plan.limit

    def _settle(self, plan: SharePlan) -> None:
        if not self.passed:
            fades = max(0.0, 1 - self.open_tries / plan.window_tries)
            self.fails = self.fails * fades + self.open_fails
            self.tries = self.tries * fades + self.open_tries
        self.open_fails, self.open_tries, self.passed, self.since = 0.0, 0.0, False, None


def recent(times: tuple[datetime, ...], at: datetime, window_s: float, most: int) -> tuple[datetime, ...]:
    """Return `times` and `at`, without what is more than `window_s` older than the newest, at most the last `most`."""
    newest = max(*times, at, at)
    return tuple(sorted(time for time in (*times, at) if (newest - time).total_seconds() <= window_s)[-most:])

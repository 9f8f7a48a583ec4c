"""The health of an outlet, 0 to 100: a published sum of what was found, what failed and what came back. Pure.

100 minus the sum of weight times strength, never below 0. A strength is 0 to 1 and halves every 14 days from the
moment at which the trouble was over. What is dangerous does not fade before somebody has acknowledged it. Several
detectors that see one trouble count once: of each family only the heaviest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.model import Family, Severity

HALF_LIFE: Final = timedelta(days=14)
LOOKED_BACK: Final = timedelta(days=90)  # after it less than 1.2 % of a strength is left
WEIGHTS: Final = {
    Severity.SAFETY: 60.0,
    Severity.DOWN: 40.0,
    Severity.DEGRADED: 20.0,
    Severity.PLAN: 10.0,
    Severity.INFO: 2.0,
}
"""Points that a finding of full confidence takes while it is open."""
FAILURES_WEIGHT: Final = 30.0
RETURNS_WEIGHT: Final = 10.0
USUAL_SHARE: Final = 0.05  # of attempts that fail everywhere: cars, cards and people
DOUBT_ATTEMPTS: Final = 5.0  # good attempts that everybody is credited with: one failure of one says little
LASTING_WEIGHT: Final = 10.0  # as of something to plan
LASTING_DAYS: Final = 60.0  # what lasts longer takes no point
WORN_WEIGHT: Final = 10.0
WORN_FROM: Final = 0.8  # of what a part is built for
RETURNS_FULL: Final = 3.0  # troubles that came back, from which on the strength is 1
SHOWN_FROM: Final = 0.5  # points; less is neither counted nor given as a reason
BANDS: Final = ((0, 39), (40, 59), (60, 79), (80, 94), (95, 100))
"""Scores that are looked at together."""


class Seen(Struct, frozen=True, kw_only=True):
    """A finding as the score takes it."""

    detector: str
    family: Family
    severity: Severity
    confidence: float
    over_at: datetime | None = None
    """When it was cleared; None while it is open."""
    is_acknowledged: bool = False
    """Whether somebody has taken note of its incident."""


class Tried(Struct, frozen=True, kw_only=True):
    """Attempts to charge on one day, those without anybody's fault left out."""

    at: datetime
    attempts: int
    failed: int


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why points are missing."""

    kind: str
    """finding, lasting (a trend meets its limit soon), worn (used up by counting), failures or returns."""
    points: float
    detector: str = ""
    family: str = ""
    severity: int = int(Severity.INFO)
    over_at: datetime | None = None
    is_held: bool = False
    """It is over, but dangerous and nobody has acknowledged it: it does not fade."""
    times: int = 0
    of: int = 0
    part: str = ""
    """What is worn, or will have to be changed."""
    low_days: float = 0.0
    high_days: float = 0.0
    """The trend meets its limit between these, eight times in ten."""
    share: float = 0.0
    """Of what the part is built for."""


class Score(Struct, frozen=True, kw_only=True):
    """The health of one outlet."""

    points: int
    reasons: tuple[Reason, ...] = ()


def faded(over_at: datetime | None, now: datetime) -> float:
    """Return what is left of a strength, 0 to 1: all of it while it lasts, half of it 14 days later."""
    if over_at is None or over_at >= now:
        return 1.0
    return float(0.5 ** ((now - over_at) / HALF_LIFE))


def score(
    seen: Iterable[Seen],
    tried: Sequence[Tried],
    returned: Sequence[datetime],
    now: datetime,
    ageing: Iterable[Reason] = (),
) -> Score:
    """Return the health of an outlet.

    `seen` are its findings and those of its whole station, `tried` its attempts by day, `returned` when troubles came
    back that had been closed, `ageing` what `lasting` and `worn` say of its parts. The heaviest reason comes first.
    """
    heaviest: dict[str, Reason] = {}
    for reason in (*(_finding(one, now) for one in seen), *ageing):
        key = reason.family or reason.part
        if key not in heaviest or heaviest[key].points < reason.points:
            heaviest[key] = reason
    every = [*heaviest.values(), _failures(tried, now), _returns(returned, now)]
    reasons = sorted((one for one in every if one.points >= SHOWN_FROM), key=lambda one: (-one.points, one.detector))
    return Score(points=max(0, round(100 - sum(one.points for one in reasons))), reasons=tuple(reasons))


def lasting(detector: str, family: Family, part: str, *, days: float, low_days: float, high_days: float) -> Reason:
    """Return the reason that a trend meets its limit in so many days: half its points when that is in 30 days."""
    strength = min(max(1 - days / LASTING_DAYS, 0.0), 1.0)
    return Reason(
        kind="lasting", points=LASTING_WEIGHT * strength, detector=detector, family=family.value, part=part,
        low_days=low_days, high_days=high_days,
    )  # fmt: skip


def worn(part: str, share: float) -> Reason:
    """Return the reason that a part has done most of what it is built for: all points when it has done all of it."""
    strength = min(max((share - WORN_FROM) / (1 - WORN_FROM), 0.0), 1.0)
    return Reason(kind="worn", points=WORN_WEIGHT * strength, part=part, share=share)


def _finding(one: Seen, now: datetime) -> Reason:
    is_held = one.severity is Severity.SAFETY and one.over_at is not None and not one.is_acknowledged
    strength = one.confidence * (1.0 if is_held else faded(one.over_at, now))
    return Reason(
        kind="finding", points=WEIGHTS[one.severity] * strength, detector=one.detector, family=one.family.value,
        severity=int(one.severity), over_at=one.over_at, is_held=is_held,
    )  # fmt: skip


def _failures(tried: Sequence[Tried], now: datetime) -> Reason:
    attempts = sum(one.attempts * faded(one.at, now) for one in tried)
    failed = sum(one.failed * faded(one.at, now) for one in tried)
    share = failed / (attempts + DOUBT_ATTEMPTS)
    strength = max(0.0, share - USUAL_SHARE) / (1 - USUAL_SHARE)
    times, of = sum(one.failed for one in tried), sum(one.attempts for one in tried)
    return Reason(kind="failures", points=FAILURES_WEIGHT * strength, times=times, of=of)


def _returns(returned: Sequence[datetime], now: datetime) -> Reason:
    strength = min(1.0, sum(faded(at, now) for at in returned) / RETURNS_FULL)
    return Reason(kind="returns", points=RETURNS_WEIGHT * strength, times=len(returned))


def band_of(points: int) -> tuple[int, int]:
    """Return the band that a score lies in."""
    return next(band for band in BANDS if points <= band[1])

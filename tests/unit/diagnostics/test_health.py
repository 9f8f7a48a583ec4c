"""The health of an outlet, against sums done by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.upkeep.health import Seen, Tried, band_of, score

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FORTNIGHT = timedelta(days=14)


def seen(
    severity: Severity = Severity.DOWN,
    *,
    family: Family = Family.CONTACTOR,
    confidence: float = 1.0,
    over: timedelta | None = None,
    acknowledged: bool = False,
) -> Seen:
    return Seen(
        detector="D07", family=family, severity=severity, confidence=confidence,
        over_at=None if over is None else NOW - over, is_acknowledged=acknowledged,
    )  # fmt: skip


def points(*found: Seen) -> int:
    return score(found, (), (), NOW).points


def test_an_outlet_of_which_nothing_is_known_is_whole() -> None:
    assert score((), (), (), NOW).points == 100
    assert score((), (), (), NOW).reasons == ()


def test_an_open_finding_takes_its_weight_times_its_confidence() -> None:
    assert points(seen()) == 60
    assert points(seen(confidence=0.5)) == 80
    assert points(seen(Severity.DEGRADED)) == 80
    assert points(seen(Severity.PLAN)) == 90


def test_what_is_over_halves_in_a_fortnight() -> None:
    assert points(seen(over=timedelta(0))) == 60
    assert points(seen(over=FORTNIGHT)) == 80
    assert points(seen(over=2 * FORTNIGHT)) == 90


def test_danger_does_not_fade_before_somebody_has_acknowledged_it() -> None:
    held = score([seen(Severity.SAFETY, over=4 * FORTNIGHT)], (), (), NOW)
    assert held.points == 40
    assert held.reasons[0].is_held
    assert points(seen(Severity.SAFETY, over=2 * FORTNIGHT, acknowledged=True)) == 85


def test_two_detectors_that_see_one_trouble_count_once() -> None:
    assert points(seen(), seen(Severity.DEGRADED)) == 60
    assert points(seen(), seen(Severity.DEGRADED, family=Family.METER)) == 40


def test_it_is_never_below_zero_and_says_why_from_the_heaviest_on() -> None:
    families = (Family.METER, Family.PHASE, Family.COOLING, Family.READER)
    worst = score([seen(family=one) for one in families], (), (), NOW)
    assert worst.points == 0
    assert len(worst.reasons) == 4
    mixed = score([seen(Severity.PLAN), seen(family=Family.METER)], (), (), NOW)
    assert [one.points for one in mixed.reasons] == [40, 10]


def test_attempts_that_fail_count_beyond_what_is_usual() -> None:
    """19 of 33 and five good ones that everybody is credited with are half; 0.45 of 0.95 times 30 is 14.2."""
    tried = Tried(at=NOW, attempts=33, failed=19)
    assert score((), [tried], (), NOW).points == 86
    assert score((), [Tried(at=NOW, attempts=95, failed=5)], (), NOW).points == 100
    one = score((), [Tried(at=NOW, attempts=1, failed=1)], (), NOW)
    assert one.points == 96  # 1 of 6; 0.1167 of 0.95 times 30 is 3.7
    assert (one.reasons[0].times, one.reasons[0].of) == (1, 1)


def test_what_comes_back_counts_up_to_three_times() -> None:
    assert score((), (), [NOW], NOW).points == 97
    assert score((), (), [NOW] * 5, NOW).points == 90
    assert score((), (), [NOW - FORTNIGHT] * 3, NOW).points == 95


def test_every_score_lies_in_a_band() -> None:
    assert [band_of(one) for one in (0, 39, 40, 79, 80, 95, 100)] == [
        (0, 39), (0, 39), (40, 59), (60, 79), (80, 94), (95, 100), (95, 100),
    ]  # fmt: skip

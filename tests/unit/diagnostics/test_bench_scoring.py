"""What counts for a fault, and what is false, when the bench of diagnosis compares alerts with the truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench._baselines import Teller
from bench._diagnosis_report import figures_of
from bench._plan import Placed
from bench._scoring import Alert, Score, found, judged_twin
from laddverk.simulator.physics.modes import MODES, Shape
from laddverk.simulator.physics.town import Away, Fault

ONSET = datetime(2026, 3, 20, 8, tzinfo=UTC)
DAY = timedelta(days=1)
UNTIL = ONSET + 30 * DAY


def plan(mode: str) -> list[Placed]:
    return [Placed("A", 0, MODES[mode], False, 0, Fault(mode=MODES[mode], onset=ONSET))]


def alert(family: str, after_days: float, station: str = "A", **more) -> Alert:
    return Alert(f"{family} {after_days}", frozenset({station}), family, ONSET + after_days * DAY, **more)


def one(mode: str, *alerts: Alert, **truth):
    (result,) = found(plan(mode), alerts, UNTIL, **truth)
    return result


def test_the_right_cause_in_time_counts_with_its_lead():
    result = one("contact_heating", alert("contact_heat", 5))
    assert result.told_at == ONSET + 5 * DAY
    assert result.lead == 15 * DAY
    assert result.first_family == "contact_heat"


def test_another_cause_station_or_time_does_not_count():
    wrong = [
        alert("cooling", 5), alert("contact_heat", -1), alert("contact_heat", 20.1), alert("contact_heat", 5, "B"),
    ]  # fmt: skip
    assert all(one("contact_heating", each).told_at is None for each in wrong)


def test_the_surest_cause_told_is_the_top_cause():
    result = one("contact_heating", alert("contact_heat", 5, confidence=0.6), alert("meter", 6, confidence=0.9))
    score = Score("ours", [result])
    assert result.told_at is not None
    assert score.top_cause() == 0.0


def test_a_link_that_was_really_away_is_no_wrong_cause():
    away = [Away("A", ONSET + 4 * DAY, ONSET + 4 * DAY + timedelta(hours=1))]
    told = [alert("connectivity", 4.01, confidence=1.0), alert("contact_heat", 5, confidence=0.8)]
    assert one("contact_heating", *told, away=away).first_family == "contact_heat"
    assert one("contact_heating", *told).first_family == "connectivity"


def test_the_same_fault_told_again_is_counted():
    assert one("contact_heating", alert("contact_heat", 5), alert("contact_heat", 9)).repeated == 1


def test_each_of_two_faults_at_once_must_be_found_and_does_not_count_against_the_other():
    results = found(plan("heat_and_modem"), [alert("contact_heat", 5), alert("connectivity", 7)], UNTIL)
    assert [result.told_at is not None for result in results] == [True, True]
    assert Score("ours", results).top_cause() == 1.0
    (heat, modem) = found(plan("heat_and_modem"), [alert("contact_heat", 5)], UNTIL)
    assert heat.told_at is not None
    assert modem.told_at is None


def test_shares_are_means_over_modes_and_the_worst_is_seen():
    score = Score("ours", [one("contact_heating", alert("contact_heat", 5)), one("lock_wear"), one("lock_wear")])
    assert score.share() == 0.5
    assert score.by_mode([Shape.GRADUAL]) == {"contact_heating": 1.0, "lock_wear": 0.0}
    assert score.leads_days() == [15.0]


def test_what_is_told_of_the_twin_is_false_but_for_outages_and_what_nuisances_were():
    score = Score("ours")
    came = {"roaming_partner_down": ONSET, "heat_wave": ONSET}
    away = [Away("A", ONSET + 2 * DAY, ONSET + 2 * DAY + timedelta(minutes=20))]
    told = [
        alert("authorisation", 0.1), alert("connectivity", 2.01, severity=1), alert("contact_heat", 1),
        alert("no_energy", 3, severity=1), alert("vehicle", 3, severity=4),
    ]  # fmt: skip
    judged_twin(score, told, away, came, charger_days=1000)
    assert [each.family for each in score.false_work] == ["contact_heat", "no_energy"]
    assert [each.family for each in score.false_pages] == ["no_energy"]
    assert score.true_outages == 2
    assert score.per_1000(len(score.false_work)) == 2.0


def test_an_outage_of_a_site_is_heard_of_when_any_of_its_chargers_is_told_and_in_how_many_lines():
    came = {"site_outage": ONSET, "carrier_outage": ONSET + 2 * DAY, "restart_storm": ONSET + 3 * DAY}
    away = [Away("A", at, at + timedelta(minutes=40)) for at in (ONSET, ONSET + 2 * DAY)]
    score = Score("ours")
    judged_twin(score, [alert("connectivity", 0.01, severity=1)], away, came, charger_days=10)
    assert (score.outages, score.outages_told, score.true_outages) == (2, 1, 1)
    assert figures_of(score)["heard"] == 0.5


def test_a_link_away_for_a_moment_may_not_be_told():
    score = Score("ours")
    away = [Away("A", ONSET, ONSET + timedelta(minutes=5))]
    judged_twin(score, [alert("connectivity", 0.001, severity=1)], away, {}, charger_days=10)
    assert len(score.false_pages) == 1


def test_usual_watching_tells_a_cause_again_only_after_a_quiet_day():
    teller = Teller("codes")
    for hours in (0, 5, 20, 40, 70):
        teller.tell("A", "meter", ONSET + timedelta(hours=hours))
    assert [told.at for told in teller.told] == [ONSET, ONSET + timedelta(hours=70)]

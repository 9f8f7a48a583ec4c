"""The bench of diagnosis, tiny: two faults for a day, over sockets, scored through the API."""

from __future__ import annotations

from pathlib import Path

from bench import _diagnosis_report as report
from bench import _dry, diagnostics
from bench import _plan as plans
from bench._scoring import Score, found
from laddverk.platform.database import Database

SEED = diagnostics.TUNING_SEEDS[0]
MODES = plans.chosen("emergency_stop,modem_dead")
TINY = diagnostics.arguments().parse_args(["--days", "1.3", "--warm-up-days", "0.4", "--no-nuisances"])


def test_seeds_that_score_are_not_those_that_tune():
    assert not set(diagnostics.TUNING_SEEDS) & set(diagnostics.SCORING_SEEDS)


async def test_faults_are_told_over_the_api_and_nothing_is_told_of_the_twin(database: Database, tmp_path: Path):
    faulty = await diagnostics.run(database, tmp_path, SEED, MODES, TINY, faulty=True)
    scores = diagnostics.scores_of(faulty, faulty)  # one run serves as its own twin: what is told of it is not scored
    told = {one.mode: one.first_family for one in scores["ours"].found}
    assert told == {"emergency_stop": "physical_damage", "modem_dead": "connectivity"}
    assert all(one.told_at is not None for one in scores["ours"].found)
    assert {one.mode for one in scores["status codes"].found if one.told_at} == set(told)
    assert faulty.pace.messages > 50
    assert "emergency_stop" in report.by_mode(scores)
    assert "false work items" in report.table(scores, [])
    assert isinstance(scores["ours"], Score)


def test_detectors_alone_hear_a_silent_outlet_and_nothing_of_its_twin():
    modes = plans.chosen("silent_no_energy")
    for faulty in (True, False):
        (town, plan), told, _ = _dry.heard(
            SEED, modes, days_long=7, faulty=faulty, warm_up_days=2, troubled=()
        )  # fmt: skip
        named = {alert.family for alert in told} & set(modes[0].causes[0])
        assert bool(named) is faulty
        assert all(one.told_at is not None for one in found(plan, told, town.until)) is faulty

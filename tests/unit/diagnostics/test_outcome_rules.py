"""How sessions are judged, and which limits of ours held them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from laddverk.diagnostics.model import OutcomeClass
from laddverk.diagnostics.outcomes import cars, limits
from laddverk.diagnostics.outcomes.limits import Order
from laddverk.diagnostics.outcomes.makes import makes_in
from laddverk.diagnostics.outcomes.model import SessionTold
from laddverk.diagnostics.outcomes.rules import judged
from laddverk.diagnostics.verdict import Held, Tried, Verdict, verdict
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
FAULT = ("GroundFailure",)


def session(minutes: float = 60, **told: Any) -> SessionTold:
    given: dict[str, Any] = {"energy_wh": 9_000, "token": "a", "charged": True} | told
    return SessionTold(
        session_id=UUID(int=1),
        transaction_key="x",
        evse_number=1,
        started_at=START,
        ended_at=START + timedelta(minutes=minutes),
        **given,
    )


@pytest.mark.parametrize(
    ("told", "codes", "limit_a", "outcome"),
    [
        (session(), (), None, OutcomeClass.OK),
        (session(stop_reason="EVDisconnected"), FAULT, None, OutcomeClass.OK),
        (session(stop_reason="PowerLoss"), (), None, OutcomeClass.ABNORMAL_END),
        (session(stop_reason="Other"), (), None, OutcomeClass.OK),
        (session(stop_reason="Other"), FAULT, None, OutcomeClass.ABNORMAL_END),
        (session(energy_wh=99), (), None, OutcomeClass.ZERO_ENERGY),
        (session(energy_wh=100), (), None, OutcomeClass.OK),
        (session(1, energy_wh=300, stop_reason="Other"), FAULT, None, OutcomeClass.EARLY_ABORT),
        (session(1, energy_wh=300, stop_reason="Local"), (), None, OutcomeClass.OK),
        (session(energy_wh=0, charged=False), (), None, OutcomeClass.PLUG_NO_START),
        (session(2.9, energy_wh=0, charged=False, stop_reason="Local"), (), None, OutcomeClass.ZERO_ENERGY),
        (session(0.9, energy_wh=0, stop_reason="Local"), (), None, OutcomeClass.EXCLUDED),
        (session(0.9, energy_wh=0, stop_reason="Local"), FAULT, None, OutcomeClass.ZERO_ENERGY),
        (session(energy_wh=0, soc_start=95.0), (), None, OutcomeClass.EXCLUDED),
        (session(energy_wh=0), (), 0.0, OutcomeClass.EXCLUDED),
        (session(energy_wh=0), (), 6.0, OutcomeClass.ZERO_ENERGY),
        (session(energy_wh=0, technician=True), FAULT, None, OutcomeClass.EXCLUDED),
        (session(energy_wh=0, accepted=False), (), None, OutcomeClass.AUTH_FAIL),
        (session(energy_wh=0, stop_reason="DeAuthorized"), (), None, OutcomeClass.AUTH_FAIL),
        (session(energy_wh=0, token=""), (), None, OutcomeClass.NO_AUTH),
    ],
)
def test_a_session_is_judged_by_what_it_gave_and_how_it_ended(
    told: SessionTold, codes: tuple[str, ...], limit_a: float | None, outcome: OutcomeClass
) -> None:
    found, why = judged(told, codes, limit_a, dc=False)
    assert found is outcome
    assert bool(why) is (outcome is not OutcomeClass.OK)


def test_direct_current_is_given_less_time_to_start() -> None:
    told = session(2, energy_wh=0, charged=False, stop_reason="EVDisconnected")
    assert judged(told, (), None, dc=True)[0] is OutcomeClass.PLUG_NO_START
    assert judged(told, (), None, dc=False)[0] is OutcomeClass.ZERO_ENERGY


def order(minute: int, limit: float | None, number: int = 1, **schedule: Any) -> Order:
    at = START + timedelta(minutes=minute)
    if limit is None:
        return Order(at=at, evse_number=1, profile=None)
    given: dict[str, Any] = {"unit": RateUnit.AMPERE, "periods": (Period(limit=limit),), "starts_at": at} | schedule
    profile = Profile(id=number, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.ABSOLUTE, schedules=(Schedule(**given),))
    return Order(at=at, evse_number=1, profile=profile)


def lowest(*orders: Order, minutes: int = 60) -> float | None:
    return limits.lowest_a(orders, 1, START, START + timedelta(minutes=minutes))


def test_the_lowest_limit_that_held_counts_and_one_that_ended_before_does_not() -> None:
    assert lowest() is None
    assert lowest(order(-5, 16.0), order(20, 6.0)) == 6.0
    assert lowest(order(20, 6.0), order(-5, 16.0)) == 6.0, "in whatever order they are told"
    assert lowest(order(-60, 0.0), order(-30, None)) is None
    assert lowest(order(-60, 0.0), order(-30, 16.0)) == 16.0
    assert lowest(order(-60, 0.0, duration_s=600)) is None
    assert lowest(order(0, 6_900.0, unit=RateUnit.WATT)) == 10.0


def test_a_card_is_no_car_and_a_car_is_called_by_its_maker() -> None:
    assert cars.car_of("04A2B3C4D5E6F7") == ""
    assert cars.make_of("VID4CFCAA000001", {"4CFCAA": "Tesla"}) == "Tesla"
    assert cars.make_of("4CFCAA000001", {}) == "4C:FC:AA"
    assert cars.car_of("DE8AAC12345678") == "contract DE8AAC12345678"


def tried(*outcomes: str, ago_h: float = 1) -> list[Tried]:
    return [Tried(START - timedelta(hours=ago_h), outcome) for outcome in outcomes]


@pytest.mark.parametrize(
    ("held", "attempts", "connected", "found"),
    [
        ([], tried("ok"), True, Verdict.YES),
        ([], tried("ok", ago_h=24 * 8), True, Verdict.UNPROVEN),
        ([], [], True, Verdict.UNPROVEN),
        ([], tried("ok"), False, Verdict.SILENT),
        ([Held(0, 1)], tried("ok"), False, Verdict.NO),
        ([Held(2, 0)], tried("ok"), True, Verdict.YES),
        ([Held(1, 2)], tried("ok"), True, Verdict.DOUBTFUL),
        ([], tried("ok", "zero_energy", "excluded", "zero_energy"), True, Verdict.DOUBTFUL),
        ([], tried("zero_energy", "ok"), True, Verdict.YES),
    ],
)
def test_the_verdict_is_never_better_than_what_is_known(
    held: list[Held], attempts: list[Tried], connected: bool, found: Verdict
) -> None:
    assert verdict(1, held, attempts, START, connected=connected) is found


def test_an_operator_adds_makes_of_cars_and_a_bad_file_costs_none_of_ours(tmp_path: Path) -> None:
    ours = makes_in(tmp_path)
    assert ours["4CFCAA"] == "Tesla"
    (tmp_path / "car-makes.toml").write_text('[makes]\n"70-B3-d5" = "Polestar"\n"4cfcaa" = "T"\n"short" = "x"\n')
    assert makes_in(tmp_path) == ours | {"70B3D5": "Polestar", "4CFCAA": "T"}
    (tmp_path / "car-makes.toml").write_text("[makes")
    assert makes_in(tmp_path) == ours

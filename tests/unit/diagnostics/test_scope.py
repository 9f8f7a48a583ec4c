"""Who is blamed: sites, carriers, versions and cars before chargers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laddverk.diagnostics.model import Family, FindingId, Severity
from laddverk.diagnostics.scope import Blame, Fleet, Placed, chance_of_at_least, inferred
from laddverk.kernel.ids import SiteId, StationId

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
V2 = "Acme One 2.0"


def found(
    number: int,
    *,
    station: int | None = None,
    site: int = 1,
    family: Family = Family.CONNECTIVITY,
    minutes: float = 0,
    **more: object,
) -> Placed:
    return Placed(
        finding_id=FindingId(UUID(int=number)),
        detector="D01",
        family=family,
        severity=Severity.DOWN,
        station_id=StationId(UUID(int=1000 + (station or number))),
        evse_number=int(str(more.pop("evse", 0))),
        since=START + timedelta(minutes=minutes),
        site_id=SiteId(UUID(int=9000 + site)),
        **more,  # type: ignore[arg-type]  # names and values of fields of Placed
    )


def blames(placed: list[Placed], **more: object) -> list[tuple[Blame, int]]:
    return [(group.blame, len(group.findings)) for group in inferred(placed, **more)]  # type: ignore[arg-type]  # as above


def test_three_chargers_of_a_site_that_fall_silent_together_are_the_site() -> None:
    assert blames([found(1), found(2, minutes=4), found(3, minutes=10)]) == [(Blame.SITE, 3)]


def test_two_are_two_chargers() -> None:
    assert blames([found(1), found(2)]) == [(Blame.CHARGER, 1), (Blame.CHARGER, 1)]


def test_three_that_fall_silent_an_hour_apart_are_three_chargers() -> None:
    assert blames([found(1), found(2, minutes=60), found(3, minutes=120)]) == [(Blame.CHARGER, 1)] * 3


def test_three_findings_of_one_station_are_not_a_site() -> None:
    assert [blame for blame, _ in blames([found(n, station=7, evse=n) for n in (1, 2, 3)])] == [Blame.CHARGER] * 3


def test_five_chargers_across_sites_with_one_carrier_are_the_carrier() -> None:
    lost = [found(n, site=n, minutes=n, carrier="24007") for n in range(1, 6)]
    assert blames(lost) == [(Blame.CARRIER, 5)]


def test_four_across_sites_are_four_chargers() -> None:
    assert blames([found(n, site=n, carrier="24007") for n in range(1, 5)]) == [(Blame.CHARGER, 1)] * 4


def test_carriers_that_differ_leave_it_open_whose_network_it_is() -> None:
    lost = [found(n, site=n, carrier="24007" if n % 2 else "24001") for n in range(1, 7)]
    assert blames(lost) == [(Blame.NETWORK, 6)]


def test_half_of_the_network_at_once_is_ours() -> None:
    lost = [found(n, site=n, carrier="24007") for n in range(1, 7)]
    assert blames(lost, fleet=Fleet(stations=12)) == [(Blame.BACKEND, 6)]


def test_a_site_of_ten_and_one_elsewhere_are_a_site_and_a_charger() -> None:
    lost = [found(n) for n in range(1, 11)] + [found(11, site=2)]
    assert sorted(blames(lost)) == [(Blame.CHARGER, 1), (Blame.SITE, 10)]


def test_as_many_losses_as_on_any_day_are_no_burst() -> None:
    lost = [found(n, site=n, minutes=n / 4) for n in range(1, 13)]
    assert blames(lost) == [(Blame.NETWORK, 12)]
    usual = Fleet(stations=10_000, link_losses_usual=8.0)
    assert blames(lost, fleet=usual) == [(Blame.CHARGER, 1)] * 12


def test_low_voltage_at_both_chargers_of_a_site_is_its_supply() -> None:
    low = [found(n, family=Family.SUPPLY, minutes=200 * n) for n in (1, 2)]
    assert blames(low, fleet=Fleet(stations=50, stations_at={low[0].site_id: 2})) == [(Blame.SITE, 2)]
    assert blames(low, fleet=Fleet(stations=50, stations_at={low[0].site_id: 3})) == [(Blame.CHARGER, 1)] * 2


def test_hot_pins_at_three_chargers_of_a_site_are_three_jobs() -> None:
    assert blames([found(n, family=Family.CONTACT_HEAT) for n in (1, 2, 3)]) == [(Blame.CHARGER, 1)] * 3


def test_refusals_at_many_chargers_are_the_one_who_answers() -> None:
    refused = [found(n, site=n % 3, family=Family.AUTHORISATION, minutes=9 * n) for n in range(5)]
    assert blames(refused) == [(Blame.BACKEND, 5)]


def test_a_car_that_fails_at_three_chargers_is_the_car() -> None:
    failed = [found(n, site=n, family=Family.NO_ENERGY, cars=("car",), minutes=900 * n, evse=1) for n in (1, 2, 3)]
    assert blames(failed) == [(Blame.VEHICLE, 3)]
    assert blames(failed[:2]) == [(Blame.CHARGER, 1)] * 2
    assert blames(failed[:1], bad_cars={"car"}) == [(Blame.VEHICLE, 1)]


def test_what_is_known_of_a_car_is_the_cars_whoever_else_failed_there() -> None:
    known = found(1, family=Family.VEHICLE, cars=("another", "bad"))
    (group,) = inferred([known], bad_cars={"bad"})
    assert (group.blame, group.key) == (Blame.VEHICLE, "car:bad")
    assert blames([found(1, family=Family.VEHICLE)]) == [(Blame.VEHICLE, 1)]


def test_failures_of_several_cars_are_not_a_cars() -> None:
    failed = [found(n, site=n, family=Family.NO_ENERGY, cars=("car", f"other {n}"), evse=1) for n in (1, 2, 3)]
    assert Blame.VEHICLE not in {blame for blame, _ in blames(failed)}


def of_version(number: int, firmware: str, family: Family = Family.CONTROLLER) -> Placed:
    return found(
        number, site=number, family=family, minutes=700 * number, vendor="Acme", model="One", firmware=firmware
    )


def test_what_a_release_breaks_joins_its_regression() -> None:
    stood = [of_version(1, "2.0", Family.FIRMWARE), of_version(2, "2.0"), of_version(3, "1.0")]
    assert sorted(blames(stood)) == [(Blame.CHARGER, 1), (Blame.FIRMWARE, 2)]


def test_a_bent_pin_joins_no_release() -> None:
    stood = [of_version(1, "2.0", Family.FIRMWARE), of_version(2, "2.0", Family.CONTACT_HEAT)]
    assert sorted(blames(stood)) == [(Blame.CHARGER, 1), (Blame.FIRMWARE, 1)]


def test_one_version_far_beyond_its_share_is_the_version() -> None:
    stood = [of_version(n, "2.0") for n in range(1, 7)] + [of_version(7, "1.0")]
    rare = Fleet(stations=1000, stations_of_cohort={V2: 50})
    common = Fleet(stations=1000, stations_of_cohort={V2: 900})
    assert (Blame.FIRMWARE, 6) in blames(stood, fleet=rare)
    assert {blame for blame, _ in blames(stood, fleet=common)} == {Blame.CHARGER}


def test_a_symptom_joins_what_explains_it_at_the_same_outlet() -> None:
    stood = [
        found(1, family=Family.NO_ENERGY, station=5, evse=1),
        found(2, family=Family.CONNECTOR_LOCK, station=5, evse=1, minutes=-300),
        found(3, family=Family.NO_ENERGY, station=5, evse=2),
    ]
    groups = inferred(stood)
    assert {(group.family, len(group.findings)) for group in groups} == {
        (Family.CONNECTOR_LOCK, 2),
        (Family.NO_ENERGY, 1),
    }


def test_two_faults_of_one_outlet_stay_two() -> None:
    stood = [
        found(1, family=Family.CONTACT_HEAT, station=5, evse=1),
        found(2, family=Family.METER, station=5, evse=1),
    ]
    assert blames(stood) == [(Blame.CHARGER, 1)] * 2


def test_the_chance_is_that_of_the_binomial() -> None:
    assert chance_of_at_least(2, 2, 0.5) == pytest.approx(0.25)
    assert chance_of_at_least(1, 3, 0.5) == pytest.approx(0.875)
    assert chance_of_at_least(0, 3, 0.5) == 1.0
    assert chance_of_at_least(4, 3, 0.5) == 0.0


any_placed = st.builds(
    found,
    st.integers(1, 60),
    station=st.integers(1, 12),
    site=st.integers(1, 4),
    family=st.sampled_from(list(Family)),
    minutes=st.integers(0, 3000),
    carrier=st.sampled_from(["", "24001", "24007"]),
    cars=st.sampled_from([(), ("a",), ("a", "b")]),
    model=st.just("One"),
    firmware=st.sampled_from(["1.0", "2.0"]),
    evse=st.integers(0, 2),
)


@given(st.lists(any_placed, max_size=40, unique_by=lambda one: one.finding_id), st.randoms())
def test_each_finding_is_in_one_group_whatever_the_order(placed: list[Placed], random: object) -> None:
    groups = inferred(placed)
    assert sorted(one.int for group in groups for one in group.findings) == sorted(one.finding_id.int for one in placed)
    shuffled = list(placed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random of Hypothesis
    assert inferred(shuffled) == groups

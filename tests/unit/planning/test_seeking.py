"""Where chargers are wanted: what makes a spot, and what its score is worth."""

from datetime import UTC, datetime, timedelta
from math import exp
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.planning.seeking.rules import CELL_DEG, FADES_KM, NEAR_KM, Spill, Wish, spots

AT = datetime(2026, 11, 1, tzinfo=UTC)
HERE = (57.7089, 11.9746)
KM_DEG = 1 / 111.19  # of latitude


def wish(number=0, who="a", latitude=HERE[0], longitude=HERE[1], state="new"):
    return Wish(
        id=UUID(int=number), at=AT + timedelta(hours=number), who=who, place=f"Place {number}", note="",
        latitude=latitude, longitude=longitude, state=state,
    )  # fmt: skip


def spill(number=0, refused=10.0, north_km=0.0):
    return Spill(
        site_id=UUID(int=number), site_name=f"Site {number}", latitude=HERE[0] + north_km * KM_DEG,
        longitude=HERE[1], refused_month=refused,
    )  # fmt: skip


def test_each_driver_counts_once_and_the_newest_words_name_the_place():
    (spot,) = spots([wish(1), wish(2), wish(3, who="b")], [])
    assert (spot.drivers, spot.score, spot.place) == (2, 2.0, "Place 3")


def test_a_spot_stands_in_the_middle_of_its_part_of_the_map_and_never_where_somebody_lives():
    (spot,) = spots([wish(1)], [])
    assert (spot.latitude, spot.longitude) == pytest.approx((57.705, 11.97))
    assert (spot.place, spot.place_of_several) == ("Place 1", "")
    (spot,) = spots([wish(1), wish(2, who="b", latitude=57.7001, longitude=11.9601), wish(3, who="c")], [])
    assert (spot.latitude, spot.longitude) == pytest.approx((57.705, 11.97))
    assert spot.place_of_several == "Place 3"


def test_what_was_built_or_declined_and_what_is_nowhere_does_not_count():
    done = [wish(1, state="built"), wish(2, state="declined"), wish(3, latitude=None, longitude=None)]
    assert spots(done, []) == []
    assert len(spots([*done, wish(4, state="considered")], [])) == 1


def test_refusals_near_by_fade_with_the_distance_and_those_further_off_do_not_count():
    middle = replace(spill(1), latitude=57.705 + 0.5 * KM_DEG, longitude=11.97)
    (spot,) = spots([wish()], [middle, spill(2, north_km=2 * NEAR_KM, refused=0.5)])
    (site, away), *rest = spot.spills
    assert (site.site_name, rest) == ("Site 1", [])
    assert away == pytest.approx(0.5, abs=0.01)
    assert spot.score == pytest.approx(1 + 10 * exp(-0.5 / FADES_KM), rel=0.01)


def test_a_site_that_sends_many_away_is_a_spot_though_nobody_wished_there():
    (spot,) = spots([], [spill(1, refused=3.0), spill(2, refused=0.9, north_km=20.0)])
    assert (spot.drivers, spot.place, spot.spilled) == (0, "", pytest.approx(3.0))
    assert len(spots([wish()], [spill(1, refused=3.0, north_km=0.3)])) == 1  # the wish's own spot has it already
    assert len(spots([wish()], [spill(1, refused=3.0, north_km=3.0)])) == 2


wishes = st.lists(
    st.builds(
        wish, st.integers(0, 50), st.sampled_from("abcd"), st.floats(57.0, 57.2), st.floats(11.0, 11.2),
        st.sampled_from(("new", "considered", "built", "declined")),
    ),
    max_size=12,
)  # fmt: skip
spills = st.lists(st.builds(spill, st.integers(0, 9), st.floats(0.0, 50.0), st.floats(-80.0, -40.0)), max_size=4)


@given(wishes, spills, st.randoms())
def test_order_changes_nothing_and_every_open_wish_is_in_one_spot(given_wishes, given_spills, random):
    given_wishes = list({one.id: one for one in given_wishes}.values())  # no wish twice, and no two alike in time
    found = spots(given_wishes, given_spills)
    shuffled = list(given_wishes)
    random.shuffle(shuffled)
    again = spots(shuffled, given_spills)
    assert [(one.score, one.drivers, one.place) for one in again] == pytest.approx(
        [(one.score, one.drivers, one.place) for one in found]
    )
    inside = sorted(one.id for spot in found for one in spot.wishes)
    assert inside == sorted(one.id for one in given_wishes if one.state in ("new", "considered"))
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    for spot in found:
        assert spot.score >= spot.drivers >= len({one.who for one in spot.wishes})
        assert all(abs(one.latitude - spot.latitude) <= CELL_DEG for one in spot.wishes)


@given(wishes, spills)
def test_another_driver_and_another_refusal_never_make_a_spot_less_wanted(given_wishes, given_spills):
    given_wishes = list({one.id: one for one in given_wishes}.values())
    before = spots([*given_wishes, wish(99, who="z")], given_spills)
    more = spots([*given_wishes, wish(99, who="z"), wish(100, who="new")], given_spills)
    assert _at(more).score == pytest.approx(_at(before).score + 1)
    worse = spots([*given_wishes, wish(99, who="z")], [replace(one, refused_month=one.refused_month + 1)
                                                     for one in given_spills])  # fmt: skip
    assert _at(worse).score >= _at(before).score - 1e-9


def _at(found):
    return next(one for one in found if any(each.id == UUID(int=99) for each in one.wishes))

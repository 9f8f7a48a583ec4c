"""What a study says: bands over draws, money beside effects, what is proposed, and nothing before a draw is whole."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from laddverk.planning.expanding.model import (
    DAYS_PER_YEAR,
    RECORDED,
    Asked,
    Change,
    Kind,
    Option,
    Part,
    Prices,
    State,
    Study,
)
from laddverk.planning.expanding.weighing import PAYS_WITHIN_YEARS, Order, answer, band
from laddverk.planning.replaying.model import Binding, Ground, Outcome

PRICES = Prices(margin_per_kwh=200, life_years=10, peak_per_kw_year=0)
YEAR = DAYS_PER_YEAR / 7


def outcome(delivered_kwh=80.0, blocked=10, **more):
    return Outcome(
        **{"arrivals": 100, "blocked": blocked, "waited": 0, "mean_wait_s": 0.0, "asked_wh": 100_000.0,
           "blocked_wh": blocked * 1_000.0, "delivered_wh": delivered_kwh * 1_000.0, "p05": 0.5, "peak_w": 10_000.0,
           "short_h": 2.0, "full_h": 1.0, "span_h": 168.0, "by_hour_wh": (delivered_kwh * 1_000.0 / 24,) * 24} | more
    )  # fmt: skip


def study(*options, draws=2, prices=PRICES, **more):
    asked = Asked(
        site_id=UUID(int=1), first=date(2026, 9, 7), last=date(2026, 9, 13), draws=draws, prices=prices, **more
    )
    return Study(
        id=UUID(int=2), site_id=UUID(int=1), site_name="Garage", timezone="Europe/Stockholm", title="", asked=asked,
        ground=Ground(feeders=(), ports=()), options=(Option(kind=Kind.AS_IS), *options), stays_count=1, units=1,
        state=State.RUNNING, why="", made_at=datetime(2026, 11, 1, tzinfo=UTC), made_by="", ended_at=None, parts=0,
        cpu_s=0.0,
    )  # fmt: skip


FUSE = Option(kind=Kind.FUSE, change=Change(fuse_a=63.0), capex_minor=500_000, opex_year_minor=10_000)
PORTS = Option(kind=Kind.PORTS, change=Change(ports=2), capex_minor=5_000_000, opex_year_minor=240_000)


def played(by_place, scenario=0):
    """Return the parts of outcomes by place, draw after draw."""
    return [Part(place=place, draw=draw, outcome=one, scenario=scenario)
            for place, each in by_place.items() for draw, one in enumerate(each)]  # fmt: skip


def test_nothing_is_weighed_before_a_draw_is_whole_but_what_was_is_said_at_once():
    asked = study(FUSE)
    recorded = Part(place=RECORDED, draw=0, outcome=outcome(97.0))
    said = answer(asked, [recorded, *played({0: [outcome()]})])
    assert (said.draws, said.as_is, said.proposed, said.recorded) == (0, None, None, 0.97)
    assert answer(asked, [recorded, *played({0: [outcome(), outcome()], 1: [outcome(95.0)]})]).draws == 1


def test_effect_and_money_are_of_a_year_and_by_hand():
    said = answer(study(FUSE), played({0: [outcome(80.0)] * 2, 1: [outcome(95.0, blocked=4)] * 2}))
    (fuse,) = said.options
    assert fuse.extra_kwh.middle == pytest.approx(15 * YEAR)
    assert fuse.avoided.middle == pytest.approx(6 * YEAR)
    assert fuse.benefit_year_minor == round(15 * YEAR * 200)
    assert fuse.cost_year_minor == 50_000 + 10_000
    assert fuse.net_year_minor == fuse.benefit_year_minor - 60_000
    assert fuse.per_kwh_minor == round(60_000 / (15 * YEAR))
    assert fuse.pays_in_years == pytest.approx(500_000 / (round(15 * YEAR * 200) - 10_000))
    assert said.proposed == fuse
    assert said.swings[0].key in {"margin", "effect", "life"}
    assert said.lost_ports_kwh == pytest.approx(10 * YEAR)
    assert said.lost_power_kwh == pytest.approx(10 * YEAR)


def test_growths_are_weighed_beside_each_other_and_move_what_remains():
    asked = study(FUSE, PORTS, growth=0.2, scenarios=(0.0, 1.0))
    expected = played({0: [outcome(80.0)] * 2, 1: [outcome(95.0)] * 2, 2: [outcome(82.0)] * 2})
    none = played({0: [outcome(99.9, blocked=0)] * 2, 1: [outcome(100.0, blocked=0)] * 2, 2: [outcome(100.0)] * 2}, 1)
    twice = played({0: [outcome(5.0)] * 2, 1: [outcome(10.0)] * 2, 2: [outcome(99.0)]}, 2)
    assert [one.growth for one in answer(asked, [*expected, *none]).scenarios] == [0.0, 0.2]
    said = answer(asked, [*expected, *none, *twice])
    assert [(one.growth, one.draws) for one in said.scenarios] == [(0.0, 2), (0.2, 2), (1.0, 1)]
    assert [one.proposed and one.proposed.option for one in said.scenarios] == [None, FUSE, PORTS]
    assert said.scenarios[1].weighed[1] == said.options[0] == said.proposed
    growth = next(one for one in said.swings if one.key == "growth")
    nets = [one.weighed[1].net_year_minor for one in said.scenarios]
    assert (growth.low_minor, growth.high_minor) == (min(nets), max(nets)) == (nets[0], nets[1])
    assert answer(study(FUSE), expected).scenarios == ()


def test_a_site_that_serves_well_is_proposed_nothing_and_what_does_not_pay_neither():
    well = {0: [outcome(99.5, blocked=0)] * 2, 1: [outcome(100.0, blocked=0)] * 2}
    assert answer(study(FUSE), played(well)).proposed is None
    dear = replace(PORTS, capex_minor=10**10)
    said = answer(study(dear), played({0: [outcome()] * 2, 1: [outcome(99.0)] * 2}))
    assert said.proposed is None
    assert said.swings == ()
    assert said.options[0].pays_in_years is None


def test_an_option_that_brings_nothing_has_no_price_for_each_kilowatt_hour():
    (fuse,) = answer(study(FUSE), played({0: [outcome()] * 2, 1: [outcome()] * 2})).options
    assert (fuse.per_kwh_minor, fuse.per_refusal_minor, fuse.pays_at) == (None, None, None)


def test_reliefs_are_ranked_by_a_kilowatt_hour_or_by_an_avoided_refusal_and_those_without_effect_stand_last():
    dear = replace(PORTS, capex_minor=10**7)
    said = answer(
        study(dear, FUSE, PORTS),
        played({
            0: [outcome(80.0, mean_wait_s=600.0)] * 2, 1: [outcome(99.0, blocked=9)] * 2,
            2: [outcome(90.0, blocked=10)] * 2, 3: [outcome(80.0, blocked=1)] * 2,
        }),
    )  # fmt: skip
    assert [one.place for one in said.ranked()] == [2, 1, 3]
    assert [one.place for one in said.ranked(Order.REFUSALS)] == [3, 1, 2]
    assert said.as_is.service.wait_s.middle == 600.0


def test_only_the_sun_that_an_option_adds_is_money_of_the_option():
    sunny = outcome(80.0, own_solar_wh=5_000.0)
    solar = Option(kind=Kind.SOLAR, change=Change(solar_kwp=5.0), capex_minor=1)
    said = answer(
        study(FUSE, solar), played({0: [sunny] * 2, 1: [sunny] * 2, 2: [replace(sunny, own_solar_wh=7_000.0)] * 2})
    )
    assert [one.benefit_year_minor for one in said.options] == [0, round(2 * YEAR * PRICES.own_solar_per_kwh)]


def test_sun_that_is_sold_and_a_fee_on_idle_time_are_money_and_the_fee_is_doubted():
    solar = Option(kind=Kind.SOLAR, change=Change(solar_kwp=5.0), capex_minor=1)
    fee = Option(kind=Kind.IDLE_FEE, change=Change(idle_cut=0.4), capex_minor=300_000)
    base = outcome(80.0, idle_h=50.0)
    said = answer(
        study(solar, fee),
        played({0: [base] * 2, 1: [replace(base, sold_solar_wh=4_000.0)] * 2, 2: [replace(base, idle_h=30.0)] * 2}),
    )
    sold, taken = round(4 * YEAR * PRICES.sold_solar_per_kwh), round(30 * YEAR * PRICES.idle_hour)
    assert [(one.benefit_year_minor, one.fee_year_minor) for one in said.options] == [(sold, 0), (taken, taken)]
    (swing,) = (one for one in said.swings if one.key == "fee")
    assert (swing.high_minor - swing.low_minor) == pytest.approx(taken, abs=2)


def test_references_are_shown_and_never_proposed_and_bindings_are_the_longest_first():
    reference = Option(kind=Kind.REFERENCE, change=Change(is_steered=False))
    binds = (Binding(feeder="g", phase=1, hours=2.0), Binding(feeder="g", phase=2, hours=5.0))
    said = answer(study(reference), played({0: [outcome(bindings=binds)] * 2, 1: [outcome(100.0)] * 2}))
    assert (said.options, len(said.references), said.proposed) == ((), 1, None)
    assert [(one.phase, one.hours) for one in said.bindings] == [(2, 5 * YEAR), (1, 2 * YEAR)]


kwh = st.lists(st.floats(0.0, 100.0), min_size=3, max_size=3)


@given(kwh, kwh, st.integers(0, 10**8), st.integers(0, 10**6))
def test_what_is_proposed_leaves_most_and_pays_within_its_life(first, second, capex, opex):
    other = replace(PORTS, capex_minor=capex, opex_year_minor=opex)
    base = [outcome(40.0)] * 3
    said = answer(
        study(FUSE, other, draws=3),
        played({0: base, 1: [outcome(one) for one in first], 2: [outcome(one) for one in second]}),
    )
    paying = [one for one in said.options if one.net_year_minor > 0]
    assert (said.proposed is None) == (not paying)
    for one in said.options:
        assert one.extra_kwh.low <= one.extra_kwh.middle <= one.extra_kwh.high
        assert one.pays_in_years is None or 0 <= one.pays_in_years <= min(PRICES.life_years, PAYS_WITHIN_YEARS)
        if said.proposed is not None:
            assert one.net_year_minor <= said.proposed.net_year_minor
    widths = [one.high_minor - one.low_minor for one in said.swings]
    assert widths == sorted(widths, reverse=True)
    prices = [one.per_kwh_minor for one in said.ranked() if one.per_kwh_minor is not None]
    assert prices == sorted(prices)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.randoms())
def test_a_band_does_not_depend_on_the_order_of_draws(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert band(shuffled) == band(values)
    assert min(values) <= band(values).low <= band(values).middle <= band(values).high <= max(values)

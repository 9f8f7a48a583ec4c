"""A replay follows its trace where nothing limits it, holds every limit, and shares as the live loop does."""

import pytest
from msgspec import Struct
from msgspec.structs import replace

from laddverk.energy.allocating import allocated
from laddverk.energy.steering import core
from laddverk.energy.steering.model import (
    CHANGE_MIN_A,
    Answered,
    Belief,
    Circuit,
    Held,
    Known,
    OrderKind,
    Outlet,
    Sampled,
    SessionChanged,
    Trust,
)
from laddverk.energy.steering.ordering import REDISTRIBUTED_A
from laddverk.energy.steering.other_load import less
from laddverk.energy.steering.unproven import held_a
from laddverk.planning.expanding.child import Unit, Work, played
from laddverk.planning.replaying.drawing import drawn
from laddverk.planning.replaying.engine import replay
from laddverk.planning.replaying.model import DAY_S, Battery, Feeder, Ground, Port, Stretch
from laddverk.planning.traces import Stay

MONDAY = 1_767_571_200.0  # 2026-01-05 00:00 UTC
HOUR = 3_600.0


def stay(number, arrives_h, hours, energy_wh, *, outlet="p0", current_a=16.0, phases=3, user=None):
    begins = MONDAY + arrives_h * HOUR
    return Stay(
        key=f"s{number}", user=user or f"u{number}", outlet=outlet, arrives_s=begins, departs_s=begins + hours * HOUR,
        energy_wh=float(energy_wh), current_a=current_a, phases=phases,
    )  # fmt: skip


def ground(limit_a=100.0, ports=1, **more):
    return Ground(
        feeders=(Feeder(key="grid", limit_a=(limit_a,) * 3),),
        ports=tuple(Port(key=f"p{number}", feeder=0, wires=(0, 1, 2), current_max_a=16.0) for number in range(ports)),
        local_ahead_s=0.0, **more,
    )  # fmt: skip


def test_with_room_enough_every_car_gets_what_it_took():
    outcome = replay(ground(ports=2), [stay(0, 8, 5, 20_000), stay(1, 9, 2, 5_000, outlet="p1")])
    assert outcome.delivered > 0.9999
    assert (outcome.arrivals, outcome.blocked, outcome.short_h) == (2, 0, 0.0)
    assert round(outcome.by_hour_wh[8]) == 11_040
    assert round(sum(outcome.by_hour_wh)) == 25_000


def test_who_finds_no_outlet_waits_at_most_half_an_hour():
    first = stay(0, 8, 5, 1_000)
    soon_free = [first, stay(1, 12.999, 1, 1_000)]
    assert replay(ground(), soon_free).waited == 1
    assert replay(ground(), [first, stay(1, 10, 1, 1_000)]).blocked == 1
    assert replay(ground(ports=2), [first, stay(1, 10, 1, 1_000)]).blocked == 0


def test_what_does_not_fit_in_the_fuse_is_not_delivered_and_the_phase_is_named():
    outcome = replay(ground(16.0, 2), [stay(0, 8, 2, 22_080), stay(1, 8, 2, 22_080, outlet="p1")])
    assert 0.45 < outcome.delivered <= 0.5
    assert outcome.peak_w <= 16.0 * 690.0 + 1
    assert outcome.bindings[0].feeder == "grid"
    assert outcome.short_h == 2.0


def test_without_load_management_as_many_outlets_charge_as_get_six_amperes():
    cars = [stay(n, 8, 2, 11_040, outlet=f"p{n}") for n in range(4)]
    unsteered = replay(ground(16.0, 4, is_steered=False), cars)
    assert round(unsteered.delivered, 6) == 0.5, "two at 8 A"
    assert round(unsteered.peak_w, 3) == 16.0 * 690.0
    assert replay(ground(32.0, 4, is_steered=False), cars).delivered > 0.9999


def test_what_is_set_in_an_outlet_holds_in_the_narrowest_hour_of_the_week_and_the_sun_does_not_lift_it():
    narrow = Stretch(starts_s=0.0, limits_a=((8.0,) * 3,))
    wide = Stretch(starts_s=2 * HOUR, limits_a=((16.0,) * 3,))
    site = ground(8.0, 1, is_steered=False, stretches=(narrow, wide), solar_w=(6_900.0,) * 8_760)
    assert round(replay(site, [stay(0, 8, 2, 99_000)]).by_hour_wh[8]) == 5_520
    assert round(replay(replace(site, is_steered=True), [stay(0, 8, 2, 99_000)]).by_hour_wh[8]) == 11_040


def test_limits_of_a_part_of_the_week_hold_there():
    night = Stretch(starts_s=0.0, limits_a=((16.0,) * 3,))
    day = Stretch(starts_s=8 * HOUR, limits_a=((6.0,) * 3,))
    late = Stretch(starts_s=9 * HOUR, limits_a=((16.0,) * 3,))
    outcome = replay(ground(16.0, 1, stretches=(night, day, late)), [stay(0, 7, 3, 99_000)])
    assert [round(outcome.by_hour_wh[hour]) for hour in (7, 8, 9)] == [11_040, 4_140, 11_040]


def test_a_fee_on_idle_time_frees_the_outlet_for_the_next():
    cars = [stay(0, 8, 10, 5_520), stay(1, 13, 1, 1_000)]
    assert replay(ground(), cars).blocked == 1
    assert replay(ground(idle_cut=0.6), cars).blocked == 0


def test_a_battery_and_panels_carry_what_the_fuse_cannot():
    cars = [stay(0, 8, 2, 22_080), stay(1, 8, 2, 22_080, outlet="p1")]
    alone = replay(ground(16.0, 2), cars).delivered_wh
    helped = replay(ground(16.0, 2, battery=Battery(power_w=5_000.0, energy_wh=5_000.0)), cars)
    assert alone + 3_000 < helped.delivered_wh <= alone + 5_001
    assert helped.peak_w <= 16.0 * 690.0 + 1
    sunny = replay(ground(16.0, 2, solar_w=(6_900.0,) * 8_760), cars)
    assert alone + 13_000 < sunny.delivered_wh <= alone + 13_801
    assert sunny.peak_w <= 16.0 * 690.0 + 1


def test_how_long_full_cars_stay_is_counted_beyond_the_grace_and_as_far_as_a_fee_leaves_it():
    car = stay(0, 8, 5, 5_520)
    assert replay(ground(), [car]).idle_h == pytest.approx(4.25)
    assert replay(ground(idle_cut=0.4), [car]).idle_h == pytest.approx(4.25 * 0.6)


def test_what_no_car_takes_of_the_sun_is_sold_and_a_battery_takes_of_it_first():
    car, sun = stay(0, 8, 3, 11_040), (6_900.0,) * 8_760
    outcome = replay(ground(solar_w=sun), [car])
    assert (round(outcome.own_solar_wh), round(outcome.sold_solar_wh)) == (6_900, 3 * 6_900 - 6_900)
    assert replay(ground(), [car]).sold_solar_wh == 0.0
    empties = [stay(0, 8, 1, 11_040), stay(1, 8, 1, 11_040, outlet="p1"), stay(2, 10, 1, 100)]
    battery = Battery(power_w=4_000.0, energy_wh=4_000.0)
    stored = replay(ground(10.0, 2, solar_w=sun, battery=battery), empties)
    given_wh = stored.delivered_wh - 6_900 - 6_900 - 100
    assert given_wh > 3_000, "the fuse, the sun and the last car's own are not all that the first two had"
    assert stored.own_solar_wh == pytest.approx(6_900 + 100 + given_wh, abs=100), (
        "what is lacking in it comes by the sun"
    )


@pytest.mark.parametrize("efficiency", [0.5, 0.9, 1.0])
def test_what_a_battery_loses_of_the_sun_is_neither_used_nor_sold(efficiency):
    sun = (6_900.0,) * 8_760
    last = stay(2, 10, 1, 100, current_a=10.0)  # all by the sun
    cars = [stay(0, 8, 1, 11_040), stay(1, 8, 1, 11_040, outlet="p1"), last]
    battery = Battery(power_w=4_000.0, energy_wh=2_000.0, efficiency=efficiency)
    outcome = replay(ground(10.0, 2, solar_w=sun, battery=battery), cars)
    filled_wh = outcome.own_solar_wh - 6_900 - 100
    assert 1_900 < filled_wh <= 2_000
    lost_wh = filled_wh / efficiency - filled_wh
    assert outcome.own_solar_wh + outcome.sold_solar_wh + lost_wh == pytest.approx(3 * 6_900, abs=1)


def test_a_battery_keeps_power_below_the_highest_hour_where_that_costs_and_fills_without_making_a_higher_one():
    cars = [stay(day, 24 * day + 8, 1, 11_040) for day in range(3)]
    battery = Battery(power_w=5_000.0, energy_wh=5_000.0)
    assert round(replay(ground(battery=battery), cars).peak_w) == 11_040
    assert round(replay(ground(battery=battery, shaves_peaks=True), cars).peak_w) == 6_040
    weak = Battery(power_w=5_000.0, energy_wh=2_500.0)
    assert round(replay(ground(battery=weak, shaves_peaks=True), cars).peak_w) == 8_540


def test_the_same_draw_is_the_same_and_growth_adds_drivers():
    trace = [stay(n, 24 * n + 8, 5, 9_000, user=f"u{n % 5}") for n in range(20)]
    assert drawn(trace, 0.0, 0, 7) == trace
    assert drawn(trace, 0.4, 3, 7) == drawn(trace, 0.4, 3, 7) != drawn(trace, 0.4, 4, 7)
    grown = drawn(trace, 0.4, 0, 7)
    assert len({one.user for one in grown}) == 7
    assert set(trace) <= set(grown)
    assert all(trace[0].arrives_s - DAY_S < one.arrives_s < trace[-1].arrives_s + 14 * DAY_S for one in grown)


def test_a_slice_plays_one_replay_at_least_and_what_was_before_anything_else():
    work = Work(
        stays=[stay(0, 8, 5, 20_000)], grounds={-1: ground(), 0: ground()}, units=[Unit(-1, 0), Unit(0, 0)],
        growths=(1.0,), seed=1, within_s=0.0,
    )  # fmt: skip
    (done,) = played(work)
    assert (done.unit.place, done.outcome.arrivals) == (-1, 1)
    assert [one.outcome.arrivals for one in played(replace(work, within_s=60.0))] == [1, 2]


def live_dc():
    """Return what the live loop gives the cars of the test below, once it has settled."""
    outlets = tuple(
        Outlet(key=f"p{n}", circuit=0, phases=0 if n == 1 else 3, wires=(0, 1, 2), current_max_a=48.0, rank=int(n == 0))
        for n in range(3)
    )
    nothing = Held(limit_a=0.0, sent_at=MONDAY, answered_at=MONDAY, confirmed=True)
    obeys = Belief(trust=Trust.OBEYS, is_online=True, standing=(nothing,))
    grid = Circuit(key="grid", parent=-1, usable_a=(50.0,) * 3)
    known = Known(circuits=(grid,), outlets=outlets, beliefs={one.key: obeys for one in outlets})
    events, limits = [SessionChanged(key, True, MONDAY) for key in ("p0", "p1")], {}
    for second in range(10, 900, 10):
        now = MONDAY + second
        decided = core.step(known, events, now, allocated)
        known, events = decided.known, [Answered(one.outlet, one.id, True, now + 1) for one in decided.orders]
        limits |= {one.outlet: one.limit_a for one in decided.orders if one.kind is OrderKind.LIMIT}
        events += [Sampled(key, now + 9, (limits.get(key, 0.0),) * 3) for key in ("p0", "p1")]
    return {one.outlet: one.limit_a for one in decided.shares}


def test_an_outlet_of_dc_that_is_given_less_than_a_default_has_none_and_idle_ones_get_theirs_as_live():
    """50 A, of which 48 go to a car of higher rank: 2 A are left for DC, and a quarter holds an idle outlet's 6 A."""
    ports = tuple(
        Port(key=f"p{n}", feeder=0, phases=0 if n == 1 else 3, wires=(0, 1, 2), current_max_a=48.0, rank=int(n == 0))
        for n in range(3)
    )
    site = replace(ground(50.0), ports=ports)
    cars = [stay(n, 8, 5, 999_000, outlet=f"p{n}", current_a=48.0, phases=0 if n else 3) for n in range(2)]
    moments = []
    replay(site, cars, watched=lambda at_s, currents: moments.append(dict(currents)))
    assert moments[0] == {"p0": 48.0, "p1": 2.0}
    assert moments[-2] == {"p0": 44.0, "p1": 0.0}
    assert live_dc() == moments[-2]


CARS = (  # outlet, comes at (s), amperes, phases, asks for (Wh), of a site of 40 A
    ("a", 0.0, 16.0, 3, 99_000.0),
    ("b", 600.0, 16.0, 3, 4_000.0),
    ("c", 1_500.0, 16.0, 3, 99_000.0),
    ("d", 2_400.0, 16.0, 1, 99_000.0),
)
LASTS_S = 5_400.0
SETTLED_S = 240.0
TURN_SLACK_S = 60.0  # turns go round by energy, and a replay looks less often who has had its own


class Site(Struct, frozen=True):
    """A board with four outlets behind a connection of 63 A."""

    fuse_a: float = 40.0
    """Of the board."""
    outlet_a: float = 16.0
    weight: float = 1.0
    """Of the first outlet."""
    window_a: float | None = None
    """What the connection may carry from `WINDOW_S` on."""


WINDOW_S = 3_000.0
SITES = {
    "a full board": Site(),
    "outlets of which one that fails is more than the fuse holds for a short time": Site(fuse_a=16.0, outlet_a=32.0),
    "a window far below the fuse": Site(outlet_a=32.0, window_a=16.0),
    "a heavier share": Site(fuse_a=30.0, weight=2.0),
}
GRID_A = 63.0


def live(site, outlets, circuits):
    """Return what the live loop decides for ideal cars, and what they then draw, by (second, outlet)."""
    nothing = Held(limit_a=0.0, sent_at=0.0, answered_at=0.0, confirmed=True)
    known = Known(
        circuits=circuits, outlets=outlets,
        beliefs={
            one.key: Belief(trust=Trust.OBEYS, is_online=True, standing=(replace(nothing, sent_at=MONDAY),))
            for one in outlets
        },
    )  # fmt: skip
    limits, standing = {}, dict.fromkeys("abcd", 0.0)
    left = {key: energy for key, _, _, _, energy in CARS}
    decisions_a, drawn_a, events, run = {}, {}, [], {}
    for second in range(0, int(LASTS_S), 10):
        now = MONDAY + second
        for key, at, amperes, phases, _ in CARS:
            if at == second:
                run[key] = (amperes, phases)
                events.append(SessionChanged(key, True, now - 1))
        if site.window_a is not None and second >= WINDOW_S:
            grid, board = known.circuits
            known = replace(known, circuits=(replace(grid, usable_a=(site.window_a,) * 3), board))
        decided = core.step(known, events, now, allocated)
        known, events = decided.known, []
        decisions_a |= {(second, one.outlet): one.limit_a for one in decided.shares}
        for order in decided.orders:
            (limits if order.kind is OrderKind.LIMIT else standing)[order.outlet] = order.limit_a
            events.append(Answered(order.outlet, order.id, True, now + 1))
        for key, (amperes, phases) in run.items():
            current = min(amperes, limits.get(key, standing[key])) if left[key] > 0 else 0.0
            left[key] -= current * 230.0 * phases * 10 / HOUR
            drawn_a[second, key] = current
            events.append(Sampled(key, now + 9, (current,) * 3 if phases == 3 else (current, 0.0, 0.0)))
    return decisions_a, drawn_a


def as_played(site, outlets, circuits):
    """Return the site in the form that a replay plays on."""
    held = [less(most, one.carries_a) for one, most in zip(circuits, held_a(circuits, {}), strict=True)]
    board = (site.fuse_a,) * 3
    return Ground(
        feeders=tuple(
            Feeder(key=one.key, parent=one.parent, limit_a=one.usable_a, over_a=over)
            for one, over in zip(circuits, held, strict=True)
        ),
        ports=tuple(
            Port(key=one.key, feeder=1, wires=one.wires, current_max_a=one.current_max_a, weight=one.weight)
            for one in outlets
        ),
        stretches=(
            Stretch(starts_s=0.0, limits_a=((GRID_A,) * 3, board)),
            Stretch(starts_s=WINDOW_S, limits_a=((site.window_a,) * 3, board)),
        ) if site.window_a is not None else (),
        local_ahead_s=0.0,
    )  # fmt: skip


@pytest.mark.parametrize("site", SITES.values(), ids=SITES)
def test_a_replay_gives_the_currents_that_the_live_loop_gives(site):
    outlets = tuple(
        Outlet(
            key=key, circuit=1, phases=3, wires=(n % 3, (n + 1) % 3, (n + 2) % 3), current_max_a=site.outlet_a,
            weight=site.weight if n == 0 else 1.0,
        )
        for n, key in enumerate("abcd")
    )  # fmt: skip
    circuits = (
        Circuit(key="grid", parent=-1, usable_a=(GRID_A,) * 3, fuse_a=(GRID_A,) * 3),
        Circuit(key="board", parent=0, usable_a=(site.fuse_a,) * 3),
    )
    decisions_a, drawn_a = live(site, outlets, circuits)
    stays = [
        Stay(key=key, user=key, outlet=key, arrives_s=MONDAY + at, departs_s=MONDAY + LASTS_S, energy_wh=energy,
             current_a=amperes, phases=phases)
        for key, at, amperes, phases, energy in CARS
    ]  # fmt: skip
    moments = []
    played_on = as_played(site, outlets, circuits)
    replay(played_on, stays, watched=lambda at_s, currents: moments.append((at_s - MONDAY, dict(currents))))
    compared = 0
    changes = [at for at, _ in moments]
    for second in range(0, int(LASTS_S) - 10, 10):
        at, currents = max((one for one in moments if one[0] <= second), key=lambda one: one[0])
        if second - at < SETTLED_S or any(second < change < second + TURN_SLACK_S for change in changes):
            continue
        asked_again = any(decisions_a.get((second - past, "b"), 0.0) > 0 for past in range(0, 90, 10))
        if asked_again and currents.get("b") == 0.0:
            continue  # live, a car that is full is asked now and then whether it would take more
        for key, current in currents.items():
            takes_a = next(one.current_a for one in stays if one.key == key)
            if drawn_a[second, key] > 0:  # a decision is carried out as far as the fuse would hold one that fails
                near = (min(decisions_a[second, key], takes_a), drawn_a[second, key])
                assert min(abs(one - current) for one in near) < 0.11, (second, key)
            assert abs(drawn_a[second, key] - current) <= CHANGE_MIN_A + REDISTRIBUTED_A, (second, key)
            compared += 1
    assert compared > 400

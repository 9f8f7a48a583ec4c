"""Cars take what cars take."""

from hypothesis import given
from hypothesis import strategies as st

from laddverk.simulator.car import CURRENT_MIN_A, NOTHING, Car, Supply, charge, draw, taper

AC22 = Supply(3, 32.0, 22_000)
DC150 = Supply(0, 400.0, 150_000)

cars = st.builds(
    Car,
    battery_wh=st.integers(8_000, 110_000),
    charged_wh=st.floats(0, 8_000),
    phases=st.sampled_from([1, 2, 3]),
    current_max_a=st.floats(6, 32),
    dc_max_w=st.integers(7_000, 250_000),
    target_share=st.floats(0.1, 1),
)


def test_a_three_phase_car_takes_16_amperes_of_32():
    assert draw(Car(60_000, 10_000.0), AC22).current_a == 16.0
    assert draw(Car(60_000, 10_000.0), AC22).power_w == 11_040


def test_a_one_phase_car_leaves_two_phases_alone():
    assert draw(Car(40_000, 10_000.0, phases=1, current_max_a=32.0), AC22).phases == 1


def test_under_six_amperes_a_car_takes_nothing():
    assert draw(Car(60_000, 10_000.0), AC22, limit_a=5.9) == NOTHING


def test_a_full_car_takes_nothing():
    assert draw(Car(60_000, 48_000.0, target_share=0.8), AC22) == NOTHING


def test_fast_charging_slows_down_above_eighty_percent():
    half = draw(Car(77_000, 40_000.0, dc_max_w=135_000), DC150)
    ninety = draw(Car(77_000, 70_000.0, dc_max_w=135_000), DC150)
    assert half.power_w == 135_000
    assert ninety.power_w < 0.6 * half.power_w


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_fuller_battery_never_takes_more(one, other):
    assert taper(max(one, other)) <= taper(min(one, other))


@given(cars, st.one_of(st.none(), st.floats(0, 40)))
def test_a_draw_stays_within_car_supply_and_limit(car, limit_a):
    taken = draw(car, AC22, limit_a)
    assert taken.power_w <= 22_080 + 1
    assert taken.current_a == 0 or CURRENT_MIN_A <= taken.current_a <= car.current_max_a + 0.05
    assert limit_a is None or taken.current_a <= limit_a + 0.05


@given(cars, st.floats(1, 100_000))
def test_a_battery_never_takes_more_than_it_misses(car, seconds):
    missing = car.missing_wh
    assert 0 <= charge(car, draw(car, AC22), seconds) <= missing + 1e-6


def test_a_cold_battery_takes_little_and_more_as_it_warms() -> None:
    """Frost limits a fast charge to a fifth; what goes in warms the battery, and the power rises."""
    cold = Car(60_000, 20_000.0, dc_max_w=100_000, battery_c=-10.0)
    dc = Supply(0, 400.0, 150_000)
    first_w = draw(cold, dc).power_w
    assert first_w == 20_000

    for _minute in range(20):
        charge(cold, draw(cold, dc), 60)

    assert draw(cold, dc).power_w > first_w * 1.2
    assert draw(Car(60_000, 20_000.0, dc_max_w=100_000), dc).power_w == 100_000


def test_a_car_that_wakes_takes_nothing_until_it_is_awake() -> None:
    """Car and charger agree first; then it charges as any."""
    car = Car(60_000, 20_000.0, wakes_s=30.0)
    assert draw(car, AC22).power_w == 0
    assert charge(car, draw(car, AC22), 30) == 0
    assert draw(car, AC22).power_w == 11_040

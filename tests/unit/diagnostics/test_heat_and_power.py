"""Heat of plug and cabinet, and power that falls short: at the edges of their formulas."""

from __future__ import annotations

from math import exp
from typing import Any

import pytest

from laddverk.diagnostics.detectors.heat import CabinetHeat, ContactHeat
from laddverk.diagnostics.detectors.power import Peak, PowerDeficit, ceiling, modules
from laddverk.diagnostics.model import Severity
from laddverk.diagnostics.observations import (
    LimitSet,
)
from tests.unit.diagnostics.drifts import began, metered, over, standing
from tests.unit.diagnostics.playing import DAY, DC, HOUR, SCENE, seen_at

# Here: D16, D17: heat.


def warmed(day: float, rise_k: float, *, air_c: float = 15, current_a: float = 32, part: str = "temperature_c",
           **more: Any) -> list[Any]:  # fmt: skip
    """Return a session of an hour whose part warms as parts do: `rise_k` at full load in the end."""
    start, load = day * DAY, (current_a / 32) ** 2 if part == "temperature_c" else current_a / 32
    inertia_s = 600 if part == "temperature_c" else 1_200
    fields: dict[str, Any] = {
        "current_a": (current_a, current_a, current_a),
        "power_w": round(22_000 * current_a / 32),
        **more,
    }
    readings = [
        metered(start + s, "s", **fields, **{part: air_c + rise_k * load * (1 - exp(-s / inertia_s))})
        for s in range(0, 3_601, 60)
    ]
    return [began(start), *readings, over(start + 3_660)]


def days_of(count: int, rise_k: float, start: float = 0, **more: Any) -> list[Any]:
    return [
        one
        for n in range(count)
        for one in warmed(start + n / 4, rise_k + (n % 5 - 2) * 0.4, air_c=5 + 7 * (n % 4), **more)
    ]


def test_a_plug_that_warms_by_half_as_much_again_is_noticed_and_weather_is_not() -> None:
    detector = ContactHeat(evse_number=1)
    assert standing(detector, days_of(80, 30))[1] == []
    raised, signals = standing(detector, days_of(20, 45, start=30))
    assert raised
    assert signals[0].severity is None
    assert standing(detector, days_of(30, 30, start=60))[0] is False


def test_ten_percent_more_is_not_worth_a_word() -> None:
    detector = ContactHeat(evse_number=1)
    assert standing(detector, days_of(40, 30) + days_of(60, 33, start=20))[1] == []


def test_a_small_car_does_not_heat_and_is_not_judged() -> None:
    detector = ContactHeat(evse_number=1)
    assert standing(detector, days_of(40, 30) + days_of(40, 90, start=20, current_a=12))[1] == []


def test_ninety_degrees_at_the_plug_are_dangerous_at_once_and_over_when_it_stays_cool() -> None:
    detector = ContactHeat(evse_number=1)
    raised, (signal,) = standing(detector, warmed(0, 80, air_c=30))
    assert raised
    assert signal.severity is Severity.SAFETY
    assert standing(detector, warmed(1, 20))[0] is False


def test_a_filter_that_clogs_is_noticed() -> None:
    detector = CabinetHeat(evse_number=1)
    assert standing(detector, days_of(60, 25, part="cabinet_c"))[1] == []
    assert standing(detector, days_of(25, 40, start=30, part="cabinet_c"))[0]


def test_a_morning_that_grows_warm_does_not_look_like_a_bad_contact() -> None:
    """At half the current, four hours long: the air has grown six kelvins warmer since it was last known."""

    def long_morning(day: int) -> list[Any]:
        start, warm = day * DAY, 0 if day < 30 else 6
        rises = [(s, 5 + warm * s / (4 * HOUR) + 5 * (1 - exp(-s / 600))) for s in range(0, int(4 * HOUR) + 1, 900)]
        readings = [
            metered(start + s, current_a=(16, 16, 16), power_w=11_000, temperature_c=round(degrees, 1))
            for s, degrees in rises
        ]
        return [began(start), *readings, over(start + 4 * HOUR + 60)]

    assert standing(ContactHeat(evse_number=1), [one for day in range(60) for one in long_morning(day)])[1] == []


# Here: D18: power.


def charged(number: int, share: float, token: str | None = None, soc: float | None = 30, of_w: int = 150_000,
            **more: Any) -> list[Any]:  # fmt: skip
    start = number * HOUR
    fields = {"power_w": round(of_w * share), "soc_percent": soc} | more
    who = f"car{number}" if token is None else token
    return [began(start, who), metered(start + 300, **fields), metered(start + 600, **fields), over(start + 1_200)]


def charges(shares: list[float], first: int = 0, **more: Any) -> list[Any]:
    return [one for n, share in enumerate(shares) for one in charged(first + n, share, **more)]


USUAL = [0.95, 0.4, 0.9, 0.62, 0.97, 0.3, 1.0, 0.55] * 4


def test_a_lost_module_caps_all_cars_at_one_level() -> None:
    detector = PowerDeficit(evse_number=1)
    raised, signals = standing(
        detector, charges([*USUAL, 0.5, 0.5, 0.4, 0.5, 0.3, 0.5, 0.5, 0.5, 0.5, 0.2, 0.5, 0.5]), DC
    )
    assert raised
    assert signals[-1].evidence[1].values == {"left": 1, "modules": 2}
    assert standing(detector, charges([0.95], first=50), DC)[0] is False


def test_cold_batteries_differ_and_are_no_deficit() -> None:
    cold = [0.31, 0.52, 0.44, 0.37, 0.58, 0.25, 0.48, 0.34, 0.41, 0.55, 0.29, 0.63]
    assert standing(PowerDeficit(evse_number=1), charges(USUAL + cold), DC)[1] == []


def test_one_car_that_comes_again_and_again_is_no_deficit() -> None:
    same = charges([0.5] * 12, first=40, token="one")
    assert standing(PowerDeficit(evse_number=1), charges(USUAL) + same, DC)[1] == []


def test_full_cars_and_our_own_limits_are_not_judged() -> None:
    full = charges([0.5] * 12, first=40, soc=85)
    assert standing(PowerDeficit(evse_number=1), charges(USUAL) + full, DC)[1] == []
    limited = [seen_at(LimitSet, 39 * HOUR, evse_number=1, limit_a=100), *charges([0.5] * 12, first=40)]
    assert standing(PowerDeficit(evse_number=1), charges(USUAL) + limited, DC)[1] == []


def test_a_limit_as_high_as_the_outlet_itself_excuses_nothing() -> None:
    answered = [seen_at(LimitSet, 39 * HOUR, evse_number=1, limit_a=400), *charges([0.5] * 12, first=40)]
    for number in range(12):  # another follows for each car that says what it needs
        answered.append(seen_at(LimitSet, (40 + number) * HOUR + 1, evse_number=1, limit_a=400))
    answered.sort(key=lambda one: one.received_at)
    assert standing(PowerDeficit(evse_number=1), charges(USUAL) + answered, DC)[0]


def test_an_outlet_that_no_car_ever_filled_says_nothing() -> None:
    assert standing(PowerDeficit(evse_number=1), charges([0.5] * 60), SCENE)[1] == []


def test_the_ceiling_is_met_by_three_of_at_least_two_cars() -> None:
    assert ceiling([Peak(0.5, "a"), Peak(0.49, "b"), Peak(0.485, "a")]) == 0.5
    assert ceiling([Peak(0.5, "a"), Peak(0.49, "b"), Peak(0.47, "a")]) is None
    assert ceiling([Peak(0.5, "a"), Peak(0.5, "a"), Peak(0.5, "a")]) is None
    assert ceiling([Peak(0.5, "a"), Peak(0.5, "b")]) is None


@pytest.mark.parametrize(("level", "parts"), [(0.5, (1, 2)), (0.67, (2, 3)), (0.75, (3, 4)), (0.55, None)])
def test_levels_are_told_as_modules(level: float, parts: tuple[int, int] | None) -> None:
    assert modules(level) == parts


def test_a_level_that_fewer_meet_than_usually_are_full_is_the_weather() -> None:
    """Three cars of one kind in a cold spell, among others that take less still."""
    cold = [0.15, 0.727, 0.36, 0.727, 0.709, 0.2, 0.31]
    assert standing(PowerDeficit(evse_number=1), charges(USUAL + cold), DC)[1] == []


def test_what_fell_short_before_a_full_session_is_of_no_deficit_after_it() -> None:
    interrupted = [0.528, 0.53, 1.0, 0.509, 0.443, 0.299, 0.509]
    assert standing(PowerDeficit(evse_number=1), charges(USUAL + interrupted), DC)[1] == []

"""Phases, voltage, idle energy, contactors and the meter: at the edges of their formulas."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from laddverk.diagnostics.detectors.base import EvseScene, Scene
from laddverk.diagnostics.detectors.idle_energy import IdleEnergy
from laddverk.diagnostics.detectors.meter_drift import MeterDrift
from laddverk.diagnostics.detectors.phases import PhaseLoss
from laddverk.diagnostics.detectors.voltage import SupplyVoltage
from laddverk.diagnostics.detectors.wear import ContactorWear
from laddverk.diagnostics.model import Severity
from laddverk.diagnostics.observations import (
    SessionChanged,
)
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.drifts import began, metered, over, standing
from tests.unit.diagnostics.playing import DC, HOUR, MINUTE, SCENE, seen_at, state

# Here: D19: phases.


def drawn(number: int, amperes: tuple[float, float, float], token: str | None = None, **more: Any) -> list[Any]:
    start = number * HOUR
    readings = [metered(start + n * 60, current_a=amperes, **more) for n in range(1, 6)]
    return [began(start, f"car{number}" if token is None else token), *readings, over(start + 1_200)]


def draws(count: int, amperes: tuple[float, float, float], first: int = 0, **more: Any) -> list[Any]:
    return [one for n in range(count) for one in drawn(first + n, amperes, **more)]


WHOLE = draws(10, (16, 16, 16))


def test_three_sessions_without_a_phase_are_a_lost_phase_and_two_are_not() -> None:
    detector = PhaseLoss(evse_number=1)
    assert standing(detector, WHOLE + draws(2, (16, 16, 0), first=20))[1] == []
    raised, signals = standing(detector, drawn(30, (16, 16, 0)))
    assert raised
    assert signals[0].evidence[0].values["line"] == "L3"
    assert standing(detector, drawn(31, (16, 16, 16)))[0] is False


def test_cars_of_one_phase_say_nothing() -> None:
    assert standing(PhaseLoss(evse_number=1), WHOLE + draws(9, (32, 0, 0), first=20))[1] == []


def test_one_car_of_two_phases_says_nothing() -> None:
    assert standing(PhaseLoss(evse_number=1), WHOLE + draws(9, (16, 16, 0), first=20, token="golf"))[1] == []


def test_an_outlet_that_never_had_three_phases_has_lost_none() -> None:
    assert standing(PhaseLoss(evse_number=1), draws(20, (16, 16, 0)))[1] == []


def test_a_phase_without_voltage_is_told_at_once() -> None:
    detector = PhaseLoss(evse_number=1)
    dead = [metered(99 * HOUR + n, voltage_v=(230, 2, 231)) for n in range(3)]
    raised, signals = standing(detector, WHOLE + dead)
    assert raised
    assert signals[0].evidence[0].values == {"line": "L2"}
    assert standing(detector, [metered(100 * HOUR, voltage_v=(230, 230, 231))])[0] is False


def test_an_outlet_of_direct_current_has_no_phases() -> None:
    scene = Scene(station_id=SCENE.station_id, evses={1: EvseScene(evse_number=1, power_type="dc")})
    assert standing(PhaseLoss(evse_number=1), WHOLE + draws(9, (16, 16, 0), first=20), scene)[1] == []


# Here: D20: voltage.


def volts(start: float, volt: float, minutes: int, current_a: float = 0) -> list[Any]:
    amperes = (current_a, current_a, current_a)
    return [
        metered(start + n * MINUTE, voltage_v=(volt, volt + 1, volt + 2), current_a=amperes) for n in range(minutes)
    ]


def test_low_voltage_counts_after_five_minutes_and_is_over_after_half_an_hour() -> None:
    detector = SupplyVoltage()
    assert standing(detector, volts(0, 230, 20) + volts(20 * MINUTE, 200, 5))[1] == []
    raised, signals = standing(detector, volts(25 * MINUTE, 200, 2))
    assert raised
    assert signals[0].since == volts(20 * MINUTE, 200, 1)[0].at
    assert standing(detector, volts(30 * MINUTE, 230, 30))[0]
    assert standing(detector, volts(60 * MINUTE, 230, 2))[0] is False


def test_two_low_readings_hours_apart_say_nothing_of_the_time_between() -> None:
    apart = volts(HOUR, 200, 1) + volts(3 * HOUR, 200, 1) + volts(5 * HOUR, 200, 1)
    assert standing(SupplyVoltage(), volts(0, 230, 20) + apart)[1] == []


def test_a_supply_that_sinks_is_noticed_and_own_load_is_not() -> None:
    detector = SupplyVoltage()
    usual = [one for n in range(60) for one in volts(n * 6 * HOUR, 230 + (n % 4) - 2 * (n % 2), 8, 16 * (n % 2))]
    assert standing(detector, usual)[1] == []
    sunk = [one for n in range(60, 110) for one in volts(n * 6 * HOUR, 219 + (n % 4) - 2 * (n % 2), 8, 16 * (n % 2))]
    assert standing(detector, sunk)[0]


def test_the_voltage_of_a_cars_battery_is_no_supply() -> None:
    assert standing(SupplyVoltage(), volts(0, 400, 30) + volts(HOUR, 300, 30), DC)[1] == []


# Here: D22: idle energy.


def idle(hours: int, wh_per_h: float, start_h: float = 0, register_wh: int = 1_000) -> list[Any]:
    return [
        metered((start_h + n / 4) * HOUR, "", energy_wh=register_wh + round(n / 4 * wh_per_h))
        for n in range(4 * hours + 1)
    ]


def test_energy_without_a_car_is_dangerous_after_three_hours() -> None:
    detector = IdleEnergy(evse_number=1)
    assert standing(detector, idle(10, 4) + idle(2, 60, 10, 1_040))[1] == []
    raised, signals = standing(detector, idle(2, 60, 12, 1_160))
    assert raised
    assert signals[0].severity is None
    assert detector.ABOUT.severity is Severity.SAFETY
    assert standing(detector, idle(1, 4, 14, 1_280))[0] is False


def test_a_meter_that_counts_the_electronics_is_usual() -> None:
    assert standing(IdleEnergy(evse_number=1), idle(200, 28))[1] == []


def test_energy_of_a_session_or_of_a_car_is_not_idle() -> None:
    assert standing(IdleEnergy(evse_number=1), [began(0), *idle(8, 700)])[1] == []
    assert standing(IdleEnergy(evse_number=1), [state(0, Status.CHARGING), *idle(8, 700)])[1] == []
    assert standing(IdleEnergy(evse_number=1), idle(8, 7_000))[1] == []


# Here: D23: wear.


def test_contactors_are_counted_and_openings_under_load_weigh_more() -> None:
    detector = ContactorWear(evse_number=1, switchings=79_997)
    assert standing(detector, [began(0), over(60)])[1] == []
    assert standing(detector, [began(120)])[0]
    worn = ContactorWear(evse_number=1, loaded=4_799)
    torn = [began(0), metered(30, current_a=(16, 16, 16)), over(60, "EVDisconnected")]
    assert standing(ContactorWear(evse_number=1, loaded=4_799), [began(0), over(60)])[1] == []
    assert standing(worn, torn)[0]


def test_a_car_that_pauses_switches() -> None:
    detector = ContactorWear(evse_number=1)
    pauses = [seen_at(SessionChanged, n, evse_number=1, session_key="s", charging_state=word)
              for n, word in enumerate(["charging", "suspended_ev", "suspended_ev", "charging"])]  # fmt: skip
    standing(detector, pauses)
    assert detector.switchings == 3


# Here: D24: the meter.


def counted(number: int, share: float, power_w: int = 11_000) -> list[Any]:
    start = number * HOUR
    readings = [
        metered(start + n * 60, power_w=power_w, energy_wh=round(5_000 + n * power_w / 60 * share)) for n in range(31)
    ]
    return [began(start), *readings, over(start + 1_900)]


def test_a_meter_that_counts_four_percent_less_is_noticed_and_one_that_counts_one_percent_less_is_not() -> None:
    usual = [one for n in range(40) for one in counted(n, 1 + (n % 3 - 1) * 0.002)]
    little = [one for n in range(40, 100) for one in counted(n, 0.99)]
    much = [one for n in range(100, 160) for one in counted(n, 0.96)]
    more = [one for n in range(200, 260) for one in counted(n, 1.05)]
    detector = MeterDrift(evse_number=1)
    assert standing(detector, usual + little)[1] == []
    raised, signals = standing(detector, much)
    assert raised
    assert float(str(signals[-1].evidence[0].values["moved_percent"])) == pytest.approx(4, abs=0.3)
    fresh = MeterDrift(evse_number=1)
    assert standing(fresh, usual + more)[0]


def test_power_that_falls_between_readings_is_not_compared() -> None:
    """A fast charger follows a battery that grows full: five minutes between readings say little of the energy."""

    def tapering(number: int) -> list[Any]:
        start, bends = number * HOUR, 0.1 if number > 40 else 0.5  # where in between power falls
        power_w = [100_000] * 4 + [round(100_000 * 0.8**n) for n in range(1, 7)]
        energy_wh, readings = 5_000.0, [metered(start, power_w=power_w[0], energy_wh=5_000)]
        for n, (before_w, after_w) in enumerate(pairwise(power_w), 1):
            energy_wh += (before_w * bends + after_w * (1 - bends)) / 12
            readings.append(metered(start + n * 300, power_w=after_w, energy_wh=round(energy_wh)))
        return [began(start), *readings, over(start + 3_000)]

    said = standing(MeterDrift(evse_number=1), [one for n in range(120) for one in tapering(n)])[1]
    assert said == []


def test_a_meter_that_counts_nothing_is_not_a_drift() -> None:
    usual = [one for n in range(40) for one in counted(n, 1)]
    stuck = [one for n in range(40, 80) for one in counted(n, 0)]
    assert standing(MeterDrift(evse_number=1), usual + stuck)[1] == []


def test_power_is_current_times_voltage_where_it_is_not_said() -> None:
    start = [began(0)]
    readings = [
        metered(n * 60, energy_wh=n * 184, current_a=(16, 16, 16), voltage_v=(230, 230, 230)) for n in range(31)
    ]
    detector = MeterDrift(evse_number=1)
    standing(detector, [*start, *readings, over(2_000)])
    assert detector.up.baseline.samples == [pytest.approx(1, abs=0.01)]

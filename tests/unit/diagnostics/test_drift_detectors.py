"""Lock, trips, reader, heat, power, phases, voltage, idle energy, wear, meter, handshake: at the edges of formulas."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from math import exp
from typing import Any

import pytest

from laddverk.diagnostics.detectors.base import Detector, EvseScene, Scene
from laddverk.diagnostics.detectors.code_rates import ConnectorLock, ResidualCurrentTrips
from laddverk.diagnostics.detectors.handshake import Handshake
from laddverk.diagnostics.detectors.heat import CabinetHeat, ContactHeat
from laddverk.diagnostics.detectors.idle_energy import IdleEnergy
from laddverk.diagnostics.detectors.meter_drift import MeterDrift
from laddverk.diagnostics.detectors.phases import PhaseLoss
from laddverk.diagnostics.detectors.power import Peak, PowerDeficit, ceiling, modules
from laddverk.diagnostics.detectors.reader import DeadReader
from laddverk.diagnostics.detectors.voltage import SupplyVoltage
from laddverk.diagnostics.detectors.wear import ContactorWear
from laddverk.diagnostics.model import OutcomeClass, Severity, Signal, Turn
from laddverk.diagnostics.observations import (
    EventSeen,
    LimitSet,
    Metered,
    SessionBegan,
    SessionChanged,
    SessionOver,
    TokenSeen,
)
from laddverk.ocpp.facts import Status
from tests.unit.diagnostics.playing import DAY, DC, HOUR, MINUTE, SCENE, command, outcome, play, seen_at, state, turns

RAISED, CLEARED = Turn.RAISED, Turn.CLEARED


def began(seconds: float, token: str = "", **fields: Any) -> Any:
    return seen_at(SessionBegan, seconds, evse_number=1, session_key=f"s{seconds}", token_key=token, **fields)


def over(seconds: float, reason: str = "Local") -> Any:
    return seen_at(SessionOver, seconds, evse_number=1, session_key="s", reason=reason)


def metered(seconds: float, session: str = "s", **fields: Any) -> Any:
    return seen_at(Metered, seconds, evse_number=1, session_key=session, **fields)


def standing(detector: Detector, observed: list[Any], scene: Scene = SCENE) -> tuple[bool, list[Signal]]:
    signals = play(detector, observed, scene=scene)
    return detector.raised, signals


# Here: D15, D21: rates of codes.


def locks(*days: float) -> list[Any]:
    return [
        one
        for day in days
        for one in (
            state(day * DAY, Status.FAULTED, error_code="ConnectorLockFailure"),
            state(day * DAY + 600, Status.AVAILABLE),
        )
    ]


def test_three_lock_failures_in_a_day_are_more_than_usual_and_two_are_not() -> None:
    assert standing(ConnectorLock(evse_number=1), locks(1, 1.2))[0] is False
    raised, signals = standing(ConnectorLock(evse_number=1), locks(1, 1.2, 1.4))
    assert raised
    assert signals[0].since == locks(1)[0].at


def test_lock_failures_half_a_year_apart_are_usual() -> None:
    assert standing(ConnectorLock(evse_number=1), locks(*range(0, 1500, 60)))[1] == []


def test_the_same_complaint_said_again_is_one_failure() -> None:
    again = [state(n * HOUR, Status.FAULTED, error_code="ConnectorLockFailure") for n in range(12)]
    assert standing(ConnectorLock(evse_number=1), again)[1] == []


def test_an_unlock_that_failed_counts_and_one_that_is_not_supported_does_not() -> None:
    failed = [command(n * HOUR, "unlock_connector", "failed", word="UnlockFailed", evse_number=1) for n in range(4)]
    unknown = [command(n * HOUR, "unlock_connector", "failed", word="NotSupported", evse_number=1) for n in range(9)]
    assert standing(ConnectorLock(evse_number=1), failed)[0]
    assert standing(ConnectorLock(evse_number=1), unknown)[1] == []


def test_a_lock_that_holds_for_long_is_cleared() -> None:
    detector = ConnectorLock(evse_number=1)
    signals = play(detector, locks(1, 1.2, 1.4), 120 * DAY)
    assert turns(signals)[-1] is CLEARED


def test_three_trips_within_a_day_are_a_matter_of_safety() -> None:
    def trips(*hours: float) -> list[Any]:
        return [
            one
            for hour in hours
            for one in (
                state(hour * HOUR, Status.FAULTED, error_code="GroundFailure"),
                state(hour * HOUR + 300, Status.AVAILABLE),
            )
        ]

    quick = standing(ResidualCurrentTrips(evse_number=1), trips(0, 8, 16))[1]
    slow = standing(ResidualCurrentTrips(evse_number=1), trips(0, 20, 40, 60))[1]
    assert quick[-1].severity is Severity.SAFETY
    assert slow[-1].severity is None
    assert standing(ResidualCurrentTrips(evse_number=1), trips(0, 8))[1] == []


# Here: D12: the reader.


def taps(count: int, every_s: float = HOUR, start: float = 0) -> list[Any]:
    return [began(start + n * every_s, f"card{n}", local=True) for n in range(count)]


def by_app(count: int, every_s: float = HOUR, start: float = 0, token: str = "app%d") -> list[Any]:
    return [began(start + n * every_s, token % n if "%" in token else token, local=False) for n in range(count)]


def test_a_reader_that_all_used_and_nobody_uses_any_more_seems_dead() -> None:
    detector = DeadReader()
    raised, signals = standing(detector, taps(40) + by_app(12, start=50 * HOUR))
    assert raised
    assert signals[0].since == taps(40)[-1].at
    assert play(detector, [seen_at(TokenSeen, 80 * HOUR, token_key="x", accepted=False)])[0].turn is CLEARED


def test_one_stubborn_user_of_the_app_proves_nothing() -> None:
    assert standing(DeadReader(), taps(40) + by_app(20, 600, 50 * HOUR, token="one"))[1] == []


def test_a_reader_that_few_use_is_not_missed() -> None:
    assert standing(DeadReader(), by_app(200))[1] == []


def test_before_twenty_starts_are_known_nothing_is_said() -> None:
    assert standing(DeadReader(), taps(5) + by_app(10, start=10 * HOUR))[1] == []


def left(count: int, every_s: float = 4 * HOUR, start: float = 50 * HOUR, **fields: Any) -> list[Any]:
    """Return people who plug in, and leave after some minutes without having shown anything."""
    return [outcome(start + n * every_s, OutcomeClass.NO_AUTH, lasted_s=240, **fields) for n in range(count)]


def test_people_who_leave_without_a_card_tell_of_a_dead_reader_within_two_days() -> None:
    raised, signals = standing(DeadReader(), taps(40) + left(12))
    assert raised
    assert signals[0].at <= taps(40)[-1].at + timedelta(days=2)
    assert signals[-1].evidence[1].values["left"] == 12


def test_one_who_plugs_in_again_and_again_or_left_before_a_card_was_read_tells_nothing() -> None:
    assert standing(DeadReader(), taps(40) + left(30, every_s=300))[1] == []
    told_late = [outcome(60 * HOUR + n, OutcomeClass.NO_AUTH, lasted_s=30 * HOUR) for n in range(12)]
    assert standing(DeadReader(), taps(40) + told_late)[1] == []


def test_a_reader_that_few_use_is_not_missed_by_those_who_leave() -> None:
    assert standing(DeadReader(), by_app(200) + left(30, start=250 * HOUR))[1] == []


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


# Here: D09: the handshake.


def attempts(start: int, pattern: str, token: str = "user%d") -> list[Any]:
    """Return attempts an hour apart: `o` charged, `x` failed in talking, `z` failed for another reason."""
    made = []
    for n, sign in enumerate(pattern):
        how = OutcomeClass.OK if sign == "o" else OutcomeClass.PLUG_NO_START
        who = token % (start + n) if "%" in token else token
        said = ("EVCommunicationError",) if sign == "x" else ()
        made.append(outcome((start + n) * 4 * HOUR, how, who, error_codes=said, car_make="Acme" if sign == "x" else ""))
    return made


def test_cars_that_are_not_understood_are_noticed_and_one_user_is_not() -> None:
    usual = attempts(0, "ooooooooox" * 3 + "oooooooooo")
    raised, signals = standing(Handshake(evse_number=1), usual + attempts(40, "xoxxoxx"))
    assert raised
    assert len(signals[-1].evidence) == 2
    alone = attempts(40, "x" * 60, token="one")
    assert standing(Handshake(evse_number=1), attempts(0, "o" * 40) + alone)[1] == []


def test_a_complaint_that_came_as_an_event_belongs_to_the_attempt_of_that_time() -> None:
    def told(late_s: float) -> list[Any]:
        story: list[Any] = attempts(0, "o" * 20)
        for attempt in attempts(20, "zzzz"):
            seconds = (attempt.at - attempts(0, "o")[0].at).total_seconds() + late_s
            event = seen_at(EventSeen, seconds, evse_number=1, component="ISO15118Ctrlr", variable="Problem",
                            tech_code="SLACTimeout")  # fmt: skip
            story += [event, attempt] if late_s <= 0 else [attempt, event]
        return story

    assert standing(Handshake(evse_number=1), told(-30))[0]
    assert standing(Handshake(evse_number=1), told(-3_600))[1] == []


def test_failures_for_another_reason_are_not_the_handshake() -> None:
    assert standing(Handshake(evse_number=1), attempts(0, "oooo" + "z" * 30))[1] == []


def test_cars_that_are_understood_again_clear_it() -> None:
    detector = Handshake(evse_number=1)
    standing(detector, attempts(0, "oooooooooxxxxx"))
    assert detector.raised
    assert standing(detector, attempts(40, "o" * 150))[0] is False


def test_an_outlet_of_direct_current_has_no_phases() -> None:
    scene = Scene(station_id=SCENE.station_id, evses={1: EvseScene(evse_number=1, power_type="dc")})
    assert standing(PhaseLoss(evse_number=1), WHOLE + draws(9, (16, 16, 0), first=20), scene)[1] == []

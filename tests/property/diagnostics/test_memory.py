"""What detectors remember of an outlet that is busy for weeks, and of one that says everything it can."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest

from laddverk.diagnostics.detectors.base import EvseScene, Scene, Scope
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.model import OutcomeClass
from laddverk.diagnostics.observations import EventSeen, Observation, StateSeen
from laddverk.kernel.ids import StationId, new_id
from laddverk.ocpp.facts import Status
from tests.property.diagnostics.anything import START

MEMORY_MAX_B = 2_048
OBSERVATIONS = 1_500
SCENE = Scene(station_id=StationId(new_id()), evses={1: EvseScene(evse_number=1)})
LONG = "ö" * 200  # what a charger may write, in two bytes each


def filled(kind: type, chance: random.Random, seconds: float) -> Any:
    """Return an observation with every field filled, with as much as may stand there."""
    at = START + timedelta(seconds=seconds)
    values: dict[str, Any] = {
        "at": at, "received_at": at, "clock_off_ms": chance.choice([0, 9_000, 3_600_000]), "evse_number": 1,
        "connector_number": chance.randrange(1, 9), "status": chance.choice(list(Status)),
        "error_code": chance.choice([None, "InternalError", "GroundFailure"]),
        "vendor_error_code": f"{chance.randrange(99)}{LONG}", "vendor_id": LONG, "info": LONG, "reason": LONG,
        "firmware": LONG, "ours": False, "component": f"{LONG}{chance.randrange(9)}", "variable": LONG, "value": "1",
        "trigger": LONG, "severity": 1, "tech_code": f"CX0{chance.randrange(10, 26)}", "tech_info": LONG,
        "cleared": False, "token_key": f"{chance.getrandbits(96):024x}", "accepted": chance.random() < 0.5,
        "session_key": f"{seconds}{LONG}", "register_wh": chance.randrange(10**9), "energy_wh": chance.randrange(10**9),
        "power_w": 11_000, "current_a": (16.123, 15.987, 16.001), "voltage_v": (231.4, 229.9, 230.3),
        "soc_percent": chance.uniform(0, 100), "offered_a": chance.uniform(0, 32), "temperature_c": 41.5,
        "cabinet_c": 38.2, "charging_state": "charging", "outcome": chance.choice(list(OutcomeClass)),
        "began_at": at - timedelta(hours=2), "car_key": f"{chance.getrandbits(96):024x}", "car_make": LONG,
        "error_codes": ("InternalError", LONG), "limit_a": 16.0, "kind": chance.choice(["reset", "unlock_connector",
        "GuessedKeys", "TamperDetectionActivated", "InvalidMessages", f"{LONG}{chance.randrange(99)}"]),
        "state": chance.choice(["timed_out", "confirmed", "failed"]), "word": "", "took_s": 31.0, "critical": True,
        "names": tuple(f"{LONG}{number}" for number in range(10)), "local": True, "offline": False,
    }  # fmt: skip
    return kind(**{name: values[name] for name in kind.__struct_fields__ if name in values})


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.ABOUT.id)
def test_it_remembers_at_most_two_kilobytes_of_a_busy_outlet(kind: Any) -> None:
    chance = random.Random(7)
    detector = kind(evse_number=0 if kind.ABOUT.scope is Scope.STATION else 1)
    heard = [each for each in get_args(Observation) if each in detector.HEARS]
    most = 0
    seconds = 0.0
    for _ in range(OBSERVATIONS):
        seconds += chance.expovariate(1 / 300)
        observed = filled(chance.choice(heard), chance, seconds)
        detector.hear(observed, SCENE)
        if detector.due_at() is not None and detector.due_at() <= observed.received_at:
            detector.pass_time(observed.received_at, SCENE)
        most = max(most, len(msgspec.msgpack.encode(detector)))
    assert most <= MEMORY_MAX_B


def test_a_flood_of_different_words_is_bounded_too() -> None:
    for kind in DETECTORS:
        detector = kind(evse_number=0 if kind.ABOUT.scope is Scope.STATION else 1)
        for number in range(300):
            at = START + timedelta(seconds=number)
            for observed in (
                StateSeen(at=at, received_at=at, evse_number=1 + number % 60, connector_number=number,
                          status=Status.FAULTED, vendor_error_code=f"{number}{LONG}"),
                EventSeen(at=at, received_at=at, component=f"{number}{LONG}", variable=LONG, tech_code=f"Z{number}"),
            ):  # fmt: skip
                if type(observed) in detector.HEARS:
                    detector.hear(observed, SCENE)
        assert len(msgspec.msgpack.encode(detector)) <= MEMORY_MAX_B, kind.ABOUT.id

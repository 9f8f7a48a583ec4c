"""What is seen of an outlet: an emergency stop is out again only where nothing else is said, and it is said there."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from msgspec.structs import replace

from laddverk.diagnostics.model import Severity
from laddverk.support.situations import choosing
from laddverk.support.situations.gathering import seen
from laddverk.support.situations.model import Facts
from laddverk.support.situations.store import OutletRow

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
WELL = OutletRow(
    code="A-1", station_name="A", status="available", power_type="ac", power_max_w=22_000, plug="type2",
    status_since=NOW, is_connected=True, connected_changed_at=NOW, vendor="", model="", station_error_code=None,
    error_code=None, vendor_error_code=None, error_info=None, site_id=uuid4(), timezone="Europe/Stockholm",
    findings=None, incident_number=None, is_unlocked=False, has_own_cable=False,
)  # fmt: skip
STOP = ("physical_damage", 0, ["EmergencyStop"], False)
STOP_OUT = ("physical_damage", 0, ["EMERGENCY_STOP"], True)
EARTH = ("ground_fault", 0, ["GroundFailure"], False)
EARTH_AND_STOP = ("ground_fault", 0, ["GroundFailure", "EmergencyStop"], False)
NAMELESS = ("ground_fault", 0, [], False)


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([STOP], "emergency-stop"),
        ([STOP_OUT], "emergency-stop-let-go"),
        ([STOP_OUT, STOP], "emergency-stop"),
        ([EARTH], "safety"),
        ([EARTH_AND_STOP], "safety"),
        ([STOP, EARTH], "safety"),
        ([STOP_OUT, EARTH], "safety"),
        ([STOP, NAMELESS], "safety"),
        ([], "outlet-well"),
    ],
)
def test_a_stop_that_is_out_is_told_as_such_and_what_came_with_it_is_not_forgotten(
    findings: list[tuple[str, int, list[str], bool]], told: str
) -> None:
    outlet = seen(replace(WELL, findings=findings))

    situation = choosing.told(Facts(now=NOW, outlet=outlet)).situation
    assert situation.key == told
    assert situation.is_danger is (told in ("emergency-stop", "safety"))
    assert (outlet.severity is Severity.SAFETY) is situation.is_danger


def test_a_stop_that_is_named_just_now_is_pressed_whatever_was_found_and_said() -> None:
    named = replace(WELL, vendor_error_code="CX008", findings=[STOP_OUT])

    assert choosing.told(Facts(now=NOW, outlet=seen(named))).situation.key == "emergency-stop"


def test_an_outlet_that_is_broken_is_not_told_to_be_let_go() -> None:
    assert not seen(replace(WELL, status="faulted", findings=[STOP_OUT])).is_let_go

"""Anything that a charger, or a broken one, may do: observations in any order with any value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from msgspec.structs import fields

from laddverk.diagnostics.detectors.base import EvseScene, Scene
from laddverk.diagnostics.observations import Observation
from laddverk.kernel.ids import StationId, new_id

START = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = (
    "", "A", "B", "C", "reset", "update_firmware", "change_availability", "unlock_connector", "set_profile",
    "clear_profiles", "write_variables", "accepted", "confirmed", "timed_out", "refused", "failed", "expired",
    "charging", "ev_connected", "suspended_ev", "suspended_evse", "idle", "EVDisconnected", "Local", "PowerLoss",
    "Watchdog", "Unknown", "PowerUp", "restarting", "nothing was heard", "GroundFailure", "OtherError", "InternalError",
    "HighTemperature", "EVCommunicationError", "PowerSwitchFailure", "CX002", "CX022,CX024", "TamperDetectionActivated",
    "InvalidMessages", "CertificateExpiring", "SecurityLogWasCleared", "\x00", "%s %(x)s", "å" * 300, "1", "s1", "s2",
)  # fmt: skip

instants = st.one_of(
    st.integers(0, 3 * 86_400).map(lambda s: START + timedelta(seconds=s)),
    st.integers(0, 40 * 86_400).map(lambda s: START + timedelta(seconds=s)),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(fold=0)),
)
words = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
whole = st.one_of(st.integers(0, 3), st.integers(-(2**63), 2**63 - 1))
decimals = st.one_of(st.floats(-5, 50), st.floats())


def value(kind: Any) -> st.SearchStrategy[Any]:
    """Return any value of a field's type."""
    if kind is type(None):
        return st.none()
    if get_origin(kind) is UnionType:
        return st.one_of([value(one) for one in get_args(kind)])
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return st.lists(value(inner[0]), max_size=12).map(tuple)
        return st.tuples(*[value(one) for one in inner])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    return {str: words, int: whole, float: decimals, bool: st.booleans(), datetime: instants}[kind]


@st.composite
def observed(draw: st.DrawFn, kind: type) -> Any:
    """Return any observation of that type; what is optional is often left out."""
    given = {}
    for name, hint in get_type_hints(kind).items():
        field = next((one for one in fields(kind) if one.name == name), None)
        if field is not None and (field.required or draw(st.booleans())):
            given[name] = draw(value(hint))
    if draw(st.booleans()):
        given["received_at"] = given["at"]
    return kind(**given)


observations = st.lists(st.one_of([observed(kind) for kind in get_args(Observation)]), max_size=30)

scenes = st.builds(
    Scene,
    station_id=st.just(StationId(new_id())),
    vendor=words,
    model=words,
    protocol=st.sampled_from(["ocpp1.6", "ocpp2.0.1", "ocpp2.1", ""]),
    heartbeat_interval_s=whole,
    evses=st.dictionaries(
        st.integers(0, 3),
        st.builds(
            EvseScene,
            evse_number=st.integers(0, 3),
            power_type=st.sampled_from(["ac1", "ac3", "dc", ""]),
            power_max_w=whole,
            current_max_a=whole,
            public=st.booleans(),
        ),
        max_size=3,
    ),
    fail_share=decimals,
)

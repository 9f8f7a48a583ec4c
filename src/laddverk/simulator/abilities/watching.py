"""What a charger watches inside itself, and what it says of it: events and streams of values (2.1).

Three variables live: what an outlet gives (`EVSE@1.Power`), whether it is broken (`Connector@1.1.Problem`), and how
warm the charger is (`Controller.Temperature`): with the hour of the day, and with what flows through it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from laddverk.ocpp.translate.device_model import named
from laddverk.simulator.model import Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

PERIODIC: Final = {"Periodic", "PeriodicClockAligned"}
THRESHOLDS: Final = {"UpperThreshold", "LowerThreshold"}
TEMPERATURE: Final = ("Controller", "Temperature")
TOO_HOT: Final = 1  # the number of the monitor that the maker built in
SEVERITY_OF_BUILT_IN: Final = 2


class Watch(Struct):
    """One monitor, and what it saw last."""

    number: int
    component: str
    variable: str
    kind: str
    value: float
    severity: int
    transaction: bool = False
    built_in: bool = False
    seen: str | None = None
    alerting: bool = False
    next_at: datetime | None = None
    stream: dict[str, int] | None = None
    """Interval and values of its stream, when it was asked for one."""


class Stream(Struct):
    """A stream that the network has accepted."""

    number: int
    monitor: int
    interval_s: int
    values_max: int
    waiting: list[tuple[datetime, str]] = []
    told_at: datetime | None = None


class Monitoring:
    """What one charger watches, and what it was told about telling."""

    __slots__ = ("events", "level", "next_number", "profiles", "streams", "watches")

    def __init__(self) -> None:
        built_in = Watch(TOO_HOT, "ChargingStation", "Problem", "Delta", 1, SEVERITY_OF_BUILT_IN, built_in=True)
        self.watches: dict[int, Watch] = {TOO_HOT: built_in}
        self.streams: dict[int, Stream] = {}
        self.profiles: dict[int, dict[str, Any]] = {}
        self.level = 9
        self.next_number = TOO_HOT + 1
        self.events = 0


def value_of(charger: Charger, component: str, variable: str, at: datetime) -> str | None:
    """Return what a variable is now; None when this charger has no such."""
    base, _, place = component.partition("@")
    number = place.partition(".")[0]
    outlet = charger.outlets.get(int(number)) if number.isdecimal() else None
    if (base, variable) == ("EVSE", "Power") and outlet is not None:
        return str(charger.reading(outlet.number, at).power_w or 0)
    if (component, variable) == TEMPERATURE:
        return f"{temperature_c(charger, at):.1f}"
    if variable == "Problem" and (outlet is not None or base == "ChargingStation"):
        chosen = [outlet] if outlet is not None else list(charger.outlets.values())
        return "true" if any(one.error_code for one in chosen) else "false"
    setting = charger.configuration.one(component, variable)
    return setting.value if setting else None


def temperature_c(charger: Charger, at: datetime) -> float:
    """Return how warm the electronics are: the day's course, the sum of what flows, and a little unrest."""
    most_w = sum(outlet.supply.power_max_w for outlet in charger.outlets.values()) or 1
    flows_w = sum(charger.reading(number, at).power_w or 0 for number in charger.outlets)
    hours = at.timestamp() / 3600
    own = sum(charger.hardware.identity.encode()) % 50 / 10
    day = 5 * math.sin(math.tau * (hours - 9) / 24)
    return 17 + own + day + 22 * flows_w / most_w + 0.6 * math.sin(math.tau * hours * 11) + 0.2 * math.sin(hours * 777)


def settings_2x() -> list[Setting]:
    """Return the variables that say what this ability can do."""
    return [
        Setting("MonitoringCtrlr", "Enabled", "true", True, "boolean"),
        Setting("MonitoringCtrlr", "ItemsPerMessageSetVariableMonitoring", "10", False, "integer"),
        Setting("DeviceDataCtrlr", "ItemsPerMessageGetVariables", "10", False, "integer"),
        Setting("DeviceDataCtrlr", "ItemsPerMessageSetVariables", "10", False, "integer"),
        Setting("OCPPCommCtrlr", "NetworkConfigurationPriority", "0", True, "SequenceList"),
        Setting("OCPPCommCtrlr", "ActiveNetworkProfile", "0", False, "integer"),
        Setting("ChargingStation", "Problem", "false", False, "boolean"),
        Setting("Controller", "Temperature", "21.0", False, "decimal", "Celsius"),
    ]


def pass_time(charger: Charger, at: datetime) -> None:
    """Look at everything that is watched, and tell what is due."""
    state = charger.of(Monitoring)
    if not charger.online or charger.hardware.protocol.is_16:
        return
    for watch in list(state.watches.values()):
        value = value_of(charger, watch.component, watch.variable, at)
        if value is None or (watch.transaction and not any(o.charging for o in charger.outlets.values())):
            continue
        stream = next((one for one in state.streams.values() if one.monitor == watch.number), None)
        if watch.kind in PERIODIC:
            _periodic(charger, state, watch, stream, value, at)
        elif watch.kind in THRESHOLDS:
            _threshold(charger, state, watch, value, at)
        else:
            _delta(charger, state, watch, value, at)
        if stream is not None:
            _stream(charger, stream, at)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _threshold(charger: Charger, state: Monitoring, watch: Watch, value: str, at: datetime) -> None:
    number = _number(value)
    if number is None:
        return
    beyond = number > watch.value if watch.kind == "UpperThreshold" else number < watch.value
    if beyond != watch.alerting:
        watch.alerting = beyond
        _notify(charger, state, watch, "Alerting", value, at, cleared=not beyond)


def _delta(charger: Charger, state: Monitoring, watch: Watch, value: str, at: datetime) -> None:
    before, watch.seen = watch.seen, watch.seen or value
    if before is None or before == value:
        return
    now, then = _number(value), _number(before)
    if now is not None and then is not None and abs(now - then) < watch.value:
        return
    watch.seen = value
    _notify(charger, state, watch, "Alerting" if watch.built_in else "Delta", value, at,
            cleared=watch.built_in and value == "false")  # fmt: skip


def _periodic(
    charger: Charger, state: Monitoring, watch: Watch, stream: Stream | None, value: str, at: datetime
) -> None:
    period = timedelta(seconds=max(1.0, watch.value))
    if watch.next_at is None:
        watch.next_at = at + period
        if watch.kind == "PeriodicClockAligned":
            midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
            watch.next_at = midnight + (((at - midnight) // period) + 1) * period
    if at < watch.next_at:
        return
    watch.next_at = at + period
    if stream is not None:
        stream.waiting.append((at, value))
    else:
        _notify(charger, state, watch, "Periodic", value, at)


def _notify(
    charger: Charger, state: Monitoring, watch: Watch, trigger: str, value: str, at: datetime, *, cleared: bool = False
) -> None:
    if watch.severity > state.level:
        return
    state.events += 1
    event: dict[str, Any] = {
        "eventId": state.events,
        "timestamp": written(at),
        "trigger": trigger,
        "actualValue": value,
        "component": named(watch.component),
        "variable": named(watch.variable),
        "eventNotificationType": "HardWiredMonitor" if watch.built_in else "CustomMonitor",
        "variableMonitoringId": watch.number,
    }
    if cleared:
        event["cleared"] = True
    fields = {"generatedAt": written(at), "seqNo": 0, "eventData": [event]}
    charger.say(Told(at=at, action="NotifyEvent", fields=fields, durable=True))


def _stream(charger: Charger, stream: Stream, at: datetime) -> None:
    first = stream.waiting[0][0] if stream.waiting else at
    due = (at - first).total_seconds() >= stream.interval_s
    if not stream.waiting or not (due or len(stream.waiting) >= stream.values_max):
        return
    told = [{"t": round((when - first).total_seconds(), 3), "v": value} for when, value in stream.waiting]
    stream.waiting = []
    fields = {"id": stream.number, "pending": 0, "basetime": written(first), "data": told}
    charger.say(Told(at=at, action="NotifyPeriodicEventStream", fields=fields))


def written(at: datetime) -> str:
    """Return an instant as OCPP writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

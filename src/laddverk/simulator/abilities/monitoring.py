"""Monitors that watch a charger's variables and really tell; reports of a part; network profiles; streams of 2.1.

Three variables live: what an outlet gives (`EVSE@1.Power`), whether it is broken (`Connector@1.1.Problem`), and how
warm the charger is (`Controller.Temperature`): with the hour of the day, and with what flows through it.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from laddverk.ocpp.translate.device_model import component_name, named
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.model import Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

PART: Final = 10  # entries in one part of a report
MONITORS_MAX: Final = 100
STREAM_VALUES: Final = 5  # told together, unless the stream says otherwise
PERIODIC: Final = {"Periodic", "PeriodicClockAligned"}
THRESHOLDS: Final = {"UpperThreshold", "LowerThreshold"}
KINDS_OF_CRITERIA: Final = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": {"Delta", "TargetDelta", "TargetDeltaRelative"},
    "PeriodicMonitoring": PERIODIC,
}
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


# What is watched


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
        "timestamp": _written(at),
        "trigger": trigger,
        "actualValue": value,
        "component": named(watch.component),
        "variable": named(watch.variable),
        "eventNotificationType": "HardWiredMonitor" if watch.built_in else "CustomMonitor",
        "variableMonitoringId": watch.number,
    }
    if cleared:
        event["cleared"] = True
    fields = {"generatedAt": _written(at), "seqNo": 0, "eventData": [event]}
    charger.say(Told(at=at, action="NotifyEvent", fields=fields, durable=True))


def _stream(charger: Charger, stream: Stream, at: datetime) -> None:
    first = stream.waiting[0][0] if stream.waiting else at
    due = (at - first).total_seconds() >= stream.interval_s
    if not stream.waiting or not (due or len(stream.waiting) >= stream.values_max):
        return
    told = [{"t": round((when - first).total_seconds(), 3), "v": value} for when, value in stream.waiting]
    stream.waiting = []
    fields = {"id": stream.number, "pending": 0, "basetime": _written(first), "data": told}
    charger.say(Told(at=at, action="NotifyPeriodicEventStream", fields=fields))


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# What the network asks


def _set(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    return {"setMonitoringResult": [_set_one(charger, one, at) for one in asked.set_monitoring_data]}


def _set_one(charger: Charger, one: Any, at: datetime) -> dict[str, Any]:
    state = charger.of(Monitoring)
    component, variable = component_name(one.component), one.variable.name
    result: dict[str, Any] = {
        "type": one.type,
        "severity": one.severity,
        "component": msgspec.to_builtins(one.component),
        "variable": msgspec.to_builtins(one.variable),
    }
    if value_of(charger, component, variable, at) is None:
        known = any(setting.component == component for setting in charger.configuration.all())
        return {**result, "status": "UnknownVariable" if known else "UnknownComponent"}
    same = next(
        (w for w in state.watches.values() if (w.component, w.variable, w.kind, w.severity)
         == (component, variable, one.type, one.severity) and w.number != one.id), None,
    )  # fmt: skip
    if same is not None:
        return {**result, "status": "Duplicate"}
    if len(state.watches) >= MONITORS_MAX or (one.id is not None and one.id not in state.watches):
        return {**result, "status": "Rejected"}
    number = state.next_number if one.id is None else one.id
    state.next_number = max(state.next_number, number + 1)
    stream = getattr(one, "periodic_event_stream", None)
    state.watches[number] = Watch(
        number, component, variable, one.type, one.value, one.severity, bool(one.transaction),
        stream={"interval": stream.interval or 0, "values": stream.values or STREAM_VALUES} if stream else None,
    )  # fmt: skip
    if stream is not None:
        _open_stream(charger, state.watches[number], at)
    return {**result, "status": "Accepted", "id": number}


def _open_stream(charger: Charger, watch: Watch, at: datetime) -> None:
    """Ask the network whether it takes a stream of a monitor's values."""
    asked = watch.stream or {}
    fields = {"constantStreamData": {"id": watch.number, "variableMonitoringId": watch.number, "params": asked}}

    def then(charger: Charger, answer: dict[str, Any], at: datetime) -> None:
        if answer.get("status") == "Accepted":
            stream = Stream(watch.number, watch.number, asked["interval"], asked["values"], [], at)
            charger.of(Monitoring).streams[watch.number] = stream

    charger.say(Told(at=at, action="OpenPeriodicEventStream", fields=fields, then=then))


def _clear(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    state = charger.of(Monitoring)
    results = []
    for number in asked.id:
        watch = state.watches.get(number)
        if watch is None:
            status = "NotFound"
        elif watch.built_in:
            status = "Rejected"
        else:
            status = "Accepted"
            _drop(charger, state, number, at)
        results.append({"status": status, "id": number})
    return {"clearMonitoringResult": results}


def _drop(charger: Charger, state: Monitoring, number: int, at: datetime) -> None:
    del state.watches[number]
    if state.streams.pop(number, None) is not None:
        charger.say(Told(at=at, action="ClosePeriodicEventStream", fields={"id": number}))


def _monitoring_report(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    kinds = {kind for one in asked.monitoring_criteria or () for kind in KINDS_OF_CRITERIA[one]}
    names = _names(asked.component_variable)
    chosen = [
        watch
        for watch in charger.of(Monitoring).watches.values()
        if (not kinds or watch.kind in kinds) and (not names or _is_named(names, watch.component, watch.variable))
    ]
    entries = [
        {
            "component": named(watch.component),
            "variable": named(watch.variable),
            "variableMonitoring": [_told(charger, watch)],
        }
        for watch in chosen
    ]
    return _in_parts(charger, "NotifyMonitoringReport", "monitor", asked.request_id, entries, at)


def _told(charger: Charger, watch: Watch) -> dict[str, Any]:
    fields = {"id": watch.number, "transaction": watch.transaction, "value": watch.value, "type": watch.kind,
              "severity": watch.severity}  # fmt: skip
    if charger.hardware.protocol.value == "ocpp2.1":
        fields["eventNotificationType"] = "HardWiredMonitor" if watch.built_in else "CustomMonitor"
    return fields


def _report(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """GetReport: only what has a problem, or what is named."""
    names = _names(asked.component_variable)
    only_problems = set(asked.component_criteria or ()) == {"Problem"}
    entries = [
        {
            "component": named(setting.component),
            "variable": named(setting.variable),
            "variableAttribute": [
                {"value": setting.value, "mutability": "ReadWrite" if setting.writable else "ReadOnly"}
            ],
            "variableCharacteristics": {"dataType": setting.data_type, "supportsMonitoring": True},
        }
        for setting in charger.configuration.all()
        if (not names or _is_named(names, setting.component, setting.variable))
        and (not only_problems or value_of(charger, setting.component, "Problem", at) == "true")
    ]
    return _in_parts(charger, "NotifyReport", "reportData", asked.request_id, entries, at)


def _names(wanted: Any) -> list[tuple[str, str | None]]:
    return [(component_name(one.component), one.variable.name if one.variable else None) for one in wanted or ()]


def _is_named(names: list[tuple[str, str | None]], component: str, variable: str) -> bool:
    """Return whether one of `names` means this. A component without a place means it in every place."""
    return any(
        component in (of, of.partition("@")[0]) or component.partition("@")[0] == of
        for of, which in names
        if which in (None, variable)
    )


def _in_parts(
    charger: Charger, action: str, name: str, request_id: int, entries: list[dict[str, Any]], at: datetime
) -> dict[str, Any]:
    if not entries:
        return {"status": "EmptyResultSet"}
    parts = [entries[start : start + PART] for start in range(0, len(entries), PART)]
    for number, part in enumerate(parts):
        fields = {"requestId": request_id, "generatedAt": _written(at), "seqNo": number,
                  "tbc": number + 1 < len(parts), name: part}  # fmt: skip
        charger.say(Told(at=at, action=action, fields=fields))
    return {"status": "Accepted"}


def _base(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """All leaves our own monitors; the other sets take them away (N05.FR.02)."""
    state = charger.of(Monitoring)
    if asked.monitoring_base != "All":
        for number in [watch.number for watch in state.watches.values() if not watch.built_in]:
            _drop(charger, state, number, at)
    return {"status": "Accepted"}


def _level(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    if not 0 <= asked.severity <= 9:
        return {"status": "Rejected"}
    charger.of(Monitoring).level = asked.severity
    return {"status": "Accepted"}


def _adjust(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    stream = charger.of(Monitoring).streams.get(asked.id)
    if stream is None:
        return {"status": "Rejected"}
    stream.interval_s = asked.params.interval if asked.params.interval is not None else stream.interval_s
    stream.values_max = asked.params.values if asked.params.values is not None else stream.values_max
    return {"status": "Accepted"}


def _streams(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del asked, at
    open_now = [
        {"id": one.number, "variableMonitoringId": one.monitor,
         "params": {"interval": one.interval_s, "values": one.values_max}}
        for one in charger.of(Monitoring).streams.values()
    ]  # fmt: skip
    return {"constantStreamData": open_now} if open_now else {}


def _network_profile(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    data = asked.connection_data
    if not data.ocpp_csms_url.startswith(("ws://", "wss://")):
        return {"status": "Rejected"}
    charger.of(Monitoring).profiles[asked.configuration_slot] = msgspec.to_builtins(data)
    return {"status": "Accepted"}


ORDERS_2X: Final[Orders] = {
    "SetVariableMonitoring": _set,
    "ClearVariableMonitoring": _clear,
    "GetMonitoringReport": _monitoring_report,
    "SetMonitoringBase": _base,
    "SetMonitoringLevel": _level,
    "AdjustPeriodicEventStream": _adjust,
    "GetPeriodicEventStream": _streams,
    "GetReport": _report,
    "SetNetworkProfile": _network_profile,
}

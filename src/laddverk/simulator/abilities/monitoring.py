"""Monitors as the network sets, reads and clears them; reports of a part; network profiles; streams of 2.1."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from laddverk.ocpp.translate.device_model import component_name, named
from laddverk.simulator.abilities.ability import Orders
from laddverk.simulator.abilities.watching import (
    PERIODIC,
    THRESHOLDS,
    Monitoring,
    Stream,
    Watch,
    pass_time,
    settings_2x,
    value_of,
    written,
)
from laddverk.simulator.model import Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

__all__ = ["ORDERS_2X", "Monitoring", "pass_time", "settings_2x"]

PART: Final = 10  # entries in one part of a report
MONITORS_MAX: Final = 100
STREAM_VALUES: Final = 5  # told together, unless the stream says otherwise
KINDS_OF_CRITERIA: Final = {
    "ThresholdMonitoring": THRESHOLDS,
    "DeltaMonitoring": {"Delta", "TargetDelta", "TargetDeltaRelative"},
    "PeriodicMonitoring": PERIODIC,
}


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
        fields = {"requestId": request_id, "generatedAt": written(at), "seqNo": number,
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

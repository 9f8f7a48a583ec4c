"""Monitoring (functional block N): variable monitors and what they notice, and periodic streams of values (2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from laddverk.ocpp import commands
from laddverk.ocpp.answers import Answer, StreamAnswer
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.facts import (
    EventNotified,
    Fact,
    Monitor,
    MonitorsReported,
    StreamClosed,
    StreamOpened,
    StreamReceived,
    StreamValue,
)
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers, first
from laddverk.ocpp.translate.device_model import addressed, component_name, selection, variable_name
from laddverk.ocpp.translate.origin import Origin, said, stamp, stamp_at, whole
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

SEVERITY_LEAST: Final = 9  # debug
CUSTOM: Final = "CustomMonitor"  # who made a monitor, where 2.0.1 does not say
STREAM_SPAN_MAX_S: Final = 31 * 86_400.0  # a value further from the base time of its message has no time
GONE: Final = {"Accepted", "NotFound"}  # a monitor that is not there is cleared


def monitors(
    message: v201.NotifyMonitoringReportRequest | v21.NotifyMonitoringReportRequest, origin: Origin
) -> list[Fact]:
    """Return the monitors of one part of a report. One without number or value is left out: it cannot be named."""
    found: list[Monitor] = []
    for data in message.monitor or []:
        component, variable = component_name(data.component), variable_name(data.variable)
        for one in data.variable_monitoring or []:
            number = whole(one.id, 0)
            if number is None or one.value is None:
                continue
            found.append(
                Monitor(
                    monitor_id=number,
                    component=component,
                    variable=variable,
                    kind=str(one.type),
                    value=float(one.value),
                    severity=whole(one.severity, 0, SEVERITY_LEAST),
                    transaction=bool(one.transaction),
                    notification=str(getattr(one, "event_notification_type", None) or CUSTOM),
                )
            )
    return [
        MonitorsReported(
            **stamp_at(origin, message.generated_at),
            monitors=tuple(found),
            request_id=whole(message.request_id),
            seq=whole(message.seq_no, 0) or 0,
            more_follows=bool(message.tbc),
        )
    ]


def events(message: v201.NotifyEventRequest | v21.NotifyEventRequest, origin: Origin) -> list[Fact]:
    """Return each event of a message as a fact of its own."""
    return [
        EventNotified(
            **stamp_at(origin, item.timestamp),
            event_id=whole(item.event_id, 0) or 0,
            trigger=str(item.trigger),
            component=component_name(item.component),
            variable=variable_name(item.variable),
            value=said(item.actual_value) or "",
            notification=str(item.event_notification_type),
            monitor_id=whole(item.variable_monitoring_id, 0),
            severity=whole(getattr(item, "severity", None), 0, SEVERITY_LEAST),
            cause=whole(item.cause, 0),
            tech_code=said(item.tech_code),
            tech_info=said(item.tech_info),
            cleared=bool(item.cleared),
            transaction_key=said(item.transaction_id),
        )
        for item in message.event_data or []
    ]


def stream_opened(message: v21.OpenPeriodicEventStreamRequest, origin: Origin) -> list[Fact]:
    """Return that the charger wants to stream the values of a monitor."""
    stream = message.constant_stream_data
    params = stream.params
    return [
        StreamOpened(
            **stamp(origin),
            stream_id=whole(stream.id, 0) or 0,
            monitor_id=whole(stream.variable_monitoring_id, 0) or 0,
            interval_s=whole(params.interval, 0) if params else None,
            values_max=whole(params.values, 0) if params else None,
        )
    ]


def stream_closed(message: v21.ClosePeriodicEventStreamRequest, origin: Origin) -> list[Fact]:
    """Return that a stream ended."""
    return [StreamClosed(**stamp(origin), stream_id=whole(message.id, 0) or 0)]


def stream_values(message: v21.NotifyPeriodicEventStreamRequest, origin: Origin) -> list[Fact]:
    """Return the values of a stream, each at the base time of the message plus its own seconds."""
    stamped = stamp_at(origin, message.basetime)
    return [
        StreamReceived(
            **stamped,
            stream_id=whole(message.id, 0) or 0,
            values=tuple(
                StreamValue(stamped["at"] + timedelta(seconds=item.t), said(item.v) or "")
                for item in message.data or []
                if item.t is not None and abs(item.t) <= STREAM_SPAN_MAX_S
            ),
            pending=whole(message.pending, 0) or 0,
        )
    ]


def set_monitors(command: commands.SetMonitors) -> tuple[str, dict[str, Any]]:
    """Return SetVariableMonitoring. What only 2.1 knows of a stream is left out when it is not asked for."""
    return "SetVariableMonitoring", {"setMonitoringData": [_wanted(one) for one in command.monitors]}


def _wanted(one: commands.WantedMonitor) -> dict[str, Any]:
    fields: dict[str, Any] = {
        **addressed(one.component, one.variable),
        "type": one.kind,
        "value": one.value,
        "severity": one.severity,
        "transaction": one.transaction,
    }
    if one.monitor_id is not None:
        fields["id"] = one.monitor_id
    stream = {"interval": one.stream_interval_s, "values": one.stream_values}
    stream = {name: value for name, value in stream.items() if value is not None}
    return {**fields, "periodicEventStream": stream} if stream else fields


def monitors_set(_command: commands.SetMonitors, response: Any) -> CommandOutcome:
    """Return what became of each monitor: its number, or why it was refused."""
    results = [
        {
            "component": component_name(item.component),
            "variable": variable_name(item.variable),
            "kind": str(item.type),
            "severity": item.severity,
            "status": str(item.status),
            "monitor_id": item.id,
            "reason": item.status_info.reason_code if item.status_info else None,
        }
        for item in response.set_monitoring_result
    ]
    return _each(results, {"Accepted"})


def clear_monitors(command: commands.ClearMonitors) -> tuple[str, dict[str, Any]]:
    """Return ClearVariableMonitoring."""
    return "ClearVariableMonitoring", {"id": list(command.monitor_ids)}


def monitors_cleared(_command: commands.ClearMonitors, response: Any) -> CommandOutcome:
    """Return what became of each monitor that was to go."""
    results = [
        {
            "monitor_id": item.id,
            "status": str(item.status),
            "reason": item.status_info.reason_code if item.status_info else None,
        }
        for item in response.clear_monitoring_result
    ]
    return _each(results, GONE)


def _each(results: Sequence[dict[str, Any]], good: set[str]) -> CommandOutcome:
    """Return the outcome of a command about several things: done when any succeeded; its word is the first refusal."""
    words = [str(result["status"]) for result in results]
    refused = next((word for word in words if word not in good), None)
    verdict = Verdict.DONE if any(word in good for word in words) else Verdict.REFUSED
    kept = [{name: value for name, value in result.items() if value is not None} for result in results]
    return CommandOutcome(verdict=verdict, word=refused or next(iter(words), ""), detail={"results": kept})


def monitoring_report(command: commands.RequestMonitoringReport) -> tuple[str, dict[str, Any]]:
    """Return GetMonitoringReport."""
    return "GetMonitoringReport", {
        "requestId": command.request_id,
        "monitoringCriteria": list(command.criteria) or None,
        "componentVariable": selection(command.selected),
    }


def monitoring_base(command: commands.SetMonitoringBase) -> tuple[str, dict[str, Any]]:
    """Return SetMonitoringBase."""
    return "SetMonitoringBase", {"monitoringBase": command.base}


def monitoring_level(command: commands.SetMonitoringLevel) -> tuple[str, dict[str, Any]]:
    """Return SetMonitoringLevel."""
    return "SetMonitoringLevel", {"severity": command.severity}


def adjust_stream(command: commands.AdjustStream) -> tuple[str, dict[str, Any]]:
    """Return AdjustPeriodicEventStream."""
    params = {"interval": command.interval_s, "values": command.values_max}
    params = {name: value for name, value in params.items() if value is not None}
    return "AdjustPeriodicEventStream", {"id": command.stream_id, "params": params}


def read_streams(_command: commands.ReadStreams) -> tuple[str, dict[str, Any]]:
    """Return GetPeriodicEventStream."""
    return "GetPeriodicEventStream", {}


def streams_read(_command: commands.ReadStreams, response: Any) -> CommandOutcome:
    """Return the streams that the charger says are open."""
    streams = [
        {
            "stream_id": whole(item.id, 0) or 0,
            "monitor_id": whole(item.variable_monitoring_id, 0) or 0,
            "interval_s": item.params.interval if item.params else None,
            "values_max": item.params.values if item.params else None,
        }
        for item in response.constant_stream_data or []
    ]
    return CommandOutcome(verdict=Verdict.DONE, word="Accepted", detail={"streams": streams})


def _stream_answer(
    _protocol: Protocol, _message: object, answers: Sequence[Answer | None], _now: datetime
) -> dict[str, Any]:
    decided = first(answers, StreamAnswer)
    return {"status": "Accepted" if decided is not None and decided.accepted else "Rejected"}


def _settled(_command: commands.Command, response: Any) -> CommandOutcome:
    """Return the outcome of what the answer itself settles."""
    word = str(response.status)
    info = response.status_info
    detail = {"reason": info.reason_code} if info and info.reason_code else {}
    verdict = Verdict.DONE if word in ("Accepted", "EmptyResultSet") else Verdict.REFUSED
    return CommandOutcome(verdict=verdict, word=word, detail=detail)


READERS_2X: Final[Readers] = {
    "NotifyMonitoringReport": monitors,
    "NotifyEvent": events,
    "OpenPeriodicEventStream": stream_opened,
    "ClosePeriodicEventStream": stream_closed,
    "NotifyPeriodicEventStream": stream_values,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.SetMonitors: set_monitors,
    commands.ClearMonitors: clear_monitors,
    commands.RequestMonitoringReport: monitoring_report,
    commands.SetMonitoringBase: monitoring_base,
    commands.SetMonitoringLevel: monitoring_level,
    commands.AdjustStream: adjust_stream,
    commands.ReadStreams: read_streams,
}
ANSWERERS: Final[Answerers] = {"OpenPeriodicEventStream": _stream_answer}
OUTCOMES: Final[Outcomes] = {
    commands.SetMonitors: monitors_set,
    commands.ClearMonitors: monitors_cleared,
    commands.SetMonitoringBase: _settled,
    commands.SetMonitoringLevel: _settled,
    commands.AdjustStream: _settled,
    commands.ReadStreams: streams_read,
}

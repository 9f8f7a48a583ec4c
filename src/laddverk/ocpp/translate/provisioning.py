"""Provisioning (functional block B): booting, heartbeats, configuration keys and variables, reports, reset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.ocpp import commands, times
from laddverk.ocpp.answers import Answer, BootAnswer
from laddverk.ocpp.facts import Booted, Fact, HeartbeatReceived, Variable, VariablesReported
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.block import Answerers, Readers, Speakers, first
from laddverk.ocpp.translate.origin import Origin, said, stamp, stamp_at, whole
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

COMPONENT: Final = re.compile(
    r"(?P<name>[^\[\]@]*)(?:\[(?P<instance>[^\[\]]*)\])?(?:@(?P<evse>\d{1,5})(?:\.(?P<connector>\d{1,5}))?)?"
)
RESETS_16: Final = {commands.ResetKind.SOFT: "Soft", commands.ResetKind.HARD: "Hard"}
RESETS_2X: Final = {commands.ResetKind.SOFT: "OnIdle", commands.ResetKind.HARD: "Immediate"}
REPORT_OF_READING: Final = 0  # the requestId of a report that was asked for by reading "all", and not as a report


def booted_16(message: v16.BootNotificationRequest, origin: Origin) -> list[Fact]:
    """Return the boot of a 1.6 charger; some have their serial number in the older field."""
    return [
        Booted(
            **stamp(origin),
            vendor=said(message.charge_point_vendor) or "",
            model=said(message.charge_point_model) or "",
            serial=said(message.charge_point_serial_number) or said(message.charge_box_serial_number) or "",
            firmware=said(message.firmware_version) or "",
            iccid=said(message.iccid) or "",
            imsi=said(message.imsi) or "",
        )
    ]


def booted_2x(message: v201.BootNotificationRequest | v21.BootNotificationRequest, origin: Origin) -> list[Fact]:
    """Return the boot of a 2.x charger, and why it booted."""
    station, modem = message.charging_station, message.charging_station.modem
    return [
        Booted(
            **stamp(origin),
            vendor=said(station.vendor_name) or "",
            model=said(station.model) or "",
            serial=said(station.serial_number) or "",
            firmware=said(station.firmware_version) or "",
            reason=str(message.reason),
            iccid=(said(modem.iccid) if modem else None) or "",
            imsi=(said(modem.imsi) if modem else None) or "",
        )
    ]


def boot_answer(answer: BootAnswer | None, now: datetime) -> dict[str, Any]:
    """Return the fields of BootNotificationResponse.

    A boot that could not be recorded is accepted all the same: a charger that is refused cannot charge anybody.
    """
    answer = answer or BootAnswer()
    return {
        "status": answer.registration.value,
        "currentTime": times.written(now),
        "interval": answer.interval_s,
    }


def heartbeat(_message: object, origin: Origin) -> list[Fact]:
    """Return that the charger is alive."""
    return [HeartbeatReceived(**stamp(origin))]


def report(message: v201.NotifyReportRequest | v21.NotifyReportRequest, origin: Origin) -> list[Fact]:
    """Return the variables of one part of a report; an empty part is legal and may be the last (quirk 76)."""
    found: list[Variable] = []
    for data in message.report_data or []:
        facts = data.variable_characteristics
        found += [
            Variable(
                component=component_name(data.component),
                variable=variable_name(data.variable),
                attribute=attribute.type or "Actual",
                value=attribute.value,
                mutability=attribute.mutability or "ReadWrite",
                unit=facts.unit if facts else None,
                data_type=facts.data_type if facts else None,
            )
            for attribute in data.variable_attribute
        ]
    return [
        VariablesReported(
            **stamp_at(origin, message.generated_at),
            variables=tuple(found),
            request_id=whole(message.request_id),
            more_follows=bool(message.tbc),
        )
    ]


def component_name(component: v201.ComponentType | v21.ComponentType) -> str:
    """Return a component as OCPP people write it: `Connector[x]@1.2`."""
    text = component.name + (f"[{component.instance}]" if component.instance else "")
    if component.evse is None:
        return text
    connector = component.evse.connector_id
    return f"{text}@{component.evse.id}" + (f".{connector}" if connector is not None else "")


def variable_name(variable: v201.VariableType | v21.VariableType) -> str:
    """Return a variable as OCPP people write it: `Name[instance]`."""
    return variable.name + (f"[{variable.instance}]" if variable.instance else "")


def _named(text: str) -> dict[str, Any]:
    """Return `Name[instance]@evse.connector` as the fields of a component or variable."""
    match = COMPONENT.fullmatch(text)
    if match is None:
        return {"name": text}
    fields: dict[str, Any] = {"name": match["name"]}
    if match["instance"]:
        fields["instance"] = match["instance"]
    if match["evse"]:
        fields["evse"] = {"id": int(match["evse"])}
        if match["connector"]:
            fields["evse"]["connectorId"] = int(match["connector"])
    return fields


def _addressed(component: str, variable: str, attribute: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"component": _named(component), "variable": _named(variable)}
    return fields if attribute == "Actual" else {**fields, "attributeType": attribute}


def read_16(command: commands.ReadVariables) -> tuple[str, dict[str, Any]]:
    """Return GetConfiguration for some keys, or for all."""
    keys = [item.variable for item in command.variables]
    return "GetConfiguration", {"key": keys} if keys else {}


def read_2x(command: commands.ReadVariables) -> tuple[str, dict[str, Any]]:
    """Reading nothing in particular asks for a report: 2.x has no other way to tell all."""
    if not command.variables:
        return "GetBaseReport", {"requestId": REPORT_OF_READING, "reportBase": "FullInventory"}
    wanted = [_addressed(item.component, item.variable, item.attribute) for item in command.variables]
    return "GetVariables", {"getVariableData": wanted}


def write_16(command: commands.WriteVariable) -> tuple[str, dict[str, Any]]:
    """Return ChangeConfiguration; 1.6 knows no components."""
    return "ChangeConfiguration", {"key": command.variable, "value": command.value}


def write_2x(command: commands.WriteVariable) -> tuple[str, dict[str, Any]]:
    """Return SetVariables for one attribute of one variable."""
    target = _addressed(command.component, command.variable, command.attribute)
    return "SetVariables", {"setVariableData": [{**target, "attributeValue": command.value}]}


def report_16(_command: commands.RequestReport) -> tuple[str, dict[str, Any]]:
    """Return GetConfiguration for all keys, which is all the report that 1.6 has."""
    return "GetConfiguration", {}


def report_2x(command: commands.RequestReport) -> tuple[str, dict[str, Any]]:
    """Return GetBaseReport; the report follows in NotifyReport."""
    return "GetBaseReport", {"requestId": command.request_id, "reportBase": command.report}


def reset_16(command: commands.Reset) -> tuple[str, dict[str, Any]]:
    """Return Reset of 1.6, which is of the whole station."""
    return "Reset", {"type": RESETS_16[command.reset]}


def reset_2x(command: commands.Reset) -> tuple[str, dict[str, Any]]:
    """Return Reset of 2.x, of one EVSE or of the station."""
    return "Reset", {"type": RESETS_2X[command.reset], "evseId": command.evse_number}


def configuration_read(response: v16.GetConfigurationResponse) -> tuple[tuple[Variable, ...], list[str]]:
    """Return the keys of 1.6 as variables, and those the charger does not know.

    It may have ignored the filter, or returned only the first of them (quirk 68).
    """
    variables = tuple(
        Variable(variable=item.key, value=item.value, mutability="ReadOnly" if item.readonly else "ReadWrite")
        for item in response.configuration_key or []
        if item.key
    )
    return variables, list(response.unknown_key or [])


def variables_read(
    response: v201.GetVariablesResponse | v21.GetVariablesResponse,
) -> tuple[tuple[Variable, ...], dict[str, str]]:
    """Return the variables that were read, and for each other one the charger's word.

    Accepted without a value means that the value is unknown, not empty (quirk 83).
    """
    found, refused = [], {}
    for item in response.get_variable_result:
        name = variable_name(item.variable)
        if item.attribute_status == "Accepted":
            component, attribute = component_name(item.component), item.attribute_type or "Actual"
            found.append(Variable(component=component, variable=name, attribute=attribute, value=item.attribute_value))
        else:
            refused[f"{component_name(item.component)}.{name}"] = str(item.attribute_status)
    return tuple(found), refused


def _boot_answer(
    _protocol: Protocol, _message: object, answers: Sequence[Answer | None], now: datetime
) -> dict[str, Any]:
    return boot_answer(first(answers, BootAnswer), now)


def _heartbeat_answer(
    _protocol: Protocol, _message: object, _answers: Sequence[Answer | None], now: datetime
) -> dict[str, Any]:
    return {"currentTime": times.written(now)}


READERS_16: Final[Readers] = {"BootNotification": booted_16, "Heartbeat": heartbeat}
READERS_2X: Final[Readers] = {"BootNotification": booted_2x, "Heartbeat": heartbeat, "NotifyReport": report}
SPEAKERS_16: Final[Speakers] = {
    commands.Reset: reset_16,
    commands.ReadVariables: read_16,
    commands.WriteVariable: write_16,
    commands.RequestReport: report_16,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.Reset: reset_2x,
    commands.ReadVariables: read_2x,
    commands.WriteVariable: write_2x,
    commands.RequestReport: report_2x,
}
ANSWERERS: Final[Answerers] = {"BootNotification": _boot_answer, "Heartbeat": _heartbeat_answer}

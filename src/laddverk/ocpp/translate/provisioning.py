"""Provisioning (functional block B): booting, heartbeats, configuration keys and variables, reports, reset."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.ocpp import commands, times
from laddverk.ocpp.answers import Answer, BootAnswer
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import Booted, Fact, HeartbeatReceived, Variable, VariablesReported
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers, first
from laddverk.ocpp.translate.device_model import addressed, component_name, selection, variable_name
from laddverk.ocpp.translate.origin import Origin, said, stamp, stamp_at, whole
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

RESETS_16: Final = {commands.ResetKind.SOFT: "Soft", commands.ResetKind.HARD: "Hard"}
RESETS_2X: Final = {
    commands.ResetKind.SOFT: "OnIdle",
    commands.ResetKind.HARD: "Immediate",
    commands.ResetKind.RESUME: "ImmediateAndResume",
}
TAKEN: Final = {"Accepted", "RebootRequired"}
"""What a charger says of a value that it keeps, now or from its next start on."""
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
        traits = _characteristics(data.variable_characteristics)
        found += [
            Variable(
                component=component_name(data.component),
                variable=variable_name(data.variable),
                attribute=attribute.type or "Actual",
                value=attribute.value,
                mutability=attribute.mutability or "ReadWrite",
                persistent=attribute.persistent,
                constant=attribute.constant,
                **traits,
            )
            for attribute in data.variable_attribute or []
        ]
    return [
        VariablesReported(
            **stamp_at(origin, message.generated_at),
            variables=tuple(found),
            request_id=whole(message.request_id),
            seq=whole(message.seq_no, 0) or 0,
            more_follows=bool(message.tbc),
        )
    ]


def _characteristics(facts: Any) -> dict[str, Any]:
    """Return what VariableCharacteristics say, in the names of `Variable`; nothing where a charger leaves them out."""
    if facts is None:
        return {}
    return {
        "unit": facts.unit,
        "data_type": facts.data_type,
        "min_limit": facts.min_limit,
        "max_limit": facts.max_limit,
        "values_list": facts.values_list,
        "supports_monitoring": facts.supports_monitoring or None,
    }


def read_16(command: commands.ReadVariables) -> tuple[str, dict[str, Any]]:
    """Return GetConfiguration for some keys, or for all."""
    keys = [item.variable for item in command.variables]
    return "GetConfiguration", {"key": keys} if keys else {}


def read_2x(command: commands.ReadVariables) -> tuple[str, dict[str, Any]]:
    """Reading nothing in particular asks for a report: 2.x has no other way to tell all."""
    if not command.variables:
        return "GetBaseReport", {"requestId": REPORT_OF_READING, "reportBase": "FullInventory"}
    wanted = [addressed(item.component, item.variable, item.attribute) for item in command.variables]
    return "GetVariables", {"getVariableData": wanted}


def write_16(command: commands.WriteVariable) -> tuple[str, dict[str, Any]]:
    """Return ChangeConfiguration; 1.6 knows no components."""
    return "ChangeConfiguration", {"key": command.variable, "value": command.value}


def write_2x(command: commands.WriteVariable) -> tuple[str, dict[str, Any]]:
    """Return SetVariables for one attribute of one variable."""
    target = addressed(command.component, command.variable, command.attribute)
    return "SetVariables", {"setVariableData": [{**target, "attributeValue": command.value}]}


def write_many_2x(command: commands.WriteVariables) -> tuple[str, dict[str, Any]]:
    """Return SetVariables for several attributes."""
    values = [
        {**addressed(one.component, one.variable, one.attribute), "attributeValue": one.value} for one in command.values
    ]
    return "SetVariables", {"setVariableData": values}


def write_many_16(command: commands.WriteVariables) -> tuple[str, dict[str, Any]]:
    """Return ChangeConfiguration for the only value; 1.6 cannot change two at once. Raises `Untranslatable`."""
    if len(command.values) != 1:
        raise Untranslatable("OCPP 1.6 changes one configuration key at a time.")
    return "ChangeConfiguration", {"key": command.values[0].variable, "value": command.values[0].value}


def written_many(command: commands.WriteVariables, response: Any) -> CommandOutcome:
    """Return what became of each value. Done when at least one was taken; `detail["results"]` names each."""
    if not hasattr(response, "set_variable_result"):
        one = command.values[0]
        results = [_result(one.component, one.variable, one.attribute, response.status, "")]
    else:
        results = [
            _result(
                component_name(item.component),
                variable_name(item.variable),
                item.attribute_type or "Actual",
                item.attribute_status,
                item.attribute_status_info.reason_code if item.attribute_status_info else "",
            )
            for item in response.set_variable_result
        ]
    words = [result["status"] for result in results]
    refused = next((word for word in words if word not in TAKEN), None)
    verdict = Verdict.DONE if any(word in TAKEN for word in words) else Verdict.REFUSED
    word = refused or ("RebootRequired" if "RebootRequired" in words else "Accepted" if words else "")
    return CommandOutcome(verdict=verdict, word=word, detail={"results": results})


def _result(component: str, variable: str, attribute: str, status: Any, reason: str) -> dict[str, str]:
    named = {"component": component, "variable": variable, "attribute": attribute, "status": str(status)}
    return {**named, "reason": str(reason)} if reason else named


def custom_report_2x(command: commands.RequestCustomReport) -> tuple[str, dict[str, Any]]:
    """Return GetReport; the report follows in NotifyReport."""
    return "GetReport", {
        "requestId": command.request_id,
        "componentCriteria": list(command.criteria) or None,
        "componentVariable": selection(command.selected),
    }


def network_profile_2x(command: commands.SetNetworkProfile) -> tuple[str, dict[str, Any]]:
    """Return SetNetworkProfile; the version stands for all of 2.x in 2.0.1, and is out of use in 2.1."""
    profile: dict[str, Any] = {
        "ocppVersion": command.ocpp_version,
        "ocppTransport": command.transport,
        "ocppCsmsUrl": command.url,
        "messageTimeout": command.message_timeout_s,
        "securityProfile": command.security_profile,
        "ocppInterface": command.interface,
    }
    if command.apn:
        profile["apn"] = {"apn": command.apn, "apnAuthentication": "AUTO"}
    return "SetNetworkProfile", {"configurationSlot": command.slot, "connectionData": profile}


def report_16(_command: commands.RequestReport) -> tuple[str, dict[str, Any]]:
    """Return GetConfiguration for all keys, which is all the report that 1.6 has."""
    return "GetConfiguration", {}


def report_2x(command: commands.RequestReport) -> tuple[str, dict[str, Any]]:
    """Return GetBaseReport; the report follows in NotifyReport."""
    return "GetBaseReport", {"requestId": command.request_id, "reportBase": command.report}


def reset_16(command: commands.Reset) -> tuple[str, dict[str, Any]]:
    """Return Reset of 1.6, which is of the whole station. Raises `Untranslatable` for one EVSE: the others charge."""
    if command.evse_number is not None or command.reset not in RESETS_16:
        raise Untranslatable("OCPP 1.6 restarts the whole charger, and softly or hard.")
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
            # The answer tells values only: whether one may be written stays as a report said.
            found.append(
                Variable(
                    component=component,
                    variable=name,
                    attribute=attribute,
                    value=item.attribute_value,
                    mutability="",
                )
            )
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
    commands.WriteVariables: write_many_16,
    commands.RequestReport: report_16,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.Reset: reset_2x,
    commands.ReadVariables: read_2x,
    commands.WriteVariable: write_2x,
    commands.WriteVariables: write_many_2x,
    commands.RequestCustomReport: custom_report_2x,
    commands.SetNetworkProfile: network_profile_2x,
    commands.RequestReport: report_2x,
}
ANSWERERS: Final[Answerers] = {"BootNotification": _boot_answer, "Heartbeat": _heartbeat_answer}
OUTCOMES: Final[Outcomes] = {commands.WriteVariables: written_many}

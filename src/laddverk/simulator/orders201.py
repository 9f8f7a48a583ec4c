"""What the network may ask of a 2.0.1 charger, and how it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from laddverk.ocpp.structs import Message
from laddverk.ocpp.v201 import messages as m
from laddverk.simulator.abilities import smart_charging
from laddverk.simulator.charger import Charger
from laddverk.simulator.dialect import Orders

STATUS_OF_WRITE: Final = {"Accepted": "Accepted", "Rejected": "Rejected", "Unknown": "UnknownVariable"}


def component(shown: str) -> m.ComponentType:
    """Return the component that a setting belongs to: `Connector@1.2` is connector 2 of EVSE 1."""
    name, _, place = shown.partition("@")
    if not place:
        return m.ComponentType(name=name)
    evse, _, connector = place.partition(".")
    return m.ComponentType(
        name=name, evse=m.EVSEType(id=int(evse), connector_id=int(connector) if connector else None)
    )  # fmt: skip


def _shown(of: m.ComponentType) -> str:
    if of.evse is None:
        return of.name
    return f"{of.name}@{of.evse.id}" + (f".{of.evse.connector_id}" if of.evse.connector_id else "")


def _request_start(charger: Charger, asked: m.RequestStartTransactionRequest, at: datetime) -> Message:
    number = asked.evse_id or next((n for n, o in charger.outlets.items() if o.charging is None), 1)
    token = asked.id_token
    limit = smart_charging.of_a_start(asked.charging_profile) if asked.charging_profile else None
    if asked.charging_profile is not None and limit is None:
        return m.RequestStartTransactionResponse(status="Rejected")
    done = charger.remote_start(number, token.id_token, token.type, asked.remote_start_id, at)
    if done and limit is not None:
        smart_charging.start_with(charger, number, limit, at)
    return m.RequestStartTransactionResponse(status="Accepted" if done else "Rejected")


def _request_stop(charger: Charger, asked: m.RequestStopTransactionRequest, at: datetime) -> Message:
    done = charger.remote_stop(charger.found(key=asked.transaction_id), at)
    return m.RequestStopTransactionResponse(status="Accepted" if done else "Rejected")


def _reset(charger: Charger, asked: m.ResetRequest, at: datetime) -> Message:
    if asked.evse_id:
        at_once = asked.type == "Immediate"
        done = charger.reset_outlet(asked.evse_id, "ImmediateReset", at, at_once=at_once)
        return m.ResetResponse(status="Accepted" if done else "Rejected")
    charger.reset("HardReset" if asked.type == "Immediate" else "SoftReset", at)
    return m.ResetResponse(status="Accepted")


def _unlock(charger: Charger, asked: m.UnlockConnectorRequest, at: datetime) -> Message:
    freed = charger.unlock(asked.evse_id, at)
    if freed is None:
        return m.UnlockConnectorResponse(status="UnknownConnector")
    return m.UnlockConnectorResponse(status="Unlocked" if freed else "UnlockFailed")


def _change_availability(charger: Charger, asked: m.ChangeAvailabilityRequest, at: datetime) -> Message:
    number = asked.evse.id if asked.evse else None
    if number is not None and number not in charger.outlets:
        return m.ChangeAvailabilityResponse(status="Rejected")
    now = charger.set_operative(number, asked.operational_status == "Operative", at)
    return m.ChangeAvailabilityResponse(status="Accepted" if now else "Scheduled")


def _trigger(charger: Charger, asked: m.TriggerMessageRequest, at: datetime) -> Message:
    known = charger.trigger(asked.requested_message, asked.evse.id if asked.evse else None, at)
    return m.TriggerMessageResponse(status="Accepted" if known else "NotImplemented")


def _get_variables(charger: Charger, asked: m.GetVariablesRequest, at: datetime) -> Message:
    del at
    settings = {(s.component.lower(), s.variable.lower()): s for s in charger.configuration.all()}
    components = {setting.component.lower() for setting in settings.values()}
    results = []
    for wanted in asked.get_variable_data:
        where = _shown(wanted.component).lower()
        setting = settings.get((where, wanted.variable.name.lower()))
        status = "Accepted" if setting else "UnknownVariable" if where in components else "UnknownComponent"
        results.append(
            m.GetVariableResultType(
                attribute_status=cast(Any, status),
                component=wanted.component,
                variable=wanted.variable,
                attribute_type=wanted.attribute_type,
                attribute_value=setting.value if setting else None,
            )
        )
    return m.GetVariablesResponse(get_variable_result=results)


def _set_variables(charger: Charger, asked: m.SetVariablesRequest, at: datetime) -> Message:
    del at
    return m.SetVariablesResponse(
        set_variable_result=[
            m.SetVariableResultType(
                attribute_status=cast(
                    Any,
                    STATUS_OF_WRITE[
                        charger.write(_shown(wanted.component), wanted.variable.name, wanted.attribute_value)
                    ],
                ),
                component=wanted.component,
                variable=wanted.variable,
                attribute_type=wanted.attribute_type,
            )
            for wanted in asked.set_variable_data
        ]
    )


def _get_base_report(charger: Charger, asked: m.GetBaseReportRequest, at: datetime) -> Message:
    charger.report(asked.request_id, at)
    return m.GetBaseReportResponse(status="Accepted")


def _data_transfer(charger: Charger, asked: m.DataTransferRequest, at: datetime) -> Message:
    del at
    known = asked.vendor_id == charger.hardware.vendor
    return m.DataTransferResponse(status="Accepted" if known else "UnknownVendorId")


def _clear_cache(charger: Charger, asked: m.ClearCacheRequest, at: datetime) -> Message:
    del charger, asked, at
    return m.ClearCacheResponse(status="Accepted")


ORDERS: Final[Orders] = {
    "RequestStartTransaction": (m.RequestStartTransactionRequest, _request_start),
    "RequestStopTransaction": (m.RequestStopTransactionRequest, _request_stop),
    "Reset": (m.ResetRequest, _reset),
    "UnlockConnector": (m.UnlockConnectorRequest, _unlock),
    "ChangeAvailability": (m.ChangeAvailabilityRequest, _change_availability),
    "TriggerMessage": (m.TriggerMessageRequest, _trigger),
    "GetVariables": (m.GetVariablesRequest, _get_variables),
    "SetVariables": (m.SetVariablesRequest, _set_variables),
    "GetBaseReport": (m.GetBaseReportRequest, _get_base_report),
    "DataTransfer": (m.DataTransferRequest, _data_transfer),
    "ClearCache": (m.ClearCacheRequest, _clear_cache),
}

"""What the network may ask of a 1.6 charger, and how it answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from laddverk.ocpp.structs import Message
from laddverk.ocpp.v16 import messages as m
from laddverk.simulator.abilities import smart_charging
from laddverk.simulator.charger import Charger
from laddverk.simulator.dialect import Orders

CONFIGURATION_VERSION: Final = 0  # no local list is kept


def _remote_start(charger: Charger, asked: m.RemoteStartTransactionRequest, at: datetime) -> Message:
    number = asked.connector_id or next((n for n, o in charger.outlets.items() if o.charging is None), 1)
    limit = smart_charging.of_a_start(asked.charging_profile) if asked.charging_profile else None
    if asked.charging_profile is not None and limit is None:
        return m.RemoteStartTransactionResponse(status="Rejected")
    done = charger.remote_start(number, asked.id_tag, "Central", None, at)
    if done and limit is not None:
        smart_charging.start_with(charger, number, limit, at)
    return m.RemoteStartTransactionResponse(status="Accepted" if done else "Rejected")


def _remote_stop(charger: Charger, asked: m.RemoteStopTransactionRequest, at: datetime) -> Message:
    done = charger.remote_stop(charger.found(number=asked.transaction_id), at)
    return m.RemoteStopTransactionResponse(status="Accepted" if done else "Rejected")


def _reset(charger: Charger, asked: m.ResetRequest, at: datetime) -> Message:
    charger.reset("HardReset" if asked.type == "Hard" else "SoftReset", at)
    return m.ResetResponse(status="Accepted")


def _unlock(charger: Charger, asked: m.UnlockConnectorRequest, at: datetime) -> Message:
    freed = charger.unlock(asked.connector_id, at)
    if freed is None:
        return m.UnlockConnectorResponse(status="NotSupported")
    return m.UnlockConnectorResponse(status="Unlocked" if freed else "UnlockFailed")


def _change_availability(charger: Charger, asked: m.ChangeAvailabilityRequest, at: datetime) -> Message:
    if asked.connector_id not in (0, *charger.outlets):
        return m.ChangeAvailabilityResponse(status="Rejected")
    now = charger.set_operative(asked.connector_id or None, asked.type == "Operative", at)
    return m.ChangeAvailabilityResponse(status="Accepted" if now else "Scheduled")


def _trigger(charger: Charger, asked: m.TriggerMessageRequest, at: datetime) -> Message:
    known = charger.trigger(asked.requested_message, asked.connector_id, at)
    return m.TriggerMessageResponse(status="Accepted" if known else "NotImplemented")


def _get_configuration(charger: Charger, asked: m.GetConfigurationRequest, at: datetime) -> Message:
    del at
    wanted = {key.lower() for key in asked.key or ()}
    found = [s for s in charger.configuration.all() if not wanted or s.variable.lower() in wanted]
    known = {setting.variable.lower() for setting in found}
    return m.GetConfigurationResponse(
        configuration_key=[
            m.ConfigurationKey(key=setting.variable, readonly=not setting.writable, value=setting.value)
            for setting in found
        ],
        unknown_key=[key for key in asked.key or () if key.lower() not in known],
    )


def _change_configuration(charger: Charger, asked: m.ChangeConfigurationRequest, at: datetime) -> Message:
    del at
    match charger.write("", asked.key, asked.value):
        case "Accepted":
            return m.ChangeConfigurationResponse(status="Accepted")
        case "Unknown":
            return m.ChangeConfigurationResponse(status="NotSupported")
        case _:
            return m.ChangeConfigurationResponse(status="Rejected")


def _data_transfer(charger: Charger, asked: m.DataTransferRequest, at: datetime) -> Message:
    del at
    known = asked.vendor_id == charger.hardware.vendor
    return m.DataTransferResponse(status="Accepted" if known else "UnknownVendorId")


def _clear_cache(charger: Charger, asked: m.ClearCacheRequest, at: datetime) -> Message:
    del charger, asked, at
    return m.ClearCacheResponse(status="Accepted")


def _list_version(charger: Charger, asked: m.GetLocalListVersionRequest, at: datetime) -> Message:
    del charger, asked, at
    return m.GetLocalListVersionResponse(list_version=CONFIGURATION_VERSION)


ORDERS: Final[Orders] = {
    "RemoteStartTransaction": (m.RemoteStartTransactionRequest, _remote_start),
    "RemoteStopTransaction": (m.RemoteStopTransactionRequest, _remote_stop),
    "Reset": (m.ResetRequest, _reset),
    "UnlockConnector": (m.UnlockConnectorRequest, _unlock),
    "ChangeAvailability": (m.ChangeAvailabilityRequest, _change_availability),
    "TriggerMessage": (m.TriggerMessageRequest, _trigger),
    "GetConfiguration": (m.GetConfigurationRequest, _get_configuration),
    "ChangeConfiguration": (m.ChangeConfigurationRequest, _change_configuration),
    "DataTransfer": (m.DataTransferRequest, _data_transfer),
    "ClearCache": (m.ClearCacheRequest, _clear_cache),
    "GetLocalListVersion": (m.GetLocalListVersionRequest, _list_version),
}

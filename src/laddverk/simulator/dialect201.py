"""A charger's side of OCPP 2.0.1 and 2.1: items as calls, and what the answers mean.

What a charger says of its own is the same in both; what 2.1 adds comes from abilities.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, cast

import msgspec
from msgspec import Raw

from laddverk.ocpp.facts import Status
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.ocpp.v201 import messages as m
from laddverk.simulator import orders201
from laddverk.simulator.charger import REPORT_PART, Charger
from laddverk.simulator.dialect import Dialect, all_orders, quantities, told, written
from laddverk.simulator.model import (
    Authorise,
    Boot,
    Ended,
    Heartbeat,
    Item,
    Reading,
    Reported,
    Sampled,
    Started,
    StatusChanged,
    Told,
    VendorData,
    Verdict,
)

STATUS: Final[dict[Status, m.ConnectorStatusEnumType]] = {
    Status.AVAILABLE: "Available",
    Status.UNAVAILABLE: "Unavailable",
    Status.FAULTED: "Faulted",
    Status.RESERVED: "Reserved",
}
"""Everything else is Occupied: what happens within is told by the transaction."""

STOPPED: Final[dict[str, tuple[m.ReasonEnumType, m.TriggerReasonEnumType]]] = {
    "EVDisconnected": ("EVDisconnected", "EVDeparted"),
    "Remote": ("Remote", "RemoteStop"),
    "DeAuthorized": ("DeAuthorized", "Deauthorized"),
    "HardReset": ("ImmediateReset", "ResetCommand"),
    "SoftReset": ("ImmediateReset", "ResetCommand"),
    "UnlockCommand": ("Remote", "UnlockCommand"),
    "Other": ("Other", "AbnormalCondition"),
    "PowerLoss": ("PowerLoss", "AbnormalCondition"),
    "EmergencyStop": ("EmergencyStop", "AbnormalCondition"),
    "GroundFault": ("GroundFault", "AbnormalCondition"),
    "Reboot": ("Reboot", "AbnormalCondition"),
}
"""The reason and the trigger of an end; a card at the charger for everything else."""


def said(charger: Charger, item: Item) -> tuple[str, Message] | None:
    """Return the call that says `item`."""
    match item:
        case Started(charging=charging):
            return "TransactionEvent", m.TransactionEventRequest(
                event_type="Started",
                timestamp=written(item.at),
                trigger_reason=cast(Any, item.trigger),
                seq_no=item.seq,
                offline=item.offline,
                evse=m.EVSEType(id=charging.outlet, connector_id=1),
                id_token=m.IdTokenType(id_token=charging.token, type=cast(Any, charging.token_type)),
                transaction_info=m.TransactionType(
                    transaction_id=charging.key, charging_state="Charging", remote_start_id=charging.remote_start_id
                ),
                meter_value=[_meter_value(item.reading, "Transaction.Begin")],
                reservation_id=charging.reservation,
            )
        case Sampled(charging=charging):
            return "TransactionEvent", m.TransactionEventRequest(
                event_type="Updated",
                timestamp=written(item.at),
                trigger_reason=cast(Any, item.trigger),
                seq_no=item.seq,
                offline=item.offline,
                evse=m.EVSEType(id=charging.outlet, connector_id=1),
                transaction_info=m.TransactionType(
                    transaction_id=charging.key, charging_state=cast(Any, item.state)
                ),
                meter_value=[_meter_value(reading, "Sample.Periodic") for reading in item.readings],
            )  # fmt: skip
        case Ended():
            return "TransactionEvent", _ended(item)
        case _:
            return _said_beside(charger, item)


def _ended(item: Ended) -> Message:
    reason, trigger = STOPPED.get(item.reason, ("Local", "StopAuthorized"))
    return m.TransactionEventRequest(
        event_type="Ended",
        timestamp=written(item.at),
        trigger_reason=cast(Any, trigger),
        seq_no=item.seq,
        offline=item.offline,
        evse=m.EVSEType(id=item.charging.outlet, connector_id=1),
        id_token=m.IdTokenType(id_token=item.token, type="ISO14443") if item.token else None,
        transaction_info=m.TransactionType(
            transaction_id=item.charging.key, charging_state="Idle", stopped_reason=cast(Any, reason)
        ),
        meter_value=[_meter_value(item.reading, "Transaction.End")],
    )


def _said_beside(charger: Charger, item: Item) -> tuple[str, Message] | None:
    match item:
        case StatusChanged():
            return _status(charger, item)
        case Heartbeat():
            return "Heartbeat", m.HeartbeatRequest()
        case Authorise():
            return "Authorize", m.AuthorizeRequest(id_token=m.IdTokenType(id_token=item.token, type="ISO14443"))
        case Boot():
            return "BootNotification", m.BootNotificationRequest(
                reason=cast(Any, item.reason),
                charging_station=m.ChargingStationType(
                    model=charger.hardware.model[:20],
                    vendor_name=charger.hardware.vendor[:50],
                    serial_number=charger.hardware.serial[:25] or None,
                    firmware_version=charger.hardware.firmware[:50],
                ),
            )
        case Reported():
            return "NotifyReport", _report(charger, item)
        case VendorData():
            return "DataTransfer", m.DataTransferRequest(
                vendor_id=item.vendor_id, message_id=item.message_id, data=item.data
            )
        case Told():
            return told(charger.hardware.protocol, item)
        case _:
            return None


def _status(charger: Charger, item: StatusChanged) -> tuple[str, Message] | None:
    word = STATUS.get(item.status, "Occupied")
    if charger.said_status.get(item.outlet) == word or item.outlet == 0:
        return None  # 2.0.1 tells of connectors only
    charger.said_status[item.outlet] = word
    return "StatusNotification", m.StatusNotificationRequest(
        timestamp=written(item.at), connector_status=word, evse_id=item.outlet, connector_id=1
    )


def _report(charger: Charger, item: Reported) -> Message:
    settings = charger.configuration.all()[item.part * REPORT_PART : (item.part + 1) * REPORT_PART]
    return m.NotifyReportRequest(
        request_id=item.request_id,
        generated_at=written(item.at),
        seq_no=item.part,
        tbc=item.part + 1 < item.parts,
        report_data=[
            m.ReportDataType(
                component=orders201.component(setting.component),
                variable=m.VariableType(name=setting.variable),
                variable_attribute=[
                    m.VariableAttributeType(
                        type="Actual",
                        value=setting.value,
                        mutability="ReadWrite" if setting.writable else "ReadOnly",
                    )
                ],
                variable_characteristics=m.VariableCharacteristicsType(
                    data_type=cast(Any, setting.data_type), supports_monitoring=False, unit=setting.unit
                ),
            )
            for setting in settings
        ],
    )


UNITS: Final = {
    unit: m.UnitOfMeasureType(unit=unit) for unit in ("Wh", "W", "A", "V", "Percent", "Celsius")
}  # fmt: skip


def _meter_value(reading: Reading, context: m.ReadingContextEnumType) -> m.MeterValueType:
    values = [
        m.SampledValueType(
            value=one.value,
            measurand=cast(Any, one.measurand),
            context=context,
            unit_of_measure=UNITS[one.unit],
            phase=cast(Any, one.phase),
            location=cast(Any, one.location),
        )
        for one in quantities(reading)
    ]
    return m.MeterValueType(timestamp=written(reading.at), sampled_value=values)


def _verdict(protocol: Protocol, item: Item, payload: Raw) -> Verdict:
    """Return what the network's answer to `item` means. Raises `msgspec.MsgspecError` when it is no such answer."""
    match item:
        case Boot():
            boot = _read(protocol, "BootNotification", payload)
            return Verdict(boot.status == "Accepted", interval_s=boot.interval, word=boot.status)
        case Authorise():
            word = _read(protocol, "Authorize", payload).id_token_info.status
            return Verdict(word == "Accepted", word=word)
        case Started() | Sampled() | Ended():
            told = _read(protocol, "TransactionEvent", payload)
            answer, cost = told.id_token_info, told.total_cost
            return Verdict(
                answer is None or answer.status == "Accepted", word=answer.status if answer else "", cost=cost
            )
        case Told():
            return Verdict(fields=msgspec.json.decode(payload, type=dict[str, Any]))
        case _:
            return Verdict()


def _read(protocol: Protocol, action: str, payload: Raw) -> Any:
    return msgspec.json.decode(payload, type=cast(Any, protocol.actions[action][1]))


def _dialect(protocol: Protocol) -> Dialect:
    return Dialect(said, partial(_verdict, protocol), all_orders(protocol, orders201.ORDERS))


DIALECT_201: Final = _dialect(Protocol.V201)
DIALECT_21: Final = _dialect(Protocol.V21)

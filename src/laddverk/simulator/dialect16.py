"""A charger's side of OCPP 1.6: items as calls, and what the answers mean."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from msgspec import Raw

from laddverk.ocpp.facts import Status
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.ocpp.v16 import messages as m
from laddverk.simulator import orders16
from laddverk.simulator.charger import Charger
from laddverk.simulator.dialect import Dialect, all_orders, quantities, told, written
from laddverk.simulator.model import (
    Authorise,
    Boot,
    Ended,
    Heartbeat,
    Item,
    Reading,
    Sampled,
    Started,
    StatusChanged,
    Told,
    VendorData,
    Verdict,
)

STATUS: Final[dict[Status, m.StatusNotificationStatus]] = {
    Status.AVAILABLE: "Available",
    Status.PREPARING: "Preparing",
    Status.CHARGING: "Charging",
    Status.SUSPENDED_EV: "SuspendedEV",
    Status.SUSPENDED_EVSE: "SuspendedEVSE",
    Status.FINISHING: "Finishing",
    Status.RESERVED: "Reserved",
    Status.UNAVAILABLE: "Unavailable",
    Status.FAULTED: "Faulted",
}


def said(charger: Charger, item: Item) -> tuple[str, Message] | None:
    """Return the call that says `item`."""
    match item:
        case Sampled():
            return "MeterValues", m.MeterValuesRequest(
                connector_id=item.charging.outlet,
                transaction_id=item.charging.number,
                meter_value=[_meter_value(reading) for reading in item.readings],
            )
        case Started(charging=charging):
            return "StartTransaction", m.StartTransactionRequest(
                connector_id=charging.outlet,
                id_tag=charging.token,
                meter_start=item.reading.register_wh,
                timestamp=written(item.at),
                reservation_id=charging.reservation,
            )
        case Ended():
            return "StopTransaction", m.StopTransactionRequest(
                meter_stop=item.reading.register_wh,
                timestamp=written(item.at),
                transaction_id=item.charging.number or 0,
                id_tag=item.token,
                reason=cast(Any, item.reason),
            )
        case _:
            return _said_beside(charger, item)


def _said_beside(charger: Charger, item: Item) -> tuple[str, Message] | None:
    match item:
        case StatusChanged():
            return _status(charger, item)
        case Heartbeat():
            return "Heartbeat", m.HeartbeatRequest()
        case Authorise():
            return "Authorize", m.AuthorizeRequest(id_tag=item.token)
        case Boot():
            return "BootNotification", m.BootNotificationRequest(
                charge_point_vendor=charger.hardware.vendor[:20],
                charge_point_model=charger.hardware.model[:20],
                charge_point_serial_number=charger.hardware.serial[:25] or None,
                firmware_version=charger.hardware.firmware[:50],
            )
        case VendorData():
            return "DataTransfer", m.DataTransferRequest(
                vendor_id=item.vendor_id, message_id=item.message_id, data=item.data
            )
        case Told():
            return told(Protocol.V16, item)
        case _:
            return None


def _status(charger: Charger, item: StatusChanged) -> tuple[str, Message] | None:
    if charger.said_status.get(item.outlet) == item.status and item.error_code is None:
        return None
    charger.said_status[item.outlet] = item.status
    return "StatusNotification", m.StatusNotificationRequest(
        connector_id=item.outlet,
        error_code=cast(Any, item.error_code or "NoError"),
        status=STATUS[item.status],
        timestamp=written(item.at),
        info=item.info,
        vendor_id=charger.hardware.vendor if item.vendor_error_code else None,
        vendor_error_code=item.vendor_error_code,
    )


def _meter_value(reading: Reading) -> m.MeterValue:
    values = [
        m.SampledValue(
            value=str(one.value),
            measurand=cast(Any, one.measurand),
            unit=cast(Any, one.unit),
            phase=cast(Any, one.phase),
            location=cast(Any, one.location),
        )
        for one in quantities(reading)
    ]
    return m.MeterValue(timestamp=written(reading.at), sampled_value=values)


def verdict(item: Item, payload: Raw) -> Verdict:
    """Return what the network's answer to `item` means. Raises `msgspec.MsgspecError` when it is no such answer."""
    match item:
        case Boot():
            boot = msgspec.json.decode(payload, type=m.BootNotificationResponse)
            return Verdict(boot.status == "Accepted", interval_s=boot.interval, word=boot.status)
        case Authorise():
            authorised = msgspec.json.decode(payload, type=m.AuthorizeResponse)
            return Verdict(authorised.id_tag_info.status == "Accepted", word=authorised.id_tag_info.status)
        case Started():
            started = msgspec.json.decode(payload, type=m.StartTransactionResponse)
            word = started.id_tag_info.status
            return Verdict(word == "Accepted", number=started.transaction_id, word=word)
        case Told():
            return Verdict(fields=msgspec.json.decode(payload, type=dict[str, Any]))
        case _:
            return Verdict()


DIALECT_16: Final = Dialect(said, verdict, all_orders(Protocol.V16, orders16.ORDERS))

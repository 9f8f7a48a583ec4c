"""Data transfer (functional block P): what vendors say beside the standard."""

from __future__ import annotations

from typing import Any

import msgspec

from laddverk.ocpp import commands
from laddverk.ocpp.answers import VendorAnswer
from laddverk.ocpp.facts import Fact, VendorMessage
from laddverk.ocpp.translate.origin import Origin, said, stamp
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

Request = v16.DataTransferRequest | v201.DataTransferRequest | v21.DataTransferRequest


def vendor_message(message: Request, origin: Origin) -> list[Fact]:
    """Return what a vendor's charger says, its data as it came."""
    vendor, message_id = said(message.vendor_id) or "", said(message.message_id)
    return [VendorMessage(**stamp(origin), vendor_id=vendor, message_id=message_id, data=message.data)]


def answer_16(answer: VendorAnswer) -> dict[str, Any]:
    """Return the fields of DataTransfer.conf of 1.6, whose data is text."""
    return {"status": answer.status, "data": as_text(answer.data)}


def answer_2x(answer: VendorAnswer) -> dict[str, Any]:
    """Return the fields of DataTransferResponse of 2.x, whose data is any JSON."""
    return {"status": answer.status, "data": answer.data}


def send_16(command: commands.SendData) -> tuple[str, dict[str, Any]]:
    """Return DataTransfer of 1.6, whose data is text."""
    return "DataTransfer", {
        "vendorId": command.vendor_id,
        "messageId": command.message_id,
        "data": as_text(command.data),
    }


def send_2x(command: commands.SendData) -> tuple[str, dict[str, Any]]:
    """Return DataTransfer of 2.x, whose data is any JSON."""
    return "DataTransfer", {"vendorId": command.vendor_id, "messageId": command.message_id, "data": command.data}


def as_text(data: Any) -> str | None:
    """Return data as 1.6 wants it: text; anything else as JSON in a text."""
    return data if data is None or isinstance(data, str) else msgspec.json.encode(data).decode()

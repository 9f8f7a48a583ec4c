"""Commands beside the standard (block P): data of vendors, and any call that a tool wants to make."""

from __future__ import annotations

from typing import Any

from msgspec import field

from laddverk.ocpp.commands.base import Command


class SendData(Command, frozen=True, kw_only=True, tag="send_data"):
    """DataTransfer to the charger."""

    vendor_id: str
    message_id: str | None = None
    data: Any = None


class RawCall(Command, frozen=True, kw_only=True, tag="raw_call"):
    """Any call of the station's version, as a tool wants it. The answer is in the outcome's `detail["answer"]`."""

    action: str
    payload: dict[str, Any] = field(default_factory=dict)


AnyDataTransfer = SendData | RawCall

"""Data transfer (functional block P): what vendors say beside the standard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.ocpp import commands
from laddverk.ocpp.answers import Answer, VendorAnswer
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.facts import Fact, VendorMessage
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate import plug_and_charge
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers, first
from laddverk.ocpp.translate.origin import Origin, said, stamp
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

Request = v16.DataTransferRequest | v201.DataTransferRequest | v21.DataTransferRequest


def vendor_message(message: Request, origin: Origin) -> list[Fact]:
    """Return what a vendor's charger says, its data as it came."""
    vendor, message_id = said(message.vendor_id) or "", said(message.message_id)
    return [VendorMessage(**stamp(origin), vendor_id=vendor, message_id=message_id, data=message.data)]


def vendor_message_16(message: v16.DataTransferRequest, origin: Origin) -> list[Fact]:
    """Return what a vendor's charger of 1.6 says; Plug & Charge has its messages within (`plug_and_charge`)."""
    within = plug_and_charge.facts(message, origin) if plug_and_charge.is_meant(message) else None
    return vendor_message(message, origin) if within is None else within


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


def raw_call(command: commands.RawCall) -> tuple[str, dict[str, Any]]:
    """Return the call that a tool wants, as it is. It is checked against the schema like any other (T31)."""
    return command.action, command.payload


def raw_outcome(_command: commands.Command, response: Message) -> CommandOutcome:
    """Return the answer to a tool's call, whole."""
    answer = msgspec.to_builtins(response)
    return CommandOutcome(verdict=Verdict.DONE, word=str(answer.get("status", "Answered")), detail={"answer": answer})


def _answer(protocol: Protocol, message: Any, answers: Sequence[Answer | None], now: datetime) -> dict[str, Any]:
    if protocol.is_16 and plug_and_charge.is_meant(message):
        return plug_and_charge.answer(message, answers, now)
    said_to_it = first(answers, VendorAnswer) or VendorAnswer()
    return answer_16(said_to_it) if protocol.is_16 else answer_2x(said_to_it)


READERS_16: Final[Readers] = {"DataTransfer": vendor_message_16}
READERS_2X: Final[Readers] = {"DataTransfer": vendor_message}
SPEAKERS_16: Final[Speakers] = {commands.SendData: send_16, commands.RawCall: raw_call}
SPEAKERS_2X: Final[Speakers] = {commands.SendData: send_2x, commands.RawCall: raw_call}
ANSWERERS: Final[Answerers] = {"DataTransfer": _answer}
OUTCOMES: Final[Outcomes] = {commands.RawCall: raw_outcome}

"""Translation between the messages of OCPP 1.6, 2.0.1 and 2.1 and the one vocabulary of facts and commands.

The files are named after the standard's functional blocks; this one knows which function reads which message. Above
it, no line of code knows which version a charger speaks. What a message lacks never stops it: see `tolerance`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Raw

from laddverk.ocpp import codec, commands, times
from laddverk.ocpp.answers import Answer, AuthorisationAnswer, BootAnswer, StartAnswer, VendorAnswer
from laddverk.ocpp.commands import Command, CommandOutcome
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import Fact
from laddverk.ocpp.frames import CallError
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate import (
    authorization,
    availability,
    data_transfer,
    meter_values,
    other,
    outcomes,
    provisioning,
    remote_control,
    transactions,
)
from laddverk.ocpp.translate.origin import Origin, wire

__all__ = ["Origin", "answer", "from_charger", "outcome", "to_call", "to_facts"]

Read = Callable[[Any, Origin], list[Fact]]
Say = Callable[[Any], tuple[str, dict[str, Any]]]
OneAnswer = TypeVar("OneAnswer", BootAnswer, AuthorisationAnswer, StartAnswer, VendorAnswer)

READERS_16: Final[dict[str, Read]] = {
    "Authorize": authorization.presented_16,
    "BootNotification": provisioning.booted_16,
    "DataTransfer": data_transfer.vendor_message,
    "Heartbeat": provisioning.heartbeat,
    "MeterValues": meter_values.sampled_16,
    "StartTransaction": transactions.started_16,
    "StatusNotification": availability.status_16,
    "StopTransaction": transactions.ended_16,
}
READERS_2X: Final[dict[str, Read]] = {
    "Authorize": authorization.presented_2x,
    "BootNotification": provisioning.booted_2x,
    "DataTransfer": data_transfer.vendor_message,
    "Heartbeat": provisioning.heartbeat,
    "MeterValues": meter_values.sampled_2x,
    "NotifyReport": provisioning.report,
    "StatusNotification": availability.status_2x,
    "TransactionEvent": transactions.event_2x,
}
SPEAKERS_16: Final[dict[type[Command], Say]] = {
    commands.StartCharging: remote_control.start_16,
    commands.StopCharging: remote_control.stop_16,
    commands.UnlockConnector: remote_control.unlock_16,
    commands.Reset: provisioning.reset_16,
    commands.ChangeAvailability: availability.change_16,
    commands.Trigger: remote_control.trigger_16,
    commands.ReadVariables: provisioning.read_16,
    commands.WriteVariable: provisioning.write_16,
    commands.RequestReport: provisioning.report_16,
    commands.SendData: data_transfer.send_16,
}
SPEAKERS_2X: Final[dict[type[Command], Say]] = {
    commands.StartCharging: remote_control.start_2x,
    commands.StopCharging: remote_control.stop_2x,
    commands.UnlockConnector: remote_control.unlock_2x,
    commands.Reset: provisioning.reset_2x,
    commands.ChangeAvailability: availability.change_2x,
    commands.Trigger: remote_control.trigger_2x,
    commands.ReadVariables: provisioning.read_2x,
    commands.WriteVariable: provisioning.write_2x,
    commands.RequestReport: provisioning.report_2x,
    commands.SendData: data_transfer.send_2x,
}


def from_charger(protocol: Protocol, action: str) -> bool:
    """Whether `action` is one that a charger may send. Another known one deserves NotSupported."""
    return action in protocol.from_charger


def to_facts(protocol: Protocol, action: str, message: Message, origin: Origin) -> list[Fact]:
    """Return what `message`, a request from a charger, states, in order. Never raises, whatever it holds.

    A message that no room acts on yet is one `OtherReported`. Without anything to state (MeterValues without values)
    the list is empty.
    """
    read = _readers(protocol).get(action)
    return read(message, origin) if read else other.reported(action, message, origin)


def answer(
    protocol: Protocol, action: str, message: Message, answers: Sequence[Answer | None], now: datetime
) -> Message:
    """Return the answer to `message` that the rooms' `answers` to its facts make. Never raises.

    An answer that is missing, because its fact is in quarantine, is replaced by the one that does least harm.
    """
    kind = protocol.actions[action][1]
    if kind is None:
        return Message()  # sent without waiting for an answer, but called all the same
    try:
        return cast(Message, wire(kind, _answer_fields(protocol, action, message, answers, now)))
    except (msgspec.ValidationError, AttributeError, TypeError):
        return other.harmless(kind)


def to_call(protocol: Protocol, command: Command) -> tuple[str, Message]:
    """Return the action and the request that put `command` to a charger of this version.

    Raises `Untranslatable`, in words for the operator, when the version cannot express it.
    """
    speakers = SPEAKERS_16 if protocol.is_16 else SPEAKERS_2X
    action, fields = speakers[type(command)](command)
    try:
        return action, wire(protocol.actions[action][0], fields)
    except msgspec.ValidationError as error:
        raise Untranslatable(f"{action} of {protocol} does not allow this: {error}") from None


def outcome(protocol: Protocol, command: Command, answered: Raw | bytes | Message | CallError) -> CommandOutcome:
    """Return what the charger's answer to `command` means: the payload of a result, its message, or the error.

    Raises `Undecodable` for a payload that is no answer at all.
    """
    if isinstance(answered, CallError):
        return outcomes.of_error(answered)
    action, _ = to_call(protocol, command)
    if not isinstance(answered, Message):
        answered = codec.decode_response(protocol, action, answered).message
    return outcomes.of_answer(command, action, answered)


def _readers(protocol: Protocol) -> dict[str, Read]:
    return READERS_16 if protocol.is_16 else READERS_2X


def _answer_fields(
    protocol: Protocol, action: str, message: Any, answers: Sequence[Answer | None], now: datetime
) -> dict[str, Any]:
    """Return the fields of the answer, as they go over the wire."""
    match action:
        case "BootNotification":
            return provisioning.boot_answer(_first(answers, BootAnswer), now)
        case "Heartbeat":
            return {"currentTime": times.written(now)}
        case "Authorize":
            standing = _first(answers, AuthorisationAnswer) or authorization.NOT_RECORDED
            if protocol.is_16:
                return {"idTagInfo": authorization.tag_info(standing)}
            return {"idTokenInfo": authorization.token_info(standing)}
        case "StartTransaction":
            return transactions.start_answer_16(message, _first(answers, StartAnswer))
        case "StopTransaction":
            return transactions.stop_answer_16(_first(answers, StartAnswer))
        case "TransactionEvent":
            return transactions.event_answer(_first(answers, StartAnswer))
        case "DataTransfer":
            said = _first(answers, VendorAnswer) or VendorAnswer()
            return data_transfer.answer_16(said) if protocol.is_16 else data_transfer.answer_2x(said)
    return other.smallest_answer(action, message, now)


def _first(answers: Sequence[Answer | None], kind: type[OneAnswer]) -> OneAnswer | None:
    for item in answers:
        if isinstance(item, kind):
            return item
    return None

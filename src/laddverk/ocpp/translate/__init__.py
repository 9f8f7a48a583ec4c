"""Translation between the messages of OCPP 1.6, 2.0.1 and 2.1 and the one vocabulary of facts and commands.

The files are named after the standard's functional blocks; this one knows which function reads which message. Above
it, no line of code knows which version a charger speaks. What a message lacks never stops it: see `tolerance`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, Final, cast

import msgspec
from msgspec import Raw

from laddverk.ocpp import codec
from laddverk.ocpp.answers import Answer
from laddverk.ocpp.commands import Command, CommandOutcome
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import Fact
from laddverk.ocpp.frames import CallError
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate import (
    authorization,
    availability,
    battery_swap,
    certificates,
    customers,
    data_transfer,
    der,
    display,
    firmware,
    local_lists,
    meter_values,
    monitoring,
    other,
    outcomes,
    payment,
    provisioning,
    remote_control,
    reservations,
    security,
    smart_charging,
    tariff_cost,
    transactions,
)
from laddverk.ocpp.translate.block import Answerers, Outcomes, Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, wire

__all__ = ["Origin", "answer", "from_charger", "outcome", "to_call", "to_facts"]

BLOCKS: Final = (
    authorization,
    availability,
    battery_swap,
    certificates,
    customers,
    data_transfer,
    der,
    display,
    firmware,
    local_lists,
    meter_values,
    monitoring,
    payment,
    provisioning,
    remote_control,
    reservations,
    security,
    smart_charging,
    tariff_cost,
    transactions,
)
"""The functional blocks; each brings the tables that `block` describes, as far as it has them."""


def _table(name: str) -> dict[Any, Any]:
    return dict(chain.from_iterable(getattr(block, name, {}).items() for block in BLOCKS))


READERS_16: Final[Readers] = _table("READERS_16")
READERS_2X: Final[Readers] = _table("READERS_2X")
SPEAKERS_16: Final[Speakers] = _table("SPEAKERS_16")
SPEAKERS_2X: Final[Speakers] = _table("SPEAKERS_2X")
ANSWERERS: Final[Answerers] = _table("ANSWERERS")
OUTCOMES: Final[Outcomes] = _table("OUTCOMES")


def from_charger(protocol: Protocol, action: str) -> bool:
    """Whether `action` is one that a charger may send. Another known one deserves NotSupported."""
    return action in protocol.from_charger


def to_facts(protocol: Protocol, action: str, message: Message, origin: Origin) -> list[Fact]:
    """Return what `message`, a request from a charger, states, in order. Never raises, whatever it holds.

    A message that no room acts on yet is one `OtherReported`. Without anything to state (MeterValues without values)
    the list is empty.
    """
    read = (READERS_16 if protocol.is_16 else READERS_2X).get(action)
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
    say = ANSWERERS.get(action)
    try:
        fields = say(protocol, message, answers, now) if say else other.smallest_answer(action, message, now)
        return cast(Message, wire(kind, fields))
    except (msgspec.ValidationError, AttributeError, TypeError):
        return other.harmless(kind)


def to_call(protocol: Protocol, command: Command) -> tuple[str, Message]:
    """Return the action and the request that put `command` to a charger of this version.

    Raises `Untranslatable`, in words for the operator, when the version cannot express it.
    """
    say = (SPEAKERS_16 if protocol.is_16 else SPEAKERS_2X).get(type(command))
    if say is None:
        raise Untranslatable(f"{protocol} has no message for this.")
    action, fields = say(command)
    if action not in for_charger(protocol):
        raise Untranslatable(f"{action} is no message of {protocol} to a charger.")
    try:
        return action, cast(Message, wire(protocol.actions[action][0], fields))
    except msgspec.ValidationError as error:
        raise Untranslatable(f"{action} of {protocol} does not allow this: {error}") from None


@cache
def for_charger(protocol: Protocol) -> frozenset[str]:
    """Return the actions that are ours to send: all that chargers do not, and DataTransfer, which both do."""
    return frozenset(protocol.actions) - (protocol.from_charger - {"DataTransfer"})


def outcome(protocol: Protocol, command: Command, answered: Raw | bytes | Message | CallError) -> CommandOutcome:
    """Return what the charger's answer to `command` means: the payload of a result, its message, or the error.

    Raises `Undecodable` for a payload that is no answer at all.
    """
    if isinstance(answered, CallError):
        return outcomes.of_error(answered)
    action, _ = to_call(protocol, command)
    if not isinstance(answered, Message):
        answered = codec.decode_response(protocol, action, answered).message
    means = OUTCOMES.get(type(command))
    return means(command, answered) if means else outcomes.of_answer(command, action, answered)

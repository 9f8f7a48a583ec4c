"""Frames: what one WebSocket message is, without doing any I/O (OCPP-J 1.6 chapter 4, OCPP 2.x part 4).

`decode` never raises: what cannot be understood is `Malformed`, with as much of it as could be made out, so that the
charger can be told and does not wait for nothing. The size of a frame is limited by whoever reads the socket.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from laddverk.ocpp.errors import DESCRIPTION_MAX, Fault, spelled
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.repair import repaired
from laddverk.ocpp.structs import Message

DEPTH_MAX: Final = 32  # the deepest message of the standard has 9 levels; customData may add some
UNIQUE_ID_LENGTH: Final = 36  # of the standard; longer ones are flagged
UNIQUE_ID_MAX: Final = 255  # an id beyond this is no id
ACTION_MAX: Final = 100  # the longest action of the standard has 35 characters

CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4
CALL_RESULT_ERROR: Final = 5  # OCPP 2.1
SEND: Final = 6  # OCPP 2.1
MESSAGE_TYPES: Final = {str(number): number for number in (CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND)}
NO_ID: Final = "-1"  # what 2.x answers to a call whose id cannot be read

UniqueId = str | int | float
"""The id of a call, with the JSON type the charger gave it, so that it can be echoed (quirk 28)."""


class Call(Struct, frozen=True):
    """A request that waits for an answer."""

    unique_id: UniqueId
    action: str
    payload: Raw
    flags: tuple[str, ...] = ()


class CallResult(Struct, frozen=True):
    """The answer to a call of ours."""

    unique_id: UniqueId
    payload: Raw
    flags: tuple[str, ...] = ()


class CallError(Struct, frozen=True):
    """The refusal of a call of ours. `code` is as the charger spelled it; `errors.understood` says what it means."""

    unique_id: UniqueId
    code: str
    description: str = ""
    details: dict[str, Any] = {}
    flags: tuple[str, ...] = ()


class CallResultError(Struct, frozen=True):
    """The charger could not use our answer to its call (2.1)."""

    unique_id: UniqueId
    code: str
    description: str = ""
    details: dict[str, Any] = {}
    flags: tuple[str, ...] = ()


class Send(Struct, frozen=True):
    """A message that nobody answers (2.1)."""

    unique_id: UniqueId
    action: str
    payload: Raw
    flags: tuple[str, ...] = ()


class Malformed(Struct, frozen=True):
    """What is no frame: why, and the parts of it that could still be read."""

    why: str
    unique_id: UniqueId | None = None
    message_type: int | None = None
    fault: Fault = Fault.FRAMEWORK


Frame = Call | CallResult | CallError | CallResultError | Send | Malformed

_CALL_DECODER: Final = msgspec.json.Decoder(tuple[int, str, str, Raw])
_LIST_DECODER: Final = msgspec.json.Decoder(list[Raw])
_ENCODER: Final = msgspec.json.Encoder()
_BEGINNING: Final = re.compile(
    r'\s*\[\s*"?(?P<type>\d)"?\s*,\s*(?:"(?P<text>[^"\\]{1,255})"|(?P<number>-?\d{1,18})\b)?'
)
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_OPENING: Final = bytes(set(range(256)) - set(b"[{"))
_ALL_BUT_MARKS: Final = bytes(set(range(256)) - set(b'[]{}"'))


def decode(data: str | bytes) -> Frame:
    """Return what `data`, one WebSocket message, is. Never raises."""
    raw = data if isinstance(data, bytes) else data.encode(errors="replace")
    try:
        number, unique_id, action, payload = _CALL_DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_carefully(raw)
    if number != CALL or len(unique_id) > UNIQUE_ID_LENGTH or len(action) > ACTION_MAX or _is_deep(raw):
        return _decode_carefully(raw)
    return Call(unique_id, action, payload)


def _decode_carefully(raw: bytes) -> Frame:
    """Return what `raw` is, mending known faults: for everything but a well-formed call."""
    text = raw.decode(errors="replace").lstrip("\ufeff")
    if _is_deep(raw):
        return _malformed(text, f"nested deeper than {DEPTH_MAX}")
    parts = _elements(text)
    flags: tuple[str, ...] = ()
    if parts is None:
        text, flags = repaired(text)
        parts = _elements(text)
    if parts is None:
        return _malformed(text, "not a JSON array")
    return _frame(text, parts, flags)


def _elements(text: str) -> list[Raw] | None:
    try:
        return _LIST_DECODER.decode(text.strip().encode(errors="replace"))
    except (msgspec.MsgspecError, RecursionError):
        return None


def _frame(text: str, parts: list[Raw], flags: tuple[str, ...]) -> Frame:
    """Return the frame of which `parts` are the elements."""
    values = [_scalar(part) for part in parts[:4]]
    number = MESSAGE_TYPES.get(str(values[0])) if values else None
    unique_id = values[1] if len(values) > 1 else None
    if number is None:
        return _malformed(text, f"unknown message type {str(values[0])[:20] if values else ''}", Fault.MESSAGE_TYPE)
    if unique_id is None or len(str(unique_id)) > UNIQUE_ID_MAX:
        return Malformed("no usable unique id", None, number)
    if len(str(unique_id)) > UNIQUE_ID_LENGTH:
        flags = (*flags, f"the unique id has {len(str(unique_id))} characters")
    if number == CALL_RESULT:
        return CallResult(unique_id, parts[2] if len(parts) > 2 else Raw(b"{}"), flags)
    if number in (CALL_ERROR, CALL_RESULT_ERROR):
        kind = CallError if number == CALL_ERROR else CallResultError
        code, description = (str(value) if value is not None else "" for value in [*values[2:4], None, None][:2])
        return kind(unique_id, code, description, _details(parts[4]) if len(parts) > 4 else {}, flags)
    action = values[2] if len(values) > 2 else None
    if not isinstance(action, str) or len(action) > ACTION_MAX:
        return Malformed("no usable action", unique_id, number, Fault.FORMAT)
    if len(parts) < 4:
        return Malformed("no payload", unique_id, number, Fault.FORMAT)
    return (Call if number == CALL else Send)(unique_id, action, parts[3], flags)


def _scalar(part: Raw) -> UniqueId | None:
    """Return a string or number as it is; None for anything else."""
    try:
        return msgspec.json.decode(part, type=str | int | float)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _details(part: Raw) -> dict[str, Any]:
    """Return the details of an error as an object, whatever the charger sent (quirk 23)."""
    try:
        value = msgspec.json.decode(part)
    except (msgspec.MsgspecError, RecursionError):
        return {"details": bytes(part).decode(errors="replace")}
    return value if isinstance(value, dict) else {} if value is None else {"details": value}


def _malformed(text: str, why: str, fault: Fault = Fault.FRAMEWORK) -> Malformed:
    """Return what can be told of a text that is no frame: its type and id, if it begins as one."""
    beginning = _BEGINNING.match(text[: UNIQUE_ID_MAX * 2])
    if not beginning:
        return Malformed(why, fault=fault)
    unique_id: UniqueId | None = beginning["text"]
    if beginning["number"]:
        unique_id = int(beginning["number"])
    return Malformed(why, unique_id, int(beginning["type"]), fault)


def _is_deep(raw: bytes) -> bool:
    """Whether `raw` nests deeper than `DEPTH_MAX`.

    What stands in quotes is taken out, and then pairs of brackets from the inside, level by level: each is one sweep
    in C, where a regular expression would cost more than all the rest of a message.
    """
    if len(raw.translate(None, _ALL_BUT_OPENING)) <= DEPTH_MAX:
        return False
    if b"\\" in raw:
        raw = raw.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = raw.translate(_ONE_KIND, _ALL_BUT_MARKS).replace(b'""', b"")  # most strings hold no bracket
    brackets = b"".join(marks.split(b'"')[::2])
    for _ in range(DEPTH_MAX):
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets


def as_spoken(protocol: Protocol, frame: Frame) -> Frame:
    """Return `frame` as `protocol` has it: CALLRESULTERROR and SEND came with 2.1, and are unknown types before.

    In 2.1 an action is either called or sent (part 4, 4.1.2); the other way round it is read, and flagged.
    """
    if protocol is not Protocol.V21:
        if isinstance(frame, Send | CallResultError):
            number = SEND if isinstance(frame, Send) else CALL_RESULT_ERROR
            return Malformed(f"unknown message type {number}", frame.unique_id, None, Fault.MESSAGE_TYPE)
    elif isinstance(frame, Call | Send) and frame.action in protocol.actions:
        is_only_sent = protocol.actions[frame.action][1] is None
        if is_only_sent and isinstance(frame, Call):
            return msgspec.structs.replace(frame, flags=(*frame.flags, "called, but it is only sent"))
        if not is_only_sent and isinstance(frame, Send):
            return msgspec.structs.replace(frame, flags=(*frame.flags, "sent without waiting for an answer"))
    return frame


def encode_call(unique_id: str, action: str, message: Message) -> str:
    """Return a CALL as the text of one WebSocket message."""
    return _ENCODER.encode((CALL, unique_id, action, message)).decode()


def encode_send(unique_id: str, action: str, message: Message) -> str:
    """Return a SEND (2.1), which nobody answers."""
    return _ENCODER.encode((SEND, unique_id, action, message)).decode()


def encode_result(unique_id: UniqueId, message: Message) -> str:
    """Return the CALLRESULT that answers the call `unique_id`."""
    return _ENCODER.encode((CALL_RESULT, unique_id, message)).decode()


def encode_error(protocol: Protocol, unique_id: UniqueId, fault: Fault, description: str = "") -> str:
    """Return the CALLERROR that refuses the call `unique_id`, with the code as `protocol` spells it."""
    frame: tuple[object, ...] = (CALL_ERROR, unique_id, spelled(protocol, fault), description[:DESCRIPTION_MAX], {})
    return _ENCODER.encode(frame).decode()


def encode_result_error(protocol: Protocol, unique_id: UniqueId, fault: Fault, description: str = "") -> str:
    """Return the CALLRESULTERROR (2.1) that says that the answer to our call `unique_id` could not be used."""
    code = spelled(protocol, fault)
    return _ENCODER.encode((CALL_RESULT_ERROR, unique_id, code, description[:DESCRIPTION_MAX], {})).decode()


def refusal(protocol: Protocol, malformed: Malformed) -> str | None:
    """Return the CALLERROR to send for what is no frame, or None when it is better to say nothing.

    A broken answer is never answered. 1.6 ignores unknown message types (OCPP-J 4.1.3); 2.x refuses them, and answers
    with the id "-1" when it cannot read one (part 4, 4.2.3).
    """
    if malformed.message_type in (CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND):
        return None
    if protocol.is_16 and (malformed.unique_id is None or malformed.fault is Fault.MESSAGE_TYPE):
        return None
    unique_id = NO_ID if malformed.unique_id is None else malformed.unique_id
    return encode_error(protocol, unique_id, malformed.fault, malformed.why)

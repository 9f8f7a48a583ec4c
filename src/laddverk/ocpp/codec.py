"""The codec: from the payload of a frame to a Struct of its version, and what was tolerated on the way.

A payload as the standard wants it goes the fast way: msgspec validates while it parses. Any other is read a second
time with goodwill, in three steps: `parse` makes JSON values of the bytes, `tolerance.normalise` brings them into the
shape of the standard, `validation.validate_and_flag` makes a Struct and tells which rules it breaks. Names that occur
twice in an object are noticed only in a second reading; the last one counts in both.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from laddverk.ocpp import tolerance
from laddverk.ocpp.errors import Fault, Undecodable
from laddverk.ocpp.frames import DEPTH_MAX
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import CustomDataType, Message
from laddverk.ocpp.validation import validate_and_flag

NUL: Final = rb"\u0000"  # valid JSON, but no text for PostgreSQL
TRANSACTION_ACTIONS: Final = frozenset({"MeterValues", "StartTransaction", "StopTransaction", "TransactionEvent"})
"""What holds money. Even a strict station is not refused these: what it bent is flagged (law 1)."""

NEVER_REFUSED: Final = {
    # Law 1: what was charged, and what is broken, must not be lost for a cosmetic fault.
    "MeterValues", "StartTransaction", "StatusNotification", "StopTransaction", "TransactionEvent",
    # A report in many parts is worth having with one part odd; a refusal ends all of it.
    "NotifyCustomerInformation", "NotifyEvent", "NotifyMonitoringReport", "NotifyReport", "SecurityEventNotification",
    # What the charger tells of its own doings: nothing depends on the odd field.
    "DiagnosticsStatusNotification", "FirmwareStatusNotification", "LogStatusNotification",
    "SignedFirmwareStatusNotification",
}  # fmt: skip


class Decoded(Struct, frozen=True):
    """A message that was understood. No flags: it is exactly as the standard wants it."""

    message: Message
    flags: tuple[str, ...] = ()


def decode_request(
    protocol: Protocol, action: str, raw: bytes | Raw, *, to_charger: bool = False, strict: bool = False
) -> Decoded:
    """Return the request of `action` that `raw`, the payload of a charger's call, holds.

    With `to_charger` it is the other way round: what a central system sends to a charger. With `strict` (a station
    under test) goodwill ends where no money hangs on it: what the schema refuses is refused. Raises `Undecodable`:
    NotImplemented for an action that the version does not have, NotSupported for one that only the other side may
    send, else what is wrong with the payload.
    """
    if action not in protocol.actions:
        raise Undecodable(protocol, Fault.NOT_IMPLEMENTED, f"{tolerance.shown(action)} is not an action of {protocol}")
    if not to_charger and action not in protocol.from_charger:
        raise Undecodable(protocol, Fault.NOT_SUPPORTED, f"{action} is not for chargers to send")
    kind = protocol.actions[action][0]
    if strict and action not in TRANSACTION_ACTIONS:
        return _decoded(protocol, kind, raw, forgiving=False, strict=True)
    return _decoded(protocol, kind, raw, forgiving=action in NEVER_REFUSED)


def decode_response(protocol: Protocol, action: str, raw: bytes | Raw) -> Decoded:
    """Return the answer to `action` that `raw`, the payload of a result, holds.

    What is missing in an answer is empty: a command has an outcome all the same. Raises `Undecodable`.
    """
    response = protocol.actions[action][1] if action in protocol.actions else None
    if response is None:
        raise Undecodable(protocol, Fault.NOT_IMPLEMENTED, f"{tolerance.shown(action)} has no answer in {protocol}")
    return _decoded(protocol, response, raw, forgiving=True)


def strictly(kind: type[Message], raw: bytes | Raw) -> Message:
    """Return `raw` as a `kind`, exactly as the schema has it, except that null stands for absent (quirk 55).

    Raises `msgspec.MsgspecError` with the path of the first fault, UnicodeDecodeError or RecursionError.
    """
    return _decoder(kind).decode(raw)


def _decoded(
    protocol: Protocol, kind: type[Message], raw: bytes | Raw, *, forgiving: bool, strict: bool = False
) -> Decoded:
    text = bytes(raw)
    try:
        if b"\\" not in text or NUL not in text:  # a single byte is found ten times as fast, and escapes are rare
            return Decoded(strictly(kind, text))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass  # the second reading says what is wrong, in words and by path
    try:
        value, oddities = parse(protocol, text)
        shaped, bent = tolerance.normalise(kind, value)
        message, broken = validate_and_flag(kind, shaped, forgiving=forgiving)
    except tolerance.Unusable as problem:
        raise Undecodable(protocol, problem.fault, str(problem)) from None
    flags = [*bent, *broken][: tolerance.FLAGS_MAX]
    if strict and (flags or oddities):
        first = flags[0] if flags else tolerance.Flag(Fault.FORMAT, "", oddities[0])
        raise Undecodable(protocol, first.fault, str(first))
    return Decoded(message, (*oddities, *map(str, flags)))


def parse(protocol: Protocol, text: bytes) -> tuple[Any, list[str]]:
    """Return the JSON value in `text`, the first step, and what was odd about it. Raises `Undecodable`."""
    try:
        value, oddities = tolerance.parsed(text.decode(errors="replace"))
    except (ValueError, RecursionError):
        raise Undecodable(protocol, Fault.FORMAT, "the payload is not JSON") from None
    if _depth(value) > DEPTH_MAX:
        raise Undecodable(protocol, Fault.FORMAT, f"nested deeper than {DEPTH_MAX}")
    return value, oddities


@cache
def _decoder(kind: type[Message]) -> msgspec.json.Decoder[Message]:
    return msgspec.json.Decoder(kind, dec_hook=_custom_data)


def _custom_data(kind: type, value: Any) -> CustomDataType:
    """Return the vendor's own object, checked as its schema wants: it needs a vendorId, and may hold anything else."""
    vendor_id = value.get("vendorId") if isinstance(value, dict) else None
    if kind is not CustomDataType or not isinstance(vendor_id, str) or len(vendor_id) > CustomDataType.VENDOR_ID_MAX:
        raise ValueError("customData must be an object with a vendorId")
    if _depth(value) > DEPTH_MAX:
        raise ValueError("customData is nested too deep")
    return CustomDataType(value)


def _depth(value: Any) -> int:
    """Return how deep a parsed value nests, level by level, without recursion; never much more than `DEPTH_MAX`."""
    level, depth = [value], 0
    while level and depth <= DEPTH_MAX:
        level = [
            inner
            for item in level
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        depth += 1
    return depth - 1

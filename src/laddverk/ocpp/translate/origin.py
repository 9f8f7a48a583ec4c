"""Where a message came from, and the words and numbers in it that many facts need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import blake2b
from typing import Any, Final, TypedDict

import msgspec
from msgspec import Struct

from laddverk.kernel.ids import StationId
from laddverk.ocpp import times

NUMBER_MAX: Final = 1_000  # EVSEs or connectors of one station; the largest known site controllers have some hundreds
INT_MAX: Final = 2**31 - 1
BIGINT_MAX: Final = 2**63 - 1
ABSENT_WORDS: Final = {"", "null", "none", "n/a", "na", "undefined", "0x0000"}  # quirk 55
_ENCODER: Final = msgspec.json.Encoder()
UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f]+")


class Origin(Struct, frozen=True):
    """Which station sent the message, when it came, and what is known of the station's clock."""

    station_id: StationId
    received_at: datetime
    clock_offset: timedelta = timedelta(0)
    """What must be added to what the charger says to get the true time."""
    flags: tuple[str, ...] = ()
    zone: tzinfo = UTC
    """Of times that come without one."""


class Stamp(TypedDict):
    """The fields that every fact begins with."""

    station_id: StationId
    at: datetime
    received_at: datetime
    said_at: datetime | None
    flags: tuple[str, ...]


def stamp(origin: Origin, *flags: str | None) -> Stamp:
    """Return the beginning of a fact from a message that tells no time: it happened when we received it."""
    return {
        "station_id": origin.station_id,
        "at": origin.received_at,
        "received_at": origin.received_at,
        "said_at": None,
        "flags": (*origin.flags, *filter(None, flags)),
    }


def stamp_at(origin: Origin, said: str | None, *flags: str | None) -> Stamp:
    """Return the beginning of a fact from a message that says when: the three times, and what is odd about them."""
    said_at, oddity = times.parsed(said, origin.zone)
    if said_at is None:
        return stamp(origin, *flags, oddity)
    at, doubt = times.corrected(said_at, origin.received_at, origin.clock_offset)
    return {
        "station_id": origin.station_id,
        "at": at,
        "received_at": origin.received_at,
        "said_at": said_at,
        "flags": (*origin.flags, *filter(None, (*flags, oddity, doubt))),
    }


def said(text: str | None) -> str | None:
    """Return what a charger wrote, without control characters; None for what means nothing, like "N/A" (quirk 55)."""
    if not text:
        return None
    cleaned = text.strip() if text.isprintable() else UNSEEN.sub(" ", text).strip()
    return None if cleaned.lower() in ABSENT_WORDS else cleaned


def token(text: str | None) -> str | None:
    """Return a token's id without the bytes that readers append to it (quirk 52); None when there is none."""
    return UNSEEN.sub("", text).strip() or None if text else None


def whole(number: object, low: int = -INT_MAX, high: int = INT_MAX) -> int | None:
    """Return `number` if it is an integer within bounds, else None. A tolerant reading may have left it empty.

    An integer of OCPP has 32 bits (2.x, part 2, 2.1.2); what is beyond is no id of anything, and no column holds it.
    """
    return number if isinstance(number, int) and low <= number <= high else None


def place(number: object) -> tuple[int, str | None]:
    """Return the number of an EVSE or connector, 0 being the whole; what cannot be one is 0, and a flag says so."""
    found = whole(number, 0, NUMBER_MAX)
    return (0, f"{number!r} is no number of an EVSE or connector") if found is None else (found, None)


def digest(*parts: object) -> str:
    """Return a short name for content: the same for the same parts, in every process and for ever."""
    return blake2b(_ENCODER.encode(parts), digest_size=12).hexdigest()


def wire(kind: type[Any], fields: Mapping[str, Any]) -> Any:
    """Return a Struct made from `fields` as they go over the wire, leaving out None.

    Raises `msgspec.ValidationError` when they are not what the standard allows.
    """
    return msgspec.convert({name: value for name, value in fields.items() if value is not None}, kind)

"""The settings that a model or one station may need, and how they are read, joined and obeyed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

import msgspec
from msgspec import Meta, Struct

from laddverk.kernel.problems import Invalid

Seconds = Annotated[int, Meta(ge=1, le=86_400)]
Versions = Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1"]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
ENTRIES_MAX: Final = 50
FRAME_BYTES_LEAST: Final = 16 * 1024  # below it ordinary messages are refused
FRAME_BYTES_MOST: Final = 1024 * 1024  # a report of a large site controller; more is no charger


class Quirks(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How to treat a charger where it differs from the rule. None: as the rule is."""

    strictness: Literal["tolerant", "strict"] | None = None
    """`strict` refuses what the schema refuses, but for messages that hold money: for chargers under test."""
    assume_protocol: Versions | None = None
    """The version to speak with a charger that offers none in its handshake (quirk 1)."""
    pin_protocol: Versions | None = None
    """The only version to speak, whatever else it offers (quirk 10)."""
    ping_interval_s: Seconds | None = None
    ping_timeout_s: Seconds | None = None
    no_ping: bool | None = None
    """It answers no WebSocket pings, or dies of them: never send one (quirk 12)."""
    call_timeout_s: Annotated[int, Meta(ge=1, le=600)] | None = None
    unanswered_calls_max: Annotated[int, Meta(ge=1, le=100)] | None = None
    """Calls it may leave unanswered before its socket is closed (quirk 35)."""
    boot_grace_s: Annotated[int, Meta(ge=0, le=600)] | None = None
    """How long a charger that does not boot after it connects is left alone before it is called (quirk 36)."""
    call_before_boot: bool | None = None
    """False: it breaks when it is called before its boot was answered, however long that takes (quirk 36)."""
    heartbeat_interval_s: Annotated[int, Meta(ge=10, le=86_400)] | None = None
    frame_bytes_max: Annotated[int, Meta(ge=FRAME_BYTES_LEAST, le=FRAME_BYTES_MOST)] | None = None
    time_zone: Word | None = None
    """The zone of times that it sends without one; the site's, if not set (quirk 45)."""
    id_tag_form: Literal["upper", "lower"] | None = None
    """How tags must be written that are sent to it (quirk 53)."""
    profile_unit: Literal["A", "W"] | None = None
    """The only unit of charging profiles that it understands (quirk 70)."""
    profile_stack_level: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    """The highest stack level of charging profiles that it takes, whatever it says."""
    text_vendor: Word | None = None
    """Its display takes texts (1.6) in a DataTransfer of this vendor id."""
    text_message: Word | None = None
    """The message id of that DataTransfer, where it has one."""
    text_data: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """The data of that DataTransfer, with `{text}` where the text goes; only the text, if not set."""
    never_send: Annotated[tuple[Word, ...], Meta(max_length=ENTRIES_MAX)] = ()
    """Actions, or `Action:word` for a request in which the word stands as a value or within a list of values."""
    expects: Annotated[tuple[Word, ...], Meta(max_length=ENTRIES_MAX)] = ()
    """Kinds of oddities (`oddities.KINDS`) that are its normal way."""
    note: Annotated[str, Meta(max_length=500)] = ""

    def over(self, base: Quirks) -> Quirks:
        """Return these settings on top of `base`: what is set here counts, lists are joined."""
        joined: dict[str, Any] = {}
        for name in self.__struct_fields__:
            mine, theirs = getattr(self, name), getattr(base, name)
            if isinstance(mine, tuple):
                joined[name] = tuple(dict.fromkeys((*theirs, *mine)))
            else:
                joined[name] = theirs if mine is None or mine == "" else mine
        return Quirks(**joined)

    @property
    def is_strict(self) -> bool:
        """Whether goodwill ends where no money hangs on it."""
        return self.strictness == "strict"


NO_QUIRKS: Final = Quirks()


def read(stored: Mapping[str, Any]) -> Quirks:
    """Return the settings in `stored`, leaving out what is not or no longer understood. Never raises."""
    found: dict[str, Any] = {}
    for name, value in stored.items():
        if name not in Quirks.__struct_fields__:
            continue
        try:
            msgspec.convert({name: value}, Quirks)
        except msgspec.ValidationError:
            continue
        found[name] = value
    return msgspec.convert(found, Quirks)


def checked(given: Mapping[str, Any]) -> Quirks:
    """Return the settings in `given`. Raises `Invalid` naming the one that is wrong."""
    for name, value in given.items():
        try:
            msgspec.convert({name: value}, Quirks)
        except msgspec.ValidationError as error:
            raise Invalid(
                "The special setting %(name)s cannot be used: %(reason)s",
                field=name if name in Quirks.__struct_fields__ else "quirks",
                remedy="See docs/chargers.md for what it may be.",
                name=name[:40],
                reason=str(error)[:200],
            ) from None
    quirks = msgspec.convert(dict(given), Quirks)
    if quirks.time_zone is not None and quirks.time_zone not in available_timezones():
        raise Invalid("There is no such time zone.", field="time_zone", remedy="Write it like Europe/Stockholm.")
    return quirks


def forbidden(quirks: Quirks, action: str, request: Any) -> str | None:
    """Return the entry of `never_send` that forbids this request, or None when it may be sent.

    `request` is the message as it will go over the wire, in builtin types.
    """
    said: set[str] | None = None
    for entry in quirks.never_send:
        name, _, word = entry.partition(":")
        if name.lower() != action.lower():
            continue
        if not word:
            return entry
        said = set(_words(request)) if said is None else said
        if word.lower() in said:
            return entry
    return None


def _words(value: Any) -> Iterator[str]:
    """Yield every text in `value`, whole and by its parts between commas, in lower case."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield value.lower()
        yield from (part.strip().lower() for part in value.split(","))

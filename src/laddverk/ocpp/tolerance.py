"""The second step of a decoding: a payload that is not as the standard wants it is brought into the standard's shape.

Chargers in the field send numbers as strings, objects for lists, words in the wrong case and fields nobody knows. Where
what they mean is clear, it is taken and flagged. What cannot be used is left in its place as `Unusable`; whether that
matters, and what lengths and bounds allow, is for the third step (`validation`).
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, cast

import msgspec
from msgspec import Struct, inspect

from laddverk.ocpp.errors import Fault
from laddverk.ocpp.structs import CustomDataType, Message

FLAGS_MAX: Final = 20  # one message's faults that are told; the rest are only counted
SHOWN_MAX: Final = 40  # characters of a faulty value that a flag shows
INT_MAX: Final = 2**63 - 1  # what a PostgreSQL bigint holds
NUMBER_LENGTH_MAX: Final = 60  # digits beyond this are an attack on the parser, not a measurement
TRUE_WORDS: Final = {"true", "1", "yes", "on"}
FALSE_WORDS: Final = {"false", "0", "no", "off"}
ALIASES: Final = {"listversion": "versionnumber"}  # 1.6 names that chargers use on 2.x (quirk 77)


class Flag(Struct, frozen=True):
    """One thing that was odd: where, what, and the error that a strict reader would answer."""

    fault: Fault
    path: str
    what: str

    def __str__(self) -> str:
        """Return the flag in words for the operator."""
        return f"{self.path or 'payload'}: {self.what}"


class Unusable(Exception):
    """A value that cannot be understood as what the standard has in its place."""

    def __init__(self, fault: Fault, path: str, why: str) -> None:
        self.fault = fault
        super().__init__(f"{path or 'payload'}: {why}")


def parsed(text: str) -> tuple[Any, list[str]]:
    """Return the JSON value in `text` and what was odd about it: repeated names, of which the last one counts.

    Numbers with a fraction come as Decimal, so that no digit is lost. Raises ValueError or RecursionError for what is
    no JSON; NaN and Infinity are no JSON.
    """
    flags: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items) and len(flags) < FLAGS_MAX:
            names = Counter(name for name, _ in items)
            repeated = sorted(name for name, times in names.items() if times > 1)
            flags.append(f"repeated: {', '.join(shown(name) for name in repeated[:3])}")
        return found

    value = json.loads(
        text, strict=False, parse_float=_decimal, parse_int=_integer, parse_constant=_constant, object_pairs_hook=pairs
    )
    return value, flags


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= NUMBER_LENGTH_MAX else digits


def _decimal(digits: str) -> Decimal | str:
    try:
        return Decimal(digits) if len(digits) <= NUMBER_LENGTH_MAX else digits
    except InvalidOperation:  # an exponent that even Decimal does not hold
        return digits


def shown(value: object) -> str:
    """Return a hostile value as a flag may show it: short, and without control characters."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


@cache
def type_of(message: type[Message]) -> inspect.StructType:
    """Return what msgspec knows of a message: its fields, their types and bounds."""
    return cast(inspect.StructType, inspect.type_info(message))


@cache
def _fields_of(message: type[Message]) -> dict[str, inspect.Field]:
    """Return the fields of `message` by their name on the wire, in lower case."""
    return {item.encode_name.lower(): item for item in type_of(message).fields}


def normalise(kind: type[Message], value: Any) -> tuple[dict[str, Any], list[Flag]]:
    """Return `value` in the shape of a `kind`, by the names of its fields, and what had to be bent for it.

    Every value has the JSON type that the standard wants, or is an `Unusable`; what is null or unknown is left out.
    Raises `Unusable` when `value` is no object at all.
    """
    if not isinstance(_unwrapped(value), dict):
        raise Unusable(Fault.FORMAT, "", "must be an object")
    shaping = _Shaping()
    return shaping.struct(type_of(kind), value, ""), shaping.flags


class _Shaping:
    """One walk through one payload."""

    def __init__(self) -> None:
        self.flags: list[Flag] = []

    def _flag(self, path: str, what: str, fault: Fault = Fault.TYPE) -> None:
        if len(self.flags) < FLAGS_MAX:
            self.flags.append(Flag(fault, path, what))

    def _shaped(self, kind: inspect.Type, value: Any, path: str) -> Any:
        """Return `value` as what `kind` wants. Raises `Unusable`."""
        match kind:
            case inspect.StructType():
                return self.struct(kind, value, path)
            case inspect.ListType():
                return self._list(kind, value, path)
            case inspect.StrType():
                return self._text(value, path)
            case inspect.LiteralType():
                return self._word(kind, value, path)
            case inspect.IntType() | inspect.FloatType():
                return self._number(kind, value, path)
            case inspect.BoolType():
                return self._bool(value, path)
            case inspect.CustomType():
                return self._custom(value, path)
            case inspect.UnionType():
                inner = next(item for item in kind.types if not isinstance(item, inspect.NoneType))
                return self._shaped(inner, value, path)
        return plain(value)

    def _tried(self, kind: inspect.Type, value: Any, path: str) -> Any:
        try:
            return self._shaped(kind, value, path)
        except Unusable as problem:
            return problem

    def struct(self, kind: inspect.StructType, value: Any, path: str) -> dict[str, Any]:
        """Return the fields of an object that the standard knows, by their Python names."""
        unwrapped = _unwrapped(value)
        if not isinstance(unwrapped, dict):
            raise Unusable(Fault.TYPE, path, f"{shown(value)} is not an object")
        if unwrapped is not value:
            self._flag(path, "an object within a list")
        fields, found = _fields_of(kind.cls), {}
        for name, item in unwrapped.items():
            field = fields.get(name.lower()) or fields.get(ALIASES.get(name.lower(), ""))
            if field is None:
                self._flag(path, f"unknown property {shown(name)}", Fault.FORMAT)
            elif item is not None:
                found[field.name] = self._tried(field.type, item, f"{path}.{field.encode_name}".lstrip("."))
        return found

    def _list(self, kind: inspect.ListType, value: Any, path: str) -> list[Any]:
        items = value if isinstance(value, list) else [value]
        if not isinstance(value, list):
            self._flag(path, "a single value instead of a list")
        return [
            self._tried(kind.item_type, item, f"{path}[{index}]")
            for index, item in enumerate(items)
            if item is not None
        ]

    def _text(self, value: Any, path: str) -> str:
        if isinstance(value, str):
            text = storable(value)
            if text != value:
                self._flag(path, "characters that no text may hold were replaced", Fault.FORMAT)
            return text
        self._flag(path, f"{shown(value)} instead of text")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict | list):
            return storable(msgspec.json.encode(plain(value)).decode())
        return str(value)

    def _word(self, kind: inspect.LiteralType, value: Any, path: str) -> str:
        """Return the standard's word for `value`, whatever its case; an unknown word as it was said (quirks 38, 39)."""
        if value in kind.values:
            return cast(str, value)
        said = self._text(value, path).strip()
        known = {str(word).lower(): str(word) for word in kind.values}
        if said.lower() in known:
            self._flag(path, f"{shown(value)} in an odd spelling", Fault.PROPERTY)
            return known[said.lower()]
        return said

    def _number(self, kind: inspect.IntType | inspect.FloatType, value: Any, path: str) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            value = self._number_in_text(value, path)
        if not -INT_MAX <= value <= INT_MAX:  # compared, not computed: abs() of 1e999999999 overflows
            raise Unusable(Fault.TYPE, path, f"{shown(value)} is out of range")
        if isinstance(kind, inspect.FloatType):
            return float(value)
        whole = int(Decimal(value).to_integral_value())
        if whole != value:
            self._flag(path, f"{value} is not whole")
        return whole

    def _number_in_text(self, value: Any, path: str) -> Decimal:
        """Return the number that a text holds, with a comma or a point (quirks 44, 66)."""
        text = value.strip().replace(",", ".") if isinstance(value, str) else ""
        try:
            number = Decimal(text) if len(text) <= NUMBER_LENGTH_MAX else Decimal("nan")
        except InvalidOperation:
            number = Decimal("nan")
        if not number.is_finite():
            raise Unusable(Fault.TYPE, path, f"{shown(value)} is not a number")
        self._flag(path, f"{shown(value)} instead of a number")
        return number

    def _bool(self, value: Any, path: str) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise Unusable(Fault.TYPE, path, f"{shown(value)} is neither true nor false")
        self._flag(path, f"{shown(value)} instead of true or false")
        return word in TRUE_WORDS

    def _custom(self, value: Any, path: str) -> CustomDataType:
        if not isinstance(value, dict):
            raise Unusable(Fault.TYPE, path, f"{shown(value)} is not an object")
        if not isinstance(value.get("vendorId"), str):
            self._flag(path, "customData without a vendorId", Fault.OCCURRENCE)
        return CustomDataType(plain(value))


def _unwrapped(value: Any) -> Any:
    """Return the only object of a list of one, where an object belongs."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def storable(text: str) -> str:
    """Return `text` without what PostgreSQL and UTF-8 cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def plain(value: Any) -> Any:
    """Return a parsed value as JSON types that can be stored: no Decimal, no NUL, no lone surrogate."""
    if isinstance(value, dict):
        return {storable(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value) if -INT_MAX <= value <= INT_MAX else str(value)
    if isinstance(value, int) and abs(value) > INT_MAX:
        return str(value)
    return storable(value) if isinstance(value, str) else value

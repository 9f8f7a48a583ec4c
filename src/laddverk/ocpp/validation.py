"""The third step of a decoding: a normalised payload becomes a Struct, and what breaks the standard's rules is flagged.

A reading may be forgiving: then even what is missing is left empty, because refusing a transaction message loses money
and makes the charger repeat it for ever (law 1). In a Struct that was made here an enumeration may hold a word that is
not in it, and a required number of a forgiving reading may be None. Whoever reads such fields must expect it;
`translate` does.
"""

from __future__ import annotations

from typing import Any, cast

from msgspec import inspect

from laddverk.ocpp.errors import Fault
from laddverk.ocpp.structs import Message
from laddverk.ocpp.tolerance import FLAGS_MAX, Flag, Unusable, shown, type_of


def validate_and_flag(kind: type[Message], value: dict[str, Any], *, forgiving: bool) -> tuple[Message, list[Flag]]:
    """Return `value`, as `tolerance.normalise` gave it, as a `kind`, and the rules of the standard that it breaks.

    Raises `Unusable` for what is required and missing or cannot be used, unless `forgiving`.
    """
    checking = _Checking(forgiving)
    return checking.struct(type_of(kind), value, ""), checking.flags


class _Checking:
    """One walk through one normalised payload."""

    def __init__(self, forgiving: bool) -> None:
        self.flags: list[Flag] = []
        self._forgiving = forgiving

    def _flag(self, path: str, what: str, fault: Fault) -> None:
        if len(self.flags) < FLAGS_MAX:
            self.flags.append(Flag(fault, path, what))

    def _checked(self, kind: inspect.Type, value: Any, path: str) -> Any:
        if isinstance(value, Unusable):
            raise value
        match kind:
            case inspect.StructType():
                return self.struct(kind, value, path)
            case inspect.ListType():
                self._count(kind, value, path)
                return self._items(kind, value, path)
            case inspect.UnionType():
                inner = next(item for item in kind.types if not isinstance(item, inspect.NoneType))
                return self._checked(inner, value, path)
        self._bound(kind, value, path)
        return value

    def struct(self, kind: inspect.StructType, value: dict[str, Any], path: str) -> Message:
        """Return the Struct that the fields in `value` make."""
        found: dict[str, Any] = {}
        for field in kind.fields:
            place = f"{path}.{field.encode_name}".lstrip(".")
            if field.name in value:
                self._take(field, value[field.name], place, found)
            if field.required and field.name not in found:
                found[field.name] = self._missing(field, place)
        return cast(Message, kind.cls(**found))

    def _take(self, field: inspect.Field, item: Any, path: str, found: dict[str, Any]) -> None:
        """Put the value of a field into `found`, or flag that it cannot be used and may be absent."""
        try:
            found[field.name] = self._checked(field.type, item, path)
        except Unusable as problem:
            if field.required and not self._forgiving:
                raise
            self._flag("ignored", str(problem), problem.fault)

    def _missing(self, field: inspect.Field, path: str) -> Any:
        """Return what stands for a required property that is not there: nothing, in the shape of its type."""
        if not self._forgiving:
            raise Unusable(Fault.OCCURRENCE, path, "is missing")
        self._flag(path, "is missing", Fault.OCCURRENCE)
        match field.type:
            case inspect.StructType():
                return self.struct(field.type, {}, path)
            case inspect.ListType():
                return []
            case inspect.StrType() | inspect.LiteralType():
                return ""
        return None

    def _count(self, kind: inspect.ListType, items: list[Any], path: str) -> None:
        if not items and kind.min_length:
            self._flag(path, "is empty", Fault.OCCURRENCE)
        if kind.max_length is not None and len(items) > kind.max_length:
            self._flag(path, f"has {len(items)} items, {kind.max_length} are allowed", Fault.OCCURRENCE)

    def _items(self, kind: inspect.ListType, items: list[Any], path: str) -> list[Any]:
        read = []
        for index, item in enumerate(items):
            try:
                read.append(self._checked(kind.item_type, item, f"{path}[{index}]"))
            except Unusable as problem:
                if not self._forgiving:
                    raise
                self._flag("ignored", str(problem), problem.fault)
        return read

    def _bound(self, kind: inspect.Type, value: Any, path: str) -> None:
        match kind:
            case inspect.StrType(max_length=int() as most) if len(value) > most:
                self._flag(path, f"has {len(value)} characters, {most} are allowed", Fault.PROPERTY)
            case inspect.LiteralType() if value not in kind.values:
                self._flag(path, f"unknown word {shown(value)}", Fault.PROPERTY)
            case inspect.IntType() | inspect.FloatType() if _is_beyond(kind, value):
                self._flag(path, f"{shown(value)} is out of the standard's bounds", Fault.PROPERTY)


def _is_beyond(kind: inspect.IntType | inspect.FloatType, value: float) -> bool:
    return (kind.ge is not None and value < kind.ge) or (kind.le is not None and value > kind.le)

"""Which register of a meter holds what: TOML files that come with us and operators' own. Errors name the key. Pure."""

from __future__ import annotations

import struct
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from laddverk.kernel.problems import Invalid

FILE_MAX: Final = 64 * 1024  # bytes; the largest of ours takes one thousand
FILES_MAX: Final = 200
NOT_KNOWN: Final = float("nan")


class Kind(StrEnum):
    """How a number is written in registers of 16 bits."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"


CODES: Final[Mapping[Kind, str]] = {
    Kind.INT16: "h", Kind.UINT16: "H", Kind.INT32: "i", Kind.UINT32: "I", Kind.INT64: "q", Kind.UINT64: "Q",
    Kind.FLOAT32: "f", Kind.FLOAT64: "d",
}  # fmt: skip

Address = Annotated[int, Meta(ge=0, le=65_535)]


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a quantity stands. Of three phases the second and third follow at once, unless three addresses are given.

    `address` counts from 0, as it is sent; manuals that count from 1 or from 30001 are one or 30001 too high.
    """

    address: Address | Annotated[list[Address], Meta(min_length=3, max_length=3)]
    type: Kind
    scale: float = 1.0
    """What the number is multiplied by to give A, V, W or Wh."""


class RegisterMap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model of meter."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    source: Annotated[str, Meta(min_length=1, max_length=300)]
    """The manual that this was read in."""
    function: Annotated[int, Meta(ge=3, le=4)]
    """3: holding registers, 4: input registers."""
    low_word_first: bool = False
    """Whether the lower 16 bits of a longer number stand first."""
    current_a: Field
    voltage_v: Field | None = None
    power_phase_w: Field | None = None
    """Signed: where it is negative, the phase's current flows towards the grid."""
    power_w: Field | None = None
    import_wh: Field | None = None
    export_wh: Field | None = None

    @property
    def phases(self) -> dict[str, Field]:
        """What is read for each phase."""
        named = {"current_a": self.current_a, "voltage_v": self.voltage_v, "power_phase_w": self.power_phase_w}
        return {name: field for name, field in named.items() if field is not None}

    @property
    def totals(self) -> dict[str, Field]:
        """What is read once."""
        named = {"power_w": self.power_w, "import_wh": self.import_wh, "export_wh": self.export_wh}
        return {name: field for name, field in named.items() if field is not None}


def read(text: str) -> RegisterMap:
    """Return the map that a file holds. Raises `Invalid`, which names the key and says what is wrong with it."""
    if len(text.encode("utf-8", "replace")) > FILE_MAX:
        raise Invalid("The file is too large.", field="file")
    try:
        return msgspec.convert(tomllib.loads(text), RegisterMap)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid("This is not a TOML file: %(reason)s", field="file", reason=str(error)) from error
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$").lstrip(".") or "file"
        raise Invalid("%(key)s: %(reason)s", field=key, key=key, reason=reason) from error


@lru_cache(maxsize=4)
def known(own: Path | None = None) -> dict[str, RegisterMap]:
    """Return all maps by the names of their files. Those in `own` come after ours and may replace them.

    Raises `Invalid`, which names the file and the key.
    """
    found: dict[str, RegisterMap] = {}
    ours = files("laddverk.energy.meters") / "maps"
    theirs = sorted(own.glob("*.toml"))[:FILES_MAX] if own is not None else []
    for each in [*ours.iterdir(), *theirs]:
        if each.name.endswith(".toml"):
            try:
                found[each.name.removesuffix(".toml")] = read(each.read_text("utf-8"))
            except Invalid as problem:
                raise Invalid(
                    "%(file)s: %(reason)s", field="file", file=each.name, reason=str(problem)
                ) from problem  # fmt: skip
    return dict(sorted(found.items(), key=lambda item: item[1].name.casefold()))


def width(kind: Kind) -> int:
    """Return how many registers a number takes."""
    return struct.calcsize(f">{CODES[kind]}") // 2


def value(registers: Sequence[int], field: Field, *, low_word_first: bool) -> float:
    """Return the number in registers, scaled; not a number where the meter says that it does not know.

    Meters say so with the highest number of the type (unsigned: all ones), which no installation reaches.
    """
    words = list(reversed(registers)) if low_word_first else list(registers)
    (number,) = struct.unpack(f">{CODES[field.type]}", struct.pack(f">{len(words)}H", *words))
    if isinstance(number, int):
        bits = 16 * len(words)
        is_unsigned = field.type.value.startswith("u")
        if number == (1 << (bits if is_unsigned else bits - 1)) - 1:
            return NOT_KNOWN
    return float(number) * field.scale

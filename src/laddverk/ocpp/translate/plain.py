"""Plain meter values, which nearly all are: numbers that have each a place of their own in a sample.

A charger sends the same quantities in the same order for years. Where their numbers go is found once for each such
layout, as `wide` puts them, and remembered. What `wide` has to weigh is not plain, and the answer here is None: a
total and its phases, two locations, a quantity twice, signed data, odd numbers. A property test holds both ways to
the same sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import chain
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from laddverk.ocpp.facts import Sample
from laddverk.ocpp.translate.readings import (
    DEFAULT_CONTEXT,
    DEFAULT_MEASURAND,
    ONE,
    SIGNED,
    Read,
    Reading,
    Value2x,
    Value16,
)
from laddverk.ocpp.translate.wide import PHASED, SINGLES, TOTALS, kept, sample_of

DIGITS_MAX: Final = 15  # a float keeps this many digits of what was written, so that nothing is lost by counting in it
LIMIT: Final = 1e9  # no column overflows, and a float still tells halves; a register of 1 GWh is no charger's
LAYOUTS_MAX: Final = 1_000  # a network has some dozens; with more all are forgotten, lest a hostile charger fill memory
VALUES_MAX: Final = 40  # of a layout that is remembered: three phases of all that is common
WORD_MAX: Final = 50  # characters; the longest measurand has 46
QUANTITIES: Final = TOTALS.keys() | PHASED.keys() | SINGLES.keys()  # the measurands that have columns

_NUMBERS: Final = msgspec.json.Decoder(list[float])

Key = tuple[str | None, str | None, str | None, str | None]
"""Measurand, phase, location and unit as the charger said them."""
Keys = tuple[Key | None, ...]
"""The keys of the values of one instant; None for a value that is more than a number in a unit."""
Whole = Callable[[float], int]
"""What makes a number whole, for a column that wants that."""
Place = tuple[str, Whole | None, float]
"""The column of a number, or its name in `rest`; how it becomes whole; and up to where it is plain."""


class Layout(Struct, frozen=True):
    """What becomes of the values with certain keys in a certain order."""

    names: list[str] = []
    """What each value is called."""
    places: list[Place] = []
    rest: dict[str, str | None] = {}
    """The names that go to `rest`, with their units."""


def read_16(values: Sequence[Value16]) -> Read | None:
    """Return what these values of 1.6 make; None if they are not plain."""
    keys = [
        None if value.format == SIGNED else (value.measurand, value.phase, value.location, value.unit)
        for value in values
    ]
    return _read(tuple(keys), _numbers([value.value for value in values]))


def read_2x(values: Sequence[Value2x]) -> Read | None:
    """Return what these values of 2.x make; None if they are not plain."""
    return _read(tuple([_key_2x(value) for value in values]), [value.value for value in values])


def _read(keys: Keys, numbers: Sequence[float | None] | None) -> Read | None:
    layout = LAYOUTS[keys]
    if layout is None or numbers is None:
        return None
    columns: dict[str, Any] = {}
    for (name, whole, limit), number in zip(layout.places, numbers, strict=True):
        if number is None or not -limit <= number <= limit:
            return None
        columns[name] = whole(number) if whole else number
    if layout.rest:
        columns["rest"] = {name: kept(columns.pop(name), unit) for name, unit in layout.rest.items()}
    return Read(Sample(**columns), layout.names)


def _key_2x(value: Value2x) -> Key | None:
    unit = value.unit_of_measure
    if value.signed_meter_value or (unit and unit.multiplier):
        return None
    return value.measurand, value.phase, value.location, unit.unit if unit else None


def _numbers(texts: list[str]) -> list[float] | None:
    """Return the numbers in `texts`; None if one of them holds none, or one that a float may bend.

    They are read at once, as a JSON list, which takes a fifth of the time of `float` for each.
    """
    written = ",".join(texts)
    if max(map(len, texts)) > DIGITS_MAX or "e" in written or "E" in written or "-0" in written:
        return None
    try:
        numbers = _NUMBERS.decode(f"[{written}]")
    except msgspec.MsgspecError:
        return None
    return numbers if len(numbers) == len(texts) else None  # else there were commas within them


class Layouts(dict[Keys, Layout | None]):
    """The layouts that were met; None for keys that are not plain."""

    def __missing__(self, keys: Keys) -> Layout | None:
        """Find the layout of `keys`, and remember it if it is of a sensible size."""
        words = chain.from_iterable(key or () for key in keys)
        if len(keys) > VALUES_MAX or any(word and len(word) > WORD_MAX for word in words):
            return None
        if len(self) >= LAYOUTS_MAX:
            self.clear()
        self[keys] = _layout(keys)
        return self[keys]


def _layout(keys: Keys) -> Layout | None:
    layout = Layout()
    manners: dict[str, tuple[bool, str]] = {}
    for key in keys:
        if key is None:
            return None
        measurand, phase, location, unit = key
        one = Reading(measurand or DEFAULT_MEASURAND, phase or "", location or "", DEFAULT_CONTEXT, ONE, unit, raw="1")
        # All values of a measurand must be alike, of a phase or of none, and at one location: else one gives way.
        manner = bool(phase), one.location
        if manners.setdefault(one.measurand, manner) != manner:
            return None
        place = _place(one)
        if place is None:
            return None
        layout.places.append(place)
        if place[0] == one.name:
            layout.rest[one.name] = unit
        layout.names.append(one.name)
    return layout if len({place for place, _, _ in layout.places}) == len(keys) else None


def _place(one: Reading) -> Place | None:
    """Return where `wide` puts this reading of 1; None if it does not stay 1, or becomes a thousand, in its column."""
    column, number = next((name, number) for name, number in asdict(sample_of([one])).items() if number is not None)
    if column != "rest":
        way = WAYS.get((type(number), number))
        return (column, *way) if way else None
    return None if one.measurand in QUANTITIES else (one.name, None, LIMIT)


def _thousandfold(number: float) -> int:
    return int((Decimal(repr(number)) * 1_000).to_integral_value(ROUND_HALF_EVEN))


WAYS: Final[dict[tuple[type, float], tuple[Whole | None, float]]] = {
    # What 1 of a unit is in its column: how a number in that unit becomes whole, and up to where it is plain.
    (int, 1): (round, LIMIT),
    (int, 1_000): (_thousandfold, LIMIT / 1_000),
    (float, 1.0): (None, LIMIT),
}
LAYOUTS: Final = Layouts()

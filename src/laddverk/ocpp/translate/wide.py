"""The readings of one instant as one wide sample, whatever they are: the general way, that weighs one against another.

The total counts where a charger gives one, else the sum of its phases (quirk 64). A register at the outlet counts
before one at the inlet. What has no column is kept in `rest`, with its unit, and so is all that is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from laddverk.ocpp.facts import Sample
from laddverk.ocpp.translate.origin import BIGINT_MAX, said
from laddverk.ocpp.translate.readings import Reading, in_unit

INT_MAX: Final = 2**31 - 1
REAL_MAX: Final = 1e9  # beyond it a current, voltage or temperature is noise, and a column might overflow
TOTALS: Final = {
    # By measurand: its column, its unit, and the largest number that the column holds.
    "Energy.Active.Import.Register": ("energy_wh", "Wh", BIGINT_MAX),
    "Energy.Active.Export.Register": ("energy_export_wh", "Wh", BIGINT_MAX),
    "Power.Active.Import": ("power_w", "W", INT_MAX),
}
PHASED: Final = {
    "Current.Import": (("current_l1_a", "current_l2_a", "current_l3_a"), "A"),
    "Voltage": (("voltage_l1_v", "voltage_l2_v", "voltage_l3_v"), "V"),
}
SINGLES: Final = {
    "SoC": ("soc_percent", "%"),
    "Temperature": ("temperature_c", "C"),
    "Current.Offered": ("offered_a", "A"),
}
PHASES: Final = {"L1": 1, "L1-N": 1, "L2": 2, "L2-N": 2, "L3": 3, "L3-N": 3}  # line to line is another quantity
LOCATIONS: Final = ("Outlet", "", "Cable", "EV", "Inlet", "Body", "Upstream")  # the first that is given counts


def sample_of(readings: Sequence[Reading]) -> Sample:
    """Return the wide sample that `readings` of one instant make."""
    wide = Wide(readings)
    columns: dict[str, Any] = {}
    for measurand in wide.measurands():
        if measurand in TOTALS:
            column, unit, limit = TOTALS[measurand]
            columns[column] = wide.whole(measurand, unit, limit)
        elif measurand in PHASED:
            by_phase, unit = PHASED[measurand]
            columns.update(zip(by_phase, wide.phases(measurand, unit), strict=True))
        elif measurand in SINGLES:
            column, unit = SINGLES[measurand]
            columns[column] = wide.single(measurand, unit)
    return Sample(**columns, rest=wide.rest() or None)


class Wide:
    """The readings of one instant while their columns are found; what was put into none remains as `rest`."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings
        self._placed: set[int] = set()
        self._by_measurand: dict[str, list[int]] = {}
        for index, reading in enumerate(readings):
            self._by_measurand.setdefault(reading.measurand, []).append(index)

    def measurands(self) -> list[str]:
        """Return the quantities that were read."""
        return list(self._by_measurand)

    def whole(self, measurand: str, unit: str, limit: int) -> int | None:
        """Return the total of a quantity, or the sum of its phases, rounded half to even."""
        given = self._given(measurand, unit)
        total = given.get("")
        if total is not None:
            parts = [total]
        else:
            # L1 and L1-N are the same phase said twice: one of them counts.
            parts = list({PHASES[phase]: pair for phase, pair in given.items() if phase in PHASES}.values())
        value = sum((value for _, value in parts), Decimal(0))
        if not parts or abs(value) > limit:
            return None
        self._place(*parts)
        return int(value.to_integral_value(ROUND_HALF_EVEN))

    def phases(self, measurand: str, unit: str) -> tuple[float | None, float | None, float | None]:
        """Return a quantity of each phase. A charger that names no phase has one, or means each alike: it is L1's."""
        given = self._given(measurand, unit)
        if not given:
            return None, None, None
        found: dict[int, float] = {}
        for phase, pair in given.items():
            column = PHASES.get(phase) or (1 if phase == "" and not PHASES.keys() & given.keys() else None)
            number = self._real(pair[1])
            if column and number is not None and column not in found:
                found[column] = number
                self._place(pair)
        return found.get(1), found.get(2), found.get(3)

    def single(self, measurand: str, unit: str) -> float | None:
        """Return a quantity that has no phases; of several, the largest."""
        given = self._given(measurand, unit)
        pair = given.get("") or max(given.values(), key=lambda pair: pair[1], default=None)
        if pair is None or (number := self._real(pair[1])) is None:
            return None
        self._place(pair)
        return number

    def rest(self) -> dict[str, Any]:
        """Return what has no column, by `measurand/phase/location`, and everything that is signed."""
        rest: dict[str, Any] = {}
        for index, reading in enumerate(self._readings):
            if reading.signed:
                rest[f"{reading.name}/signed"] = reading.signed
            if index in self._placed or (reading.signed and reading.number is None):
                continue
            shown = float(reading.number) if reading.number is not None else reading.raw
            rest[reading.name] = kept(shown, reading.unit)
        return rest

    def _given(self, measurand: str, unit: str) -> dict[str, tuple[int, Decimal]]:
        """Return index and value by phase, of the location that counts; the first of several for one phase."""
        by_location: dict[str, dict[str, tuple[int, Decimal]]] = {}
        for index in self._by_measurand.get(measurand, ()):
            reading = self._readings[index]
            value = in_unit(reading, unit)
            if value is not None:
                by_location.setdefault(reading.location, {}).setdefault(reading.phase, (index, value))
        return by_location[min(by_location, key=_rank)] if by_location else {}

    def _place(self, *pairs: tuple[int, Decimal]) -> None:
        for index, _ in pairs:
            self._placed.add(index)

    @staticmethod
    def _real(value: Decimal) -> float | None:
        number = float(value)
        return number if abs(number) <= REAL_MAX else None


def _rank(location: str) -> int:
    return LOCATIONS.index(location) if location in LOCATIONS else len(LOCATIONS)


def kept(value: object, unit: str | None) -> dict[str, Any]:
    """Return a value as `rest` keeps it: a number if it is one, else what the charger wrote; and its unit."""
    unit = said(unit)
    return {"value": value, "unit": unit} if unit else {"value": value}

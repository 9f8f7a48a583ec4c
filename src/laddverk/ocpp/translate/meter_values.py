"""Meter values (functional block J): what the meter showed at one instant, as one wide sample.

The total counts where a charger gives one, else the sum of its phases (quirk 64). A register at the outlet counts
before one at the inlet. What has no column is kept in `rest`, with its unit, and so is all that is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from laddverk.ocpp.facts import EnergySampled, Fact, Sample
from laddverk.ocpp.translate.origin import BIGINT_MAX, Origin, digest, place, said, stamp_at, whole
from laddverk.ocpp.translate.readings import Reading, in_unit, readings_2x, readings_16
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

NUMBER_MAX_16: Final = 2**31 - 1  # our numbers for 1.6 sessions are int32: what is beyond is not ours (quirk 57)
INT_MAX: Final = 2**31 - 1
REAL_MAX: Final = 1e9  # beyond it a current, voltage or temperature is noise, and a column might overflow
PHASES: Final = {"L1": 1, "L1-N": 1, "L2": 2, "L2-N": 2, "L3": 3, "L3-N": 3}  # line to line is another quantity
LOCATIONS: Final = ("Outlet", "", "Cable", "EV", "Inlet", "Body", "Upstream")  # the first that is given counts

MeterValues = (
    Sequence[v16.MeterValue]
    | Sequence[v16.TransactionData]
    | Sequence[v201.MeterValueType]
    | Sequence[v21.MeterValueType]
)
Timed = tuple[str, str, list[Reading]]
"""When the charger says it was, the context, and what was read."""


def sampled_16(message: v16.MeterValuesRequest, origin: Origin) -> list[Fact]:
    """Return one fact for each instant; without a usable transactionId it is the connector's session (quirk 65)."""
    evse, oddity = place(message.connector_id)
    number = whole(message.transaction_id, 1, NUMBER_MAX_16)
    return [
        EnergySampled(
            **stamp_at(origin, said_at, oddity),
            transaction_number=number,
            evse_number=evse,
            connector_number=1 if evse else 0,
            content_key=content_key(said_at, context, readings),
            context=context,
            sample=sample_of(readings),
        )
        for said_at, context, readings in instants(message.meter_value, readings_16)
    ]


def sampled_2x(message: v201.MeterValuesRequest | v21.MeterValuesRequest, origin: Origin) -> list[Fact]:
    """Return one fact for each instant: readings outside of any session; EVSE 0 is the main meter."""
    evse, oddity = place(message.evse_id)
    return [
        EnergySampled(
            **stamp_at(origin, said_at, oddity),
            evse_number=evse,
            content_key=content_key(said_at, context, readings),
            context=context,
            sample=sample_of(readings),
        )
        for said_at, context, readings in instants(message.meter_value, readings_2x)
    ]


def content_key(said_at: str, context: str, readings: list[Reading]) -> str:
    """Return what makes a reading itself and no other: when, in which context, and what was read."""
    return digest(said_at, context, [(reading.name, str(reading.raw), reading.unit) for reading in readings])


def instants(values: MeterValues | None, read: Callable[[Any], list[Reading]]) -> list[Timed]:
    """Return the readings by instant and context, in the order in which these first occur.

    A charger may split one instant over several entries, or put the begin and the end of a session into one.
    """
    found: dict[tuple[str, str], list[Reading]] = {}
    for value in values or ():
        for reading in read(value.sampled_value):
            found.setdefault((value.timestamp, reading.context), []).append(reading)
    return [(said_at, context, readings) for (said_at, context), readings in found.items()]


def sample_of(readings: Sequence[Reading]) -> Sample:
    """Return the wide sample that `readings` of one instant make."""
    wide = Wide(readings)
    currents = wide.phases("Current.Import", "A")
    voltages = wide.phases("Voltage", "V")
    return Sample(
        energy_wh=wide.whole("Energy.Active.Import.Register", "Wh", BIGINT_MAX),
        energy_export_wh=wide.whole("Energy.Active.Export.Register", "Wh", BIGINT_MAX),
        power_w=wide.whole("Power.Active.Import", "W", INT_MAX),
        current_l1_a=currents[0],
        current_l2_a=currents[1],
        current_l3_a=currents[2],
        voltage_l1_v=voltages[0],
        voltage_l2_v=voltages[1],
        voltage_l3_v=voltages[2],
        soc_percent=wide.single("SoC", "%"),
        temperature_c=wide.single("Temperature", "C"),
        offered_a=wide.single("Current.Offered", "A"),
        rest=wide.rest() or None,
    )


class Wide:
    """The readings of one instant while their columns are found; what was put into none remains as `rest`."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings
        self._placed: set[int] = set()
        self._by_measurand: dict[str, list[int]] = {}
        for index, reading in enumerate(readings):
            self._by_measurand.setdefault(reading.measurand, []).append(index)

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
        kept: dict[str, Any] = {}
        for index, reading in enumerate(self._readings):
            if reading.signed:
                kept[f"{reading.name}/signed"] = reading.signed
            if index in self._placed or (reading.signed and reading.number is None):
                continue
            value = {"value": _shown(reading)}
            unit = said(reading.unit)
            kept[reading.name] = {**value, "unit": unit} if unit else value
        return kept

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


def _shown(reading: Reading) -> Any:
    """Return a value as `rest` keeps it: a number if it is one, else what the charger wrote."""
    return float(reading.number) if reading.number is not None else reading.raw

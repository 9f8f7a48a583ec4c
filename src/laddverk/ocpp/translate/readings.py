"""One reading of a meter in neutral form, whatever the version: a quantity, its phase and place, and its value.

Chargers write numbers with commas, leave out units, and invent some. What can be understood becomes a number in the
unit of the house; what cannot is kept as it was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec import Struct

from laddverk.ocpp.facts import Sample
from laddverk.ocpp.translate.origin import said
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

DEFAULT_MEASURAND: Final = "Energy.Active.Import.Register"
DEFAULT_CONTEXT: Final = "Sample.Periodic"
MULTIPLIER_MAX: Final = 12  # tera; an exponent beyond is an attack on the arithmetic
NUMBER_LENGTH_MAX: Final = 40  # characters; no meter shows more
SIGNED: Final = "SignedData"  # the format of 1.6 that is no number
ONE: Final = Decimal(1)
SCALES: Final[dict[str, tuple[str, Decimal]]] = {
    # What chargers write, in lower case: the unit of the house, and how many of it one is.
    "wh": ("Wh", ONE),
    "kwh": ("Wh", Decimal(1_000)),
    "mwh": ("Wh", Decimal(1_000_000)),  # megawatt-hours: nobody counts in milliwatt-hours
    "w": ("W", ONE),
    "kw": ("W", Decimal(1_000)),
    "a": ("A", ONE),
    "ma": ("A", Decimal("0.001")),
    "v": ("V", ONE),
    "mv": ("V", Decimal("0.001")),
    "kv": ("V", Decimal(1_000)),
    "percent": ("%", ONE),
    "%": ("%", ONE),
    "celsius": ("C", ONE),
    "celcius": ("C", ONE),  # the spelling of OCPP 1.5, which lives on (quirk 40)
    "c": ("C", ONE),
    "°c": ("C", ONE),
    "deg": ("C", ONE),
    "k": ("K", ONE),
    "kelvin": ("K", ONE),
    "fahrenheit": ("F", ONE),
}
KELVIN_AT_0_C: Final = Decimal("273.15")


Value16 = v16.SampledValue | v16.TransactionDataSampledValue
Value2x = v201.SampledValueType | v21.SampledValueType


class Reading(Struct, frozen=True, gc=False):
    """One sampled value. `phase` and `location` are "" for the whole and for nowhere in particular."""

    measurand: str
    phase: str
    location: str
    context: str
    number: Decimal | None
    """None when no number can be read in it."""
    unit: str | None
    """As the charger wrote it."""
    raw: Any
    signed: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """How the reading is called where it has no column: `measurand/phase/location`."""
        return name_of(self.measurand, self.phase, self.location)


class Read(Struct, frozen=True):
    """What the values of one instant make: a wide sample; and the name of each value, in order."""

    sample: Sample
    names: Sequence[str]


def readings_16(values: Sequence[Value16]) -> list[Reading]:
    """Return the sampled values of 1.6. Signed data is no number, and is kept as it is."""
    found = []
    for value in values:
        is_signed = value.format == SIGNED
        found.append(
            Reading(
                measurand=value.measurand or DEFAULT_MEASURAND,
                phase=value.phase or "",
                location=value.location or "",
                context=value.context or DEFAULT_CONTEXT,
                number=None if is_signed else number_in(value.value),
                unit=value.unit,
                raw=value.value,
                signed={"signedMeterData": value.value} if is_signed else None,
            )
        )
    return found


def readings_2x(values: Sequence[Value2x]) -> list[Reading]:
    """Return the sampled values of 2.x, their multiplier applied."""
    found = []
    for value in values:
        unit, signed = value.unit_of_measure, value.signed_meter_value
        number = number_in(value.value)
        power = unit.multiplier or 0 if unit else 0
        if number is not None and power:
            number = number.scaleb(power) if abs(power) <= MULTIPLIER_MAX else None
        found.append(
            Reading(
                measurand=value.measurand or DEFAULT_MEASURAND,
                phase=value.phase or "",
                location=value.location or "",
                context=value.context or DEFAULT_CONTEXT,
                number=number,
                unit=unit.unit if unit else None,
                raw=value.value,
                signed=_signed(signed) if signed else None,
            )
        )
    return found


def name_of(measurand: str | None, phase: str | None, location: str | None) -> str:
    """Return what a quantity is called where it has no column: `measurand/phase/location`."""
    return "/".join(filter(None, (measurand or DEFAULT_MEASURAND, phase, location)))


def _signed(value: v201.SignedMeterValueType | v21.SignedMeterValueType) -> dict[str, Any]:
    fields = {
        "signedMeterData": value.signed_meter_data,
        "signingMethod": value.signing_method,
        "encodingMethod": value.encoding_method,
        "publicKey": value.public_key,
    }
    return {name: text for name, text in fields.items() if text}


def number_in(value: object) -> Decimal | None:
    """Return the number that a charger wrote, with a comma or a point; None for "", "nan" and the like (quirk 44)."""
    if isinstance(value, float):
        return Decimal(repr(value))  # the digits that were sent; JSON has no NaN
    text = value.strip().replace(",", ".") if isinstance(value, str) else ""
    if len(text) > NUMBER_LENGTH_MAX:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and -NUMBER_LENGTH_MAX <= number.adjusted() <= NUMBER_LENGTH_MAX else None


def in_unit(reading: Reading, unit: str) -> Decimal | None:
    """Return the reading in `unit` (Wh, W, A, V, % or C); None when it is no number, or of another quantity.

    Without a unit it is taken to be in `unit`, which is what the standard says of energy, and means of the rest.
    """
    if reading.number is None:
        return None
    if reading.unit is None or reading.unit == unit:
        return reading.number
    if said(reading.unit) is None:
        return reading.number
    home, scale = SCALES.get(reading.unit.strip().lower(), ("", ONE))
    if unit == "C" and home == "K":
        return reading.number - KELVIN_AT_0_C
    if unit == "C" and home == "F":
        return (reading.number - 32) * 5 / 9
    return reading.number * scale if home == unit else None

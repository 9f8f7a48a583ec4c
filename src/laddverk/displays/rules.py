"""What may be shown on a charger's display, and our tariffs in its words. All pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from laddverk.displays.model import (
    PRIORITIES,
    TEXT_LENGTH_MAX,
    TEXTS_MAX,
    Cost,
    Lost,
    Translated,
    Wanted,
)
from laddverk.kernel.money import MINOR_DIGITS, rounded_minor
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import DisplayText, PriceShown, PriceWhen, TariffShown
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff

PRICE_DIGITS_MAX: Final = 6  # decimals of a price without tax; chargers compute with at least these
ELEMENTS_MAX: Final = 30  # prices in one dimension; TariffCtrlr.MaxElements of small chargers is about 10 to 50
NAMES: Final = {
    Dimension.ENERGY: "energy",
    Dimension.CHARGING: "charging_time",
    Dimension.IDLE: "idle_time",
    Dimension.SESSION: "fixed",
}
"""Dimensions as `TariffShown` calls them."""
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT: Final = "00:00"
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")
STATES_ALL: Final = frozenset({"Idle", "Charging", "Faulted", "Unavailable", "Suspended", "Discharging"})

# Messages.


def checked(wanted: Wanted, now: datetime) -> Wanted:
    """Return `wanted` if a display can show it. Raises `Invalid`, naming the field."""
    texts = tuple(text for text in wanted.texts if text.text.strip())
    if not texts:
        raise Invalid("Write a text.", field="text")
    if len(texts) > TEXTS_MAX:
        raise Invalid("A message has up to %(max)s languages.", field="text", max=TEXTS_MAX)
    for text in texts:
        _check_text(text)
    if len({text.language for text in texts}) != len(texts):
        raise Invalid("Each language may stand once.", field="language")
    if wanted.priority not in PRIORITIES:
        raise Invalid("There is no such priority.", field="priority")
    if wanted.state is not None and wanted.state not in STATES_ALL:
        raise Invalid("There is no such state.", field="state")
    if wanted.ends_at is not None and wanted.ends_at <= max(now, wanted.starts_at or now):
        raise Invalid("It would end before it begins.", field="ends_at", remedy="Choose a later time.")
    return Wanted(
        texts=texts,
        priority=wanted.priority,
        state=wanted.state,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        evse_number=wanted.evse_number,
        template_id=wanted.template_id,
    )


def _check_text(text: DisplayText) -> None:
    if len(text.text) > TEXT_LENGTH_MAX:
        raise Invalid("A text may have up to %(max)s characters.", field="text", max=TEXT_LENGTH_MAX)
    if not all(character.isprintable() or character == "\n" for character in text.text):
        raise Invalid("The text holds characters that no display shows.", field="text")
    if text.language and not LANGUAGE.fullmatch(text.language):
        raise Invalid("A language is two letters, such as sv or en.", field="language")


# Tariffs.


def translated(tariff: Tariff, tariff_id: str, descriptions: Sequence[tuple[str, str]] = ()) -> Translated:
    """Return our tariff in the charger's words (2.1), and what is lost in them.

    Our prices include VAT, the charger's do not: the division must come out even, else the price is told with VAT and
    without a rate. Of several prices that apply the first counts, there as here. What a reservation costs is left out:
    it is over when the charger begins to count.
    """
    tariff = replace(tariff, components=tuple(each for each in tariff.components if each.when.reservation is None))
    lost: set[Lost] = set()
    rates = None if tariff.free else _rates(tariff)
    if rates is None and not tariff.free:
        lost.add(Lost.TAX_WITHIN)
    energy = (PriceShown(price=Decimal(0)),) if tariff.free else _prices(tariff, Dimension.ENERGY, rates)
    charging = () if tariff.free else _prices(tariff, Dimension.CHARGING, rates)
    idle = () if tariff.free else _prices(tariff, Dimension.IDLE, rates, idle_from_s=tariff.idle_grace_minutes * 60)
    fixed = () if tariff.free else _prices(tariff, Dimension.SESSION, rates)
    shown = TariffShown(
        id=tariff_id,
        currency=tariff.currency,
        descriptions=tuple(descriptions),
        tax_percent=None if rates is None else tariff.vat_percent,
        own_taxes=tuple((NAMES[each], rate) for each, rate in (rates or {}).items() if rate != tariff.vat_percent),
        energy=energy,
        charging_time=charging,
        idle_time=idle,
        fixed=fixed,
    )
    dimensions = (energy, charging, idle, fixed)
    if not any(dimensions):
        lost.add(Lost.EMPTY)
    if any(len(prices) > ELEMENTS_MAX for prices in dimensions):
        lost.add(Lost.TOO_MANY)
    if idle and tariff.idle_max is not None:
        lost.add(Lost.IDLE_CAP)
    if idle or charging:
        lost.add(Lost.PAUSES)
    if not tariff.is_plain or any(
        Decimal(repr(float(one.price))) != one.price for prices in dimensions for one in prices
    ):
        lost.add(Lost.INEXACT)
    return Translated(shown, tuple(sorted(lost)))


def _rates(tariff: Tariff) -> dict[Dimension, Decimal] | None:
    """Return the VAT of each dimension in percent, where it has one and every price without it few enough digits."""
    found: dict[Dimension, Decimal] = {}
    for component in tariff.components:
        rate = tariff.rate_of(component)
        factor = 1 + rate / 100
        without = component.per_minute / factor
        if without * factor != component.per_minute or round(without, PRICE_DIGITS_MAX) != without:
            return None
        if found.setdefault(component.dimension, rate) != rate:
            return None
    return found


def _prices(
    tariff: Tariff, dimension: Dimension, rates: Mapping[Dimension, Decimal] | None, *, idle_from_s: int = 0
) -> tuple[PriceShown, ...]:
    return tuple(
        PriceShown(price=_without(component.per_minute, None if rates is None else rates[dimension]), when=when)
        for component in tariff.components
        if component.dimension is dimension
        for when in _whens(component, idle_from_s)
    )


def _without(price: Decimal, rate: Decimal | None) -> Decimal:
    return price if rate is None else (price / (1 + rate / 100)).normalize()


def _whens(component: Component, idle_from_s: int) -> list[PriceWhen]:
    """Return when a price applies; a window past midnight in two parts, for after midnight it is the new day's."""
    return [_when(component.when, times, idle_from_s) for times in _windows(component.when)]


def _windows(when: Restriction) -> list[tuple[str | None, str | None]]:
    if when.from_time is None or when.to_time is None:
        return [(None, None)]
    if when.from_time < when.to_time or when.to_time == MIDNIGHT:
        return [(when.from_time, when.to_time)]
    if when.from_time == when.to_time:
        return [(None, None)]  # from a time to the same time is all day
    return [(when.from_time, MIDNIGHT), (MIDNIGHT, when.to_time)]


def _when(when: Restriction, times: tuple[str | None, str | None], idle_from_s: int) -> PriceWhen:
    return PriceWhen(
        from_time=times[0],
        to_time=times[1],
        days=tuple(DAYS[day] for day in sorted(when.weekdays)),
        valid_from=when.valid_from.isoformat() if when.valid_from else None,
        valid_to=when.valid_until.isoformat() if when.valid_until else None,
        idle_from_s=idle_from_s or None,
    )


def tariff_name(version_hex: str) -> str:
    """Return what a version of a tariff is called in a charger."""
    return f"lv-{version_hex}"


# Costs.


def is_due(before: Cost | None, shown_at: datetime | None, cost: Cost, now: datetime) -> bool:
    """Return whether the price on a display is worth renewing: after so much energy, or so much time, if it changed."""
    if before is None or shown_at is None:
        return cost.amount_minor > 0
    if cost.amount_minor == before.amount_minor:
        return False
    return cost.energy_wh - before.energy_wh >= COST_EVERY_WH or now - shown_at >= COST_EVERY


COST_EVERY_WH: Final = 500  # half a kilowatt-hour: two or three kronor
COST_EVERY: Final = timedelta(minutes=1)


def settled_minor(amount: Decimal, currency: str) -> int:
    """Return what a terminal settled in whole minor units, rounded as all money is."""
    return rounded_minor(amount, currency if currency in MINOR_DIGITS else "SEK")


# VAT numbers.

VAT_FORMS: Final = {
    "AT": r"U\d{8}", "BE": r"[01]\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]", "CZ": r"\d{8,10}", "DE": r"\d{9}",
    "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}", "ES": r"[A-Z0-9]\d{7}[A-Z0-9]", "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}", "HR": r"\d{11}", "HU": r"\d{8}", "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}", "LT": r"(\d{9}|\d{12})", "LU": r"\d{8}", "LV": r"\d{11}", "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}", "PL": r"\d{10}", "PT": r"\d{9}", "RO": r"\d{2,10}", "SE": r"\d{12}", "SI": r"\d{8}",
    "SK": r"\d{10}", "XI": r"(\d{9}|\d{12}|GD\d{3}|HA\d{3})",
}  # fmt: skip
"""The forms of VAT numbers by country (Council Directive 2006/112/EC, as VIES documents them)."""
VAT_LENGTH_MAX: Final = 20


def vat_number(text: str) -> str | None:
    """Return a VAT number in its plain form, or None when it cannot be one.

    Of Swedish ones the check digit of the organisation number is verified as well, and that it ends with a serial
    number.
    """
    plain = re.sub(r"[\s.\-]", "", text[: VAT_LENGTH_MAX * 2]).upper()
    country, rest = plain[:2], plain[2:]
    if len(plain) > VAT_LENGTH_MAX or country not in VAT_FORMS or not re.fullmatch(VAT_FORMS[country], rest):
        return None
    if country == "SE" and (rest[10:] == "00" or not _luhn(rest[:10])):
        return None
    return plain


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0

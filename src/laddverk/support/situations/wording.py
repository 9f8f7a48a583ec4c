"""Texts of situations with their values in place, in somebody's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from laddverk.platform import formats
from laddverk.platform.languages import DEFAULT
from laddverk.support.situations.book import PLACE
from laddverk.support.situations.model import Texts, Told, Value

Shown = Callable[[float, str, str], str]

UNITS: Final[Mapping[str, Shown]] = {
    "_minor": lambda value, currency, language: formats.money(int(value), currency, language),
    "_wh": lambda value, _currency, language: formats.energy_kwh(value, language=language),
    "_w": lambda value, _currency, language: formats.power_kw(value, language=language),
    "_a": lambda value, _currency, language: f"{formats.number(value, 0, language)}{formats.NO_BREAK}A",
    "_s": lambda value, _currency, language: formats.duration(value, language),
}
"""How a value is shown, by the ending of its name."""
UNKNOWN: Final = "–"


def spoken(told: Told, language: str = DEFAULT, zone: str = formats.HOME_ZONE) -> Texts:
    """Return what is said of a situation in `language`, times by the clock of `zone`."""
    texts = told.situation.text(language, told.match.variant)
    return Texts(
        **{
            name: filled(getattr(texts, name), told.match.values, language, zone)
            for name in Texts.__struct_fields__
        }
    )  # fmt: skip


def filled(text: str, values: Mapping[str, Value], language: str = DEFAULT, zone: str = formats.HOME_ZONE) -> str:
    """Return `text` with its values in place; one that is not known is shown as a dash."""
    currency = str(values.get("currency") or "SEK")
    return PLACE.sub(lambda place: _shown(place[1], values.get(place[1]), currency, language, zone), text)


def _shown(name: str, value: Value, currency: str, language: str, zone: str) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        return formats.local_time(value, zone, language=language)
    if isinstance(value, str):
        return value
    unit = next((unit for unit in UNITS if name.endswith(unit)), "")
    return UNITS[unit](value, currency, language) if unit else formats.number(value, 0, language)

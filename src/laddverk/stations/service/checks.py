"""What staff enter about sites, stations and connectors, checked field by field. Pure."""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from zoneinfo import available_timezones

import msgspec

from laddverk.kernel.problems import Invalid
from laddverk.ocpp import quirks
from laddverk.stations import admission, keys
from laddverk.stations.model import NewConnector, NewStation, SiteDetails

SITE_CODE: Final = re.compile(r"[A-Z0-9]{2,8}")
NAME_LENGTH_MAX: Final = 100
TEXT_LENGTH_MAX: Final = 300
IDENTITY_LENGTH_MAX: Final = 48  # OCPP 2.0.1; 1.6 leaves it open
POWER_MAX_W: Final = 4_000_000  # a megawatt charger for lorries, with margin
CURRENT_MAX_A: Final = 3_000
EVSES_MAX: Final = 1_000
PLUGS: Final = ("type2", "ccs2", "chademo")
POWER_TYPES: Final = ("ac1", "ac3", "dc")


def checked_site(site: SiteDetails) -> SiteDetails:
    """Return `site` with blanks trimmed and its code in capitals. Raises `Invalid` naming the first field at fault."""
    site = msgspec.structs.replace(
        site,
        name=_text("name", site.name, NAME_LENGTH_MAX),
        code=site.code.strip().upper(),
        address=_text("address", site.address, TEXT_LENGTH_MAX, may_be_empty=True),
        municipality=_text("municipality", site.municipality, NAME_LENGTH_MAX, may_be_empty=True),
    )
    if not SITE_CODE.fullmatch(site.code):
        raise Invalid(
            "The code must be 2 to 8 letters A-Z and digits.", field="code", remedy="Write for example GBG or NORD2."
        )
    if (site.latitude is None) != (site.longitude is None):
        raise Invalid(
            "A place needs both latitude and longitude.",
            field="longitude" if site.longitude is None else "latitude",
            remedy="Give both, or leave both empty.",
        )
    _within("latitude", site.latitude, -90, 90)
    _within("longitude", site.longitude, -180, 180)
    if site.timezone not in _timezones():
        raise Invalid("There is no such time zone.", field="timezone", remedy="Write it like Europe/Stockholm.")
    return site


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def checked_station(station: NewStation) -> NewStation:
    """Return `station` with blanks trimmed. Raises `Invalid` naming the first field at fault."""
    station = msgspec.structs.replace(
        station,
        identity=station.identity.strip(),
        name=_text("name", station.name, NAME_LENGTH_MAX),
        connectors=tuple(checked_connector(connector) for connector in station.connectors),
    )
    identity = station.identity
    if not 1 <= len(identity) <= IDENTITY_LENGTH_MAX or ":" in identity or not identity.isprintable():
        raise Invalid(
            "The identity must be 1 to %(length)s characters, without a colon.",
            field="identity",
            remedy="Copy it as it is set in the charger.",
            length=IDENTITY_LENGTH_MAX,
        )
    if station.key is not None:
        check_key(station.key)
    if station.security_profile not in admission.PROFILES[1:]:
        raise Invalid(
            "The security profile must be 1, 2 or 3.",
            field="security_profile",
            remedy="Profile 0 is for a station that is registered already, on its security page.",
        )
    places = [(connector.evse_number, connector.connector_number) for connector in station.connectors]
    if len(set(places)) < len(places):
        raise Invalid(
            "Two connectors have the same number.", field="connectors", remedy="Number them 1, 2, 3 and so on."
        )
    check_power(station.power_max_w)
    check_quirks(station.quirks)
    return station


def check_key(key: str) -> None:
    """Raise `Invalid` when `key` cannot be the key or password of a charger."""
    if not keys.TEXT_LENGTH_MIN <= len(key.encode()) <= keys.TEXT_LENGTH_MAX or not key.isprintable():
        raise Invalid(
            "The key must be %(least)s to %(most)s characters.",
            field="key",
            remedy="Leave it empty to have one made.",
            least=keys.TEXT_LENGTH_MIN,
            most=keys.TEXT_LENGTH_MAX,
        )


def checked_name(name: str) -> str:
    """Return the name of a station, trimmed. Raises `Invalid` when it is empty or too long."""
    return _text("name", name, NAME_LENGTH_MAX)


def check_power(power_max_w: int) -> None:
    """Raise `Invalid` when this cannot be the power of a charger, in watts."""
    _within("power_max_w", power_max_w, 1, POWER_MAX_W)


def check_quirks(given: dict[str, object]) -> None:
    """Raise `Invalid` when the special settings of a station cannot be used, naming the one that is wrong."""
    quirks.checked(given)


def checked_connector(connector: NewConnector) -> NewConnector:
    """Return `connector`. Raises `Invalid` naming the first field at fault."""
    _within("evse_number", connector.evse_number, 1, EVSES_MAX)
    _within("connector_number", connector.connector_number, 1, EVSES_MAX)
    _within("power_max_w", connector.power_max_w, 1, POWER_MAX_W)
    _within("current_max_a", connector.current_max_a, 1, CURRENT_MAX_A)
    _one_of("plug", connector.plug, PLUGS)
    _one_of("power_type", connector.power_type, POWER_TYPES)
    return connector


def _text(field: str, text: str, length_max: int, *, may_be_empty: bool = False) -> str:
    text = text.strip()
    if not text and not may_be_empty:
        raise Invalid("This must not be empty.", field=field, remedy="Write something that people recognise.")
    if len(text) > length_max or "\x00" in text:
        raise Invalid("This is too long.", field=field, remedy="Use at most %(max)s characters.", max=length_max)
    return text


def _within(field: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise Invalid(
            "This must be between %(low)s and %(high)s.",
            field=field,
            remedy="Check the unit and the decimal sign.",
            low=low,
            high=high,
        )


def _one_of(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise Invalid(
            "%(value)s is not known here.", field=field, remedy="Choose one of %(known)s.", value=value,
            known=", ".join(known),
        )  # fmt: skip

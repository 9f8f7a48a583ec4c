"""Which car a token is: a car's own address (EVCCID, "autocharge") or the contract in it. Pure."""

from __future__ import annotations

import re
from typing import Final

MAC: Final = re.compile(r"(?:VID|EVCCID)?([0-9A-F]{12})")
CONTRACT: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}C[A-Z0-9]{8,9}")
"""An eMAID without separators (ISO 15118-2, annex H)."""

OUI_LENGTH: Final = 6  # digits of an address that name the maker of the modem


def car_of(uid: str) -> str:
    """Return what names the car that identified itself by `uid`, or '' when `uid` is a person's card."""
    mac = MAC.fullmatch(uid)
    if mac is not None:
        return f"mac {mac[1]}"
    return f"contract {uid}" if CONTRACT.fullmatch(uid) else ""


def make_of(uid: str, makes: dict[str, str]) -> str:
    """Return the make of the car: by name where the maker's prefix is known, else the prefix; '' for a card."""
    mac = MAC.fullmatch(uid)
    if mac is None:
        return ""
    prefix = mac[1][:OUI_LENGTH]
    return makes.get(prefix) or ":".join((prefix[:2], prefix[2:4], prefix[4:]))

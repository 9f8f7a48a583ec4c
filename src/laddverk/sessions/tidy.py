"""What a charger says, brought within what the database can hold. Pure; nothing raises, nothing is judged here."""

from __future__ import annotations

from typing import Final

import msgspec

from laddverk.access import service as access

TEXT_MAX: Final = 500  # names, reasons and flags; the whole message is in the journal
INT_MAX: Final = 2**31 - 1
BIGINT_MAX: Final = 2**62  # room to add and subtract without overflow
REAL_MAX: Final = 1e9  # no current, voltage or temperature is beyond; `real` would overflow at 3e38


def tidy(text: str) -> str:
    """Return `text` without NUL, which PostgreSQL cannot hold, and not longer than is sensible."""
    return (text.replace("\x00", "") if "\x00" in text else text)[:TEXT_MAX]


def token(text: str | None) -> str | None:
    """Return a token's uid as tokens are kept (quirks 52, 53), or None when there is none."""
    return (tidy(access.normalised_uid(text)) or None) if text else None


def int32(number: int | None) -> int | None:
    """Return `number` if a column of integers holds it and it is not negative, else None."""
    return number if number is not None and 0 <= number <= INT_MAX else None


def bigint(number: int | None) -> int | None:
    """Return `number` if a register can show it, else None."""
    return number if number is not None and -BIGINT_MAX <= number <= BIGINT_MAX else None


def power(number: int | None) -> int | None:
    """Return `number` (W, negative when the car feeds back) if it fits an integer column, else None."""
    return number if number is not None and -INT_MAX <= number <= INT_MAX else None


def real(number: float | None) -> float | None:
    """Return `number` if it is a number that something measured can have, else None."""
    return number if number is not None and -REAL_MAX <= number <= REAL_MAX else None


def json_text(value: object) -> str:
    """Return `value` as JSON that PostgreSQL takes: without NUL characters."""
    encoded = msgspec.json.encode(value)
    if b"\\u0000" in encoded:
        encoded = msgspec.json.encode(_without_nul(msgspec.json.decode(encoded)))
    return encoded.decode()


def _without_nul(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {str(name).replace("\x00", ""): _without_nul(item) for name, item in value.items()}
    return value

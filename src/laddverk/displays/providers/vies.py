"""VIES, the European Commission's register of VAT numbers, by its REST interface."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from laddverk.displays.providers.port import Registered, Unreachable
from laddverk.ocpp.facts import Company
from laddverk.platform import outgoing

UNKNOWN = "---"
"""What VIES writes for a name or an address that a country does not tell."""


class Vies:
    """Asks for one number at a time."""

    name: ClassVar[str] = "vies"

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def look_up(self, number: str) -> Registered:
        """Return what VIES says. It answers 200 with `userError` when a country's own register is away."""
        url = f"{self._url}/ms/{number[:2]}/vat/{number[2:]}"
        try:
            fetched = await outgoing.fetch("GET", url, headers={"Accept": "application/json"})
        except (outgoing.NotAllowed, outgoing.NoAnswer) as error:
            raise Unreachable(str(error)) from error
        if fetched.status != 200:
            raise Unreachable(f"it answered {fetched.status}")
        return said(number, fetched.body)


def said(number: str, body: bytes) -> Registered:
    """Return what an answer of VIES says. Raises `Unreachable` for one that says nothing."""
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Unreachable("its answer cannot be read") from error
    exists = answer.get("isValid", answer.get("valid"))
    if answer.get("userError") not in (None, "VALID", "INVALID") or not isinstance(exists, bool):
        raise Unreachable(str(answer.get("userError") or "its answer says nothing")[:100])
    return Registered(exists, _company(number, answer) if exists else None)


def _company(number: str, answer: dict[str, Any]) -> Company | None:
    name = _text(answer.get("name"))
    if not name:
        return None
    lines = [line.strip() for line in _text(answer.get("address")).splitlines() if line.strip()]
    return Company(name=name, address=", ".join(lines[:-1]), city=lines[-1] if lines else "", country=number[:2])


def _text(value: object) -> str:
    return value.strip()[:200] if isinstance(value, str) and value.strip() != UNKNOWN else ""

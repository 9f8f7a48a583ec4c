"""The interface of a register of VAT numbers."""

from __future__ import annotations

from typing import ClassVar, Protocol

from msgspec import Struct

from laddverk.ocpp.facts import Company


class Registered(Struct, frozen=True):
    """What a register says of a number."""

    exists: bool
    company: Company | None = None


class Unreachable(Exception):
    """The register did not answer, or not in its own words."""


class VatRegister(Protocol):
    """Somebody who knows which VAT numbers exist."""

    name: ClassVar[str]

    async def look_up(self, number: str) -> Registered:
        """Return what is known of a plain number (country and digits). Raises `Unreachable`."""

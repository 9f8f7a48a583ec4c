"""The words for a tariff as 2.1 tells it to a charger, and what a charger computed with it (block I)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class PriceWhen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When a price applies, in the charger's local time. Everything given must hold."""

    from_time: str | None = None
    """HH:MM, inclusive."""
    to_time: str | None = None
    """HH:MM, exclusive; 00:00 is midnight at the end of the day."""
    days: tuple[str, ...] = ()
    """Monday … Sunday; empty is every day."""
    valid_from: str | None = None
    """YYYY-MM-DD, inclusive."""
    valid_to: str | None = None
    """YYYY-MM-DD, exclusive."""
    idle_from_s: int | None = None
    """Only after so many idle seconds."""


class PriceShown(Struct, frozen=True, kw_only=True):
    """One price of one dimension, without tax. Of several that apply, the first counts."""

    price: Decimal
    when: PriceWhen = PriceWhen()


class TariffShown(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tariff as a charger is told it. Prices are without the tax, or, when `tax_percent` is None, what is paid."""

    id: str
    currency: str
    descriptions: tuple[tuple[str, str], ...] = ()
    """(language, text)."""
    tax_percent: Decimal | None = None
    own_taxes: tuple[tuple[str, Decimal], ...] = ()
    """Of dimensions with another rate, by their names here: (`idle_time`, 0)."""
    energy: tuple[PriceShown, ...] = ()
    charging_time: tuple[PriceShown, ...] = ()
    """Per minute."""
    idle_time: tuple[PriceShown, ...] = ()
    """Per minute."""
    fixed: tuple[PriceShown, ...] = ()
    valid_from: datetime | None = None


class TariffAssigned(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tariff that a charger says it has."""

    tariff_id: str
    kind: str = "DefaultTariff"
    """DefaultTariff or DriverTariff."""
    evse_numbers: tuple[int, ...] = ()
    valid_from: datetime | None = None


class CostComputed(Fact, frozen=True, kw_only=True):
    """What a session costs by the charger's own reckoning (2.1 costDetails of a TransactionEvent)."""

    transaction_key: str
    amount: Decimal
    """Major units; with tax where `has_tax`."""
    currency: str
    has_tax: bool = True
    is_final: bool = False
    failure: str | None = None
    """Why the charger could not reckon; the amount is then no price."""

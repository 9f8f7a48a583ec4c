"""Facts about paying at the charger (2.1, blocks C and I): what a terminal settled, VAT numbers entered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class Company(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A company and its address, for a receipt with VAT."""

    name: str
    address: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""


class SettlementReported(Fact, frozen=True, kw_only=True):
    """A terminal in the charger took money, or failed to. Needs `SettlementAnswer`."""

    reference: str
    """The payment provider's own."""
    status: str
    """Settled, Canceled, Rejected or Failed."""
    amount: Decimal
    """Major units, as the charger said it."""
    transaction_key: str | None = None
    info: str | None = None
    receipt_id: str | None = None
    receipt_url: str | None = None
    company: Company | None = None
    vat_number: str | None = None


class VatNumberEntered(Fact, frozen=True, kw_only=True):
    """A driver entered a VAT number at the charger. Needs `VatAnswer`, for which a register is asked."""

    ASKS: ClassVar[bool] = True

    vat_number: str
    evse_number: int | None = None
    found: Any = None
    """The `VatAnswer`; None where nobody answered in time."""

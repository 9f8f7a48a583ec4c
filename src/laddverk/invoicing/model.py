"""Words of invoicing: the document, its lines, who sells and who buys, and what a run did."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.events import Event
from laddverk.kernel.ids import DriverId, InvoiceId, SessionId
from laddverk.kernel.money import VatTotal
from laddverk.subscriptions.model import DueFee

PAYMENT_TERM_DAYS: Final = 30  # usual in Sweden between a company and a consumer


class InvoiceIssued(Event, frozen=True, kw_only=True):
    """A document was written. `gross_minor` is negative for a credit note."""

    invoice_id: InvoiceId
    driver_id: DriverId
    kind: str
    gross_minor: int
    currency: str


class Seller(Struct, frozen=True, kw_only=True):
    """Who sells, as printed (ML 2023:200 17 kap 24 §: name, address, VAT number)."""

    name: str
    org_number: str = ""
    vat_number: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    bankgiro: str = ""
    swish_number: str = ""
    whole_kronor: bool = False
    """What is asked for by bank is rounded to whole kronor."""


class Buyer(Struct, frozen=True, kw_only=True):
    """Who buys, as printed."""

    name: str
    address: str = ""
    email: str = ""
    kind: str = "person"
    org_number: str = ""
    vat_number: str = ""
    reference: str = ""
    """Whom a company wants named."""
    order_number: str = ""

    @property
    def is_company(self) -> bool:
        """Whether amounts are shown without VAT first, as companies read them."""
        return self.kind == "company"


class DueSession(Struct, frozen=True):
    """A priced session that stands on no invoice yet."""

    id: SessionId
    driver_id: DriverId
    currency: str
    vat_percent: Decimal
    gross_minor: int
    energy_wh: int
    vat: tuple[VatTotal, ...] | None = None
    """Where there are several rates."""

    @property
    def rates(self) -> tuple[tuple[Decimal, int], ...]:
        """The gross at each rate."""
        return tuple((part.percent, part.gross_minor) for part in self.vat or ()) or (
            (self.vat_percent, self.gross_minor),
        )


class Fee(Struct, frozen=True):
    """A part of a subscription's monthly fee that stands on no invoice yet: a supply of its own, beside the energy."""

    id: UUID
    """Of the line that is to be, so that it is told apart from sessions."""
    driver_id: DriverId
    currency: str
    vat_percent: Decimal
    gross_minor: int
    due: DueFee
    energy_wh: int = 0

    @property
    def rates(self) -> tuple[tuple[Decimal, int], ...]:
        """The gross at its rate."""
        return ((self.vat_percent, self.gross_minor),)


Due = DueSession | Fee


class LineAmount(Struct, frozen=True):
    """The place and money of a session, or of a fee, on an invoice, in minor units."""

    number: int
    session_id: SessionId | None
    gross_minor: int
    net_minor: int
    vat_minor: int
    vat_percent: Decimal = Decimal(0)
    fee: DueFee | None = None
    vat: tuple[VatTotal, ...] | None = None
    """Where there are several rates."""


class NewInvoice(Struct, frozen=True, kw_only=True):
    """One document to be written, with all its money decided."""

    id: InvoiceId
    number: int
    reference: str
    driver_id: DriverId
    currency: str
    vat: tuple[VatTotal, ...]
    lines: tuple[LineAmount, ...]

    @property
    def gross_minor(self) -> int:
        """What is to be paid."""
        return sum(each.gross_minor for each in self.vat)

    @property
    def net_minor(self) -> int:
        """Without VAT."""
        return sum(each.net_minor for each in self.vat)

    @property
    def vat_minor(self) -> int:
        """The VAT in it."""
        return sum(each.vat_minor for each in self.vat)


class RunReport(Struct, frozen=True):
    """What a run did; all zero when there was nothing left to invoice."""

    invoices: int = 0
    sessions: int = 0
    gross_minor: dict[str, int] = {}
    """By currency, as the two below."""
    net_minor: dict[str, int] = {}
    vat_minor: dict[str, int] = {}
    energy_wh: int = 0
    fees: int = 0


class InvoiceLine(Struct, frozen=True):
    """One session or one fee on a document. Negative on a credit note (`sign` is -1)."""

    number: int
    session_id: SessionId | None
    sign: int
    text: str
    """Where: the site and the code on the sticker; empty when the one who charged keeps it to themselves. Of a fee:
    the plan."""
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    gross_minor: int
    net_minor: int
    vat_minor: int
    vat_percent: Decimal
    price_lines: list[dict[str, Any]]
    subscription_id: UUID | None = None
    """Of a fee, whose days are from `started_at` to `ended_at`."""
    driver_name: str = ""
    """Who charged, when another pays."""
    vat: tuple[VatTotal, ...] | None = None
    """Where there are several rates."""


class Invoice(Struct, frozen=True, kw_only=True):
    """A document as it was written, with what happened to it since (`paid_minor`, `credited_minor`)."""

    id: InvoiceId
    series: str
    number: int
    kind: str
    """`invoice` or `credit_note`."""
    credits_invoice_id: UUID | None
    driver_id: DriverId
    period: date
    run: int
    currency: str
    gross_minor: int
    net_minor: int
    vat_minor: int
    paid_minor: int
    credited_minor: int
    vat: tuple[VatTotal, ...]
    seller: Seller
    buyer: Buyer
    reference: str
    issued_at: datetime
    due_on: date
    reason: str
    pdf_sha256: dict[str, str]
    timezone: str = "Europe/Stockholm"

    @property
    def shown_number(self) -> str:
        """The number as people write it: `F2026-00042`."""
        return shown_number(self.series, self.number)

    @property
    def remaining_minor(self) -> int:
        """What is still to be paid; never below zero."""
        return max(0, self.gross_minor - self.credited_minor - self.paid_minor)


class Receipt(Struct, frozen=True, kw_only=True):
    """A session that was paid at once, with what the receipt needs (ML 17 kap 28 §: a simplified invoice)."""

    number: int
    place: str
    started_at: datetime
    ended_at: datetime
    energy_wh: int
    price_minor: int
    vat_minor: int
    vat_percent: Decimal
    vat: tuple[VatTotal, ...] | None = None
    """Where there are several rates."""
    currency: str
    price_lines: list[dict[str, Any]]
    timezone: str
    paid_at: datetime | None = None
    captured_minor: int = 0
    refunded_minor: int = 0


def shown_number(series: str, number: int) -> str:
    """Return an invoice number as it is printed: series, hyphen, at least five digits."""
    return f"{series}-{number:05d}"

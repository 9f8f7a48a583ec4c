"""What a document says, in the language of its reader: everything that `document.typ` sets, ready as text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from laddverk.invoicing import slip
from laddverk.invoicing.model import Buyer, Invoice, InvoiceLine, Receipt, Seller
from laddverk.invoicing.typesetting import qr_svg
from laddverk.kernel.money import VatTotal, vat_of
from laddverk.kernel.time import seconds_between
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for
from laddverk.tariffs.explaining import rate_words

LINES_ON_FIRST_PAGE: Final = 6  # more begin on a page of their own, so that the first one stays calm


class _Words:
    """Formats with the language, currency and time zone of one document filled in."""

    def __init__(self, language: str, currency: str, timezone: str) -> None:
        self.language = language
        self.zone = timezone
        self._currency = currency
        self._: Callable[[str], str] = gettext_for(language)

    def money(self, amount_minor: int) -> str:
        return formats.money(amount_minor, self._currency, self.language)

    def kwh(self, energy_wh: int) -> str:
        return formats.energy_kwh(energy_wh, 1, self.language)

    def day(self, at: Any) -> str:
        return formats.local_date(at, self.zone, self.language)

    def ymd(self, at: datetime) -> list[int]:
        local = at.astimezone(ZoneInfo(self.zone))
        return [local.year, local.month, local.day]

    def moment(self, at: datetime) -> str:
        return formats.local_datetime(at, self.zone, language=self.language)

    def span(self, start: datetime, end: datetime) -> str:
        """`14 okt. 2026 14:02–16:40`; the second day is named when the night lies between."""
        first, last = formats.local_datetime(start, self.zone, language=self.language), ""
        if self.day(start) != self.day(end):
            last = self.day(end) + " "
        return f"{first}–{last}{formats.local_time(end, self.zone, language=self.language)}"

    def price(self, amount: Decimal) -> str:
        return formats.price(amount, self._currency, self.language)

    def number(self, value: Decimal, digits: int) -> str:
        return formats.number(value, digits, self.language)


def invoice_document(
    invoice: Invoice, lines: Sequence[InvoiceLine], language: str, *, pay_url: str = "", credited: str = ""
) -> dict[str, Any]:
    """Return what an invoice or a credit note says.

    `pay_url` becomes a QR code on an invoice; `credited` is the number of the invoice that a credit note refers to
    (ML 17 kap 22 §: specifically and unambiguously).
    """
    words = _Words(language, invoice.currency, invoice.timezone)
    _ = words._
    is_credit = invoice.kind == "credit_note"
    to_pay = not is_credit and invoice.gross_minor > 0
    net_first = invoice.buyer.is_company
    month = formats.month(invoice.period, language)
    return {
        "language": language,
        "title": _("Credit note") if is_credit else _("Invoice"),
        "number": invoice.shown_number,
        "issued": words.ymd(invoice.issued_at),
        "subject": _("Charging in %(month)s") % {"month": month},
        "amount": words.money(abs(invoice.gross_minor)),
        "amount_note": _amount_note(invoice, words),
        "settled": is_credit,
        "seller": {"name": invoice.seller.name},
        "buyer_label": _("To"),
        "buyer": _buyer_lines(invoice.buyer, words),
        "facts": _invoice_facts(invoice, lines, words, credited if is_credit else ""),
        "notes": _invoice_notes(invoice, words, to_pay=bool(pay_url) and to_pay),
        "slip": _slip(invoice, words) if to_pay else [],
        "codes": _codes(invoice, pay_url, words) if to_pay else [],
        **_vat(invoice.vat, words),
        "lines_title": _("Your charging"),
        "lines_on_new_page": len(lines) > LINES_ON_FIRST_PAGE,
        "lines_head": [
            _("When and where"),
            _("For how long"),
            _("Energy"),
            _("Without VAT") if net_first else _("Amount"),
        ],
        "lines": [_line(line, words, net_first=net_first) for line in lines],
        "lines_total": [
            _("Total without VAT") if net_first else _("Total"),
            "",
            words.kwh(sum(line.energy_wh for line in lines)),
            words.money(invoice.net_minor if net_first else invoice.gross_minor),
        ],
        "footer": _seller_lines(invoice.seller, words),
    }


def receipt_document(receipt: Receipt, seller: Seller, language: str) -> dict[str, Any]:
    """Return what the receipt of one session says: every part of its price."""
    words = _Words(language, receipt.currency, receipt.timezone)
    _ = words._
    vat = vat_of(receipt.vat, receipt.price_minor, receipt.vat_minor, receipt.vat_percent)
    return {
        "language": language,
        "title": _("Receipt"),
        "number": str(receipt.number),
        "issued": words.ymd(receipt.ended_at),
        "subject": receipt.place,
        "amount": words.money(receipt.price_minor),
        "amount_note": _paid_note(receipt, words),
        "settled": receipt.paid_at is not None,
        "seller": {"name": seller.name},
        "buyer_label": "",
        "buyer": [],
        "facts": [
            [_("When"), words.span(receipt.started_at, receipt.ended_at)],
            [_("Energy"), words.kwh(receipt.energy_wh)],
            [_("Receipt number"), str(receipt.number)],
        ],
        "notes": _refund_note(receipt, words),
        "slip": [],
        "codes": [],
        **_vat(vat, words),
        "lines_title": _("How the price came about"),
        "lines_on_new_page": False,
        "lines_head": [_("For"), _("Quantity"), _("Price"), _("Amount")],
        "lines": [_part_line(line, words) for line in receipt.price_lines],
        "lines_total": [_("Total including VAT"), "", "", words.money(receipt.price_minor)],
        "footer": _seller_lines(seller, words),
    }


def _amount_note(invoice: Invoice, words: _Words) -> str:
    _ = words._
    if invoice.kind == "credit_note":
        return _("is credited to you")
    if invoice.gross_minor <= 0:
        return _("Nothing is to be paid.")
    return _("to be paid by %(day)s") % {"day": words.day(invoice.due_on)}


def _invoice_facts(invoice: Invoice, lines: Sequence[InvoiceLine], words: _Words, credited: str) -> list[list[str]]:
    _ = words._
    facts = [[_("Credit note number") if credited else _("Invoice number"), invoice.shown_number]]
    facts.append([_("Date of issue"), words.day(invoice.issued_at)])
    if credited:
        facts.append([_("Credits invoice"), credited])
    elif invoice.gross_minor > 0 and not _has_slip(invoice):
        facts += [[_("Due date"), words.day(invoice.due_on)], [_("Payment reference (OCR)"), invoice.reference]]
    buyer = invoice.buyer
    if buyer.reference:
        facts.append([_("Your reference"), buyer.reference])
    if buyer.order_number:
        facts.append([_("Your order"), buyer.order_number])
    facts.append([_("Charges"), words.number(Decimal(sum(line.session_id is not None for line in lines)), 0)])
    facts.append([_("Energy"), words.kwh(sum(line.energy_wh for line in lines))])
    return facts


def _slip(invoice: Invoice, words: _Words) -> list[list[str]]:
    """Return what a payer types into the bank: account, reference, amount, day. Nothing without a bankgiro."""
    _ = words._
    if not _has_slip(invoice):
        return []
    asked = _asked_minor(invoice)
    rows = [
        [_("Bankgiro"), invoice.seller.bankgiro],
        [_("Payment reference (OCR)"), invoice.reference],
        [_("Amount"), words.money(asked)],
        [_("Due date"), words.day(invoice.due_on)],
    ]
    if asked != invoice.gross_minor:
        rows.append([_("Rounded by"), words.money(asked - invoice.gross_minor)])
    return rows


def _codes(invoice: Invoice, pay_url: str, words: _Words) -> list[dict[str, str]]:
    """Return the codes that phones read: our page, the bank's app, Swish. Each with its name and its words."""
    _ = words._
    seller, asked = invoice.seller, _asked_minor(invoice)
    found = []
    if pay_url:
        alt = _("QR code that opens the page where you can pay")
        found.append({"svg": qr_svg(pay_url), "alt": alt, "note": _("Pay on your phone")})
    if _has_slip(invoice):
        text = slip.using_qr(
            payee=seller.name,
            org_number=seller.org_number,
            reference=invoice.reference,
            issued_on=invoice.issued_at.astimezone(ZoneInfo(invoice.timezone)).date(),
            due_on=invoice.due_on,
            amount_minor=asked,
            vat_minor=invoice.vat_minor,
            account=seller.bankgiro,
        )
        alt = _("QR code with account, reference and amount for your bank's app")
        found.append({"svg": qr_svg(text), "alt": alt, "note": _("Your bank's app")})
    if seller.swish_number and invoice.currency == "SEK":
        text = slip.swish_qr(seller.swish_number, asked, invoice.reference)
        alt = _("QR code with number, amount and reference for Swish")
        found.append({"svg": qr_svg(text), "alt": alt, "note": "Swish"})
    return found


def _has_slip(invoice: Invoice) -> bool:
    """Return whether a bankgiro is named: it moves kronor only."""
    return bool(invoice.seller.bankgiro) and invoice.currency == "SEK"


def _asked_minor(invoice: Invoice) -> int:
    return slip.asked_minor(invoice.gross_minor, whole_kronor=invoice.seller.whole_kronor)


def _buyer_lines(buyer: Buyer, words: _Words) -> list[str]:
    _ = words._
    lines = _address(buyer.name, buyer.address)
    if buyer.org_number:
        lines.append(_("Org. no. %(number)s") % {"number": buyer.org_number})
    if buyer.vat_number:
        lines.append(_("VAT no. %(number)s") % {"number": buyer.vat_number})
    return lines


def _invoice_notes(invoice: Invoice, words: _Words, *, to_pay: bool) -> list[str]:
    _ = words._
    notes = [_("Reason: %(reason)s") % {"reason": invoice.reason}] if invoice.reason else []
    if to_pay:
        notes.append(_("To pay by card or in another way that we offer, scan the code or open the link in our mail."))
    return notes


def _vat(totals: Sequence[VatTotal], words: _Words) -> dict[str, Any]:
    _ = words._
    rows = [
        [_rate(v.percent, words), words.money(v.net_minor), words.money(v.vat_minor), words.money(v.gross_minor)]
        for v in totals
    ]
    net, vat, gross = (sum(getattr(v, name) for v in totals) for name in ("net_minor", "vat_minor", "gross_minor"))
    return {
        "vat_title": _("VAT"),
        "vat_head": [_("Rate"), _("Without VAT"), _("VAT amount"), _("With VAT")],
        "vat_rows": rows,
        "vat_total": [_("Total"), words.money(net), words.money(vat), words.money(gross)],
    }


def _rate(percent: Decimal, words: _Words) -> str:
    return words.number(percent, 0 if percent == percent.to_integral_value() else 1) + "\u00a0%"


def _line(line: InvoiceLine, words: _Words, *, net_first: bool) -> dict[str, Any]:
    return (
        _fee_line(line, words, net_first=net_first)
        if line.session_id is None
        else _session_line(line, words, net_first=net_first)
    )


def _fee_line(line: InvoiceLine, words: _Words, *, net_first: bool) -> dict[str, Any]:
    """The fee of a subscription for some days: a supply of its own, beside the energy."""
    last = line.ended_at - timedelta(hours=1)
    return {
        "cells": [
            words._("Monthly fee, %(plan)s") % {"plan": line.text},
            "",
            "",
            words.money(line.net_minor if net_first else line.gross_minor),
        ],
        "detail": f"{words.day(line.started_at)} – {words.day(last)}",
    }


def _session_line(line: InvoiceLine, words: _Words, *, net_first: bool) -> dict[str, Any]:
    """A charge; of a member who keeps the place to themselves, only the day."""
    when = words.moment(line.started_at) if line.text or not line.driver_name else words.day(line.started_at)
    where = " · ".join(part for part in (line.text, line.driver_name) if part)
    length = formats.duration(seconds_between(line.started_at, line.ended_at), words.language)
    parts = [_part(part, words) for part in line.price_lines]
    return {
        "cells": [
            f"{when}  {where}",
            length,
            words.kwh(line.energy_wh),
            words.money(line.net_minor if net_first else line.gross_minor),
        ],
        "detail": " · ".join(parts),
    }


def _part(part: dict[str, Any], words: _Words) -> str:
    """Return one part of a price in short: `8,2 kWh × 4,90 kr`."""
    if part.get("included"):
        return f"{_quantity(part, words)} {words._('included in the subscription')}"
    text = f"{_quantity(part, words)} × {words.price(Decimal(str(part['unit_price'])))}"
    rate = _own_rate(part, words)
    return f"{text} ({rate})" if rate else text


def _own_rate(part: dict[str, Any], words: _Words) -> str:
    """Return the VAT of one part of a price, where there are several rates; '' where the VAT box says all."""
    if part.get("vat_percent") is None:
        return ""
    return rate_words(Decimal(str(part["vat_percent"])), words.language)


def _part_line(part: dict[str, Any], words: _Words) -> dict[str, Any]:
    _ = words._
    names = {
        "energy": _("Energy"),
        "charging": _("Time while charging"),
        "idle": _("Time after charging"),
        "session": _("Start fee"),
        "minimum": _("Up to the lowest price"),
        "maximum": _("Down to the highest price"),
    }
    name = names.get(part["dimension"], part["dimension"])
    start, end = (datetime.fromisoformat(part[key]) for key in ("from_at", "to_at"))
    detail = words.span(start, end)
    if part.get("capped"):
        detail += " · " + _("up to the highest amount for time after charging")
    if part.get("included"):
        detail += " · " + _("included in the subscription")
    if rate := _own_rate(part, words):
        detail += " · " + rate
    return {
        "cells": [
            name,
            _quantity(part, words),
            words.price(Decimal(str(part["unit_price"]))),
            words.money(part["amount_minor"]),
        ],
        "detail": detail,
    }


def _quantity(part: dict[str, Any], words: _Words) -> str:
    """Return how much of it, as exactly as it was priced: Wh for energy, seconds for time."""
    unit = part["unit"]
    if unit == "session":
        return words._("1 start")
    if unit == "min" and part.get("seconds"):
        return formats.duration(timedelta(seconds=part["seconds"]), words.language)
    return f"{words.number(Decimal(str(part['quantity'])), 3 if unit == 'kWh' else 1)}\u00a0{unit}"


def _paid_note(receipt: Receipt, words: _Words) -> str:
    _ = words._
    if receipt.paid_at is not None:
        return _("paid by card %(day)s") % {"day": words.day(receipt.paid_at)}
    return _("Nothing is to be paid.") if receipt.price_minor == 0 else _("comes with your monthly invoice")


def _refund_note(receipt: Receipt, words: _Words) -> list[str]:
    _ = words._
    notes = []
    if receipt.paid_at is not None and receipt.captured_minor < receipt.price_minor:
        rest = words.money(receipt.price_minor - receipt.captured_minor)
        notes.append(_("%(amount)s of it were not covered by the reserved amount.") % {"amount": rest})
    if receipt.refunded_minor:
        notes.append(_("%(amount)s of it have been paid back.") % {"amount": words.money(receipt.refunded_minor)})
    return notes


def _seller_lines(seller: Seller, words: _Words) -> list[str]:
    _ = words._
    numbers = []
    if seller.org_number:
        numbers.append(_("Org. no. %(number)s") % {"number": seller.org_number})
    if seller.vat_number:
        numbers.append(_("VAT no. %(number)s") % {"number": seller.vat_number})
    lines = ([seller.name, seller.address, seller.email, seller.phone], numbers)
    return [" · ".join(part for part in line if part) for line in lines]


def _address(name: str, address: str) -> list[str]:
    return [name, *(part.strip() for part in address.replace("\n", ",").split(",") if part.strip())]

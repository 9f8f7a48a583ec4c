"""How an invoice is paid from a bank: bankgiro with reference, and the codes that bank apps and Swish read. Pure."""

from __future__ import annotations

from datetime import date
from typing import Final
from urllib.parse import quote

import msgspec

from laddverk.invoicing.rules import luhn_digit
from laddverk.kernel.problems import Invalid

BANKGIRO_DIGITS: Final = (7, 8)
SWISH_DIGITS: Final = 10
SWISH_PREFIX: Final = "123"  # every company's number begins so
NAME_MAX: Final = 50  # what bank apps show of the payee
KRONA_MINOR: Final = 100


def bankgiro(text: str) -> str:
    """Return a bankgiro number as it is written, `5050-1055`. Raises `Invalid` when its check digit is wrong."""
    digits = "".join(letter for letter in text if letter not in " -\u00a0")
    is_number = digits.isascii() and digits.isdigit() and len(digits) in BANKGIRO_DIGITS
    if not is_number or luhn_digit(digits[:-1]) != digits[-1]:
        raise Invalid(
            "This is no bankgiro number.",
            field="LADDVERK_INVOICE_BANKGIRO",
            remedy="It has seven or eight digits, the last of them a check digit: 5050-1055.",
        )
    return f"{digits[:-4]}-{digits[-4:]}"


def swish_number(text: str) -> str:
    """Return a company's Swish number, ten digits beginning with 123. Raises `Invalid`."""
    digits = "".join(letter for letter in text if letter not in " -\u00a0")
    if not (digits.isascii() and digits.isdigit() and len(digits) == SWISH_DIGITS and digits.startswith(SWISH_PREFIX)):
        raise Invalid(
            "This is no company's Swish number.",
            field="LADDVERK_INVOICE_SWISH",
            remedy="It has ten digits and begins with 123.",
        )
    return digits


def asked_minor(amount_minor: int, *, whole_kronor: bool) -> int:
    """Return what the slip asks for: the amount, or with `whole_kronor` the amount rounded half up (öresavrundning).

    Only what is paid from a bank is rounded: a card is charged to the öre (failure mode 41).
    """
    if not whole_kronor:
        return amount_minor
    return (amount_minor + KRONA_MINOR // 2) // KRONA_MINOR * KRONA_MINOR


def plain_amount(amount_minor: int, point: str = ".") -> str:
    """Return an amount in kronor with two decimals, without spaces: `1234.50`."""
    return f"{amount_minor // KRONA_MINOR}{point}{amount_minor % KRONA_MINOR:02d}"


def using_qr(
    *,
    payee: str,
    org_number: str,
    reference: str,
    issued_on: date,
    due_on: date,
    amount_minor: int,
    vat_minor: int,
    account: str,
) -> str:
    """Return the text of the code on Swedish invoices that bank apps read (UsingQR, revision 2): one line of JSON."""
    said = {
        "uqr": 1,
        "tp": 1,
        "nme": payee[:NAME_MAX],
        "cid": org_number,
        "iref": reference,
        "idt": f"{issued_on:%Y%m%d}",
        "ddt": f"{due_on:%Y%m%d}",
        "due": msgspec.Raw(plain_amount(amount_minor).encode()),
        "vat": msgspec.Raw(plain_amount(vat_minor).encode()),
        "cur": "SEK",
        "pt": "BG",
        "acc": account,
    }
    return msgspec.json.encode({key: value for key, value in said.items() if value != ""}).decode()


def swish_qr(number: str, amount_minor: int, message: str) -> str:
    """Return the text of a code that fills in a Swish payment: payee, amount and message, none of them to be changed.

    Swish, QR code encoding specification 6.1: decimal comma, message URL-encoded, a mask of 0 locks all three.
    """
    return f"C{number};{plain_amount(amount_minor, ',')};{quote(message, safe='')};0"

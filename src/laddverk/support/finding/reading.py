"""What a text in the search box may be: a phone number, plate, sticker, tag, card payment, number, name. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from msgspec import Struct

TEXT_MAX: Final = 100
PHONE: Final = re.compile(r"(?:\+|00|0)[\d\s()/-]{6,20}")
PLATE: Final = re.compile(r"[A-ZÅÄÖ]{3}[\s-]?\d{2}[A-Z0-9]|[A-ZÅÄÖ0-9]{2,8}")
CODE: Final = re.compile(r"[A-ZÅÄÖ]{2,8}[\s-]\d{1,4}(?:[\s-]\d{1,3})?")
HEX: Final = re.compile(r"[0-9A-F]{8,20}")
REFERENCE: Final = re.compile(r"[0-9A-Z_-]{8,64}", re.IGNORECASE)
EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
NUMBER: Final = re.compile(r"#?(?:[A-ZÅÄÖ]{1,4}-)?(\d{1,12})")
LAST4: Final = re.compile(r"(?<![\d,.-])\d{4}(?![\d,.-])")
AMOUNT: Final = re.compile(
    r"(?<![\d-])(\d{1,3}(?:[ \u00a0]?\d{3})*(?:[,.]\d{1,2})?)\s*(kr|sek|:-)?(?![\d-])", re.IGNORECASE
)
ISO_DAY: Final = re.compile(r"\b(20\d\d)-(\d{1,2})-(\d{1,2})\b")
SHORT_DAY: Final = re.compile(r"(?<![\d,.])(\d{1,2})[/.](\d{1,2})(?![\d,.])")
MONTHS: Final[Mapping[str, int]] = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "maj": 5, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "okt": 10,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
WORD_DAY: Final = re.compile(
    r"\b(\d{1,2})\s*(jan|feb|mar|apr|maj|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*\b", re.IGNORECASE
)
NEAR_DAYS: Final = {"idag": 0, "today": 0, "igår": 1, "yesterday": 1, "i dag": 0, "i går": 1, "förrgår": 2}
WORD: Final = re.compile(r"[^\W\d_][\w'-]*")
WORDS_MAX: Final = 5


class Card(Struct, frozen=True, kw_only=True):
    """A card payment as its holder tells of it: two of the three at least."""

    last4: str = ""
    amount_minor: int | None = None
    on: date | None = None


class Meant(Struct, frozen=True, kw_only=True):
    """What a text may be; several can hold at once, and each is looked up."""

    text: str = ""
    phone: str = ""
    plate: str = ""
    code: str = ""
    tag: str = ""
    reference: str = ""
    email: str = ""
    number: int | None = None
    digits: str = ""
    """All of it, where it is digits only: an OCR number."""
    card: Card | None = None
    words: tuple[str, ...] = ()


def meant(text: str, today: date) -> Meant:
    """Return what `text` may be. Never raises; a text that is nothing gives an empty one."""
    plain = " ".join(text.replace("\x00", " ").split())[:TEXT_MAX]
    upper, tight = plain.upper(), re.sub(r"[\s:-]", "", plain).upper()
    number = NUMBER.fullmatch(upper)
    digits = tight if tight.isascii() and tight.isdigit() else ""
    return Meant(
        text=plain,
        phone=plain if PHONE.fullmatch(plain) else "",
        plate=tight if PLATE.fullmatch(upper) and any(each.isdigit() for each in tight) and tight != digits else "",
        code=re.sub(r"[\s-]+", "-", upper) if CODE.fullmatch(upper) else "",
        tag=tight if HEX.fullmatch(tight) else "",
        reference=plain if REFERENCE.fullmatch(plain) and any(each.isdigit() for each in plain) else "",
        email=plain.lower() if EMAIL.fullmatch(plain) else "",
        number=int(number[1]) if number else None,
        digits=digits,
        card=card_in(plain, today),
        words=tuple(WORD.findall(plain)[:WORDS_MAX]) if not any(each.isdigit() for each in plain) else (),
    )


def card_in(text: str, today: date) -> Card | None:
    """Return the card payment that a text tells of: last four digits, an amount, a day; None for fewer than two."""
    on, rest = day_in(text, today)
    found = LAST4.search(rest)
    last4 = found[0] if found else ""
    rest = rest[: found.start()] + " " + rest[found.end() :] if found else rest
    amount_minor = amount_in(rest)
    known = sum((bool(last4), amount_minor is not None, on is not None))
    return Card(last4=last4, amount_minor=amount_minor, on=on) if known > 1 and (last4 or amount_minor) else None


def amount_in(text: str) -> int | None:
    """Return the amount that a text names, in minor units; one without decimals must name its currency."""
    for found in AMOUNT.finditer(text):
        number, currency = found[1], found[2]
        if not currency and not re.search(r"[,.]\d", number):
            continue
        try:
            amount = Decimal(re.sub(r"\s", "", number).replace(",", "."))
        except InvalidOperation:
            continue
        return int(amount * 100)
    return None


def day_in(text: str, today: date) -> tuple[date | None, str]:
    """Return the day that a text names, and the text without it. One without a year is the latest that has been."""
    lower = text.lower()
    for word, back in NEAR_DAYS.items():
        found = re.search(rf"\b{word}\b", lower)
        if found:
            return today - timedelta(days=back), _without(text, found)
    found = ISO_DAY.search(text)
    if found:
        return _day(int(found[1]), int(found[2]), int(found[3])), _without(text, found)
    found = WORD_DAY.search(text)
    if found:
        return _latest(MONTHS[found[2].lower()], int(found[1]), today), _without(text, found)
    found = SHORT_DAY.search(text)
    if found and 1 <= int(found[2]) <= 12 and found.group().count(".") == 0:
        return _latest(int(found[2]), int(found[1]), today), _without(text, found)
    return None, text


def _without(text: str, found: re.Match[str]) -> str:
    return text[: found.start()] + " " + text[found.end() :]


def _latest(month: int, day: int, today: date) -> date | None:
    this = _day(today.year, month, day)
    return this if this is not None and this <= today else _day(today.year - 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None

"""Sheets of prepaid cards: each with its code, and a QR code that opens our page with it. To be cut, or for a printer.

The code stands behind the # of the address: browsers do not send that part, so no server, ours included, logs it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from io import BytesIO
from typing import Any, Final

import segno

from laddverk.payments.paper import typeset
from laddverk.payments.prepaid.model import Printed
from laddverk.payments.prepaid.queries import BatchRow
from laddverk.platform import formats
from laddverk.platform.languages import gettext_for
from laddverk.platform.settings import Settings

QR_ERROR_LEVEL: Final = "m"  # paper in a wallet; 15 % of it may be worn


def address(settings: Settings, code: str) -> str:
    """Return what the QR code of a card opens."""
    return f"{settings.web_url}/prepaid#{code}"


async def pdf(settings: Settings, batch: BatchRow, cards: list[Printed], language: str, at: datetime) -> bytes:
    """Return the cards of a batch as PDF, ten on an A4 page, with lines to cut along."""
    return await asyncio.to_thread(lambda: typeset("prepaid", document(settings, batch, cards, language, at), at))


def document(settings: Settings, batch: BatchRow, cards: list[Printed], language: str, at: datetime) -> dict[str, Any]:
    """Return what the sheet says, ready to be set."""
    _ = gettext_for(language)
    until = ""
    if batch.expires_on is not None:
        until = _("Use it by %(day)s.") % {"day": formats.local_date(batch.expires_on, settings.timezone, language)}
    return {
        "language": language,
        "title": _("Prepaid cards: %(name)s") % {"name": batch.name},
        "day": [at.year, at.month, at.day],
        "seller": settings.operator_name,
        "amount": formats.money(batch.amount_minor, batch.currency, language),
        "what": _("to charge for"),
        "how": _("Scan the code, or type it at %(address)s/prepaid")
        % {"address": settings.web_url.partition("://")[2]},
        "until": until,
        "cards": [
            {
                "place": _("No. %(number)s") % {"number": card.place},
                "code": card.code,
                "svg": _qr(address(settings, card.code)),
            }
            for card in cards
        ],
    }


def _qr(text: str) -> str:
    drawn = BytesIO()
    segno.make(text, error=QR_ERROR_LEVEL, micro=False).save(drawn, kind="svg", border=0, dark="#000", xmldecl=False)
    return drawn.getvalue().decode()

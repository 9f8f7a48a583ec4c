"""Invoices, credit notes and receipts on paper, and QR codes for them."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from io import BytesIO
from typing import Any

import segno

from laddverk.platform import typesetting


def typeset(document: dict[str, Any], at: datetime) -> bytes:
    """Return `document` (see `wording`) as PDF; the same document and time give the same bytes.

    Takes about a quarter of a second of a core: call it in a thread. Imports typst on first use, for its memory.
    """
    return typesetting.typeset(_template(), document, at)


def pictured(document: dict[str, Any], at: datetime, ppi: float = 110) -> list[bytes]:
    """Return the pages of `document` as PNG, for looking at them."""
    return typesetting.pictured(_template(), document, at, ppi)


def _template() -> bytes:
    return files("laddverk.invoicing").joinpath("templates", "document.typ").read_bytes()


def qr_svg(text: str) -> str:
    """Return `text` as a QR code in SVG, error correction M, without a quiet zone: the paper around it is white."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#1b1e23", xmldecl=False)
    return drawn.getvalue().decode()

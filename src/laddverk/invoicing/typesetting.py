"""Words on paper: PDF by typst, tagged for screen readers and fit for archives (PDF/A-3a, PDF/UA-1)."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from io import BytesIO
from typing import Any, Final

import msgspec
import segno

STANDARDS: Final = ("a-3a", "ua-1")
FONTS_FROM_SYSTEM: Final = False  # only those inside the wheel: the same document on every machine


def typeset(document: dict[str, Any], at: datetime) -> bytes:
    """Return `document` (see `wording`) as PDF; the same document and time give the same bytes.

    Takes about a quarter of a second of a core: call it in a thread. Imports typst on first use, for its memory.
    """
    made: bytes = _compiled(document, at, "pdf")
    return made


def pictured(document: dict[str, Any], at: datetime, ppi: float = 110) -> list[bytes]:
    """Return the pages of `document` as PNG, for looking at them."""
    made = _compiled(document, at, "png", ppi)
    return made if isinstance(made, list) else [made]


def _compiled(document: dict[str, Any], at: datetime, form: Any, ppi: float | None = None) -> Any:
    import typst

    template = files("laddverk.invoicing").joinpath("templates", "document.typ").read_bytes()
    compiler = typst.Compiler(
        template,
        ignore_system_fonts=not FONTS_FROM_SYSTEM,
        sys_inputs={"data": msgspec.json.encode(document).decode()},
    )
    return compiler.compile(
        format=form, ppi=ppi, pdf_standards=list(STANDARDS) if form == "pdf" else [], timestamp=int(at.timestamp())
    )


def qr_svg(text: str) -> str:
    """Return `text` as a QR code in SVG, error correction M, without a quiet zone: the paper around it is white."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#1b1e23", xmldecl=False)
    return drawn.getvalue().decode()

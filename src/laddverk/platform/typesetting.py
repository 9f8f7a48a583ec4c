"""Words on paper: PDF by typst, tagged for screen readers and fit for archives (PDF/A-3a, PDF/UA-1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

STANDARDS: Final = ("a-3a", "ua-1")
FONTS_FROM_SYSTEM: Final = False  # only those inside the wheel: the same document on every machine


def typeset(template: bytes, document: dict[str, Any], at: datetime) -> bytes:
    """Return `document`, laid out by a typst `template` that reads it from `sys.inputs.data`, as PDF.

    The same document and time give the same bytes. Takes about a quarter of a second of a core: call it in a thread.
    """
    made: bytes = _compiled(template, document, at, "pdf")
    return made


def pictured(template: bytes, document: dict[str, Any], at: datetime, ppi: float = 110) -> list[bytes]:
    """Return the pages of `document` as PNG, for looking at them."""
    made = _compiled(template, document, at, "png", ppi)
    return made if isinstance(made, list) else [made]


def _compiled(template: bytes, document: dict[str, Any], at: datetime, form: Any, ppi: float | None = None) -> Any:
    import typst  # on first use, for its memory

    compiler = typst.Compiler(
        template,
        ignore_system_fonts=not FONTS_FROM_SYSTEM,
        sys_inputs={"data": msgspec.json.encode(document).decode()},
    )
    return compiler.compile(
        format=form, ppi=ppi, pdf_standards=list(STANDARDS) if form == "pdf" else [], timestamp=int(at.timestamp())
    )

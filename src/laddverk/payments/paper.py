"""Words on paper: what this room prints, set by typst from the templates beside it."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from typing import Any, Final

import msgspec

STANDARDS: Final = ("a-3a", "ua-1")
"""Fit for archives and tagged for screen readers."""


def typeset(template: str, document: dict[str, Any], at: datetime) -> bytes:
    """Return `document` as PDF by `templates/<template>.typ`; the same document and time give the same bytes.

    Takes a quarter of a second of a core, more for long sheets: call it in a thread. Imports typst on first use, for
    its memory.
    """
    import typst

    source = files("laddverk.payments").joinpath("templates", f"{template}.typ").read_bytes()
    compiler = typst.Compiler(
        source, ignore_system_fonts=True, sys_inputs={"data": msgspec.json.encode(document).decode()}
    )
    made = compiler.compile(format="pdf", pdf_standards=list(STANDARDS), timestamp=int(at.timestamp()))
    assert isinstance(made, bytes), "one file, as no pages are asked for"
    return made

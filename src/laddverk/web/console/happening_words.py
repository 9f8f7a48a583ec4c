"""The words of a line of time: what each kind of event on it is called, for every page that shows one."""

from __future__ import annotations

from typing import Any

from laddverk.diagnostics.incidents import advice
from laddverk.diagnostics.remedies import words as remedying
from laddverk.web.console import diagnosis_words, firmware_words, incident_words


def of_time() -> dict[str, Any]:
    """Return what the template of the events asks for by name."""
    return {
        "dia": diagnosis_words,
        "inc": incident_words,
        "title_of": advice.title_of,
        "remedying": remedying,
        "firmware": firmware_words,
    }

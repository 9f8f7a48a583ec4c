"""Find text in templates that is shown to people and was never marked for translation.

Used by `tools/catalog.py check`. What Jinja writes is taken away first; what is then left between tags, and in the
attributes that people see or hear, must be empty, a name, a unit or a sign.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

JINJA: Final = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
CLASS_NAME: Final = re.compile(r"\{% block face %\}\w+\{% endblock %\}")
COMPUTED_TAG: Final = re.compile(r"(?<=[</])\{\{.*?\}\}")
NOT_A_TEXT: Final = re.compile(r"""[\w-]+="[^"]*"|/[\w§/.-]+""")
"""Attributes that a macro writes alone, and addresses."""
SHOWN_ATTRIBUTES: Final = {"placeholder", "title", "aria-label", "alt"}
NOT_SHOWN: Final = {"script", "style"}
WORD: Final = re.compile(r"[^\W\d_]{2,}")
SAME_IN_ALL: Final = frozenset(
    {
        "Laddverk",
        "CSV",
        "PDF",
        "JSON",
        "OCPP",
        "RFID",
        "VIN",
        "EVSE",
        "API",
        "UTC",
        "QR",
        "URL",
        "Swish",
        "Stripe",
        "Visa",
    }
    | {"kW", "kWh", "Wh", "Hz", "kr", "min", "SEK", "OK", "id"}
)
"""Names, units and abbreviations that are written alike in every language."""

EXEMPT: Final = frozenset({"console/_parts.html"})
"""The gallery of parts: its words are examples for those who build pages."""


class Reader(HTMLParser):
    """Collects what a person would see or hear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes that are shown."""
        self._hidden += tag in NOT_SHOWN
        self.found += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        """Leave a script or a style."""
        self._hidden -= tag in NOT_SHOWN

    def handle_data(self, data: str) -> None:
        """Note the text between two tags."""
        if not self._hidden:
            self.found.append(data)


def bare_texts(source: str) -> list[str]:
    """Return the texts in a template's source that are not marked, each once, in order."""
    reader = Reader()
    reader.feed(JINJA.sub("\u00a7", COMPUTED_TAG.sub("x", CLASS_NAME.sub("", source))))
    texts = (" ".join(NOT_A_TEXT.sub("", text).split()) for text in reader.found)
    return list(dict.fromkeys(text for text in texts if is_text(text)))


def is_text(text: str) -> bool:
    """Return whether `text` has a word that is not the same in all languages."""
    return bool(set(WORD.findall(text)) - SAME_IN_ALL)


def faults(templates: Path) -> list[str]:
    """Return one line for each unmarked text in the HTML templates below `templates`."""
    found = []
    for path in sorted(templates.rglob("*.html")):
        name = path.relative_to(templates).as_posix()
        if name not in EXEMPT:
            found += [f"templates/{name}: {text!r} is not marked" for text in bare_texts(path.read_text("utf-8"))]
    return found

"""The languages people are spoken to in, and the one catalogue behind screens, mails, texts and PDFs.

English is written in the code (the msgid is the text itself). Every other language has one `.po` file per area of
the house in `locales/<language>/`; they are read at start and merged here, so there is no compiled file to go stale.
How to translate is written in `docs/translating.md`.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SUPPORTED: Final = ("sv", "en")
"""Languages with a complete catalogue, the preferred one first."""

DEFAULT: Final = SUPPORTED[0]

LOCALES: Final = {"sv": "sv_SE", "en": "en_SE"}
"""The Babel locale of each language: English as it is written in Sweden (24-hour clock, ISO-like dates, `kr`)."""

NAMES: Final = {"sv": "Svenska", "en": "English"}
"""What each language calls itself, for the language switch."""

CATALOGUES: Final = Path(__file__).parent.parent / "locales"


def marked(message: str) -> str:
    """Return `message` unchanged. Marks a text for translation where it is defined; translate it where it is shown.

    Import it as `N_`: `LABELS = {State.FREE: N_("Free")}`, and later `_(LABELS[state])`.
    """
    return message


def merged(language: str) -> Catalog:
    """Return the catalogue of `language`: all areas in one."""
    catalogue = Catalog(locale=language)
    for path in sorted((CATALOGUES / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id and message.string and not message.fuzzy:
                    catalogue.add(message.id, message.string, context=message.context)
    return catalogue


@lru_cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the standard library's translations object (`gettext`, `ngettext`, `pgettext`, `npgettext`).

    A language that is not supported, and a text that is not translated, come out in English.
    """
    if language == "en" or language not in SUPPORTED:
        return gettext.NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, merged(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def gettext_for(language: str) -> Callable[[str], str]:
    """Return `_` for `language`."""
    return translations(language).gettext


def ngettext_for(language: str) -> Callable[[str, str, int], str]:
    """Return `ngettext(singular, plural, n)` for `language`."""
    return translations(language).ngettext

"""Who a mail may go to and how a notice is put into words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader

from laddverk.kernel.problems import Invalid
from laddverk.notices.model import Template, Written
from laddverk.platform.languages import DEFAULT, SUPPORTED
from laddverk.platform.templating import environment

ADDRESS_MAX: Final = 254  # RFC 5321 4.5.3.1.3, less the angle brackets
SUBJECT_MAX: Final = 200
BREAKING: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})  # controls, line ends, and what is no character
# Deliberately narrower than RFC 5322: no quotes, comments or spaces, and nothing that could end a header or a command.
ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})*")


def checked_recipient(text: str) -> str:
    """Return the mail address in `text`. Raises `Invalid` for anything that is not plainly one."""
    address = text.strip()
    if len(address) > ADDRESS_MAX or ADDRESS.fullmatch(address) is None:
        raise Invalid(
            "This is not an e-mail address.", field="email", remedy="Write it like name@example.com, without spaces."
        )
    return address


def written(template: Template, language: str, params: Mapping[str, Any]) -> Written:
    """Return `template` in words. A language that is not spoken becomes the first one.

    A parameter that is missing is a mistake of the caller, and raises.
    """
    words = _environment(language if language in SUPPORTED else DEFAULT)
    text = words.get_template(f"{template}.txt").render(params)
    subject, _, body = text.partition("\n")
    html = words.get_template(f"{template}.html").render(params, subject=subject)
    return Written(one_line(subject), body.strip() + "\n", html)


def one_line(text: str) -> str:
    """Return `text` fit for a header: one line, no control characters. No-break spaces stay."""
    plain = "".join(" " if unicodedata.category(c) in BREAKING else c for c in text)
    return " ".join(part for part in plain.split(" ") if part)[:SUBJECT_MAX]


@lru_cache(maxsize=len(SUPPORTED))
def _environment(language: str) -> Environment:
    made = environment(PackageLoader("laddverk.notices"), language)
    made.globals["language"] = language
    return made

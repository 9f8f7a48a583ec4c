"""Tags of cases: words that people make by using them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from laddverk.kernel.problems import Invalid

LENGTH_MAX: Final = 30
COUNT_MAX: Final = 20  # of one case: what has more is not found by any
TAG: Final = re.compile(r"[^\W_][\w .:/+-]*")


def checked(given: Iterable[str]) -> tuple[str, ...]:
    """Return tags, each once, in small letters and in order. Raises `Invalid` (field tags)."""
    found = sorted({" ".join(each.lower().split()) for each in given if each.strip()})
    for tag in found:
        if len(tag) > LENGTH_MAX or TAG.fullmatch(tag) is None:
            raise Invalid("A tag is a short word.", field="tags", remedy="Letters, digits and - only.")
    if len(found) > COUNT_MAX:
        raise Invalid("These are too many tags.", field="tags", remedy="At most 20.")
    return tuple(found)


def typed(text: str) -> tuple[str, ...]:
    """Return the tags in what somebody typed, with commas between them. Raises `Invalid` (field tags)."""
    return checked(text.replace("#", "").split(","))

"""What changed between two versions of an article. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from enum import StrEnum

from msgspec import Struct


class Change(StrEnum):
    """What became of a line."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


class Line(Struct, frozen=True):
    """A line of two versions."""

    change: Change
    text: str


def compared(before: str, after: str) -> list[Line]:
    """Return the lines of both versions in order: those that are gone stand before those that came instead."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[Line] = []
    for kind, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [Line(Change.SAME, text) for text in old[old_from:old_to]]
        else:
            lines += [Line(Change.GONE, text) for text in old[old_from:old_to]]
            lines += [Line(Change.NEW, text) for text in new[new_from:new_to]]
    return lines

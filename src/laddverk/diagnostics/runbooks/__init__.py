"""Runbooks: what to do about each kind of finding, step by step, in every language of the house.

One `.toml` a runbook beside this file, with a table for each language; a detector names its runbook without the ending.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

FOLDER: Final = Path(__file__).parent
NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Steps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One runbook in one language."""

    title: str
    meaning: str
    """What is probably wrong, and what drivers notice of it."""
    check_remotely: tuple[str, ...]
    """What to look at from the desk, the cheapest first."""
    ask_driver: tuple[str, ...]
    """What somebody who stands there can tell."""
    safe_action: str
    """What may be done from afar, and what must not."""
    parts: tuple[str, ...]
    """What a technician should bring."""
    skill: str
    photos: tuple[str, ...]
    """What a technician should photograph before and after."""
    closing_test: str
    """What proves that it is mended."""

    @property
    def checklist(self) -> tuple[str, ...]:
        """What is ticked on site: what to photograph, and the test that proves it."""
        return (*self.photos, self.closing_test)


class Runbook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One runbook in all languages."""

    en: Steps
    sv: Steps

    def steps(self, language: str) -> Steps:
        """Return it in `language`; in English where there is no other."""
        return self.sv if language == "sv" else self.en

    def said_in(self, line: str, language: str) -> str:
        """Return a line of the checklist in `language`, whichever it was written in; one of somebody's own as it is."""
        for known in (self.en, self.sv):
            if line in known.checklist:
                return self.steps(language).checklist[known.checklist.index(line)]
        return line


@lru_cache(maxsize=128)
def runbook(name: str) -> Runbook | None:
    """Return the runbook of that name; None when there is none. What cannot be read raises msgspec's error."""
    path = FOLDER / f"{name}.toml"
    if not NAME.fullmatch(name) or not path.is_file():
        return None
    return msgspec.toml.decode(path.read_bytes(), type=Runbook)


def names() -> tuple[str, ...]:
    """Return the names of all runbooks there are, in order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))

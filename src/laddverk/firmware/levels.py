"""How grave a line of a log is, told by the words that the writers of logs use. Pure.

Every maker has a form of its own: `ERROR`, `[warn]`, `level=error`, `"severity":"WARNING"`, `<err>`, `E/Pilot`. A
word in small letters counts only where a level stands, as "no error" is none.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

SEARCHED: Final = 160  # characters: a level stands near the beginning


class Level(StrEnum):
    """How grave a line is; empty where it does not say."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    NONE = ""


WORDS: Final = {
    Level.ERROR: "fatal|critical|crit|emerg|emergency|alert|error|err|severe|panic",
    Level.WARNING: "warning|warn",
    Level.INFO: "info|notice|information",
    Level.DEBUG: "debug|trace|verbose|fine|finer|finest",
}
LETTERS: Final = {"F": Level.ERROR, "E": Level.ERROR, "W": Level.WARNING, "I": Level.INFO, "D": Level.DEBUG}
ANDROID: Final = re.compile(r"(?:^|[\s:.\d])([FEWID])/[\w.-]{2,40}[(: ]")
LEVEL_OF: Final = {word: level for level, words in WORDS.items() for word in words.split("|")}
ANY: Final = "|".join(LEVEL_OF)
LOUD: Final = re.compile(rf"(?<![\w-])({ANY.upper()})(?![\w-])")
PLACED: Final = re.compile(
    rf"""[\[<(|]\s*({ANY})\s*[\]>)|]|\b(?:level|lvl|severity|sev)["']?\s*[=:]\s*["']?({ANY})\b""", re.IGNORECASE
)
GRAVE: Final = (b"ERR", b"FATAL", b"CRIT", b"EMERG", b"ALERT", b"SEVERE", b"PANIC", b"E/", b"F/")
HINTS: Final = {Level.ERROR: GRAVE, Level.WARNING: (*GRAVE, b"WARN", b"W/")}
"""One of these a line must hold to be so grave, in any case: most lines do not, and need no closer look."""
AT_LEAST: Final = {
    Level.ERROR: frozenset({Level.ERROR}),
    Level.WARNING: frozenset({Level.ERROR, Level.WARNING}),
}
"""Which lines are shown to somebody who looks for errors, or for warnings."""


def may_be(level: Level, raw: bytes) -> bool:
    """Return whether a line may be as grave as `level`, which costs far less to tell than whether it is."""
    if level not in HINTS:
        return True
    loud = raw[: SEARCHED * 4].upper()
    return any(hint in loud for hint in HINTS[level])


def level_of(line: str) -> Level:
    """Return how grave a line is: the first word of a level in it decides."""
    start = line[:SEARCHED]
    found = [match for pattern in (LOUD, PLACED) if (match := pattern.search(start))]
    if found:
        first = min(found, key=lambda match: match.start())
        return LEVEL_OF[(first.group(1) or first.group(first.lastindex or 1)).lower()]
    letter = ANDROID.search(start)
    return LETTERS[letter.group(1)] if letter else Level.NONE

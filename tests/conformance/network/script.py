"""Transcripts of whole exchanges, as text: what a charger says, what it must hear, what the database then shows.

    == TC_B_01_CSMS a charger boots
    says  BootNotification {"reason": "PowerUp", "chargingStation": {"vendorName": "A", "model": "B"}}
    hears {"status": "Accepted", "interval": "?"}
    shows station {"vendor": "A"}

A case begins with `==`, the ids of the test cases it covers, and what happens. A line that begins with white space goes
on with the one before; `#` begins a comment. The steps:

    boot                      the charger introduces itself, and all its connectors are free
    says ACTION payload       a CALL of the charger
    sends ACTION payload      a SEND of the charger (2.1), which nobody answers
    raw TEXT                  exactly this text
    hears payload             what the last CALL is answered;  hears CALLERROR Code
    refuses CODE              the charger says that it cannot use that answer: CALLRESULTERROR (2.1)
    asks KIND fields          staff queue a command (`ocpp.commands`)
    does NAME fields          staff do something else (`deeds`);  fails NAME fields  staff are told why they cannot
    call ACTION payload       the CALL that must come from us
    reply payload             how the charger answers it;      reply CALLERROR Code
    told CODE                 we say that we cannot use the reply: CALLRESULTERROR (2.1)
    ends STATE [word]         what became of the command
    shows TABLE fields        a row of this station that the database must show, within seconds;   shows no TABLE fields
    drops, connects [version] the socket
    closed [code]             we close the socket

In what is expected an object may have more fields than are named, `"?"` is anything, `"?name"` anything, kept as
`$name`, and null means absent. `$name` within a text is replaced by what was kept; `$now-10` is ten minutes ago.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CASE_ID = re.compile(r"TC_\w+_CSMS")
TIME = re.compile(r"\$now(?P<minutes>[+-]\d+)?")
NAME = re.compile(r"\$(\w+)")
WITH_WORD = {"says", "sends", "asks", "does", "fails", "call", "shows"}
"""The steps whose first word is a name, and the rest JSON."""


class Mismatch(AssertionError):
    """What came is not what the transcript wants."""


@dataclass(frozen=True)
class Step:
    """One line: what is done or expected, of what, and with which payload."""

    line: int
    verb: str
    word: str = ""
    body: Any = None


@dataclass(frozen=True)
class Case:
    """One exchange, and the ids of the test cases that it covers."""

    path: Path
    line: int
    title: str
    ids: tuple[str, ...]
    version: str
    """16, 201 or 21."""
    steps: list[Step] = field(default_factory=list)


def read(path: Path, version: str) -> list[Case]:
    """Return the cases of a file, to be played in `version`. Raises ValueError with place for what cannot be read."""
    cases: list[Case] = []
    for number, text in _lines(path):
        if text.startswith("=="):
            title = text[2:].strip()
            cases.append(Case(path, number, CASE_ID.sub("", title).strip(" ,"), tuple(CASE_ID.findall(title)), version))
        elif not cases:
            raise ValueError(f"{path}:{number}: a step before the first case")
        else:
            try:
                cases[-1].steps.append(_step(number, text))
            except ValueError as error:
                raise ValueError(f"{path}:{number}: {error}: {text}") from None
    return cases


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each logical line with its number: continued lines joined, comments left out."""
    begun: tuple[int, str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0].isspace() and begun:
            begun = (begun[0], f"{begun[1]} {line.strip()}")
            continue
        if begun:
            yield begun
        begun = (number, line.rstrip())
    if begun:
        yield begun


def _step(number: int, text: str) -> Step:
    verb, _, rest = text.partition(" ")
    rest = rest.strip()
    if verb == "raw":
        return Step(number, verb, rest)
    if verb in WITH_WORD:
        word, _, payload = rest.partition(" ")
        if verb == "shows" and word == "no":
            table, _, payload = payload.strip().partition(" ")
            return Step(number, "shows_no", table, json.loads(payload or "{}"))
        return Step(number, verb, word, json.loads(payload or "{}"))
    if rest.startswith(("{", "[")):
        return Step(number, verb, "", json.loads(rest))
    return Step(number, verb, rest)


def filled(value: Any, names: Mapping[str, Any], now: datetime) -> Any:
    """Return `value` with every `$name` replaced; a text that is one name alone becomes the value itself."""
    if isinstance(value, dict):
        return {key: filled(item, names, now) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names, now) for item in value]
    if not isinstance(value, str) or "$" not in value:
        return value
    value = TIME.sub(lambda found: written(now + timedelta(minutes=int(found["minutes"] or 0))), value)
    alone = NAME.fullmatch(value)
    if alone:
        return names[alone[1]]
    return NAME.sub(lambda found: str(names[found[1]]), value)


def written(moment: datetime) -> str:
    """Return an instant as OCPP writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def match(wanted: Any, found: Any, kept: dict[str, Any], path: str = "") -> None:
    """Hold `found` against `wanted`, and keep what is to be kept. Raises `Mismatch` with the path."""
    if isinstance(wanted, str) and wanted.startswith("?"):
        if found is None:
            raise Mismatch(f"{path or 'it'} is absent")
        if wanted != "?":
            kept[wanted[1:]] = found
    elif isinstance(wanted, dict) and isinstance(found, dict):
        for key, item in wanted.items():
            match(item, found.get(key), kept, f"{path}.{key}".lstrip("."))
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            raise Mismatch(f"{path} has {len(found)} items, not {len(wanted)}: {found}")
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            match(one, other, kept, f"{path}[{index}]")
    elif wanted != found or isinstance(wanted, bool) is not isinstance(found, bool):
        raise Mismatch(f"{path or 'it'} is {found!r}, not {wanted!r}")


def matches(wanted: Any, found: Any, kept: dict[str, Any]) -> bool:
    """Whether `found` is as `wanted`; what is to be kept is kept only then."""
    noted: dict[str, Any] = {}
    try:
        match(wanted, found, noted)
    except Mismatch:
        return False
    kept.update(noted)
    return True

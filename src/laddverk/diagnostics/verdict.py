"""Can it charge? One word for each outlet, from what is held against it and how the last attempts went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.model import STATION, OutcomeClass, Severity

PROVEN_WITHIN: Final = timedelta(days=7)  # a charge that went well says so much later that it can
LATEST: Final = 4  # attempts that are looked at


class Verdict(StrEnum):
    """What may be said of an outlet."""

    YES = "yes"
    """Somebody charged there lately, and nothing is held against it."""
    DOUBTFUL = "doubtful"
    """Something is held against it, or the last attempts failed."""
    NO = "no"
    SILENT = "silent"
    """There is no contact: it may charge or not."""
    UNPROVEN = "unproven"
    """Nothing speaks against it, and nobody has charged there lately."""


class Held(Struct, frozen=True):
    """An open finding, as far as the verdict goes."""

    evse_number: int
    severity: int


class Tried(Struct, frozen=True):
    """An attempt, as far as the verdict goes."""

    began_at: datetime
    outcome: str


def verdict(
    evse_number: int, held: Iterable[Held], tried: Sequence[Tried], now: datetime, *, connected: bool
) -> Verdict:
    """Return what may be said of an outlet; `tried` in the order of time."""
    against = [one.severity for one in held if one.evse_number in (STATION, evse_number)]
    if min(against, default=Severity.INFO) <= Severity.DOWN:
        return Verdict.NO
    if not connected:
        return Verdict.SILENT
    telling = [one for one in tried if OutcomeClass(one.outcome) not in SAYS_NOTHING][-LATEST:]
    failing = len(telling) > 1 and all(one.outcome != OutcomeClass.OK for one in telling[-2:])
    if failing or min(against, default=Severity.INFO) <= Severity.DEGRADED:
        return Verdict.DOUBTFUL
    proven = any(one.outcome == OutcomeClass.OK and now - one.began_at <= PROVEN_WITHIN for one in telling)
    return Verdict.YES if proven else Verdict.UNPROVEN


SAYS_NOTHING: Final = frozenset({OutcomeClass.EXCLUDED, OutcomeClass.NO_AUTH})

"""Whether somebody must look at a meter that a circuit counts on: silent, frozen, or showing what cannot be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.energy.circuits.model import Circuit
from laddverk.energy.meters import rules
from laddverk.energy.meters.model import Latest, Quality


class Illness(StrEnum):
    """What is wrong with a meter."""

    SILENT = "silent"
    FROZEN = "frozen"
    ABOVE = "above"
    """It shows far more than the fuse would carry."""
    NEGATIVE = "negative"
    """It shows current towards the grid, where nothing is that gives any: clamps the wrong way round."""


ABOVE_FUSE: Final = 3.0  # a gG fuse opens within seconds then (IEC 60269-2); what lasts a minute is not true
NEGATIVE_A: Final = -1.0  # what a meter shows at no load is less
LASTS: Final[Mapping[Illness, timedelta]] = {
    Illness.SILENT: timedelta(minutes=2),
    Illness.FROZEN: timedelta(hours=1),  # at night an idle garage may show the same for a while
    Illness.ABOVE: timedelta(minutes=1),
    Illness.NEGATIVE: timedelta(minutes=15),  # a lift that brakes gives some back, for seconds
}
"""How long it must last before somebody is told."""


class Ill(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with a meter, since when, and at which charger people were told of it."""

    what: Illness
    since: datetime
    phase: int = 0
    """1, 2 or 3; 0: all of it."""
    value_a: float = 0.0
    told_at: UUID | None = None
    """The station whose finding tells it; None: nobody was told yet."""


def ill(latest: Latest | None, circuit: Circuit, before: Ill | None, now: datetime, *, gives_back: bool) -> Ill | None:
    """Return what is wrong with the meter of `circuit` now; None when it is well.

    `gives_back` says whether solar cells or a battery may feed the grid through it.
    """
    found = _wrong(latest, circuit, now, gives_back=gives_back)
    if found is None:
        return None
    what, phase, value_a = found
    if before is not None and before.what is what:
        return Ill(what=what, since=before.since, phase=phase, value_a=value_a, told_at=before.told_at)
    told_at = before.told_at if before is not None else None
    return Ill(what=what, since=now, phase=phase, value_a=value_a, told_at=told_at)


def is_due(one: Ill, now: datetime) -> bool:
    """Return whether it has lasted long enough that somebody must know."""
    return now - one.since >= LASTS[one.what]


def _wrong(
    latest: Latest | None, circuit: Circuit, now: datetime, *, gives_back: bool
) -> tuple[Illness, int, float] | None:
    quality = rules.quality(latest, now)
    if latest is None or quality is Quality.SILENT:
        return Illness.SILENT, 0, 0.0
    for phase, (shown_a, fuse_a) in enumerate(zip(latest.current_a, circuit.limit_a, strict=True), start=1):
        if abs(shown_a) > ABOVE_FUSE * max(fuse_a, circuit.limit_a[0]):
            return Illness.ABOVE, phase, round(shown_a, 1)
        if shown_a < NEGATIVE_A and not gives_back:
            return Illness.NEGATIVE, phase, round(shown_a, 1)
    return (Illness.FROZEN, 0, 0.0) if quality is Quality.FROZEN else None

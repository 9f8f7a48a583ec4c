"""Replays in a process of their own, so that nobody waits for the core they take: `python -m …expanding.child`.

Reads one `Work` as JSON from standard input, writes one `Done` as a line for each replay, and ends after its time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from laddverk.planning.expanding.model import RECORDED
from laddverk.planning.replaying.drawing import drawn
from laddverk.planning.replaying.engine import replay
from laddverk.planning.replaying.model import Ground, Outcome
from laddverk.planning.traces import Stay

NICE: Final = 15  # chargers and people come first


class Unit(Struct, frozen=True):
    """One replay: the place of an option, the draw, and the place of the growth."""

    place: int
    draw: int
    scenario: int = 0


class Work(Struct, frozen=True, kw_only=True):
    """What to play, and for how long at the most."""

    stays: list[Stay]
    grounds: dict[int, Ground]
    """By the place of their option."""
    units: list[Unit]
    growths: tuple[float, ...]
    seed: int
    within_s: float
    """No replay but the first is begun after this time."""


class Done(Struct, frozen=True):
    """What came of one replay."""

    unit: Unit
    outcome: Outcome
    cpu_s: float


def played(work: Work) -> Iterator[Done]:
    """Yield what comes of each unit, of one at least, until there is none left or the time is over."""
    ends_at = time.monotonic() + work.within_s
    latest: tuple[tuple[int, int] | None, list[Stay]] = (None, [])
    for number, unit in enumerate(work.units):
        if number and time.monotonic() > ends_at:
            return
        began = time.process_time()
        if unit.place == RECORDED:
            played_stays = work.stays
        else:
            future = unit.scenario, unit.draw
            if latest[0] != future:
                latest = future, drawn(work.stays, work.growths[unit.scenario], unit.draw, work.seed)
            played_stays = latest[1]
        outcome = replay(work.grounds[unit.place], played_stays, work.seed + unit.draw)
        yield Done(unit, outcome, time.process_time() - began)


def main() -> None:
    """Play what standard input says."""
    os.nice(NICE)
    work = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    for done in played(work):
        sys.stdout.buffer.write(msgspec.json.encode(done) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

"""The stations live their plans and say it all over their sockets: each in order, all of them side by side."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from laddverk.cli.network import Say
from laddverk.cli.replay.plan import Plan
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.model import Reading

SESSIONS_AT_ONCE: Final = 10  # that one station lives before it waits for the answers: bounds its queue
STATIONS_AT_ONCE: Final = 400  # sockets at a time; the others wait for their turn
PROGRESS_S: Final = 5.0
STALLED_S: Final = 120.0  # nothing acknowledged for so long: something is broken, and waiting does not help
OUTLET: Final = 1


class Station(Struct):
    """One station, the card of its only user, and what happens there."""

    link: Link
    card: str
    plans: Sequence[Plan]


class Traffic(Struct, frozen=True):
    """What was said in all."""

    said: int
    acknowledged: int
    refused: int
    problem: str = ""
    """Why it ended early, if it did."""


async def drive(stations: Sequence[Station], say: Say) -> Traffic:
    """Replay all stations; return what was said once everything is acknowledged, or nothing moves any more."""
    turns = asyncio.Semaphore(STATIONS_AT_ONCE)
    tasks = [asyncio.create_task(_live(station, turns)) for station in stations]
    problem = ""
    try:
        problem = await _watched(stations, tasks, say)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    counters = [station.link.counters for station in stations]
    return Traffic(
        sum(c.said for c in counters),
        sum(c.acknowledged for c in counters),
        sum(c.refused for c in counters),
        problem,
    )


async def _live(station: Station, turns: asyncio.Semaphore) -> None:
    """Connect, live all plans, disconnect."""
    async with turns:
        connection = asyncio.create_task(station.link.run())
        try:
            await station.link.drained()
            for first in range(0, len(station.plans), SESSIONS_AT_ONCE):
                for plan in station.plans[first : first + SESSIONS_AT_ONCE]:
                    live(station.link.charger, station.card, plan)
                station.link.wake()
                await station.link.drained()
        finally:
            connection.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await connection


def live(charger: Charger, card: str, plan: Plan) -> None:
    """Let one session happen, unheard: the charger keeps what it has to say, as when it was offline."""
    outlet = charger.outlets[OUTLET]
    begun_wh = int(outlet.register_wh)
    with charger.unheard():
        charging = charger.begin(OUTLET, card, plan.row.started_at)
        for point in plan.points[:-1]:
            outlet.register_wh = begun_wh + point.energy_wh
            reading = Reading(point.at, begun_wh + point.energy_wh, point.power_w)
            full = point.at == plan.charged_at
            charging.state = "SuspendedEV" if full or point.power_w == 0 else "Charging"
            charger.sample(OUTLET, reading, trigger="ChargingStateChanged" if full else "MeterValueClock")
        outlet.register_wh = begun_wh + plan.points[-1].energy_wh
        charger.end(OUTLET, plan.row.ended_at, "EVDisconnected")


async def _watched(stations: Sequence[Station], tasks: Sequence[asyncio.Task[None]], say: Say) -> str:
    """Wait until all `tasks` are done, telling how far it is; return why not, when nothing moves or one failed."""
    clock = asyncio.get_running_loop().time
    began = moved_at = clock()
    before = -1
    while True:
        done, waiting = await asyncio.wait(tasks, timeout=PROGRESS_S, return_when=asyncio.FIRST_EXCEPTION)
        failed = next((task for task in done if task.exception() is not None), None)
        if failed is not None:
            return f"a station stopped: {failed.exception()!r}"
        acknowledged = sum(station.link.counters.acknowledged for station in stations)
        say(
            f"  {acknowledged} messages acknowledged in {clock() - began:.0f} s; {len(waiting)} of {len(stations)}"
            " stations still have something to say"
        )
        if not waiting:
            return ""
        if acknowledged != before:
            before, moved_at = acknowledged, clock()
        elif clock() - moved_at > STALLED_S:
            problems = {station.link.last_problem for station in stations} - {""}
            return f"nothing was acknowledged for {STALLED_S:.0f} s: {'; '.join(sorted(problems)[:5])}"

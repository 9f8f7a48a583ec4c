"""Are faults found before chargers fail, by their right cause, and is nothing told of chargers that are well?

A town of chargers that age speaks OCPP 1.6 and 2.0.1 over loopback sockets to a whole house on a virtual clock, once
with faults and once, on the same seed, without: its twin. What is told is read from the public API alone
(`/api/v1/incidents`), and compared with the truth beside two usual ways of watching on the same stream. Thresholds are
tuned on other seeds than those that score. Usage: make bench-diagnostics [ARGS="--seeds 5 --modes all"].
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvloop

from bench import _charger_days as days
from bench import _diagnosis_report as report
from bench import _dry
from bench import _plan as plans
from bench._api_reader import Reader
from bench._baselines import Baselines
from bench._charger_days import World
from bench._scoring import Alert, Found, Score, found, judged_twin
from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.platform import embedded, migrator
from laddverk.platform.database import Database
from laddverk.platform.embedded.cluster import located
from laddverk.simulator.physics.modes import Mode
from laddverk.simulator.physics.nuisances import NUISANCES
from laddverk.web.app import create_app

TUNING_SEEDS = tuple(range(1, 10))
SCORING_SEEDS = (206, 207, 208, 209, 210)
"""Never looked at while thresholds are chosen."""
PARTS = {"both": (True, False), "faulty": (True,), "twin": (False,)}
SILENT = "silent_no_energy"
OUTCOMES = """
-- Sessions that were over when it was told. Refused cards and those who plugged nothing in are attempts, no sessions.
SELECT count(*) FROM session_outcome JOIN station ON station.id = station_id
WHERE identity = ANY($1) AND began_at >= $2 AND ended_at <= $3 AND session_id IS NOT NULL
"""


@dataclass
class Watched:
    """What three ways of watching told of one run, and the truth."""

    world: World
    told: dict[str, list[Alert]]
    pace: days.Pace
    sessions_until: dict[str, int] = field(default_factory=dict)


async def run(
    database: Database, state_dir: Path, seed: int, modes: Sequence[Mode], options: argparse.Namespace, *, faulty: bool
) -> Watched:
    """Let one town live on an empty database, and return what was told."""
    async with days.world_on(
        database, state_dir, seed, modes, days=options.days, faulty=faulty, warm_up_days=options.warm_up_days,
        troubled=() if options.no_nuisances else tuple(NUISANCES),
    ) as world:  # fmt: skip
        baselines = Baselines(world.clock)
        for one in world.town.residents:
            baselines.watch(one.box)
        async with database.transaction() as tx:
            key = await access.create_api_key(tx, days.ACTOR, "bench", [Permission.STATIONS_READ], world.clock())
        transport = httpx.ASGITransport(create_app(world.house))
        headers = {"Authorization": f"Bearer {key.secret}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", headers=headers) as client:
            reader = Reader(client, {UUID(str(each)): name for name, each in world.station_ids.items()})

            async def look(now: datetime) -> None:
                baselines.look(now)
                _progress(seed, now, faulty=faulty)
                await reader.look(now)

            wall_s = 60 * options.wall_minutes if options.wall_minutes else None
            every = timedelta(minutes=options.watch_minutes)
            pace = await days.live(world, watch_every=every, look=look, wall_s=wall_s)
            await reader.look(world.clock())
        baselines.lost(world.town.away)
        told = {"ours": reader.alerts, "status codes": baselines.codes.told, "fixed limits": baselines.limits.told}
        watched = Watched(world, told, pace)
        if faulty:
            await _count_sessions(database, watched)
        return watched


def _progress(seed: int, now: datetime, *, faulty: bool) -> None:
    if now.hour == plans.SINCE.hour and now.minute == plans.SINCE.minute:
        done = (now - plans.SINCE) // timedelta(days=1)
        print(f"seed {seed}, {'faults' if faulty else 'twin'}: day {done}", file=sys.stderr, flush=True)


async def _count_sessions(database: Database, watched: Watched) -> None:
    """Count how many people tried in vain before a silent outlet was told of."""
    for one in found_in(watched, watched.told["ours"]):
        if one.mode == SILENT and one.told_at is not None:
            async with database.transaction() as tx:
                count = await tx.value(OUTCOMES, list(one.stations), one.onset, one.told_at)
            watched.sessions_until[sorted(one.stations)[0]] = count


def found_in(watched: Watched, alerts: Sequence[Alert]) -> list[Found]:
    """Return what became of the faults of a run."""
    world = watched.world
    return found(world.placed, alerts, world.town.until, away=world.town.away, came=world.nuisances)


def scores_of(faulty: Watched | None, twin: Watched | None) -> dict[str, Score]:
    """Return the score of each way of watching on one seed; a part that did not run gives nothing."""
    scores = {name: Score(name) for name in report.WAYS}
    for name, score in scores.items():
        if faulty is not None:
            score.found = found_in(faulty, faulty.told[name])
        if twin is not None:
            town = twin.world.town
            judged_twin(score, twin.told[name], town.away, twin.world.nuisances, twin.world.charger_days)
    towns = [each.world.town for each in (faulty, twin) if each is not None]
    resets = [one for town in towns for each in town.residents for one in each.box.resets]
    scores["ours"].resets = len(resets)
    scores["ours"].unsafe = sum(one.cut_a_session or one.was_unsafe for one in resets)
    return scores


@dataclass(frozen=True)
class Part:
    """What one town of a seed gave: it can be sent from the process that let it live."""

    scores: dict[str, Score]
    sessions: tuple[int, ...]
    charger_days: float
    days: float
    messages: int
    seconds: float
    watching_s: float
    missed: str
    unsafe: tuple[str, ...]
    """Resets of ours that were dangerous, in full."""


def seed_run(seed: int, options: argparse.Namespace) -> list[Part]:
    """Run one seed with its faults and without, side by side, each in a process and on a database of its own."""
    parts = PARTS[options.part]
    if len(parts) == 1:
        return [part_run(seed, options, parts[0])]
    with ProcessPoolExecutor(len(parts), get_context("spawn")) as pool:
        return list(pool.map(part_run, repeat(seed), repeat(options), parts))


def part_run(seed: int, options: argparse.Namespace, faulty: bool) -> Part:
    """Run one town of a seed to its end."""
    watched = uvloop.run(_lived(seed, plans.chosen(options.modes), options, faulty=faulty))  # as the house runs
    return Part(
        scores=scores_of(watched, None) if faulty else scores_of(None, watched),
        sessions=tuple(watched.sessions_until.values()),
        charger_days=watched.world.charger_days,
        days=(watched.world.town.until - plans.SINCE) / timedelta(days=1),
        messages=watched.pace.messages,
        seconds=watched.pace.seconds,
        watching_s=watched.pace.watching_s,
        missed=report.missed_of(watched.world.placed, watched.told["ours"], watched.world.town.until),
        unsafe=tuple(unsafe_resets(watched)),
    )


def unsafe_resets(watched: Watched) -> Iterator[str]:
    """Yield each reset that cut a session or met a fault that people may be hurt by."""
    for one in watched.world.town.residents:
        for each in one.box.resets:
            if each.cut_a_session or each.was_unsafe:
                why = "cut a session" if each.cut_a_session else "met a dangerous fault"
                yield f"unsafe: {one.box.hardware.identity} at {each.at:%d %b %H:%M} {why}"


async def _lived(seed: int, modes: Sequence[Mode], options: argparse.Namespace, *, faulty: bool) -> Watched:
    """Let one town live on a database of its own."""
    with embedded.throw_away("laddverk-bench-") as place:
        server = embedded.Server(located(place), durable=False)
        await asyncio.to_thread(server.start)
        try:
            database = await Database.connected(server.dsn)
            async with database.pool.acquire() as connection:
                await migrator.migrate(connection)
            watched = await run(database, place, seed, modes, options, faulty=faulty)
            await database.close()
            return watched
        finally:
            await asyncio.to_thread(server.stop)


def main() -> None:
    """Run the seeds and report."""
    options = arguments().parse_args()
    modes = plans.chosen(options.modes)
    seeds = options.seed or (TUNING_SEEDS if options.tune else SCORING_SEEDS)[: options.seeds]
    if options.dry:
        dry(seeds, modes, options)
        return
    began = time.perf_counter()
    parts: list[Part] = []
    total = {name: Score(name) for name in report.WAYS}
    for seed in seeds:
        for part in seed_run(seed, options):
            parts.append(part)
            for name, score in part.scores.items():
                total[name].add(score)
            print(f"seed {seed}: {part.days:.1f} days in {part.seconds:.0f} s, ", end="")
            print(f"{part.watching_s:.0f} of them the watch", flush=True)
            print(*part.unsafe, sep="\n", flush=True)
            if options.tune:
                print(part.missed, flush=True)
    sessions = [count for part in parts for count in part.sessions]
    charger_days, messages = sum(part.charger_days for part in parts), sum(part.messages for part in parts)
    kind = "tuning" if set(seeds) & set(TUNING_SEEDS) else "scoring"
    print(f"\n{len(modes)} fault modes, seeds {', '.join(map(str, seeds))} ({kind}), ", end="")
    print(f"{charger_days:.0f} charger-days, {messages} messages in {time.perf_counter() - began:.0f} s\n")
    print("\n\n".join((report.by_mode(total), report.table(total, sessions), report.false_ones(total["ours"]))))
    print(json.dumps({**last_line(total, seeds, sessions), "charger_days": round(charger_days)}))


def last_line(total: dict[str, Score], seeds: Sequence[int], sessions: Sequence[int]) -> dict[str, Any]:
    """Return the figures for machines."""
    silent = statistics.median(sessions) if sessions else None
    figures = {name: report.figures_of(score) for name, score in total.items()}
    last = {"bench": "diagnostics", "seeds": list(seeds), "silent_sessions": silent}
    return {**last, "unsafe": total["ours"].unsafe, **figures}


def dry(seeds: Sequence[int], modes: Sequence[Mode], options: argparse.Namespace) -> None:
    """Let the detectors alone hear the towns, and print what they found."""
    score = Score("detectors alone")
    for seed in seeds:
        for faulty in PARTS[options.part]:
            (town, plan), told, came = _dry.heard(
                seed, modes, days_long=options.days, faulty=faulty, warm_up_days=options.warm_up_days,
                troubled=() if options.no_nuisances else tuple(NUISANCES),
            )  # fmt: skip
            if faulty:
                score.found += found(plan, told, town.until, away=town.away, came=came)
                print(report.missed_of(plan, told, town.until), flush=True)
            else:
                judged_twin(score, told, town.away, came, len(plan) * options.days)
    total = {name: Score(name) for name in report.WAYS} | {"ours": score}
    print("\n\n".join((report.by_mode(total), report.table(total, []), report.false_ones(score))))


def arguments() -> argparse.ArgumentParser:
    """Return what there is to choose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modes", default="some", help="names with commas (docs/fault-modes.md), some, or all")
    parser.add_argument("--seeds", type=int, default=1, help="how many of the seeds")
    parser.add_argument("--seed", type=int, action="append", help="this seed, and not those of the list")
    parser.add_argument("--days", type=float, default=36.0, help="how long each town lives")
    parser.add_argument("--warm-up-days", type=float, default=plans.WARM_UP_DAYS, help="all are well so long")
    parser.add_argument("--watch-minutes", type=float, default=30.0, help="how often the detectors hear")
    parser.add_argument(
        "--wall-minutes", type=float, help="each town ends where it is after so long, and is judged then"
    )
    parser.add_argument("--no-nuisances", action="store_true", help="nothing but faults happens")
    parser.add_argument("--part", choices=PARTS, default="both", help="the town with faults, its twin, or both")
    parser.add_argument("--dry", action="store_true", help="the detectors alone: quick, for tuning; scores nothing")
    parser.add_argument("--tune", action="store_true", help="the seeds on which thresholds are chosen")
    return parser


if __name__ == "__main__":
    main()

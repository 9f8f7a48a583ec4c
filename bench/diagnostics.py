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
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvloop

from bench import _charger_days as days
from bench import _dry
from bench import _plan as plans
from bench._baselines import Baselines
from bench._charger_days import World
from bench._scoring import Alert, Found, Score, found, judged_twin
from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed
from laddverk.platform import embedded, migrator
from laddverk.platform.database import Database
from laddverk.platform.embedded.cluster import located
from laddverk.simulator.physics.modes import Mode, Shape
from laddverk.simulator.physics.nuisances import NUISANCES
from laddverk.web.app import create_app

TUNING_SEEDS = (1, 2, 3)
SCORING_SEEDS = (202, 203, 204, 205, 206)
"""Never looked at while thresholds are chosen."""
LOOK_EVERY = timedelta(hours=6)
WAYS = ("ours", "status codes", "fixed limits")
PARTS = {"both": (True, False), "faulty": (True,), "twin": (False,)}
PAGE = 500
SHOWN = 30  # false alerts in full
GRADUAL = (Shape.GRADUAL, Shape.DOUBLE)
SILENT = "silent_no_energy"
OUTCOMES = """
SELECT count(*) FROM session_outcome JOIN station ON station.id = station_id
WHERE identity = ANY($1) AND began_at >= $2 AND began_at <= $3
"""


@dataclass
class Reader:
    """Reads what is told from the API, as a stranger with a key would, and remembers when it first said what."""

    client: httpx.AsyncClient
    identities: dict[UUID, str]
    first: dict[tuple[str, str], Alert] = field(default_factory=dict)
    looked_at: datetime | None = None

    async def look(self, now: datetime) -> None:
        """Take in all incidents that changed since the last look."""
        offset = 0
        asked = {"state": "all", "limit": PAGE}
        if self.looked_at is not None:
            asked["changed_since"] = self.looked_at.isoformat()
        while True:
            response = await self.client.get("/api/v1/incidents", params={**asked, "offset": offset})
            response.raise_for_status()
            items: list[dict[str, Any]] = response.json()["items"]
            for one in items:
                self._take(one, now)
            if len(items) < PAGE:
                break
            offset += PAGE
        self.looked_at = now

    def _take(self, one: dict[str, Any], now: datetime) -> None:
        if one["raised_at"] is None or one["state"] in ("held", "merged") or one["hidden_by"]:
            return
        raised_at = datetime.fromisoformat(one["raised_at"])
        new = one["id"] not in {key for key, _ in self.first}
        named = [self.identities.get(parsed("sta", each, field="station")) for each in one["stations"]]
        stations = frozenset(each for each in named if each)
        known = self.first.get((one["id"], one["family"]))
        at = known.at if known else (raised_at if new else now)
        severity = min(one["severity"], known.severity) if known else one["severity"]
        stations |= known.stations if known else frozenset()
        self.first[one["id"], one["family"]] = Alert(
            one["id"], stations, one["family"], at, severity, one["confidence"], _why(one)
        )

    @property
    def alerts(self) -> list[Alert]:
        """What was told, each incident once for each cause it ever named."""
        return list(self.first.values())


def _why(one: dict[str, Any]) -> str:
    said = one["evidence"][-1] if one["evidence"] else {"text": "", "values": {}}
    return f"{'/'.join(one['detectors'])} {one['scope']} {one['state']}: {said['text'] % Lenient(said['values'])}"


class Lenient(dict[str, Any]):
    """Values for a text; what is missing is left empty."""

    def __missing__(self, key: str) -> str:
        return ""


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
                if reader.looked_at is None or now - reader.looked_at >= LOOK_EVERY:
                    await reader.look(now)

            pace = await days.live(world, watch_every=timedelta(minutes=options.watch_minutes), look=look)
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
    scores = {name: Score(name) for name in WAYS}
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


def missed(watched: Watched) -> str:
    """Return what was told, in our way, of chargers whose fault was not found."""
    return missed_of(watched.world.placed, watched.told["ours"], watched.world.town.until)


def missed_of(plan: Sequence[plans.Placed], told: Sequence[Alert], until: datetime) -> str:
    """Return what was told of chargers whose fault was not found."""
    lines = []
    for one in found(plan, told, until):
        if one.told_at is None:
            here = [each for each in told if each.stations & one.stations]
            lines.append(f"missed {one.mode}: {one.onset:%d %b %H:%M} to {one.fails_at:%d %b %H:%M}; told were:")
            lines += [_full(each) for each in sorted(here, key=lambda each: each.at)[:SHOWN]]
    return "\n".join(lines)


async def seed_run(seed: int, modes: Sequence[Mode], options: argparse.Namespace) -> dict[bool, Watched]:
    """Run one seed with its faults and without, side by side, each on a database of its own."""
    parts = PARTS[options.part]
    watched = await asyncio.gather(*(part_run(seed, modes, options, faulty=faulty) for faulty in parts))
    return dict(zip(parts, watched, strict=True))


async def part_run(seed: int, modes: Sequence[Mode], options: argparse.Namespace, *, faulty: bool) -> Watched:
    """Run one town of a seed on a database of its own."""
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


# The report.


def table(scores: dict[str, Score], sessions: Sequence[int]) -> str:
    """Return the figures beside the aims."""
    rows = [
        ("right cause before hard failure, gradual, macro", "gradual", ">= 85 %"),
        ("  worst gradual mode", "worst", ">= 60 %"),
        ("right cause in time, all modes, macro", "all", ""),
        ("median lead of gradual faults, days", "lead", ">= 7"),
        ("top cause right", "top", ">= 80 %"),
        ("false work items / 1,000 charger-days", "work", "<= 3"),
        ("false pages / 1,000 charger-days", "pages", "<= 0.3"),
        ("true outages told / 1,000 charger-days", "outages", ""),
        ("told again / fault", "again", ""),
    ]
    names = WAYS
    lines = [f"{'':<50}" + "".join(f"{name:>14}" for name in names) + f"{'aim':>10}"]
    figures = {name: figures_of(scores[name]) for name in names}
    for title, key, aim in rows:
        lines.append(
            f"{title:<50}" + "".join(f"{_shown(figures[name][key], key):>14}" for name in names) + f"{aim:>10}"
        )
    silent = statistics.median(sessions) if sessions else None
    lines.append(_line("sessions until silent no-energy is told, median", _shown(silent, ""), "<= 5"))
    unsafe = f"unsafe remote actions (of {scores['ours'].resets} resets)"
    lines.append(_line(unsafe, str(scores["ours"].unsafe), "0"))
    return "\n".join(lines)


def _line(title: str, ours: str, aim: str) -> str:
    return f"{title:<50}{ours:>14}{'':>28}{aim:>10}"


def figures_of(score: Score) -> dict[str, float | None]:
    """Return the figures of one way of watching."""
    gradual = score.by_mode(GRADUAL)
    leads = score.leads_days()
    return {
        "gradual": score.share(GRADUAL),
        "worst": min(gradual.values(), default=None),
        "all": score.share(),
        "lead": statistics.median(leads) if leads else None,
        "top": score.top_cause(),
        "work": score.per_1000(len(score.false_work)) if score.twin_days else None,
        "pages": score.per_1000(len(score.false_pages)) if score.twin_days else None,
        "outages": score.per_1000(score.true_outages) if score.twin_days else None,
        "again": sum(one.repeated for one in score.found) / len(score.found) if score.found else None,
    }


def _shown(value: float | None, key: str) -> str:
    if value is None:
        return "-"
    return f"{value:.0%}" if key in ("gradual", "worst", "all", "top") else f"{value:.2f}".rstrip("0").rstrip(".")


def by_mode(scores: dict[str, Score]) -> str:
    """Return what was found of each mode, and how soon."""
    heads = f"{'ours':>7}{'codes':>7}{'limits':>7}{'told after':>12}{'lead':>9}  surest cause told"
    lines = [f"{'fault mode':<48}{heads}"]
    shares = {name: score.by_mode() for name, score in scores.items()}
    for mode, share in shares["ours"].items():
        own = [one for one in scores["ours"].found if one.mode == mode]
        lines.append(
            f"{mode:<34}{own[0].shape.value:<14}{share:>7.0%}{_percent(shares['status codes'].get(mode)):>7}"
            f"{_percent(shares['fixed limits'].get(mode)):>7}{_after(own):>12}{_lead(own):>9}  {_causes(own)}"
        )
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _after(own: Sequence[Found]) -> str:
    told = [(one.told_at - one.onset) / timedelta(days=1) for one in own if one.told_at is not None]
    return f"{statistics.median(told):.1f} d" if told else "-"


def _lead(own: Sequence[Found]) -> str:
    leads = [one.lead / timedelta(days=1) for one in own if one.lead is not None]
    return f"{statistics.median(leads):.1f} d" if leads and own[0].shape in GRADUAL else "-"


def _causes(own: Sequence[Found]) -> str:
    return ", ".join(sorted({one.first_family or "nothing" for one in own}))


def false_ones(score: Score) -> str:
    """Return what was told of chargers that were well, by cause, and the first of them in full."""
    counted: dict[tuple[str, int], int] = {}
    for one in score.false_work:
        counted[one.family, one.severity] = counted.get((one.family, one.severity), 0) + 1
    told = [f"{count} x {family} (severity {severity})" for (family, severity), count in sorted(counted.items())]
    lines = ["Told of the twin without reason: " + (", ".join(told) or "nothing")]
    lines += [_full(one) for one in score.false_work[:SHOWN]]
    return "\n".join(lines)


def _full(one: Alert) -> str:
    return f"  {one.at:%d %b %H:%M} {one.family} {', '.join(sorted(one.stations))[:90]}: {one.why[:160]}"


async def main() -> None:
    """Run the seeds and report."""
    options = arguments().parse_args()
    modes = plans.chosen(options.modes)
    seeds = (TUNING_SEEDS if options.tune else SCORING_SEEDS)[: options.seeds]
    if options.dry:
        dry(seeds, modes, options)
        return
    began, total, sessions = time.perf_counter(), {}, []
    charger_days, messages = 0.0, 0
    for seed in seeds:
        watched = await seed_run(seed, modes, options)
        for name, score in scores_of(watched.get(True), watched.get(False)).items():
            total.setdefault(name, Score(name)).add(score)
        for each in watched.values():
            sessions += each.sessions_until.values()
            charger_days += each.world.charger_days
            messages += each.pace.messages
            print(f"seed {seed}: {each.pace.seconds:.0f} s, {each.pace.watching_s:.0f} of them the watch", flush=True)
        if True in watched and options.tune:
            print(missed(watched[True]), flush=True)
    took_s = time.perf_counter() - began
    print(f"\n{len(modes)} fault modes, {len(seeds)} seeds ({'tuning' if options.tune else 'scoring'}), ", end="")
    print(f"{charger_days:.0f} charger-days, {messages} messages in {took_s:.0f} s\n")
    print(by_mode(total) + "\n\n" + table(total, sessions) + "\n\n" + false_ones(total["ours"]))
    figures = {name: figures_of(score) for name, score in total.items()}
    silent = statistics.median(sessions) if sessions else None
    last = {
        "bench": "diagnostics",
        "seeds": list(seeds),
        "charger_days": round(charger_days),
        "silent_sessions": silent,
    }
    print(json.dumps({**last, "unsafe": total["ours"].unsafe, **figures}))


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
                print(missed_of(plan, told, town.until), flush=True)
            else:
                judged_twin(score, told, town.away, came, len(plan) * options.days)
    total = {name: Score(name) for name in WAYS} | {"ours": score}
    print(by_mode(total) + "\n\n" + table(total, []) + "\n\n" + false_ones(score))


def arguments() -> argparse.ArgumentParser:
    """Return what there is to choose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modes", default="some", help="names with commas (docs/fault-modes.md), some, or all")
    parser.add_argument("--seeds", type=int, default=1, help="how many of the seeds")
    parser.add_argument("--days", type=float, default=36.0, help="how long each town lives")
    parser.add_argument("--warm-up-days", type=float, default=plans.WARM_UP_DAYS, help="all are well so long")
    parser.add_argument("--watch-minutes", type=float, default=30.0, help="how often the detectors hear")
    parser.add_argument("--no-nuisances", action="store_true", help="nothing but faults happens")
    parser.add_argument("--part", choices=PARTS, default="both", help="the town with faults, its twin, or both")
    parser.add_argument("--dry", action="store_true", help="the detectors alone: quick, for tuning; scores nothing")
    parser.add_argument("--tune", action="store_true", help="the seeds on which thresholds are chosen")
    return parser


if __name__ == "__main__":
    uvloop.run(main())  # as the house itself runs

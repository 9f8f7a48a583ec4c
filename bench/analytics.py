"""How fast each view of usage is, read from what was counted, beside the same asked of the raw sessions in one run.

Fills an embedded PostgreSQL (`--sessions`, two years, one charger with two outlets for each 2,000 of them), counts and
adds up through the job of the program, and reads each view through the service of the page: p50, p95, CPU of Python and
of PostgreSQL. Then raw SQL for the same, once each (`--no-raw` leaves it out), and some pages over HTTP. Rolled-up and
raw figures must agree. Ends with one JSON object. Aim: p95 of each view below 500 ms at ten million sessions.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from bench import _usage_history, _usage_raw
from bench._cpu import cpu_seconds, cpu_seconds_of_tree
from bench._folder import databases
from bench.desk import Agent, served
from laddverk.planning.bottlenecks import queries as bottlenecks
from laddverk.planning.bottlenecks.rules import judged
from laddverk.planning.usage import queries, reading
from laddverk.planning.usage.queries import Chosen
from laddverk.planning.usage.reading import By, Reading
from laddverk.planning.usage.service import behind, keep_up
from laddverk.platform import embedded, migrator
from laddverk.platform.database import Database

ZONE: Final = "Europe/Stockholm"
AIM_MS: Final = 500.0
WARM: Final = 2
HOST_SITES: Final = 25  # of one host with several places
TIMEOUT_S: Final = 7_200
OUTLETS_ROUNDED_WH: Final = 20.0  # of an hour with few cars; of many, halves up and down all but cancel
FILLED: Final = "SELECT sessions, filled_at FROM bench_filled"
SIZES: Final = """
SELECT relname, reltuples::bigint AS rows, pg_total_relation_size(oid) AS bytes FROM pg_class
WHERE relkind = 'r' AND (relname LIKE 'usage%' OR relname IN ('session', 'session_outcome', 'connector_state'))
  AND reltuples > 0 ORDER BY bytes DESC
"""

Work = Callable[[], Awaitable[Any]]


async def filled(database: Database, sessions: int, now: datetime) -> tuple[float, datetime]:
    """Migrate and fill, unless that was done before; return the seconds that it took, and until when sessions go."""
    async with database.pool.acquire() as connection:
        await migrator.migrate(connection)
        if not await connection.fetchval("SELECT to_regclass('bench_filled') IS NOT NULL"):
            began = time.perf_counter()
            await _usage_history.fill(connection, sessions, now)
            return time.perf_counter() - began, now
        known = await connection.fetchrow(FILLED)
        if known["sessions"] != sessions:
            raise SystemExit(f"the kept directory has {known['sessions']:,} sessions: name another one")
        return 0.0, known["filled_at"]


async def counted(database: Database, now: datetime) -> dict[str, float]:
    """Count everything that is due through the job of the program; return what that took."""
    began, cpu_s, turns, longest_s, told, peak_kb = time.perf_counter(), 0.0, 0, 0.0, 0.0, 0
    more = True
    while more:
        turn = time.perf_counter()
        async with database.transaction() as tx:
            pid = tx.connection.get_server_pid()
            before = cpu_seconds(pid)
            more = await keep_up(tx, "SEK", now)
            cpu_s += cpu_seconds(pid) - before
            peak_kb = max(peak_kb, _peak_kb(pid))
            turns += 1
        longest_s = max(longest_s, time.perf_counter() - turn)
        if time.perf_counter() - told > 30:
            told = time.perf_counter()
            async with database.transaction() as tx:
                print(f"counted {(await behind(tx, now)).done_share:.1%} after {turn - began:,.0f} s", flush=True)
    tables = await database.pool.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'usage%'")
    for each in tables:
        await database.pool.execute(f"VACUUM (ANALYZE) {each['relname']}", timeout=TIMEOUT_S)
    return {
        "count_s": time.perf_counter() - began, "count_cpu_s": cpu_s, "turns": turns, "longest_turn_s": longest_s,
        "count_backend_peak_mb": peak_kb / 1e3,
    }  # fmt: skip


def _peak_kb(pid: int) -> int:
    """Return the most memory that a process had, without what it shares with others at the moment."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) - int(status["RssShmem"].split()[0])


async def again(database: Database, now: datetime) -> float:
    """Return the seconds of a turn as every ten minutes: a session at every twentieth charger has changed its price."""
    await database.pool.execute(
        "UPDATE session SET price_minor = price_minor + 1 WHERE started_at > $1 AND number % 20 = 0",
        now - timedelta(days=1), timeout=TIMEOUT_S,
    )  # fmt: skip
    began = time.perf_counter()
    while await database.run(lambda tx: keep_up(tx, "SEK", now)):
        pass
    return time.perf_counter() - began


def periods(today: date) -> dict[str, Chosen]:
    """Return the periods that are measured: all sites, by name."""
    return {
        "4 weeks": Chosen(first=today - timedelta(days=27), last=today, zone=ZONE),
        "12 months": Chosen(first=today - timedelta(days=364), last=today, zone=ZONE),
        "2 years": Chosen(first=today - timedelta(days=729), last=today, zone=ZONE),
        "odd 20 months": Chosen(first=today - timedelta(days=640), last=today - timedelta(days=40), zone=ZONE),
    }


async def views(database: Database, now: datetime) -> dict[str, tuple[Chosen, By]]:
    """Return what is read: every group in every period, and filters."""
    found: dict[str, tuple[Chosen, By]] = {}
    every = periods(now.date())
    for name, chosen in every.items():
        for by in By:
            found[f"{name}, by {by}"] = chosen, by
    sites = [row["id"] for row in await database.pool.fetch("SELECT id FROM site ORDER BY code")]
    long = every["2 years"]
    narrowed = {
        "largest site": {"sites": frozenset(sites[:1])}, "small site": {"sites": frozenset(sites[-1:])},
        "host of 25 sites": {"sites": frozenset(sites[3 :: max(1, len(sites) // HOST_SITES)][:HOST_SITES])},
        "one plug": {"plugs": ("ccs2",)}, "one model": {"models": ("Alfa Wall 1",)},
        "site and model": {"sites": frozenset(sites[1:2]), "models": ("Alfa Wall 2",)},
    }  # fmt: skip
    for name, changes in narrowed.items():
        for by in (By.OUTLET, By.HOUR, By.MONTH) if "sites" in changes else (By.SITE, By.HOUR, By.MONTH):
            found[f"2 years, {name}, by {by}"] = structs.replace(long, **changes), by
    return found


async def measured(work: Work, postmaster: int, times: int) -> dict[str, float]:
    """Return what some work takes: p50 and p95 in ms, and CPU of Python and of PostgreSQL for one, ms."""
    for _ in range(WARM):
        await work()
    took: list[float] = []
    own, theirs = time.process_time(), cpu_seconds_of_tree(postmaster)
    for _ in range(times):
        began = time.perf_counter()
        await work()
        took.append((time.perf_counter() - began) * 1e3)
    took.sort()
    return {
        "p50": took[len(took) // 2], "p95": took[min(len(took) - 1, int(len(took) * 0.95))],
        "python_cpu": (time.process_time() - own) * 1e3 / times,
        "database_cpu": (cpu_seconds_of_tree(postmaster) - theirs) * 1e3 / times,
    }  # fmt: skip


async def shown(database: Database, chosen: Chosen, by: By, now: datetime) -> Reading:
    """Read and group as the page does, with its choices and pictures."""
    async with database.transaction() as tx:
        found = await reading.read(tx, chosen, now, by)
        await queries.choices(tx, Chosen(first=chosen.last, last=chosen.last, zone=chosen.zone))
    reading.lines(found, by)
    reading.heat(found)
    reading.duration_curve(found)
    return found


async def others(database: Database, now: datetime, postmaster: int, times: int) -> dict[str, dict[str, float]]:
    """Return what the other pages of planning take: two periods compared, every hour as CSV, what holds sites back."""
    every = periods(now.date())
    year = every["12 months"]
    before = structs.replace(year, first=year.first - timedelta(days=365), last=year.first - timedelta(days=1))

    async def compared() -> None:
        await shown(database, year, By.SITE, now)
        await shown(database, before, By.SITE, now)

    async def hours() -> None:
        async with database.transaction() as tx:
            list((await queries.by_hour(tx, every["2 years"])).each())

    async def held() -> None:
        async with database.transaction() as tx:
            for one in await bottlenecks.observed(tx, None, ZONE, now):
                judged(one)

    return {
        "two years compared": await measured(compared, postmaster, times),
        "each hour of 2 years": await measured(hours, postmaster, times),
        "bottlenecks of all sites": await measured(held, postmaster, max(2, times // 4)),
    }


async def raw(database: Database, chosen: Chosen, now: datetime) -> dict[str, float]:
    """Return the seconds of raw SQL for each view of a period. Raises where it disagrees with what was counted."""
    found: dict[str, float] = {}
    asked = {**{f"by {by}": _usage_raw.by(by) for by in By}, "heat": _usage_raw.HEAT, "curve": _usage_raw.CURVE}
    counted_ = await shown(database, chosen, By.SITE, now)
    whole = counted_.whole.sums
    for name, sql in asked.items():
        began = time.perf_counter()
        rows = await database.pool.fetch(sql, chosen.since, chosen.until, None, timeout=TIMEOUT_S)
        found[name] = (time.perf_counter() - began) * 1e3
        if name.startswith("by "):
            assert sum(row["began"] for row in rows) == whole.began, name
            assert abs(sum(row["busy_s"] for row in rows) / whole.busy_s - 1) < 1e-6, name
        if name in ("by site", "by model", "by plug", "by outlet"):
            assert sum(row["revenue_minor"] for row in rows) == whole.revenue_minor, name
            assert sum(row["session_wh"] for row in rows) == whole.session_wh, name
        if name == "heat":
            _same_heat(counted_, rows)
        if name == "curve":
            _same_curve(counted_, [float(row["energy_wh"]) for row in rows])
    return found


def _same_heat(counted_: Reading, rows: list[Any]) -> None:
    """Raise where an hour of the week has another share of time with a car than the raw sessions say."""
    ports_s, _ = reading.week_standing(counted_)
    raw_s = {(row["day"] - 1) * 24 + row["hour"]: row["busy_s"] for row in rows}
    for at, share in enumerate(reading.heat(counted_)):
        assert abs((share or 0.0) * ports_s[at] - raw_s.get(at, 0.0)) < 1 + 1e-6 * raw_s.get(at, 0.0), ("heat", at)


def _same_curve(counted_: Reading, raw_wh: list[float]) -> None:
    """Raise where the curve is not that of the raw sessions; each outlet's hour is kept in whole Wh."""
    hours = round((counted_.until - counted_.chosen.since).total_seconds() / 3_600)
    expected = [*raw_wh, *[0.0] * (hours - len(raw_wh))][:hours]
    for at, (kept, raw_) in enumerate(zip(reading.duration_curve(counted_, points=hours), expected, strict=True)):
        assert abs(kept - raw_) < OUTLETS_ROUNDED_WH + 1e-3 * raw_, ("curve", at)


def over_http(dsn: str, state_dir: Path, times: int) -> dict[str, float]:
    """Return the p95 of the server's time for pages, as a browser asks for them, ms."""
    with served(dsn, state_dir) as ready:
        agent = Agent(ready["port"])
        agent.sign_in(ready["email"], ready["password"])
        found: dict[str, float] = {}
        year = (datetime.now(UTC).date() - timedelta(days=364)).isoformat()
        for path in ("/console/usage", f"/console/usage?from={year}", f"/console/usage?from={year}&by=outlet",
                     f"/console/usage?from={year}&by=hour", f"/console/usage.csv?from={year}",
                     f"/console/usage/compare?from={year}"):  # fmt: skip
            took = sorted(agent.visit(path, typing=False)[0] for _ in range(times + WARM))[: times + WARM]
            found[path.replace(year, "a year ago")] = took[min(len(took) - 1, int(len(took) * 0.95))]
        return found


async def run(given: argparse.Namespace, directory: Path) -> dict[str, Any]:
    """Fill, count, read; return what was measured."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(embedded.running(directory))
        database = await Database.connected(dsn)
        stack.push_async_callback(database.close)
        since = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        fill_s, now = await filled(database, given.sessions, since)
        found: dict[str, Any] = {"fill_s": fill_s, **await counted(database, now)}
        found["ten_minutes_s"] = await again(database, now)
        async with database.transaction() as tx:
            postmaster = _parent(tx.connection.get_server_pid())
        found["views"] = {}
        for name, (chosen, by) in (await views(database, now)).items():

            async def work(chosen: Chosen = chosen, by: By = by) -> None:
                await shown(database, chosen, by, now)

            if given.only in name:
                found["views"][name] = await measured(work, postmaster, given.times)
        if not given.only:
            found["views"] |= await others(database, now, postmaster, given.times)
        if given.raw:
            found["raw"] = await raw(database, periods(now.date())["2 years"], now)
        found["http"] = await asyncio.to_thread(over_http, dsn, directory, given.times) if given.http else {}
        found["sizes"] = [dict(row) for row in await database.pool.fetch(SIZES)]
        found["python_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def report(found: dict[str, Any]) -> None:
    """Print the tables for people."""
    print(f"\n{'table':<22}{'rows':>14}{'MB with indexes':>18}")
    for one in found["sizes"]:
        print(f"{one['relname']:<22}{one['rows']:>14,}{one['bytes'] / 1e6:>18,.1f}")
    print(
        f"\nfilled in {found['fill_s']:,.0f} s; counted in {found['count_s']:,.0f} s"
        f" ({found['count_cpu_s']:,.0f} s CPU) by {found['turns']} turns of at most {found['longest_turn_s']:.1f} s;"
        f" memory of PostgreSQL for it at most {found['count_backend_peak_mb']:,.0f} MB, of Python for all"
        f" {found['python_peak_mb']:,.0f} MB; what ten minutes change: {found['ten_minutes_s']:.1f} s\n"
    )
    print(f"{'ms':<46}{'p50':>8}{'p95':>8}{'py CPU':>8}{'db CPU':>8}{'raw':>10}")
    for name, took in found["views"].items():
        beside = found.get("raw", {}).get(name.removeprefix("2 years, ")) if name.startswith("2 years, by ") else None
        late = "  over the aim" if took["p95"] > AIM_MS else ""
        print(
            f"{name:<46}{took['p50']:>8.0f}{took['p95']:>8.0f}{took['python_cpu']:>8.0f}{took['database_cpu']:>8.0f}"
            f"{'' if beside is None else f'{beside:,.0f}':>10}{late}"
        )
    for name in ("heat", "curve"):
        if name in found.get("raw", {}):
            print(f"{f'2 years, {name}: part of every view':<78}{found['raw'][name]:>10,.0f}")
    for path, p95 in found["http"].items():
        print(f"HTTP {path:<41}{'':>8}{p95:>8.0f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=40_000, help="10000000 is the size that is promised")
    parser.add_argument("--times", type=int, default=20, help="how often each view is read")
    parser.add_argument("--only", default="", help="views whose name holds this")
    parser.add_argument("--no-raw", dest="raw", action="store_false", help="leave out the raw sessions")
    parser.add_argument("--no-http", dest="http", action="store_false", help="leave out the pages over HTTP")
    parser.add_argument("--keep", type=Path, help="a directory for the database, which is used again and not removed")
    given = parser.parse_args()
    with databases(given.keep) as directory:
        found = asyncio.run(run(given, directory))
    report(found)
    over = {name: round(took["p95"]) for name, took in found["views"].items() if took["p95"] > AIM_MS}
    rounded = json.loads(json.dumps(found, default=str), parse_float=lambda text: round(float(text), 1))
    print(json.dumps({"bench": "analytics", "sessions": given.sessions, "over_aim": over} | rounded))


if __name__ == "__main__":
    main()

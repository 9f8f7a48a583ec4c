"""How fast an agent's screen is with a million cases and ten million sessions, beside a small house in the same run.

Fills embedded PostgreSQLs by SQL (`--cases`, `--sessions`), starts the web application in a process of its own, signs
an agent in over HTTP and asks for the inbox in each view, its search, cases, the search box by each handle, chargers,
persons. Prints the server's time and the CPU time of web and database for each, and as its last line one JSON object.
Aim at the promised size: p95 of each below 50 ms.

The server of the large house has the memory that a large operator gives it (`MEMORY`); the small one is as it comes.
How fast the machine is right now is printed beside: the CPU time of a loop of ten million additions before and after,
0.5 s where nobody else uses it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import asyncpg

from bench import _desk_cases, _desk_history, _desk_visits
from bench._cpu import cpu_seconds_of_tree
from bench._folder import databases
from laddverk.platform import embedded, migrator

SMALL: Final = (1_000, 10_000)  # cases and sessions of the house that everything is compared with
WARM: Final = 7  # visits before it counts: PostgreSQL looks at a statement's sixth plan anew
AIM_MS: Final = 50.0
DSN_TIMEOUT_S: Final = 7_200
MEMORY: Final = {"shared_buffers": "4GB", "effective_cache_size": "12GB"}  # of a large operator's database server
LOOP: Final = 10_000_000
SIZES: Final = """
SELECT relname, reltuples::bigint AS rows, pg_total_relation_size(oid) AS bytes FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 0 ORDER BY bytes DESC LIMIT 14
"""


class Agent:
    """An agent's browser, as far as the server sees it."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Accept-Encoding": "gzip", "Accept-Language": "sv", "Sec-Fetch-Site": "same-origin"}

    def sign_in(self, email: str, password: str) -> None:
        """Sign in as staff. Raises where the door stays closed."""
        body = urlencode({"email": email, "password": password})
        form = self.headers | {"Content-Type": "application/x-www-form-urlencoded"}
        answer, _ = self._ask("POST", "/console/login", form, body)
        if answer.status != 303:
            raise SystemExit(f"the agent is not let in: {answer.status}")
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        self.headers["Cookie"] = cookie

    def visit(self, path: str, *, typing: bool) -> tuple[float, float, float]:
        """Return what an address took: the server's time, its CPU time, and until all was here, in ms."""
        began = time.perf_counter()
        answer, body = self._ask("GET", path, self.headers | ({"HX-Request": "true"} if typing else {}))
        whole = (time.perf_counter() - began) * 1e3
        if answer.status != 200 and not (answer.status == 303 and path.startswith("/console/search")):
            raise SystemExit(f"{path} answered {answer.status}: {body[:300]!r}")
        app, cpu = (float(part.partition("dur=")[2]) for part in answer.headers["Server-Timing"].split(", "))
        return app, cpu, whole

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[HTTPResponse, bytes]:
        self.connection.request(method, path, body, dict(headers))
        answer = self.connection.getresponse()
        return answer, answer.read()


@contextmanager
def served(dsn: str, state_dir: Path) -> Iterator[dict[str, Any]]:
    """Yield where the web application listens and who may sign in, while its process runs."""
    command = [sys.executable, str(Path(__file__).parent / "_desk_server.py"), dsn, str(state_dir)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "."])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        assert process.stdin is not None
        process.stdin.close()


async def fill(dsn: str, cases: int, sessions: int) -> float:
    """Migrate and fill a database, unless that was done before; return the seconds that it took."""
    connection = await asyncpg.connect(dsn, timeout=60)
    try:
        await migrator.migrate(connection)
        if await connection.fetchval("SELECT to_regclass('staged_session') IS NOT NULL"):
            raise SystemExit("A fill of this database was broken off. Remove its directory, and begin again.")
        if await connection.fetchval("SELECT EXISTS (SELECT FROM support_case)"):
            return 0.0
        began, now = time.perf_counter(), datetime.now(UTC)
        async with _desk_history.filling(connection, (*_desk_history.TABLES, *_desk_cases.TABLES)):
            await connection.execute(_desk_history.DRAWING)
            await connection.execute(_desk_history.STAGED)
            await _desk_history.fill(connection, sessions, now)
            await _desk_cases.fill(connection, cases, sessions, now)
            await connection.execute(
                "DROP TABLE staged_session, staged_station, staged_driver, staged_case, staged_sentence"
            )
        await connection.execute("VACUUM ANALYZE", timeout=DSN_TIMEOUT_S)
        await connection.execute("CHECKPOINT", timeout=DSN_TIMEOUT_S)
        return time.perf_counter() - began
    finally:
        await connection.close()


def measure(visits: Mapping[str, list[str]], agent: Agent, postmaster: int, times: int, only: str) -> dict[str, Any]:
    """Return for each kind of visit its times in ms: p50, p95, p99 of the server, CPU of web and of the database."""
    draws = random.Random(1)
    found: dict[str, Any] = {}
    for name, paths in visits.items():
        if only not in name or not paths:
            continue
        typing = name.startswith("box")
        for path in draws.choices(paths, k=WARM):
            agent.visit(path, typing=typing)
        chosen = [paths[n % len(paths)] for n in range(times)]
        draws.shuffle(chosen)
        before = cpu_seconds_of_tree(postmaster)
        took = [agent.visit(path, typing=typing) for path in chosen]
        database_ms = (cpu_seconds_of_tree(postmaster) - before) * 1e3 / times
        apps = sorted(one[0] for one in took)
        found[name] = {
            "p50": _share(apps, 0.5), "p95": _share(apps, 0.95), "p99": _share(apps, 0.99),
            "whole_p95": _share(sorted(one[2] for one in took), 0.95),
            "web_cpu": sum(one[1] for one in took) / times, "database_cpu": database_ms,
        }  # fmt: skip
    return found


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def loop_s() -> float:
    """Return the CPU time of a plain loop: what this machine is worth right now."""
    began, total = time.process_time(), 0
    for number in range(LOOP):
        total += number
    return time.process_time() - began


async def _filled(state_dir: Path, cases: int, sessions: int) -> float:
    async with embedded.running(state_dir) as dsn:
        fill_s = await fill(dsn, cases, sessions)
        if (cases, sessions) != SMALL:
            connection = await asyncpg.connect(dsn, timeout=60)
            for name, value in MEMORY.items():
                await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            await connection.close()
        return fill_s


async def house(state_dir: Path, cases: int, sessions: int, times: int, only: str) -> dict[str, Any]:
    """Return what an agent's screen takes in a house of a size."""
    fill_s = await _filled(state_dir, cases, sessions)
    async with embedded.running(state_dir) as dsn:
        connection = await asyncpg.connect(dsn, timeout=60)
        sizes = [dict(row) for row in await connection.fetch(SIZES)]
        bytes_all = await connection.fetchval("SELECT pg_database_size(current_database())")
        visits = await _desk_visits.drawn(connection, times)
        postmaster = _parent(await connection.fetchval("SELECT pg_backend_pid()"))
        await connection.close()
        with served(dsn, state_dir) as ready:
            agent = Agent(ready["port"])
            agent.sign_in(ready["email"], ready["password"])
            loops = [loop_s()]
            took = measure(visits, agent, postmaster, times, only)
            loops.append(loop_s())
    return {"fill_s": fill_s, "sizes": sizes, "bytes": bytes_all, "visits": took, "loop_s": loops}


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def report(large: Mapping[str, Any], small: Mapping[str, Any]) -> None:
    """Print the tables for people."""
    print(f"\n{'table':<20}{'rows':>14}{'MB with indexes':>18}")
    for one in large["sizes"]:
        print(f"{one['relname']:<20}{max(one['rows'], 0):>14,}{one['bytes'] / 1e6:>18,.0f}")
    print(f"database {large['bytes'] / 1e9:.1f} GB; filled in {large['fill_s']:,.0f} s")
    print("a loop of ten million: " + ", ".join(f"{each:.2f} s" for each in large["loop_s"]) + " of CPU\n")
    print(f"{'ms':<26}{'p50':>8}{'p95':>8}{'p99':>8}{'web CPU':>9}{'db CPU':>8}{'small p95':>11}{'ratio':>7}")
    for name, took in large["visits"].items():
        beside = small["visits"][name]["p95"] if name in small["visits"] else float("nan")
        late = "  over the aim" if took["p95"] > AIM_MS else ""
        print(
            f"{name:<26}{took['p50']:>8.1f}{took['p95']:>8.1f}{took['p99']:>8.1f}{took['web_cpu']:>9.1f}"
            f"{took['database_cpu']:>8.1f}{beside:>11.1f}{took['p95'] / beside:>7.1f}{late}"
        )


def main() -> None:
    """Fill, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="1000000 is the size that is promised")
    parser.add_argument("--sessions", type=int, default=200_000, help="10000000 is the size that is promised")
    parser.add_argument("--times", type=int, default=40, help="visits of each kind")
    parser.add_argument("--only", default="", help="kinds of visits whose name holds this")
    parser.add_argument("--keep", type=Path, help="a directory for the databases, which is used again and not removed")
    given = parser.parse_args()
    with databases(given.keep) as folder:
        small, large = (
            asyncio.run(house(folder / f"{cases}-{sessions}", cases, sessions, given.times, given.only))
            for cases, sessions in (SMALL, (given.cases, given.sessions))
        )
    report(large, small)
    slowest = max(large["visits"].items(), key=lambda one: one[1]["p95"])
    print(json.dumps({
        "bench": "desk", "cases": given.cases, "sessions": given.sessions,
        "database_gb": round(large["bytes"] / 1e9, 2), "loop_s": [round(each, 2) for each in large["loop_s"]],
        "slowest": slowest[0], "slowest_p95_ms": round(slowest[1]["p95"], 1),
        "over_aim": [name for name, took in large["visits"].items() if took["p95"] > AIM_MS],
        "visits": {name: {key: round(each, 2) for key, each in took.items()} for name, took in large["visits"].items()},
        "small": {name: round(took["p95"], 2) for name, took in small["visits"].items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()

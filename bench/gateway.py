"""What one durable TransactionEvent costs: our gateway, beside its library's echo and the `ocpp` package.

500 chargers, each sending its next message when the last one is answered. Every server runs in a process of its own,
one after the other, under the same load from this process; CPU is read from /proc, so a noisy machine changes the
latencies and not the cost. Usage: make bench-gateway [ARGS="--connections 500 --messages 20000"].
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from _cpu import cpu_seconds, cpu_seconds_of_tree
from _messages import started, updated
from websockets.asyncio.client import ClientConnection, connect

SERVERS = Path(__file__).with_name("_servers.py")
CONNECT_AT_ONCE = 25
WARM_UP_SHARE = 0.1  # of the messages: connections, caches and prepared statements settle first


@dataclass
class Measured:
    """The cost of one message, in microseconds of CPU, and what the sender saw, in milliseconds."""

    name: str
    messages: int
    server_cpu_us: float
    database_cpu_us: float
    p50_ms: float
    p99_ms: float
    messages_per_s: float
    server_rss_mib: float


async def measured(name: str, connections: int, messages: int) -> Measured:
    """Start server `name`, load it, and return what it cost."""
    process = subprocess.Popen(
        [sys.executable, str(SERVERS), name, str(connections)], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        server: dict[str, Any] = json.loads(process.stdout.readline())
        return await load(name, server, connections, messages)
    finally:
        assert process.stdin is not None
        process.stdin.close()  # the servers end when their input does
        process.wait(30)


async def load(name: str, server: dict[str, Any], connections: int, messages: int) -> Measured:
    """Send `messages` in all over `connections` sockets and measure the second part of them."""
    at_once = asyncio.Semaphore(CONNECT_AT_ONCE)

    async def opened(number: int) -> ClientConnection:
        async with at_once:
            return await connect(
                f"ws://127.0.0.1:{server['port']}/ocpp/BENCH{number:04}",
                subprotocols=["ocpp2.0.1"],  # type: ignore[list-item]
                additional_headers=server["headers"][number] if server["headers"] else None,
                compression=None,
                ping_interval=None,
                max_queue=None,
            )

    sockets = await asyncio.gather(*(opened(number) for number in range(connections)))
    each = max(2, messages // connections)
    warm_up = max(1, int(each * WARM_UP_SHARE))
    await asyncio.gather(*(converse(socket, number, 0, warm_up) for number, socket in enumerate(sockets)))

    cpu, database_cpu, began = cpu_seconds(server["pid"]), database_seconds(server), time.perf_counter()
    latencies = await asyncio.gather(
        *(converse(socket, number, warm_up, each) for number, socket in enumerate(sockets))
    )
    wall_s = time.perf_counter() - began
    count = connections * each
    cpu_us = (cpu_seconds(server["pid"]) - cpu) / count * 1e6
    database_us = (database_seconds(server) - database_cpu) / count * 1e6
    rss_mib = resident_mib(server["pid"])
    await asyncio.gather(*(socket.close() for socket in sockets))

    ordered = sorted(latency for part in latencies for latency in part)
    return Measured(
        name,
        count,
        cpu_us,
        database_us,
        statistics.median(ordered) * 1e3,
        ordered[int(len(ordered) * 0.99)] * 1e3,
        count / wall_s,
        rss_mib,
    )


async def converse(socket: ClientConnection, number: int, first: int, count: int) -> list[float]:
    """Send `count` messages one after the other and return the seconds each answer took."""
    took = []
    for sequence in range(first, first + count):
        frame = started(number) if sequence == 0 else updated(number, sequence)
        began = time.perf_counter()
        await socket.send(frame)
        answer = await socket.recv()
        took.append(time.perf_counter() - began)
        if not str(answer).startswith(("[3", "[2")):
            raise RuntimeError(f"the server refused: {str(answer)[:200]}")
    return took


def database_seconds(server: dict[str, Any]) -> float:
    """Return the CPU seconds that the server's PostgreSQL has used."""
    return cpu_seconds_of_tree(server["postmaster"]) if server["postmaster"] else 0.0


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def report(rows: list[Measured], connections: int) -> None:
    """Print the table for people and the line for machines."""
    echo, ours, theirs = rows
    print(f"TransactionEvent with 8 sampled values, {connections} connections, one message in flight each\n")
    heads = ("CPU µs/msg", "PG µs/msg", "p50 ms", "p99 ms", "msg/s", "RSS MiB", "messages")
    print(f"{'':<12}" + "".join(f"{head:>12}" for head in heads))
    for row in rows:
        print(
            f"{row.name:<12}{row.server_cpu_us:>12.1f}{row.database_cpu_us:>12.1f}{row.p50_ms:>12.1f}"
            f"{row.p99_ms:>12.1f}{row.messages_per_s:>12.0f}{row.server_rss_mib:>12.0f}{row.messages:>12}"
        )
    of_echo = echo.server_cpu_us / ours.server_cpu_us
    print(f"\nThe gateway reaches {of_echo:.0%} of the echo ceiling of the same library, durably.")
    print(
        f"The ocpp package, which stores nothing, costs {theirs.server_cpu_us / ours.server_cpu_us:.1f} times as much."
    )
    figures = {row.name: {key: round(value, 2) for key, value in vars(row).items() if key != "name"} for row in rows}
    print(json.dumps({"bench": "gateway", "connections": connections, "share_of_echo": round(of_echo, 3), **figures}))


async def main() -> None:
    """Measure the three servers and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--messages", type=int, default=30_000)
    given = parser.parse_args()
    rows = [
        await measured("echo", given.connections, given.messages),
        await measured("gateway", given.connections, given.messages),
        await measured("ocpp", given.connections, min(given.messages, given.connections * 10)),
    ]
    report(rows, given.connections)


if __name__ == "__main__":
    uvloop.run(main())

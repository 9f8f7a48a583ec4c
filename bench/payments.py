"""How many payments are authorised and captured a second, and what one costs, against a provider on a bad day.

The whole program runs as `laddverk up` runs it, on an embedded PostgreSQL with fsync: worker, web face, reconciliation.
The provider is a Stripe of our own in a process of its own, reached over a socket by the real adapter: it answers after
a log-normal time (p50 120 ms, p99 380 ms), carries out one call in a hundred without ever answering it, and posts each
of its messages twice, late and in any order. At the end its books are compared with ours.
Usage: make bench-payments [ARGS="--pairs 4000 --at-once 400"].
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from _cpu import cpu_seconds, cpu_seconds_of_tree

from laddverk import running
from laddverk.kernel.ids import DriverId, PaymentId, PaymentMethodId, SessionId, StationId, new_id
from laddverk.kernel.money import vat_within
from laddverk.ledger import service as ledger
from laddverk.payments import settling, store
from laddverk.payments.model import Card, Payment, PaymentAuthorised, PaymentCaptured, Purpose, State
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.sessions.model import SessionPriced, Settlement
from tests.integration.money_world import World

STRIPE = Path(__file__).with_name("_stripe.py")
SECRET = "whsec_test"
RESERVED_MINOR = 30_000
CARDS = 500
FEED_EVERY_S = 0.05
STEADY = (0.1, 0.9)  # of the pairs: between these the rate is measured, while as many as wished are under way
SETTLED_WITHIN_S = 240.0

SESSIONS = """
INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, settlement, started_at, ended_at,
                     received_at, energy_wh, price_minor, vat_minor, vat_percent, currency, payment_id)
SELECT given.id, $2, 1, given.id::text, driver_id, 'payment', $3::timestamptz - interval '1 hour', $3, $3, 10000,
       price_minor, vat_minor, 25, 'SEK', payment.id
FROM unnest($1::uuid[], $4::uuid[], $5::bigint[], $6::bigint[]) AS given (id, payment_id, price_minor, vat_minor)
JOIN payment ON payment.id = given.payment_id
RETURNING id, driver_id, payment_id, price_minor, vat_minor
"""
UNANSWERED = """
WITH silent AS (
    SELECT payment_id, min(at) AS since, min(kind) AS kind FROM payment_event WHERE kind LIKE '%\\_unanswered'
    GROUP BY payment_id
)
SELECT silent.kind, payment.state, count(*) AS payments,
       max(extract(epoch FROM payment.updated_at - since))::float8 AS longest_s
FROM silent JOIN payment ON payment.id = payment_id GROUP BY 1, 2 ORDER BY 1, 2
"""
STATES = "SELECT state, count(*), sum(captured_minor)::bigint AS captured_minor FROM payment GROUP BY state"


@dataclass
class Bench:
    """What is fed to the house, and when it came out."""

    house: House
    station: StationId
    methods: list[tuple[DriverId, PaymentMethodId]]
    pairs: int
    at_once: int
    fed: int = 0
    captured_at: list[float] = field(default_factory=list)

    async def feed(self) -> None:
        """Keep `at_once` pairs under way until all have been begun."""
        while self.fed < self.pairs:
            room = min(self.at_once - (self.fed - len(self.captured_at)), self.pairs - self.fed)
            if room > 0:
                await self.house.database.run(lambda tx, count=room: self._begin(tx, count))  # type: ignore[misc]
                self.fed += room
                self.house.worker.wake()
            await asyncio.sleep(FEED_EVERY_S)

    async def _begin(self, tx: Transaction, count: int) -> None:
        now = self.house.clock()
        for number in range(self.fed, self.fed + count):
            driver, method = self.methods[number % len(self.methods)]
            payment = Payment(
                id=PaymentId(new_id()), purpose=Purpose.SESSION, state=State.CREATED, currency="SEK",
                amount_minor=RESERVED_MINOR, driver_id=driver, method_id=method, provider="stripe",
                created_at=now, updated_at=now,
            )  # fmt: skip
            await store.insert(tx, payment)
            await settling.call(tx, payment.id, "charge")

    async def charge_ends(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """`PaymentAuthorised`: the car charges for no time at all, and its session has a price."""
        authorised = [UUID(payload["payment_id"]) for payload in payloads]
        prices = [1_000 + payment.int % 20_000 for payment in authorised]
        vat = [vat_within(price, Decimal(25)) for price in prices]
        ids = [new_id() for _ in authorised]
        rows = await tx.rows(SESSIONS, ids, self.station, self.house.clock(), authorised, prices, vat)
        await outbox.publish(tx, [
            SessionPriced(
                session_id=SessionId(row["id"]), version=1, price_minor=row["price_minor"], vat_minor=row["vat_minor"],
                vat_percent=Decimal(25), currency="SEK", settlement=Settlement.PAYMENT, payment_id=row["payment_id"],
                driver_id=row["driver_id"],
            )
            for row in rows
        ])  # fmt: skip

    async def captured(self, _tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """`PaymentCaptured`: a pair is through."""
        self.captured_at += [time.perf_counter()] * len(payloads)


class Provider:
    """The process of the provider."""

    def __init__(self, door: str, seed: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(STRIPE), door, str(CARDS), str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": _paths()},
        )  # fmt: skip
        self.pid = self._process.pid
        self.ready = self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def books(self) -> dict[str, Any]:
        """Return what it has done so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def end(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def _paths() -> str:
    root = Path(__file__).parents[1]
    return f"{root}{os.pathsep}{root / 'src'}"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def prepared(house: House, cards: Sequence[Sequence[str]], pairs: int, at_once: int) -> Bench:
    """Make a charger and drivers with saved cards."""
    async with house.database.transaction() as tx:
        world = await World.built(tx)
        methods = []
        for customer, card in cards:
            driver = await world.driver(tx, f"{customer}@example.se")
            made = await store.save_method(tx, driver, "stripe", Card(customer, card, "visa", "4242"), house.clock())
            assert made is not None
            methods.append((driver, PaymentMethodId(made)))
    return Bench(house, world.station, methods, pairs, at_once)


async def run(pairs: int, at_once: int, seed: int) -> dict[str, Any]:
    """Run the program against the provider until all is settled, and return what was measured."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}/webhooks/stripe", seed)
    try:
        with tempfile.TemporaryDirectory(prefix="laddverk-bench-") as folder:
            Path(folder).chmod(0o755)
            settings = Settings(
                state_dir=Path(folder) / "state", ocpp_port=0, web_port=port, payment_provider="stripe",
                stripe_api_key=provider.ready["key"], stripe_api_base=provider.ready["url"],
                stripe_webhook_secret=SECRET,
            )  # fmt: skip
            outbox.subscribe(PaymentAuthorised, "bench.charge_ends")
            outbox.subscribe(PaymentCaptured, "bench.captured")
            async with running.opened(settings) as house:
                bench = await prepared(house, provider.ready["cards"], pairs, at_once)
                house.worker.handle({"bench.charge_ends": bench.charge_ends, "bench.captured": bench.captured})
                found: dict[str, Any] = {}
                stop = asyncio.Event()

                async def ready(_house: House, _addresses: running.Addresses) -> None:
                    asyncio.get_running_loop().create_task(measured(bench, provider, found, stop))

                await running.serve(house, ready=ready, stop=stop)
                return found
    finally:
        provider.end()


async def measured(bench: Bench, provider: Provider, found: dict[str, Any], stop: asyncio.Event) -> None:
    """Feed, wait until everything is settled, and compare the books."""
    try:
        postmaster = await postmaster_pid(bench.house)
        before = _cpu_of(postmaster, provider)
        began = time.perf_counter()
        await bench.feed()
        while len(bench.captured_at) < STEADY[1] * bench.pairs:
            await asyncio.sleep(0.05)
        used = [after - earlier for after, earlier in zip(_cpu_of(postmaster, provider), before, strict=True)]
        share = bench.pairs / len(bench.captured_at)
        ours_ms, database_ms, provider_ms = (seconds * 1e3 / bench.pairs * share for seconds in used)
        memory = _resident_mib(os.getpid())
        while len(bench.captured_at) < bench.pairs and time.perf_counter() - began < SETTLED_WITHIN_S:
            await asyncio.sleep(0.2)
        all_s = time.perf_counter() - began
        while provider.books()["posts_waiting"] and time.perf_counter() - began < SETTLED_WITHIN_S:
            await asyncio.sleep(0.2)
        first, last = (bench.captured_at[int(bench.pairs * part)] for part in STEADY)
        found.update(
            pairs_per_s=round((STEADY[1] - STEADY[0]) * bench.pairs / (last - first), 1),
            our_cpu_ms=round(ours_ms, 2),
            database_cpu_ms=round(database_ms, 2),
            provider_cpu_ms=round(provider_ms, 2),
            our_rss_mib=round(memory),
            all_settled_s=round(all_s, 1),
            provider=provider.books(),
            **await compared(bench),
        )
    except BaseException as error:
        found["error"] = repr(error)
        raise
    finally:
        stop.set()


async def compared(bench: Bench) -> dict[str, Any]:
    """Return what our books say at the end."""
    async with bench.house.database.transaction() as tx:
        check = await ledger.check(tx)
        states = {row["state"]: row["count"] for row in await tx.rows(STATES)}
        return {
            "states": states,
            "captured_minor": await tx.value("SELECT coalesce(sum(captured_minor), 0)::bigint FROM payment"),
            "ledger_minor": await ledger.balance(tx, "1580"),
            "ledger_sound": check.sound,
            "unanswered": [dict(row) for row in await tx.rows(UNANSWERED)],
            "copies_kept": await tx.value("SELECT coalesce(sum(copies), 0)::bigint FROM webhook_inbox"),
        }


def _cpu_of(postmaster: int, provider: Provider) -> tuple[float, float, float]:
    return _own_cpu(), cpu_seconds_of_tree(postmaster), cpu_seconds(provider.pid)


def _own_cpu() -> float:
    spent = os.times()
    return spent.user + spent.system


async def postmaster_pid(house: House) -> int:
    """Return the process id of the PostgreSQL server: the parent of any of its backends."""
    async with house.database.transaction() as tx:
        backend = int(await tx.value("SELECT pg_backend_pid()"))
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def _resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 2**20


def verdict(found: dict[str, Any], pairs: int) -> dict[str, int]:
    """Return what went wrong, counted in the provider's books: all must be 0."""
    theirs = found["provider"]
    return {
        "double_charges": theirs["charged_twice"],
        "lost": pairs - theirs["taken"] + abs(pairs - found["states"].get("captured", 0)),
        "minor_apart": abs(theirs["taken_minor"] - found["captured_minor"])
        + abs(found["ledger_minor"] - found["captured_minor"]),
        "still_ambiguous": sum(row["payments"] for row in found["unanswered"] if row["state"] != "captured"),
    }


def report(found: dict[str, Any], pairs: int, at_once: int) -> None:
    """Print the table for people and the line for machines."""
    theirs, wrong = found["provider"], verdict(found, pairs)
    print(f"{pairs} payments, each authorised and captured, {at_once} under way at once\n")
    rows = {
        "pairs a second": found["pairs_per_s"],
        "CPU ms a pair, ours": found["our_cpu_ms"],
        "CPU ms a pair, PostgreSQL": found["database_cpu_ms"],
        "CPU ms a pair, the provider": found["provider_cpu_ms"],
        "memory, MiB": found["our_rss_mib"],
        "calls to the provider": theirs["calls"],
        "calls it never answered": theirs["silent"],
        "messages it posted": theirs["posted"],
        "double charges": wrong["double_charges"],
        "lost": wrong["lost"],
        "öre apart between the books": wrong["minor_apart"],
        "still ambiguous": wrong["still_ambiguous"],
        "seconds until all was settled": found["all_settled_s"],
    }
    for name, value in rows.items():
        print(f"  {name:<32}{value:>10}")
    for row in found["unanswered"]:
        print(
            f"  {row['payments']} without an answer ({row['kind'].removesuffix('_unanswered')}) were asked about: "
            f"{row['state']} after at most {row['longest_s']:.0f} s"
        )
    print(json.dumps({"bench": "payments", "pairs": pairs, "at_once": at_once, **wrong, **found}))


async def main() -> None:
    """Measure and report; end with 1 when money was doubled, lost or left unclear."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4_000)
    parser.add_argument("--at-once", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = await run(given.pairs, given.at_once, given.seed)
    report(found, given.pairs, given.at_once)
    if any(verdict(found, given.pairs).values()) or not found["ledger_sound"]:
        sys.exit(1)


if __name__ == "__main__":
    uvloop.run(main())

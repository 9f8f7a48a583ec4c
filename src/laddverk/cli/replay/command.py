"""The replay from beginning to end: read, plan, start a network, drive, price, invoice twice, reconcile."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from laddverk.cli.network import Say
from laddverk.cli.replay import accounts, drive, network, plan, reconcile, source
from laddverk.cli.replay.drive import Station, Traffic
from laddverk.cli.replay.network import ACTOR, Network, Placed
from laddverk.cli.replay.reconcile import Figures, Step
from laddverk.cli.replay.source import Row, Source
from laddverk.invoicing import service as invoicing
from laddverk.kernel.problems import Invalid
from laddverk.kernel.time import system_clock
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.settings import secrets_in
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.ledger import Ledger
from laddverk.simulator.model import Hardware

BAD_ROWS_SHOWN: Final = 10  # of each reason; the rest is counted
PRICING_PAUSE_S: Final = 0.5
PRICING_STALLED_S: Final = 60.0  # nothing was priced for so long: waiting does not help


class Order(Struct, frozen=True):
    """What to replay, and how."""

    file: Path
    sessions: int | None = 5000
    """None means all."""
    currency: str = "NOK"
    zone: ZoneInfo = ZoneInfo("Europe/Oslo")


async def replay(order: Order, say: Say) -> int:
    """Carry out the replay; say how it goes, end with one line of JSON, and return 0 only when everything agrees."""
    began = time.monotonic()
    read = source.read(order.file, order.zone)
    rows = source.chosen(read.rows, order.sessions)
    if not rows:
        raise Invalid("There is no usable session in %(file)s.", file=str(order.file))
    _tell_of_file(read, rows, say)
    async with network.prepared(order.currency, order.zone, say) as prepared:
        pepper = secrets_in(prepared.settings.state_dir).charger_pepper
        async with prepared.database.transaction() as tx:
            placed = await network.furnish(tx, rows, order.currency, order.zone, pepper=pepper)
        ledger = Ledger(prepared.settings.state_dir / "simulators.jsonl")
        say(f"{len(placed)} stations connect, and say what happened to them")
        async with network.running(prepared.settings, prepared.log):
            driven = time.monotonic()
            traffic = await drive.drive(_stations(rows, placed, prepared, ledger), say)
            rate = traffic.acknowledged / (time.monotonic() - driven)
            ledger.close()
            await _priced(prepared, len(rows), say)
        changes = await _invoiced_twice(prepared, say)
        figures, found = await _reconciled(prepared, read, rows, traffic, changes, (began, rate))
        if traffic.problem or found:
            say(f"The program's last words:\n{network.log_tail(prepared.log)}")
    return _concluded(figures, [*([traffic.problem] if traffic.problem else []), *found], say)


def _tell_of_file(read: Source, rows: Sequence[Row], say: Say) -> None:
    reasons = Counter(row.reason for row in read.bad)
    say(f"{len(read.rows)} usable sessions and {len(read.bad)} others; {len(rows)} are replayed")
    for reason, count in reasons.most_common():
        lines = [str(row.line) for row in read.bad if row.reason == reason]
        more = f" and {count - BAD_ROWS_SHOWN} more" if count > BAD_ROWS_SHOWN else ""
        say(f"  not used: {count} x {reason} (lines {', '.join(lines[:BAD_ROWS_SHOWN])}{more})")


def _stations(rows: Sequence[Row], placed: dict[str, Placed], prepared: Network, ledger: Ledger) -> list[Station]:
    """Return a station for each user, every other one of them speaking 2.0.1."""
    stations = []
    for index, (user, own) in enumerate(groupby(rows, key=lambda row: row.user)):
        sessions = list(own)
        protocol = Protocol.V16 if index % 2 == 0 else Protocol.V201
        charger = Charger(Hardware(placed[user].identity, protocol, vendor="Replay", serial=f"R{index:05}"))
        link = Link(charger, prepared.ocpp_url, placed[user].password, ledger=ledger)
        rate_w = plan.usual_rate_w(sessions)
        stations.append(Station(link, placed[user].card, [plan.planned(row, rate_w) for row in sessions]))
    return stations


async def _priced(prepared: Network, expected: int, say: Say) -> None:
    """Wait until every session has its price, as long as prices keep coming."""
    before, moved_at = -1, time.monotonic()
    while True:
        async with prepared.database.transaction() as tx:
            waiting = await accounts.unsettled(tx)
        if waiting == 0 or time.monotonic() - moved_at > PRICING_STALLED_S:
            say(f"{expected - waiting} of {expected} sessions have their price")
            return
        if waiting != before:
            before, moved_at = waiting, time.monotonic()
        await asyncio.sleep(PRICING_PAUSE_S)


async def _invoiced_twice(prepared: Network, say: Say) -> int:
    """Invoice every month, then every month again; return how many figures the second time changed."""
    async with prepared.database.transaction() as tx:
        months: list[date] = await tx.values(accounts.MONTHS)
    await _invoice(prepared, months)
    async with prepared.database.transaction() as tx:
        once = await accounts.fingerprint(tx)
    await _invoice(prepared, months)
    async with prepared.database.transaction() as tx:
        twice = await accounts.fingerprint(tx)
    changes = sum(first != second for first, second in zip(once, twice, strict=True))
    say(f"{once[0]} invoices over {len(months)} months; invoicing all again changed {changes or 'nothing'}")
    return changes


async def _invoice(prepared: Network, months: Sequence[date]) -> None:
    for month in months:
        async with prepared.database.transaction() as tx:
            await invoicing.run(tx, month, ACTOR, system_clock(), settings=prepared.settings)


async def _reconciled(
    prepared: Network, read: Source, rows: Sequence[Row], traffic: Traffic, changes: int, measured: tuple[float, float]
) -> tuple[Figures, list[str]]:
    """Return all figures, and what disagrees among them."""
    wire = accounts.wire(prepared.settings.state_dir / "simulators.jsonl")
    async with prepared.database.transaction() as tx:
        session, priced, invoiced = await accounts.steps(tx)
        doubtful, doubts = await accounts.doubtful(tx)
        recorded = await accounts.recorded(tx)
        figures = Figures(
            rows=len(read.rows) + len(read.bad),
            bad_rows=dict(Counter(row.reason for row in read.bad)),
            file=Step(len(rows), sum(row.energy_wh for row in rows)),
            wire=wire.step,
            sessions=session,
            priced=priced,
            invoiced=invoiced,
            ledger=await accounts.ledger(tx),
            invoices=await accounts.invoices(tx),
            messages_said=traffic.said,
            messages_acknowledged=traffic.acknowledged,
            messages_refused=traffic.refused,
            second_run_changes=changes,
            doubtful_sessions=doubtful,
            currency=prepared.settings.currency,
            seconds=round(time.monotonic() - measured[0], 1),
            messages_per_s=round(measured[1], 1),
        )
    found = reconcile.disagreements(figures, wire.sessions, recorded)
    return figures, [*found, *(f"held for review: {doubt}" for doubt in doubts)]


def _concluded(figures: Figures, found: Sequence[str], say: Say) -> int:
    say("")
    say(reconcile.table(figures))
    say(f"{figures.seconds:.0f} s in all, {figures.messages_per_s:.0f} messages/s over the sockets")
    for words in found:
        say(f"DISAGREES: {words}")
    say("" if found else "Everything agrees.")
    agreed = {"agrees": not found, **msgspec.to_builtins(figures), "disagreements": list(found)}
    say(msgspec.json.encode(agreed).decode())
    return 1 if found else 0

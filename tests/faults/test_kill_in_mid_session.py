"""The whole program is killed in the middle of 200 sessions. What the stations were told is there, once."""

import asyncio
import os
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.cli.replay.network import free_port, log_tail, running
from laddverk.kernel.actors import rule
from laddverk.ocpp.protocol import Protocol
from laddverk.platform import embedded
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings, secrets_in
from laddverk.simulator.car import Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.ledger import Ledger, accounts
from laddverk.simulator.model import Hardware, Reading
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff

STATIONS = 100
OUTLETS = 2
STEPS = 12
KILLED_AFTER = (4, 8)
READINGS = 5  # of each outlet in the step that is cut, so that many messages are on their way
BEGIN = datetime(2026, 3, 2, 6, tzinfo=UTC)
PATIENCE = Patience(answer_s=10, reconnect_first_s=0.1, reconnect_max_s=0.5, refused_first_s=0.1)
ACTOR = rule("test")

SESSIONS = """
SELECT station.identity, number, transaction_key, register_start_wh, register_end_wh, energy_wh, doubts
FROM session JOIN station ON station.id = station_id WHERE ended_at IS NOT NULL
"""
SAMPLED = """
SELECT transaction_key, at, max(energy_wh) AS energy_wh, count(DISTINCT energy_wh) AS values
FROM sample WHERE transaction_key <> '' GROUP BY transaction_key, at
"""
KINDS = """
SELECT transaction_key, count(*) FILTER (WHERE kind = 'started') AS started,
       count(*) FILTER (WHERE kind = 'ended') AS ended
FROM session_event GROUP BY transaction_key
"""


def card(number):
    return f"04{number:012X}"


async def furnish(dsn, pepper):
    """One site, the stations with two outlets each, and a card for each outlet. Returns the stations' keys."""
    database = await Database.connected(dsn, size_max=2)
    async with database.transaction() as tx:
        site = await stations.create_site(tx, ACTOR, SiteDetails(name="Kaj", code="KAJ"), BEGIN)
        connectors = tuple(NewConnector(evse_number=number) for number in range(1, OUTLETS + 1))
        new = [NewStation(site_id=site, identity=f"K{n}", name=f"K{n}", connectors=connectors) for n in range(STATIONS)]
        keys = await stations.create_stations(tx, ACTOR, new, BEGIN, pepper=pepper)
        driver = await access.create_driver(tx, ACTOR, NewDriver(email="a@example.com", name="A"), BEGIN)
        cards = [NewToken(uid=card(n), driver_id=driver) for n in range(STATIONS * OUTLETS)]
        await access.create_tokens(tx, ACTOR, cards, BEGIN)
        prices = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal(3)),))
        version = await tariffs.create(tx, ACTOR, "Flat", prices, BEGIN)
        await tariffs.choose(tx, ACTOR, version.tariff_id, BEGIN)
    await database.close()
    return [key.password for key in keys]


def links_to(url, passwords, ledger):
    supply = Supply(3, 32.0, 22_000)
    return [
        Link(
            Charger(Hardware(f"K{n}", Protocol.V16 if n % 2 else Protocol.V201, outlets=(supply,) * OUTLETS)),
            url,
            password,
            ledger=ledger,
            patience=PATIENCE,
        )
        for n, password in enumerate(passwords)
    ]


def step(links, number):
    """Let 10 minutes pass in all outlets: begin, a reading, or the end."""
    at = BEGIN + timedelta(minutes=10 * number)
    for n, link in enumerate(links):
        for outlet in link.charger.outlets.values():
            outlet.register_wh += 0 if number == 0 else 1000 + n
            if number == 0:
                link.charger.begin(outlet.number, card(n * OUTLETS + outlet.number - 1), at)
            elif number == STEPS:
                link.charger.end(outlet.number, at, "EVDisconnected")
            else:
                for minute in range(READINGS if number in KILLED_AFTER else 1):
                    reading = Reading(at + timedelta(minutes=minute), int(outlet.register_wh) + minute, 6000 + n)
                    link.charger.sample(outlet.number, reading)
        link.wake()


async def until_half_is_answered(links):
    """Return in the middle of it, with the number of messages that are still unanswered."""
    first = sum(len(link.charger.outbox) for link in links)
    while (left := sum(len(link.charger.outbox) for link in links)) > first / 2:
        await asyncio.sleep(0.002)
    return left


def kill(process, state_dir):
    """Kill the program and its database at once, without a word."""
    postmaster = next(Path(state_dir).resolve().rglob("postmaster.pid"), None)
    os.kill(process.pid, signal.SIGKILL)
    if postmaster is not None:
        os.kill(int(postmaster.read_text().split()[0]), signal.SIGKILL)


@pytest.mark.faults
@pytest.mark.slow
async def test_killed_in_the_middle_of_200_sessions_nothing_is_lost_or_doubled():
    with tempfile.TemporaryDirectory(prefix="laddverk-kill-") as place:
        settings = Settings(state_dir=Path(place), web_port=free_port(), ocpp_port=free_port(), log_level="warning")
        log = Path(place) / "program.log"
        pepper = secrets_in(settings.state_dir).charger_pepper
        ledger = Ledger()
        kills = unheard = 0
        begun = 0
        links, tasks = [], []
        try:
            while begun <= STEPS:
                async with running(settings, log) as process:
                    if not links:
                        async with embedded.reaching(settings.state_dir) as dsn:
                            passwords = await furnish(dsn, pepper)
                        links = links_to(f"ws://127.0.0.1:{settings.ocpp_port}/ocpp", passwords, ledger)
                        tasks = [asyncio.create_task(link.run()) for link in links]
                    while begun <= STEPS:
                        step(links, begun)
                        begun += 1
                        if begun - 1 in KILLED_AFTER:
                            unheard += await until_half_is_answered(links)
                            kill(process, settings.state_dir)
                            await process.wait()
                            kills += 1
                            break
                        async with asyncio.timeout(60):
                            await asyncio.gather(*(link.drained() for link in links))
                    else:
                        async with embedded.reaching(settings.state_dir) as dsn:
                            await compare(dsn, accounts(ledger.entries()), ledger)
        except BaseException:
            print(log_tail(log))
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert kills == len(KILLED_AFTER)
        assert unheard > 0, "nobody was in the middle of anything"


async def compare(dsn, told, ledger):
    """Hold what the stations' own books say against the database."""
    database = await Database.connected(dsn, size_max=1)
    async with database.transaction() as tx:
        sessions = await tx.rows(SESSIONS)
        sampled = await tx.rows(SAMPLED)
        kinds = await tx.rows(KINDS)
    await database.close()

    assert len(told) == STATIONS * OUTLETS
    assert all(account.is_acknowledged and not account.refused for account in told.values())
    metered = sorted((a.station, a.register_start_wh, a.register_end_wh, a.energy_wh) for a in told.values())
    recorded = sorted((r["identity"], r["register_start_wh"], r["register_end_wh"], r["energy_wh"]) for r in sessions)
    assert recorded == metered
    assert [row["doubts"] for row in sessions if row["doubts"]] == []
    assert all(row["started"] == 1 and row["ended"] == 1 for row in kinds)
    assert len(kinds) == STATIONS * OUTLETS

    number_of = {account.number: key for key, account in told.items() if account.number is not None}
    key_of = {row["transaction_key"]: number_of.get(row["number"], row["transaction_key"]) for row in sessions}
    shown = {(key_of[row["transaction_key"]], row["at"]): row["energy_wh"] for row in sampled}
    said = {
        (e.transaction, e.at): e.register_wh for e in ledger.entries() if e.what == "metered" and e.message == "sampled"
    }
    assert {key: shown.get(key) for key in said} == said
    assert all(row["values"] == 1 for row in sampled)

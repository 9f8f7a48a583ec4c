"""What diagnosis costs: 10,000 stations, 300 messages a second, through recorders and detectors on a real database.

Minutes of a network's messages (heartbeats, readings, states, charges, starts) is handed to the recorders
in windows as the gateway does it, once without and once with diagnosis, and every five seconds of that time the
detectors hear what came. CPU is read from /proc, of Python and PostgreSQL together, so a noisy machine changes nothing
but the time it takes. Usage: make bench-detectors [ARGS="--stations 10000 --rate 300 --minutes 5"];
on a busy machine `--part 0.2` lets a fifth of the stations say a fifth of it, and counts by message.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

import uvloop
from _cpu import cpu_seconds_of_tree
from _network import ACTOR

from laddverk import wiring
from laddverk.diagnostics import observing
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.incidents import service as incidents
from laddverk.diagnostics.outcomes import service as outcomes
from laddverk.diagnostics.scenes import Scenery
from laddverk.diagnostics.watching import Watcher
from laddverk.kernel.ids import StationId
from laddverk.ocpp import facts
from laddverk.ocpp.facts import Fact, Status
from laddverk.platform import embedded, migrator
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails

SEED: Final = 20
START: Final = datetime(2026, 11, 2, 6, tzinfo=UTC)
TURN_S: Final = 5
WINDOW: Final = 20  # messages that share a commit at 300 a second
HEARTBEAT_S: Final = 300
CHARGES_SHARE: Final = 0.02  # of messages: charges that begin or end, each with its state
BOOTS_SHARE: Final = 0.0002
CHARGING_SHARE: Final = 0.25  # of stations at any time; what remains of the rate are their readings
FAULTY_SHARE: Final = 0.002  # of stations complain of something, as in any network
ATTEND_EACH: Final = 6  # turns: incidents are looked at each half minute, as the job does
WARM_UP_MINUTES: Final = 5  # in which every station is heard for the first time
POWER_W: Final = 10_800
ENOUGH_WH: Final = 2_000  # on the register, which begins at 1,000: then a car may leave
GOAL: Final = 0.10
"""Of one core, by the issue."""


@dataclass
class Cost:
    """CPU seconds of Python and PostgreSQL for so many messages."""

    python_s: float
    database_s: float
    messages: int


@dataclass
class Charge:
    """A charge that runs."""

    key: str
    read_at: datetime
    register_wh: float = 1_000.0


class Field:
    """Stations that charge, and what they say; the same for the same seed. Heartbeats and readings come in turn."""

    def __init__(self, station_ids: Sequence[StationId], rate: int) -> None:
        self._random = Random(SEED)
        self._stations = list(station_ids)
        self._random.shuffle(self._stations)
        self._charging: dict[StationId, Charge] = {}
        self._turns: list[StationId] = []
        self._rate = rate
        self._beats_share = len(self._stations) / HEARTBEAT_S / rate
        self._count = self._beat = 0

    def beginning(self, at: datetime) -> Iterator[list[Fact]]:
        """Yield what lets a quarter of the stations charge, and a few complain."""
        for station in self._stations:
            yield [facts.Booted(**self._given(station, at), vendor="Bench", model="B1", firmware="1.0")]
            yield self._state(station, at, Status.AVAILABLE)
        for station in self._stations[: int(len(self._stations) * CHARGING_SHARE)]:
            yield self._begin(station, at)
        for station in self._stations[-int(len(self._stations) * FAULTY_SHARE) :]:
            yield self._state(station, at, Status.FAULTED, "PowerSwitchFailure")

    def messages(self, begins: datetime, seconds: int) -> Iterator[list[Fact]]:
        """Yield the messages of so many seconds, each with the facts that it states."""
        for number in range(seconds * self._rate):
            at = begins + timedelta(seconds=number / self._rate)
            chance = self._random.random()
            if chance < self._beats_share:
                self._beat = (self._beat + 1) % len(self._stations)
                yield [facts.HeartbeatReceived(**self._given(self._stations[self._beat], at))]
            elif chance < self._beats_share + CHARGES_SHARE:
                yield self._charge(at)
            elif chance < self._beats_share + CHARGES_SHARE + BOOTS_SHARE:
                station = self._random.choice(self._stations)
                yield [facts.Booted(**self._given(station, at), vendor="Bench", model="B1", firmware="1.0")]
            else:
                yield self._reading(at)

    def _given(self, station: StationId, at: datetime) -> dict[str, Any]:
        self._count += 1
        return {"station_id": station, "at": at, "received_at": at, "said_at": at}

    def _state(self, station: StationId, at: datetime, status: Status, code: str | None = None) -> list[Fact]:
        given = self._given(station, at)
        return [facts.StatusReported(**given, evse_number=1, connector_number=1, status=status, error_code=code)]

    def _reading(self, at: datetime) -> list[Fact]:
        if not self._turns:
            self._turns = list(self._charging)
        station = self._turns.pop()
        if station not in self._charging:
            return [facts.HeartbeatReceived(**self._given(station, at))]
        charge = self._charging[station]
        charge.register_wh += POWER_W * (at - charge.read_at).total_seconds() / 3600
        charge.read_at = at
        amperes = 15.5 + self._random.random()
        sample = facts.Sample(
            energy_wh=round(charge.register_wh), power_w=POWER_W, current_l1_a=amperes, current_l2_a=amperes,
            current_l3_a=amperes, voltage_l1_v=231.0, voltage_l2_v=230.0, voltage_l3_v=232.0, offered_a=16.0,
            temperature_c=38.0,
        )  # fmt: skip
        named: dict[str, Any] = {"transaction_key": charge.key, "evse_number": 1, "content_key": str(self._count)}
        return [facts.EnergySampled(**self._given(station, at), **named, sample=sample)]

    def _charge(self, at: datetime) -> list[Fact]:
        """A charge that has given something ends, or another begins, so that as many run as before."""
        if len(self._charging) >= len(self._stations) * CHARGING_SHARE:
            station, charge = next(iter(self._charging.items()))
            if charge.register_wh > ENOUGH_WH:
                del self._charging[station]
                ended = facts.SessionEnded(
                    **self._given(station, at), transaction_key=charge.key, evse_number=1, content_key="end",
                    register_wh=round(charge.register_wh), reason="Local",
                )  # fmt: skip
                return [ended, *self._state(station, at, Status.AVAILABLE)]
        idle = next(one for one in iter(lambda: self._random.choice(self._stations), None) if one not in self._charging)
        return self._begin(idle, at)

    def _begin(self, station: StationId, at: datetime) -> list[Fact]:
        given = self._given(station, at)
        key, token = f"tx{self._count}", f"TAG{self._random.randrange(5_000):05}"
        self._charging[station] = Charge(key, at)
        started = facts.SessionStarted(
            **given, transaction_key=key, evse_number=1, content_key="start", token_uid=token, register_wh=1_000
        )
        return [started, *self._state(station, at, Status.CHARGING)]


async def made(database: Database, count: int) -> list[StationId]:
    """Make sites with `count` stations."""
    found: list[StationId] = []
    for number in range(0, count, 500):
        async with database.transaction() as tx:
            site = SiteDetails(name=f"Bench {number}", code=f"B{number:05}")
            site_id = await stations.create_site(tx, ACTOR, site, START)
            new = [
                NewStation(
                    site_id=site_id, identity=f"B{number + each:05}", name=f"Bench {number + each}", vendor="Bench",
                    model="B1", connectors=(NewConnector(evse_number=1),),
                )
                for each in range(min(500, count - number))
            ]  # fmt: skip
            found += [key.station_id for key in await stations.create_stations(tx, ACTOR, new, START, pepper=b"bench")]
    return found


async def told(database: Database, field: Field, begins: datetime, minutes: int, watcher: Watcher | None) -> Cost:
    """Let the recorders, and with `watcher` the detectors, take so many minutes; return what it cost."""
    own, postmaster = process_seconds(), await postmaster_of(database)
    before = own, cpu_seconds_of_tree(postmaster)
    count = 0
    for turn in range(minutes * 60 // TURN_S):
        at = begins + timedelta(seconds=turn * TURN_S)
        count += await recorded(database, field.messages(at, TURN_S), with_diagnosis=watcher is not None)
        if watcher is not None:
            await heard(database, watcher, at + timedelta(seconds=TURN_S), attend=turn % ATTEND_EACH == 0)
    return Cost(process_seconds() - before[0], cpu_seconds_of_tree(postmaster) - before[1], count)


async def recorded(database: Database, messages: Iterator[list[Fact]], *, with_diagnosis: bool) -> int:
    """Hand messages to the recorders, some in each transaction; return how many there were."""
    table = [pair for pair in wiring.RECORDERS if with_diagnosis or pair[1] is not observing.record]
    count = 0
    while window := list(islice(messages, WINDOW)):
        count += len(window)
        async with database.transaction() as tx:
            stated = [fact for message in window for fact in message]
            for kind, recorder in table:
                fitting = [fact for fact in stated if type(fact) is kind]
                if fitting:
                    await recorder(tx, fitting)
    return count


async def heard(database: Database, watcher: Watcher, now: datetime, *, attend: bool) -> None:
    """Do what the jobs of diagnosis do: detectors each five seconds, attempts and incidents now and then."""
    more = True
    while more:
        async with database.transaction() as tx:
            more = (await watcher.turn(tx, now)).more
    async with database.transaction() as tx:
        if attend:
            await incidents.attend(tx, now)
        await outcomes.make_out(tx, b"bench", {}, now)


def process_seconds() -> float:
    """Return the CPU seconds of this process alone."""
    times = os.times()
    return times.user + times.system


async def postmaster_of(database: Database) -> int:
    """Return the process id of PostgreSQL's first process, whose children do the work."""
    async with database.transaction() as tx:
        directory = Path(str(await tx.value("SHOW data_directory")))
    return int((directory / "postmaster.pid").read_text().split()[0])


def report(without: Cost, with_: Cost, rate: int, given: argparse.Namespace) -> None:
    """Print the table for people and the line for machines."""
    measured = "" if given.part == 1.0 else f", measured on {given.part:.0%} of them"
    print(f"{given.stations} stations, {rate} messages/s{measured}, {len(DETECTORS)} detectors\n")
    print(f"{'':<20}{'Python µs/msg':>16}{'PG µs/msg':>16}{'% of a core':>16}")
    figures: dict[str, float] = {}
    for name, cost in (("without diagnosis", without), ("with diagnosis", with_)):
        python, database = cost.python_s / cost.messages * 1e6, cost.database_s / cost.messages * 1e6
        share = (python + database) * rate / 1e6
        print(f"{name:<20}{python:>16.1f}{database:>16.1f}{share:>16.1%}")
        figures |= {f"{name} python_us": round(python, 1), f"{name} pg_us": round(database, 1)}
    python = with_.python_s / with_.messages - without.python_s / without.messages
    database = with_.database_s / with_.messages - without.database_s / without.messages
    share = (python + database) * rate
    print(f"{'diagnosis':<20}{python * 1e6:>16.1f}{database * 1e6:>16.1f}{share:>16.1%}")
    print(f"\nDiagnosis uses {share:.1%} of one core; the goal is under {GOAL:.0%}.")
    print(json.dumps({"bench": "detectors", "share_of_core": round(share, 4), "goal": GOAL, **figures}))


async def main() -> None:
    """Measure both and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--part", type=float, default=1.0, help="of the stations and messages; costs are scaled up")
    parser.add_argument("--minutes", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        async with embedded.running(Path(directory)) as dsn:
            database = await Database.connected(dsn)
            async with database.pool.acquire() as connection:
                await migrator.migrate(connection)
            field = Field(await made(database, round(given.stations * given.part)), round(given.rate * given.part))
            await recorded(database, field.beginning(START), with_diagnosis=True)
            at, span = START + timedelta(minutes=1), timedelta(minutes=given.minutes)
            without = await told(database, field, at, given.minutes, None)
            watcher = Watcher(b"bench", Scenery())
            await told(database, field, at + span, WARM_UP_MINUTES, watcher)
            at += span + timedelta(minutes=WARM_UP_MINUTES)
            with_ = await told(database, field, at, given.minutes, watcher)
            async with database.transaction() as tx:
                rows = await tx.rows("SELECT detector, count(*) FROM finding GROUP BY detector ORDER BY detector")
            print("Found:", ", ".join(f"{row[0]} {row[1]}" for row in rows) or "nothing")
            await database.close()
    report(without, with_, given.rate, given)


if __name__ == "__main__":
    uvloop.run(main())

"""What chargers say reaches the detectors, once, in order, and stands or falls with what they make of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from laddverk.diagnostics import drifting, observing, watching
from laddverk.diagnostics import store_watch as store
from laddverk.diagnostics.detectors.base import About, Detector, Scene, Scope
from laddverk.diagnostics.model import Evidence, Family, Input, Severity, Signal
from laddverk.diagnostics.observations import (
    Beat,
    DriftSeen,
    LinkClosed,
    LinkOpened,
    Metered,
    Observation,
    Observed,
    Restarted,
    SessionBegan,
    SessionOver,
    StateSeen,
    TokenSeen,
)
from laddverk.diagnostics.watching import Watcher
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Database
from tests.network import BOOT_16, Network, ask, network_on

PEPPER = b"test"
ABOUT = About(
    id="T01", title="Test", family=Family.OTHER, severity=Severity.DEGRADED, scope=Scope.STATION, formula="",
    needs=(Input.STATUS,), action="", runbook="test",
)  # fmt: skip


class Listener(Detector):
    """Counts what it hears, and holds each fault against its station."""

    ABOUT: ClassVar[About] = ABOUT
    HEARS: ClassVar[tuple[type[Observed], ...]] = (
        LinkOpened, Restarted, Beat, StateSeen, TokenSeen, SessionBegan, Metered, SessionOver, LinkClosed,
    )  # fmt: skip
    HEARD: ClassVar[list[Observation]] = []

    count: int = 0

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Remember it; raise on a fault, clear when it is gone."""
        self.HEARD.append(seen)
        self.count += 1
        if isinstance(seen, StateSeen) and seen.error_code:
            return self.raise_it(seen.at, Evidence(text="It said so", values={"count": self.count}))
        if isinstance(seen, StateSeen):
            return self.clear_it(seen.at)
        return ()


class Stumbler(Listener):
    """Cannot bear anything."""

    ABOUT: ClassVar[About] = About(
        id="T02", title="Test", family=Family.OTHER, severity=Severity.DEGRADED, scope=Scope.EVSE, formula="",
        needs=(), action="", runbook="test",
    )  # fmt: skip

    def hear(self, seen: Observation, scene: Scene) -> Sequence[Signal]:
        """Break."""
        raise ValueError(seen)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    Listener.HEARD.clear()
    async with network_on(database, tmp_path) as made:
        yield made


def watcher() -> Watcher:
    return Watcher(PEPPER, detectors=(Listener, Stumbler))


async def heard(network: Network, by: Watcher, now: datetime | None = None) -> watching.Turn:
    """Let the outbox and then the detectors work."""
    await network.house.worker.run_until_idle()
    async with network.house.database.transaction() as tx:
        return await by.turn(tx, now or network.house.clock(), thorough=True)


async def test_a_detector_hears_what_a_charger_does(network: Network) -> None:
    await network.add_station("CP-1")
    at = datetime.now(UTC).isoformat()
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ask(socket, "StatusNotification", {"connectorId": 1, "status": "Preparing", "errorCode": "NoError"})
        await ask(socket, "Authorize", {"idTag": "CAFE"})
        started = await ask(
            socket, "StartTransaction", {"connectorId": 1, "idTag": "CAFE", "meterStart": 100, "timestamp": at}
        )
        number = started[2]["transactionId"]
        value = {"timestamp": at, "sampledValue": [{"value": "11000", "measurand": "Power.Active.Import"}]}
        await ask(socket, "MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [value]})
        await ask(socket, "StopTransaction", {"transactionId": number, "meterStop": 900, "timestamp": at})
        await heard(network, watcher())

    kinds = [type(seen) for seen in Listener.HEARD if not isinstance(seen, LinkOpened)]
    assert kinds == [Restarted, StateSeen, TokenSeen, SessionBegan, Metered, SessionOver]
    assert LinkOpened in {type(seen) for seen in Listener.HEARD}
    began, read, over = (seen for seen in Listener.HEARD if isinstance(seen, SessionBegan | Metered | SessionOver))
    assert began.session_key == read.session_key == over.session_key != ""
    assert isinstance(read, Metered)
    assert (read.evse_number, read.power_w) == (1, 11000)
    assert isinstance(over, SessionOver)
    assert (over.evse_number, over.register_wh) == (1, 900)


async def test_tokens_are_heard_as_digests_and_not_cards_as_remote(network: Network) -> None:
    await network.add_station("CP-1")
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await ask(socket, "Authorize", {"idTag": "CAFE"})
        await heard(network, watcher())
    shown = [seen for seen in Listener.HEARD if isinstance(seen, TokenSeen)]
    assert [(seen.accepted, seen.local) for seen in shown] == [(False, True)]
    assert "CAFE" not in shown[0].token_key


async def test_nothing_is_heard_twice_and_memory_lasts(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    async with network.socket("CP-1") as socket:
        await ask(socket, "BootNotification", BOOT_16)
        await heard(network, watcher())
        await ask(socket, "Heartbeat", {})
        await heard(network, watcher())
        await heard(network, watcher())
    assert sum(isinstance(seen, Beat) for seen in Listener.HEARD) == 1
    assert await network.value("SELECT count(*) FROM observation") == 0
    async with network.house.database.transaction() as tx:
        watch = (await store.watches(tx, [station_id]))[station_id]
        await observing.observe(tx, [(station_id, fault(network.house.clock(), "GroundFailure"))])
    assert set(watch.observable["0"]) >= {"boot", "heartbeat", "link"}
    await heard(network, watcher())
    assert await network.value("SELECT (evidence->0->'values'->>'count')::int FROM finding") == len(Listener.HEARD)


async def test_a_turn_that_fails_leaves_all_as_it_was(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await observing.observe(tx, [(station_id, fault(network.house.clock(), "GroundFailure"))])

    async def losing_power() -> None:
        async with network.house.database.transaction() as tx:
            await watcher().turn(tx, network.house.clock(), thorough=True)
            raise RuntimeError("lost power")

    with pytest.raises(RuntimeError, match="lost power"):
        await losing_power()
    assert await network.value("SELECT count(*) FROM observation") == 1
    assert await network.value("SELECT count(*) FROM finding") == 0


async def test_a_finding_is_raised_renewed_and_cleared_and_may_come_again(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    by, now = watcher(), network.house.clock()
    for number, code in enumerate(["GroundFailure", "GroundFailure", None, "GroundFailure", None, "HighTemperature"]):
        async with network.house.database.transaction() as tx:
            await observing.observe(tx, [(station_id, fault(now + timedelta(seconds=number), code))])
        if number != 3:  # one turn finds it raised and cleared at once
            await heard(network, by, now + timedelta(minutes=number))
    async with network.house.database.transaction() as tx:
        rows = await tx.rows("SELECT times, cleared_at IS NULL AS open FROM finding ORDER BY raised_at")
    assert [(row["times"], row["open"]) for row in rows] == [(2, False), (1, False), (1, True)]


async def test_what_can_wait_waits_a_minute(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    by, now = watcher(), network.house.clock()
    async with network.house.database.transaction() as tx:
        await by.turn(tx, now)
        await observing.observe(tx, [(station_id, Beat(at=now, received_at=now))])
    for seconds, waiting in ((5, 1), (65, 0)):
        async with network.house.database.transaction() as tx:
            await by.turn(tx, now + timedelta(seconds=seconds))
        assert await network.value("SELECT count(*) FROM observation") == waiting


async def test_an_inbox_that_nobody_empties_is_bounded_and_says_what_it_dropped(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await observing.observe(tx, [(station_id, Beat(at=now, received_at=now)) for _ in range(30)])
    async with network.house.database.transaction() as tx:
        assert await store.bounded(tx, 10, now) == 20
    assert await network.value("SELECT count(*) FROM observation") == 10
    assert await network.value("SELECT sum(dropped) FROM observation_lost") == 20


async def test_links_are_heard_in_the_order_in_which_they_were_not_in_that_of_the_outbox(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    opened = LinkOpened(at=now, received_at=now)
    closed = LinkClosed(at=now - timedelta(seconds=30), received_at=now - timedelta(seconds=30))
    async with network.house.database.transaction() as tx:
        await observing.observe(tx, [(station_id, opened), (station_id, closed)])
    await heard(network, watcher())
    links = [one for one in Listener.HEARD if isinstance(one, LinkOpened | LinkClosed)]
    assert links == [closed, opened]


def fault(at: datetime, code: str | None) -> StateSeen:
    status = Status.FAULTED if code else Status.AVAILABLE
    return StateSeen(at=at, received_at=at, evse_number=1, status=status, error_code=code)


async def test_a_station_that_is_not_set_as_ordered_is_heard_of_once_for_each_comparison(network: Network) -> None:
    station_id = await network.add_station("CP-1")
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await observing.observe(tx, [(station_id, Beat(at=now, received_at=now))])
    await heard(network, watcher())
    standing = (
        "INSERT INTO configuration_standing (station_id, template_id, version, state, since, differences, checked_at)"
        " VALUES ($1, gen_random_uuid(), 1, 'drifted', $2, $3, $2)"
    )
    async with network.house.database.transaction() as tx:
        await tx.execute(
            standing, station_id, now, [{"component": "", "variable": "HeartbeatInterval", "is_known": True}]
        )
        assert await drifting.observe(tx, now) == 1
        assert await drifting.observe(tx, now) == 0
        bodies = await tx.values("SELECT body FROM observation WHERE station_id = $1", station_id)
    assert [msgspec.msgpack.decode(body, type=DriftSeen).names for body in bodies] == [("HeartbeatInterval",)]


async def test_a_restart_that_we_ordered_is_ours_and_the_next_is_not(network: Network) -> None:
    station_id, by = await network.add_station("CP-1"), watcher()
    async with network.house.database.transaction() as tx:
        now = network.house.clock()
        await tx.execute(
            "INSERT INTO command (id, station_id, kind, command, state, requested_by, actor_kind, created_at,"
            " expires_at, sent_at) VALUES (gen_random_uuid(), $1, 'reset', '{}', 'accepted', 'x', 'rule', $2, $2, $2)",
            station_id, now,
        )  # fmt: skip
        for later in (timedelta(minutes=1), timedelta(hours=1)):
            await observing.observe(tx, [(station_id, Restarted(at=now + later, received_at=now + later))])
    await heard(network, by)
    assert [seen.ours for seen in Listener.HEARD if isinstance(seen, Restarted)] == [True, False]

"""Campaigns over simulated chargers on real sockets, that fetch, check, install and boot, and hand in logs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from laddverk.firmware import service
from laddverk.firmware.model import ImageDetails, LogWish, NewCampaign, Plan, Stage
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf
from laddverk.kernel.actors import Role
from laddverk.ocpp.commands import LogKind
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.abilities.firmware import Mishap, Software
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import Hardware
from laddverk.web.app import create_app
from tests.integration.firmware.world import signed, staff
from tests.network import Network, network_on

HASTY = Patience(reconnect_first_s=0.02, reconnect_max_s=0.1, transfer_step_s=0.0)
IMAGE = b"laddverk-simulated-firmware 2.0.0\n" + b"\x00\x01" * 5000
ADMIN = staff(Role.ADMIN)
WITHIN_S = 30.0


class Field:
    """A network with a receiver on a port, and simulated chargers."""

    def __init__(self, network: Network, url: str) -> None:
        self.network = network
        self.reach = service.Reach(url)
        self.links: dict[str, Link] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def charger(self, identity: str, protocol: Protocol = Protocol.V201, mishap: Mishap = Mishap.NONE) -> Link:
        await self.network.add_station(identity, connectors=1)
        charger = Charger(Hardware(identity, protocol, vendor="Acme", model="Wall", firmware="1.0.0"))
        charger.of(Software).mishap = mishap
        base = self.network.url(identity).rpartition("/")[0]
        link = Link(charger, base, self.network.keys[identity], patience=HASTY)
        self.links[identity] = link
        self.tasks.append(asyncio.create_task(link.run()))
        return link

    async def all_connected(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            for link in self.links.values():
                await link.drained()

    async def image(self, **details: str):
        shelf = DirectoryShelf(self.network.house.settings.files_dir)
        given = ImageDetails(**{"version": "2.0.0", "vendor": "Acme", **details})
        async with self.network.house.database.transaction() as tx:
            with shelf.incoming(1_000_000) as incoming:
                incoming.write(IMAGE)
                image_id = await service.add_image(tx, ADMIN, given, incoming.digests(), self.network.house.clock())
                incoming.put(FIRMWARE, image_id)
        return image_id

    async def campaign(self, image_id, **plan):
        wanted = NewCampaign(
            image_id=image_id, name="Höst", reason="test", plan=Plan(**plan), unsigned_reason="they are simulated"
        )
        async with self.network.house.database.transaction() as tx:
            return await service.create_campaign(tx, ADMIN, wanted, self.network.house.clock())

    async def until(self, sql: str, wanted: object, *args: object) -> None:
        """Let the jobs work until a value in the database is as wanted."""
        house = self.network.house
        async with asyncio.timeout(WITHIN_S):
            while True:
                async with house.database.transaction() as tx:
                    topics = await service.advance(tx, self.reach, house.clock())
                house.hints.publish(topics)
                await house.worker.run_until_idle()
                found = await self.network.value(sql, *args)
                if found == wanted:
                    return
                await asyncio.sleep(0.02)

    async def states(self) -> dict[str, str]:
        async with self.network.house.database.transaction() as tx:
            rows = await tx.rows(
                "SELECT s.identity, u.state || ' ' || u.reason AS how FROM firmware_update u"
                " JOIN station s ON s.id = u.station_id"
            )
        return {row["identity"]: row["how"].strip() for row in rows}


@asynccontextmanager
async def field_on(database: Database, tmp_path: Path) -> AsyncIterator[Field]:
    async with network_on(database, tmp_path) as network:
        config = uvicorn.Config(create_app(network.house), host="127.0.0.1", port=0, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
        web = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        field = Field(network, f"http://127.0.0.1:{port}")
        try:
            yield field
        finally:
            for task in field.tasks:
                task.cancel()
            for task in field.tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            server.should_exit = True
            await web


@pytest.fixture
async def field(database: Database, tmp_path: Path) -> AsyncIterator[Field]:
    async with field_on(database, tmp_path) as made:
        yield made


async def test_a_signed_image_goes_into_chargers_of_every_version(field):
    for identity, protocol in (("A16", Protocol.V16), ("B201", Protocol.V201), ("C21", Protocol.V21)):
        await field.charger(identity, protocol)
    await field.all_connected()
    await field.campaign(await field.image(**signed(IMAGE)), stages=(Stage(count=1), Stage()))
    await field.until("SELECT state FROM firmware_campaign", "done")
    assert {identity: how.split()[0] for identity, how in (await field.states()).items()} == dict.fromkeys(
        ("A16", "B201", "C21"), "verified"
    )
    assert await field.network.value("SELECT array_agg(DISTINCT firmware) FROM station") == ["2.0.0"]
    told = await field.network.value(
        "SELECT array_agg(w.status ORDER BY w.first_at) FROM software_status w JOIN station s ON s.id = w.station_id"
        " WHERE identity = 'B201'"
    )
    assert told[:5] == ["Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting"]
    assert await field.network.value("SELECT count(*) FROM command WHERE state <> 'confirmed'") == 0


async def test_what_goes_wrong_is_said_for_each_charger(field):
    mishaps = {
        "bad": Mishap.BAD_SIGNATURE, "fails": Mishap.FAILS, "no": Mishap.REFUSES, "old": Mishap.OLD_VERSION,
        "silent": Mishap.SILENT,
    }  # fmt: skip
    for identity, mishap in mishaps.items():
        await field.charger(identity, mishap=mishap)
    await field.all_connected()
    await field.campaign(await field.image(**signed(IMAGE)), stages=(Stage(),), failed_share=None, failed_count=100)
    failed = "SELECT count(*) FROM firmware_update WHERE state = 'failed'"
    await field.until(failed, 3)
    await field.until("SELECT version_booted FROM firmware_update u JOIN station s ON s.id = u.station_id"
                      " WHERE identity = 'old'", "1.0.0")  # fmt: skip
    async with field.network.house.database.transaction() as tx:
        later = field.network.house.clock() + timedelta(hours=7)
        await service.advance(tx, field.reach, later)
    assert await field.states() == {
        "bad": "failed InvalidSignature",
        "fails": "failed InstallationFailed",
        "no": "failed Rejected",
        "old": "failed other_version",
        "silent": "failed silent",
    }


async def test_a_campaign_over_fifty_chargers_stops_when_two_percent_have_failed(field):
    """T32: of fifty, the first ones succeed; as soon as one of the rest fails, nobody more is asked."""
    for number in range(50):
        await field.charger(f"CP{number:02d}", mishap=Mishap.FAILS if number == 12 else Mishap.NONE)
    await field.all_connected()
    await field.campaign(
        await field.image(**signed(IMAGE)), stages=(Stage(count=1), Stage(percent=10), Stage()), at_once=5,
        failed_share=0.02,
    )  # fmt: skip
    await field.until("SELECT state FROM firmware_campaign", "aborted")
    await field.until("SELECT count(*) FROM firmware_update WHERE state IN ('asked', 'downloading', 'downloaded',"
                      " 'installing', 'rebooting')", 0)  # fmt: skip
    states = [how.split()[0] for how in (await field.states()).values()]
    assert states.count("failed") == 1
    assert 6 <= states.count("verified") <= 6 + 2 * 5 + 1
    assert states.count("queued") == 50 - 1 - states.count("verified")
    assert await field.network.value("SELECT state_reason FROM firmware_campaign") == "failed_share"


@pytest.mark.parametrize(
    ("protocol", "log", "extended"),
    [
        (Protocol.V16, LogKind.DIAGNOSTICS, False),
        (Protocol.V16, LogKind.DIAGNOSTICS, True),
        (Protocol.V201, LogKind.SECURITY, False),
        (Protocol.V21, LogKind.DATA_COLLECTOR, False),
    ],
)
async def test_a_log_is_asked_for_and_comes(field, protocol, log, extended):
    await field.charger("CP1", protocol)
    await field.all_connected()
    house = field.network.house
    async with house.database.transaction() as tx:
        wish = LogWish(log=log, extended=extended, reason="test")
        await service.request_log(tx, ADMIN, field.network.station_ids["CP1"], wish, field.reach, house.clock())
    house.hints.publish(["commands"])
    await field.until("SELECT state FROM log_request", "received")
    await field.until("SELECT status FROM software_status ORDER BY first_at DESC LIMIT 1", "Uploaded")
    await field.until("SELECT state FROM command", "confirmed")
    assert (await field.network.value("SELECT name FROM log_file")).endswith(".txt")


async def test_a_local_controller_publishes_an_image_and_takes_it_back(field):
    await field.charger("LC1")
    await field.all_connected()
    house, station = field.network.house, field.network.station_ids["LC1"]
    image = await field.image()
    async with house.database.transaction() as tx:
        await service.publish(tx, ADMIN, station, image, field.reach, house.clock(), reason="test")
    house.hints.publish(["commands"])
    await field.until("SELECT state FROM firmware_publication", "published")
    assert "LC1.local" in str(await field.network.value("SELECT locations FROM firmware_publication"))
    async with house.database.transaction() as tx:
        publication = await tx.value("SELECT id FROM firmware_publication")
        await service.unpublish(tx, ADMIN, publication, house.clock(), reason="test")
    house.hints.publish(["commands"])
    await field.until("SELECT state FROM firmware_publication", "unpublished")

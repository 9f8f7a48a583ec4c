"""Campaigns over simulated chargers on real sockets, that fetch, check, install and boot, and hand in logs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.firmware import service
from laddverk.firmware.model import LogWish, Stage
from laddverk.ocpp.commands import LogKind
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.firmware import Mishap
from tests.integration.firmware.field import ADMIN, IMAGE
from tests.integration.firmware.world import signed


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

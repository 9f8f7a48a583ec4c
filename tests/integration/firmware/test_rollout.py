"""Campaigns over simulated chargers on real sockets, that fetch, check, install and boot, and hand in logs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from laddverk.firmware import queries, service
from laddverk.firmware.model import LogWish, Stage
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.commands import LogKind
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator import transfers
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


IN_HAND = (
    "SELECT count(*) FROM firmware_update WHERE state IN ('asked', 'downloading', 'downloaded', 'installing',"
    " 'rebooting')"
)


async def test_a_paused_campaign_asks_nobody_more_and_goes_on_when_it_is_resumed(field):
    for number in range(6):
        await field.charger(f"CP{number}")
    await field.all_connected()
    campaign = await field.campaign(await field.image(**signed(IMAGE)), stages=(Stage(count=2), Stage()), at_once=1)
    house = field.network.house
    await field.until("SELECT count(*) FROM firmware_update WHERE state = 'verified'", 1)
    async with house.database.transaction() as tx:
        await service.pause_campaign(tx, ADMIN, campaign, house.clock(), reason="wait")
    await field.until(IN_HAND, 0)
    done = await field.network.value("SELECT count(*) FROM firmware_update WHERE state = 'verified'")
    for _ in range(3):
        await field.until(IN_HAND, 0)
    assert await field.network.value("SELECT count(*) FROM firmware_update WHERE state = 'queued'") == 6 - done
    async with house.database.transaction() as tx:
        await service.resume_campaign(tx, ADMIN, campaign, house.clock(), reason="it was nothing")
    await field.until("SELECT state FROM firmware_campaign", "done")
    assert {how.split()[0] for how in (await field.states()).values()} == {"verified"}
    assert await field.network.value("SELECT array_agg(DISTINCT version_before) FROM firmware_update") == ["1.0.0"]


async def test_a_charger_that_is_away_is_waited_for_and_updated_when_it_is_back(field):
    for identity in ("HERE", "AWAY"):
        await field.charger(identity)
    await field.all_connected()
    await field.switch_off("AWAY")
    await field.until("SELECT count(*) FROM station WHERE connected_at IS NOT NULL", 1)
    await field.campaign(await field.image(**signed(IMAGE)), stages=(Stage(),))
    await field.until("SELECT count(*) FROM firmware_update WHERE state = 'verified'", 1)
    house = field.network.house
    async with house.database.transaction() as tx:
        (row,) = await queries.updates_of_station(tx, None, field.network.station_ids["AWAY"])
    assert (row.state, row.waits_for) == ("queued", "waits_contact")
    field.switch_on("AWAY")
    await field.until("SELECT state FROM firmware_campaign", "done")
    assert await field.states() == {"HERE": "verified booted", "AWAY": "verified booted"}


async def test_a_download_that_breaks_is_tried_again_by_the_charger(field, monkeypatch):
    tries = []

    def breaking(wish, moved=transfers.moved):
        tries.append(wish.location)
        if len(tries) <= 2:
            raise OSError("the line broke")
        return moved(wish)

    monkeypatch.setattr(transfers, "moved", breaking)
    await field.charger("CP1")
    await field.all_connected()
    await field.campaign(await field.image(**signed(IMAGE)))
    await field.until("SELECT state FROM firmware_campaign", "done")
    assert (len(tries), len(set(tries))) == (3, 1)
    assert (await field.states())["CP1"].startswith("verified")


async def test_a_download_that_fails_stops_the_campaign_until_somebody_tries_again(field):
    await field.charger("CP1")
    await field.all_connected()
    image = await field.image(**signed(IMAGE))
    path = DirectoryShelf(field.network.house.settings.files_dir).path(FIRMWARE, image)
    content = path.read_bytes()
    path.unlink()
    campaign = await field.campaign(image)
    await field.until("SELECT state FROM firmware_campaign", "aborted")
    assert await field.states() == {"CP1": "failed DownloadFailed"}
    path.write_bytes(content)
    house = field.network.house
    async with house.database.transaction() as tx:
        assert await service.retry_failed(tx, ADMIN, campaign, house.clock(), reason="the file is back") == 1
    await field.until("SELECT state FROM firmware_campaign", "done")
    assert (await field.states())["CP1"].startswith("verified")
    assert await field.network.value("SELECT attempts FROM firmware_update") == 2


async def test_what_a_charger_says_reaches_the_open_page_of_its_campaign(field):
    await field.charger("CP1")
    await field.all_connected()
    image = await field.image(**signed(IMAGE))
    house = field.network.house
    campaign = await field.campaign(image)
    with house.hints.listening([f"campaign:{campaign}"]) as hints:
        await field.until("SELECT state FROM firmware_campaign", "done")
        async with asyncio.timeout(5):
            assert await anext(hints)


async def test_firmware_for_other_models_goes_to_no_charger(field):
    await field.charger("CP1")
    await field.all_connected()
    image = await field.image(vendor="Other", model="X*")
    house, station = field.network.house, field.network.station_ids["CP1"]
    with pytest.raises(Conflict, match=r"Other X\*.*Acme Wall"):
        async with house.database.transaction() as tx:
            await service.update_station(
                tx, ADMIN, station, image, field.reach, house.clock(), reason="test", unsigned_reason="test"
            )
    with pytest.raises(Invalid):
        await field.campaign(image)


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

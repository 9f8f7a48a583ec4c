"""What a charger does in its own way, how it is treated for it, and the models it is one of, as staff see them."""

from __future__ import annotations

import pytest

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.ocpp import facts, oddities
from laddverk.stations import service as stations
from laddverk.web.console import words
from laddverk.web.console.ways import NUMBERS, TRUTHS, WORDS
from tests.integration.web.console.conftest import NOW, SignedIn, World

FLAG = "meterValue[0].sampledValue: a single value instead of a list"


@pytest.fixture
async def bent(world: World) -> str:
    """The address of a charger that bends something, of a model that is known."""
    async with world.house.database.transaction() as tx:
        boot = facts.Booted(station_id=world.station, at=NOW, received_at=NOW, vendor="Huawei", model="AC <b>1</b>")
        await stations.record_boots(tx, [boot])
        told = facts.MessageBent(station_id=world.station, at=NOW, received_at=NOW, action="MeterValues", flags=(FLAG,))
        await stations.record_bent(tx, [told, told])
    return f"/console/stations/{shown('sta', world.station)}"


async def stored(world: World, sql: str) -> object:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, world.station)


def test_every_kind_and_setting_has_its_words() -> None:
    assert set(words.ODDITIES) == set(oddities.ALL_KINDS)
    assert set(words.WAYS) == {*NUMBERS, *TRUTHS, *WORDS, "never_send"} - {"note"}


async def test_a_page_says_what_a_charger_sends_and_what_is_known_of_its_model(bent: str, signed_in: SignedIn) -> None:
    browser = await signed_in()
    overview, ways = (await browser.open(bent)).text, (await browser.open(f"{bent}/ways")).text
    for page in (overview, ways):
        assert "This charger sends" in page
        assert "a single value where a list belongs" in page
        assert "usual for it" in page
    assert "MeterValues.meterValue[].sampledValue" in ways
    assert "May need a restart by hand after the backend was away." in ways


async def test_models_show_what_their_chargers_bend_and_only_those_one_may_see(
    bent: str, world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    page = (await browser.open("/console/models")).text
    assert "Huawei AC &lt;b&gt;1&lt;/b&gt;" in page
    assert "Grizzl-E" in page
    address = "/console/models/one?vendor=Huawei&model=AC%20%3Cb%3E1%3C/b%3E"
    assert "a single value where a list belongs" in (await browser.open(address)).text
    assert (await browser.open("/console/models/one?vendor=Nobody&model=Nothing")).status_code == 404

    host = await signed_in(Role.SITE_HOST, world.other_site)
    assert "AC &lt;b&gt;" not in (await host.open("/console/models")).text
    assert (await host.open(address)).status_code == 404
    assert (await host.open(f"{bent}/ways")).status_code == 404


async def test_settings_are_saved_with_their_reason_and_a_wrong_one_is_named(
    bent: str, world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    answer = await browser.send(
        f"{bent}/ways/settings",
        strictness="strict",
        ping_interval_s="30",
        no_ping="no",
        never_send="ClearCache\r\nTriggerMessage:MeterValues",
        settings_reason="under test",
    )
    assert answer.status_code == 303
    assert await stored(world, "SELECT quirks FROM station WHERE id = $1") == {
        "strictness": "strict",
        "ping_interval_s": 30,
        "no_ping": False,
        "never_send": ["ClearCache", "TriggerMessage:MeterValues"],
    }
    found = "SELECT reason FROM audit_log WHERE object_id = $1 AND action = 'station.quirks_set'"
    assert await stored(world, found) == "under test"
    page = (await browser.open(f"{bent}/ways")).text
    assert "ClearCache, TriggerMessage:MeterValues" in page

    refused = await browser.send(f"{bent}/ways/settings", ping_interval_s="soon", time_zone="Mars")
    assert refused.status_code == 422
    assert 'value="soon"' in refused.text
    assert 'aria-invalid="true"' in refused.text


async def test_a_charger_is_held_back_and_let_in(bent: str, world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    held = await browser.send(f"{bent}/ways/boot", boot_answer="Pending", boot_interval_s="60", reason="set up first")
    assert held.status_code == 303
    assert await stored(world, "SELECT boot_answer || boot_interval_s FROM station WHERE id = $1") == "Pending60"
    assert "Held back: to be set up first" in (await browser.open(f"{bent}/ways")).text
    assert (await browser.send(f"{bent}/ways/boot", boot_answer="Maybe")).status_code == 422
    assert (await browser.send(f"{bent}/ways/boot", boot_answer="Accepted", boot_interval_s="0")).status_code == 422
    await browser.send(f"{bent}/ways/boot", boot_answer="Accepted", boot_interval_s="")
    assert await stored(world, "SELECT boot_interval_s FROM station WHERE id = $1") is None


async def test_the_count_begins_anew_when_somebody_says_so(bent: str, world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    await browser.send(f"{bent}/ways/forget")
    assert await stored(world, "SELECT count(*) FROM station_quirk WHERE station_id = $1") == 0
    assert "Everything as OCPP wants it, so far." in (await browser.open(f"{bent}/ways")).text


async def test_who_may_not_change_chargers_sees_no_forms(bent: str, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    page = await browser.open(f"{bent}/ways")
    assert page.status_code == 200
    assert "/ways/settings" not in page.text
    assert (await browser.send(f"{bent}/ways/boot", boot_answer="Rejected")).status_code == 403

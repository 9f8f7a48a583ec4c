"""Accounts of phones in browsers: for whom, how long, what Asterisk is told and forgets, and what pages allow."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, NotAllowed, Unavailable
from laddverk.platform.database import Database
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.support.phone.softphones import jobs, model, service
from laddverk.web.app import create_app
from laddverk.web.security import SOFTPHONE
from tests.browser.phone_in_browser import Asterisk
from tests.doubles.http import HttpDouble
from tests.network import Network, network_on

EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)
TECHNICIAN = Actor("operator", new_id(), "Tor", PERMISSIONS[Role.TECHNICIAN] - PERMISSIONS[Role.SUPPORT], None)
ROWS = "SELECT count(*) FROM softphone"


@dataclass
class Desk:
    network: Network
    asterisk: Asterisk

    @property
    def house(self) -> House:
        return self.network.house

    async def sweep(self) -> None:
        async with self.house.database.transaction() as tx:
            await enqueue(tx, [NewJob(jobs.SWEEP, {})])
        await self.house.worker.run_until_idle()


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    asterisk = Asterisk()
    async with (
        HttpDouble(asterisk.answer) as ari,
        network_on(
            database, tmp_path, ari_url=ari.url, softphone_url="wss://pbx.example.com/ws",
            softphone_ice="stun:turn.example.com, turn:turn.example.com", softphone_ice_secret="s3cret",
        ) as network,
    ):  # fmt: skip
        yield Desk(network, asterisk)


async def test_an_account_can_be_rung_and_its_password_is_known_to_nobody_else(desk: Desk) -> None:
    now = desk.house.clock()
    made = await service.mint(desk.house, EVA, now)
    assert (made.number, made.user) == (model.number_of(EVA.id or new_id()), made.number[1:])
    assert model.is_browser(made.number)
    assert not model.is_browser("+46701234567")
    told = desk.asterisk.things
    assert list(told) == [f"auth/{made.user}", f"aor/{made.user}", f"endpoint/{made.user}"]
    known = md5(f"{made.user}:{model.REALM}:{made.password}".encode()).hexdigest()
    assert told[f"auth/{made.user}"]["md5_cred"] == known
    assert made.password not in str(told)
    (ice,) = made.ice
    ends, _, user = ice.username.partition(":")
    assert (int(ends), user) == (int((now + service.LASTS).timestamp()), made.user)
    assert ice.credential == b64encode(hmac.digest(b"s3cret", ice.username.encode(), "sha1")).decode()
    again = await service.mint(desk.house, EVA, now)
    assert again.password != made.password
    assert told[f"auth/{made.user}"]["md5_cred"] != known
    assert await desk.network.value("SELECT count(*) FROM audit_log WHERE action = 'softphone.made'") == 1


async def test_an_account_ends_unless_it_is_asked_for_again(desk: Desk) -> None:
    now = desk.house.clock()
    await service.mint(desk.house, EVA, now - timedelta(hours=2))
    other = Actor("operator", new_id(), "Bo", PERMISSIONS[Role.SUPPORT], None)
    kept = await service.mint(desk.house, other, now)
    desk.asterisk.is_away = True
    await desk.sweep()
    assert await desk.network.value(ROWS) == 2, "Asterisk was away: it is swept again"
    desk.asterisk.is_away = False
    await desk.sweep()
    assert {name.partition("/")[2] for name in desk.asterisk.things} == {kept.user}
    assert await desk.network.value(ROWS) == 1
    await service.end(desk.house, other, now)
    desk.asterisk.things.clear()  # restarted: it has forgotten by itself
    await desk.house.worker.run_until_idle()
    assert await desk.network.value(ROWS) == 0


async def test_who_gets_none(desk: Desk) -> None:
    now = desk.house.clock()
    with pytest.raises(NotAllowed):
        await service.mint(desk.house, TECHNICIAN, now)
    desk.asterisk.is_away = True
    with pytest.raises(Unavailable) as refused:
        await service.mint(desk.house, EVA, now)
    assert "503" in str(refused.value.params)
    desk.house.settings = replace(desk.house.settings, softphone_url="")
    with pytest.raises(Conflict):
        await service.mint(desk.house, EVA, now)


async def test_the_microphone_and_the_exchange_are_for_the_page_of_the_phone_alone(desk: Desk) -> None:
    transport = httpx.ASGITransport(create_app(desk.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=desk.house.settings.web_url) as client:
        for path in (SOFTPHONE, f"{SOFTPHONE}/account", "/console/calls", "/"):
            headers = (await client.get(path)).headers
            is_phone = path == SOFTPHONE
            assert ("wss://pbx.example.com" in headers["content-security-policy"]) is is_phone
            assert ("microphone=(self)" in headers["permissions-policy"]) is is_phone
        assert (await client.post(f"{SOFTPHONE}/account")).status_code in (401, 403)

"""Being forgotten, on the pages: explained, confirmed, waited for, taken back; and by a code for who has no account."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import Actor, Role
from laddverk.kernel.ids import new_id, shown
from laddverk.platform.database import Database
from laddverk.support import service, working
from laddverk.support.model import NewCase
from laddverk.web import security
from laddverk.web.app import create_app
from tests.integration.web.console.conftest import SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.network import ACTOR, Network, network_on

ADA = "ada@example.com"
LAST_CODE = "SELECT body_text FROM mail WHERE template = 'own_data_code' ORDER BY id DESC LIMIT 1"


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def ada_at(network: Network) -> httpx.AsyncClient:
    """Return a client of the portal in which Ada, a new driver, is signed in."""
    house, now = network.house, network.house.clock()
    async with house.database.transaction() as tx:
        driver = await access.create_driver(tx, ACTOR, DriverDetails(email=ADA, name="Ada Ek"), now)
        await access.create_token(tx, ACTOR, NewToken(uid="04A1B2C3", driver_id=driver), now)
        link = await access.make_sign_in_link(tx, ADA, now, "127.0.0.1")
        assert link is not None
        cookie = await access.use_sign_in_link(tx, link.token, now, remote_address="127.0.0.1", user_agent="test")
        assert cookie is not None
    client = portal(network)
    name = security.cookie_name("driver", house.settings)
    client.cookies.set(name, security.sign_in_cookie("driver", cookie, house.settings).value or "")
    return client


def portal(network: Network) -> httpx.AsyncClient:
    base = network.house.settings.web_url
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=base, headers={"origin": base, "accept-language": "en"})
    client.cookies.set("language", "en")
    return client


async def one(network: Network, sql: str, *args: Any) -> Any:
    async with network.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def test_a_driver_asks_is_told_what_waits_changes_their_mind_and_is_gone(network: Network) -> None:
    ada, house = await ada_at(network), network.house
    page = await ada.get("/my/erase")
    assert "seven years" in page.text
    assert (await ada.post("/my/erase", data={"email": "bo@example.com"})).status_code == 422
    assert (await ada.post("/my/erase", data={"what": "withdraw"})).status_code == 409
    assert await one(network, "SELECT count(*) FROM erasure") == 0
    async with house.database.transaction() as tx:
        actor = Actor("driver", await tx.value("SELECT id FROM driver"), "Ada Ek")
        case = await service.open_by_driver(tx, house, actor, NewCase(text="Hej", kind="other"), house.clock())
    assert (await ada.post("/my/erase", data={"email": " ADA@example.com "})).headers["location"] == "/my/erase"
    page = await ada.get("/my/erase")
    assert "A case at support is still open." in page.text
    assert "Keep my account after all" in page.text
    assert await one(network, "SELECT blocked_why FROM driver") == "erasure"
    assert (await ada.post("/my/erase", data={"what": "withdraw"})).status_code == 303
    assert await one(network, "SELECT blocked_at FROM driver") is None
    await ada.post("/my/erase", data={"email": ADA})
    async with house.database.transaction() as tx:
        await working.close(tx, house, ACTOR, case.id, "solved", "", house.clock())
    assert (await ada.post("/my/erase", data={"email": ADA})).headers["location"] == "/"
    await house.worker.run_until_idle()
    assert await one(network, "SELECT name FROM driver") == "–"
    assert (await ada.get("/my")).status_code in (302, 303, 401)  # the sign-in is gone too
    await ada.aclose()


async def test_who_has_no_account_sees_what_is_theirs_and_removes_it_by_a_code(network: Network) -> None:
    visitor, house = portal(network), network.house
    async with house.database.transaction() as tx:
        given = NewCase(text="Kabeln satt fast", kind="other", contact_email="bo@example.com")
        case = await service.open_by_driver(tx, house, Actor("anonymous"), given, house.clock())

    async def post(**form: str) -> httpx.Response:
        return await visitor.post("/help/my-data", data=form)

    assert (await visitor.get("/help/my-data")).status_code == 200
    assert (await post(who="nothing")).status_code == 422
    unknown, known = await post(who="nobody@example.com"), await post(who="bo@example.com")
    assert unknown.text.replace("nobody@", "bo@") == known.text  # whether we know somebody is told to nobody
    assert await one(network, "SELECT count(*) FROM mail WHERE template = 'own_data_code'") == 1
    body = str(await one(network, LAST_CODE))
    found = re.search(r"\b\d{6}\b", body)
    assert found is not None
    wrong = await post(who="bo@example.com", step="code", what="show", code="12")
    assert (wrong.status_code, "Kabeln" in wrong.text) == (422, False)
    told = await post(who="bo@example.com", step="code", what="show", code=found[0])
    assert told.headers["content-disposition"].startswith("attachment")
    assert told.headers["cache-control"] == "no-store"
    assert "Kabeln satt fast" in told.text
    assert (await post(who="bo@example.com", what="show", code=found[0])).status_code == 422  # once
    async with house.database.transaction() as tx:
        await working.close(tx, house, ACTOR, case.id, "solved", "", house.clock())
    await post(who="bo@example.com")
    body = str(await one(network, LAST_CODE))
    found = re.search(r"\b\d{6}\b", body)
    assert found is not None
    gone = await post(who="bo@example.com", step="code", what="remove", code=found[0])
    assert "It is gone" in gone.text
    assert await one(network, "SELECT contact_email FROM support_case") == ""
    assert [(await post(who=f"x{number}@example.com")).status_code for number in range(12)][-1] == 429
    await visitor.aclose()


async def value(world: World, sql: str) -> Any:
    async with world.house.database.transaction() as tx:
        return await tx.value(sql)


async def test_staff_ask_with_a_reason_and_only_those_who_may(signed_in: SignedIn, world: World) -> None:
    driver = shown("drv", world.driver)
    page = f"/console/drivers/{driver}/erase"
    for role in (Role.SITE_HOST, Role.FINANCE, Role.TECHNICIAN):
        other = await signed_in(role, *([world.site] if role is Role.SITE_HOST else []))
        assert (await other.send(page, reason="because")).status_code in (403, 404)
    ann = await signed_in()
    assert (await ann.send(page, reason=" ")).status_code == 422
    assert await value(world, "SELECT count(*) FROM erasure") == 0
    assert (await ann.send(page, reason="asked by letter")).status_code in (200, 302, 303)
    assert await value(world, "SELECT state FROM erasure") == "asked"
    assert await value(world, "SELECT reason FROM audit_log WHERE action = 'driver.erasure_asked'") == "asked by letter"
    assert "/erase" in (await ann.open(f"/console/drivers/{driver}/chargers")).text
    await ann.send(page, what="withdraw")
    assert await value(world, "SELECT state FROM erasure") == "withdrawn"
    assert (await ann.send(f"/console/drivers/{shown('drv', new_id())}/erase", reason="x")).status_code == 404

"""Reserving from the portal and by the API, at a charger on a real socket: for oneself, and against others."""

from __future__ import annotations

import httpx
import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.ocpp.protocol import Protocol
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Tariff
from laddverk.web import security
from laddverk.web.app import create_app
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.network import ACTOR


async def price(network):
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        made = await tariffs.create(tx, ACTOR, "Free", Tariff(currency="SEK", free=True), now)
        await tariffs.choose(tx, ACTOR, made.tariff_id, now, site_id=network.site_id)


async def signed_in(network, email):
    """Return a client of the portal that is signed in as the driver."""
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        link = await access.make_sign_in_link(tx, email, now, "127.0.0.1")
        cookie = await access.use_sign_in_link(tx, link.token, now, remote_address="127.0.0.1", user_agent="test")
    base = network.house.settings.web_url
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=base, headers={"origin": base, "accept-language": "en"})
    client.cookies.set("language", "en")
    name = security.cookie_name("driver", network.house.settings)
    client.cookies.set(name, security.sign_in_cookie("driver", cookie, network.house.settings).value)
    return client


async def test_a_driver_keeps_an_outlet_and_nobody_else_starts_there(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await price(network)
        await driver_with(network, "04A1B2C3")
        await driver_with(network, "04D4E5F6", email="berit@example.com")
        anna, berit = await signed_in(network, "anna@example.com"), await signed_in(network, "berit@example.com")
        code = await network.value("SELECT code FROM connector WHERE evse_number = 1")

        async def is_free():
            return await network.value("SELECT status = 'available' FROM connector WHERE evse_number = 1")

        await until(is_free)
        assert "Reserve this outlet" in (await anna.get(f"/u/{code}")).text
        assert (await anna.post(f"/u/{code}/reserve", data={"minutes": "forever"})).status_code == 422
        assert (await anna.post(f"/u/{code}/reserve", data={"minutes": "30"})).status_code == 303

        async def is_held():
            return await network.value("SELECT state = 'held' FROM reservation")

        async def is_reserved():
            return await network.value("SELECT status = 'reserved' FROM connector WHERE evse_number = 1")

        await until(is_held)
        await until(is_reserved)
        assert "held for you" in (await anna.get("/my/reservations")).text
        assert "You have no reservations" in (await berit.get("/my/reservations")).text
        assert (await berit.post(f"/u/{code}/start")).status_code == 409
        assert (await berit.post(f"/u/{code}/pay")).status_code == 409
        theirs = shown("rsv", await network.value("SELECT id FROM reservation"))
        assert (await berit.post(f"/my/reservations/{theirs}/cancel")).status_code == 404
        assert "kept for you" in (await anna.get(f"/u/{code}")).text
        assert (await anna.post(f"/u/{code}/start")).status_code == 303

        async def is_accepted():
            return link.charger.outlets[1].token == "04A1B2C3"

        await until(is_accepted)
        own = await anna.post("/my/data.json")
        assert [one["token_uid"] for one in own.json()["reservations"]] == ["04A1B2C3"]
        assert (await berit.post("/my/data.json")).json()["reservations"] == []
        await anna.aclose()
        await berit.aclose()


async def test_a_program_reserves_and_cancels_within_its_scopes(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V16):
        driver_id, _ = await driver_with(network, "04A1B2C3")

        async def is_free():
            return await network.value("SELECT status = 'available' FROM connector WHERE evse_number = 1")

        await until(is_free)
        async with database.transaction() as tx:
            scopes = [Permission.COMMANDS_SEND, Permission.DRIVERS_READ, Permission.STATIONS_READ]
            key = await access.create_api_key(tx, ACTOR, "test", scopes, network.house.clock())
        transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
        headers = {"authorization": f"Bearer {key.secret}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1", headers=headers) as program:
            wish = {
                "station_id": shown("sta", network.station_ids["CP1"]), "evse_number": 1, "minutes": 30,
                "driver_id": shown("drv", driver_id),
            }  # fmt: skip
            made = await program.post("/reservations", json=wish)
            assert made.status_code == 202
            assert (await program.post("/reservations", json=wish)).status_code == 409
            assert (await program.post("/reservations", json={**wish, "minutes": 0})).status_code == 422

            async def is_held():
                return (await program.get(f"/reservations/{made.json()['id']}")).json()["state"] == "held"

            await until(is_held)
            assert [row["number"] for row in (await program.get("/reservations?state=active")).json()["items"]] == [1]
            path = f"/reservations/{made.json()['id']}/cancel"
            assert (await program.post(path, json={"reason": "moved"})).status_code == 202
            station = shown("sta", network.station_ids["CP1"])
            assert (await program.get(f"/stations/{station}/local-list")).json()["scope"] == "off"
            chosen = await program.post(f"/stations/{station}/local-list", json={"scope": "all"})
            assert chosen.status_code == 403
            question = {"kind": "read", "reason": "asked"}
            asked = await program.post(f"/drivers/{shown('drv', driver_id)}/customer-requests", json=question)
            assert asked.status_code == 403


@pytest.mark.parametrize("path", ["/reservations", "/customer-requests/cus_0"])
async def test_nothing_answers_without_a_key(database, tmp_path, path):
    async with working(database, tmp_path) as network:
        transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test/api/v1") as stranger:
            assert (await stranger.get(path)).status_code == 401

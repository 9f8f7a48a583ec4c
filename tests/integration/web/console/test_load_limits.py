"""Limits of a site from outside and for a time, and programs of OpenADR, as staff use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from laddverk.energy.circuits import store
from laddverk.energy.signals import listening
from laddverk.kernel.actors import Role
from laddverk.simulator.vtn import server
from laddverk.simulator.vtn.server import Fault, SimulatedVtn
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.console.test_load import WHY, entered, load

HOUR = timedelta(hours=1)


@pytest.fixture
async def vtn() -> AsyncIterator[SimulatedVtn]:
    async with server.serving() as vtn:
        yield vtn


async def test_a_limit_for_a_time_holds_is_taken_away_and_put_back(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    place = f"{load(world)}/limits"
    assert "Nobody has entered what feeds this site" in (await browser.open(place)).text
    ids = await entered(world, browser)
    assert "Nothing but the fuses limits the site now." in (await browser.open(place)).text

    fields = {"what": "limit", "circuit": ids["Servis"], "limit_1": "20", **WHY}
    wrong = await browser.send(place, **fields, ends_at="soon")
    assert wrong.status_code == 422
    assert "This is no date and time." in wrong.text
    assert (await browser.send(place, **fields | {"limit_1": "90"}, ends_at="2099-01-01T00:00")).status_code == 422
    ends_at = (NOW + 6 * HOUR).strftime("%Y-%m-%dT%H:%M")
    assert (await browser.send(place, **fields, ends_at=ends_at)).status_code == 303
    page = (await browser.open(place)).text
    assert "Servis: at most 20 A because of a limit for a time until" in page
    assert "by the drawing" in page
    assert "Servis" in (await browser.open(f"{place}.csv")).text
    assert "No limit here" in (await browser.open(f"{place}?state=over")).text

    async with world.house.database.transaction() as tx:
        (kept,) = await store.signals(tx, [world.site], NOW)
    which = {"circuit": ids["Servis"], "source": "person", "key": kept.key}
    assert (await browser.send(place, what="take", **which, **WHY)).status_code == 303
    assert "Put back" in (await browser.open(f"{place}?state=taken")).text
    async with world.house.database.transaction() as tx:
        assert await store.signals(tx, [world.site], NOW) == []
    assert (await browser.send(place, what="put-back", **which)).status_code == 303
    async with world.house.database.transaction() as tx:
        assert await store.signals(tx, [world.site], NOW) == [kept]


async def test_a_program_is_connected_asked_and_shows_what_it_said(
    world: World, signed_in: SignedIn, vtn: SimulatedVtn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "private_hosts", lambda _house: (f"127.0.0.1:{vtn.port}",))
    vtn.clock_ahead = NOW - datetime.now(UTC)  # the world of these tests stands still
    program = vtn.add_program("Kapacitet")
    vtn.limit(program, NOW - HOUR, "PT4H", 13.8, eventName="Kväll <b>")
    vtn.limit(program, NOW + 8 * HOUR, "PT1H", 5, units="KWH", eventName="Natt")
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    fields = {
        "name": "Elnätet", "circuit": ids["Servis"], "url": vtn.url, "program": "Okänt", "silent_limit_1": "10",
        "client_id": server.CLIENT_ID, "secret": vtn.secret, "every": "60", "silent_after": "15", **WHY,
    }  # fmt: skip
    assert "This is no address of a server." in (await browser.send(f"{load(world)}/programs/new", **fields | {
        "url": "here"})).text  # fmt: skip
    made = await browser.send(f"{load(world)}/programs/new", **fields)
    assert made.status_code == 303
    place = made.headers["location"].partition("?")[0]
    assert "Not asked yet" in (await browser.open(place)).text
    unknown = (await browser.send(place, what="ask")).text
    assert "It has no such program, or we may not see it." in unknown
    assert "Kapacitet" in unknown

    changed = fields | {"program": "Kapacitet", "secret": ""}
    assert (await browser.send(place, **changed)).status_code == 303
    page = (await browser.send(place, what="ask")).text
    assert "It answered just now." in page
    assert "Kväll &lt;b&gt;" in page
    assert "A limit in units of neither power nor current." in page
    assert vtn.secret not in page
    overview = (await browser.open(f"{load(world)}/limits")).text
    assert "Servis: at most 20 A because of OpenADR until" in overview
    assert "Answers" in overview

    vtn.fault = Fault.REFUSES
    vtn.forget_tokens()
    assert "It does not let us in." in (await browser.send(place, what="ask")).text
    assert (await browser.send(place, what="remove", **WHY)).status_code == 303
    assert "Nothing but the fuses limits the site now." in (await browser.open(f"{load(world)}/limits")).text
    assert (await browser.open(place)).status_code == 404

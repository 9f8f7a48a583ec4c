"""The load of a site and the editor of its circuits, as staff use them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from laddverk.energy.circuits import store
from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import expecting
from laddverk.energy.planning_ahead.building import Car
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.ocpp import facts
from laddverk.sessions import service as sessions
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world

HOUR = timedelta(hours=1)
WHY = {"reason": "by the drawing"}


def load(world: World) -> str:
    return f"/console/sites/{shown('sit', world.site)}/load"


async def tree(world: World) -> Tree:
    async with world.house.database.transaction() as tx:
        return await store.tree(tx, world.site)


async def entered(world: World, browser: Browser) -> dict[str, str]:
    """Enter a connection and a board; return their ids by name."""
    place = f"{load(world)}/circuits/new"
    assert (await browser.send(place, name="Servis", kind="grid", limit_1="63", **WHY)).status_code == 303
    grid = shown("cir", (await tree(world)).circuits[0].id)
    board = {"name": "Central A", "kind": "board", "parent": grid, "limit_1": "40", "limit_3": "32,5"}
    assert (await browser.send(place, **board, **WHY)).status_code == 303
    return {one.name: shown("cir", one.id) for one in (await tree(world)).circuits}


def outlet(world: World, number: int) -> str:
    return f"{shown('sta', world.station)}/{number}"


async def do(browser: Browser, world: World, what: str, **fields: str) -> httpx.Response:
    version = str((await tree(world)).version)
    return await browser.send(f"{load(world)}/do", what=what, version=version, **{**WHY, **fields})


async def test_a_site_is_entered_hung_up_looked_at_and_taken_back(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    assert "Nobody has entered what feeds this site" in (await browser.open(load(world))).text
    ids = await entered(world, browser)
    assert (await tree(world)).circuits[1].limit_a == (40.0, 40.0, 32.5)

    hung = await do(
        browser, world, "hang", outlet=outlet(world, 1), circuit=ids["Central A"], rotation="STR", known="yes",
        weight="0,25",
    )  # fmt: skip
    assert hung.status_code == 303, hung.text
    (placed,) = (await tree(world)).places
    assert (placed.rotation, placed.is_rotation_known, placed.current_max_a) == ("STR", True, 32.0)

    assert 'data-label="Share">0,25</td>' in (await browser.open(f"{load(world)}/edit")).text
    page = (await browser.open(load(world))).text
    assert "Central A" in page
    assert "L2-L3-L1" in page
    assert "hang nowhere" in (await browser.open(f"{load(world)}/checklist")).text
    assert "<svg" in (await browser.open(f"{load(world)}/diagram")).text
    assert "not entered" not in (await browser.open("/console/load?q=Hamn")).text

    nothing = await do(browser, world, "take")
    assert nothing.status_code == 422
    assert "Choose the outlets first." in nothing.text
    assert (await do(browser, world, "undo")).status_code == 303
    assert not (await tree(world)).places
    history = (await browser.open(f"{load(world)}/history")).text
    assert "Version 3 was taken back." in history
    assert "by the drawing" in history
    was = (await browser.open(f"{load(world)}/versions/3")).text
    assert "Central A" in was
    assert (await browser.open(f"{load(world)}/versions/{10**12}")).status_code == 404
    assert (await do(browser, world, "remove", circuit=ids["Central A"])).status_code == 303
    assert [one.name for one in (await tree(world)).circuits] == ["Servis"]


async def test_what_cannot_be_is_refused_at_its_field_and_keeps_what_was_written(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    new = f"{load(world)}/circuits/new"
    board = {"name": "<b>Central</b> B", "kind": "board", "parent": ids["Servis"], "limit_1": "40"}
    for wrong, told in (
        ({"limit_1": "0"}, "zero on every phase"),
        ({"limit_1": "many"}, "Give a number"),
        ({"name": "central a"}, "Two circuits are called"),
        ({"reason": ""}, "Say why."),
        ({"version": "1"}, "Somebody has changed the tree meanwhile."),
    ):
        answer = await browser.send(new, **{**board, **WHY, **wrong})
        assert answer.status_code in (409, 422)
        assert told in answer.text, told
        assert "<b>Central" not in answer.text
    circle = await browser.send(
        f"{load(world)}/circuits/{ids['Central A']}", name="Central A", kind="board", parent=ids["Central A"],
        limit_1="40", **WHY,
    )  # fmt: skip
    assert circle.status_code == 409
    assert (await browser.send(new, **{**board, **WHY, "parent": "cir_" + "0" * 32})).status_code == 422
    assert (await browser.open(f"{load(world)}/circuits/cir_{'0' * 32}")).status_code == 404
    strange = await do(browser, world, "hang", outlet=f"{shown('sta', world.other_station)}/1", circuit=ids["Servis"])
    assert strange.status_code == 422, "a charger of another site is not among those that can be chosen"
    assert (await tree(world)).version == 2


async def test_hours_sources_order_and_kind_of_grid_are_entered(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    grid = f"{load(world)}/circuits/{ids['Servis']}"
    hours = {"what": "window", "starts": "22:00", "ends": "00:00", "days": "6", "window_limit_1": "30"}
    assert (await browser.send(grid, **hours, **WHY)).status_code == 303
    (window,) = (await tree(world)).circuits[0].windows
    assert (window.starts_minute, window.ends_minute, window.days) == (1320, 1440, (6,))
    too_much = await browser.send(grid, **{**hours, "window_limit_1": "80"}, **WHY)
    assert "more than its fuse" in too_much.text
    assert (await browser.send(grid, what="drop-window", window="0", **WHY)).status_code == 303
    roof = {"source_name": "Roof", "source_kind": "solar", "source_circuit": ids["Servis"], "power": "12,5"}
    assert (await do(browser, world, "source", **roof)).status_code == 303
    (source,) = (await tree(world)).sources
    assert source.power_max_w == 12_500.0
    page = (await browser.open(f"{load(world)}/edit?source={shown('src', source.id)}")).text
    assert "Change Roof" in page
    assert 'value="12,5"' in page
    again = {**roof, "source": shown("src", source.id), "power": "14"}
    assert (await do(browser, world, "source", **again)).status_code == 303
    assert [(one.id, one.power_max_w) for one in (await tree(world)).sources] == [(source.id, 14_000.0)]
    assert (await do(browser, world, "source", **{**again, "source_meter": shown("mtr", new_id())})).status_code == 404
    checklist = (await browser.open(f"{load(world)}/checklist")).text
    assert "Nothing measures what the solar cells give" in checklist
    assert "solar" in (await browser.open(load(world))).text
    empty = await do(browser, world, "source", **{**roof, "source_kind": "battery"})
    assert "A battery holds some energy." in empty.text
    assert (await do(browser, world, "drop-source", source=shown("src", source.id))).status_code == 303
    assert (await do(browser, world, "wire", wiring="delta_230")).status_code == 303
    assert (await tree(world)).wiring == "delta_230"
    assert (await do(browser, world, "up", circuit=ids["Central A"])).status_code == 303


async def test_a_tree_goes_out_as_a_file_and_comes_back_changed(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    assert (await do(browser, world, "hang", outlet=outlet(world, 2), circuit=ids["Central A"])).status_code == 303
    file = (await browser.open(f"{load(world)}/tree.csv")).text
    before = await tree(world)

    async def take(text: str) -> httpx.Response:
        return await browser.client.post(
            f"{load(world)}/sheet", data={**WHY, "version": str(before.version)},
            files={"file": ("tree.csv", text.encode(), "text/csv")}, headers={"origin": world.house.settings.web_url},
        )  # fmt: skip

    same = await take(file)
    assert same.status_code == 303, same.text
    assert await tree(world) == before, "what was exported changes nothing when it is taken in again"
    wrong = await take(file.replace("CP-1", "CP-9"))
    assert wrong.status_code == 422
    assert "Look at line 4." in wrong.text
    assert "CSV" in (await take("a;b\n1;2\n")).text
    changed = await take(re.sub(r'"Central A","Servis","board","40.0"', '"Central A","Servis","board","25"', file))
    assert changed.status_code == 303, changed.text
    assert (await tree(world)).circuits[1].limit_a == (25.0, 40.0, 32.5)
    assert (await tree(world)).circuits[1].id == before.circuits[1].id


STEP = """
INSERT INTO steering_state (site_id, beliefs, loads, alarms, next_order, tree_version, stepped_at)
VALUES ($1, '{}', '{}', $2, 1, 3, $3)
"""
SHARE = """
INSERT INTO steering_share (site_id, station_id, evse_number, at, limit_a, worst_a, reason, tree_version)
VALUES ($1, $2, 1, $3, 6, 6, $4, 3)
"""
READING = "INSERT INTO circuit_load (circuit_id, site_id, at, current_a) VALUES ($1, $2, $3, '{41, 20, 10}')"


async def test_decisions_alarms_and_meters_are_told_in_words(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    await do(browser, world, "hang", outlet=outlet(world, 1), circuit=ids["Central A"])
    grid, board = (await tree(world)).circuits
    alarm = {"kind": "overload", "key": str(board.id), "phase": 1, "value_a": 44.0, "limit_a": 40.0}
    reason = {"code": "circuit_full", "branch": str(board.id), "phase": 2, "until": (NOW + HOUR).isoformat()}
    async with world.house.database.transaction() as tx:
        await tx.execute(STEP, world.site, [alarm], NOW)
        await tx.execute(SHARE, world.site, world.station, NOW, reason)
        await tx.execute(READING, grid.id, world.site, NOW - HOUR / 30)
        await tx.execute("UPDATE station SET connected_at = NULL WHERE id = $1", world.station)
    page = (await browser.open(load(world))).text
    assert "L1 of Central A carries 44 A, more than 40 A." in page
    assert "6 A because L2 of Central A is full until" in page
    assert "Load management runs" in page
    assert "L1 of Servis is the fullest: 41 of 63 A." in page
    assert "Measured" in page
    believed = {f"{world.station}:1": {"trust": "obeys", "keeps_default": False, "clock_ahead_s": -3_600.0}}
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE steering_state SET beliefs = $1", believed)
    current = (await browser.open(f"/console/stations/{shown('sta', world.station)}/current")).text
    assert "yes, measured" in current
    assert "no, it forgets it" in current
    assert "clock 1 h behind" in current.replace("\N{NO-BREAK SPACE}", " ")
    assert "came back from a restart without" in (await browser.open(f"{load(world)}/checklist")).text
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE steering_share SET reason = reason || $1", {"until": (NOW - HOUR).isoformat()})
        await tx.execute("UPDATE steering_state SET stepped_at = $1", NOW - HOUR)
    later = (await browser.open(load(world))).text
    assert "6 A because L2 of Central A is full." in later, "what was foreseen and is over is not repeated"
    assert "Load management does not run here" in later


async def test_cars_are_forecast_when_the_transaction_of_the_page_is_over(
    world: World, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    ids = await entered(world, browser)
    await do(browser, world, "hang", outlet=outlet(world, 1), circuit=ids["Central A"])
    async with world.house.database.transaction() as tx:
        key = {"station_id": world.station, "transaction_key": "now", "evse_number": 1, "connector_number": 1}
        start = facts.SessionStarted(
            **key, at=NOW - HOUR, received_at=NOW - HOUR, said_at=NOW - HOUR, content_key="now", token_uid="04A37F2C",
            register_wh=1000,
        )  # fmt: skip
        await sessions.record_starts(tx, [start])
    busy: list[int] = []
    pool, real = world.house.database.pool, expecting._cars

    def seen(*args: Any) -> list[Car]:
        busy.append(pool.get_size() - pool.get_idle_size())
        return real(*args)

    monkeypatch.setattr(expecting, "_cars", seen)
    assert (await browser.open(load(world))).status_code == 200
    assert busy == [0], "nobody waits for a connection while one page reckons"


async def test_hosts_see_the_load_of_their_own_site_and_change_nothing(world: World, signed_in: SignedIn) -> None:
    technician = await signed_in(Role.TECHNICIAN)
    await entered(world, technician)
    host = await signed_in(Role.SITE_HOST, world.other_site)
    own = f"/console/sites/{shown('sit', world.other_site)}/load"
    assert "Nobody has entered what feeds this site" in (await host.open(own)).text
    assert (await host.open(f"{own}/edit")).status_code == 403
    assert (await host.send(f"{own}/do", what="wire", wiring="delta_230", **WHY)).status_code == 403
    assert (await host.open(load(world))).status_code == 404
    assert (await host.open(f"{load(world)}/tree.csv")).status_code == 404
    assert "Hamngatan" not in (await host.open("/console/load")).text
    assert "Central A" not in (await host.open("/console/load.csv")).text

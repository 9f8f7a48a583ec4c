"""Support's pages: the inbox, opening a case from what it is about, and the page of one."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from laddverk.diagnostics import findings
from laddverk.diagnostics.incidents import service as incidents
from laddverk.diagnostics.model import Family, Severity, Signal, Turn
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.web.live import STOPPING
from tests.integration.web.console.conftest import NOW, Browser, SignedIn, World

HOSTILE = "<script>alert(1)</script>"


async def opened(browser: Browser, **fields: str) -> str:
    """Open a case and return its address."""
    answer = await browser.send("/console/cases", **({"kind": "cable", "text": "stuck"} | fields))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def broken(world: World) -> None:
    """Let the first charger be down."""
    signal = Signal(
        detector="D07", evse_number=1, turn=Turn.RAISED, at=NOW, since=NOW - timedelta(hours=2),
        family=Family.NO_ENERGY, severity=Severity.DOWN,
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await findings.raise_for(tx, [signal], world.station, NOW)
        await incidents.attend(tx, NOW)


async def test_a_case_from_opening_to_closing(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    assert "Nobody waits for us" in (await browser.open("/console/cases")).text
    wrong = await browser.send("/console/cases", kind="cable", text=" ", email="no")
    assert wrong.status_code == 422
    path = await opened(browser, text=f"{HOSTILE} is stuck", email="bo@example.se", name="Bo", language="en")
    page = (await browser.open(path)).text
    assert HOSTILE not in page
    assert "Not proved: disclose nothing" in page
    assert path in (await browser.open("/console/cases")).text
    for form in (
        {"what": "take"}, {"what": "reply", "reply": "Lock and unlock the car"},
        {"what": "note", "note": "he is angry"}, {"what": "call", "note": "said thanks"},
        {"what": "priority", "priority": "2"},
    ):  # fmt: skip
        answer = await browser.send(f"{path}/do", **form)
        assert answer.status_code == 303, answer.text
    page = (await browser.open(path)).text
    for said in ("Lock and unlock the car", "he is angry", "said thanks", "Phone call", "Waits for the driver", "High"):
        assert said in page, said
    for form in ({"what": "close", "outcome": "x"}, {"what": "reply", "reply": ""}, {"what": "?"}, {"what": "wait"}):
        assert (await browser.send(f"{path}/do", **form)).status_code in (409, 422), form
    assert (await browser.send(f"{path}/do", what="close", outcome="explained")).status_code == 303
    assert path not in (await browser.open("/console/cases")).text
    assert path in (await browser.open("/console/cases?state=closed&q=stuck")).text
    assert (await browser.send(f"{path}/do", what="take")).status_code == 409
    assert (await browser.send(f"{path}/do", what="reopen")).status_code == 303
    csv = (await browser.open("/console/cases.csv?state=all")).text
    assert "is stuck" in csv


async def test_a_case_of_a_broken_charger_stands_on_both_pages(world: World, signed_in: SignedIn) -> None:
    await broken(world)
    browser = await signed_in(Role.SUPPORT)
    station = shown("sta", world.station)
    assert f"/console/cases/new?station={station}" in (await browser.open(f"/console/stations/{station}")).text
    path = await opened(browser, station=station, evse="1", kind="no_start", phone="0701234567")
    page = (await browser.open(path)).text
    incident = next(part for part in page.split('"') if part.startswith("/console/incidents/inc_"))
    assert "1 driver has told us of it." in page
    assert "The charger now" in page
    other = (await browser.open(incident)).text
    assert path in other
    assert f"/console/cases/new?incident={incident.rpartition('/')[2]}" in other
    assert "Drivers affected" in other
    assert (await browser.send(f"{path}/do", what="wait", tell="yes")).status_code == 303
    assert path in (await browser.open("/console/cases?state=waiting")).text


async def test_what_a_case_is_about_is_said_later(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    path = await opened(browser, kind="refund", phone="0701234567")
    missing = await browser.send(f"{path}/do", what="link", driver=shown("drv", new_id()))
    assert missing.status_code == 422
    assert (await browser.send(f"{path}/do", what="link", code="NO-SUCH")).status_code == 422
    answer = await browser.send(f"{path}/do", what="link", session=world.session, driver=shown("drv", world.driver))
    assert answer.status_code == 303
    page = (await browser.open(path)).text
    assert "Ada" in page
    assert shown("sta", world.station) in page


async def watched(world: World, browser: Browser, path: str) -> str:
    """Return what a stream sends at first; it ends as it would when the house closes."""
    looking = asyncio.create_task(browser.open(path))
    while not looking.done():
        world.house.hints.publish([STOPPING])
        await asyncio.sleep(0.02)
    return looking.result().text


async def test_a_case_and_the_inbox_are_live(world: World, signed_in: SignedIn) -> None:
    await broken(world)
    browser = await signed_in(Role.SUPPORT)
    path = await opened(
        browser, station=shown("sta", world.station), evse="1", kind="no_start", text=f"{HOSTILE} blinks"
    )
    identity = path.rpartition("/")[2]
    assert f'hx-sse:connect="/console/live/case?id={identity}"' in (await browser.open(path)).text
    assert 'hx-sse:connect="/console/live/lists/cases?' in (await browser.open("/console/cases")).text
    sent = await watched(world, browser, f"/console/live/case?id={identity}")
    for name in ("state", "sentence", "wrong", "charger", "timeline"):
        assert f'hx-target="#case-{name}"' in sent
    assert "It speaks of problem number" in sent
    assert HOSTILE not in sent
    inbox = await watched(world, browser, "/console/live/lists/cases?q=blinks")
    assert 'hx-target="#cases-tabs"' in inbox
    assert path in inbox
    assert path not in await watched(world, browser, "/console/live/lists/cases?q=elsewhere")
    assert (await browser.open(f"/console/live/case?id={shown('cas', new_id())}")).status_code == 404
    technician = await signed_in(Role.TECHNICIAN)
    for live in ("/console/live/lists/cases", f"/console/live/case?id={identity}"):
        assert (await technician.open(live)).status_code == 403


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.FINANCE, Role.SITE_HOST])
async def test_who_is_not_of_support_sees_no_case(world: World, signed_in: SignedIn, role: Role) -> None:
    browser = await signed_in(role, *((world.site,) if role is Role.SITE_HOST else ()))
    assert (await browser.open("/console/cases")).status_code == 403
    assert (await browser.send("/console/cases", kind="cable", text="x")).status_code == 403
    assert "/console/cases" not in (await browser.open("/console")).text


@pytest.mark.parametrize("number", ["abc", "12 34", "-4"])
async def test_a_session_number_that_is_none_is_said_and_finds_nothing(signed_in: SignedIn, number: str) -> None:
    browser = await signed_in(Role.SUPPORT)
    await opened(browser, text="It blinks")
    page = (await browser.open(f"/console/cases?session_number={number.replace(' ', '%20')}")).text
    assert "This is no number of a session. Write its digits." in page
    assert f'value="{number}"' in page
    assert "It blinks" not in page
    assert "It blinks" not in (await browser.open(f"/console/cases.csv?session_number={number.replace(' ', '')}x")).text
    assert "It blinks" not in (await browser.open("/console/cases?session_number=9999999999")).text

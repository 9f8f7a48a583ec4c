"""Cases are found by everything that stands on them, in all of them; what is narrowed down stays so."""

from __future__ import annotations

from uuid import UUID

import msgspec

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.test_cases import opened, watched
from tests.integration.web.journey import plain
from tests.integration.web.test_paying_pages import value

FILE = """
INSERT INTO support_attachment (id, case_id, entry_id, at, name, media_type, content)
SELECT $1, $2, id, $3, 'skarmbild_0147.png', 'image/png', '' FROM case_entry WHERE case_id = $2 LIMIT 1
"""
MAIL = """
INSERT INTO support_mail (id, at, inbox, message_id, fingerprint, sender, subject, verdict, case_id, raw, raw_size)
VALUES ($1, $2, 'lmtp', 'm1', 'f1', 'cy@example.se', 'Dubbeldebitering igen', 'joined', $3, '', 0)
"""


async def test_a_case_is_found_by_outlet_site_session_mail_and_file_also_when_it_is_over(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.ADMIN)
    path = await opened(browser, station=shown("sta", world.station), evse="1", session=world.session, text="stuck")
    other = await opened(browser, text="elsewhere", email="bo@example.se")
    case_id = UUID(path.rpartition("_")[2])
    code = await value(world, "SELECT code FROM connector WHERE station_id = $1 AND evse_number = 1", world.station)
    site = await value(world, "SELECT name FROM site WHERE id = $1", world.site)
    number = await value(world, "SELECT number FROM session WHERE id = $1", UUID(world.session[4:]))
    async with world.house.database.transaction() as tx:
        await tx.execute(FILE, new_id(), case_id, NOW)
        await tx.execute(MAIL, new_id(), NOW, case_id)
    words = {"q": (code, site, number, "dubbeldebitering", "skarmbild")}
    narrowed = {"charger": (code,), "session_number": (f"#{number}",)}
    for is_over in (False, True):
        for name, texts in (words if is_over else words | narrowed).items():
            for text in texts:
                page = (await browser.open(f"/console/cases?{name}={str(text).replace('#', '%23')}")).text
                assert path in page, (is_over, name, text)
                assert other not in page, (is_over, name, text)
        await browser.send(f"{path}/do", what="close", outcome="explained")
    mine = (await browser.open(f"/console/cases?state=mine&q={code}")).text
    assert path not in mine
    assert "Only this view was searched." in mine
    assert f"/console/cases?q={code}&amp;state=all" in mine


async def test_what_a_link_has_narrowed_down_stays_in_the_form_and_in_a_saved_view(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.ADMIN)
    station = shown("sta", world.station)
    page = (await browser.open(f"/console/cases?station={station}&state=all")).text
    assert f'<input type="hidden" name="station" value="{station}">' in page
    assert "Only one charger's cases are shown." in plain(page)
    kept = {"query_station": station, "query_driver_name": "Bo", "query_model": "Acme Box", "view_name": "Bo's"}
    assert (await browser.send("/console/cases/views", **kept)).status_code == 303
    saved = await value(world, "SELECT query FROM support_view")
    assert saved == f"driver_name=Bo&model=Acme+Box&station={station}"


async def test_the_box_finds_a_charger_and_a_site_by_words_of_their_names(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    charger = await value(world, "SELECT name FROM station WHERE id = $1", world.station)
    site = await value(world, "SELECT name FROM site WHERE id = $1", world.site)
    assert shown("sta", world.station) in (await browser.open(f"/console/search?q={charger[:-1]}")).text
    assert f"/console/sites/{shown('sit', world.site)}" in (await browser.open(f"/console/search?q={site[:-1]}")).text


async def test_an_agent_rings_the_driver_of_a_case_and_the_page_tells_of_it_live(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.SUPPORT)
    path = await opened(browser, name="Bo", phone="+46701234567", language="en")
    shown_id = path.rpartition("/")[2]
    world.house.settings = msgspec.structs.replace(world.house.settings, phone_number="+46766861004")
    assert "/console/calls/dial" in (await browser.open(path)).text
    refused = await browser.send("/console/calls/dial", case=shown_id)
    assert "Say first that you take calls" in plain((await browser.open(refused.headers["location"])).text)
    await browser.send("/console/calls/presence", state="ready", number="+46700000001")
    rung = await browser.send("/console/calls/dial", case=shown_id)
    assert rung.headers["location"] == f"{path}#call"
    assert await value(world, "SELECT direction FROM phone_call") == "out"
    page = plain((await browser.open(path)).text)
    assert "calls +46701234567." in page
    sent = await watched(world, browser, f"/console/live/case?id={shown_id}")
    for name in ("call", "ring", "identity"):
        assert f'hx-target="#case-{name}"' in sent
    assert "Speaks with" in sent
    assert (await browser.send("/console/calls/dial", case=shown("cas", new_id()))).status_code == 404

"""Every page of the console renders, for everybody who may see it and nobody else, in both languages."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO

import pytest
from litestar import Litestar

from laddverk.kernel.actors import PERMISSIONS, Role
from laddverk.kernel.ids import shown
from laddverk.web.app import create_app
from laddverk.web.console.door import NEEDS, PUBLIC
from tests.integration.web.console.conftest import FORMULA, HOSTILE, NOW, Browser, SignedIn, World

ALLOWED_OR_REFUSED = {200, 403, 404}


def console_routes(app: Litestar) -> list[tuple[str, str, object]]:
    """Return every (method, path, handler) of the console."""
    return [
        (method, route.path, handler)
        for route in app.routes
        if route.path.startswith("/console")
        for method, (handler, _) in getattr(route, "route_handler_map", {}).items()
        if method != "OPTIONS"
    ]


async def test_every_page_renders_for_an_administrator_without_a_mark_of_foreign_text(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    wrong = {}
    for path in world.pages():
        answer = await browser.open(path)
        if answer.status_code != 200 or HOSTILE in answer.text:
            wrong[path] = answer.status_code
    assert wrong == {}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
async def test_a_role_sees_what_it_may_and_nothing_breaks(world: World, signed_in: SignedIn, role: Role) -> None:
    sites = (world.site,) if role is Role.SITE_HOST else ()
    browser = await signed_in(role, *sites)
    for path in world.pages():
        answer = await browser.open(path)
        assert answer.status_code in ALLOWED_OR_REFUSED, path


async def test_every_page_renders_in_swedish_and_leaves_no_text_in_english(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(language="sv")
    for path in world.pages():
        answer = await browser.open(path)
        assert answer.status_code == 200, path
        assert 'lang="sv"' in answer.text
        assert not re.search(r">(Chargers|Sessions|Drivers|Invoices|Save|Cancel|State|Energy)<", answer.text), path


async def test_no_address_of_the_console_answers_without_a_sign_in(world: World, stranger: Browser) -> None:
    checked = 0
    for method, path, handler in console_routes(create_app(world.house)):
        if handler.opt.get(PUBLIC):  # type: ignore[attr-defined]
            continue
        filled = re.sub(r"\{[^}]*\}", "00000000000000000000000000000000", path)
        answer = await (stranger.open(filled) if method in ("GET", "HEAD") else stranger.send(filled))
        expected = {303, 401} if method in ("GET", "HEAD") else {401}
        assert answer.status_code in expected, (method, path)
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/console/login?next=")
        checked += 1
    assert checked > 60


async def test_every_address_that_needs_a_permission_refuses_who_lacks_it(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    may = PERMISSIONS[Role.TECHNICIAN]
    for method, path, handler in console_routes(create_app(world.house)):
        needed = handler.opt.get(NEEDS)  # type: ignore[attr-defined]
        if needed is None or needed in may:
            continue
        filled = re.sub(r"\{[^}]*\}", "00000000000000000000000000000000", path)
        answer = await (browser.open(filled) if method in ("GET", "HEAD") else browser.send(filled))
        assert answer.status_code == 403, (method, path)


async def test_a_site_host_finds_nothing_of_another_site(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SITE_HOST, world.site)
    for path in (
        f"/console/stations/{shown('sta', world.other_station)}",
        f"/console/sites/{shown('sit', world.other_site)}",
        f"/console/sessions/{world.other_session}",
        f"/console/sessions/{world.other_session}/curve.json",
        f"/console/live/station?id={shown('sta', world.other_station)}",
        f"/console/stickers?station={shown('sta', world.other_station)}",
    ):
        assert (await browser.open(path)).status_code == 404, path
    for path in ("/console", "/console/stations", "/console/stations.csv", "/console/sites", "/console/sessions",
                 "/console/sessions.csv", "/console/map.json", "/console/search?q=Kajen"):  # fmt: skip
        text = (await browser.open(path)).text
        assert "Kajen 2" not in text, path
    assert "Hamngatan 1" in (await browser.open("/console/stations")).text


async def test_a_site_host_sees_no_driver_anywhere(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SITE_HOST, world.site)
    for path in ("/console", "/console/sessions", f"/console/sessions/{world.session}", "/console/sessions.csv",
                 f"/console/stations/{shown('sta', world.station)}", "/console/sessions?q=Ada"):  # fmt: skip
        text = (await browser.open(path)).text
        assert "Ada Öberg" not in text, path
        assert "04A37F2C" not in text, path


async def test_a_site_host_sees_no_message_as_it_was_sent(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SITE_HOST, world.site)
    path = f"/console/stations/{shown('sta', world.station)}"
    assert (await browser.open(f"{path}/frames")).status_code == 403
    assert f"{path}/frames" not in (await browser.open(path)).text


async def test_no_cell_of_an_export_is_a_formula(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    rows = 0
    for path in ("/console/tokens.csv", "/console/stations.csv", "/console/sessions.csv"):
        answer = await browser.open(path)
        assert answer.headers["content-type"].startswith("text/csv")
        for row in csv.reader(StringIO(answer.content.decode("utf-8-sig"))):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row), row
            rows += 1
    assert rows > 5
    assert f"'{FORMULA}" in (await browser.open("/console/tokens.csv")).text


async def test_the_first_sentence_says_what_is_wrong_and_leads_there(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    text = (await browser.open("/console")).text
    assert "An outlet of Hamngatan 1 is out of order" in text
    assert f"/console/stations/{shown('sta', world.station)}" in text
    assert "Kajen 2" not in text  # it has never connected, which is no trouble yet


async def test_who_lost_contact_a_moment_ago_is_no_trouble_yet(world: World, signed_in: SignedIn) -> None:
    """Most outages are short, and after a restart of ours all chargers are away for a moment: no router is blamed."""
    browser = await signed_in()
    gone = "UPDATE station SET epoch = 1, connected_at = NULL, disconnected_at = $2 WHERE id = $1"

    async def needs(minutes: int) -> tuple[bool, bool]:
        async with world.house.database.transaction() as tx:
            await tx.execute(gone, world.station, NOW - timedelta(minutes=minutes))
        page = (await browser.open("/console")).text
        assert "0 of 2 chargers can charge" in page
        return "Hamngatan 1 has been silent since" in page, "1 charger has lost contact within the last quarter" in page

    assert await needs(14) == (False, True)
    assert await needs(15) == (True, False)


async def test_a_session_shows_its_price_as_lines_that_add_up(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    text = (await browser.open(f"/console/sessions/{world.session}")).text
    assert re.search(r"10[.,]000.kWh × 4[.,]90", text)
    assert re.search(r"49[.,]00", text)
    curve = (await browser.open(f"/console/sessions/{world.session}/curve.json")).json()
    assert len(curve["time"]) == len(curve["series"][0]["values"]) >= 3


async def test_frames_are_decoded_beside_raw_and_answers_are_named(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    path = f"/console/stations/{shown('sta', world.station)}/frames"
    text = (await browser.open(path)).text
    assert text.count("BootNotification") >= 2
    assert "not a frame" in text
    assert "&lt;script&gt;" in text
    only = (await browser.open(path + "?action=BootNotification")).text
    assert "not a frame" not in only


async def test_an_empty_network_teaches_the_next_step(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await tx.execute("SET LOCAL session_replication_role = replica")  # else the ledger refuses to be emptied
        await tx.execute(
            "TRUNCATE site, station, connector, driver, token, session, tariff, invoice, payment, knock, account,"
            " quarantine, job CASCADE"
        )
    browser = await signed_in()
    taught = {
        "/console": "/console/sites/new",
        "/console/stations": "/console/stations/new",
        "/console/sites": "/console/sites/new",
        "/console/stations/new": "/console/sites/new",
        "/console/sessions": "as soon as the first car charges",
        "/console/drivers": "/console/drivers/new",
        "/console/tokens": "/console/tokens/import",
        "/console/tariffs": "/console/tariffs/new",
        "/console/payments": "when somebody pays",
        "/console/invoices": "When a month has ended",
        "/console/ledger": "Nothing is booked yet",
        "/console/knocks": "with a button to register it",
        "/console/trouble": "Everything was understood",
        "/console/vendor-data": "beside the standard",
    }
    for path, step in taught.items():
        answer = await browser.open(path)
        assert answer.status_code == 200, path
        assert step in answer.text, path

"""Uptime on screen: the overview, reports on a site and a charger, the ledger of exclusions, the codes."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest
from pypdf import PdfReader

from laddverk.diagnostics import codes
from laddverk.diagnostics.codes import counting
from laddverk.diagnostics.observations import StateSeen
from laddverk.diagnostics.uptime import months, outages, reports
from laddverk.diagnostics.uptime.policies import ours
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import StationId, new_id, shown
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Transaction
from tests.integration.web.console.conftest import FORMULA, HOSTILE, NOW, Browser, SignedIn, World

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


async def out_of_order(tx: Transaction, station: StationId, since: datetime, until: datetime) -> None:
    """Let a charger have been connected for a week, and its first outlet out of order for a while."""
    await tx.execute("DELETE FROM connector_state WHERE station_id = $1", station)
    await tx.execute("DELETE FROM station_connection WHERE station_id = $1", station)
    week = NOW - timedelta(days=7)
    await tx.execute(
        "INSERT INTO station_connection (station_id, epoch, connected_at, protocol, remote_address)"
        " VALUES ($1, 1000, $2, 'ocpp1.6', '10.0.0.1')",
        station, week,
    )  # fmt: skip
    words = [(1, week, since, "available"), (1, since, until, "faulted"), (1, until, None, "available")]
    for evse, begun, ended, status in [*words, (2, week, None, "available")]:
        await tx.execute(
            "INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, ended_at,"
            " same_since, status, error_code, received_at) VALUES ($1, $2, 1, $3, 'x', $4, $3, $5, $6, $3)",
            station, evse, begun, ended, status, HOSTILE if status == "faulted" else None,
        )  # fmt: skip
    await tx.execute("UPDATE station SET epoch = 1000, registered_at = $2 WHERE id = $1", station, week)


async def broken(world: World) -> tuple[str, str]:
    """Break the first charger for two hours this month; return the addresses of its site's report and its own."""
    since = max(NOW - timedelta(hours=5), MIDNIGHT.replace(day=1))
    async with world.house.database.transaction() as tx:
        for station in (world.station, world.other_station):
            await out_of_order(tx, station, since, since + timedelta(hours=2))
    site, station = shown("sit", world.site), shown("sta", world.station)
    return f"/console/uptime/sites/{site}", f"/console/uptime/stations/{station}"


async def test_the_overview_shows_the_worst_site_by_each_policy(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    assert "Nothing is worked out yet" in (await browser.open("/console/uptime")).text
    site, _station = await broken(world)
    async with world.house.database.transaction() as tx:
        while await months.keep_up(tx, ours(), NOW.date(), NOW):
            pass
    page = (await browser.open("/console/uptime")).text
    assert site in page
    assert "Drivers could charge" in page
    assert site not in (await browser.open("/console/uptime?q=nowhere")).text
    for query in ("?sort=name", "?sort=-lost", "?sort=-outages", "?policy=nevi-2023", "?policy=none", "?page=2"):
        assert (await browser.open("/console/uptime" + query)).status_code == 200
    rows = list(csv.reader(io.StringIO((await browser.open("/console/uptime.csv")).text)))
    assert {row[2] for row in rows[1:]} == {"Hamngatan", "Kajen"}
    assert rows[1][5] == "120.0"


async def test_a_report_tells_of_each_outage_and_can_be_had_as_files(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    site, station = await broken(world)
    for href in (site, station):
        page = (await browser.open(href)).text
        assert "As drivers see it" in page
        assert "2\u00a0h" in page
        assert HOSTILE not in page
        rows = list(csv.reader(io.StringIO((await browser.open(href + "/outages.csv")).text)))
        assert [row[5] for row in rows[1:]] == ["120.0"]
        rows = list(csv.reader(io.StringIO((await browser.open(href + "/report.csv")).text)))
        assert {row[1] for row in rows[1:]} == {"honest", "nevi-2023"}
        paper = await browser.open(href + "/report.pdf")
        words = PdfReader(io.BytesIO(paper.content)).pages[0].extract_text()
        assert "2 h" in words.replace("\u00a0", " ")
    year = NOW.year
    for period in (f"{year}", f"{year}-Q{(NOW.month + 2) // 3}"):
        assert (await browser.open(f"{site}?period={period}")).status_code == 200
    for wrong in ("1999", "2199", "x", "2026-13"):
        assert (await browser.open(f"{site}?period={wrong}")).status_code == 422


async def test_outages_that_are_too_many_for_a_page_are_all_in_the_file(
    world: World, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, _station = await broken(world)
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE station SET site_id = $1, name = 'Z ' || name WHERE id = $2", world.site, world.other_station
        )
    monkeypatch.setattr(reports, "MONTHS_LIVE", 0)
    monkeypatch.setattr(outages, "MONTHS_AT_ONCE", 12)  # one charger's year at a time
    browser = await signed_in(Role.OPERATOR)
    year = NOW.year
    for period in (f"{year}-{NOW.month:02}", f"{year}-Q{(NOW.month + 2) // 3}", f"{year}"):
        assert "all of them are in the CSV" in (await browser.open(f"{site}?period={period}")).text
        paper = PdfReader(io.BytesIO((await browser.open(f"{site}/report.pdf?period={period}")).content))
        assert "too many to list" in " ".join(page.extract_text() for page in paper.pages)
        answer = await browser.open(f"{site}/outages.csv?period={period}")
        assert f'filename="outages-{period}.csv"' in answer.headers["content-disposition"]
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0][0] == "charger"
        assert [row[5] for row in rows[1:]] == ["120.0", "120.0"]
        assert rows[2][0].startswith("Z ")
        assert rows[1][7] == "'" + HOSTILE or rows[1][7] == HOSTILE


async def test_an_exclusion_is_proposed_by_one_and_approved_by_another(world: World, signed_in: SignedIn) -> None:
    site, _station = await broken(world)
    first = await signed_in(Role.OPERATOR)
    ledger = "/console/uptime/exclusions"
    given = {
        "site_id": shown("sit", world.site), "from": (NOW - timedelta(hours=6)).isoformat(),
        "until": (NOW - timedelta(hours=1)).isoformat(), "reason": "vandalism", "evidence": FORMULA + HOSTILE,
    }  # fmt: skip
    refused = await first.send(ledger, **(given | {"evidence": ""}))
    assert "Say what proves it" in refused.text
    assert "There is no such charger" in (await first.send(ledger, **(given | {"charger": "Nobody"}))).text
    assert "This is not a time" in (await first.send(ledger, **(given | {"from": "soon"}))).text
    assert (await first.send(ledger, **given)).status_code == 303
    page = (await first.open(ledger)).text
    assert "1 exclusion waits for a second person" in page
    assert "You proposed it" in page
    assert HOSTILE not in page
    async with world.house.database.transaction() as tx:
        one = ledger + "/" + shown("exc", await tx.value("SELECT id FROM uptime_exclusion"))
    assert "cannot approve it" in (await first.send(one + "/approve")).text
    assert (await first.send(one + "/explode")).status_code == 404
    second = await signed_in(Role.ADMIN)
    assert (await second.send(one + "/approve")).status_code == 303
    report = (await second.open(site)).text
    assert "Approved" in report
    exported = (await second.open(ledger + ".csv")).text
    assert "'" + FORMULA in exported
    technician = await signed_in(Role.SITE_HOST, world.other_site)
    assert "Vandalism" not in (await technician.open(ledger)).text.partition('<form class="form"')[0]
    assert (await technician.send(one + "/withdraw", why="mine")).status_code == 403


async def test_opening_hours_are_written_as_people_write_them(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    site, _station = await broken(world)
    hours = {f"day-{day}": "06:00-10:00, 12.00-24:00" for day in range(1, 8)} | {"valid_from": "2026-01-01"}
    assert (await browser.send(site + "/hours", **hours)).status_code == 303
    page = (await browser.open(site)).text
    assert "06:00–10:00, 12:00–24:00" in page
    for wrong in ("late", "10:00-09:00", "25:00-26:00", "08:75-09:00"):
        assert (await browser.send(site + "/hours", **(hours | {"day-3": wrong}))).status_code == 422
    assert (await browser.send(site + "/hours", **(hours | {"valid_from": "x"}))).status_code == 422


async def test_a_host_sees_the_uptime_of_own_sites_only(world: World, signed_in: SignedIn) -> None:
    site, station = await broken(world)
    host = await signed_in(Role.SITE_HOST, world.other_site)
    for href in (site, station, site + "/report.pdf", station + "/outages.csv"):
        assert (await host.open(href)).status_code == 404
    async with world.house.database.transaction() as tx:
        while await months.keep_up(tx, ours(), NOW.date(), NOW):
            pass
    page = (await host.open("/console/uptime")).text
    assert shown("sit", world.other_site) in page
    assert shown("sit", world.site) not in page
    async with world.house.database.transaction() as tx:
        who = await tx.value("SELECT operator_id FROM operator_site LIMIT 1")
        another = new_id()
        await tx.execute(
            "INSERT INTO operator (id, email, name, role, password_hash, created_at)"
            " VALUES ($1, 'other@example.com', 'Other', 'site_host', 'x', $2)",
            another, NOW,
        )  # fmt: skip
        await tx.execute("INSERT INTO operator_site (operator_id, site_id) VALUES ($1, $2)", another, world.site)
    own = f"/console/uptime/hosts/{shown('opr', who)}"
    assert own in page
    await only_own(world, host, own)
    for file in ("/report.csv", "/outages.csv", "/report.pdf"):
        assert (await host.open(own + file)).status_code == 200
    assert (await host.open(f"/console/uptime/hosts/{shown('opr', another)}")).status_code == 404
    admin = await signed_in(Role.ADMIN)
    await only_own(world, admin, own)
    page = (await admin.open(f"/console/uptime?host={shown('opr', who)}")).text
    assert own in page
    assert shown("sit", world.other_site) in page
    assert shown("sit", world.site) not in page
    assert (await admin.open("/console/uptime?host=opr_" + "0" * 32)).status_code == 404


async def only_own(world: World, browser: Browser, href: str) -> None:
    """A report tells of the other site's charger, and not of the first site's."""
    page = (await browser.open(href)).text
    assert shown("sta", world.other_station) in page
    assert shown("sta", world.station) not in page


async def test_codes_that_came_are_shown_with_their_meaning_or_raw(world: World, signed_in: SignedIn) -> None:
    seen = [
        StateSeen(at=NOW, received_at=NOW, evse_number=1, status=Status.FAULTED, vendor_error_code=code, info=HOSTILE)
        for code in ("CX026", "WX-99")
    ]
    async with world.house.database.transaction() as tx:
        await counting.note(tx, [counting.Heard(world.station, "Maker", "M1", seen)])
    browser = await signed_in(Role.TECHNICIAN)
    page = (await browser.open("/console/codes")).text
    assert "Chargers have sent 1 code that no file knows" in page
    assert "WX-99" in page.partition("The book of codes")[0]
    assert "The cable is cut." in page.partition("The book of codes")[0]
    assert HOSTILE not in page
    assert "EV0087" in (await browser.open("/console/codes?q=welded")).text
    assert "No code matches" in (await browser.open("/console/codes?q=nothing+like+it")).text
    assert "RESIDUAL_CURRENT" in (await browser.open("/console/codes?source=ABB+Terra+AC")).text
    assert "WX-99" in (await browser.open("/console/codes.csv")).text
    folder = world.house.settings.state_dir / "codes"
    folder.mkdir()
    (folder / "bad.toml").write_text("[source]\nname = 3\n")
    before = codes.in_use()
    try:
        codes.use(codes.book_of(folder))
        assert "bad.toml, line 1" in (await browser.open("/console/codes")).text
    finally:
        codes.use(before)

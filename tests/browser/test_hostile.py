"""What others write is shown as text: in each page, in live parts, in exports, in documents (T20, T21).

The policy of our pages would stop most scripts, so that a page with a hole could pass unseen; what is looked for is
therefore also any element that the text has planted, and any complaint of the browser about the policy.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, async_playwright, expect
from pypdf import PdfReader

from laddverk import wiring
from laddverk.access import service as access
from laddverk.kernel.time import system_clock
from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from laddverk.web import security
from laddverk.web.app import create_app
from tests.browser.conftest import ARGUMENTS, CHROMIUM, free_port
from tests.browser.hostile import (
    ADMIN,
    MARKUP,
    PASSWORD,
    SCRIPTS,
    Hostile,
    furnish,
    report_live,
    serving,
    speaking,
)
from tests.cluster import TestCluster

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PHONE = {"width": 390, "height": 844}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"-?\d+([.,]\d+)?")
HOLD_FOREIGN_TEXT = {
    "/console/reservations.csv",
    "/console/sessions.csv",
    "/console/stations.csv",
    "/console/tokens.csv",
}
"""Exports of which the hostile network fills every line; there are others, of money, that it leaves empty."""
LISTS = (
    "", "/stations", "/sites", "/sessions", "/drivers", "/tokens", "/tariffs", "/payments", "/invoices", "/ledger",
    "/audit", "/staff", "/keys", "/knocks", "/trouble", "/stations/new", "/drivers/new", "/tokens/new", "/staff/new",
)  # fmt: skip
REFLECTED = (
    "/console/stations?q=", "/console/sessions?q=", "/console/search?q=", "/console/audit?q=", "/console/drivers?q=",
    "/console/stations?state=", "/console/sessions?from=", "/u?code=", "/sign-in?next=", "/u/",
)  # fmt: skip

WATCH = """
window.__csp = [];
document.addEventListener("securitypolicyviolation", event => window.__csp.push(event.violatedDirective));
"""
LOOK = """
() => ({
    ran: window.__xss ?? null,
    refused: window.__csp,
    planted: [...document.querySelectorAll(
        "img[src=x], [onerror], [onload], [onfocus], iframe, math, [hx-get='/planted'], a[href^='javascript:' i]," +
        "script:not([src]):not([type='application/json']), style"
    )].map(one => one.outerHTML.slice(0, 200)),
    tooWide: document.documentElement.scrollWidth <= window.innerWidth ? [] :
        [...document.body.querySelectorAll("*")]
            .filter(one => one.getBoundingClientRect().right > window.innerWidth + 1)
            .filter(one => !one.parentElement.closest(".table-box"))  // scrolls by itself
            .map(one => one.outerHTML.slice(0, 100)).slice(0, 4),
    computed: /(^|[^0-9])49([^0-9]|$)/.test(document.title) || document.body.innerText.includes("7777777"),
})
"""
FINE: dict[str, Any] = {"ran": None, "refused": [], "planted": [], "tooWide": [], "computed": False}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hostile(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Hostile, str]]:
    """The network, with its chargers connected, and the address of its pages."""
    state_dir, name = tmp_path_factory.mktemp("hostile"), await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    settings = Settings(state_dir=state_dir, database_url=database.dsn, web_port=free_port(), ocpp_port=0, demo=True)
    house = House(settings, secrets_in(state_dir), database, Hints(), system_clock, Worker(database, {}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(outbox, "_listeners", {})
        wiring.subscribe_all()
        house.worker.handle(wiring.all_handlers(house))
        async with serving(house) as addresses:
            network = await furnish(house, addresses.ocpp_url)
            async with speaking(network):
                yield network, addresses.web_url
    await database.close()
    await cluster.dropped(name)


@asynccontextmanager
async def phone(web_url: str) -> AsyncIterator[BrowserContext]:
    """Yield a browser of a phone's width, signed in as an administrator."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = await browser.new_context(viewport=PHONE, locale="en-GB", base_url=web_url)  # type: ignore[arg-type]
        await context.add_init_script(WATCH)
        page = await context.new_page()
        await page.goto("/console/login")
        await page.locator("input[name=email]").fill(ADMIN)
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("main button[type=submit]").first.click()
        await page.wait_for_url("**/console")
        await page.close()
        yield context
        await browser.close()


async def looked_at(page: Page) -> dict[str, Any]:
    """Return what is wrong with the page that is open."""
    seen = await page.evaluate(LOOK)
    return {name: value for name, value in seen.items() if value != FINE[name]}


async def pages_of(hostile: Hostile) -> list[str]:
    """Return the pages of everything that has a hostile name; the rarer kinds of page for some of it."""
    count = len(SCRIPTS)
    console = [f"/console{each}" for each in LISTS]
    stations = [f"/console/stations/{each}" for each in await hostile.shown("sta", "station", count)]
    sites = [f"/console/sites/{each}" for each in await hostile.shown("sit", "site", count)]
    drivers = [f"/console/drivers/{each}" for each in await hostile.shown("drv", "driver", count)]
    prices = [f"/console/tariffs/{each}" for each in await hostile.shown("tar", "tariff", count)]
    sessions = [f"/console/sessions/{each}" for each in await hostile.shown("ses", "session", 2 * count)]
    invoices = [f"/console/invoices/{each}" for each in await hostile.shown("inv", "invoice", 4)]
    mails = [f"/demo/mail/{each}" for each in await hostile.shown("mai", "mail", 4)]
    deeper = [f"{each}/{part}" for each in stations[:6] for part in ("frames", "configuration", "edit")]
    deeper += [f"{each}/edit" for each in (*sites[:4], *drivers[:4], *prices[:4])]
    deeper += [f"/console/stickers?station={stations[0].rsplit('/', 1)[1]}"]
    portal = ["/", "/demo/mail", *mails, *(f"/u/{code}" for code in await hostile.codes(8))]
    portal += [f"/places/{each.rsplit('/', 1)[1]}" for each in sites[:4]]
    return [*console, *stations, *sites, *drivers, *prices, *sessions, *invoices, *deeper, *portal]


async def test_no_foreign_text_becomes_anything_but_text(hostile: tuple[Hostile, str]) -> None:
    network, web_url = hostile
    wrong: dict[str, object] = {}
    complaints: list[str] = []
    async with phone(web_url) as context:
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(web_url) else None)
        page.on("dialog", lambda dialog: complaints.append(f"{page.url}: a dialog {dialog.message}"))
        pages = await pages_of(network)
        for path in pages:
            answer = await page.goto(path)
            assert answer is not None
            if answer.status != 200:
                wrong[path] = answer.status
            elif found := await looked_at(page):
                wrong[path] = found
        assert wrong == {}
        assert complaints == []
        assert len(pages) > 120
        await page.goto(pages[len(LISTS)])
        assert SCRIPTS[0] in await page.locator("main").inner_text(), "the text is shown, not dropped"

        for text in SCRIPTS:
            for start in REFLECTED:
                await page.goto(start + quote(text, safe=""))
                if found := await looked_at(page):
                    wrong[start + text] = found
        assert wrong == {}
        assert [each for each in complaints if "404" not in each] == []  # Chromium notes that there is no such outlet


async def test_what_comes_in_while_a_page_is_open_is_text_too(hostile: tuple[Hostile, str]) -> None:
    network, web_url = hostile
    complaints: list[str] = []
    async with phone(web_url) as context:
        page = await context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        for number, charger in enumerate(network.chargers[:6:2]):
            await page.goto(f"/console/stations/sta_{charger.station_id.hex}")
            await page.wait_for_load_state("load")
            await report_live(charger, f"live{number}", network.house.clock())
            await expect(page.locator("main")).to_contain_text(
                f"live{number} {charger.text.strip()[:20]}", timeout=20_000
            )
            assert await looked_at(page) == {}
        assert complaints == []


async def test_no_cell_of_an_export_begins_as_a_formula(hostile: tuple[Hostile, str]) -> None:
    network, web_url = hostile
    exports = {
        route.path
        for route in create_app(network.house).routes
        if route.path.startswith("/console/") and route.path.endswith(".csv") and "{" not in route.path
    }
    assert exports > HOLD_FOREIGN_TEXT
    async with phone(web_url) as context:
        for path in exports:
            answer = await context.request.get(path)
            assert answer.status == 200, path
            rows = list(csv.reader(io.StringIO((await answer.body()).decode("utf-8-sig"), newline="")))
            assert {len(row) for row in rows} == {len(rows[0])}, f"{path}: a text has broken out of its cell"
            cells = [cell for row in rows for cell in row if not NUMBER.fullmatch(cell)]
            assert [cell for cell in cells if cell.lstrip(" ").startswith(FORMULA_STARTS)] == [], path
            if path in HOLD_FOREIGN_TEXT:
                assert len(rows) > len(network.chargers), path
                assert any(cell.startswith("'=cmd|") for cell in cells), f"{path} shows what was said"


async def test_documents_hold_foreign_text_as_text(hostile: tuple[Hostile, str]) -> None:
    network, web_url = hostile
    async with network.house.database.transaction() as tx:
        invoice = await tx.value(
            "SELECT i.id FROM invoice i JOIN driver d ON d.id = i.driver_id WHERE d.email = 'h1@example.se'"
        )
        link = await access.make_sign_in_link(tx, "h1@example.se", network.house.clock(), "")
        assert link is not None
        cookie = await access.use_sign_in_link(tx, link.token, network.house.clock())
        session = await tx.value("SELECT s.id FROM session s JOIN driver d ON d.id = s.driver_id"
                                 " WHERE d.email = 'h1@example.se' AND s.price_minor > 0")  # fmt: skip
    assert invoice is not None
    assert session is not None
    async with phone(web_url) as context:
        carried = {"name": security.cookie_name("driver", network.house.settings), "value": str(cookie), "url": web_url}
        await context.add_cookies([carried])  # type: ignore[list-item]
        for path in (f"/my/invoices/inv_{invoice.hex}.pdf", f"/my/sessions/ses_{session.hex}/receipt.pdf"):
            answer = await context.request.get(path)
            assert answer.status == 200, path
            text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(await answer.body())).pages)
            assert "root:" not in text
            assert MARKUP[:20] in text or "receipt" in path
            assert "img src=x" in text.replace("\n", " "), f"{path} names the place as it is called"

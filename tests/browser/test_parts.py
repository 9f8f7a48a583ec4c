"""The parts of the screens in a real Chromium under the policy that we send: they draw, answer and stay tidy."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from litestar import Litestar, Request, Response, get, post
from litestar.response import Stream
from litestar.static_files import create_static_files_router
from playwright.async_api import async_playwright

from laddverk.platform.settings import Settings
from laddverk.web import security
from laddverk.web.console import gallery
from laddverk.web.rendering import STATIC, STATIC_PATH, Person, View, environment_for, render, static
from tests.browser.conftest import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.browser

SETTINGS = Settings()
CHANGES = 4
SCREENS = ((390, "dark", "sv"), (1366, "light", "en"), (1920, "dark", "en"))
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
LIVE_PAGE = """{% extends "layout/console.html" %}{% block title %}Live{% endblock %}{% block main %}
<div hx-sse:connect="/live" hx-swap="none"></div><p id="state">before</p><ul id="list"></ul>
<div id="folded"><details class="more"><summary>Folded</summary><p>inside 0</p></details></div>
{{ ui.command(view, "/command", "unlock", "Unlock", reason=true) }}{{ ui.identity("ses_0198c1f2d3e4") }}
{{ ui.drawer_button("more", "Open", load="/part") }}{{ ui.drawer("more", "Drawer") }}{% endblock %}"""


def view_of(request):
    query = request.query_params
    return View(
        language=query.get("language", "sv"),
        theme=query.get("theme", "light"),
        now=datetime.now(UTC),
        path="/console/stations",
        person=Person("Karin Holm", "Admin"),
    )


def html(text):
    return Response(text, media_type="text/html")


@get("/gallery")
async def show_gallery(request: Request) -> Response[str]:
    view = view_of(request)
    return html(render("console/_parts.html", view, **gallery.sample(view)))


@get("/page")
async def show_live_page(request: Request) -> Response[str]:
    return html(environment_for("sv").from_string(LIVE_PAGE).render(view=view_of(request)))


@get("/live")
async def send_live() -> Stream:
    async def events():
        for count in range(CHANGES):
            parts = f'<hx-partial hx-target="#state" hx-swap="outerMorph"><p id="state">change {count}</p></hx-partial>'
            parts += f'<hx-partial hx-target="#list" hx-swap="afterbegin"><li>event {count}</li></hx-partial>'
            yield f"data: {parts}\n\n"
        while True:  # an open stream, as a page has it, until the server ends
            yield f"data: {await MORE[-1].get()}\n\n"

    return Stream(events(), media_type="text/event-stream")


@post("/command", status_code=200)
async def obey(request: Request) -> Response[str]:
    form = await request.form()
    return html(f'<ol class="outcome"><li class="is-done last">confirmed: {form["reason"]}</li></ol>')


@get("/guest")
async def show_guest() -> Response[str]:
    script = static("js/chat-embed.js")
    return html(f'<!doctype html><script src="{script}" defer></script><laddverk-chat label="Help"></laddverk-chat>')


@get("/help/chat")
async def show_chat() -> Response[str]:
    return html("<p>the chat</p>")


@get("/part")
async def give_part() -> Response[str]:
    return html("<p>loaded</p>")


@post("/preferences", status_code=200)
async def remember(request: Request) -> dict[str, str]:
    PREFERENCES.append(str((await request.form())["theme"]))
    return {}


@get("/console/_parts/curve.json")
async def give_curve() -> dict[str, object]:
    return gallery.sample_curve(datetime.now(UTC))


@get("/console/_parts/sites.json")
async def give_sites() -> dict[str, object]:
    return gallery.sample_sites()


PREFERENCES: list[str] = []
MORE: list[asyncio.Queue[str]] = []
"""What a test lets the stream of the last server say after its changes."""
ROUTES = [
    show_gallery,
    show_live_page,
    send_live,
    obey,
    give_part,
    show_guest,
    show_chat,
    remember,
    give_curve,
    give_sites,
]


@asynccontextmanager
async def served():
    """Serve the pages with the program's own headers, and yield their address."""
    MORE.append(asyncio.Queue())
    app = Litestar(
        [*ROUTES, create_static_files_router(path=STATIC_PATH, directories=[STATIC])],
        before_send=[security.headers_on_everything(SETTINGS)],
        openapi_config=None,
    )
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        await serving


@pytest.fixture
async def browser():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; apt-get install chromium")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


def listened(page, address):
    """Return the list that complaints of `page` and requests to other hosts end up in."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else complaints.append(asked.url),
    )
    return complaints


async def test_the_gallery_is_whole_and_tidy_at_every_width_in_both_themes(browser):
    async with served() as address:
        for width, theme, language in SCREENS:
            context = await browser.new_context(viewport={"width": width, "height": 900})
            page = await context.new_page()
            complaints = listened(page, address)
            await page.goto(f"{address}/gallery?theme={theme}&language={language}")
            await page.wait_for_selector("power-chart canvas")
            await page.wait_for_selector("charger-map .site-mark")
            beyond = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert complaints == [], (width, theme)
            assert beyond <= 0, (width, theme)
            await context.close()


async def test_the_gallery_has_no_violation_of_wcag(browser):
    async with served() as address:
        for theme in ("light", "dark"):
            context = await browser.new_context(bypass_csp=True)  # the checker brings its script with it
            page = await context.new_page()
            await page.goto(f"{address}/gallery?theme={theme}")
            await page.wait_for_selector("charger-map .site-mark")
            report = await Axe().run(page, options=WCAG)
            assert [(found["id"], found["nodes"][0]["html"]) for found in report.response["violations"]] == []
            await context.close()


async def test_a_stream_changes_parts_and_commands_show_their_outcome_in_place(browser):
    async with served() as address:
        page = await browser.new_page()
        complaints = listened(page, address)
        await page.goto(f"{address}/page")
        await page.get_by_text(f"change {CHANGES - 1}").wait_for()
        assert await page.locator("#list li").all_inner_texts() == [f"event {n}" for n in reversed(range(CHANGES))]

        await page.get_by_role("button", name="Unlock").click()
        await page.get_by_label("Anledning").fill("the driver waits")
        await page.locator("#why-unlock .button.primary").click()
        await page.get_by_text("confirmed: the driver waits").wait_for()
        assert not await page.locator("#why-unlock").is_visible()

        await page.get_by_role("button", name="Open").click()
        await page.get_by_text("loaded").wait_for()
        assert page.url == f"{address}/page"
        assert complaints == []


async def test_what_somebody_has_opened_stays_open_when_its_part_changes(browser):
    async with served() as address:
        page = await browser.new_page()
        await page.goto(f"{address}/page")
        await page.get_by_text(f"change {CHANGES - 1}").wait_for()
        for number, is_open in ((1, False), (2, True), (3, True)):
            if number == 2:
                await page.get_by_text("Folded").click()
            inside = f"<details class='more'><summary>Folded</summary><p>inside {number}</p></details>"
            MORE[-1].put_nowait(
                f'<hx-partial hx-target="#folded" hx-swap="outerMorph"><div id="folded">{inside}</div></hx-partial>'
            )
            said = page.get_by_text(f"inside {number}")
            await said.wait_for(state="attached")
            assert await said.is_visible() is is_open, number


async def test_a_chat_on_another_site_opens_where_the_browser_keeps_nothing_for_sites(browser):
    refuse = (
        "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    async with served() as address:
        page = await browser.new_page()
        thrown = []
        page.on("pageerror", lambda error: thrown.append(str(error)))
        await page.add_init_script(refuse)
        await page.goto(f"{address}/guest")
        button = page.get_by_role("button", name="Help")
        await button.click()
        assert await button.get_attribute("aria-expanded") == "true"
        frame = page.locator("laddverk-chat iframe")
        assert await frame.get_attribute("src") == f"{address}/help/chat?embed=1"
        await button.click()
        assert await frame.is_hidden()
        assert thrown == []


async def test_the_theme_changes_at_once_and_the_server_is_told(browser):
    async with served() as address:
        page = await browser.new_page()
        await page.goto(f"{address}/gallery")
        ground = "getComputedStyle(document.body).backgroundColor"
        light = await page.evaluate(ground)
        await page.locator(".avatar").click()
        async with page.expect_response("**/preferences"):
            await page.get_by_title("Mörkt").click()
        assert await page.evaluate(ground) != light
        assert PREFERENCES == ["dark"]


async def test_without_script_the_map_is_a_list_and_menus_still_open(browser):
    async with served() as address:
        context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(f"{address}/gallery")
        assert await page.locator("charger-map a").first.is_visible()
        await page.locator(".only-narrow").click()
        assert await page.get_by_role("link", name="Laddningar").is_visible()
        await context.close()

"""Every page, found by following links, in both languages and widths: no error, foreign request or overflow.

With LADDVERK_SCREENSHOTS=DIR a picture of each page is kept for people to look at.
"""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Demo, Watched, sign_in, sign_in_as_driver, watch

WIDER_BY = """async (patience) => {
    // A chart learns of its new width a frame after the window has it, and on a busy machine later.
    const by = () => document.documentElement.scrollWidth - window.innerWidth
    for (const end = performance.now() + patience; by() > 0 && performance.now() < end;)
        await new Promise(requestAnimationFrame)
    return by()
}"""
FITTED_WITHIN_MS = 3000
WIDTHS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1366, "height": 768}}
PAGES_MAX = 320  # of one face and language: ends a crawl that goes round in circles
SAME_KIND_MAX = 1  # of pages that differ in an id or a filter only
ID = re.compile(
    r"(?<=/)[a-z]{3}_[0-9a-f]{32}|(?<=/)[A-Z]{2,8}-\d+(-\d+\w?)?|(?<=/sandbox/pay/).+|(?<=/pay/swish/)[^/]+|(?<=/help/articles/)[a-z0-9-]+"
)
NOT_PAGES = re.compile(
    r"\.(pdf|csv|json|svg|zip|ics|toml|txt)$|/(csv|pdf|download|file|raw|photo)$|/ocpi/[0-9.]+$|/export|/live|/static/"
    r"|/files/att_|[/-]photos/|/pictures/|/recordings/|logout|sign-out"
)
SCREENSHOTS = os.environ.get("LADDVERK_SCREENSHOTS")


def kind_of(address: str) -> str:
    """Return the path with its ids taken out: two pages of one kind look alike."""
    return ID.sub("*", urlsplit(address).path)


def links_on(page: Page, home: str) -> list[str]:
    """Return the addresses of our own pages that this page links to."""
    found = page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))")
    addresses = [urljoin(page.url, href).partition("#")[0] for href in found]
    return [each for each in addresses if each.startswith(home) and not NOT_PAGES.search(urlsplit(each).path)]


def visit_all(watched: Watched, home: str, starts: list[str], language: str) -> Counter[str]:
    """Follow links from `starts` and look at one page of each kind, at each width. Returns the kinds visited."""
    waiting = deque((home + start, "") for start in starts)  # each with the page that links to it
    seen = Counter(kind_of(each) for each, _ in waiting)
    visited: Counter[str] = Counter()
    face = starts[0].split("/")[1]
    while waiting and sum(visited.values()) < PAGES_MAX:
        address, linked_from = waiting.popleft()
        response = watched.page.goto(address, wait_until="load")
        assert response is not None
        if response.status == 404 and linked_from:
            require_gone(watched, home, address, linked_from)
            continue
        assert response.status == 200, f"{address} answered {response.status}"
        assert watched.page.locator("html").get_attribute("lang") == language, address
        visited[kind_of(address)] += 1
        for name, size in WIDTHS.items():
            watched.page.set_viewport_size(size)  # type: ignore[arg-type]
            too_wide = watched.page.evaluate(WIDER_BY, FITTED_WITHIN_MS)
            assert too_wide <= 0, f"{address} is {too_wide} px wider than the {name} screen"
            if SCREENSHOTS:
                keep(watched.page, f"{kind_of(address)}_{visited[kind_of(address)]}", f"{name}-{language}")
        for each in [] if "/demo/mail/" in address else links_on(watched.page, home):
            same_face = (urlsplit(each).path.split("/")[1] == "console") == (face == "console")
            if same_face and seen[kind_of(each)] < SAME_KIND_MAX:
                seen[kind_of(each)] += 1
                waiting.append((each, address))
    assert not waiting, f"there are more pages than {PAGES_MAX}: {len(waiting)} were not looked at"
    return visited


def require_gone(watched: Watched, home: str, address: str, linked_from: str) -> None:
    """Fail if a page that is not found is still linked to. The network lives: an incident may end meanwhile."""
    watched.page.goto(linked_from, wait_until="load")
    assert address not in links_on(watched.page, home), f"{linked_from} links to {address}, which is not found"
    watched.errors[:] = [each for each in watched.errors if address not in each]


def keep(page: Page, kind: str, folder: str) -> None:
    """Keep a picture of the page."""
    target = Path(SCREENSHOTS or "") / folder
    target.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(400)  # charts and map draw themselves after the page has loaded
    page.screenshot(path=target / (re.sub(r"[^\w]+", "_", kind).strip("_")[:80] + ".png"), full_page=True)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_of_the_console(demo: Demo, browser: Browser, language: str) -> None:
    context = browser.new_context(locale=f"{language}-SE")
    context.add_cookies([{"name": "language", "value": language, "url": demo.url}])
    watched = watch(context, demo.url)
    sign_in(watched.page, demo, "admin@example.com")
    visited = visit_all(watched, demo.url, ["/console"], language)
    context.close()

    assert watched.errors == []
    assert watched.foreign == []
    for kind in ("/console/stations/*", "/console/sessions/*", "/console/invoices/*", "/console/tariffs/*"):
        assert visited[kind], f"no page {kind} was found among {sorted(visited)}"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_page_of_the_portal(demo: Demo, browser: Browser, language: str) -> None:
    context = browser.new_context(locale=f"{language}-SE")
    context.add_cookies([{"name": "language", "value": language, "url": demo.url}])
    watched = watch(context, demo.url)
    sign_in_as_driver(watched.page, demo)
    visited = visit_all(watched, demo.url, ["/", "/my", "/demo/mail", "/sign-in"], language)
    context.close()

    assert watched.errors == []
    assert watched.foreign == []
    for kind in ("/u/*", "/my", "/my/sessions/*", "/my/invoices/*", "/my/account", "/help", "/demo/mail"):
        assert visited[kind], f"no page {kind} was found among {sorted(visited)}"

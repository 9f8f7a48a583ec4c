"""The chat on a web site of the operator's own, to which browsers send none of our cookies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Demo
from tests.browser.test_driver import free_outlet

PAGE = """<!doctype html><html lang="sv"><meta charset="utf-8"><title>Kommunen</title><h1>Ladda bilen</h1>
<script src="{home}/chat-embed.js" defer></script><laddverk-chat label="Hjälp" outlet="{outlet}"></laddverk-chat>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def elsewhere(tmp_path: Path, demo: Demo) -> Iterator[tuple[str, Path]]:
    """A web site under another name than the chat's, which makes it another site to a browser; and its folder."""
    serving = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", demo.guest_port), serving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{demo.guest_port}", tmp_path
        server.shutdown()


def test_a_chat_in_a_frame_goes_on_where_it_was_when_the_visitor_turns_the_page(
    demo: Demo, elsewhere: tuple[str, Path], browser: Browser
) -> None:
    home, folder = elsewhere
    context = browser.new_context(locale="sv-SE")
    page = context.new_page()
    outlet = urlsplit(free_outlet(page, demo)).path.rpartition("/")[2]
    for name in ("index.html", "other.html"):
        (folder / name).write_text(PAGE.format(home=demo.url, outlet=outlet), encoding="utf-8")
    page.goto(home)
    page.get_by_role("button", name="Hjälp").click()
    chat = page.frame_locator("laddverk-chat iframe")
    chat.get_by_role("textbox", name="Skriv här").fill("Kontakten sitter löst")
    chat.get_by_role("button", name="Skicka", exact=True).click()
    expect(chat.locator(".is-by-driver")).to_contain_text("Kontakten sitter löst")

    page.goto(f"{home}/other.html")
    page.get_by_role("button", name="Hjälp").click()
    expect(chat.locator(".is-by-driver")).to_contain_text("Kontakten sitter löst")
    assert context.cookies(demo.url) == [], "a frame of another site keeps no cookie of ours"
    context.close()

"""A running demo network and a real Chromium, shared by all browser tests of one worker."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from laddverk.cli.demo.founding import example_driver

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",  # pages are painted by the renderer itself: a third of the time; maps still have WebGL
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
START_TIMEOUT_S = 240.0  # a third of a minute alone on a machine; many times that beside other tests
PASSWORD = re.compile(r"password (\S+) as")


@dataclass
class Demo:
    """A demo network in a process of its own."""

    url: str
    password: str
    process: subprocess.Popen[str]
    guest_port: int
    """Where a web site may listen that shows the chat in a frame, as `localhost`."""


@dataclass
class Watched:
    """A page, and what went wrong while it was looked at."""

    page: Page
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)


class Theatre:
    """Where the demo plays: begun by the first test that looks at it, and ended after the last that does."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._playing: Demo | None = None

    def playing(self) -> Demo:
        """Return the running demo."""
        if self._playing is None:
            self._playing = self._open.enter_context(played())
        return self._playing

    def close(self) -> None:
        """End the demo: sixty chargers that nobody looks at would slow down all other tests."""
        self._playing = None
        self._open.close()


THEATRE = pytest.StashKey[Theatre]()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests that look at the demo share it: one after the other in one worker. Others share within a file."""
    for item in items:
        if in_browser(item):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser" if watches_demo(item) else item.path.stem))
    items.sort(key=lambda item: (not in_browser(item), watches_demo(item)))


def in_browser(item: pytest.Item) -> bool:
    """Return whether `item` is one of the tests in this folder."""
    return item.path.parent == Path(__file__).parent


def watches_demo(item: pytest.Item | None) -> bool:
    """Return whether `item` is a test of the demo."""
    return "theatre" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """End the demo when no test of it comes next."""
    ended = yield
    if watches_demo(item) and not watches_demo(nextitem):
        item.session.stash[THEATRE].close()
    return ended


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def theatre(request: pytest.FixtureRequest) -> Iterator[Theatre]:
    """Where the demo plays."""
    found = request.session.stash.setdefault(THEATRE, Theatre())
    yield found
    found.close()


@pytest.fixture
def demo(theatre: Theatre) -> Demo:
    """The demo with its history and its fleet, running."""
    return theatre.playing()


@contextmanager
def played() -> Iterator[Demo]:
    """Start a demo, yield it when its chargers connect, and end it."""
    with tempfile.TemporaryDirectory(prefix="laddverk-browser-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        port, guest_port = free_port(), free_port()
        environment = {
            **os.environ,
            "LADDVERK_STATE_DIR": str(Path(folder) / "state"),
            "LADDVERK_WEB_PORT": str(port),
            "LADDVERK_OCPP_PORT": str(free_port()),
            "LADDVERK_CHAT_ORIGINS": f"http://localhost:{guest_port}",
            "PYTHONUNBUFFERED": "1",
        }
        log = (Path(folder) / "demo.log").open("w+")
        process = subprocess.Popen(
            [sys.executable, "-m", "laddverk.cli.main", "demo"], env=environment, stdout=log, stderr=log, text=True
        )
        try:
            said = _wait_until(process, Path(log.name), "simulated chargers connect")
            found = PASSWORD.search(said)
            assert found is not None, said
            yield Demo(f"http://127.0.0.1:{port}", found[1], process, guest_port)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
            log.close()


def _wait_until(process: subprocess.Popen[str], log: Path, words: str) -> str:
    ends = time.monotonic() + START_TIMEOUT_S
    while words not in (said := log.read_text()):
        assert process.poll() is None, said
        assert time.monotonic() < ends, said
        time.sleep(0.2)
    return said


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, for one file of tests: Playwright keeps a loop running, beside which no asyncio test can."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


def watch(context: BrowserContext, home: str) -> Watched:
    """Return a new page that notes console errors, uncaught exceptions, and requests to other hosts."""
    watched = Watched(context.new_page())

    def on_request(request: Request) -> None:
        if not request.url.startswith((home, "data:", "blob:")):
            watched.foreign.append(request.url)

    watched.page.on("request", on_request)
    watched.page.on("pageerror", lambda error: watched.errors.append(f"{watched.page.url}: {error}"))

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            watched.errors.append(f"{watched.page.url}: {message.text}")

    watched.page.on("console", on_console)
    return watched


def sign_in(page: Page, demo: Demo, email: str) -> None:
    """Sign in to the console."""
    page.goto(f"{demo.url}/console/login")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(demo.password)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/console(?!/login)"))


def sign_in_as_driver(page: Page, demo: Demo, email: str | None = None) -> None:
    """Sign in by the link that the demo's mail box shows, as a driver does: the demo's example unless another."""
    email = email or example_driver()
    page.goto(f"{demo.url}/sign-in")
    page.locator("input[name=email]").fill(email)
    page.locator("main form button").first.click()
    page.goto(f"{demo.url}/demo/mail")
    page.locator(f"main a:has-text('{email}')").first.click()
    page.locator("main a[href*='/sign-in/']").first.click()
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile(r"/my"))

"""A desk whose phone is a real Chromium: our pages on a port, an exchange that speaks SIP, and a caller who hears."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Role
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.doubles.http import Answer, HttpDouble, Request
from tests.doubles.sip_exchange import SipExchange
from tests.network import ACTOR, Network, network_on

PASSWORD = "kaffe traktor molnfri"
SOUND = [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--autoplay-policy=no-user-gesture-required",
]
CALLER = """async () => {
  window.caller = new RTCPeerConnection();
  window.caller.ontrack = ({streams}) => {
    window.ear = new Audio();
    window.ear.srcObject = streams[0];
    void window.ear.play();
  };
  const stream = await navigator.mediaDevices.getUserMedia({audio: true});
  window.sender = window.caller.addTrack(stream.getAudioTracks()[0], stream);
  await window.caller.setLocalDescription(await window.caller.createOffer());
  while (window.caller.iceGatheringState !== "complete") await new Promise((done) => setTimeout(done, 20));
  return window.caller.localDescription.sdp;
}"""
HEARS = """async () => {
  const stats = [...(await window.caller.getStats()).values()].find((each) => each.type === "inbound-rtp");
  return stats ? [stats.packetsReceived, stats.totalAudioEnergy ?? 0] : [0, 0];
}"""


@dataclass
class Asterisk:
    """What stands in for Asterisk's REST interface: it keeps what is pushed, and forgets it."""

    things: dict[str, dict[str, str]] = field(default_factory=dict)
    is_away: bool = False

    async def answer(self, request: Request) -> Answer:
        if self.is_away:
            return (503, b"{}")
        name = request.path.removeprefix("/ari/asterisk/config/dynamic/res_pjsip/")
        if request.method == "PUT":
            fields = msgspec.json.decode(request.body)["fields"]
            self.things[name] = {each["attribute"]: each["value"] for each in fields}
            return (200, b"[]")
        return (200, b"") if self.things.pop(name, None) is not None else (404, b"{}")

    def known(self, user: str) -> str:
        """What is known of somebody's password."""
        return self.things.get(f"auth/{user}", {}).get("md5_cred", "")


@dataclass
class World:
    """Everything that rings."""

    network: Network
    asterisk: Asterisk
    exchange: SipExchange
    url: str
    chromium: Browser
    errors: list[str] = field(default_factory=list)

    async def agent(self, language: str = "en", name: str = "Eva") -> BrowserContext:
        """Somebody of ours, signed in."""
        return await sign_in(self.chromium, self.network, self.url, name, language)

    async def _watched(self, context: BrowserContext) -> Page:
        page = await context.new_page()

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error" and "WebSocket connection to" not in message.text:
                self.errors.append(message.text)

        page.on("console", on_console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    async def phone(self, context: BrowserContext) -> Page:
        """The window of somebody's phone."""
        page = await self._watched(context)
        await page.goto(f"{self.url}/console/softphone")
        return page

    @property
    def user(self) -> str:
        """What the one phone is called."""
        return next(name.removeprefix("auth/") for name in self.asterisk.things if name.startswith("auth/"))

    async def ready(self, page: Page) -> None:
        """Wait until calls ring there."""
        await page.locator("[data-do=take]").click()
        await state(page, "ready")


async def sign_in(chromium: Browser, network: Network, url: str, name: str, language: str) -> BrowserContext:
    """Make somebody of ours, and sign them in."""
    email = f"{name.lower()}@example.se"
    details = StaffDetails(email=email, name=name, role=Role.SUPPORT, language=language, site_ids=())
    async with network.house.database.transaction() as tx:
        await access.create_staff(tx, ACTOR, details, PASSWORD, network.house.clock())
    context = await chromium.new_context(viewport={"width": 390, "height": 760})
    page = await context.new_page()
    await page.goto(f"{url}/console/login")
    await page.locator("input[name=email]").fill(email)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("main button[type=submit]").first.click()
    await page.wait_for_url("**/console")
    await page.close()
    return context


async def state(page: Page, wanted: str) -> None:
    """Wait until the phone is in a state."""
    await page.locator(f"soft-phone[data-state='{wanted}']").wait_for(timeout=20_000)


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 15) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(within_s):
        while not await holds():
            await asyncio.sleep(0.05)


@asynccontextmanager
async def served(network: Network, port: int = 0) -> AsyncIterator[str]:
    """Serve our pages at a port; 0 for any."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    server = uvicorn.Server(uvicorn.Config(create_app(network.house), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.force_exit = server.should_exit = True
        await serving


@asynccontextmanager
async def chromium_with_sound() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium; apt-get install chromium")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *SOUND])
        yield chromium
        await chromium.close()


@asynccontextmanager
async def phone_world(database: Database, state_dir: Path) -> AsyncIterator[World]:
    """Yield a desk with a phone in a browser."""
    asterisk = Asterisk()
    async with (
        HttpDouble(asterisk.answer) as ari,
        SipExchange(asterisk.known) as exchange,
        network_on(
            database, state_dir, ari_url=ari.url, softphone_url=exchange.url,
            softphone_ice="stun:127.0.0.1:9,turn:127.0.0.1:9", softphone_ice_secret="s3cret",
        ) as network,
        served(network) as url,
        chromium_with_sound() as chromium,
    ):  # fmt: skip
        yield World(network, asterisk, exchange, url, chromium)

"""A real Asterisk with the configuration of docs/asterisk, SIPp as who calls, and Chromium as the phone of the desk."""

from __future__ import annotations

import asyncio
import contextlib
import io
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, Page

from laddverk.cli.replay.network import free_port
from laddverk.notices.sms.port import Refused, Unanswered
from laddverk.platform.database import Database
from laddverk.platform.outgoing import Fetched
from laddverk.platform.settings import Settings
from laddverk.support.phone import listening
from laddverk.support.phone.providers import ari_calls
from tests.browser.phone_in_browser import chromium_with_sound, served, sign_in, state
from tests.integration.support.phone_world import HERS, OURS, a_driver
from tests.integration.support.test_phone import charges, taken
from tests.long import sipp
from tests.long.asterisk import PASSWORD, Asterisk
from tests.long.sipp import Phone, telephone
from tests.network import Network, network_on

pytestmark = pytest.mark.slow
WITHIN_S = 40


@dataclass
class Desk:
    """A network whose telephone is Asterisk."""

    network: Network
    asterisk: Asterisk
    url: str
    chromium: Browser
    folder: Path
    _count: int = 0

    @asynccontextmanager
    async def rings(self, keys: Sequence[str], number: str = HERS, *, by_info: bool = False) -> AsyncIterator[Phone]:
        """Somebody calls the desk, and presses keys when told to."""
        self._count += 1
        folder = self.folder / f"call-{self._count}"
        folder.mkdir()
        scenario = sipp.caller(number, OURS, keys, sipp.tone(folder / "voice.al"), by_info=by_info)
        async with telephone(folder, scenario, self.asterisk.sip_port, call_id=f"call-{self._count}") as phone:
            yield phone

    async def value(self, sql: str, *args: object) -> Any:
        return await self.network.value(sql, *args)

    async def place(self) -> str:
        """Where who calls is in the menu, and at which turn."""
        found = await self.value(
            "SELECT (menu->>'place') || ' ' || turn FROM phone_call ORDER BY started_at DESC LIMIT 1"
        )
        return str(found)

    async def at(self, place: str) -> None:
        """Wait until who calls is at a place, and hears what is said there."""

        async def is_there() -> bool:
            return (await self.place()).split(" ")[0] == place

        await until(is_there, self.place)
        await asyncio.sleep(0.3)

    async def ended(self) -> str:
        """Wait until the last call is over; how it ended."""

        async def is_over() -> bool:
            return bool(
                await self.value("SELECT ended_at IS NOT NULL FROM phone_call ORDER BY started_at DESC LIMIT 1")
            )

        await until(is_over, self.place)
        return str(await self.value("SELECT ended_how FROM phone_call ORDER BY started_at DESC LIMIT 1"))

    async def agent(self) -> tuple[BrowserContext, Page, Page]:
        """Somebody of ours who takes calls in the browser: the page of calls and the phone."""
        context = await sign_in(self.chromium, self.network, self.url, "Eva", "en")
        phone = await context.new_page()
        await phone.goto(f"{self.url}/console/softphone")
        await phone.locator("[data-do=take]").click()
        await state(phone, "ready")
        page = await context.new_page()
        await page.goto(f"{self.url}/console/calls")
        return context, page, phone


async def until(
    holds: Callable[[], Awaitable[bool]], tell: Callable[[], Awaitable[str]], within_s: float = WITHIN_S
) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(within_s):
            while not await holds():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(await tell()) from None


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with what Asterisk tells and what it is asked for, to look into and to take recorded events from."""
    file = tmp_path / "told.jsonl"
    hear, ask = listening.Listener.hear, ari_calls.asked

    def note(line: object) -> None:
        with file.open("ab") as open_file:
            open_file.write(msgspec.json.encode(line) + b"\n")

    async def heard(listener: listening.Listener, message: str | bytes) -> None:
        note({"event": msgspec.json.decode(message)})
        await hear(listener, message)

    async def asked(settings: Settings, request: ari_calls.Request) -> Fetched:
        try:
            answered = await ask(settings, request)
        except (Refused, Unanswered) as problem:
            note({"asked": request.method, "path": request.path, "problem": str(problem)})
            raise
        note({"asked": request.method, "path": request.path, "status": answered.status})
        return answered

    monkeypatch.setattr(listening.Listener, "hear", heard)
    monkeypatch.setattr(ari_calls, "asked", asked)
    return file


@pytest.fixture
async def desk(asterisk: Asterisk, database: Database, told: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    port = free_port()
    async with (
        network_on(
            database, tmp_path, ari_url=asterisk.url, ari_user="laddverk", ari_password=PASSWORD, phone_number=OURS,
            phone_records=True, speech_command="espeak-ng -v {language} --stdout", sms_provider="sandbox",
            softphone_url=asterisk.url.replace("http", "ws") + "/ws", public_url=f"http://127.0.0.1:{port}",
        ) as network,
        served(network, port) as url,
        chromium_with_sound() as chromium,
    ):  # fmt: skip
        await network.add_station("TST-1", connectors=2)
        listener = asyncio.create_task(listening.listen(network.house))
        stop = asyncio.Event()
        working = asyncio.create_task(network.house.worker.run(stop))
        await until(lambda: _is_heard(network), _none)
        yield Desk(network, asterisk, url, chromium, tmp_path)
        stop.set()
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener
        await working


async def _is_heard(network: Network) -> bool:
    try:
        await ari_calls.asked(network.house.settings, ari_calls.Request("GET", "/applications/laddverk"))
    except Refused:
        return False
    return True


async def _none() -> str:
    return "Asterisk says nothing of our application"


def loudness(content: bytes) -> tuple[float, float]:
    """How long a recording is, in seconds, and its loudest sample of 32 767."""
    with wave.open(io.BytesIO(content)) as sound:
        samples = memoryview(sound.readframes(sound.getnframes())).cast("h")
        return sound.getnframes() / sound.getframerate(), max((abs(each) for each in samples), default=0)


def test_asterisk_listens_on_loopback_alone(asterisk: Asterisk) -> None:
    assert asterisk.listens_at() == {"127.0.0.1"}


@pytest.mark.parametrize("by_info", [False, True], ids=["rfc4733", "info"])
async def test_a_menu_is_heard_and_a_key_stops_a_charge(desk: Desk, by_info: bool) -> None:
    await a_driver(desk.network)
    async with desk.network.socket("TST-1") as socket:
        number = await charges(socket, desk)  # type: ignore[arg-type]
        async with desk.rings(["5", "1"], by_info=by_info) as phone:
            await desk.at("situation")
            await phone.go_on()
            await until(lambda: _at_turn(desk, 1), desk.place)
            await phone.go_on()
            assert await taken(socket, "RemoteStopTransaction") == {"transactionId": number}
            await phone.go_on()
            assert await phone.ended() == 0, phone.errors()
        assert await desk.ended() == "menu"


async def _at_turn(desk: Desk, turn: int) -> bool:
    return int((await desk.place()).split(" ")[1]) >= turn


async def to_the_queue(desk: Desk, phone: Phone, *, consents: bool) -> None:
    """Press what leads to a person: zero, and whether the talk may be recorded."""
    await desk.at("code")
    await phone.go_on()
    await desk.at("consent")
    await phone.go_on()
    await desk.at("queue")
    del consents


async def test_the_desk_answers_in_the_browser_and_the_talk_is_recorded_by_consent(desk: Desk) -> None:
    """The queue, the press on `take`, the browser that rings with the caller's number, two voices, a recording."""
    _context, page, phone = await desk.agent()
    async with desk.rings(["0", "1"], by_info=True) as caller:
        await to_the_queue(desk, caller, consents=True)
        await page.locator("#calls-open button").click()
        await phone.locator(".softphone-who", has_text=HERS).wait_for()
        await phone.locator("[data-do=answer]").click()
        await state(phone, "talking")
        await until(lambda: _hears(phone), desk.place)
        assert await desk.place() == f"connected {(await desk.place()).split(' ')[1]}"
        await phone.locator("[data-do=hold]").click()
        await state(phone, "held")
        await phone.locator("[data-do=hold]").click()
        await state(phone, "talking")
        await phone.locator("details summary").click()
        await phone.locator("[data-key-pressed='7']").click()
        await asyncio.sleep(2)
        await phone.locator("[data-do=hang-up]").click()
        assert await desk.ended() == "talked"
        await state(phone, "ready")
    seconds, loudest = loudness(await _recording(desk))
    assert seconds > 2
    assert loudest > 3_000, "both voices are in it"
    told = (desk.folder / "told.jsonl").read_text()
    assert '"digit":"7"' in told, "keys of the browser reach the other side as events in its sound"


async def _hears(phone: Page) -> bool:
    return bool(await phone.evaluate("document.querySelector('soft-phone').phone.call.media.heard()"))


async def _recording(desk: Desk) -> bytes:
    async def is_there() -> bool:
        return bool(await desk.value("SELECT count(*) FROM phone_recording WHERE content IS NOT NULL"))

    async def why() -> str:
        return str(await desk.value("SELECT coalesce(max(error), 'no recording') FROM phone_recording"))

    await until(is_there, why)
    content: bytes = await desk.value("SELECT content FROM phone_recording")
    return content


async def test_who_hangs_up_in_the_queue_or_while_the_browser_rings_is_missed(desk: Desk) -> None:
    _context, page, phone = await desk.agent()
    async with desk.rings(["0", "2"], by_info=True) as caller:
        await to_the_queue(desk, caller, consents=False)
        await caller.go_on()
        assert await caller.ended() == 0, caller.errors()
    assert await desk.ended() == "missed"
    assert await desk.value("SELECT count(*) FROM support_case") == 1
    async with desk.rings(["0", "2"], number="+46709999999", by_info=True) as caller:
        await to_the_queue(desk, caller, consents=False)
        await page.locator("#calls-open button").click()
        await state(phone, "ringing")
        await caller.go_on()
        await phone.locator("[data-why=cancelled]:visible").wait_for()
        assert await desk.ended() == "missed"
    assert await desk.value("SELECT callback_at IS NOT NULL FROM phone_call ORDER BY started_at DESC LIMIT 1")


async def test_who_does_not_answer_is_passed_over_and_the_caller_waits_again(desk: Desk) -> None:
    """Declined in the browser, or the browser is gone: at once back in the queue, and the next is asked."""
    _context, page, phone = await desk.agent()
    async with desk.rings(["0", "2"], by_info=True) as caller:
        await to_the_queue(desk, caller, consents=False)
        await page.locator("#calls-open button").click()
        await state(phone, "ringing")
        await phone.locator("[data-do=decline]").click()
        await desk.at("queue")
        assert await desk.value("SELECT state FROM phone_presence") == "pause"
        assert await desk.value("SELECT taken_by FROM phone_call") is None
        await caller.go_on()
    assert await desk.ended() == "missed"

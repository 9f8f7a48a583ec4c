"""A whole house on loopback with simulated chargers and a clock that can be turned, for the bench of support."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from msgspec import Struct
from msgspec.structs import replace

from laddverk import running, wiring
from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId, StationId
from laddverk.kernel.time import system_clock
from laddverk.ocpp.protocol import Protocol
from laddverk.platform import jobs
from laddverk.platform.house import House
from laddverk.platform.settings import Settings
from laddverk.simulator.car import Car, Supply
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link, Patience
from laddverk.simulator.model import THREE_PHASE_22KW, Hardware, Heartbeat, Outlet
from laddverk.stations import service as stations
from laddverk.stations.model import NewConnector, NewStation, SiteDetails
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from laddverk.web import security

ACTOR = rule("bench")
SUPPORT, AUTHORITY = "support@laddverk.example", "mx.laddverk.example"
OURS = "+46101234567"
PATIENCE = Patience(answer_s=5.0, reconnect_first_s=0.05, reconnect_max_s=0.2, refused_first_s=0.2)
PRICE = Decimal(10)  # so that what a minute costs is more than what cards take at least
STEP_S = 10.0
WAIT_S = 60.0  # of the wall clock: on a busy machine everything comes, only later
TAG = re.compile(r"<[^>]+>")
APP = re.compile(r'href="([^"]*sandbox/swish[^"]*)"')
SITUATION = re.compile(r'data-situation="([a-z0-9-]+)"')
BROUGHT_ON = "UPDATE job SET run_at = now() WHERE failed_at IS NULL AND run_at > now() AND run_at <= $1"
"""Jobs for later are kept by the database's clock, which cannot be turned."""
CODE = "SELECT code FROM connector WHERE station_id = $1 AND evse_number = $2"
CHARGE = "SELECT return_url FROM payment WHERE purpose = 'session' ORDER BY created_at DESC LIMIT 1"
KNOWN = "SELECT state NOT IN ('created', 'checkout', 'unknown') FROM payment ORDER BY created_at DESC LIMIT 1"
FAILED = """
SELECT failure_code IS NOT NULL
       OR EXISTS (SELECT FROM swish_attempt WHERE payment_id = payment.id AND state NOT IN ('asked', 'open', 'paid'))
FROM payment ORDER BY created_at DESC LIMIT 1
"""
TURNED = "SELECT count(*) = 0 FROM job WHERE kind = ANY($1) AND failed_at IS NULL AND run_at <= now()"
# What is to be done, and what is on its way to chargers that are there; behind a command that waits for its answer
# others wait for as long as the charger likes.
DUE = """
SELECT EXISTS (SELECT FROM job WHERE failed_at IS NULL AND run_at <= now() AND kind <> ALL($1))
    OR EXISTS (SELECT FROM command WHERE station_id = ANY($2) AND state = 'queued'
                 AND NOT EXISTS (SELECT FROM command AS before
                                 WHERE before.station_id = command.station_id AND before.state = 'sent'))
"""


class Unsaid(Exception):
    """What was to become true did not; the message says what."""


class Wired(Struct, frozen=True):
    """What stands there: the outlets of the simulated charger, and how staff entered them."""

    supply: Supply
    power_type: str
    plug: str


AC = Wired(THREE_PHASE_22KW, "ac3", "type2")
DC = Wired(Supply(0, 400.0, 150_000), "dc", "ccs2")


@dataclass
class Bay:
    """One charger with two outlets at a site of its own."""

    world: World
    link: Link
    site_id: UUID
    station_id: StationId
    codes: list[str]
    task: asyncio.Task[None]

    @property
    def charger(self) -> Charger:
        return self.link.charger

    def outlet(self, number: int = 1) -> Outlet:
        return self.charger.outlets[number]

    async def do(self, action: Callable[[Charger, datetime], Any]) -> Any:
        """Let something happen to the charger, and what it says be heard."""
        came = action(self.charger, self.world.clock())
        self.link.wake()
        await self.world.rest()
        return came

    async def plug(
        self, number: int = 1, *, missing_wh: float = 40_000, phases: int = 3, current_a: float = 32, **more: Any
    ) -> None:
        """Put the cable into a car that wants so much. `more` are other facts of a `Car`."""
        car = Car(80_000, 80_000 - missing_wh, phases=phases, current_max_a=current_a, **more)
        if not await self.do(lambda charger, at: charger.plug(number, car, at)):
            raise Unsaid("the cable does not go in")

    async def leave(self, reason: str = "Local", number: int = 1) -> None:
        """End what runs, and keep the cable in."""
        await self.do(lambda charger, at: charger.end(number, at, reason))

    async def power_cut(self) -> None:
        """No contact any more."""
        self.link.lose(3600)
        await self.world.until(
            "the charger is away", "SELECT connected_at IS NULL FROM station WHERE id = $1", self.station_id
        )


@dataclass
class World:
    """The house, its chargers and its clock."""

    house: House
    ahead: timedelta = timedelta()
    bays: list[Bay] = field(default_factory=list)
    verbose: bool = False
    drivers: int = 0

    def clock(self) -> datetime:
        return system_clock() + self.ahead

    async def value(self, sql: str, *args: object) -> Any:
        async with self.house.database.transaction() as tx:
            return await tx.value(sql, *args)

    async def until(self, what: str, sql: str, *args: object) -> Any:
        """Return what a query says once it says something true. Raises `Unsaid`."""
        end = asyncio.get_running_loop().time() + WAIT_S
        while asyncio.get_running_loop().time() < end:
            if found := await self.value(sql, *args):
                return found
            await asyncio.sleep(0.02)
        raise Unsaid(what)

    async def rest(self) -> None:
        """Return when chargers have said what they have to say, and what follows from it is done."""
        for bay in self.bays:
            if bay.link.is_connected:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(bay.link.drained(), WAIT_S)
        self.house.worker.wake()
        end = asyncio.get_running_loop().time() + WAIT_S
        by_clock = [each.kind for each in wiring.recurring()]
        there = [bay.station_id for bay in self.bays if bay.link.is_connected]
        while asyncio.get_running_loop().time() < end and await self.value(DUE, by_clock, there):
            await asyncio.sleep(0.02)

    async def pass_time(self, seconds: float, step_s: float = STEP_S) -> None:
        """Let time pass for everybody."""
        left = seconds
        while left > 0:
            slice_s = min(step_s, left)
            left -= slice_s
            self.ahead += timedelta(seconds=slice_s)
            now = self.clock()
            for bay in self.bays:
                bay.charger.say(Heartbeat(at=now))
                for number, outlet in bay.charger.outlets.items():
                    bay.charger.advance(number, slice_s, now)
                    if outlet.charging is not None:
                        bay.charger.sample(number, bay.charger.reading(number, now))
                bay.link.wake()
            async with self.house.database.transaction() as tx:
                await tx.execute(BROUGHT_ON, now)
            await self.rest()

    async def turn(self, *kinds: str) -> None:
        """Let what is done by the clock be done now: that clock is the database's, which cannot be turned."""
        async with self.house.database.transaction() as tx:
            await jobs.enqueue(tx, [jobs.NewJob(kind, {}) for kind in kinds])
        self.house.worker.wake()
        await self.until("its turn is over", TURNED, list(kinds))
        await self.rest()

    async def bay(self, protocol: Protocol = Protocol.V16, wired: Wired = AC) -> Bay:
        """Set up a charger at a site of its own, connected and free."""
        number = int(await self.value("SELECT count(*) FROM site")) + 1
        name = f"B{number:03}"
        now = self.clock()
        async with self.house.database.transaction() as tx:
            site_id = await stations.create_site(tx, ACTOR, SiteDetails(name=f"Bench {name}", code=name), now)
            new = NewStation(
                site_id=site_id, identity=name, name=name,
                connectors=tuple(
                    NewConnector(
                        evse_number=each, plug=wired.plug, power_type=wired.power_type,
                        power_max_w=wired.supply.power_max_w, current_max_a=int(wired.supply.current_max_a),
                    )
                    for each in (1, 2)
                ),
            )  # fmt: skip
            made = await stations.create_station(tx, ACTOR, new, now, pepper=self.house.secrets.charger_pepper)
        hardware = Hardware(name, protocol, outlets=(wired.supply, wired.supply))
        url = f"ws://127.0.0.1:{self.house.settings.ocpp_port}/ocpp"
        link = Link(Charger(hardware), url, made.password, patience=PATIENCE, clock=self.clock)
        bay = Bay(self, link, site_id, made.station_id, [], asyncio.create_task(link.run()))
        await self.until(
            "the charger is free", "SELECT count(*) = 2 FROM connector WHERE station_id = $1 AND status = 'available'",
            made.station_id,
        )  # fmt: skip
        bay.codes += [str(await self.value(CODE, made.station_id, evse_number)) for evse_number in (1, 2)]
        self.bays.append(bay)
        return bay

    async def newest_charge(self) -> str:
        """Return the path of the page of the charge that was last to be paid for."""
        return path_of(str(await self.value(CHARGE)))

    async def clear(self) -> None:
        """Take every charger away."""
        for bay in self.bays:
            bay.task.cancel()
        await asyncio.gather(*(bay.task for bay in self.bays), return_exceptions=True)
        self.bays.clear()

    async def account(
        self, email: str, phone: str, *uids: str, driver_id: UUID | None = None, **token: Any
    ) -> DriverId:
        """Return a driver with an account (`driver_id`: the one they have), a number and tags."""
        now = self.clock()
        async with self.house.database.transaction() as tx:
            details = DriverDetails(email=email, name=email.partition("@")[0].title(), phone=phone, language="en")
            driver = DriverId(driver_id) if driver_id else await access.create_driver(tx, ACTOR, details, now)
            await access.create_tokens(tx, ACTOR, [NewToken(uid=uid, driver_id=driver, **token) for uid in uids], now)
        return driver


class Visitor:
    """Somebody with a phone before an outlet: scans the code, pays, and sees the page of their charge."""

    def __init__(self, world: World) -> None:
        self.world = world
        base = world.house.settings.web_url
        self.client = httpx.AsyncClient(
            base_url=base, headers={"origin": base}, cookies={"language": "en"}, follow_redirects=True, timeout=30.0
        )
        self.email = ""
        """That of the account, where there is one."""
        self.sender = self.phone = ""
        self.charge = ""
        """The path of the page of their charge, once there is one."""

    async def sign_in(self) -> None:
        """Have an account with the phone's number and the address, and be signed in."""
        self.email, world = self.sender, self.world
        await world.account(self.email, self.phone)
        async with world.house.database.transaction() as tx:
            link = await access.make_sign_in_link(tx, self.email, world.clock(), "127.0.0.1")
            token = link and await access.use_sign_in_link(
                tx, link.token, world.clock(), remote_address="127.0.0.1", user_agent="bench"
            )
        if not token:
            raise Unsaid("nobody is signed in")
        settings = world.house.settings
        cookie = security.sign_in_cookie("driver", token, settings).value
        self.client.cookies.set(security.cookie_name("driver", settings), cookie or "")

    async def get(self, path: str) -> str:
        """Return a page as it is."""
        answer = await self.client.get(path)
        answer.raise_for_status()
        return answer.text

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form; return the page that it leads to."""
        answer = await self.client.post(path, data=fields)
        await self.world.rest()
        return answer

    async def begin_to_pay(self, code: str, rail: str = "card") -> str:
        """Choose a way to pay at an outlet; return the address of the provider's page."""
        answer = await self.client.post(f"/u/{code}/pay", data={"provider": rail}, follow_redirects=False)
        if answer.status_code != 303:
            raise Unsaid(f"the outlet's page does not let one pay: {answer.status_code} {words_of(answer.text)[:300]}")
        page = str(answer.headers["location"])
        if rail == "swish":  # our page leads into the app
            app = APP.search(await self.get(page))
            if app is None:
                raise Unsaid("the page does not lead into the app")
            return unescape(app[1])
        return page

    async def pay(self, code: str, card: str = "good", rail: str = "card") -> None:
        """Pay at an outlet; the page of the charge is then known."""
        if self.email and (card, rail) == ("good", "card"):
            begun = await self.client.post(f"/u/{code}/start", follow_redirects=False)
            if begun.status_code != 303:
                raise Unsaid(f"the account does not start: {words_of(begun.text)[:200]}")
            self.charge = path_of(begun.headers["location"])
            await self.world.rest()
            return
        page = await self.begin_to_pay(code, rail)
        await self.finish_paying(page, card, "approve" if rail == "swish" else "pay")

    async def finish_paying(self, page: str, card: str = "good", deed: str = "pay", code: str = "") -> None:
        """Do on the provider's page what `deed` says (`code`: how it fails there), and come back to the charge."""
        back = await self.client.post(page, data={"card": card, "do": deed, "code": code}, follow_redirects=False)
        if back.status_code >= 400:
            raise Unsaid(f"the provider's page answers {back.status_code}")
        await self.world.rest()
        self.charge = await self.world.newest_charge()
        await self.world.until("the payment is known", KNOWN if card == "good" and deed != "decline" else FAILED)
        await self.world.rest()

    async def close(self) -> None:
        await self.client.aclose()


@asynccontextmanager
async def no_card_service(world: World) -> AsyncIterator[None]:
    """Let the service for cards be a real one that gives no answer, for a while."""
    house, usual = world.house, world.house.settings
    house.settings = replace(usual, payment_provider="stripe")
    try:
        yield
    finally:
        house.settings = usual


def path_of(address: str) -> str:
    """Return the path of an address, whole or not."""
    return urlsplit(address).path


def words_of(page: str) -> str:
    """Return what a page says, without its marks."""
    body = page.partition("<main")[2] or page
    return re.sub(r"\s+", " ", unescape(TAG.sub(" ", body)).replace("\xa0", " ").replace("\u202f", " "))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def world_on(state_dir: Path, **chosen: Any) -> AsyncIterator[World]:
    """Yield a house that is served on loopback, with a price for everybody. `chosen` are settings."""
    settings = Settings(
        state_dir=state_dir, host="127.0.0.1", web_port=free_port(), ocpp_port=free_port(), operator_name="Bench",
        demo=True, sms_provider="sandbox", elks_addresses="127.0.0.1", phone_number=OURS,
        support_address=SUPPORT, support_lmtp_port=free_port(), support_mail_authority=AUTHORITY,
        stripe_api_key="sk_test_bench", stripe_api_base=f"http://127.0.0.1:{free_port()}", **chosen,  # nobody is there
    )  # fmt: skip
    turned: list[World] = []
    async with running.opened(settings, clock=lambda: turned[0].clock() if turned else system_clock()) as house:
        world = World(house)
        turned.append(world)
        tariff = Tariff(currency="SEK", components=(Component(dimension=Dimension.ENERGY, price=PRICE),))
        async with house.database.transaction() as tx:
            made = await tariffs.create(tx, ACTOR, "Bench", tariff, world.clock() - timedelta(days=90))
            await tariffs.choose(tx, ACTOR, made.tariff_id, world.clock() - timedelta(days=90))
        stop, ready = asyncio.Event(), asyncio.Event()

        async def opened(_house: House, _addresses: Any) -> None:
            ready.set()

        serving = asyncio.create_task(running.serve(house, ready=opened, stop=stop))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
        try:
            yield world
        finally:
            await world.clear()
            stop.set()
            await serving

"""A driver's whole way with money: a charger on a socket, the driver's own pages, the desk's, and a clock to turn.

The charge happens now; then the clock is turned to the days on which invoices are made and money moves. People are
signed in anew for each page: nobody stays signed in for a month.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from litestar import Litestar

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import SessionId, shown
from laddverk.kernel.time import system_clock
from laddverk.ledger import service as ledger
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.sessions import service as sessions
from laddverk.simulator.car import Car
from laddverk.tariffs.model import Component, Dimension, Tariff
from laddverk.web import security
from laddverk.web.app import create_app
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.integration.authorisation.test_reservations import is_free
from tests.integration.tariffs.test_currencies import apply
from tests.network import ACTOR, Network

PASSWORD = "kaffe traktor molnfri"
TAG = "04A1B2C3"
EMAIL, STAFF_EMAIL = "anna@example.com", "finance@example.com"
PRICE_MINOR = 40_00
RESTING = "SELECT count(*) = 0 FROM job WHERE run_at <= now() + interval '1 minute'"
PAYMENT = "SELECT id FROM payment WHERE purpose = $1"
MORNING = time(8)  # banks take files until noon


class Journey:
    """One driver, one desk, one charger."""

    def __init__(self, network: Network, app: Litestar) -> None:
        self.network, self.house, self.app = network, network.house, app
        self.ahead = timedelta()
        self._signed_in: dict[tuple[str, timedelta], httpx.AsyncClient] = {}
        self.house.clock = lambda: system_clock() + self.ahead

    def turn_to(self, day: date) -> None:
        """Let it be the morning of `day`."""
        zone = ZoneInfo(self.house.settings.timezone)
        self.ahead = datetime.combine(day, MORNING, zone) - system_clock()

    @property
    def today(self) -> date:
        return self.house.clock().astimezone(ZoneInfo(self.house.settings.timezone)).date()

    async def value(self, sql: str, *args: object) -> Any:
        return await self.network.value(sql, *args)

    def _browser(self, kind: str, token: str) -> httpx.AsyncClient:
        settings = self.house.settings
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url=settings.web_url,
            headers={"origin": settings.web_url, "accept-language": "en"}, cookies={"language": "en"},
        )  # fmt: skip
        cookie = security.sign_in_cookie(kind, token, settings).value
        client.cookies.set(security.cookie_name(kind, settings), cookie or "")
        return client

    async def driver(self) -> httpx.AsyncClient:
        """The driver's browser."""
        if ("driver", self.ahead) not in self._signed_in:
            async with self.house.database.transaction() as tx:
                link = await access.make_sign_in_link(tx, EMAIL, self.house.clock(), "127.0.0.1")
                assert link is not None
                token = await access.use_sign_in_link(tx, link.token, self.house.clock())
            assert token is not None
            self._signed_in["driver", self.ahead] = self._browser("driver", token)
        return self._signed_in["driver", self.ahead]

    async def desk(self) -> httpx.AsyncClient:
        """The browser of who keeps the books."""
        if ("operator", self.ahead) not in self._signed_in:
            async with self.house.database.transaction() as tx:
                found = await access.sign_in(tx, STAFF_EMAIL, PASSWORD, self.house.clock(), "127.0.0.1")
            assert found is not None
            self._signed_in["operator", self.ahead] = self._browser("operator", found.token)
        return self._signed_in["operator", self.ahead]

    async def reads(self, who: httpx.AsyncClient, path: str) -> str:
        """Open a page and return what it says."""
        answer = await who.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return plain(answer.text)

    async def says(self, who: httpx.AsyncClient, path: str, words: str) -> str:
        """Open a page until it says these words (a pattern), as somebody does who waits; return all that it says."""
        last = ""

        async def found() -> bool:
            nonlocal last
            last = await self.reads(who, path)
            return re.search(words, last) is not None

        try:
            await until(found)
        except AssertionError:
            raise AssertionError(f"{path} does not say {words}: {last}") from None
        return last

    async def sends(self, who: httpx.AsyncClient, path: str, **fields: str) -> str:
        """Send a form that is taken; return where it leads."""
        answer = await who.post(path, data=fields)
        assert answer.status_code == 303, f"{path}: {answer.status_code} {plain(answer.text)[:2000]}"
        return str(answer.headers["location"])

    async def charges(self) -> str:
        """Charge at the station by tag, for an hour; return the address of the charge on the driver's pages."""
        house = self.house
        async with charger_at(self.network, "CP1", Protocol.V201) as link:
            await until(lambda: is_free(self.network))
            link.charger.plug(1, Car(60_000, 11_000.0), house.clock())
            link.charger.present(1, TAG, house.clock())
            link.wake()
            await until(lambda: self.value("SELECT count(*) = 1 FROM session"))
            link.charger.advance(1, 3600.0, house.clock())
            link.charger.unplug(1, house.clock())
            link.wake()
            await until(lambda: self.value("SELECT bool_or(priced_at IS NOT NULL) FROM session"))
        session_id = SessionId(await self.value("SELECT id FROM session"))
        async with house.database.transaction() as tx:  # an hour in a moment is held until somebody has looked
            await sessions.approve(tx, ACTOR, session_id, house.clock(), "the clock is a test's")
        await self.rests()
        return f"/my/sessions/{shown('ses', session_id)}"

    async def makes_invoices(self) -> str:
        """Turn to the first day of the next month, and make the invoices of this one; return the invoice's id."""
        month = self.today.replace(day=1)
        self.turn_to((month + timedelta(days=32)).replace(day=1))
        answer = await (await self.desk()).post("/console/invoices/run", data={"month": f"{month:%Y-%m}"})
        assert answer.status_code == 200, plain(answer.text)
        await self.rests()
        return shown("inv", await self.value("SELECT id FROM invoice WHERE kind = 'invoice'"))

    async def strikes(self, *kinds: str) -> None:
        """Let clocks strike that run these jobs."""
        async with self.house.database.transaction() as tx:
            await enqueue(tx, [NewJob(kind, {}) for kind in kinds])
        await self.rests()

    async def rests(self) -> None:
        """All that was left to do is done; the ledger is sound."""
        self.house.worker.wake()
        await until(lambda: self.value(RESTING))
        async with self.house.database.transaction() as tx:
            assert (await ledger.check(tx)).sound

    async def payment(self, purpose: str = "invoice") -> str:
        """The address of the only payment for this at the desk."""
        return f"/console/payments/{shown('pay', await self.value(PAYMENT, purpose))}"

    async def compared(self) -> str:
        """Compare provider, bank and ledger; return what the page says."""
        desk = await self.desk()
        await self.sends(desk, "/console/reconciliation/compare")
        first = self.today - timedelta(days=90)
        return await self.reads(desk, f"/console/reconciliation?from={first}&to={self.today}")


def plain(text: str) -> str:
    """Return what a page says, without marks, in one line."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " "))


@asynccontextmanager
async def journey_on(database: Database, state_dir: Path, **chosen: Any) -> AsyncIterator[Journey]:
    """Yield a journey of a driver whose charges cost 40, in a network with these settings."""
    async with working(database, state_dir, **chosen) as network:
        await network.add_station("CP1")
        price = Component(dimension=Dimension.SESSION, price=Decimal(PRICE_MINOR) / 100)
        await apply(network, Tariff(currency=network.house.settings.currency, components=(price,)))
        await driver_with(network, TAG, email=EMAIL)
        async with database.transaction() as tx:
            staff = StaffDetails(email=STAFF_EMAIL, name="Finn", role=Role.ADMIN, language="en")
            await access.create_staff(tx, ACTOR, staff, PASSWORD, network.house.clock())
        yield Journey(network, create_app(network.house))

"""A network whose desk has a telephone: a simulated 46elks rings it through its web face."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from msgspec.structs import replace

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import DriverId, new_id
from laddverk.notices.sms import links
from laddverk.platform.database import Database
from laddverk.simulator.elks import Call, SimulatedElks
from laddverk.support.phone import desk
from laddverk.support.phone.model import State
from laddverk.web.app import create_app
from tests.network import ACTOR, Network, network_on

EVA = Actor("operator", new_id(), "Eva", PERMISSIONS[Role.SUPPORT], None)
HERS = "+46701234567"
OURS = "+46101234567"
SOFTPHONE = "+4600100001"
PACE = 0.03  # half a minute of listening in a second


@dataclass
class Desk:
    """A network, its carrier, and a browser that nobody is signed in with."""

    network: Network
    carrier: SimulatedElks
    client: httpx.AsyncClient

    def hook(self, what: str) -> str:
        """Return the path of one of our webhooks."""
        return links.address(self.network.house, what).removeprefix(self.network.house.settings.web_url)

    async def present(self, state: State | None = State.READY) -> None:
        """Somebody of ours takes calls."""
        async with self.network.house.database.transaction() as tx:
            await desk.be(tx, EVA, state, SOFTPHONE, self.network.house.clock())

    async def hears(self, call: Call, words: str) -> str:
        """Wait until a caller hears words; what was said in one piece."""
        await until(lambda: any(words in line.text for line in call.lines), lambda: said(call))
        return next(line.text for line in reversed(call.lines) if words in line.text)


def said(call: Call) -> str:
    """All that was said."""
    return "\n".join(f"{line.who}: {line.text}" for line in call.lines)


async def until(holds: Callable[[], bool], tell: Callable[[], str] = str) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(tell()) from None


async def a_driver(network: Network, phone: str = HERS) -> DriverId:
    """Somebody with an account, a number and a tag."""
    details = DriverDetails(email="ada@example.se", name="Ada Ek", phone=phone, language="en")
    async with network.house.database.transaction() as tx:
        made = await access.create_driver(tx, ACTOR, details, network.house.clock())
        await access.create_token(tx, ACTOR, NewToken(uid="ADA1", driver_id=made), network.house.clock())
    return made


@asynccontextmanager
async def desk_on(database: Database, state_dir: Path, pace: float = PACE, **chosen: object) -> AsyncIterator[Desk]:
    """Yield a network with a telephone."""
    async with network_on(
        database, state_dir, demo=True, sms_provider="sandbox", elks_addresses="127.0.0.1", phone_number=OURS, **chosen
    ) as network:
        await network.add_station("TST-1", connectors=2)
        transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
        base = network.house.settings.web_url
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:

            async def post(url: str, form: dict[str, str]) -> tuple[int, bytes]:
                answer = await client.post(url, data=form)
                return answer.status_code, answer.content

            async def get(url: str) -> tuple[int, bytes]:
                answer = await client.get(url)
                return answer.status_code, answer.content

            carrier = SimulatedElks(
                links.address(network.house, "call"), links.address(network.house, "text"), OURS, post, get, pace
            )
            network.house.settings = replace(network.house.settings, elks_url="http://elks.test")
            yield Desk(network, carrier, client)
            await carrier.close()

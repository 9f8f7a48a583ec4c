"""One request of a program: its actor, its transaction, the station it is about, and reading pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg
from litestar import Request
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import StationId, parsed
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.stations import queries as stations

InState = Annotated[str, QueryParameter(name="state")]
"""The query parameter `state`, under a name that the web framework does not keep for itself."""

UNSTORABLE: Final = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 500  # a page of sessions is then about 300 kB of JSON


@dataclass(slots=True)
class Asked:
    """What a handler of the API needs of its request."""

    house: House
    actor: Actor
    now: datetime

    @property
    def today(self) -> date:
        """The date at home."""
        return self.now.astimezone(ZoneInfo(self.house.settings.timezone)).date()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Yield a transaction; jobs that it leaves start at once when it is committed.

        A NUL, which JSON can hold and no text in PostgreSQL, is `Invalid` wherever it stands.
        """
        try:
            async with self.house.database.transaction() as tx:
                yield tx
        except UNSTORABLE:
            raise Invalid("The request holds a character that no text may hold (U+0000).") from None
        self.house.worker.wake()


Asking: TypeAlias = NamedDependency[Asked]
"""How a handler says that it takes what is known of its request."""


async def asked(request: Request[Any, Any, Any]) -> Asked:
    """Return what a handler needs of `request`, which `keys.authenticated` has let in."""
    house: House = request.app.state["house"]
    return Asked(house, request.state.actor, house.clock())


def checked_limit(limit: int, offset: int) -> int:
    """Return `limit`. Raises `Invalid` when it or `offset` is out of bounds."""
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid("The limit must be from 1 to %(max)s.", field="limit", max=LIMIT_MAX)
    if offset < 0:
        raise Invalid("The offset must not be negative.", field="offset")
    return limit


async def station_of(tx: Transaction, asked: Asked, station: str) -> stations.StationDetail:
    """Return a station that the key may see. Raises `NotFound`."""
    row = await stations.station(tx, asked.actor.site_ids, parsed("sta", station))
    if row is None:
        raise NotFound("There is no such station.")
    return row


async def station_id_of(tx: Transaction, asked: Asked, station: str) -> StationId:
    """Return the id of a station that the key may see. Raises `NotFound`."""
    return StationId((await station_of(tx, asked, station)).id)

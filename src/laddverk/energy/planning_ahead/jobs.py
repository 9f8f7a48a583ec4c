"""When plans are made: every ten minutes for each site that wants them; each night they look back.

The exchange's prices of their zones are asked for as those of tariffs are: a zone may be followed by a plan alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.energy.planning_ahead import looking_back, service, store, store_quarters, store_wishes
from laddverk.kernel.ids import SiteId
from laddverk.platform import jobs
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.tariffs import spot
from laddverk.tariffs.providers import chosen_source
from laddverk.tariffs.store_spot import Followed

KEPT: Final = timedelta(days=60)  # plans beside what came of them; a month and the one before
WISHES_KEPT: Final = timedelta(days=60)  # after the charge, for the look back; when people leave is theirs
QUARTERS_KEPT: Final = timedelta(days=400)  # a winter beside the one before
LOOK_BACK: Final = "energy.look_back_site"
EVERY: Final = (
    Every("energy.fetch_prices", timedelta(minutes=5)),
    Every("energy.plan_ahead", timedelta(minutes=10)),
    Every("energy.learn_levels", timedelta(days=1)),
    Every("energy.look_back", timedelta(hours=1)),
    Every("energy.forget_plans", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of plans by their kind."""

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store.drop_old(tx, house.clock() - KEPT)
        await store_wishes.drop_old(tx, house.clock() - WISHES_KEPT)
        await store_quarters.drop_old(tx, house.clock() - QUARTERS_KEPT)

    return {
        "energy.fetch_prices": _fetching(house),
        "energy.plan_ahead": _for_each(service.PLAN_SITE),
        "energy.learn_levels": _for_each(service.LEARN_LEVEL),
        "energy.look_back": _for_each(LOOK_BACK),
        LOOK_BACK: _at_site(house, looking_back.look_back),
        service.PLAN_SITE: _at_site(house, service.plan_site),
        service.LEARN_LEVEL: _at_site(house, service.learn),
        "energy.forget_plans": forget,
    }


def _fetching(house: House) -> Handler:
    source = chosen_source(house.settings)

    async def fetch_prices(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        zones = sorted({(one.area, one.tariff.currency) for one in await store.wishes(tx)})
        if source is not None and zones:
            await spot.fetch(tx, source, house.clock(), [Followed(*zone) for zone in zones])

    return fetch_prices


def _at_site(house: House, work: Callable[[Transaction, store.Wanted, datetime], Awaitable[object]]) -> Handler:
    async def at_site(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for payload in payloads:
            for wanted in await store.wishes(tx, SiteId(UUID(payload["site_id"]))):
                await work(tx, wanted, house.clock())

    return at_site


def _for_each(kind: str) -> Handler:
    """A job for each site: what is wrong at one holds up no other."""

    async def for_each(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await jobs.enqueue(tx, [service.soon(kind, one.site_id) for one in await store.wishes(tx)])

    return for_each

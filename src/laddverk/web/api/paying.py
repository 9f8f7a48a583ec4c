"""The API's ways to pay: what a driver has and chose, whose new starts wait and why, and exceptions with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import get, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, parsed, shown
from laddverk.kernel.money import by_currency
from laddverk.payments.ways import queries, service
from laddverk.payments.ways.model import Means
from laddverk.payments.ways.queries import HeldRow
from laddverk.payments.ways.service import Standing
from laddverk.platform.database import Transaction
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit
from laddverk.web.api.shapes import Page, page


class WayShown(Struct, frozen=True, kw_only=True):
    """One way to pay. `id` is wallet, bank, invoice, or that of a saved card or consent."""

    id: str
    provider: str
    brand: str
    last4: str
    works: bool
    stopped_code: str
    """Why it does not work: the bank's code, `not_enough` in the wallet, `waits_for_bank`, `frozen`."""


class Paying(Struct, frozen=True, kw_only=True):
    """How a driver pays."""

    driver_id: str
    first: str
    """The way that is used first; empty when there is none."""
    fallback: str
    at_once: bool
    """After each charge; else once a month, by the invoice."""
    gather_below_minor: int
    may_owe: bool
    starts_held: str
    """Why new starts wait: to_pay, overdue, too_much, no_way; empty when they do not."""
    may_start_until: datetime | None
    unpaid_minor: dict[str, int]
    """Charges that could not be debited and that no invoice takes, by currency."""
    ways: list[WayShown]


class WantedPaying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a driver is to pay from now on."""

    first: str
    fallback: str = ""
    at_once: bool = True
    gather_below_minor: int = 0


class WantedException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Until when a driver may start in spite of what is unpaid; null ends that."""

    until: datetime | None
    reason: str


class HeldDriver(Struct, frozen=True, kw_only=True):
    """A driver whose new starts wait for money."""

    driver_id: str
    name: str
    why: str
    since: datetime | None
    unpaid_minor: dict[str, int]
    """By currency."""


@get("/drivers/{driver:str}/paying", opt=needs(Permission.PAYMENTS_READ))
async def show_paying(asked: Asking, driver: FromPath[str]) -> Paying:
    """Show how one driver pays."""
    async with asked.transaction() as tx:
        return await _paying(tx, asked, DriverId(parsed("drv", driver)))


@put("/drivers/{driver:str}/paying", opt=needs(Permission.DRIVERS_WRITE))
async def choose(asked: Asking, driver: FromPath[str], data: JSONBody[WantedPaying]) -> Paying:
    """Choose how a driver pays. What was given up before is tried once more on the next day."""
    driver_id = DriverId(parsed("drv", driver))
    first = service.required_way(data.first)
    async with asked.transaction() as tx:
        await service.choose(
            tx,
            asked.house,
            asked.actor,
            driver_id,
            first,
            service.way_in(data.fallback, "fallback"),
            at_once=data.at_once,
            gather_below_minor=data.gather_below_minor,
            now=asked.now,
        )
        return await _paying(tx, asked, driver_id)


@put("/drivers/{driver:str}/may-start", opt=needs(Permission.DRIVERS_WRITE))
async def let_start(asked: Asking, driver: FromPath[str], data: JSONBody[WantedException]) -> Paying:
    """Let a driver start until an instant in spite of what is unpaid, with a reason."""
    driver_id = DriverId(parsed("drv", driver))
    async with asked.transaction() as tx:
        await service.let_start(tx, asked.house, asked.actor, driver_id, data.until, data.reason, asked.now)
        return await _paying(tx, asked, driver_id)


@get("/held-drivers", opt=needs(Permission.PAYMENTS_READ))
async def list_held(
    asked: Asking,
    why: FromQuery[str] = "",
    search: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[HeldDriver]:
    """List the drivers whose new starts wait for money, the latest first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.held(tx, why, search, limit=limit, offset=offset)
        total = await queries.count_held(tx, why, search)
    return page([_held(row) for row in rows], limit=limit, offset=offset, total=total)


async def _paying(tx: Transaction, asked: Asked, driver_id: DriverId) -> Paying:
    standing = await service.standing(tx, asked.house, driver_id, asked.now)
    return _shown(driver_id, standing)


def _shown(driver_id: DriverId, standing: Standing) -> Paying:
    choice = standing.choice
    return Paying(
        driver_id=shown("drv", driver_id),
        first=service.key_of(standing.first),
        fallback=service.key_of(choice.fallback),
        at_once=choice.at_once,
        gather_below_minor=choice.gather_below_minor,
        may_owe=standing.may_owe,
        starts_held=standing.held,
        may_start_until=choice.may_start_until,
        unpaid_minor=by_currency((each.currency, each.amount_minor) for each in standing.unpaid),
        ways=[_way(each) for each in standing.means],
    )


def _way(means: Means) -> WayShown:
    return WayShown(
        id=service.key_of(means.way),
        provider=means.provider,
        brand=means.brand,
        last4=means.last4,
        works=means.works,
        stopped_code=means.stopped_code,
    )


def _held(row: HeldRow) -> HeldDriver:
    return HeldDriver(
        driver_id=shown("drv", row.id), name=row.name, why=row.why, since=row.since, unpaid_minor=row.unpaid_minor
    )


HANDLERS: Final = [show_paying, choose, let_start, list_held]

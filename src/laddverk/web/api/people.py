"""The API's drivers and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from litestar import get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.access import queries
from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, TokenId, parsed
from laddverk.kernel.problems import NotFound
from laddverk.platform.database import Transaction
from laddverk.web.api import shapes
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, of, page


class DriverToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A driver to be entered."""

    email: str
    name: str
    phone: str = ""
    address: str = ""
    language: str = "sv"
    driver_group: str = ""
    settlement: str = "invoice"


class TokenToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A token to be entered."""

    uid: str
    driver_id: str | None = None
    label: str = ""
    kind: str = "rfid"
    """rfid, emaid (a contract of Plug & Charge), mac (Autocharge), central or keycode."""
    valid_until: datetime | None = None
    group_code: str = ""
    """Members of a group may stop each other's sessions."""
    is_master: bool = False
    """Stops any session and starts none."""


class Block(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether to block, and why."""

    blocked: bool
    reason: str


@get("/drivers", opt=needs(Permission.DRIVERS_READ))
async def list_drivers(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    group: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Driver]:
    """List drivers by name."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.drivers(tx, search, in_state, group, "name", limit=limit, offset=offset)
        total = await queries.count_drivers(tx, search, in_state, group)
    return page([of(shapes.Driver, row, "drv") for row in rows], limit=limit, offset=offset, total=total)


@post("/drivers", opt=needs(Permission.DRIVERS_WRITE))
async def make_driver(asked: Asking, data: JSONBody[DriverToMake]) -> shapes.Driver:
    """Enter a driver."""
    async with asked.transaction() as tx:
        new = NewDriver(**{name: getattr(data, name) for name in data.__struct_fields__})
        driver_id = await access.create_driver(tx, asked.actor, new, asked.now)
        return of(shapes.Driver, await _driver(tx, driver_id), "drv")


@get("/drivers/{driver:str}", opt=needs(Permission.DRIVERS_READ))
async def show_driver(asked: Asking, driver: FromPath[str]) -> shapes.Driver:
    """Show one driver."""
    async with asked.transaction() as tx:
        return of(shapes.Driver, await _driver(tx, DriverId(parsed("drv", driver))), "drv")


@put("/drivers/{driver:str}", opt=needs(Permission.DRIVERS_WRITE))
async def change_driver(asked: Asking, driver: FromPath[str], data: JSONBody[DriverToMake]) -> shapes.Driver:
    """Replace what is known of a driver."""
    driver_id = DriverId(parsed("drv", driver))
    async with asked.transaction() as tx:
        details = NewDriver(**{name: getattr(data, name) for name in data.__struct_fields__})
        await access.update_driver(tx, asked.actor, driver_id, details, asked.now)
        return of(shapes.Driver, await _driver(tx, driver_id), "drv")


@post("/drivers/{driver:str}/block", opt=needs(Permission.DRIVERS_WRITE), status_code=200)
async def block_driver(asked: Asking, driver: FromPath[str], data: JSONBody[Block]) -> shapes.Driver:
    """Block a driver, or let them charge again. A session that runs goes on."""
    driver_id = DriverId(parsed("drv", driver))
    async with asked.transaction() as tx:
        change = access.block_driver if data.blocked else access.unblock_driver
        await change(tx, asked.actor, driver_id, data.reason, asked.now)
        return of(shapes.Driver, await _driver(tx, driver_id), "drv")


@get("/tokens", opt=needs(Permission.DRIVERS_READ))
async def list_tokens(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    driver_id: FromQuery[str | None] = None,
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Token]:
    """List tokens by their uid."""
    checked_limit(limit, offset)
    driver = parsed("drv", driver_id, field="driver_id") if driver_id else None
    async with asked.transaction() as tx:
        rows = await queries.tokens(tx, search, in_state, asked.now, driver_id=driver, limit=limit + 1, offset=offset)
    return page([of(shapes.Token, row, "tok") for row in rows], limit=limit, offset=offset)


@post("/tokens", opt=needs(Permission.DRIVERS_WRITE))
async def make_token(asked: Asking, data: JSONBody[TokenToMake]) -> shapes.Token:
    """Enter a token. Its uid is kept in capitals without separators."""
    driver = DriverId(parsed("drv", data.driver_id, field="driver_id")) if data.driver_id else None
    async with asked.transaction() as tx:
        new = NewToken(
            uid=data.uid,
            driver_id=driver,
            label=data.label,
            kind=data.kind,
            valid_until=data.valid_until,
            group_code=data.group_code,
            is_master=data.is_master,
        )
        token_id = await access.create_token(tx, asked.actor, new, asked.now)
        return of(shapes.Token, await _token(tx, token_id), "tok")


@post("/tokens/{token:str}/block", opt=needs(Permission.DRIVERS_WRITE), status_code=200)
async def block_token(asked: Asking, token: FromPath[str], data: JSONBody[Block]) -> shapes.Token:
    """Block a token, or let it work again."""
    token_id = TokenId(parsed("tok", token))
    async with asked.transaction() as tx:
        change = access.block_token if data.blocked else access.unblock_token
        await change(tx, asked.actor, token_id, data.reason, asked.now)
        return of(shapes.Token, await _token(tx, token_id), "tok")


async def _driver(tx: Transaction, driver_id: DriverId) -> queries.DriverRow:
    row = await queries.driver(tx, driver_id)
    if row is None:
        raise NotFound("There is no such driver.")
    return row


async def _token(tx: Transaction, token_id: TokenId) -> queries.TokenRow:
    row = await queries.token(tx, token_id)
    if row is None:
        raise NotFound("There is no such token.")
    return row


HANDLERS: Final = [
    list_drivers,
    make_driver,
    show_driver,
    change_driver,
    block_driver,
    list_tokens,
    make_token,
    block_token,
]

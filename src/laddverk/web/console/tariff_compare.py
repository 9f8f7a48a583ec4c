"""Tariffs, or versions of one, side by side: a day of each in one picture, the same sessions, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import TariffId, shown
from laddverk.kernel.problems import Problem
from laddverk.platform.database import Transaction
from laddverk.tariffs import explaining, queries, rules, spot
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.day import Quarter, quarters
from laddverk.tariffs.model import Priced, Tariff
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.tariff_more import priced_or_none
from laddverk.web.console.tariff_picture import SidePicture, side_by_side
from laddverk.web.console.tariffs import EXAMPLES, PREVIEW_POWER_W, Example, charge_of, day_of, tariff_page
from laddverk.web.visit import named

SIDES_MAX: Final = 4  # lines in one picture that can still be told apart
EXAMPLE_DAYS: Final = timedelta(days=14)  # examples are sessions of the week before


class Side(Struct, frozen=True, kw_only=True):
    """One of those that are compared."""

    key: str
    """`tar_…`, or `tar_…~3` for its third version."""
    name: str
    tariff_id: UUID
    number: int
    is_newest: bool
    body: Tariff
    rows: list[tuple[str, str, str | None]]
    """Its prices in words."""


class Compared(Struct, frozen=True):
    """What one session costs under each; `cheapest` are the places of the lowest prices."""

    example: Example
    prices: list[Priced | None]
    cheapest: frozenset[int]


class Difference(Struct, frozen=True):
    """One price of two versions: taken away, or new."""

    is_new: bool
    what: str
    price: str
    when: str | None


async def sides_asked(desk: Desk, tx: Transaction) -> list[Side]:
    """Return what the query's fields `t` ask for, in their order, each once and no more than can be told apart."""
    sides: list[Side] = []
    for key in dict.fromkeys(value for name, value in desk.request.query_params.multi_items() if name == "t" and value):
        identity, _, number = key.partition("~")
        row: queries.TariffRow = found(await queries.tariff(tx, desk.sites, named("tar", identity)))
        if row.body is None or row.number is None:
            continue
        body, at = row.body, row.number
        if number:
            versions = {str(each.number): each for each in await queries.versions(tx, row.id)}
            version: queries.VersionRow = found(versions.get(number))
            body, at = version.body, version.number
        sides.append(
            Side(
                key=key, name=row.name, tariff_id=row.id, number=at, is_newest=at == row.number, body=body,
                rows=explaining.tariff_rows(body, desk.language),
            )
        )  # fmt: skip
        if len(sides) == SIDES_MAX:
            break
    return sides


async def compared(desk: Desk, tx: Transaction, sides: Sequence[Side], day: date) -> tuple[Any, list[Compared]]:
    """Return the picture of a day and what the examples cost under each; None for what is not known."""
    zone = desk.house.settings.timezone
    start = min(desk.midnight(day), desk.midnight(desk.today - EXAMPLE_DAYS))
    end = max(desk.midnight(day + timedelta(days=1)), desk.now)
    spots = [await spot.examples_for(tx, side.body, start, end) for side in sides]
    days = [_quarters(side.body, day, zone, its) for side, its in zip(sides, spots, strict=True)]
    charges = [(example, charge_of(example, desk.today, zone)) for example in EXAMPLES]
    table = []
    for example, charge in charges:
        prices = [priced_or_none(side.body, charge, its) for side, its in zip(sides, spots, strict=True)]
        known = [each.amount_minor for each in prices if each is not None]
        least = min(known, default=None)
        cheapest = {n for n, each in enumerate(prices) if each is not None and each.amount_minor == least}
        table.append(Compared(example, prices, frozenset(cheapest) if len(set(known)) > 1 else frozenset()))
    return side_by_side(days, day, zone), table


def _quarters(tariff: Tariff, day: date, zone: str, spots: rules.Spots) -> list[Quarter]:
    return quarters(tariff, day, zone, PREVIEW_POWER_W, spots)


def differences(before: Side, after: Side) -> list[Difference]:
    """Return which prices were taken away and which are new between two versions, in words."""
    gone = [row for row in before.rows if row not in after.rows]
    new = [row for row in after.rows if row not in before.rows]
    return [Difference(False, *row) for row in gone] + [Difference(True, *row) for row in new]


@get("/console/tariffs/compare", opt={NEEDS: Permission.TARIFFS_READ})
async def compare(desk: AtDesk) -> Response[str]:
    """Some tariffs, or versions of one, beside each other."""
    day = day_of(desk)
    picture: SidePicture | None = None
    table: list[Compared] = []
    async with desk.transaction() as tx:
        sides = await sides_asked(desk, tx)
        rows = await queries.tariffs(tx, desk.sites)
        one_currency = len({side.body.currency for side in sides}) <= 1
        if sides and one_currency:
            picture, table = await compared(desk, tx, sides, day)
    two_versions = len(sides) == 2 and sides[0].tariff_id == sides[1].tariff_id
    return desk.page(
        "console/tariffs/compare.html",
        sides=sides,
        picture=picture,
        table=table,
        day=day,
        day_before=day - timedelta(days=1),
        day_after=day + timedelta(days=1),
        one_currency=one_currency,
        changes=differences(sides[0], sides[1]) if two_versions else None,
        choices=[(shown("tar", row.id), row.name) for row in rows if row.body is not None],
        sides_max=SIDES_MAX,
    )


@post("/console/tariffs/{tariff_id:str}/restore", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=303)
async def restore(desk: AtDesk, tariff_id: FromPath[str]) -> Response[Any]:
    """Let an earlier version apply again: its prices become the newest version."""
    form = await desk.form()
    identity = TariffId(named("tar", tariff_id))
    number = form.get("version", "")
    path = f"/console/tariffs/{shown('tar', identity)}"
    try:
        async with desk.transaction() as tx:
            found(await queries.tariff(tx, desk.sites, identity))
            version = await tariffs.restore(
                tx, desk.actor, identity, int(number) if number.isdecimal() and len(number) < 6 else 0, desk.now,
                form.get("reason", ""),
            )  # fmt: skip
    except Problem as problem:
        if problem.status == 404:
            raise
        return await tariff_page(desk, tariff_id, desk.errors(problem), problem.status)
    return desk.go(
        path, desk.words("Version %(number)s applies to sessions that start from now on.", number=version.number)
    )


ROUTES: Final = [compare, restore]

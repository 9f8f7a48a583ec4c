"""Who is invoiced for a driver: the driver, or a company or person of other name."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries
from laddverk.invoicing import buyers
from laddverk.invoicing.buyers import BuyerFacts
from laddverk.invoicing.model import PAYMENT_TERM_DAYS
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named


@get("/console/drivers/{driver_id:str}/buyer", opt={NEEDS: Permission.DRIVERS_READ})
async def show_buyer(desk: AtDesk, driver_id: FromPath[str]) -> Response[str]:
    """Who is invoiced for a driver."""
    return await _page(desk, driver_id, None, {})


async def _page(
    desk: Desk, driver_id: str, values: dict[str, str] | None, errors: dict[str, str], status: int = 200
) -> Response[str]:
    async with desk.transaction() as tx:
        driver: queries.DriverRow = found(await queries.driver(tx, named("drv", driver_id)))
        facts = await buyers.buyer(tx, DriverId(driver.id))
    if values is None:
        kept = facts or BuyerFacts(name=driver.name, address=driver.address)
        values = {name: str(value if value is not None else "") for name, value in _plain(kept).items()}
    return desk.page(
        "console/drivers/buyer.html",
        status=status,
        driver=driver,
        is_other=facts is not None,
        values=values,
        errors=errors,
        terms_days=PAYMENT_TERM_DAYS,
    )


def _plain(facts: BuyerFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in BuyerFacts.__struct_fields__}


@post("/console/drivers/{driver_id:str}/buyer", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def save_buyer(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Invoice another buyer for a driver from now on, or the driver again."""
    form = await desk.form()
    identity = DriverId(named("drv", driver_id))
    try:
        async with desk.transaction() as tx:
            if form.get("kind") == "driver":
                await buyers.forget(tx, desk.actor, identity, desk.now)
            else:
                await buyers.save(tx, desk.actor, identity, _facts(form), desk.now)
    except Problem as problem:
        return await _page(desk, driver_id, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/drivers/{shown('drv', identity)}", desk.words("The changes are saved."))


def _facts(form: dict[str, str]) -> BuyerFacts:
    days = form.get("terms_days", "")
    if days and not (days.isascii() and days.isdigit() and len(days) < 4):
        raise Invalid("Give 0 to %(max)s days.", field="terms_days", max=buyers.TERMS_MAX_DAYS)
    texts = {name: form.get(name, "") for name in BuyerFacts.__struct_fields__ if name != "terms_days"}
    return BuyerFacts(**texts, terms_days=int(days) if days else None)


ROUTES: Final = [show_buyer, save_buyer]

"""What drivers say of a charge that runs: when they leave, how much they need, whether they ask to come first."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, post
from litestar.params import FromPath

from laddverk.energy.planning_ahead import store_wishes, wishing
from laddverk.energy.planning_ahead.store_wishes import Charge
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.web.portal import account, charging
from laddverk.web.visit import Visit, Visiting

CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
ENERGY: Final = re.compile(r"\d{1,4}([.,]\d{1,3})?")


@post("/s/{token:str}/wish", status_code=200)
async def wish(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Keep what a driver says at the address of a charge; what cannot be is named at its field."""
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            found = await charging.found_charge(tx, token, visit)
            if found.session is None:
                raise Conflict("The charge has not begun yet.")
            charge = await _tell(tx, rule("driver's live page"), found.session.id, form, visit.now)
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return await charging.charge_page(visit, token, problem=problem, values=form)
    return _kept(visit, charge, f"/s/{token}")


@post("/my/sessions/{session:str}/wish", status_code=200)
async def wish_of_own(visit: Visiting, session: FromPath[str]) -> Response[Any]:
    """Keep what a signed-in driver says of their own charge, however it was started."""
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            own = await account.own_session(tx, visit, session)
            charge = await _tell(tx, visit.actor, own.id, form, visit.now)
    except (Conflict, Invalid) as problem:
        return await account.session_page(visit, session, problem=problem, values=form)
    return _kept(visit, charge, f"/my/sessions/{session}")


async def _tell(tx: Transaction, actor: Actor, session_id: UUID, form: dict[str, str], now: datetime) -> Charge:
    charge = await store_wishes.charge(tx, session_id)
    if charge is None:
        raise NotFound("There is no such charge.")
    await wishing.tell(
        tx, actor, session_id, now, departs_at=_departs_at(form.get("departs", ""), now, charge.timezone),
        energy_wh=_energy_wh(form.get("energy", "")), asks_priority="priority" in form,
    )  # fmt: skip
    return charge


def _kept(visit: Visit, charge: Charge, back: str) -> Response[Any]:
    visit.house.hints.publish([f"station:{charge.station_id}"])
    return visit.go(back, visit.words("Thank you. The charge is planned by what you said."))


def _departs_at(text: str, now: datetime, zone: str) -> datetime | None:
    """Return the next instant at which clocks there show `text`; None where nothing was written."""
    if not text:
        return None
    found = CLOCK.fullmatch(text)
    if found is None:
        raise Invalid("Give a time, such as 07:15.", field="departs")
    here = now.astimezone(ZoneInfo(zone))
    at = here.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    return at if at > here else at + timedelta(days=1)


def _energy_wh(text: str) -> int | None:
    """Return an amount of energy written in kWh; None where nothing was written."""
    if not text:
        return None
    if not ENERGY.fullmatch(text):
        raise Invalid("Give a number, such as 10 or 7,5.", field="energy")
    return round(float(text.replace(",", ".")) * 1000)


HANDLERS: Final = [wish, wish_of_own]

"""What drivers say of a charge that runs: when they leave, how much they need, whether they ask to come first."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, post
from litestar.params import FromPath

from laddverk.energy.planning_ahead import store_wishes, wishing
from laddverk.kernel.actors import rule
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Problem
from laddverk.web.portal import charging
from laddverk.web.visit import Visiting

CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
ENERGY: Final = re.compile(r"\d{1,4}([.,]\d{1,3})?")


@post("/s/{token:str}/wish", status_code=200)
async def wish(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Keep what a driver says; what cannot be is named at its field."""
    form = await visit.form()
    try:
        async with visit.transaction() as tx:
            found = await charging.found_charge(tx, token, visit)
            if found.session is None:
                raise Conflict("The charge has not begun yet.")
            charge = await store_wishes.charge(tx, found.session.id)
            if charge is None:
                raise NotFound("There is no such charge.")
            await wishing.tell(
                tx, rule("driver's live page"), charge.session_id, visit.now,
                departs_at=_departs_at(form.get("departs", ""), visit.now, charge.timezone),
                energy_wh=_energy_wh(form.get("energy", "")), asks_priority="priority" in form,
            )  # fmt: skip
    except Problem as problem:
        if isinstance(problem, NotFound):
            raise
        return await charging.charge_page(visit, token, problem=problem, values=form)
    visit.house.hints.publish([f"station:{found.start_request.station_id}"])
    return visit.go(f"/s/{token}", visit.words("Thank you. The charge is planned by what you said."))


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


HANDLERS: Final = [wish]

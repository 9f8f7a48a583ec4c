"""A driver's reservations: made from the page of an outlet, seen and let go; and all that is known of the driver."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.enums import MediaType
from litestar.params import FromPath

from laddverk.authorisation import queries
from laddverk.authorisation import service as authorisation
from laddverk.authorisation.model import Wish
from laddverk.kernel.ids import ReservationId, parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.languages import marked
from laddverk.sessions import driver_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web import driver_data
from laddverk.web.portal.account import signed_in
from laddverk.web.portal.start import outlet_page
from laddverk.web.visit import Visiting

SHOWN: Final = 20
STATES: Final = {
    "asked": ("wait", marked("asked for")),
    "held": ("info", marked("held for you")),
    "used": ("done", marked("used")),
    "expired": ("off", marked("expired")),
    "cancelled": ("off", marked("cancelled")),
    "removed": ("broken", marked("given up by the charger")),
    "refused": ("broken", marked("the charger could not")),
}


@get("/my/reservations")
async def list_reservations(visit: Visiting) -> Response[str]:
    """Show what is kept for the driver, and what became of earlier reservations."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        wanted = queries.ReservationFilter(driver_id=driver_id)
        rows = await queries.reservations(tx, None, wanted, limit=SHOWN)
    words = {state: (tone, visit.words(word)) for state, (tone, word) in STATES.items()}
    return visit.page("portal/my_reservations.html", rows=rows, states=words)


@post("/u/{code:str}/reserve")
async def reserve(visit: Visiting, code: FromPath[str]) -> Response[Any]:
    """Ask the charger to keep the outlet for the signed-in driver."""
    if visit.actor.kind != "driver":
        return visit.go(f"/sign-in?next=/u/{quote(code)}")
    driver_id = signed_in(visit)
    form = await visit.form()
    try:
        minutes = form.get("minutes", "")
        if not minutes.isascii() or not minutes.isdigit() or len(minutes) > 3:
            raise Invalid("Choose for how long.", field="minutes")
        async with visit.transaction() as tx:
            found = await driver_queries.outlet(tx, code)
            if found is None:
                raise NotFound(
                    "There is no outlet with this code.", remedy="Look once more at the sticker, or scan it."
                )
            wish = Wish(
                station_id=found.station_id, evse_number=found.evse_number, driver_id=driver_id, minutes=int(minutes)
            )
            await authorisation.reserve(tx, visit.actor, wish, visit.now)
    except Problem as problem:
        return await outlet_page(visit, code, problem=problem)
    visit.house.hints.publish([COMMANDS_TOPIC, f"station:{found.station_id}"])
    return visit.go("/my/reservations", visit.words("The charger is asked to keep the outlet."))


@post("/my/reservations/{reservation:str}/cancel")
async def cancel(visit: Visiting, reservation: FromPath[str]) -> Response[Any]:
    """Let go what is kept for the driver."""
    signed_in(visit)
    async with visit.transaction() as tx:
        await authorisation.cancel(tx, visit.actor, ReservationId(parsed("rsv", reservation)), visit.now)
    visit.house.hints.publish([COMMANDS_TOPIC])
    return visit.go("/my/reservations", visit.words("The charger is asked to let the outlet go."))


@post("/my/data.json", status_code=200)
async def download_data(visit: Visiting) -> Response[bytes]:
    """Hand out all that is known of the driver."""
    driver_id = signed_in(visit)
    async with visit.transaction() as tx:
        content = await driver_data.all_of(tx, visit.actor, driver_id, visit.now, visit.today)
    headers = {"content-disposition": 'attachment; filename="laddverk.json"'}
    return Response(content, media_type=MediaType.JSON, headers=headers)


HANDLERS: Final = [list_reservations, reserve, cancel, download_data]

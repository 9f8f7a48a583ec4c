"""Reservations in the whole network, and letting one go."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.authorisation import queries
from laddverk.authorisation import service as authorisation
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import ReservationId, shown
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web import spreadsheets
from laddverk.web.console import authorisation_words as own_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named


def _wanted(desk: Desk, search: str) -> queries.ReservationFilter:
    driver = desk.asked("driver")
    return queries.ReservationFilter(
        search=search, state=desk.asked("state"), driver_id=named("drv", driver) if driver else None
    )


@get("/console/reservations", opt={NEEDS: Permission.STATIONS_READ})
async def list_reservations(desk: AtDesk) -> Response[str]:
    """Which outlets are kept for whom, and what became of earlier reservations."""
    listing = desk.listing("created")
    wanted = _wanted(desk, listing.search)
    async with desk.transaction() as tx:
        return desk.page(
            "console/authorisation/reservations.html",
            rows=await queries.reservations(tx, desk.sites, wanted, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_reservations(tx, desk.sites, wanted),
            listing=listing,
            own_words=own_words,
        )


@get("/console/reservations.csv", opt={NEEDS: Permission.DRIVERS_READ})
async def export_reservations(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    async with desk.transaction() as tx:
        rows = await queries.reservations(
            tx, desk.sites, _wanted(desk, desk.listing("created").search), limit=spreadsheets.ROWS_MAX
        )
    return spreadsheets.answer(
        "reservations",
        (
            "number", "state", "station", "site", "evse", "driver", "tag", "created_at", "expires_at", "ended_at",
            "no_show",
        ),
        [
            (
                row.number, row.state, row.station_name, row.site_name, row.evse_number, row.driver_name, row.token_uid,
                row.created_at, row.expires_at, row.ended_at, row.no_show,
            )
            for row in rows
        ],
    )  # fmt: skip


@post("/console/reservations/{reservation_id:str}/cancel", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=303)
async def cancel_reservation(desk: AtDesk, reservation_id: FromPath[str]) -> Response[Any]:
    """Let an outlet go that is kept for somebody."""
    form = await desk.form()
    async with desk.transaction() as tx:
        row: queries.ReservationRow = found(await queries.reservation(tx, desk.sites, named("rsv", reservation_id)))
        await authorisation.cancel(tx, desk.actor, ReservationId(row.id), desk.now, reason=form.get("reason", ""))
    desk.tell(COMMANDS_TOPIC, f"station:{row.station_id}")
    back = f"/console/stations/{shown('sta', row.station_id)}/access" if form.get("at") else "/console/reservations"
    return desk.go(back, desk.words("The charger is asked to let the outlet go."))


ROUTES: Final = [list_reservations, export_reservations, cancel_reservation]

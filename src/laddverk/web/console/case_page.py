"""The page of a case: who, what is wrong, the charger now, and everything said and done on one timeline."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath

from laddverk.diagnostics.incidents import queries as incidents_queries
from laddverk.kernel.actors import Permission
from laddverk.platform.database import Transaction
from laddverk.support import queries
from laddverk.web.console import cases
from laddverk.web.console.cases import PLACE, READ
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.live import Parts
from laddverk.web.visit import named

LIVE_PARTS: Final = ("state", "sentence", "wrong", "charger", "timeline")


@get(f"{PLACE}/{{case_id:str}}", opt=READ)
async def show_case(desk: AtDesk, case_id: FromPath[str]) -> Response[str]:
    """One case: who, what is wrong, the charger now, and everything said and done on one timeline."""
    return await page(desk, named("cas", case_id), {}, {})


async def _facts(desk: Desk, tx: Transaction, identity: UUID) -> dict[str, Any]:
    row = found(await queries.case(tx, desk.sites, identity))
    incident = row.of_incident_id and await incidents_queries.incident(tx, desk.sites, row.of_incident_id)
    return {
        "case": row,
        "entries": await queries.timeline(tx, identity),
        "charger": await queries.charger(tx, row.station_id) if row.station_id else None,
        "outlets": await queries.outlets(tx, row.station_id) if row.station_id else [],
        "incident": incident,
        "affected": await incidents_queries.drivers_affected(tx, incident.id) if incident else 0,
        "place": cases.href(identity),
        **cases.words_of(desk),
    }


async def page(
    desk: Desk, identity: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    """Return the page of a case, with what was entered and what is wrong with it."""
    async with desk.transaction() as tx:
        given = await _facts(desk, tx, identity)
        staff = await queries.staff(tx)
    return desk.page("console/cases/detail.html", status=status, staff=staff, values=values, errors=errors, **given)


async def live_parts(desk: Desk, shown_id: str) -> Parts:
    """Return the parts of a case's page that change by themselves, for who may read cases."""
    desk.actor.require(Permission.CASES_READ)
    async with desk.transaction() as tx:
        given = await _facts(desk, tx, named("cas", shown_id))
    return {f"case-{name}": desk.template(f"console/cases/_{name}.html", **given) for name in LIVE_PARTS}


async def topics_of(desk: Desk, shown_id: str) -> list[str]:
    """Return what is said when something happens to the problem that a case belongs to, or to its charger."""
    desk.actor.require(Permission.CASES_READ)
    async with desk.transaction() as tx:
        row = found(await queries.case(tx, desk.sites, named("cas", shown_id)))
    about = {"incident": row.of_incident_id, "station": row.station_id}
    return [f"{topic}:{identity}" for topic, identity in about.items() if identity]


ROUTES: Final = [show_case]

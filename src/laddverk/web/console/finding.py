"""One search for everything: what is typed at the top leads to the things it may mean."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from laddverk.access import queries as access_queries
from laddverk.invoicing import queries as invoicing_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed
from laddverk.kernel.problems import Invalid
from laddverk.sessions import queries as sessions_queries
from laddverk.stations import queries as stations_queries
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.office import LINKS

FOUND_MAX: Final = 8  # of each kind; a longer list is a search on the list itself


@get("/console/search", opt={NEEDS: Permission.STATIONS_READ})
async def search(desk: AtDesk) -> Response[Any]:
    """Lead to the thing whose id was typed, else list what the words may mean."""
    text = desk.asked("q").strip()[:100]
    direct = place_of(text)
    if direct:
        return desk.go(direct)
    found: dict[str, list[Any]] = {
        "stations": [],
        "sites": [],
        "sessions": [],
        "drivers": [],
        "tokens": [],
        "invoices": [],
    }
    if text:
        found |= await _found(desk, text)
    return desk.page("console/search.html", text=text, found=found)


def place_of(text: str) -> str | None:
    """Return the page of the thing that `text` is the prefixed id of, or None."""
    for prefix, path in LINKS.values():
        if text.startswith(f"{prefix}_"):
            try:
                return f"{path}{prefix}_{parsed(prefix, text).hex}"
            except Invalid:
                return None
    return None


async def _found(desk: Desk, text: str) -> dict[str, list[Any]]:
    people = desk.may(Permission.DRIVERS_READ)
    async with desk.transaction() as tx:
        return {
            "stations": await stations_queries.stations(
                tx, desk.sites, stations_queries.StationFilter(search=text, with_retired=True), limit=FOUND_MAX
            ),
            "sites": (await stations_queries.sites(tx, desk.sites, text))[:FOUND_MAX],
            "sessions": await sessions_queries.sessions(
                tx, desk.sites, sessions_queries.SessionFilter(search=text, people=people), limit=FOUND_MAX
            )
            if desk.may(Permission.SESSIONS_READ)
            else [],
            "drivers": await access_queries.drivers(tx, text, "", "", "name", limit=FOUND_MAX) if people else [],
            "tokens": await access_queries.tokens(tx, text, "", desk.now, limit=FOUND_MAX) if people else [],
            "invoices": await invoicing_queries.invoices(tx, desk.today, text, limit=FOUND_MAX)
            if desk.may(Permission.INVOICES_READ)
            else [],
        }


ROUTES: Final = [search]

"""One search for everything: what is typed at the top leads to the things it may mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from litestar import Response, get
from msgspec import Struct

from laddverk.access import queries as access_queries
from laddverk.access.queries import DriverRow
from laddverk.invoicing import queries as invoicing_queries
from laddverk.invoicing.queries import InvoiceRow
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import parsed, shown
from laddverk.kernel.problems import Invalid
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.sessions import queries as sessions_queries
from laddverk.sessions.queries import SessionFilter, SessionRow
from laddverk.stations import queries as stations_queries
from laddverk.stations.queries import StationRow
from laddverk.support.finding import looking
from laddverk.support.finding.looking import Hit
from laddverk.web.console import cases
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.office import LINKS

PLACES: Final = {
    "driver": ("drv", "/console/drivers/"),
    "token": ("drv", "/console/drivers/"),
    "session": ("ses", "/console/sessions/"),
    "station": ("sta", "/console/stations/"),
    "site": ("sit", "/console/sites/"),
    "payment": ("pay", "/console/payments/"),
    "invoice": ("inv", "/console/invoices/"),
    "case": ("cas", "/console/cases/"),
}
KINDS: Final = {
    "driver": marked("Driver"),
    "token": marked("Tag"),
    "session": marked("Session"),
    "station": marked("Charger"),
    "site": marked("Site"),
    "payment": marked("Payment"),
    "invoice": marked("Invoice"),
    "case": marked("Case"),
}
FOUND_MAX: Final = 8  # of each kind; a longer list is a search on the list itself
OF_EACH: Final = 3  # chargers and drivers whose latest sessions and invoices are shown: who means one types more


class Found(Struct, frozen=True, kw_only=True):
    """Something that was found, as the page shows it."""

    hit: Hit
    said: str
    """By what it was found."""
    href: str
    case: str
    """Where a case about it is opened."""

    @property
    def word(self) -> str:
        """What kind of thing it is, to be translated."""
        return KINDS[self.hit.kind]


@get("/console/search", opt={NEEDS: Permission.STATIONS_READ})
async def search(desk: AtDesk) -> Response[Any]:
    """Lead to the thing whose id was typed, else list what the words may mean."""
    text = desk.asked("q").strip()[:100]
    direct = place_of(text)
    if direct and not desk.wants_part:
        return desk.go(direct)
    async with desk.transaction() as tx:
        hits = await looking.find(tx, desk.actor, text, desk.now, desk.house.settings.timezone) if text else []
    shown_hits = [Found(hit=hit, said=said_of(desk, hit), href=href_of(hit), case=case_of(desk, hit)) for hit in hits]
    if desk.wants_part:
        return desk.part(desk.template("console/_found.html", hits=shown_hits, text=text, direct=direct))
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
    return desk.page("console/search.html", text=text, found=found, hits=shown_hits)


def place_of(text: str) -> str | None:
    """Return the page of the thing that `text` is the prefixed id of, or None."""
    for prefix, path in (*LINKS.values(), PLACES["case"]):
        if text.startswith(f"{prefix}_"):
            try:
                return f"{path}{prefix}_{parsed(prefix, text).hex}"
            except Invalid:
                return None
    return None


async def _found(desk: Desk, text: str) -> dict[str, list[Any]]:
    """Return what the words may stand on, a few of each kind, and the latest sessions and invoices of these."""
    people = desk.may(Permission.DRIVERS_READ)
    async with desk.transaction() as tx, tx.planned_each():
        stations = await stations_queries.found(tx, desk.sites, text, limit=FOUND_MAX)
        drivers = await access_queries.drivers_named(tx, text, limit=FOUND_MAX) if people else []
        return {
            "stations": stations,
            "sites": (await stations_queries.site_names(tx, desk.sites, text))[:FOUND_MAX],
            "sessions": await _sessions(desk, tx, stations, drivers) if desk.may(Permission.SESSIONS_READ) else [],
            "drivers": drivers,
            "tokens": await access_queries.tokens_beginning(tx, text, limit=FOUND_MAX) if people else [],
            "invoices": await _invoices(desk, tx, drivers) if desk.may(Permission.INVOICES_READ) else [],
        }


async def _sessions(
    desk: Desk, tx: Transaction, stations: Sequence[StationRow], drivers: Sequence[DriverRow]
) -> list[SessionRow]:
    """Return the latest sessions of the first chargers and drivers that were found."""
    wanted = [SessionFilter(station_id=one.id) for one in stations[:OF_EACH]]
    wanted += [SessionFilter(driver_id=one.id) for one in drivers[:OF_EACH]]
    rows = [row for one in wanted for row in await sessions_queries.sessions(tx, desk.sites, one, limit=FOUND_MAX)]
    latest = sorted({row.id: row for row in rows}.values(), key=lambda row: row.started_at, reverse=True)
    return latest[:FOUND_MAX]


async def _invoices(desk: Desk, tx: Transaction, drivers: Sequence[DriverRow]) -> list[InvoiceRow]:
    """Return the latest invoices of the first drivers that were found. Numbers are found before, by their own index."""
    rows = [row for one in drivers[:OF_EACH] for row in await invoicing_queries.invoices_of(tx, desk.today, one.id)]
    return sorted(rows, key=lambda row: row.issued_at, reverse=True)[:FOUND_MAX]


def href_of(hit: Hit) -> str:
    """Return the page of what was found."""
    if hit.kind == "token" and hit.driver_id is None:
        return f"/console/tokens?q={quote(hit.title)}"
    prefix, path = PLACES[hit.kind]
    return f"{path}{shown(prefix, hit.id)}"


def case_of(desk: Desk, hit: Hit) -> str:
    """Return where a case about it is opened, filled in with what is known; empty for who may not."""
    if hit.kind == "case" or not desk.may(Permission.CASES_WRITE):
        return ""
    about = {"driver": hit.driver_id, "session": hit.session_id, "payment": hit.payment_id, "station": hit.station_id}
    known = [f"{name}={shown(cases.ABOUT[name], each)}" for name, each in about.items() if each is not None]
    return "/console/cases/new?" + "&".join(known) if known else ""


def said_of(desk: Desk, hit: Hit) -> str:
    """Return by what it was found: `Card •••• 4242, 98,50 kr, 21 nov. 2026`."""
    if hit.by != looking.BY_CARD:
        return desk.words(hit.by, value=hit.value)
    zone = desk.house.settings.timezone
    parts = [
        f"•••• {hit.last4}" if hit.last4 else "",
        formats.money(hit.amount_minor, hit.currency or "SEK", desk.language) if hit.amount_minor else "",
        formats.local_date(hit.at, zone, language=desk.language) if hit.at else "",
    ]
    return desk.words(hit.by, value=", ".join(each for each in parts if each))


ROUTES: Final = [search]

"""Where a new site is wanted: spots on the map scored by wishes and spill-over, and the wishes themselves."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.planning.seeking import rules, seeing, service, store
from laddverk.planning.seeking.rules import Spot
from laddverk.planning.seeking.seeing import WISHES_COUNTED
from laddverk.platform.languages import marked
from laddverk.web import spreadsheets
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

PLACE: Final = "/console/seeking"
SPOTS_SHOWN: Final = 20
STATES: Final = {
    "new": ("info", marked("New")),
    "considered": ("wait", marked("Considered")),
    "built": ("done", marked("Built")),
    "declined": ("off", marked("Declined")),
}


@get(PLACE, opt={NEEDS: Permission.SESSIONS_READ})
async def show_seeking(desk: AtDesk) -> Response[str]:
    """The spots, and the wishes."""
    found(None if desk.sites is not None else True)
    listing = desk.listing("new")
    state = desk.asked("state") if desk.asked("state") in rules.STATES else ""
    async with desk.transaction() as tx:
        spots = await seeing.spots(tx)
        wishes = await store.wishes(tx, state, listing.search, listing.offset, PAGE_SIZE)
        total = await store.count(tx, state, listing.search)
    return desk.page(
        "console/planning/seeking.html", spots=spots[:SPOTS_SHOWN], wishes=wishes, total=total, listing=listing,
        states=STATES, is_narrowed=bool(state or listing.search), portal=f"{desk.house.settings.web_url}/wish",
    )  # fmt: skip


@get(PLACE + ".json", opt={NEEDS: Permission.SESSIONS_READ})
async def map_of_spots(desk: AtDesk) -> dict[str, Any]:
    """The spots as GeoJSON points, for `charger_map`."""
    found(None if desk.sites is not None else True)
    async with desk.transaction() as tx:
        spots = await seeing.spots(tx)
    return {"type": "FeatureCollection", "features": [_feature(desk, one) for one in spots[:SPOTS_SHOWN]]}


def _feature(desk: Desk, one: Spot) -> dict[str, Any]:
    text = desk.words("%(drivers)s drivers, %(spilled)s refusals a month near by", drivers=one.drivers,
                      spilled=round(one.spilled))  # fmt: skip
    name = one.place or (one.spills[0][0].site_name if one.spills else "")
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [one.longitude, one.latitude]},
        "properties": {
            "name": name, "href": "#spots", "outlets": max(1, round(one.score)), "busy": 0, "state": "free",
            "text": text,
        },
    }  # fmt: skip


@get(PLACE + ".csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_wishes(desk: AtDesk) -> Response[bytes]:
    """All wishes, as CSV."""
    found(None if desk.sites is not None else True)
    async with desk.transaction() as tx:
        wishes = await store.wishes(tx, "", desk.listing("new").search, 0, WISHES_COUNTED)
    return spreadsheets.answer(
        "wishes",
        ("wish", "at", "place", "latitude", "longitude", "note", "state", "decided_by", "decided_at"),
        [
            (
                shown("wsh", one.id), one.at, one.place, one.latitude, one.longitude, one.note, one.state,
                one.decided_by, one.decided_at,
            )
            for one in wishes
        ],
    )  # fmt: skip


@get(PLACE + "/spots.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_spots(desk: AtDesk) -> Response[bytes]:
    """Every spot with its score and what it is made of, as CSV."""
    found(None if desk.sites is not None else True)
    async with desk.transaction() as tx:
        spots = await seeing.spots(tx)
    return spreadsheets.answer(
        "wanted-spots",
        ("place", "latitude", "longitude", "drivers", "refusals_a_month_near_by", "score", "sites_near_by"),
        [
            (
                one.place, round(one.latitude, 5), round(one.longitude, 5), one.drivers, round(one.spilled, 2),
                round(one.score, 2),
                ", ".join(f"{site.site_name} {away:.1f} km" for site, away in one.spills),
            )
            for one in spots
        ],
    )  # fmt: skip


@post(PLACE + "/{wish_id:str}", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def decide_wish(desk: AtDesk, wish_id: FromPath[str]) -> Response[Any]:
    """Keep what becomes of a wish."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await service.decide(
            tx, desk.actor, named("wsh", wish_id), form.get("state", ""), desk.now, reason=form.get("reason", "")[:200]
        )
    return desk.go(PLACE, desk.words("It is kept."))


ROUTES: Final = [show_seeking, map_of_spots, export_wishes, export_spots, decide_wish]

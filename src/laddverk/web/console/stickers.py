"""QR stickers for connectors, on a page made for paper."""

from __future__ import annotations

from typing import Final

import segno
from litestar import Response, get
from markupsafe import Markup

from laddverk.kernel.actors import Permission
from laddverk.stations import queries
from laddverk.web.console.desk import AtDesk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

QR_ERROR_LEVEL: Final = "q"  # a quarter of it may be scratched or dirty
QR_PIXELS_PER_MODULE: Final = 4


@get("/console/stickers", opt={NEEDS: Permission.STATIONS_READ})
async def show_stickers(desk: AtDesk) -> Response[str]:
    """The stickers of a station or of a whole site, ready to print."""
    station, site = desk.asked("station"), desk.asked("site")
    async with desk.transaction() as tx:
        rows = await queries.stickers(
            tx,
            desk.sites,
            station_id=named("sta", station) if station else None,
            site_id=named("sit", site) if site else None,
        )
    found(rows or None)
    settings = desk.house.settings
    stickers = [(row, address := f"{settings.web_url}/u/{row.code}", qr_of(address)) for row in rows]
    return desk.page("console/stickers.html", stickers=stickers)


def qr_of(address: str) -> Markup:
    """Return the QR code of an address as inline SVG in the colour of the text around it."""
    code = segno.make(address, error=QR_ERROR_LEVEL, micro=False)
    svg = code.svg_inline(scale=QR_PIXELS_PER_MODULE, border=2, omitsize=True, svgclass="qr", lineclass=None)
    return Markup(svg)  # noqa: S704 - made by segno of a URL; the URL itself is not in it as text


ROUTES: Final = [show_stickers]

"""The visits of a technician, as their own calendar reads them. Its address is its key; it names no driver."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromPath

from laddverk.diagnostics.upkeep import calendars, queries_visits, visiting
from laddverk.diagnostics.upkeep.queries_visits import Planned
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.languages import gettext_for
from laddverk.web import security
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

BACK: Final = timedelta(days=60)  # of visits that a calendar shows
AHEAD: Final = timedelta(days=400)
WRONG_MAX: Final = 60  # wrong addresses of one network in five minutes; a secret has 256 bits


@get("/visits/{token:str}")
async def read_calendar(visit: Visiting, token: FromPath[str]) -> Response[bytes]:
    """The visits of whoever a secret link is for: days, sites, chargers, and what is to be done."""
    async with visit.transaction() as tx:
        reader = await visiting.reader_behind(tx, token.removesuffix(".ics"), visit.now)
        if reader is None:
            attempts: Attempts = visit.request.app.state.setdefault("calendar_failures", Attempts(WRONG_MAX))
            attempts.count(security.remote_address(visit.request), visit.now)
            raise NotFound("This link opens nothing any more.")
        since, until = visit.today - BACK, visit.today + AHEAD
        planned = await queries_visits.visits(tx, None, since, until, reader.technician, cancelled=True)
    stops = [_stop(visit, one, reader.language) for one in planned]
    file = calendars.calendar(f"Laddverk: {reader.technician}", stops, ZoneInfo(visit.house.settings.timezone))
    return Response(file, media_type="text/calendar; charset=utf-8", headers={"cache-control": "no-store"})


def _stop(visit: Visit, one: Planned, language: str) -> calendars.Stop:
    """Return a visit as a calendar shows it."""
    words, first = gettext_for(language), next(iter(one.rows), None)
    title = ", ".join(one.places) or words("Visit %(number)s") % {"number": one.visit.number}
    lines = [
        f"{row.number}: {words(row.title)}, {row.station_name}{f' / {row.evse_number}' if row.evse_number else ''}"
        for row in one.rows
    ]
    where = (f"{row.site_name}, {row.address}" if row.address else row.site_name for row in one.rows)
    return calendars.Stop(
        uid=f"{shown('vis', one.visit.id)}@laddverk", title=f"{title} ({len(one.rows)})",
        places="; ".join(dict.fromkeys(where)), text="\n".join([*lines, *filter(None, [one.visit.note])]),
        href=f"{visit.house.settings.web_url}/console/visits/{shown('vis', one.visit.id)}", on=one.visit.planned_on,
        starts_at=one.visit.starts_at, jobs=len(one.rows), changed_at=one.visit.changed_at,
        revision=one.visit.revision, is_cancelled=one.visit.cancelled_at is not None,
        latitude=first.latitude if first else None, longitude=first.longitude if first else None,
    )  # fmt: skip


HANDLERS: Final = [read_calendar]

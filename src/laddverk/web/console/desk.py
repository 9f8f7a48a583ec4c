"""The console's desk: a visit of somebody who is signed in as staff, and what the console's handlers share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import NotFound
from laddverk.platform.house import House
from laddverk.platform.languages import gettext_for
from laddverk.web import security
from laddverk.web.console import station_tabs, words
from laddverk.web.rendering import CONSOLE_PLACES
from laddverk.web.visit import Visit

PAGE_SIZE: Final = 50  # what one looks through without searching
DUTY_COOKIE: Final = "laddverk_calls"
DUTY_S: Final = 12 * 3600  # who is still at the desk then has looked at the page of calls
PAGE_MAX: Final = 2000  # beyond it a search finds more than a page turned

NEEDED: Final = {
    "now": Permission.STATIONS_READ,
    "stations": Permission.STATIONS_READ,
    "sessions": Permission.SESSIONS_READ,
    "incidents": Permission.STATIONS_READ,
    "cases": Permission.CASES_READ,
    "planning": Permission.SESSIONS_READ,
    "drivers": Permission.DRIVERS_READ,
    "tokens": Permission.DRIVERS_READ,
    "tariffs": Permission.TARIFFS_READ,
    "payments": Permission.PAYMENTS_READ,
    "invoices": Permission.INVOICES_READ,
    "audit": Permission.AUDIT_READ,
}
"""What one must be allowed in order to see an entry of the top bar."""


class Listing(Struct, frozen=True):
    """How a list is to be shown, from the address."""

    search: str
    sort: str
    page: int

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * PAGE_SIZE


class Fields(dict[str, Any]):
    """The values or errors of a form; those that were not given are empty."""

    def __missing__(self, _name: str) -> str:
        return ""


@dataclass(slots=True)
class Desk(Visit):
    """One request to the console."""

    @property
    def sites(self) -> frozenset[UUID] | None:
        """The only sites that this person may see; None for all."""
        return self.actor.site_ids

    @property
    def sees_raw(self) -> bool:
        """Whether this person may see messages as chargers sent them: tags stand in them, which are drivers' own."""
        return self.may(Permission.COMMANDS_SEND) or self.may(Permission.DRIVERS_READ)

    @property
    def takes_calls(self) -> bool:
        """Whether this browser's person has said that they take calls: then every page tells who waits."""
        return self.may(Permission.CASES_WRITE) and DUTY_COOKIE in self.request.cookies

    def duty_cookie(self, *, takes_calls: bool) -> Cookie:
        """Return the cookie by which pages know, without asking the database, that calls are to be told of."""
        secure = security.is_https(self.house.settings)
        lasts_s = DUTY_S if takes_calls else 0
        return Cookie(key=DUTY_COOKIE, value="1", max_age=lasts_s, httponly=True, secure=secure, samesite="lax")

    def midnight(self, day: date) -> datetime:
        """Return the instant at which a local day begins."""
        return datetime.combine(day, time(), ZoneInfo(self.house.settings.timezone)).astimezone(UTC)

    def listing(self, *sorts: str) -> Listing:
        """Return how the list is to be shown; the first of `sorts` is meant when nothing known is asked for."""
        sort = self.asked("sort", sorts[0])
        known = sort.lstrip("-") in {each.lstrip("-") for each in sorts}
        page = self.asked("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
        return Listing(self.asked("q").strip()[:100], sort if known else sorts[0], min(max(number, 1), PAGE_MAX))

    def template(self, template: str, **context: object) -> str:
        """Return a template with the words of the console at hand."""
        # Named: a dataclass with slots is made anew, and a plain `super()` would look in the class it was made from.
        forms = {name: Fields(given) for name in ("values", "errors") if isinstance(given := context.get(name), dict)}
        # `said` translates a text that the program chose; `_` in a template takes it for a format and for markup.
        said = gettext_for(self.language)
        given = {
            "words": words,
            "said": said,
            "shown": shown,
            "page_size": PAGE_SIZE,
            "station_tabs": station_tabs.GROUPS,
        }
        context = given | context | forms
        return Visit.template(self, template, **context)

    def part_or_page(self, path: str, text: str, notice: str = "") -> Response[Any]:
        """Answer htmx with a part, and a plain form with the page that the part belongs to."""
        return self.part(text) if self.wants_part else self.go(path, notice)

    def tell(self, *topics: str) -> None:
        """Say that something changed, to whoever is looking at it. After the commit."""
        self.house.hints.publish([*topics, "now"])

    def day_asked(self, name: str) -> date | None:
        """Return the date in the query's field `name`, or None when there is none that can be read."""
        try:
            return date.fromisoformat(self.asked(name))
        except ValueError:
            return None

    def span_asked(self) -> tuple[datetime | None, datetime | None]:
        """Return the instants between which a list is wanted: local days `from` and `to`, both inclusive."""
        since, until = self.day_asked("from"), self.day_asked("to")
        return (
            self.midnight(since) if since else None,
            self.midnight(until + timedelta(days=1)) if until else None,
        )


def places_of(desk: Visit) -> frozenset[str]:
    """Return the entries of the top bar that somebody may open."""
    return frozenset(place.key for place in CONSOLE_PLACES if desk.may(NEEDED[place.key]))


def found(thing: Any | None) -> Any:
    """Return `thing`. Raises `NotFound` when it is None: it does not exist, or may not be seen."""
    if thing is None:
        raise NotFound("There is no such page.", remedy="Look for it from the start.")
    return thing


def desk_of(house: House, request: Request[Any, Any, Any]) -> Desk:
    """Return the desk of a request."""
    desk = Desk(house, request, house.clock(), getattr(request.state, "account", None))
    desk.places = places_of(desk)
    return desk


AtDesk: TypeAlias = NamedDependency[Desk]
"""How a handler asks for the desk of its request."""

"""From the sticker on an outlet to a charge: the page behind the QR code, paying, and starting with an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.access.rules import HELD
from laddverk.authorisation import queries as authorisation_queries
from laddverk.authorisation import service as authorisation
from laddverk.kernel.ids import DriverId, SiteId, parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.payments import service as payments
from laddverk.payments.swish import service as swish
from laddverk.payments.ways import service as ways
from laddverk.platform.database import Transaction
from laddverk.platform.settings import Settings
from laddverk.sessions import driver_queries as queries
from laddverk.sessions import service as sessions
from laddverk.sessions.driver_queries import Outlet
from laddverk.sessions.model import PreparedStart, WhyFailed
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.subscriptions import service as subscriptions
from laddverk.tariffs import service as tariffs
from laddverk.tariffs import spot
from laddverk.tariffs.coming import coming
from laddverk.tariffs.model import Wish
from laddverk.web import security
from laddverk.web.portal import outlets, playing, situations
from laddverk.web.portal.outlets import STARTABLE, State, state_of
from laddverk.web.portal.paying_words import next_words, paid_by_another
from laddverk.web.visit import Visit, Visiting

OTHERS_MAX: Final = 5  # free outlets that are offered instead
OWN_COOKIE: Final = "charge"  # of the newest charge that this browser began at an outlet, sent to that outlet alone
OWN_COOKIE_S: Final = 12 * 3_600


@get("/")
async def home(visit: Visiting) -> Response[str]:
    """Ask for the code on the outlet, and show the places."""
    async with visit.transaction() as tx:
        places = await queries.places(tx)
    return visit.page("portal/home.html", places=places, code="", error=None)


@get("/u")
async def find(visit: Visiting) -> Response[Any]:
    """Lead from a typed code to its outlet; say so when there is none."""
    code = visit.asked("code").upper().replace(" ", "")
    async with visit.transaction() as tx:
        found = await queries.outlet(tx, code) if code else None
        places = await queries.places(tx)
    if found is not None:
        return visit.go(f"/u/{quote(found.code)}")
    error = visit.words("There is no outlet with this code. Look once more at the sticker.")
    return visit.page("portal/home.html", status=404, places=places, code=code, error=error)


@get("/places.json")
async def map_of_places(visit: Visiting) -> dict[str, Any]:
    """Return the places for the map, as GeoJSON."""
    async with visit.transaction() as tx:
        places = await queries.places(tx)
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]},
                "properties": {
                    "name": place.name,
                    "href": f"/places/sit_{place.id.hex}",
                    "outlets": place.outlets,
                    "busy": place.outlets - place.free,
                    "state": "free" if place.free else "wait",
                    "text": visit.words("%(free)s of %(count)s free", free=place.free, count=place.outlets),
                },
            }
            for place in places
            if place.longitude is not None and place.latitude is not None
        ],
    }


@get("/places/{site:str}")
async def show_place(visit: Visiting, site: FromPath[str]) -> Response[str]:
    """Show one place with its outlets."""
    async with visit.transaction() as tx:
        found = await queries.outlets_of(tx, SiteId(parsed("sit", site)))
    if not found:
        raise NotFound("There is no such place.")
    listed = [(each, state_of(each)) for each in found]
    return visit.page("portal/place.html", outlets=found, listed=listed, directions=None)


@get("/u/{code:str}")
async def show_outlet(visit: Visiting, code: FromPath[str]) -> Response[Any]:
    """Show what an outlet is, whether it works and what it costs: before any payment."""
    return await outlet_page(visit, code)


@post("/u/{code:str}/pay")
async def pay(visit: Visiting, code: FromPath[str]) -> Response[Any]:
    """Reserve the outlet and lead to the payment page: card or Swish. The charge begins when the money is there."""
    form = await visit.form()
    async with visit.transaction() as tx:
        found = await _outlet(tx, code)
        try:
            async with tx.savepoint():
                await authorisation.reserved_token(tx, found.station_id, found.evse_number, None, visit.now)
                prepared = await sessions.prepare_start(
                    tx,
                    visit.actor,
                    station_id=found.station_id,
                    evse_number=found.evse_number,
                    connector_number=found.connector_number,
                    driver_id=None,
                    payment_id=None,
                    now=visit.now,
                )
        except Problem as problem:
            own = await _own(tx, visit, found)
            return visit.go(own) if own else await outlet_page(visit, code, problem=problem)
    settings = visit.house.settings
    try:
        checkout = await payments.open_adhoc(
            visit.house,
            start_request_id=prepared.id,
            amount_minor=_amount(form, settings, prepared.currency),
            return_url=f"{settings.web_url}/s/{prepared.access_token}",
            now=visit.now,
            provider=_rail(form, settings),
            language=visit.language,
        )
    except Problem as problem:
        async with visit.transaction() as tx:
            await sessions.cancel_start(tx, prepared.id, WhyFailed.PAYMENT_UNAVAILABLE, visit.now)
        return await outlet_page(visit, code, problem=problem)
    answer = visit.go(checkout.url)
    answer.cookies.append(
        Cookie(
            key=OWN_COOKIE, value=prepared.access_token, path=f"/u/{quote(code)}", max_age=OWN_COOKIE_S, httponly=True,
            samesite="lax", secure=security.is_https(settings),
        )
    )  # fmt: skip
    return answer


async def _own(tx: Transaction, visit: Visit, outlet: Outlet) -> str | None:
    """Return the page of the charge that this browser began here and that goes on: nobody else is in its way."""
    token = visit.request.cookies.get(OWN_COOKIE, "")
    found = await sessions.by_access_token(tx, token, visit.now) if token else None
    if found is None:
        return None
    begun, session = found.start_request, found.session
    is_here = (begun.station_id, begun.evse_number) == (outlet.station_id, outlet.evse_number)
    goes_on = (begun.is_open and begun.expires_at > visit.now) or (session is not None and session.ended_at is None)
    return f"/s/{token}" if is_here and goes_on else None


@post("/u/{code:str}/start")
async def start(visit: Visiting, code: FromPath[str]) -> Response[Any]:
    """Start with the signed-in driver's account: the month's invoice collects, or the saved card is reserved first."""
    if visit.actor.id is None or visit.actor.kind != "driver":
        return visit.go(f"/sign-in?next=/u/{quote(code)}")
    try:
        async with visit.transaction() as tx:
            found = await _outlet(tx, code)
            kept_for = await authorisation.reserved_token(
                tx, found.station_id, found.evse_number, DriverId(visit.actor.id), visit.now
            )
            prepared = await sessions.prepare_start(
                tx,
                visit.actor,
                reserved_for=kept_for,
                station_id=found.station_id,
                evse_number=found.evse_number,
                connector_number=found.connector_number,
                driver_id=DriverId(visit.actor.id),
                payment_id=None,
                now=visit.now,
            )
            await _begin(tx, visit, DriverId(visit.actor.id), prepared)
    except Problem as problem:
        return await outlet_page(visit, code, problem=problem)
    visit.house.hints.publish([COMMANDS_TOPIC, f"station:{found.station_id}"])
    return visit.go(f"/s/{prepared.access_token}")


def _amount(form: Mapping[str, str], settings: Settings, currency: str) -> int:
    """Return the amount that was chosen, or the usual one. Raises `Invalid` for one that is not offered."""
    if not form.get("amount"):
        return settings.reserve_minor(currency)
    found = [amount for amount in settings.amounts_minor(currency) if str(amount) == form["amount"]]
    if not found:
        raise Invalid("This amount cannot be reserved.", field="amount", remedy="Choose one of the amounts shown.")
    return found[0]


def _rail(form: Mapping[str, str], settings: Settings) -> str | None:
    """Return the rail that was chosen among those that need no account; None is the card."""
    return "swish" if form.get("provider") == "swish" and swish.is_offered(settings) else None


async def _begin(tx: Transaction, visit: Visit, driver_id: DriverId, prepared: PreparedStart) -> None:
    """Let a start begin: at once, or for a driver who pays by card when the money is reserved."""
    driver = await access_queries.driver(tx, driver_id)
    if driver is None or driver.settlement != "card":
        await sessions.begin_start(tx, visit.actor, prepared.id, visit.now)
        return
    reserved = await payments.open_with_card(
        tx,
        visit.house,
        driver_id=driver_id,
        start_request_id=prepared.id,
        amount_minor=visit.house.settings.reserve_minor(prepared.currency),
        now=visit.now,
    )
    if reserved is None:
        await sessions.begin_start(tx, visit.actor, prepared.id, visit.now)


async def outlet_page(visit: Visit, code: str, *, problem: Problem | None = None) -> Response[Any]:
    """Return the page of an outlet, with what stood in the way of starting when something did."""
    async with visit.transaction() as tx:
        found = await _outlet(tx, code)
        wish = await _wish(tx, visit, found)
        (version,) = await tariffs.chosen(tx, [wish], now=visit.now)
        change = await coming(tx, wish, visit.now, found.timezone)
        spot_now = await spot.prices_now(tx, version.body, visit.now) if version else None
        if spot_now is None:
            version = None
        state = state_of(found)
        is_mine = await _is_kept_for(tx, visit, found)
        held = await _held(tx, visit)
        paid_how = await _paid_how(tx, visit)
        can_start = (state in STARTABLE or (is_mine and state is State.RESERVED)) and version is not None
        can_reserve = state is State.FREE and await authorisation_queries.supports_reservations(tx, found.station_id)
        others = [] if can_start else await _free_elsewhere(tx, found)
        situation = await situations.at_outlet(tx, found, visit) if not is_mine else None
    why_not = visit.words(outlets.WHY_NOT.get(state, "")) if state in outlets.WHY_NOT else ""
    currency = version.body.currency if version else visit.house.settings.currency
    local = visit.now.astimezone(ZoneInfo(found.timezone))
    if version is None:
        why_not = visit.words("This outlet has no price, so it cannot be started here.")
    return visit.page(
        "portal/outlet.html",
        status=problem.status if problem else 200,
        outlet=found,
        state=state.value,
        plug=outlets.PLUGS.get(found.plug, found.plug),
        board={"rows": outlets.price_rows(version.body, visit.language, spot_now, local)} if version else None,
        coming=outlets.coming_words(change, found.timezone, visit.language) if change and version else None,
        can_start=can_start,
        is_mine=is_mine,
        held=visit.words(HELD[held]) if held else "",
        paid_how=paid_how,
        can_reserve=can_reserve and not is_mine,
        why_not=why_not,
        situation=situation,
        plays=playing.is_there(visit.house),
        others=others,
        reserve_minor=visit.house.settings.reserve_minor(currency),
        amounts=visit.house.settings.amounts_minor(currency),
        by_swish=currency == "SEK" and swish.is_offered(visit.house.settings),
        currency=currency,
        host=visit.house.settings.web_url.partition("://")[2],
        problem=" ".join(visit.errors(problem).values()) if problem else None,
    )


async def _held(tx: Transaction, visit: Visit) -> str:
    """Return why the signed-in driver may start nothing new just now; empty when they may."""
    if visit.actor.kind != "driver" or visit.actor.id is None:
        return ""
    driver = await access_queries.driver(tx, visit.actor.id)
    return driver.starts_held if driver else ""


async def _paid_how(tx: Transaction, visit: Visit) -> str:
    """Return how a charge of the signed-in driver would be paid, in a sentence; empty for anybody else."""
    if visit.actor.kind != "driver" or visit.actor.id is None:
        return ""
    driver_id = DriverId(visit.actor.id)
    paid_by = await paid_by_another(tx, visit, driver_id)
    return paid_by or next_words(await ways.standing(tx, visit.house, driver_id, visit.now), visit, {})[0]


async def _outlet(tx: Transaction, code: str) -> Outlet:
    found = await queries.outlet(tx, code)
    if found is None:
        raise NotFound("There is no outlet with this code.", remedy="Look once more at the sticker, or scan it.")
    return found


async def _is_kept_for(tx: Transaction, visit: Visit, outlet: Outlet) -> bool:
    """Return whether the outlet is kept for the signed-in driver."""
    if visit.actor.kind != "driver" or visit.actor.id is None:
        return False
    wanted = authorisation_queries.ReservationFilter(
        state="held", station_id=outlet.station_id, driver_id=visit.actor.id
    )
    held = await authorisation_queries.reservations(tx, None, wanted, limit=1)
    return any(one.evse_number in (None, outlet.evse_number) and one.expires_at > visit.now for one in held)


async def _wish(tx: Transaction, visit: Visit, outlet: Outlet) -> Wish:
    """Return for whom and where the prices count that would be frozen if this visitor started now."""
    driver = (
        await access_queries.driver(tx, visit.actor.id) if visit.actor.kind == "driver" and visit.actor.id else None
    )
    group = driver.driver_group if driver else ""
    if driver is not None:
        asking = subscriptions.Asking(DriverId(driver.id), outlet.station_id, visit.now)
        group = (await subscriptions.standing(tx, [asking]))[0].driver_group or group
    return Wish(
        outlet.station_id,
        group,
        outlet.evse_number,
        outlet.connector_number,
        driver.id if driver else None,
    )


async def _free_elsewhere(tx: Transaction, outlet: Outlet) -> list[Outlet]:
    beside = await queries.outlets_of(tx, outlet.site_id)
    return [each for each in beside if each.code != outlet.code and state_of(each) is State.FREE][:OTHERS_MAX]


HANDLERS: Final = [home, find, map_of_places, show_place, show_outlet, pay, start]

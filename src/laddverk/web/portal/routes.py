"""The routes of the drivers' face."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Router
from litestar.types import ControllerRouterHandler

from laddverk.access import service as access
from laddverk.platform.house import House
from laddverk.web import security
from laddverk.web.portal import (
    account,
    articles,
    bank_account,
    charge_wishes,
    charging,
    chat,
    erasing,
    family,
    help_pages,
    invoice_link,
    notifying,
    on_call,
    paying,
    phone,
    phone_hooks,
    plans,
    playing,
    rating,
    receipts,
    reporting,
    reservations,
    service_pages,
    situations,
    start,
    swish,
    visit_calendar,
    wallet,
    wallet_more,
    wishing,
)
from laddverk.web.visit import Account, Visit


async def recognise_driver(request: Request[Any, Any, Any]) -> None:
    """Put the signed-in driver into the request, if there is one; every page also works without."""
    house: House = request.app.state["house"]
    token = request.cookies.get(security.cookie_name("driver", house.settings))
    if not token:
        return
    async with house.database.statements() as tx:
        known = await access.actor_of_cookie(tx, token, house.clock())
    if known is not None and known.actor.kind == "driver":
        request.state.account = Account(known.actor, token, known.language)


ROUTES: Final[list[ControllerRouterHandler]] = [
    Router(
        "/",
        route_handlers=[
            *start.HANDLERS,
            *swish.HANDLERS,
            *charging.HANDLERS,
            *situations.HANDLERS,
            *charge_wishes.HANDLERS,
            *account.HANDLERS,
            *erasing.HANDLERS,
            *invoice_link.HANDLERS,
            *bank_account.HANDLERS,
            *paying.HANDLERS,
            *wallet.HANDLERS,
            *wallet_more.HANDLERS,
            *reservations.HANDLERS,
            *plans.HANDLERS,
            *family.HANDLERS,
            *service_pages.HANDLERS,
            *on_call.HANDLERS,
            *visit_calendar.HANDLERS,
            *reporting.HANDLERS,
            *notifying.HANDLERS,
            *help_pages.HANDLERS,
            *rating.HANDLERS,
            *receipts.HANDLERS,
            *articles.HANDLERS,
            *chat.HANDLERS,
            *wishing.HANDLERS,
            *phone_hooks.HANDLERS,
            *phone.HANDLERS,
            *playing.HANDLERS,
        ],
        before_request=recognise_driver,
        signature_namespace={"Visit": Visit},
    )
]

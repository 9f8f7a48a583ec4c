"""The routes of `/api/v1`, and their description."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler
from msgspec import Struct

from laddverk import __version__
from laddverk.web.api import (
    accounts,
    attempts,
    authorisation,
    batches,
    beliefs,
    books,
    calls,
    cards,
    cases,
    certificates,
    charging,
    circuits,
    current,
    displays,
    field,
    firmware,
    grid,
    incidents,
    meters,
    money,
    monitoring,
    paying,
    people,
    planning,
    plans,
    provisioning,
    remedies,
    site_plans,
    spot_prices,
    tariff_changes,
    tariffs,
    tools,
    upkeep,
    uptime,
    usage,
    wallets,
)
from laddverk.web.api.keys import authenticated
from laddverk.web.api.request import Asked, Asking, asked

PATH: Final = "/api/v1"


class Me(Struct, frozen=True):
    """Whose key this is, and what it may do."""

    name: str
    scopes: list[str]


@get("/me")
async def show_me(asked: Asking) -> Me:
    """Show whose key this is, and what it may do."""
    return Me(asked.actor.name, sorted(permission.value for permission in asked.actor.permissions))


@get("/openapi.json", include_in_schema=False)
async def show_description() -> Response[bytes]:
    """Show this API's description (OpenAPI 3.1)."""
    return Response(msgspec.json.encode(description()), media_type="application/json")


HANDLERS: Final[list[ControllerRouterHandler]] = [
    show_me,
    *field.HANDLERS,
    *charging.HANDLERS,
    *tariffs.HANDLERS,
    *tariff_changes.HANDLERS,
    *people.HANDLERS,
    *paying.HANDLERS,
    *plans.HANDLERS,
    *accounts.HANDLERS,
    *provisioning.HANDLERS,
    *monitoring.HANDLERS,
    *money.HANDLERS,
    *books.HANDLERS,
    *authorisation.HANDLERS,
    *firmware.HANDLERS,
    *calls.HANDLERS,
    *batches.HANDLERS,
    *tools.HANDLERS,
    *wallets.HANDLERS,
    *cards.HANDLERS,
    *beliefs.HANDLERS,
    *certificates.HANDLERS,
    *current.HANDLERS,
    *grid.HANDLERS,
    *circuits.HANDLERS,
    *site_plans.HANDLERS,
    *usage.HANDLERS,
    *planning.HANDLERS,
    *spot_prices.HANDLERS,
    *meters.HANDLERS,
    *displays.HANDLERS,
    *incidents.HANDLERS,
    *cases.HANDLERS,
    *remedies.HANDLERS,
    *attempts.HANDLERS,
    *uptime.HANDLERS,
    *upkeep.HANDLERS,
]


ROUTES: Final[list[ControllerRouterHandler]] = [
    Router(
        PATH,
        route_handlers=[*HANDLERS, show_description],
        guards=[authenticated],
        dependencies={"asked": Provide(asked)},
        signature_namespace={"Asked": Asked},
    )
]


async def _undescribed() -> Asked:
    raise NotImplementedError("only for describing the API")


def description() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the API."""
    app = Litestar(
        [Router(PATH, route_handlers=HANDLERS, dependencies={"asked": Provide(_undescribed)})],
        signature_namespace={"Asked": Asked},
        logging_config=None,  # describing must not change how the program logs
        openapi_config=OpenAPIConfig(
            title="Laddverk",
            version=__version__,
            description="Runs an EV charging network. Errors follow RFC 9457 (application/problem+json).",
            components=Components(
                security_schemes={"key": SecurityScheme(type="http", scheme="bearer", bearer_format="lvk_…")}
            ),
            security=[{"key": []}],
        ),
    )
    return app.openapi_schema.to_schema()

"""The web face put together: console, portal and API on one listener, with the same guards around all of them."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
from importlib import import_module
from typing import Any, Final

from litestar import Litestar, Request, Response, asgi, get, post
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import MediaType
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, ControllerRouterHandler, Receive, Scope, Send

from laddverk.payments.service import sandbox_application
from laddverk.platform.house import House
from laddverk.platform.languages import SUPPORTED
from laddverk.web import failures, files, security
from laddverk.web.i18n import COOKIE as LANGUAGE_COOKIE
from laddverk.web.rendering import STATIC, STATIC_PATH, THEMES
from laddverk.web.visit import THEME_COOKIE, Visit, Visiting

FACES: Final = ("console", "portal", "api")
SANDBOX: Final = "/sandbox"  # the built-in payment provider, a world of its own that happens to live beside us


@post("/preferences", status_code=303)
async def remember_preferences(visit: Visiting) -> Response[Any]:
    """Remember the language or theme in a cookie, and lead back."""
    form = await visit.form()
    answer = visit.go(security.safe_next(form.get("next", ""), "/"))
    settings = visit.house.settings
    if form.get("language") in SUPPORTED:
        answer.cookies.append(security.preference_cookie(LANGUAGE_COOKIE, form["language"], settings))
    if form.get("theme") in THEMES:
        answer.cookies.append(security.preference_cookie(THEME_COOKIE, form["theme"], settings))
    return answer


@get("/health", media_type=MediaType.TEXT)
async def health(visit: Visiting) -> str:
    """Say "ok" when the database answers, for whoever watches this process."""
    async with visit.transaction() as tx:
        await tx.value("SELECT 1")
    return "ok"


def create_app(house: House) -> Litestar:
    """Return the application of all faces that are installed, for `house`.

    What is registered depends on no house and is put together once in a process, which takes two seconds. Each house
    gets a copy of the outermost part, with a state of its own: what serves a request finds its house there.
    """
    made = copy(_faces())
    made.state = State({"house": house})
    made.before_send = [security.headers_on_everything(house.settings)]
    return made


@cache
def _faces() -> Litestar:
    return Litestar(
        [
            remember_preferences,
            health,
            create_static_files_router(path=STATIC_PATH, directories=[STATIC]),
            asgi(SANDBOX, is_mount=True, copy_scope=True)(_of_house(SANDBOX, sandbox_application)),
            asgi(files.PREFIX, is_mount=True, copy_scope=True, opt={security.NO_COOKIES: True})(
                _of_house(files.PREFIX, files.receiver)
            ),
            *_routes(),
        ],
        dependencies={"visit": Provide(_visit)},
        guards=[security.refuse_foreign],
        exception_handlers=failures.handlers(),
        request_max_body_size=security.BODY_MAX_BYTES,
        openapi_config=None,
        logging_config=None,
        signature_namespace={"Visit": Visit},
    )


async def _visit(request: Request[Any, Any, Any]) -> Visit:
    house: House = request.app.state["house"]
    return Visit(house, request, house.clock(), getattr(request.state, "account", None))


def _of_house(name: str, make: Callable[[House], Any]) -> ASGIApp:
    """Return an application that hands each request to the one that `make` makes of the house, once."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        state = scope["litestar_app"].state
        if name not in state:
            state[name] = make(state["house"])
        await state[name](scope, receive, send)

    return application


def _routes() -> list[ControllerRouterHandler]:
    found: list[ControllerRouterHandler] = []
    for face in FACES:
        found += import_module(f"laddverk.web.{face}.routes").ROUTES
    return found

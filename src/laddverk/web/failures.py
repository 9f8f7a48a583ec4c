"""What a reader gets when something cannot be done: a page, a part of one, or RFC 9457 for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import structlog
from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from laddverk.kernel.ids import public_code
from laddverk.kernel.problems import (
    Conflict,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    Problem,
    TooMany,
    Unavailable,
)
from laddverk.platform.database import Away
from laddverk.platform.house import House
from laddverk.web.i18n import problem_words
from laddverk.web.visit import Visit

log = structlog.get_logger()

API: Final = "/api/"
SIGN_IN: Final = {"/console": "/console/login"}
"""Where a reader without a sign-in is led, by the start of the path; elsewhere `/sign-in`."""

Handler = Callable[[Request[Any, Any, Any], Exception], Response[Any]]


class TooLarge(Problem):
    """More was sent than a form can hold."""

    status = 413
    code = "too_large"


class WrongMethod(Problem):
    """The address exists, but not for this method."""

    status = 405
    code = "wrong_method"


class Failed(Problem):
    """Something broke that is not the reader's fault."""

    status = 500
    code = "failed"


def handlers() -> dict[type[Exception] | int, Handler]:
    """Return the app's exception handlers."""

    def known(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        assert isinstance(error, Problem)
        return answer(request, error)

    def of_framework(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        assert isinstance(error, HTTPException)
        return answer(request, translated(error))

    def away(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        log.warning("web.database_away", error=repr(error))
        return answer(
            request,
            Unavailable("The database does not answer, so nothing was done.", remedy="Try again in a minute."),
        )

    def unknown(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        reference = public_code(8)
        log.error("web.failed", path=request.url.path, reference=reference, exc_info=error)
        problem = Failed("Something broke here, and it is not your fault.", remedy="Try again in a minute.")
        return answer(request, problem, reference)

    found: dict[type[Exception] | int, Handler] = {Problem: known, HTTPException: of_framework, Exception: unknown}
    found.update(dict.fromkeys(Away, away))
    return found


def translated(error: HTTPException) -> Problem:
    """Return what the web framework refused, in our words."""
    if error.status_code == 404:
        return NotFound("There is no such page.", remedy="Look for it from the start.")
    if error.status_code == 405:
        return WrongMethod("This address cannot be used in that way.", remedy="Open it as a page instead.")
    if error.status_code == 413:
        return TooLarge("This is more than can be sent at once.", remedy="Send it in smaller parts.")
    if error.status_code == 401:
        return NotAuthenticated("You have to sign in first.")
    if error.status_code == 403:
        return NotAllowed("You may not do this.")
    if error.status_code == 409:
        return Conflict("This cannot be done now.")
    if error.status_code == 429:
        return TooMany("There were too many attempts from your network.")
    if error.status_code < 500:
        return Invalid("What was sent cannot be understood.", remedy="Go back, look at the fields and try again.")
    return Failed("Something broke here, and it is not your fault.", remedy="Try again in a minute.")


def answer(request: Request[Any, Any, Any], problem: Problem, reference: str | None = None) -> Response[Any]:
    """Return the answer that suits the asker."""
    house: House = request.app.state["house"]
    path = request.url.path
    visit = Visit(house, request, house.clock(), getattr(request.state, "account", None))
    message, remedy = problem_words(problem, visit.language)
    if path.startswith(API):
        return as_json(problem, message, remedy, reference)
    if visit.wants_part:
        part = visit.template("console/problem.html", message=message, remedy=remedy)
        return Response(part, media_type=MediaType.HTML, status_code=problem.status)
    if isinstance(problem, NotAuthenticated) and request.method == "GET":
        return Redirect(f"{sign_in_path(path)}?next={quote(path)}", status_code=303)
    home = "/console" if path.startswith("/console") else "/"
    text = visit.template(
        "layout/error.html", status=problem.status, message=message, remedy=remedy, reference=reference, home=home
    )
    return Response(text, media_type=MediaType.HTML, status_code=problem.status)


def sign_in_path(path: str) -> str:
    """Return where somebody signs in who wanted `path`."""
    return next((door for start, door in SIGN_IN.items() if path.startswith(start)), "/sign-in")


def as_json(problem: Problem, message: str, remedy: str | None, reference: str | None) -> Response[Any]:
    """Return a problem as RFC 9457 says."""
    body: dict[str, object] = {"type": f"urn:laddverk:problem:{problem.code}", "title": message}
    body["status"] = problem.status
    extra = {"detail": remedy, "field": problem.field, "reference": reference}
    body.update({name: value for name, value in extra.items() if value})
    return Response(body, media_type="application/problem+json", status_code=problem.status)

"""Was it of help? One tap from the closing mail: the address shows the question, only its form counts."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.problems import NotFound, Problem
from laddverk.support import links, queries, rating
from laddverk.web import security
from laddverk.web.security import Attempts
from laddverk.web.visit import Visit, Visiting

WRONG_MAX: Final = 60  # wrong addresses of one network in five minutes: the signature has 128 bits


@get("/help/rate/{token:str}")
async def ask_rating(visit: Visiting, token: FromPath[str]) -> Response[str]:
    """Ask whether we were of help. Opening it says nothing: mail scanners open what they find."""
    return await _page(visit, token, {})


async def _page(visit: Visit, token: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    identity = _behind(visit, token)
    async with visit.transaction() as tx:
        case = await queries.case(tx, None, identity)
        given = await rating.of_case(tx, identity)
    if case is None:
        raise NotFound("There is no such page.")
    return visit.page(
        "portal/help_rate.html", status=status, case=case, given=given, errors=errors, good=visit.asked("good"),
        path=visit.request.url.path, case_path=links.path_of(visit.house.secrets, identity),
    )  # fmt: skip


@post("/help/rate/{token:str}")
async def take_rating(visit: Visiting, token: FromPath[str]) -> Response[Any]:
    """Take in what a driver thought; a reason may follow."""
    identity, form = _behind(visit, token), await visit.form()
    is_good = form.get("good") == "yes"
    try:
        async with visit.transaction() as tx:
            await rating.give(
                tx, identity, is_good=is_good, reason=form.get("reason", ""), now=visit.now, hints=visit.house.hints
            )  # fmt: skip
    except Problem as problem:
        return await _page(visit, token, visit.errors(problem), problem.status)
    return visit.go(visit.request.url.path, visit.words("Thank you."))


def _behind(visit: Visit, token: str) -> Any:
    try:
        return rating.case_behind(visit.house, token)
    except NotFound:
        attempts: Attempts = visit.request.app.state.setdefault("rating_failures", Attempts(WRONG_MAX))
        attempts.count(security.remote_address(visit.request), visit.now)
        raise


HANDLERS: Final = [ask_rating, take_rating]

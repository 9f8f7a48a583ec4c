"""Where shall we build next? A driver says where a charger is missing."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post

from laddverk.kernel.problems import Invalid, Problem
from laddverk.planning.seeking import service
from laddverk.planning.seeking.rules import Wish
from laddverk.web import security
from laddverk.web.visit import Visit, Visiting

TEXT_MAX: Final = 30  # of a position: two numbers


def _page(visit: Visit, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    return visit.page("portal/wish.html", status=status, values=values, errors=errors)


@get("/wish")
async def show_wish(visit: Visiting) -> Response[str]:
    """Ask where a charger is missing."""
    return _page(visit, {}, {})


@post("/wish")
async def take_wish(visit: Visiting) -> Response[Any]:
    """Take in a wish."""
    form = await visit.form()
    try:
        latitude, longitude = _position(form.get("position", ""))
        given = Wish(
            id=UUID(int=0), at=visit.now, who="", place=form.get("place", ""), note=form.get("note", ""),
            latitude=latitude, longitude=longitude, state="new",
        )  # fmt: skip
        sender = security.remote_address(visit.request)
        async with visit.transaction() as tx:
            await service.wish(tx, visit.actor, sender, visit.house.secrets.link_key, given, visit.now)
    except Problem as problem:
        return _page(visit, form, visit.errors(problem), problem.status)
    return visit.go("/", visit.words("Thank you. We look at all wishes when we plan where to build."))


def _position(text: str) -> tuple[float | None, float | None]:
    """Return what stands in the field: two numbers with a point, as maps give them; nothing for nothing."""
    if not text.strip():
        return None, None
    parts = text.replace(";", ",").split(",")
    try:
        latitude, longitude = (float(part.strip()[:TEXT_MAX]) for part in parts)
    except ValueError:
        raise Invalid(
            "This is no place on the map.", field="position", remedy="Write it like 57.7089, 11.9746."
        ) from None
    return latitude, longitude


HANDLERS: Final = [show_wish, take_wish]

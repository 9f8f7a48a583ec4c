"""Who a program is: its key, and what it may do."""

from __future__ import annotations

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from laddverk.access import service as access
from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import NotAuthenticated
from laddverk.platform.house import House
from laddverk.web.security import Attempts, remote_address

NEEDS: Final = "needs"
"""The key of a handler's `opt` under which its permission stands; every handler of the API has one."""

FAILURES_MAX: Final = 60  # wrong keys of one address within the window; a program with a right key never meets this


def needs(permission: Permission) -> dict[str, Any]:
    """Return the `opt` of a handler that needs `permission`."""
    return {NEEDS: permission}


async def authenticated(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Put the key's actor into the request. Raises `NotAuthenticated`, `NotAllowed`, or `TooMany` for a guesser."""
    house: House = connection.app.state["house"]
    now = house.clock()
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    actor = None
    if scheme.lower() == "bearer" and key:
        async with house.database.transaction() as tx:
            actor = await access.actor_of_key(tx, key.strip(), now)
    if actor is None:
        failures: Attempts = connection.app.state.setdefault("api_failures", Attempts(FAILURES_MAX))
        failures.count(remote_address(connection), now)
        raise NotAuthenticated(
            "This needs a key, and none was given that is valid.",
            remedy="Send the header Authorization: Bearer lvk_…; an administrator makes keys in the console.",
        )
    permission = handler.opt.get(NEEDS)
    if permission is not None:
        actor.require(permission)
    connection.state.actor = actor

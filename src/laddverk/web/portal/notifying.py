"""Notifications in a driver's browsers, and the service worker that shows them."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.kernel.problems import Problem
from laddverk.notices.push import keys, service, store, wording
from laddverk.notices.push.model import Device, Owner, OwnerKind
from laddverk.web.portal.account import signed_in
from laddverk.web.rendering import STATIC
from laddverk.web.visit import Visit, Visiting, named

WORKER: Final = (STATIC / "js" / "service-worker.js").read_bytes()
PLACE: Final = "/my/notifications"


@get("/service-worker.js")
async def show_worker() -> Response[bytes]:
    """Return the service worker. It lies at the root, so that all pages are within its reach."""
    return Response(WORKER, media_type="text/javascript; charset=utf-8")


def owner_of(visit: Visit) -> Owner:
    """Return who is told here. Raises `NotAuthenticated`."""
    return Owner(OwnerKind.DRIVER, signed_in(visit))


async def _page(visit: Visit, problem: Problem | None = None) -> Response[str]:
    async with visit.transaction() as tx:
        devices: list[Device] = await store.of_owner(tx, owner_of(visit))
    return visit.page(
        "portal/my_notifications.html",
        status=problem.status if problem else 200,
        devices=devices,
        key=keys.public_key(visit.house.secrets),
        problem=" ".join(visit.errors(problem).values()) if problem else "",
    )


@get(PLACE)
async def show_notifications(visit: Visiting) -> Response[str]:
    """Show in which browsers the driver is told."""
    return await _page(visit)


@post(PLACE)
async def add_device(visit: Visiting) -> Response[Any]:
    """Tell the driver in this browser."""
    form, owner = await visit.form(), owner_of(visit)
    try:
        async with visit.transaction() as tx:
            driver = await access_queries.driver(tx, signed_in(visit))
            await service.subscribe(
                tx, visit.house.settings, visit.actor, owner, form.get("subscription", ""),
                user_agent=visit.request.headers.get("user-agent", ""),
                language=(driver.language if driver else None) or visit.language, now=visit.now,
            )  # fmt: skip
    except Problem as problem:
        return await _page(visit, problem)
    return visit.go(PLACE, visit.words("You are told in this browser from now on."))


@post(f"{PLACE}/test")
async def test_devices(visit: Visiting) -> Response[Any]:
    """Send the driver a notification, to see that it arrives."""
    operator = visit.house.settings.operator_name
    async with visit.transaction() as tx:
        count = await service.tell(
            tx, owner_of(visit), lambda language: wording.tested(language, operator, PLACE), visit.now
        )
    return visit.go(PLACE, visit.words("It is on its way.") if count else visit.words("You are told in no browser."))


@post(f"{PLACE}/{{device:str}}/remove")
async def remove_device(visit: Visiting, device: FromPath[str]) -> Response[Any]:
    """Tell a browser no more."""
    async with visit.transaction() as tx:
        await service.remove(tx, visit.actor, owner_of(visit), named("psh", device), visit.now)
    return visit.go(PLACE, visit.words("Removed."))


HANDLERS: Final = [show_worker, show_notifications, add_device, test_devices, remove_device]

"""What chargers say in their vendors' own language (DataTransfer), and what they are answered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec
from litestar import Response, get, post

from laddverk.kernel.actors import Permission
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.stations import service as stations
from laddverk.stations import vendor_queries as queries
from laddverk.stations.model import VendorRule
from laddverk.stations.service.vendor_data import STATUSES
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS

ADDRESS: Final = "/console/vendor-data"
LOOKED_BACK: Final = timedelta(days=30)


@get(ADDRESS, opt={NEEDS: Permission.STATIONS_WRITE})
async def list_vendor_data(desk: AtDesk) -> Response[str]:
    """The kinds of vendor messages that came lately, and the answers to them."""
    values = {"vendor_id": desk.asked("vendor"), "message_id": desk.asked("message"), "status": "Accepted"}
    return await _page(desk, values, {})


async def _page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    if desk.sites is not None:
        raise NotFound("There is no such page.")
    async with desk.transaction() as tx:
        rows = await queries.vendor_messages(tx, desk.now - LOOKED_BACK, desk.listing("latest").search)
    return desk.page(
        "console/vendor_data.html",
        status=status,
        rows=rows,
        values=values,
        errors=errors,
        statuses=[(word, word) for word in STATUSES],
    )


@post(ADDRESS, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def save_rule(desk: AtDesk) -> Response[Any]:
    """Decide what a vendor's message is answered."""
    values = dict(await desk.form())
    try:
        rule = VendorRule(
            vendor_id=values.get("vendor_id", ""),
            message_id=values.get("message_id", ""),
            status=values.get("status", ""),
            data=_data(values.get("data", "")),
            note=values.get("note", ""),
        )
        async with desk.transaction() as tx:
            await stations.set_vendor_rule(tx, desk.actor, rule, desk.now)
    except Problem as problem:
        return await _page(desk, values, desk.errors(problem), problem.status)
    return desk.go(ADDRESS, desk.words("From now on the charger is answered like this."))


def _data(text: str) -> Any:
    """Return what goes with the answer: JSON when it is written as an object or a list, else the text itself."""
    text = text.strip()
    if not text.startswith(("{", "[")):
        return text or None
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Invalid("This is no JSON.", field="data", remedy="Close all brackets, or write plain text.") from error


@post(f"{ADDRESS}/delete", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def delete_rule(desk: AtDesk) -> Response[Any]:
    """Answer a vendor's message as unknown again."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await stations.delete_vendor_rule(
            tx, desk.actor, form.get("vendor_id", ""), form.get("message_id", ""), desk.now,
            reason=form.get("reason", ""),
        )  # fmt: skip
    return desk.go(ADDRESS, desk.words("The rule is gone."))


ROUTES: Final = [list_vendor_data, save_rule, delete_rule]

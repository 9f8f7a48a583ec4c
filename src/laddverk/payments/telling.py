"""Telling people by mail what became of their money: once, in their language, with where to look."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from msgspec import Struct

from laddverk.kernel.ids import DriverId
from laddverk.kernel.problems import Invalid
from laddverk.notices import service as notices
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

log = structlog.get_logger()

READER: Final = "SELECT email, language FROM driver WHERE id = $1"


class Reader(Struct, frozen=True):
    """Who is told, and in which language."""

    email: str | None
    language: str


async def reader(tx: Transaction, driver_id: DriverId) -> Reader | None:
    """Return where a driver gets mail."""
    return await tx.fetch_one(Reader, READER, driver_id)


async def tell(
    tx: Transaction,
    house: House,
    to: Reader | None,
    template: str,
    path: str,
    params: dict[str, Any],
    key: str,
    now: datetime,
) -> None:
    """Mail `to` the words of `template`, which leads to `path` here; the same `key` twice mails once.

    Nobody is told who is not there or has no address; an address that is none is logged, for the money moved anyway.
    """
    if to is None or not to.email:
        return
    settings = house.settings
    given = {**params, "link": f"{settings.web_url}{path}", "operator": settings.operator_name}
    try:
        await notices.send(
            tx, recipient=to.email, language=to.language, template=template, params=given, now=now, unique_key=key
        )
    except Invalid as problem:
        log.warning("payments.not_told", template=template, key=key, error=str(problem))


async def tell_driver(
    tx: Transaction,
    house: House,
    driver_id: DriverId,
    template: str,
    path: str,
    params: dict[str, Any],
    key: str,
    now: datetime,
) -> None:
    """Mail a driver; see `tell`."""
    await tell(tx, house, await reader(tx, driver_id), template, path, params, key, now)

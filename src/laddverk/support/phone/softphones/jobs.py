"""What phones in browsers need in the background: Asterisk forgets those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

from laddverk.platform.database import Transaction
from laddverk.platform.errands import Call, Later
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, NewJob, Work, enqueue
from laddverk.support.phone.softphones import service, store

SWEEP: Final = "phone.sweep_softphones"

EVERY: Final = (Every(SWEEP, timedelta(minutes=5)),)

log = structlog.get_logger()


class Forgetting:
    """The errand that lets Asterisk forget a phone."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> Sequence[Call | Later | None]:
        """Return a call for each; one that was made anew meanwhile is left alone."""
        if not service.is_there(self._house.settings):
            return [None for _payload in payloads]
        ended = {phone.number for phone in await store.expired(tx, self._house.clock())}
        return [
            partial(service.forget, self._house.settings, payload["number"]) if payload["number"] in ended else None
            for payload in payloads
        ]

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Drop those that are forgotten; the others are swept again."""
        for payload, outcome in came:
            if isinstance(outcome, str):
                await store.forget(tx, payload["number"], self._house.clock())
            else:
                log.warning("softphone.not_forgotten", number=payload["number"], error=str(outcome))


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of phones in browsers by their kind."""

    async def sweep(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        ended = await store.expired(tx, house.clock())
        await enqueue(tx, [NewJob(service.FORGET, {"number": phone.number}) for phone in ended])

    return {SWEEP: sweep, service.FORGET: Forgetting(house)}

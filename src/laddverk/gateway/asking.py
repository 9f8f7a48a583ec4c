"""Facts that somebody outside must be asked about: asked before they are recorded, and never within a window.

A question to a responder may take seconds; the commit of a hundred other chargers must not wait for it. Only the
charger that asked does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from laddverk.ocpp.answers import Answer
from laddverk.ocpp.facts import Fact
from laddverk.platform.house import House

log = structlog.get_logger()

ANSWER_WITHIN_S: Final = 12.0  # a charger gives up after 30 s or so; a responder has 5 s, and there may be two
ASKED_AT_ONCE: Final = 50  # of all chargers together; more would only wait at the responder

Asker = Callable[[House, Any], Awaitable[Answer | None]]
"""Finds the answer to one fact that `ASKS`; None when there is none. Opens transactions of its own."""

AskerTable = Mapping[type[Fact], Asker]
"""Who answers which fact."""

NOBODY: Final[AskerTable] = {}


class Outside:
    """Asks for all chargers of a gateway."""

    def __init__(self, house: House, askers: AskerTable) -> None:
        self._house = house
        self._askers = askers
        self._places = asyncio.Semaphore(ASKED_AT_ONCE)

    async def asked(self, facts: Sequence[Any]) -> Sequence[Any]:
        """Return `facts`, those that `ASKS` with what was `found`. None there: nobody answered in time."""
        if not any(fact.ASKS for fact in facts):
            return facts
        return [await self._answered(fact) if fact.ASKS else fact for fact in facts]

    async def _answered(self, fact: Any) -> Any:
        asker = self._askers.get(type(fact))
        if asker is None:
            return fact
        try:
            async with self._places, asyncio.timeout(ANSWER_WITHIN_S):
                return msgspec.structs.replace(fact, found=await asker(self._house, fact))
        except Exception as error:  # noqa: BLE001 - whatever fails outside, the charger gets its "no"
            log.warning("gateway.not_answered_outside", fact=type(fact).__name__, error=repr(error))
            return fact

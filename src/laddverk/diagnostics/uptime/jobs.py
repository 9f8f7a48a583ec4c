"""What uptime does in the background: months are worked out at night, replayed sessions prove that a charger worked.

The operator's files of codes are read again here too, when they have changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from laddverk.diagnostics.codes.book import Shelf
from laddverk.diagnostics.uptime import months, store
from laddverk.diagnostics.uptime.policies import policies_of
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue

CORRECT_BACK: Final = timedelta(days=3)  # queued messages come within minutes of a reconnection; days, if we were away
CODES: Final = "codes"
"""The operator's folder of codes, in the state directory."""
POLICIES: Final = "uptime"
"""The operator's folder of contracts, in the state directory."""
TOPIC: Final = "uptime"
"""The hint that months were worked out anew."""

EVERY: Final = (
    Every("diagnostics.months", timedelta(hours=1)),
    Every("diagnostics.correct", timedelta(minutes=10)),
    Every("diagnostics.codes", timedelta(minutes=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs by their kind."""
    shelf = Shelf(house.settings.state_dir / CODES)
    shelf.refresh()

    async def work_out(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        today = now.astimezone(ZoneInfo(house.settings.timezone)).date()
        policies = policies_of(house.settings.state_dir / POLICIES).all
        if await months.keep_up(tx, policies, today, now):
            await enqueue(tx, [NewJob("diagnostics.months", {})])
            tx.after_commit(lambda: house.hints.publish([TOPIC]))

    async def correct(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        await store.correct(tx, now - CORRECT_BACK, now)

    async def codes(_tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        shelf.refresh()

    return {"diagnostics.months": work_out, "diagnostics.correct": correct, "diagnostics.codes": codes}

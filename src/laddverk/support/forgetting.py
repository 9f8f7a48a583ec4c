"""What support lets end and forgets by itself: what codes proved, what closed cases hold, and who asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue
from laddverk.support import privacy, proving
from laddverk.support.erasure import service as erasure
from laddverk.support.own_data import service as own_data

PROOFS_END: Final = "support.proofs_end"
FORGET: Final = "support.forget"
EVERY: Final = (
    Every(PROOFS_END, timedelta(minutes=1)),
    Every(FORGET, timedelta(hours=6)),
    Every(erasure.DO, timedelta(minutes=15)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this part by their kind."""

    async def proofs_end(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await proving.end(tx, house.clock())

    async def forget(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now, settings = house.clock(), house.settings
        cases, files = timedelta(days=settings.cases_kept_days), timedelta(days=settings.case_files_kept_days)
        if await privacy.forget_old(tx, now - cases, now - files) == privacy.BATCH:
            await enqueue(tx, [NewJob(FORGET, {})])
        await erasure.forget_invoices(tx, now)
        await own_data.forget(tx, now)

    async def erase(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await erasure.forget_told(tx, house.clock())
        for each in await erasure.waiting(tx):
            await erasure.carry_out(tx, house, each, house.clock())

    return {PROOFS_END: proofs_end, FORGET: forget, erasure.DO: erase}

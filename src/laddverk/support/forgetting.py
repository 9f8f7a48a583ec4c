"""What support lets end and forgets by itself: what codes proved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.support import proving

PROOFS_END: Final = "support.proofs_end"
EVERY: Final = (Every(PROOFS_END, timedelta(minutes=1)),)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this part by their kind."""

    async def proofs_end(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await proving.end(tx, house.clock())

    return {PROOFS_END: proofs_end}

"""The demo's card provider: payouts of the last weeks, one of which lacks an item, and disputes in each state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.cli.demo import dating
from laddverk.cli.demo.dating import DAYS
from laddverk.payments.disputes import service as disputes
from laddverk.payments.payouts import service as payouts
from laddverk.payments.providers import sandbox_money as money
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

PAID_OUT_AT: Final = timedelta(hours=3, minutes=10)
IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM sandbox_payout)"
ENTRIES: Final = "SELECT ref FROM sandbox_entry WHERE kind = 'charge' AND payout_ref IS NULL ORDER BY at, ref"
LOSE: Final = "UPDATE sandbox_entry SET is_hidden = true WHERE ref = $1"
# Those of a charge first: there is more to show than for an invoice.
DISPUTABLE: Final = """
SELECT sandbox_payment.ref, sandbox_payment.order_id, sandbox_payment.currency, sandbox_payment.captured_minor
FROM sandbox_payment JOIN payment ON payment.id::text = sandbox_payment.order_id
WHERE payment.state = 'captured' AND sandbox_payment.captured_minor > 5000 AND sandbox_payment.refunded_minor = 0
ORDER BY payment.purpose <> 'session', payment.created_at LIMIT 3
"""
ANSWER: Final = {"text": "Delivered as shown on the receipt.", "document_bytes": 0}


class _Taken(Struct, frozen=True):
    ref: str
    order_id: str
    currency: str
    captured_minor: int


async def equip(house: House, now: datetime, seed: int) -> None:
    """Spread what was paid over some weeks, pay it out night by night, and let three holders dispute; once."""
    midnight = _midnight(now, house.settings.timezone)
    async with house.database.transaction() as tx:
        if house.settings.payment_provider != "sandbox" or await tx.value(IS_EQUIPPED):
            return
        await dating.spread(tx, now, seed)
        refs = await tx.values(ENTRIES)
        if refs:
            await tx.execute(LOSE, refs[len(refs) // 2])
        taken = await tx.fetch(_Taken, DISPUTABLE)
        opened = [
            await money.dispute(
                tx, money.Paid(each.ref, each.order_id, each.currency), each.captured_minor, now - timedelta(days=days)
            )
            for each, days in zip(taken, (4, 12, 16), strict=False)
        ]
        for days in range(DAYS, -1, -1):
            night = midnight - timedelta(days=days)
            await money.decide(tx, night + PAID_OUT_AT)
            await money.pay_out(tx, night + PAID_OUT_AT, night)
            if days == DAYS // 2 and len(opened) > 1:
                await money.answered(tx, opened[1], ANSWER)
                await money.given_in(tx, opened[-1])
        for each in taken:
            await enqueue(tx, [NewJob(disputes.LOOK, {"payment_id": each.order_id})])
        await enqueue(tx, [NewJob(payouts.READ, {})])
    house.worker.wake()


def _midnight(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)

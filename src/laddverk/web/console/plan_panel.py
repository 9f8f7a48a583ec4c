"""What the page of a driver says of plans and accounts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.subscriptions import plans, queries, rules
from laddverk.subscriptions.model import Audience
from laddverk.subscriptions.queries import SubscriberFilter
from laddverk.web.console import plan_words
from laddverk.web.console.desk import Desk


async def panel(tx: Transaction, desk: Desk, driver_id: UUID) -> dict[str, Any]:
    """Return what the page of a driver says of plans and accounts."""
    chosen = SubscriberFilter(driver_id=driver_id)
    return {
        "subscriptions": await queries.subscribers(tx, desk.today, chosen, limit=5),
        "plan_offers": await plans.offered(tx, Audience.PRIVATE),
        "membership": await queries.membership(tx, driver_id, rules.month_of(desk.today)),
        "plan_words": plan_words,
    }

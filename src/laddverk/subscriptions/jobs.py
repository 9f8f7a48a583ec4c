"""What subscriptions do in the background: tell what is coming. Months begin and end by themselves: they are days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.subscriptions import plans, rules, store
from laddverk.subscriptions.model import Kind, SubscriberToTell, Subscription
from laddverk.subscriptions.subscribing import day_of

TELL: Final = "subscriptions.tell_coming"
EVERY: Final = (Every(TELL, timedelta(hours=1)),)
TRIAL_DAYS: Final = 3  # before the fee begins: time to cancel
PAUSE_DAYS: Final = 3
BINDING_DAYS: Final = 30  # before one is free to leave


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room."""

    async def tell(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await tell_coming(tx, house.clock(), zone=house.settings.timezone)

    return {TELL: tell}


async def tell_coming(tx: Transaction, now: datetime, *, zone: str) -> int:
    """Tell who has a trial, a pause or a binding that ends soon, once for each; return how many were told."""
    today = day_of(now, zone)
    told = 0
    for each in await store.with_news(tx, today, today + timedelta(days=BINDING_DAYS)):
        for coming, day in news(each, today):
            key = f"plan_coming:{each.id}:{coming}:{day.isoformat()}"
            if await store.first_telling(tx, key, now):
                await _tell(tx, each, coming, day, key)
                told += 1
    return told


def news(subscription: Subscription, today: date) -> list[tuple[str, date]]:
    """Return what of a subscription ends soon, and when. Nothing of one that is cancelled. Pure."""
    if subscription.ends_on is not None:
        return []
    found: list[tuple[str, date]] = []
    piece = rules.piece_on(subscription.pieces, today)
    if piece is not None and piece.until_day is not None:
        left = (piece.until_day - today).days
        if piece.kind is Kind.TRIAL and left <= TRIAL_DAYS:
            found.append(("trial_ends", piece.until_day))
        if piece.kind is Kind.PAUSED and left <= PAUSE_DAYS:
            found.append(("pause_ends", piece.until_day))
    bound = subscription.bound_until
    if bound is not None and 0 < (bound - today).days <= BINDING_DAYS:
        found.append(("binding_ends", bound))
    return found


async def _tell(tx: Transaction, subscription: Subscription, coming: str, day: date, key: str) -> None:
    driver_id = await plans.payer_id(tx, subscription)
    reader = (await store.readers(tx, [driver_id]))[driver_id]
    piece = rules.piece_on(subscription.pieces, day) or subscription.pieces[-1]
    version = (await store.versions(tx, [piece.version_id]))[piece.version_id]
    params = {
        "path": "/my/plan",
        "name": version.name,
        "coming": coming,
        "day_on": day.isoformat(),
        "fee_minor": version.terms.fee_minor,
        "currency": version.terms.currency,
    }
    told = SubscriberToTell(
        recipient=reader.email, language=reader.language, template="plan_coming", params=params, unique_key=key
    )
    await outbox.publish(tx, [told])

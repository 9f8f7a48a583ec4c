"""A house that is paid through our own Stripe, and short words for what tests of cards do there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest
from stripe import HTTPClient

from laddverk.kernel.ids import PaymentId
from laddverk.payments import service
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from tests.doubles.stripe_simulator import WEBHOOK_SECRET, StripeSimulator
from tests.integration.payments.conftest import Street, street_on


@asynccontextmanager
async def stripe_street(
    database: Database, monkeypatch: pytest.MonkeyPatch, stripe: StripeSimulator, **more: Any
) -> AsyncIterator[Street]:
    """Yield the house while its Stripe serves. The SDK repeats a lost call at once, not after half a second."""
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0.01)
    async with stripe.serving() as server:
        settings = Settings(
            payment_provider="stripe",
            stripe_api_key=stripe.key,
            stripe_api_base=server.url,
            stripe_webhook_secret=WEBHOOK_SECRET,
            public_url="https://ladda.example",
            **more,
        )
        yield await street_on(database, monkeypatch, settings)


async def deliver(street: Street, stripe: StripeSimulator, random: Random | None = None, copies: int = 1) -> None:
    """Post what Stripe has to say to our door, in the order given by `random`, and act on it."""
    events = stripe.events * copies
    if random is not None:
        random.shuffle(events)
    for event in events:
        headers, body = stripe.signed_event(event, street.now())
        await service.receive_webhook(street.house, "stripe", headers, body)
    await street.settle()


async def authorised(
    street: Street, stripe: StripeSimulator, card: str = "good", amount_minor: int = 30_000
) -> PaymentId:
    """A reserved amount, paid on Checkout."""
    _, payment_id, url = await street.opened(amount_minor)
    stripe.pay(url.rpartition("/")[2], card)
    await deliver(street, stripe)
    return payment_id


async def charged(street: Street, stripe: StripeSimulator, price_minor: int) -> PaymentId:
    """The whole way of one session."""
    payment_id = await authorised(street, stripe)
    await street.priced(await street.session(price_minor, payment_id))
    return payment_id

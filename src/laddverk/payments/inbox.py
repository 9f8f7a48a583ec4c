"""The door for webhooks: check the signature, keep the message, answer. What it means is found out by a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

from laddverk.kernel.problems import Invalid
from laddverk.payments import store_inbox
from laddverk.payments.disputes import service as disputes
from laddverk.payments.model import WebhookEvent
from laddverk.payments.payouts import service as payouts
from laddverk.payments.providers import provider_named
from laddverk.platform.database import Database, Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.platform.together import Together

WEBHOOK = "payments.webhook"
"""The job that looks at what a webhook is about: payload `{provider, event_id}`."""
BODY_MAX = 1_000_000  # Stripe's largest are some ten kilobytes


async def receive_webhook(house: House, provider: str, headers: Mapping[str, str], body: bytes) -> None:
    """Take in a webhook of `provider`; answer 200 when this returns. The same event twice is kept once.

    Raises `Forged` (400) unless it is signed and recent, `Invalid` when it is too large or not what it should be, and
    `NotFound` for a provider that is not used. Header names may be in any case.
    """
    if len(body) > BODY_MAX:
        raise Invalid("This message is too large.")
    now = house.clock()
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        event = provider_named(house, provider).parse_webhook(lowered, body, now)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("This message cannot be understood.") from error

    await _together(house.database).written(house.database, (provider, event, now))
    house.worker.wake()


async def _keep(tx: Transaction, told: Sequence[tuple[str, WebhookEvent, datetime]]) -> None:
    for provider, event in await store_inbox.receive(tx, told):
        await enqueue(tx, [NewJob(WEBHOOK, {"provider": provider, "event_id": event.id})])
        await _tell_cards(tx, provider, event)


_doors: WeakKeyDictionary[Database, Together[tuple[str, WebhookEvent, datetime]]] = WeakKeyDictionary()


def _together(database: Database) -> Together[tuple[str, WebhookEvent, datetime]]:
    """Return what writes the messages that come at the same time in one commit: of a busy provider they are many."""
    return _doors.setdefault(database, Together(_keep))


async def _tell_cards(tx: Transaction, provider: str, event: WebhookEvent) -> None:
    """Have disputes and payouts looked at, when the message is about them: it says where to look, no more."""
    if event.kind.startswith("payout."):
        await enqueue(tx, [NewJob(payouts.READ, {}, unique_key=f"{payouts.READ}:told")])
    elif "dispute" in event.kind:
        if event.payment_id is not None:
            await disputes.want_look(tx, event.payment_id)
        else:
            await disputes.told(tx, provider, event.provider_ref, event.checkout_ref, 0)

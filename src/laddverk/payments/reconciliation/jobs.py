"""What reconciliation does by the clock: asks providers for the truth, compares every night, and tells staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from laddverk.kernel.actors import rule
from laddverk.kernel.problems import NotFound
from laddverk.payments import settling
from laddverk.payments import store as payment_store
from laddverk.payments.calling import Gate, Step
from laddverk.payments.model import Snapshot
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import Refused
from laddverk.payments.reconciliation import service, store
from laddverk.payments.rules import BY_FILE, BY_HAND, WALLET
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, NewJob, Work, enqueue

COMPARE: Final = "reconciliation.compare"
ASK_ALL: Final = "reconciliation.ask_all"
ASK: Final = "reconciliation.ask"
"""The errand that asks a provider how it has one payment: payload `{payment_id}`."""
UNSOUND: Final = "reconciliation.unsound"

ASKED_AT_ONCE: Final = 100  # every ten minutes: 14 000 payments a day, and no burden for anybody
RAILS: Final = ("stripe", "sandbox", "swish")

EVERY: Final = (Every(COMPARE, timedelta(days=1)), Every(ASK_ALL, timedelta(minutes=10)))

log = structlog.get_logger()

Payloads = Sequence[dict[str, Any]]


def handlers(house: House) -> dict[str, Work]:
    """Return the jobs of this room."""

    async def compare(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: compare, and tell staff what is new."""
        await service.compare(tx, rule("nightly comparison"), house.clock())
        await service.tell(tx, house, house.clock())

    async def ask_all(tx: Transaction, _payloads: Payloads) -> None:
        """By the clock: send for the providers' own word."""
        payments = await store.to_ask(tx, answering(house), house.clock(), ASKED_AT_ONCE)
        jobs = [NewJob(ASK, {"payment_id": str(each.id)}, unique_key=f"{ASK}:{each.id}") for each in payments]
        await enqueue(tx, jobs)

    async def unsound(tx: Transaction, _payloads: Payloads) -> None:
        """`LedgerUnsound`: staff must know."""
        await service.tell_unsound(tx, house, house.clock())

    return {COMPARE: compare, ASK_ALL: ask_all, ASK: Asks(house), UNSOUND: unsound}


def answering(house: House) -> list[str]:
    """Return the rails of this house that answer when they are asked."""
    found = []
    for rail in RAILS:
        assert rail not in BY_FILE | BY_HAND | {WALLET}
        try:
            provider_named(house, rail)
        except NotFound:
            continue
        found.append(rail)
    return found


class Asks:
    """The errand `ASK`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._gate = Gate()

    async def begin(self, tx: Transaction, payloads: Payloads) -> list[Step]:
        """Return the questions; nothing is locked, for nothing of ours is changed by the answer."""
        return [await self._question(tx, payload) for payload in payloads]

    async def _question(self, tx: Transaction, payload: dict[str, Any]) -> Step:
        payment = await payment_store.payment(tx, settling.decoded_id(payload))
        if payment is None:
            return None
        method = await payment_store.method(tx, payment.method_id) if payment.method_id else None
        provider, customer = provider_named(self._house, payment.provider), method.customer_ref if method else None
        return self._gate.through(payment.provider, lambda: provider.fetch(payment, customer))

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Write down what the providers said. No answer is no word: they are asked again in the next round."""
        now = self._house.clock()
        for payload, answer in came:
            payment_id = settling.decoded_id(payload)
            match answer:
                case None | Refused() | NotFound():
                    await store.save_seen(tx, payment_id, now, is_known=False, captured_minor=0, refunded_minor=0)
                case Snapshot():
                    await store.save_seen(
                        tx,
                        payment_id,
                        now,
                        is_known=True,
                        captured_minor=answer.captured_minor,
                        refunded_minor=answer.refunded_minor,
                    )
                case _:
                    log.warning("payments.provider_silent", payment=str(payment_id), error=str(answer))

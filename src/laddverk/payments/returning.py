"""Bringing refunds to the provider: looked for first when the last call had no answer, and asked for with one key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from laddverk.payments import asking, claims, refunding, rules, settling, store
from laddverk.payments.calling import Gate, Step
from laddverk.payments.deposits import service as deposits
from laddverk.payments.direct_debit import collecting
from laddverk.payments.model import Payment, Refund, RefundState
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import PaymentProvider, RefundSeen, Refused, Unanswered
from laddverk.platform.database import Transaction
from laddverk.platform.errands import LEASE, Later
from laddverk.platform.house import House

CLOSED = frozenset({RefundState.SUCCEEDED, RefundState.FAILED})


class Returns:
    """The errand `refunding.REFUND`."""

    def __init__(self, house: House, gate: Gate) -> None:
        self._house = house
        self._gate = gate

    async def begin(self, tx: Transaction, payloads: Sequence[dict[str, Any]]) -> list[Step]:
        """Claim the payments whose refunds are open, and return the calls; a bank's refund goes into its next file."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload in payloads])
        steps: list[Step] = []
        for payload in payloads:
            payment = known.get(settling.decoded_id(payload))
            wanted = await store.refund(tx, UUID(payload["refund_id"]))
            if payment is None or wanted is None or wanted.state in CLOSED:
                steps.append(None)
            elif payment.provider in rules.BY_FILE:
                await collecting.pay_out(tx, self._house, payment, wanted.id, now)
                steps.append(None)
            elif payment.provider in rules.BY_HAND:
                await deposits.paid_back(tx, payment, wanted.id, now)
                steps.append(None)
            elif payment.is_called(now):
                steps.append(Later())
            else:
                known[payment.id] = await claims.claim(tx, payment, now + LEASE)
                steps.append(self._step(payment, wanted))
        return steps

    def _step(self, payment: Payment, wanted: Refund) -> Step:
        """Return the call. Where a process ended in the middle of one, its key keeps the money from going twice."""
        look_first = wanted.state == RefundState.UNKNOWN or payment.calling_until is not None
        provider = provider_named(self._house, payment.provider)
        return self._gate.through(payment.provider, lambda: _made(provider, payment, wanted, look_first=look_first))

    async def record(self, tx: Transaction, came: Sequence[tuple[dict[str, Any], Any]]) -> None:
        """Write down what became of the refunds."""
        now = self._house.clock()
        known = await claims.locked(tx, [settling.decoded_id(payload) for payload, _ in came])
        await claims.release(tx, list(known))
        for payload, answer in came:
            wanted = await store.refund(tx, UUID(payload["refund_id"]))
            assert wanted is not None, "refunds are never removed"
            await _recorded(tx, known[settling.decoded_id(payload)], wanted, answer, now)


async def _made(provider: PaymentProvider, payment: Payment, wanted: Refund, *, look_first: bool) -> RefundSeen:
    seen = await provider.refunded(payment, wanted.id) if look_first else None
    return seen or await provider.refund(payment, wanted)


async def _recorded(tx: Transaction, payment: Payment, wanted: Refund, answer: Any, now: datetime) -> None:
    """Write down what came of a refund, and look once more: what somebody gave back at the provider meanwhile may have
    been taken for this one.
    """
    if wanted.state in CLOSED:
        return
    await asking.ask(tx, payment.id)
    if isinstance(answer, Unanswered | TimeoutError):
        await store.save_refund(tx, wanted.id, RefundState.UNKNOWN, None, None, now)
        await store.note(tx, payment.id, "refund_unanswered", now, amount_minor=wanted.amount_minor)
    elif isinstance(answer, Refused):
        await refunding.failed(tx, payment, wanted, answer.text, now)
    elif isinstance(answer, BaseException):
        raise answer
    elif answer.state == RefundState.SUCCEEDED:
        await settling.refunded(tx, payment, wanted, now, answer.provider_ref)
    elif answer.state == RefundState.FAILED:
        await refunding.failed(tx, payment, wanted, answer.failure_text or "", now)
    else:
        await store.save_refund(tx, wanted.id, RefundState.UNKNOWN, answer.provider_ref, None, now)

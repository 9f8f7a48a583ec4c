"""Looking at disputes, answering them, giving in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog
from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DisputeId, PaymentId, new_id
from laddverk.kernel.money import VatTotal
from laddverk.kernel.problems import Conflict, Invalid, NotFound, Unavailable
from laddverk.ledger import service as ledger
from laddverk.payments import rules as payment_rules
from laddverk.payments import store as payment_store
from laddverk.payments.disputes import rules, store
from laddverk.payments.disputes.model import ANSWERABLE, Dispute, DisputeSeen, DisputeState, Evidence
from laddverk.payments.model import Payment
from laddverk.payments.providers import provider_named
from laddverk.payments.providers.port import Disputes, Refused, Unanswered
from laddverk.payments.wallet import books as wallet
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, delay_after, enqueue

log = structlog.get_logger()

LOOK: Final = "payments.look_at_disputes"
"""The job that asks a provider about the disputes of one payment: payload `{payment_id}`."""
ASK: Final = "payments.ask_about_disputes"
"""By the clock: the same for those that nobody spoke of for a while."""
FIND: Final = "payments.find_disputed"
"""Looks again for a disputed payment whose reference is not known yet: payload of the arguments of `told`."""
TRIES_MAX: Final = 7  # 5 s, doubling: ten minutes in all
REASON_MAX: Final = 500
SILENT_S: Final = 300.0  # until a provider that did not answer is asked again
TOLD: Final = {
    DisputeState.WON: "dispute_won",
    DisputeState.LOST: "dispute_lost",
    DisputeState.CLOSED: "dispute_closed",
}


async def want_look(tx: Transaction, payment_id: PaymentId, *, later: bool = False) -> None:
    """Have the disputes of a payment looked at after the commit, or `later`, when the provider was silent."""
    key = f"{LOOK}:{payment_id}"
    rest_s = SILENT_S if later else 0.0
    await enqueue(tx, [NewJob(LOOK, {"payment_id": str(payment_id)}, unique_key=key, after_s=rest_s)])


async def told(tx: Transaction, provider: str, provider_ref: str | None, checkout_ref: str | None, tries: int) -> None:
    """Have the disputes of the payment looked at that a provider names by its references.

    Messages come in any order: the one that tells us of that reference may still be on its way, so it is looked for
    again, more and more seldom. What is not ours is given up after some minutes.
    """
    found = await payment_store.id_by_reference(tx, provider, provider_ref, checkout_ref)
    if found is not None:
        await want_look(tx, found)
    elif tries < TRIES_MAX:
        payload = {"provider": provider, "provider_ref": provider_ref, "checkout_ref": checkout_ref, "tries": tries + 1}
        await enqueue(tx, [NewJob(FIND, payload, after_s=delay_after(tries).total_seconds())])


async def ask_about_open(tx: Transaction, now: datetime) -> None:
    """Have those looked at that nobody spoke of for hours: a message may have been lost."""
    for payment_id in await store.to_ask(tx, now):
        await store.touch(tx, payment_id, now)
        await want_look(tx, payment_id)


async def apply(tx: Transaction, payment: Payment, shown: Sequence[DisputeSeen], now: datetime) -> None:
    """Join what a provider shows of the locked payment's disputes to what is known, with all that follows."""
    known = {dispute.provider_ref: dispute for dispute in await store.of_payment(tx, payment.id)}
    for seen in shown:
        before = known.get(seen.provider_ref) or await _begun(tx, payment, seen, now)
        after = rules.applied(before, seen, now)
        if after != before:
            await _save(tx, payment, before, after, now)


async def _begun(tx: Transaction, payment: Payment, seen: DisputeSeen, now: datetime) -> Dispute:
    new = Dispute(
        id=DisputeId(new_id()),
        payment_id=payment.id,
        provider=payment.provider,
        provider_ref=seen.provider_ref,
        state=DisputeState.INQUIRY,
        reason=seen.reason,
        currency=seen.currency,
        amount_minor=seen.amount_minor,
        opened_at=seen.opened_at,
        updated_at=now,
    )
    await store.insert(tx, new)
    await payment_store.note(
        tx, payment.id, "disputed", now, amount_minor=seen.amount_minor, detail={"reason": seen.reason}
    )
    await store.freeze(tx, payment, f"disputed: {seen.reason}", now)
    return new


async def _save(tx: Transaction, payment: Payment, before: Dispute, after: Dispute, now: datetime) -> None:
    await store.save(tx, after)
    lost_key = f"{after.id}:{after.lost_minor}"
    await wallet.lost(tx, payment, after.lost_minor - before.lost_minor, lost_key, now)
    for entry in rules.entries(before, after, payment, await _sold(tx, payment), now):
        await ledger.post(tx, entry)
    if after.state != before.state and after.state in TOLD:
        await payment_store.note(tx, payment.id, TOLD[after.state], now, amount_minor=after.amount_minor)
    if not rules.freezes(after):
        await store.thaw(tx, payment)


async def _sold(tx: Transaction, payment: Payment) -> Sequence[VatTotal]:
    """Return what stands as sold by what a payment was for, at each VAT rate; nothing when it was for no sale."""
    if payment.invoice_id is not None:
        return await store.sold_on(tx, payment.invoice_id)
    if not payment_rules.is_sale(payment) or payment.session_id is None:
        return ()
    return await payment_store.standing(tx, payment.session_id)


async def send_evidence(
    house: House, actor: Actor, dispute_id: DisputeId, evidence: Evidence, reason: str, now: datetime
) -> None:
    """Send evidence to the card holder's bank. It can be done once, and not taken back.

    Needs `payments:refund`. Raises `NotFound`, `Conflict` when there is nothing to answer any more, `Invalid` without
    words, and `Unavailable` when the provider does not answer: it may be repeated.
    """
    actor.require(Permission.PAYMENTS_REFUND)
    if not evidence.text.strip():
        raise Invalid("Say in a few words what was delivered.", field="text")
    kept, payment = await house.database.run(lambda tx: _answerable(tx, dispute_id))
    provider = provider_named(house, payment.provider)
    if not isinstance(provider, Disputes):
        raise Conflict("This provider takes no evidence.")
    try:
        seen = await provider.answer_dispute(kept.provider_ref, evidence)
    except (Unanswered, Refused) as error:
        raise Unavailable("The provider did not take the evidence.", remedy="Try again in a moment.") from error

    async def keep(tx: Transaction) -> None:
        locked = await payment_store.locked(tx, payment.id)
        assert locked is not None
        await apply(tx, locked, [seen], now)
        after = await store.dispute(tx, dispute_id)
        assert after is not None
        await store.save(tx, replace(after, evidence_at=now, evidence_by=actor.name))
        await payment_store.note(tx, payment.id, "evidence_sent", now, detail={"by": actor.name})
        await audit.write(
            tx, actor, "dispute.answered", "payment", payment.id, at=now, reason=reason.strip()[:REASON_MAX],
            detail={"dispute": str(dispute_id), "text": evidence.text[:REASON_MAX]},
        )  # fmt: skip

    await house.database.run(keep)


async def accept(house: House, actor: Actor, dispute_id: DisputeId, reason: str, now: datetime) -> None:
    """Give in: the money stays with the card holder. Needs `payments:refund` and a reason; it cannot be taken back."""
    actor.require(Permission.PAYMENTS_REFUND)
    if not reason.strip():
        raise Invalid("Giving in needs a reason.", field="reason", remedy="Say in a few words why.")
    kept, payment = await house.database.run(lambda tx: _answerable(tx, dispute_id))
    provider = provider_named(house, payment.provider)
    if not isinstance(provider, Disputes):
        raise Conflict("This provider has no disputes.")
    try:
        seen = await provider.accept_dispute(kept.provider_ref)
    except (Unanswered, Refused) as error:
        raise Unavailable("The provider did not answer.", remedy="Try again in a moment.") from error

    async def keep(tx: Transaction) -> None:
        locked = await payment_store.locked(tx, payment.id)
        assert locked is not None
        await apply(tx, locked, [seen], now)
        await audit.write(
            tx, actor, "dispute.accepted", "payment", payment.id, at=now, reason=reason.strip()[:REASON_MAX],
            detail={"dispute": str(dispute_id)},
        )  # fmt: skip

    await house.database.run(keep)


async def thaw(tx: Transaction, actor: Actor, dispute_id: DisputeId, reason: str, now: datetime) -> None:
    """Let the driver's cards be debited again in spite of a dispute. Needs `payments:refund` and a reason."""
    actor.require(Permission.PAYMENTS_REFUND)
    if not reason.strip():
        raise Invalid("This needs a reason.", field="thaw_reason", remedy="Say in a few words why.")
    kept = await store.dispute(tx, dispute_id)
    payment = None if kept is None else await payment_store.locked(tx, kept.payment_id)
    if payment is None:
        raise NotFound("There is no such dispute.")
    if not await store.thaw(tx, payment, whatever_else=True):
        raise Conflict("No card of this driver is frozen.")
    await audit.write(
        tx, actor, "dispute.card_thawed", "payment", payment.id, at=now, reason=reason.strip()[:REASON_MAX]
    )


async def _answerable(tx: Transaction, dispute_id: DisputeId) -> tuple[Dispute, Payment]:
    kept = await store.dispute(tx, dispute_id)
    payment = None if kept is None else await payment_store.payment(tx, kept.payment_id)
    if kept is None or payment is None:
        raise NotFound("There is no such dispute.")
    if kept.state not in ANSWERABLE:
        raise Conflict("This dispute cannot be answered any more.", remedy="Look at how it stands.")
    return kept, payment

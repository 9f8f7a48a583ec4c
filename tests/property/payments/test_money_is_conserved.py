"""Whatever happens on the way, money is neither made nor lost: our books, the ledger and the provider's books agree.

A walk of random steps over a real database and a Stripe on a socket: charges, prices, corrections, refunds of ours and
by hand, disputes, payouts, top-ups and charges from the wallet; answers that get lost before or after the work is done,
messages in any order and number, and a process that ends between a call and its commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId, PaymentId, SessionId, new_id
from laddverk.kernel.money import VatTotal, vat_total, vat_within
from laddverk.kernel.problems import Problem
from laddverk.ledger import service as ledger
from laddverk.payments import service, settling, store
from laddverk.payments.model import Payment, Purpose, State
from laddverk.payments.payouts import service as payouts
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, Worker, enqueue
from tests.cluster import TestCluster
from tests.doubles.stripe_simulator import Fault, StripeError, StripeSimulator
from tests.integration.payments.conftest import Street
from tests.integration.payments.stripe_street import stripe_street

AGENT = rule("walk")
RESERVED_MINOR = 30_000
FAULTS = ("drop_before", "drop_after", "error_before", "error_after")
CALLS = ("/capture$", "/cancel$", "POST /v1/refunds", "POST /v1/checkout", "GET ", "POST /v1/payment_intents")


class Mortal(Worker):
    """A worker that can end in the middle of its calls."""

    @classmethod
    def after(cls, worker: Worker) -> Mortal:
        """Return one that does the same work."""
        return cls(worker._database, {**worker._handlers, **worker._errands})

    async def dies_in_mid_call(self) -> Mortal:
        """Begin what is due, let the calls be made, forget what they answered; return the worker that comes after."""
        for _ in range(3):
            await self._handlers_due()
        await self._errands_due()
        while self._outside._under_way:
            await asyncio.wait(self._outside._under_way)
        return Mortal.after(self)


@dataclass
class Walk:
    """One network, its Stripe, and what was done so far."""

    street: Street
    stripe: StripeSimulator
    random: Random
    ada: DriverId
    charges: list[PaymentId] = field(default_factory=list)
    sessions: dict[PaymentId, SessionId] = field(default_factory=dict)
    corrected: set[PaymentId] = field(default_factory=set)

    # Steps. Each does what fits, or nothing.

    async def charge(self) -> None:
        """Somebody reserves money by card, and the charger starts."""
        with suppress(Problem):
            _, payment_id, url = await self.street.opened(RESERVED_MINOR)
            self.stripe.pay(url.rpartition("/")[2])
            self.charges.append(payment_id)

    async def top_up(self) -> None:
        """The driver pays money in."""
        with suppress(Problem):
            page = await service.open_top_up(
                self.street.house, self.ada, amount_minor=self.random.choice([10_000, 50_000]), return_url="/my",
                now=self.street.now(),
            )  # fmt: skip
            self.stripe.pay(page.url.rpartition("/")[2])

    async def spend(self) -> None:
        """The driver begins a charge from the wallet."""
        async with self.street.house.database.transaction() as tx:
            now = self.street.now()
            made = Payment(
                id=PaymentId(new_id()), purpose=Purpose.SESSION, state=State.CREATED, currency="SEK",
                amount_minor=self.random.randint(1, 30_000), driver_id=self.ada, provider="wallet",
                start_request_id=await self.street.world.start(tx, driver=self.ada), created_at=now, updated_at=now,
            )  # fmt: skip
            await store.insert(tx, made)
            await settling.call(tx, made.id, "charge")
        self.charges.append(made.id)

    async def price(self) -> None:
        """A charge ends: for nothing, for less than Stripe moves, for more than was reserved, or in between."""
        open_ones = [each for each in self.charges if each not in self.sessions]
        if open_ones and (payment := await self.street.payment(self.random.choice(open_ones))).authorised_minor:
            price = self.random.choice([0, 200, 12_345, 30_000, 41_000, self.random.randint(1, 45_000)])
            driver = self.ada if payment.provider == "wallet" else None
            self.sessions[payment.id] = await self.street.session(price, payment.id, driver, self._parts(price))
            await self.street.priced(self.sessions[payment.id], run=False)

    async def correct(self) -> None:
        """The meter was wrong: the session costs less, or more."""
        if self.sessions:
            payment_id, session = self.random.choice(list(self.sessions.items()))
            self.corrected.add(payment_id)
            price = self.random.randint(0, 20_000)
            sql = (
                "UPDATE session SET price_minor = $2, vat_minor = $3, vat = $4, version = version + 1"
                " WHERE id = $1 RETURNING id"
            )
            parts = self._parts(price)
            vat = sum(part.vat_minor for part in parts) if parts else vat_within(price, Decimal(25))
            await self.street.value(sql, session, price, vat, parts or None)
            await self.street.priced(session, run=False)

    async def refund(self) -> None:
        """The operator gives a part back."""
        if self.charges:
            with suppress(Problem):
                async with self.street.house.database.transaction() as tx:
                    amount = self.random.randint(1, 15_000)
                    await service.refund(tx, AGENT, self.random.choice(self.charges), amount, "x", self.street.now())

    async def refund_by_hand(self) -> None:
        """Somebody refunds in the provider's own pages."""
        for intent in self._taken()[:1]:
            with suppress(StripeError):
                self.stripe.refund_by_hand(intent["id"], self.random.randint(1, 5_000))

    async def dispute(self) -> None:
        """A card holder disputes what is left of a payment."""
        for intent in self._taken()[:1]:
            left = intent["amount_received"] - self.stripe.refunded(intent["id"])
            if left and intent["id"] not in {each["payment_intent"] for each in self.stripe.of_kind("dispute")}:
                self.stripe.dispute(intent["id"], amount=left)

    async def decide(self) -> None:
        """A bank decides a dispute."""
        for each in self.stripe.of_kind("dispute")[-1:]:
            if each["status"] == "needs_response":
                self.stripe.decide(each["id"], self.random.choice(["won", "lost"]))

    async def pay_out(self) -> None:
        """The provider pays out."""
        if any(each["payout"] is None for each in self.stripe.of_kind("balance_transaction")):
            self.stripe.pay_out()

    async def fault(self) -> None:
        """Something will go wrong with a call."""
        self.stripe.faults.append(
            Fault(self.random.choice(CALLS), self.random.choice(FAULTS), times=self.random.randint(1, 3))
        )

    async def work(self) -> None:
        """All that is due is done."""
        await self.street.house.worker.run_until_idle()

    async def die(self) -> None:
        """The process ends in mid-call, and another one starts."""
        self.street.house.worker = await Mortal.after(self.street.house.worker).dies_in_mid_call()

    async def wait(self) -> None:
        """A minute goes by, with what the clock brings."""
        self.street.offset += timedelta(seconds=70)
        async with self.street.house.database.transaction() as tx:
            await tx.execute("UPDATE job SET run_at = now() WHERE failed_at IS NULL")
            await enqueue(tx, [NewJob("payments.reconcile", {})])
        await self.work()

    async def hear(self) -> None:
        """Some of what the provider has said so far arrives, in any order and number."""
        for event in self.random.choices(self.stripe.events, k=min(12, 2 * len(self.stripe.events))):
            await self._posted(event)

    async def _posted(self, event: dict[str, Any]) -> None:
        headers, body = self.stripe.signed_event(event, self.street.now())
        await service.receive_webhook(self.street.house, "stripe", headers, body)

    def _taken(self) -> list[dict[str, Any]]:
        taken = [each for each in self.stripe.of_kind("payment_intent") if each["status"] == "succeeded"]
        self.random.shuffle(taken)
        return taken

    async def rest(self) -> None:
        """Nothing goes wrong any more, time goes by, and everything is said once more, and once again at the end."""
        self.stripe.faults.clear()
        self.stripe.kept.clear()  # keys are forgotten after a day
        for page in [each for each in self.stripe.of_kind("checkout.session") if each["status"] == "open"]:
            self.stripe._expire(page, {})
        for payment_id in [each for each in self.charges if each not in self.sessions]:
            self.sessions[payment_id] = await self.street.session(5_000, payment_id, self.ada)
            await self.street.priced(self.sessions[payment_id], run=False)
        for turn in range(4):
            if turn in (0, 3):
                for event in self.random.sample(self.stripe.events, len(self.stripe.events)):
                    await self._posted(event)
            await self.wait()
            self.street.offset += timedelta(minutes=11)
        async with self.street.house.database.transaction() as tx:
            await enqueue(tx, [NewJob(payouts.READ, {})])
        await self.wait()

    def _parts(self, price: int) -> tuple[VatTotal, ...]:
        """Some prices are at two VAT rates."""
        if price < 2 or self.random.random() < 0.5:
            return ()
        free = self.random.randint(1, price - 1)
        return vat_total(price - free, Decimal(25)), vat_total(free, Decimal(0))

    # What must hold at the end.

    async def holds(self) -> None:
        """Compare the books."""
        async with self.street.house.database.transaction() as tx:
            assert (await ledger.check(tx)).sound
            payments = await tx.fetch(Payment, "SELECT * FROM payment")
            provider = await ledger.balance(tx, "1580") + await ledger.balance(tx, "1589")
            wallet = -await ledger.balance(tx, "2420", owner=self.ada)
            standing = [await store.standing(tx, session) for session in self.sessions.values()]
        self._agree_with_stripe([each for each in payments if each.provider == "stripe"], provider)
        self._wallet_is(payments, wallet)
        for part in (part for parts in standing for part in parts):
            assert part.gross_minor >= 0, "no more is given back than was sold, at any rate"
            assert part.vat_minor == vat_within(part.gross_minor, part.percent)
        assert all(each.captured_minor <= (each.due_minor or 0) for each in payments if self._is_plain_charge(each))
        captured = [payload["payment_id"] for name, payload in self.street.told if name == "PaymentCaptured"]
        assert sorted(captured) == sorted(str(each.id) for each in payments if each.state == State.CAPTURED)

    def _agree_with_stripe(self, payments: list[Payment], provider_minor: int) -> None:
        """Captured and refunded are what Stripe has; it still holds captured less refunded, disputed and paid out."""
        theirs = {each["metadata"]["payment_id"]: each for each in self.stripe.of_kind("payment_intent")}
        for ours in payments:
            assert ours.state in (State.CAPTURED, State.CANCELLED, State.FAILED), ours.state
            intent = theirs.get(str(ours.id))
            assert ours.captured_minor == (0 if intent is None else intent["amount_received"])
            assert ours.refunded_minor == (0 if intent is None else self.stripe.refunded(intent["id"]))
            assert ours.refunded_minor <= ours.captured_minor <= ours.authorised_minor
        held = [each for each in self.stripe.of_kind("balance_transaction") if each["payout"] is None]
        fees_of_disputes = sum(each["fee"] for each in held if each["type"] == "adjustment")
        assert provider_minor == sum(each["amount"] for each in held) - fees_of_disputes

    def _is_plain_charge(self, payment: Payment) -> bool:
        return payment.purpose == Purpose.SESSION and payment.id not in self.corrected

    def _wallet_is(self, payments: list[Payment], wallet_minor: int) -> None:
        """Top-ups less what was spent, given back, and lost to the banks of cards."""
        top_ups = [each for each in payments if each.purpose == Purpose.TOP_UP]
        lost = sum(
            each["amount"]
            for each in self.stripe.of_kind("dispute")
            if each["status"] == "lost" and each["payment_intent"] in {top_up.provider_ref for top_up in top_ups}
        )
        paid_in = sum(each.captured_minor - each.refunded_minor for each in top_ups) - lost
        spent = [each for each in payments if each.provider == "wallet"]
        assert wallet_minor == paid_in - sum(each.captured_minor - each.refunded_minor for each in spent)


STEPS: dict[str, Callable[[Walk], Awaitable[None]]] = {
    step.__name__: step
    for step in (
        Walk.charge, Walk.top_up, Walk.spend, Walk.price, Walk.correct, Walk.refund, Walk.refund_by_hand, Walk.dispute,
        Walk.decide, Walk.pay_out, Walk.fault, Walk.work, Walk.die, Walk.wait, Walk.hear,
    )
}  # fmt: skip
OFTEN = ("charge", "price", "work", "hear", "die", "fault", "refund")
steps = st.lists(st.sampled_from([*STEPS, *OFTEN]), min_size=8, max_size=24)


@pytest.mark.failure_mode(2, 3, 4, 18, 20, 22, 52)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a walk takes a second: it is read, not made shorter
    suppress_health_check=list(HealthCheck),
)
@given(steps, st.integers(0, 2**32))
def test_money_is_conserved_on_every_walk(cluster: TestCluster, taken: list[str], seed: int) -> None:
    asyncio.run(walked(cluster, ["charge", "top_up", "work", *taken], seed))


async def walked(cluster: TestCluster, taken: list[str], seed: int) -> None:
    """Walk these steps in a database of their own, let everything come to rest, and compare the books."""
    name = await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    try:
        with pytest.MonkeyPatch.context() as patch:
            stripe = StripeSimulator()
            async with stripe_street(database, patch, stripe) as street:
                async with database.transaction() as tx:
                    ada = await street.world.driver(tx, "ada@example.se")
                walk = Walk(street, stripe, Random(seed), ada)
                for step in taken:
                    await STEPS[step](walk)
                await walk.rest()
                await walk.holds()
    finally:
        await database.close()
        await cluster.dropped(name)

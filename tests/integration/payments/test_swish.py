"""Paying by Swish through the built-in one, with all its moods: each way ends with the right money in the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import PaymentId
from laddverk.kernel.problems import Invalid
from laddverk.ledger import service as ledger
from laddverk.payments import service
from laddverk.payments.model import RefundState, State
from laddverk.payments.providers.port import Forged
from laddverk.payments.providers.sandbox_swish import Mood
from laddverk.payments.providers.sandbox_swish_books import swish_in
from laddverk.payments.swish import rules, store
from laddverk.payments.swish.model import Attempt
from laddverk.platform.jobs import NewJob, enqueue
from tests.integration.payments.conftest import Street

AGENT = rule("test")
BANK_ACCOUNT = "1930"


@dataclass
class Phone:
    """What a payer does in the app."""

    street: Street

    async def attempts(self, payment_id: PaymentId) -> list[Attempt]:
        async with self.street.house.database.transaction() as tx:
            return await store.of_payment(tx, payment_id)

    async def opened(self, amount_minor: int = 30_000) -> PaymentId:
        start = await self.street.start()
        page = await service.open_adhoc(
            self.street.house, start_request_id=start, amount_minor=amount_minor, return_url="/s/abc",
            now=self.street.now(), provider="swish",
        )  # fmt: skip
        assert "/pay/swish/" in page.url
        return page.payment_id

    async def does(self, payment_id: PaymentId, verb: str = "pay", *args: Any, run: bool = True) -> None:
        """Do something at Swish with the newest request of a payment."""
        instruction = (await self.attempts(payment_id))[-1].id.hex.upper()
        async with self.street.house.database.transaction() as tx:
            await getattr(swish_in(tx, self.street.house), verb)(instruction, *args)
        if run:
            await self.street.settle()

    async def paid(self, mood: Mood = Mood.GOOD, amount_minor: int = 30_000) -> PaymentId:
        payment_id = await self.opened(amount_minor)
        await self.does(payment_id, "pay", "46701234567", mood)
        return payment_id

    async def refunds(self, payment_id: PaymentId) -> list[tuple[RefundState, int]]:
        async with self.street.house.database.transaction() as tx:
            return [(each.state, each.amount_minor) for each in await service.refunds(tx, payment_id)]

    async def till_banks_are_done(self) -> None:
        """Refunds and debits take their second."""
        for _ in range(3):
            await asyncio.sleep(1.1)
            await self.street.settle()


@pytest.fixture
def phone(street: Street) -> Phone:
    return Phone(street)


async def balances(street: Street) -> dict[str, int]:
    async with street.house.database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        return {row.number: row.balance_minor for row in await ledger.trial_balance(tx) if row.balance_minor}


async def test_what_is_paid_is_owed_until_it_is_used_and_the_rest_comes_back_by_itself(
    street: Street, phone: Phone
) -> None:
    payment_id = await phone.paid()
    assert (await street.payment(payment_id)).state == State.AUTHORISED
    assert street.names() == ["PaymentAuthorised"]
    assert await balances(street) == {BANK_ACCOUNT: 30_000, "2420": -30_000}, "on the bank, and owed"

    await street.priced(await street.session(12_345, payment_id))
    await phone.till_banks_are_done()
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor, payment.refunded_minor) == (State.CAPTURED, 30_000, 17_655)
    assert await phone.refunds(payment_id) == [(RefundState.SUCCEEDED, 17_655)]
    assert await balances(street) == {BANK_ACCOUNT: 12_345, "3001": -9_876, "2611": -2_469}


async def test_paid_but_no_energy_goes_back_by_itself(street: Street, phone: Phone) -> None:
    payment_id = await phone.paid()
    start = (await street.payment(payment_id)).start_request_id
    async with street.house.database.transaction() as tx:
        await enqueue(tx, [NewJob("payments.void", {"start_request_id": str(start), "why": "no answer"})])
    await street.settle()
    await phone.till_banks_are_done()
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor, payment.refunded_minor) == (State.CANCELLED, 30_000, 30_000)
    assert await balances(street) == {}
    assert "PaymentFailed" in street.names()

"""Kill -9 in the middle of moving money: after a restart it was moved once, and the ledger says so."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from laddverk.ledger import service as ledger
from laddverk.payments.model import State
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from tests.doubles.stripe_simulator import WEBHOOK_SECRET, Fault, StripeSimulator
from tests.integration.payments.conftest import Street, street_on

pytestmark = pytest.mark.faults

WORKER = """
import asyncio, sys
from laddverk.kernel.time import system_clock
from laddverk.payments import jobs
from laddverk.platform.database import Database
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Secrets, Settings

async def main(dsn, base, key):
    settings = Settings(payment_provider="stripe", stripe_api_key=key, stripe_api_base=base)
    database = await Database.connected(dsn, size_max=2)
    house = House(settings, Secrets(b"p", b"l"), database, Hints(), system_clock, Worker(database, {}))
    house.worker.handle(jobs.handlers(house))
    await house.worker.run_until_idle()

asyncio.run(main(*sys.argv[1:]))
"""


async def charged_session(street: Street, stripe: StripeSimulator) -> None:
    """A session whose reserved payment waits to be captured by a worker."""
    _, payment_id, url = await street.opened()
    stripe.pay(url.rpartition("/")[2])
    await street.later(minutes=11)
    await street.priced(await street.session(10_000, payment_id), run=False)


@pytest.mark.failure_mode(2, 18)
@pytest.mark.parametrize("does", ["slow", "drop_after"])
async def test_a_worker_killed_while_it_captures_takes_the_money_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    stripe = StripeSimulator()
    async with stripe.serving() as server:
        settings = Settings(
            payment_provider="stripe",
            stripe_api_key=stripe.key,
            stripe_api_base=server.url,
            stripe_webhook_secret=WEBHOOK_SECRET,
            public_url="https://ladda.example",
        )
        street = await street_on(database, monkeypatch, settings)
        await charged_session(street, stripe)
        stripe.faults.append(Fault("/capture$", does, seconds=1.0))
        arguments = ["-c", WORKER, database.dsn, server.url, stripe.key]
        worker = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**os.environ, "PYTHONPATH": "src"}
        )
        await until(lambda: any(call.endswith("/capture") for call in stripe.calls))
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        await until(lambda: stripe.of_kind("payment_intent")[0]["status"] == "succeeded")
        assert await street.value("SELECT state FROM payment") in (State.AUTHORISED, State.CAPTURING)

        await street.settle()
        await street.later(seconds=70)  # the claim of the one that died runs out: nobody knows what it did
        await street.later(seconds=10)
        assert [intent["amount_received"] for intent in stripe.of_kind("payment_intent")] == [10_000]
        assert await street.value("SELECT captured_minor FROM payment") == 10_000
        assert street.names().count("PaymentCaptured") == 1
        async with database.transaction() as tx:
            assert (await ledger.check(tx)).sound
            assert await ledger.balance(tx, "1580") == 10_000


async def until(holds: object, timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.02)

"""The Stripe adapter against localstripe, a peer that others wrote, running as a process of its own.

It knows customers, cards, PaymentIntents with manual capture, refunds and signed webhooks. What it lacks (Checkout,
idempotency, limits on refunds) is tested against our own simulator.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import stripe
from msgspec.structs import replace

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId, PaymentId, new_id
from laddverk.ledger import service as ledger
from laddverk.payments import service, store
from laddverk.payments.model import Card, Outside, Payment, Purpose, Refund, RefundState, State
from laddverk.payments.providers.port import Order, Refused
from laddverk.payments.providers.stripe import Stripe
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from tests.doubles.http import Answer, HttpDouble, Request
from tests.integration.payments.conftest import Street, street_on

KEY = "sk_test_12345"
SECRET = "whsec_localstripe"
START_S = 20.0


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fresh localstripe."""
    home: Path = tmp_path_factory.mktemp("localstripe")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env={**os.environ, "TMPDIR": str(home)}, stdout=log, stderr=log)
    try:
        _until_it_answers(process, port, home / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("localstripe did not start: " + log.read_text())


def settings_of(peer: str) -> Settings:
    return Settings(
        payment_provider="stripe",
        stripe_api_key=KEY,
        stripe_api_base=peer,
        stripe_webhook_secret=SECRET,
        public_url="https://ladda.example",
    )


@pytest.fixture
def adapter(peer: str) -> Stripe:
    return Stripe(settings_of(peer))


def raw(peer: str) -> Any:
    """Stripe's own SDK, for what only the hosted page does with us."""
    return stripe.StripeClient(KEY, base_addresses={"api": peer}).v1


def card_at(peer: str, number: str = "4242424242424242") -> Card:
    """A customer with one of Stripe's public test cards."""
    client = raw(peer)
    customer = client.customers.create({"email": "ada@example.se"})
    details = {"number": number, "exp_month": 4, "exp_year": 2030, "cvc": "123"}
    method = client.payment_methods.create({"type": "card", "card": details})
    client.payment_methods.attach(method.id, {"customer": customer.id})
    return Card(customer.id, method.id)


async def test_a_saved_card_is_authorised_captured_in_part_and_refunded(
    adapter: Stripe, peer: str, now: datetime
) -> None:
    order, payment = ordered(now, 30_000)
    seen = await adapter.charge(order, card_at(peer))
    assert (seen.status, seen.authorised_minor, seen.captured_minor) == (Outside.AUTHORISED, 30_000, 0)
    payment = replace(payment, provider_ref=seen.provider_ref)
    taken = await adapter.capture(payment, 12_345)
    assert (taken.status, taken.captured_minor, taken.refunded_minor) == (Outside.CAPTURED, 12_345, 0)

    refund = refund_of(payment, 2_345, now)
    assert await adapter.refunded(payment, refund.id) is None
    assert (await adapter.refund(payment, refund)).state == RefundState.SUCCEEDED
    found = await adapter.refunded(payment, refund.id)
    assert found is not None
    assert found.state == RefundState.SUCCEEDED
    after = await adapter.fetch(payment, None)
    assert after is not None
    assert (after.captured_minor, after.refunded_minor) == (12_345, 2_345)


async def test_what_is_authorised_can_be_cancelled_and_then_not_captured(
    adapter: Stripe, peer: str, now: datetime
) -> None:
    order, payment = ordered(now, 30_000)
    seen = await adapter.charge(order, card_at(peer))
    payment = replace(payment, provider_ref=seen.provider_ref, state=State.AUTHORISED)
    assert (await adapter.cancel(payment)).status == Outside.CANCELLED
    with pytest.raises(Refused):
        await adapter.cancel(payment)


async def test_more_than_was_authorised_cannot_be_captured(adapter: Stripe, peer: str, now: datetime) -> None:
    order, payment = ordered(now, 30_000)
    seen = await adapter.charge(order, card_at(peer))
    with pytest.raises(Refused):
        await adapter.capture(replace(payment, provider_ref=seen.provider_ref), 30_001)


@pytest.mark.parametrize("number", ["4000000000000341", "4000002500003155"])
async def test_a_card_that_is_declined_or_needs_its_holder_has_failed(
    adapter: Stripe, peer: str, now: datetime, number: str
) -> None:
    order, _ = ordered(now, 30_000)
    seen = await adapter.charge(order, card_at(peer, number))
    assert seen.status == Outside.FAILED
    assert seen.failure_code


async def test_what_stripe_does_not_know_is_none(adapter: Stripe, now: datetime) -> None:
    _, payment = ordered(now, 1)
    assert await adapter.fetch(replace(payment, provider_ref="pi_unknown"), None) is None


async def test_its_signed_webhooks_come_through_our_door(street: Street, peer: str) -> None:
    async def door(request: Request) -> Answer:
        await service.receive_webhook(street.house, "stripe", request.headers, request.body)
        arrived.set()
        return 200, b"ok"

    arrived = asyncio.Event()
    async with HttpDouble(door) as server:
        hook = f"{peer}/_config/webhooks/laddverk"
        await asyncio.to_thread(_configure, hook, {"url": f"{server.url}/webhooks/stripe", "secret": SECRET})
        await asyncio.to_thread(lambda: raw(peer).customers.create({"email": "bo@example.se"}))
        await asyncio.wait_for(arrived.wait(), 10)
    await street.settle()
    assert await street.value("SELECT kind FROM webhook_inbox WHERE processed_at IS NOT NULL") == "customer.created"


async def test_a_session_of_a_driver_with_a_card_is_paid_all_the_way(street: Street, peer: str) -> None:
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
        await store.save_method(tx, DriverId(driver), "stripe", card_at(peer), street.now())
    session = await street.session(10_000, None, driver)
    await street.priced(session)
    payment_id = PaymentId(await street.value("SELECT id FROM payment WHERE session_id = $1", session))
    async with street.house.database.transaction() as tx:
        await service.refund(tx, rule("test"), payment_id, 2_500, "Kabeln satt fast", street.now())
    await street.settle()
    async with street.house.database.transaction() as tx:
        assert (await service.payment(tx, payment_id)).refunded_minor == 2_500
        assert await ledger.balance(tx, "1580") == 7_500
        assert (await ledger.check(tx)).sound


@pytest.fixture
async def street(database: Database, monkeypatch: pytest.MonkeyPatch, peer: str) -> Street:
    return await street_on(database, monkeypatch, settings_of(peer))


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def ordered(now: datetime, amount_minor: int) -> tuple[Order, Payment]:
    payment = Payment(
        id=PaymentId(new_id()),
        purpose=Purpose.SESSION,
        state=State.CREATED,
        currency="SEK",
        amount_minor=amount_minor,
        created_at=now,
        updated_at=now,
    )
    order = Order(
        payment_id=payment.id,
        currency="SEK",
        amount_minor=amount_minor,
        capture_at_once=False,
        return_url="https://ladda.example/s/x",
        description="Laddning",
        page_until=now,
    )
    return order, payment


def refund_of(payment: Payment, amount_minor: int, now: datetime) -> Refund:
    return Refund(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=amount_minor,
        state=RefundState.REQUESTED,
        reason="test",
        created_at=now,
    )


def _configure(url: str, hook: dict[str, str]) -> None:
    request = urllib.request.Request(url, urllib.parse.urlencode(hook).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200

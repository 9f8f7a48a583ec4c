"""Disputes through Stripe over HTTP: money that is taken back, evidence, and what both do to the books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest

from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DisputeId, InvoiceId, PaymentId
from laddverk.kernel.money import vat_total
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, Unavailable
from laddverk.payments import service
from laddverk.payments.disputes import queries as dispute_queries
from laddverk.payments.disputes import service as disputes
from laddverk.payments.disputes import store as dispute_store
from laddverk.payments.disputes.model import Evidence
from laddverk.payments.model import Card
from laddverk.payments.store import save_method
from laddverk.platform.database import Database
from laddverk.platform.settings import Settings
from tests.doubles.stripe_money import DISPUTE_FEE
from tests.doubles.stripe_simulator import Fault, StripeSimulator
from tests.integration.payments.conftest import Street, balances
from tests.integration.payments.stripe_street import charged, deliver, stripe_street

AGENT = rule("test")
EVIDENCE = Evidence(text="Laddat 10 kWh", service_date="2026-10-14", document=b"%PDF-1.7 evidence")


@pytest.fixture
def stripe() -> StripeSimulator:
    return StripeSimulator()


@pytest.fixture
async def street(database: Database, monkeypatch: pytest.MonkeyPatch, stripe: StripeSimulator) -> AsyncIterator[Street]:
    async with stripe_street(database, monkeypatch, stripe) as street:
        yield street


async def disputed(street: Street, stripe: StripeSimulator, price_minor: int = 10_000) -> tuple[PaymentId, DisputeId]:
    payment_id = await charged(street, stripe, price_minor)
    stripe.dispute(stripe.of_kind("payment_intent")[-1]["id"])
    await deliver(street, stripe)
    return payment_id, DisputeId(await street.value("SELECT id FROM payment_dispute"))


async def state(street: Street) -> str:
    return str(await street.value("SELECT state FROM payment_dispute"))


@pytest.mark.failure_mode(22)
async def test_f22_what_a_bank_takes_back_is_a_claim_and_its_fee_a_cost(
    street: Street, stripe: StripeSimulator
) -> None:
    await disputed(street, stripe)
    assert await state(street) == "needs_response"
    assert await balances(street) == {
        "1515": 10_000, "1580": -DISPUTE_FEE, "3001": -8_000, "2611": -2_000, "6570": DISPUTE_FEE,
    }  # fmt: skip


@pytest.mark.failure_mode(22)
async def test_f22_a_dispute_that_is_won_gives_the_money_back_and_keeps_the_fee(
    street: Street, stripe: StripeSimulator
) -> None:
    _, dispute_id = await disputed(street, stripe)
    await disputes.send_evidence(street.house, AGENT, dispute_id, EVIDENCE, "", street.now())
    assert await state(street) == "under_review"
    stripe.decide(stripe.of_kind("dispute")[0]["id"], "won")
    await deliver(street, stripe)
    assert await state(street) == "won"
    assert await balances(street) == {
        "1580": 10_000 - DISPUTE_FEE, "3001": -8_000, "2611": -2_000, "6570": DISPUTE_FEE,
    }  # fmt: skip


@pytest.mark.failure_mode(22)
async def test_f22_a_dispute_that_is_lost_is_a_loss_without_its_vat(street: Street, stripe: StripeSimulator) -> None:
    await disputed(street, stripe)
    stripe.decide(stripe.of_kind("dispute")[0]["id"], "lost")
    await deliver(street, stripe)
    assert await balances(street) == {
        "1580": -DISPUTE_FEE, "3001": -8_000, "6351": 8_000, "6570": DISPUTE_FEE,
    }  # fmt: skip


async def invoice_paid(street: Street, stripe: StripeSimulator) -> InvoiceId:
    """An invoice of 180,00 (150,00 at 25 %, 30,00 at 0 %), paid by card and then disputed."""
    mixed = (vat_total(15_000, Decimal(25)), vat_total(3_000, Decimal(0)))
    async with street.house.database.transaction() as tx:
        ada = await street.world.driver(tx, "ada@example.se")
        await street.world.session(tx, ada, price_minor=18_000, vat=mixed)
        await invoicing.run(tx, date(2026, 10, 1), AGENT, datetime(2026, 11, 2, tzinfo=UTC), settings=Settings())
        invoice_id = InvoiceId(await tx.value("SELECT id FROM invoice"))
    page = await service.open_invoice(street.house, invoice_id, return_url="/my", now=street.now())
    stripe.pay(page.url.rpartition("/")[2])
    await deliver(street, stripe)
    stripe.dispute(stripe.of_kind("payment_intent")[-1]["id"])
    await deliver(street, stripe)
    return invoice_id


@pytest.mark.failure_mode(22)
async def test_f22_an_invoice_that_is_lost_claims_back_the_vat_that_it_sold(
    street: Street, stripe: StripeSimulator
) -> None:
    invoice_id = await invoice_paid(street, stripe)
    stripe.decide(stripe.of_kind("dispute")[0]["id"], "lost")
    await deliver(street, stripe)
    assert await balances(street) == {
        "1580": -DISPUTE_FEE, "3001": -12_000, "3004": -3_000, "6351": 15_000, "6570": DISPUTE_FEE,
    }  # fmt: skip
    async with street.house.database.transaction() as tx:
        with pytest.raises(Conflict, match="written off"):
            await invoicing.credit(tx, AGENT, invoice_id, "kulans", street.now())


@pytest.mark.failure_mode(22)
async def test_f22_what_was_paid_on_an_invoice_that_was_credited_is_no_loss_but_the_payers(
    street: Street, stripe: StripeSimulator
) -> None:
    invoice_id = await invoice_paid(street, stripe)
    async with street.house.database.transaction() as tx:
        await invoicing.credit(tx, AGENT, invoice_id, "fel kund", street.now())
    stripe.decide(stripe.of_kind("dispute")[0]["id"], "lost")
    await deliver(street, stripe)
    assert await balances(street) == {"1580": -DISPUTE_FEE, "6570": DISPUTE_FEE}


@pytest.mark.parametrize("seed", range(4))
async def test_events_of_a_dispute_in_any_order_and_number_end_the_same(
    street: Street, stripe: StripeSimulator, seed: int
) -> None:
    await charged(street, stripe, 10_000)
    made = stripe.dispute(stripe.of_kind("payment_intent")[0]["id"])
    await deliver(street, stripe, Random(seed), copies=2)
    stripe.decide(made["id"], "won")
    await deliver(street, stripe, Random(seed), copies=3)
    assert (await balances(street))["1580"] == 10_000 - DISPUTE_FEE
    assert await street.value("SELECT count(*) FROM payment_dispute") == 1


async def test_an_inquiry_takes_no_money_and_may_be_dropped(street: Street, stripe: StripeSimulator) -> None:
    await charged(street, stripe, 10_000)
    made = stripe.dispute(stripe.of_kind("payment_intent")[0]["id"], inquiry=True)
    await deliver(street, stripe)
    assert await state(street) == "inquiry"
    assert (await balances(street))["1580"] == 10_000
    stripe.decide(made["id"], "warning_closed")
    await deliver(street, stripe)
    assert await state(street) == "closed"


@pytest.mark.failure_mode(22)
async def test_f22_nothing_is_refunded_while_a_payment_is_disputed_nor_what_was_lost(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id, dispute_id = await disputed(street, stripe)

    async def refund() -> None:
        async with street.house.database.transaction() as tx:
            await service.refund(tx, AGENT, payment_id, 1_000, "Fel", street.now())

    with pytest.raises(Conflict):
        await refund()
    await disputes.accept(street.house, AGENT, dispute_id, "vi hade fel", street.now())
    assert await state(street) == "lost"
    with pytest.raises(Invalid):
        await refund()


@pytest.mark.failure_mode(22)
async def test_f22_the_card_of_a_disputed_payment_is_frozen_until_it_is_won(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id = await charged(street, stripe, 10_000)
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
        await tx.execute("UPDATE payment SET driver_id = $2 WHERE id = $1", payment_id, driver)
        await save_method(tx, driver, "stripe", Card("cus_1", "pm_1", "visa", "4242"), street.now())
        await save_method(tx, driver, "stripe", Card("cus_1", "pm_2", "visa", "1111"), street.now())
    made = stripe.dispute(stripe.of_kind("payment_intent")[0]["id"])
    await deliver(street, stripe)
    frozen = "SELECT string_agg(method_ref, ' ') FROM payment_method WHERE frozen_at IS NOT NULL"
    assert await street.value(frozen) == "pm_1"
    async with street.house.database.transaction() as tx:
        session = await street.world.session(tx, driver, price_minor=8_000, settlement="payment")
    await street.priced(session)
    assert await street.value("SELECT count(*) FROM payment WHERE method_id IN"
                              " (SELECT id FROM payment_method WHERE method_ref = 'pm_1')"
                              " AND state NOT IN ('failed')") == 0  # fmt: skip
    stripe.decide(made["id"], "won")
    await deliver(street, stripe)
    assert await street.value(frozen) is None


async def test_people_may_let_a_card_be_debited_in_spite_of_a_dispute(street: Street, stripe: StripeSimulator) -> None:
    payment_id, dispute_id = await disputed(street, stripe)
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
        await tx.execute("UPDATE payment SET driver_id = $2 WHERE id = $1", payment_id, driver)
        await save_method(tx, driver, "stripe", Card("cus_1", "pm_1", "visa", "4242"), street.now())
        await tx.execute("UPDATE payment_method SET frozen_at = now()")
        with pytest.raises(Invalid):
            await disputes.thaw(tx, AGENT, dispute_id, " ", street.now())
        await disputes.thaw(tx, AGENT, dispute_id, "de ringde och bad om ursäkt", street.now())
    assert await street.value("SELECT count(*) FROM payment_method WHERE frozen_at IS NOT NULL") == 0


async def test_evidence_reaches_the_bank_once_with_its_document(street: Street, stripe: StripeSimulator) -> None:
    _, dispute_id = await disputed(street, stripe)
    stripe.faults.append(Fault("POST /v1/disputes", "drop_after", times=2))
    with pytest.raises(Unavailable):
        await disputes.send_evidence(street.house, AGENT, dispute_id, EVIDENCE, "", street.now())
    await disputes.send_evidence(street.house, AGENT, dispute_id, EVIDENCE, "svar", street.now())
    made = stripe.of_kind("dispute")[0]
    assert made["evidence"]["uncategorized_text"] == "Laddat 10 kWh"
    assert stripe.things[made["evidence"]["service_documentation"]]["has_pdf"]
    assert len(stripe.of_kind("file")) == 1
    assert await street.value("SELECT evidence_by FROM payment_dispute") == "test"
    with pytest.raises(Conflict):
        await disputes.send_evidence(street.house, AGENT, dispute_id, EVIDENCE, "", street.now())


async def test_answering_needs_the_right_and_words(street: Street, stripe: StripeSimulator) -> None:
    _, dispute_id = await disputed(street, stripe)
    with pytest.raises(NotAllowed):
        await disputes.send_evidence(street.house, Actor("operator"), dispute_id, EVIDENCE, "", street.now())
    with pytest.raises(Invalid):
        await disputes.send_evidence(
            street.house, AGENT, dispute_id, Evidence(text=" ", service_date=""), "", street.now()
        )
    with pytest.raises(Invalid):
        await disputes.accept(street.house, AGENT, dispute_id, "", street.now())


async def test_a_dispute_of_which_no_message_came_is_found_by_asking(street: Street, stripe: StripeSimulator) -> None:
    await disputed(street, stripe)
    stripe.decide(stripe.of_kind("dispute")[0]["id"], "won")
    street.offset = street.offset.__class__(hours=7)
    async with street.house.database.transaction() as tx:
        await disputes.ask_about_open(tx, street.now())
    await street.settle()
    assert await state(street) == "won"


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for module in (dispute_store, dispute_queries):
            for name, text in vars(module).items():
                if name.isupper() and not name.startswith("_") and isinstance(text, str):
                    await tx.connection.prepare(text)


async def test_a_late_correction_of_a_disputed_payment_gives_nothing_back_by_itself(
    street: Street, stripe: StripeSimulator
) -> None:
    payment_id, _ = await disputed(street, stripe)
    session = await street.value("SELECT session_id FROM payment WHERE id = $1", payment_id)
    async with street.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET price_minor = 9000, version = version + 1 WHERE id = $1", session)
    await street.priced(session)
    assert stripe.of_kind("refund") == []
    assert await street.value("SELECT amount_minor FROM payment_event WHERE kind = 'corrected_disputed'") == 9_000

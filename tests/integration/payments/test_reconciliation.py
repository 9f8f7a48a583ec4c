"""Payments, providers, bank and ledger side by side on a running house, with something wrong on each side in turn."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from laddverk import wiring
from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Actor, Role, rule
from laddverk.kernel.ids import InvoiceId, PaymentId
from laddverk.kernel.problems import Invalid, NotAllowed, NotFound
from laddverk.ledger import service as ledger
from laddverk.ledger.model import LedgerUnsound
from laddverk.payments import refunding
from laddverk.payments import service as payments
from laddverk.payments.deposits import service as deposits
from laddverk.payments.deposits.model import NewDeposit, Way
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.reconciliation import jobs, queries, service, store
from laddverk.payments.reconciliation.model import DifferenceRow
from laddverk.platform.database import Database, Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.house import House
from laddverk.platform.jobs import Worker
from laddverk.platform.settings import Settings, secrets_in
from tests.integration.money_world import World
from tests.integration.payments.test_deposits import DAY, NOW, STAFF

RULE = rule("test")
FORM = {"content-type": "application/x-www-form-urlencoded"}
LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> House:
    settings = Settings(state_dir=tmp_path, public_url="https://ladda.example")
    made = House(settings, secrets_in(tmp_path), database, Hints(), lambda: LATER, Worker(database, {}))
    wiring.subscribe_all()
    made.worker.handle(wiring.all_handlers(made))
    return made


async def invoiced(house: House, *prices: int) -> list[InvoiceId]:
    async with house.database.transaction() as tx:
        world = await World.built(tx)
        for place, price in enumerate(prices):
            await world.session(tx, await world.driver(tx, f"d{place}@example.se"), price_minor=price)
        await invoicing.run(tx, DAY.replace(day=1) - timedelta(days=1), RULE, NOW, settings=house.settings)
        return [InvoiceId(each) for each in await tx.values("SELECT id FROM invoice ORDER BY number")]


async def paid_by_card(house: House, invoice_id: InvoiceId) -> PaymentId:
    page = await payments.open_invoice(house, invoice_id, return_url="https://ladda.example/x", now=NOW)
    ref = page.url.rpartition("/pay/")[2]
    await in_process(payments.sandbox_application(house))("POST", f"/sandbox/pay/{ref}", FORM, b"card=good&do=pay")
    await house.worker.run_until_idle()
    return page.payment_id


async def asked(house: House) -> None:
    """Let the providers be asked about all, as the clock does."""
    async with house.database.transaction() as tx:
        await tx.execute("UPDATE payment SET updated_at = $1", LATER - timedelta(hours=1))
        await jobs.handlers(house)[jobs.ASK_ALL](tx, [])  # type: ignore[operator]
    await house.worker.run_until_idle()


async def compared(house: House) -> list[DifferenceRow]:
    async with house.database.transaction() as tx:
        await service.compare(tx, RULE, LATER)
        return await queries.differences(tx, "", "", "", "open")


async def run(house: House, sql: str, *args: object) -> Any:
    async with house.database.transaction() as tx:
        return await tx.execute(sql, *args)


async def test_what_agrees_on_all_sides_makes_no_difference(house: House) -> None:
    card, by_hand = await invoiced(house, 12_345, 5_000)
    payment = await paid_by_card(house, card)
    async with house.database.transaction() as tx:
        await refunding.refund(tx, STAFF, payment, 345, "Kulans", NOW)
        new = NewDeposit(form_key=uuid4(), way=Way.BANKGIRO, received_on=DAY, amount_minor=5_100, invoice_id=by_hand)
        await deposits.book(tx, STAFF, new, NOW, settings=house.settings)
    await house.worker.run_until_idle()
    await asked(house)
    assert await compared(house) == []

    span = service.span_of(DAY - timedelta(days=40), DAY + timedelta(days=2), house.settings.timezone)
    async with house.database.transaction() as tx:
        flows = {flow.rail: flow for flow in await store.flows(tx, span.since, span.until)}
    assert set(flows) == {"sandbox", "bankgiro"}
    cards, bank = flows["sandbox"], flows["bankgiro"]
    assert (cards.net_minor, cards.ledger_minor, cards.seen_minor, cards.asked) == (12_000, 12_000, 12_000, 1)
    assert (bank.net_minor, bank.ledger_minor, bank.bank_minor) == (5_000, 5_000, 5_100)


async def test_f18_money_that_only_the_provider_has_is_found(house: House) -> None:
    (invoice,) = await invoiced(house, 12_345)
    await paid_by_card(house, invoice)
    await run(house, "UPDATE sandbox_payment SET refunded_minor = 2345")
    await asked(house)
    (found,) = await compared(house)
    assert (found.kind, found.ours_minor, found.theirs_minor) == ("provider", 12_345, 10_000)


async def test_a_payment_that_the_provider_does_not_know_is_found(house: House) -> None:
    (invoice,) = await invoiced(house, 12_345)
    await paid_by_card(house, invoice)
    await run(house, "DELETE FROM sandbox_entry")
    await run(house, "DELETE FROM sandbox_payment")
    await asked(house)
    assert [each.kind for each in await compared(house)] == ["unknown"]


async def unposted(house: House) -> UUID:
    """Write a payment that nobody posted."""
    payment = uuid4()
    await run(
        house,
        "INSERT INTO payment (id, purpose, provider, state, currency, amount_minor, authorised_minor, captured_minor,"
        " created_at, updated_at) VALUES ($1, 'session', 'swish', 'captured', 'SEK', 100, 100, 100, $2, $2)",
        payment,
        NOW,
    )
    return payment


async def test_a_payment_without_postings_is_found_and_told_once(house: House) -> None:
    async with house.database.transaction() as tx:
        for role in (Role.FINANCE, Role.TECHNICIAN):
            staff = StaffDetails(email=f"{role.value}@example.se", name=role.value, role=role, language="sv")
            await access.create_staff(tx, RULE, staff, "kaffe traktor molnfri", NOW)
    payment = await unposted(house)
    (found,) = await compared(house)
    assert (found.kind, found.payment_id, found.ours_minor, found.theirs_minor) == ("ledger", payment, 100, 0)
    for _ in range(2):
        async with house.database.transaction() as tx:
            await jobs.handlers(house)[jobs.COMPARE](tx, [])  # type: ignore[operator]
    async with house.database.transaction() as tx:
        (mail,) = await tx.rows("SELECT recipient, body_text FROM mail WHERE template = 'books_alarm'")
    assert mail["recipient"] == "finance@example.se"
    assert "/console/reconciliation" in mail["body_text"]


async def test_f48_money_aside_and_f12_what_was_paid_twice_stand_on_the_list(house: House) -> None:
    (invoice,) = await invoiced(house, 5_000)
    async with house.database.transaction() as tx:
        for amount in (4_000, 777):
            new = NewDeposit(form_key=uuid4(), way=Way.TRANSFER, received_on=DAY, amount_minor=amount)
            await deposits.book(tx, STAFF, new, NOW, settings=house.settings)
    await run(house, "UPDATE invoice SET paid_minor = 6000")
    found = await compared(house)
    assert sorted((each.kind, each.theirs_minor - each.ours_minor) for each in found) == [
        ("aside", 777), ("aside", 4_000), ("overpaid", 1_000),
    ]  # fmt: skip
    assert invoice


async def test_what_agrees_again_goes_by_itself_and_what_is_explained_stays_quiet(house: House) -> None:
    first, second = await unposted(house), await unposted(house)
    keys = {each.payment_id: each.key for each in await compared(house)}
    async with house.database.transaction() as tx:
        await service.explain(tx, STAFF, keys[first], "Provkörning", NOW)
    await run(house, "UPDATE payment SET captured_minor = 0 WHERE id = $1", second)
    assert await compared(house) == []
    async with house.database.transaction() as tx:
        assert [each.payment_id for each in await queries.differences(tx, "", "", "", "explained")] == [first]
        assert [each.payment_id for each in await queries.differences(tx, "", "", "", "gone")] == [second]
    await run(house, "UPDATE payment SET captured_minor = 90 WHERE id = $1", first)
    assert [each.ours_minor for each in await compared(house)] == [90]


async def test_explaining_needs_the_permission_a_reason_and_a_difference(house: House) -> None:
    await unposted(house)
    (found,) = await compared(house)

    async def explain(actor: Actor, key: str, why: str) -> None:
        async with house.database.transaction() as tx:
            await service.explain(tx, actor, key, why, NOW)

    for actor, key, why, error in (
        (Actor("operator"), found.key, "för att", NotAllowed),
        (STAFF, found.key, " ", Invalid),
        (STAFF, "ledger:nothing", "för att", NotFound),
    ):
        with pytest.raises(error):
            await explain(actor, key, why)


async def test_f53_a_ledger_that_does_not_agree_with_itself_is_mailed_to_staff(house: House) -> None:
    async with house.database.transaction() as tx:
        staff = StaffDetails(email="finance@example.se", name="F", role=Role.FINANCE, language="en")
        await access.create_staff(tx, RULE, staff, "kaffe traktor molnfri", NOW)
        await paid_into(tx)
        await tx.execute("UPDATE account_balance SET amount_minor = amount_minor + 1")
        assert not (await ledger.check_and_keep(tx, NOW)).sound
    await house.worker.run_until_idle()
    async with house.database.transaction() as tx:
        (subject,) = await tx.values("SELECT subject FROM mail")
        assert subject == "The ledger does not agree with itself"
    assert LedgerUnsound in wiring.LISTENERS


async def paid_into(tx: Transaction) -> None:
    new = NewDeposit(form_key=uuid4(), way=Way.TRANSFER, received_on=DAY, amount_minor=777)
    await deposits.book(tx, STAFF, new, NOW, settings=Settings())

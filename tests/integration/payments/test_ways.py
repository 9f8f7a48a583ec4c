"""How drivers are debited: the first way, the fallback, the invoice, or asked to pay; told each time, debited once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from laddverk.access import service as access
from laddverk.invoicing import service as invoicing
from laddverk.invoicing.model import InvoiceIssued
from laddverk.kernel.actors import Actor, rule
from laddverk.kernel.ids import DriverId, InvoiceId, PaymentMethodId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ledger import service as ledger
from laddverk.ledger.model import ADVANCES, BANK, Entry, Line
from laddverk.payments import collecting, service, settling
from laddverk.payments.mandate_model import Scheme
from laddverk.payments.model import PaymentCaptured, State
from laddverk.payments.providers import sandbox_bank
from laddverk.payments.providers.sandbox_bank import TestCard
from laddverk.payments.ways import jobs as ways_jobs
from laddverk.payments.ways import service as ways
from laddverk.payments.ways.model import Policy, Way, WayKind
from laddverk.platform import outbox
from laddverk.platform.jobs import NewJob, enqueue
from tests.integration.payments.conftest import Street

AGENT = rule("test")
WALLET, INVOICE, BANK_WAY = Way(WayKind.WALLET), Way(WayKind.INVOICE), Way(WayKind.BANK)


@pytest.fixture
async def town(street: Street) -> Street:
    """The street, where debits hear of invoices and of captured money as in the whole house."""
    outbox._listeners[PaymentCaptured].append(ways_jobs.PAID)
    outbox._listeners[InvoiceIssued] = [ways_jobs.DEBIT_INVOICES]
    return street


async def driver(street: Street, *, settlement: str = "card", language: str = "en") -> DriverId:
    async with street.house.database.transaction() as tx:
        made = await street.world.driver(tx, f"{new_id().hex[-8:]}@example.se", language=language)
        await access.set_settlement(tx, AGENT, made, settlement)
    return made


async def card(street: Street, owner: DriverId, kind: str = "good", last4: str = "4242") -> Way:
    """A saved card of the built-in provider that behaves as its name says."""
    method = PaymentMethodId(new_id())
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment_method (id, driver_id, provider, customer_ref, method_ref, brand, last4, created_at)"
            " VALUES ($1, $2, 'sandbox', 'sandbox', $3, 'visa', $4, $5)",
            method, owner, f"card_{kind}_pi_sandbox_{method.hex}", last4, street.now(),
        )  # fmt: skip
    return Way(WayKind.METHOD, method)


async def chooses(
    street: Street, who: DriverId, first: Way, fallback: Way | None = None, *, at_once: bool = True, below: int = 0
) -> None:
    async with street.house.database.transaction() as tx:
        await ways.choose(
            tx, street.house, Actor("driver", who, "Ada"), who, first, fallback, at_once=at_once,
            gather_below_minor=below, now=street.now(),
        )  # fmt: skip


async def allow(street: Street, **wanted: Any) -> None:
    async with street.house.database.transaction() as tx:
        await ways.save_policy(tx, street.house, AGENT, Policy(**wanted), "a test", street.now())


async def money(street: Street, owner: DriverId, amount_minor: int) -> None:
    async with street.house.database.transaction() as tx:
        entry = Entry(
            idempotency_key=f"test:{new_id()}", kind="top_up", occurred_at=street.now(), source_kind="test",
            source_id=owner,
            lines=(Line(BANK, amount_minor, "SEK"), Line(ADVANCES, -amount_minor, "SEK", owner)),
        )  # fmt: skip
        await ledger.post(tx, entry)


async def charged(street: Street, who: DriverId, price_minor: int = 8_000, energy_wh: int = 10_000) -> Any:
    """A charge by tag that is over and priced, and all that follows."""
    async with street.house.database.transaction() as tx:
        session = await street.world.session(
            tx, who, price_minor=price_minor, settlement="payment", energy_wh=energy_wh
        )
    await street.priced(session)
    return session


async def mails(street: Street) -> list[str]:
    async with street.house.database.transaction() as tx:
        found = await tx.values("SELECT subject || E'\n' || body_text FROM mail ORDER BY created_at, id")
    return [mail.replace("\xa0", " ") for mail in found]


async def held(street: Street, who: DriverId) -> str:
    return str(await street.value("SELECT starts_held FROM driver WHERE id = $1", who))


async def balances(street: Street) -> dict[str, int]:
    async with street.house.database.transaction() as tx:
        assert (await ledger.check(tx)).sound
        return {row.number: row.balance_minor for row in await ledger.trial_balance(tx) if row.balance_minor}


async def settlement_of(street: Street, session: Any) -> str:
    return str(await street.value("SELECT settlement FROM session WHERE id = $1", session))


async def test_after_a_decline_the_fallback_pays_and_the_driver_is_told_of_both(town: Street) -> None:
    ada = await driver(town)
    broke, good = await card(town, ada, "no_funds", "0002"), await card(town, ada, "good", "4242")
    await chooses(town, ada, broke, good)
    session = await charged(town, ada)
    assert await town.value("SELECT array_agg(state ORDER BY created_at) FROM payment") == ["failed", "captured"]
    assert await balances(town) == {"1580": 8_000, "3001": -6_400, "2611": -1_600}
    (mail,) = await mails(town)
    assert "Visa •••• 0002: There was not enough money." in mail
    assert "We took it from Visa •••• 4242 instead." in mail
    assert await settlement_of(town, session) == "payment"


async def test_what_no_way_pays_goes_to_the_invoice_where_drivers_may_owe(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "no_funds"))
    session = await charged(town, ada)
    assert await settlement_of(town, session) == "invoice"
    assert await balances(town) == {}
    (mail,) = await mails(town)
    assert "The charge stands on your next invoice instead." in mail
    assert await held(town, ada) == ""


async def owes(town: Street) -> tuple[DriverId, Any]:
    """A driver who may not owe, and whose card was declined for a charge."""
    await allow(town, may_owe=False)
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"))
    return ada, await charged(town, ada)


async def test_nobody_gets_a_debt_who_may_not_owe_the_charge_is_asked_for_and_starts_wait(town: Street) -> None:
    ada, session = await owes(town)
    assert await settlement_of(town, session) == "payment"
    assert await balances(town) == {"1510": 8_000, "3001": -6_400, "2611": -1_600}
    assert await held(town, ada) == "to_pay"
    (mail,) = await mails(town)
    assert "Please pay the charge on your page." in mail
    assert "/my/paying" in mail

    page = await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())
    await town.pay(page.url)
    await town.settle()
    assert await held(town, ada) == ""
    assert await balances(town) == {"1580": 8_000, "3001": -6_400, "2611": -1_600}
    with pytest.raises(Conflict):
        await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())


async def test_a_page_that_is_left_leaves_the_debt_and_books_nothing(town: Street) -> None:
    ada, session = await owes(town)
    page = await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())
    await town.pay(page.url, do="cancel")
    await town.settle()
    assert await balances(town) == {"1510": 8_000, "3001": -6_400, "2611": -1_600}
    assert await held(town, ada) == "to_pay"
    assert await settlement_of(town, session) == "payment"


async def test_a_late_correction_of_what_is_owed_is_booked_as_the_difference(town: Street) -> None:
    _, session = await owes(town)
    async with town.house.database.transaction() as tx:
        await tx.execute("UPDATE session SET price_minor = 5000, vat_minor = 1000, version = 2 WHERE id = $1", session)
    await town.priced(session)
    await town.priced(session)
    assert await balances(town) == {"1510": 5_000, "3001": -4_000, "2611": -1_000}
    assert await town.value("SELECT amount_minor FROM unpaid_session") == 5_000


@pytest.mark.failure_mode(19)
async def test_f19_a_bank_that_asks_for_its_customer_is_not_asked_again_and_the_fallback_pays(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "confirm"), await card(town, ada, "good"))
    await charged(town, ada)
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 8_000
    assert await town.value("SELECT bool_and(stopped_code = '') FROM payment_method")


async def test_a_lost_card_is_not_tried_again(town: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sandbox_bank.DECLINES, TestCard.DECLINED, "lost_card")
    ada = await driver(town)
    lost, good = await card(town, ada, "declined"), await card(town, ada, "good")
    await chooses(town, ada, lost, good)
    await charged(town, ada)
    assert await town.value("SELECT stopped_code FROM payment_method WHERE id = $1", lost.method_id) == "lost_card"
    await charged(town, ada)
    assert await town.value("SELECT count(*) FROM payment WHERE method_id = $1", lost.method_id) == 1
    assert await town.value("SELECT count(*) FROM payment WHERE method_id = $1", good.method_id) == 2


@pytest.mark.failure_mode(51)
async def test_f51_the_wallet_pays_first_and_what_it_cannot_pay_the_card_pays_whole(town: Street) -> None:
    ada = await driver(town)
    await money(town, ada, 10_000)
    await chooses(town, ada, WALLET, await card(town, ada))
    await charged(town, ada, 8_000)
    await charged(town, ada, 8_000)
    assert await town.value("SELECT array_agg(provider || ' ' || state ORDER BY created_at, id) FROM payment") == [
        "wallet captured", "wallet failed", "sandbox captured",
    ]  # fmt: skip
    assert (await balances(town))["2420"] == -2_000


async def test_small_sums_wait_for_the_month_where_the_driver_chose_so(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada), below=5_000)
    assert await settlement_of(town, await charged(town, ada, 4_999)) == "invoice"
    assert await settlement_of(town, await charged(town, ada, 5_000)) == "payment"
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 5_000


@pytest.mark.failure_mode(16)
async def test_f16_what_is_too_small_for_the_card_waits_for_the_month(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada))
    assert await settlement_of(town, await charged(town, ada, 299)) == "invoice"
    assert await town.value("SELECT count(*) FROM payment") == 0


@pytest.mark.failure_mode(2)
async def test_f02_the_same_decline_told_three_times_causes_one_try_of_the_fallback(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "good"))
    session = await charged(town, ada)
    failed = await town.value("SELECT id FROM payment WHERE state = 'failed'")
    async with town.house.database.transaction() as tx:
        again = NewJob(settling.NEXT_WAY, {"payment_id": str(failed)})
        await enqueue(tx, [again, again])
    await town.priced(session)
    assert await town.value("SELECT count(*) FROM payment") == 2
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 8_000
    assert len(await mails(town)) == 1


async def test_a_charge_without_energy_costs_nothing_and_what_was_reserved_goes_back(town: Street) -> None:
    ada = await driver(town)
    await card(town, ada)
    start = await town.start()
    async with town.house.database.transaction() as tx:
        payment_id = await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    assert payment_id is not None
    await town.settle()
    assert (await town.payment(payment_id)).state == State.AUTHORISED
    async with town.house.database.transaction() as tx:
        session = await town.world.session(
            tx, ada, price_minor=2_000, energy_wh=0, settlement="payment", payment_id=payment_id
        )
    await town.priced(session)
    assert (await town.payment(payment_id)).state == State.CANCELLED
    assert await settlement_of(town, session) == "free"
    assert await balances(town) == {}
    (mail,) = await mails(town)
    assert "The charger gave no energy, so the charge costs nothing." in mail
    assert "The 300,00 kr that were kept for it are released now." in mail


async def test_an_operator_may_take_a_fee_for_a_charge_without_energy(town: Street) -> None:
    await allow(town, free_without_energy=False)
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada))
    session = await charged(town, ada, 2_000, energy_wh=0)
    assert await settlement_of(town, session) == "payment"
    assert await town.value("SELECT sum(captured_minor) FROM payment") == 2_000


async def test_a_start_is_reserved_on_the_fallback_when_the_first_way_is_declined(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "good"))
    start = await town.start()
    async with town.house.database.transaction() as tx:
        await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    await town.settle()
    assert town.names() == ["PaymentAuthorised"], "nobody gave the start up in between"
    second = await town.value("SELECT payment_id FROM start_request WHERE id = $1", start)
    assert (await town.payment(second)).state == State.AUTHORISED


async def test_a_start_that_no_way_can_reserve_for_is_given_up(town: Street) -> None:
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "declined"), await card(town, ada, "no_funds"))
    start = await town.start()
    async with town.house.database.transaction() as tx:
        await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    await town.settle()
    assert town.names() == ["PaymentFailed"]


@pytest.mark.failure_mode(14)
async def test_f14_a_reserve_that_lapsed_is_debited_anew_from_the_same_card(town: Street) -> None:
    ada = await driver(town)
    way = await card(town, ada, "expires")
    start = await town.start()
    async with town.house.database.transaction() as tx:
        payment_id = await service.open_with_card(
            tx, town.house, driver_id=ada, start_request_id=start, amount_minor=30_000, now=town.now()
        )
    await town.settle()
    async with town.house.database.transaction() as tx:
        session = await town.world.session(tx, ada, price_minor=7_000, settlement="payment", payment_id=payment_id)
    await town.priced(session)
    await town.later(minutes=2)
    assert await town.value("SELECT sum(captured_minor) FROM payment WHERE method_id = $1", way.method_id) == 7_000
    assert await balances(town) == {"1580": 7_000, "3001": -5_600, "2611": -1_400}


async def test_choosing_keeps_to_what_is_there_and_to_whom_it_belongs(town: Street) -> None:
    ada, eve = await driver(town), await driver(town)
    mine, hers = await card(town, ada), await card(town, eve)
    for first, fallback in ((hers, None), (mine, mine), (BANK_WAY, None)):
        with pytest.raises(Invalid):
            await chooses(town, ada, first, fallback)
    async with town.house.database.transaction() as tx:
        with pytest.raises(NotAllowed):
            await ways.choose(
                tx, town.house, Actor("driver", eve), ada, mine, None, at_once=True, gather_below_minor=0,
                now=town.now(),
            )  # fmt: skip
        with pytest.raises(NotFound):
            await ways.standing(tx, town.house, DriverId(new_id()), town.now())
    await allow(town, may_owe=False)
    with pytest.raises(Invalid):
        await chooses(town, ada, INVOICE)


async def test_removing_the_first_way_lets_the_fallback_move_up(town: Street) -> None:
    ada = await driver(town)
    first, second = await card(town, ada), await card(town, ada)
    await chooses(town, ada, first, second)
    async with town.house.database.transaction() as tx:
        assert first.method_id is not None
        await service.forget_card(tx, town.house, ada, first.method_id, town.now())
        standing = await ways.standing(tx, town.house, ada, town.now())
    assert (standing.choice.first, standing.choice.fallback, standing.order) == (second, None, (second,))


# Invoices


async def invoiced(town: Street, who: DriverId, price_minor: int = 45_000) -> InvoiceId:
    async with town.house.database.transaction() as tx:
        await town.world.session(tx, who, price_minor=price_minor)
        await invoicing.run(tx, date(2026, 10, 1), AGENT, town.now(), settings=town.house.settings)
        found = InvoiceId(await tx.value("SELECT id FROM invoice WHERE driver_id = $1", who))
    await town.settle()
    return found


async def later(town: Street, **length: float) -> None:
    """Let time pass; the clocks of debits strike."""
    await town.later(**length)
    async with town.house.database.transaction() as tx:
        await enqueue(tx, [NewJob(ways_jobs.DEBIT_INVOICES, {}), NewJob("payments.review_starts", {})])
    await town.settle()


async def test_an_invoice_is_debited_on_its_day_and_the_driver_is_told(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada), at_once=False)
    await invoiced(town, ada)
    assert await town.value("SELECT count(*) FROM payment") == 0, "the driver shall see the invoice first"
    await later(town, days=3)
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000
    assert await town.value("SELECT ended_why FROM invoice_debit") == "paid"
    assert (await balances(town))["1580"] == 45_000
    assert "We took it from Visa •••• 4242." in (await mails(town))[-1]


async def test_declines_are_repeated_after_one_three_and_seven_days_and_then_left_to_people(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada, "no_funds"), await card(town, ada, "declined"), at_once=False)
    await allow(town, debit_after_days=0, hold_overdue_days=None)
    await invoiced(town, ada)
    counts = []
    for days in (0, 1, 1, 1, 1, 1, 1, 1, 1, 5):
        await later(town, days=days)
        counts.append(await town.value("SELECT count(*) FROM payment"))
    assert counts == [2, 4, 4, 6, 6, 6, 6, 8, 8, 8]
    assert await town.value("SELECT ended_why FROM invoice_debit") == "given_up"
    told = [mail for mail in await mails(town) if "We could not take" in mail]
    assert len(told) == 4
    assert "We try again on" in told[0]
    assert "We do not try again by ourselves." in told[3]

    await card(town, ada, "good")
    good = Way(WayKind.METHOD, await town.value("SELECT id FROM payment_method ORDER BY created_at DESC LIMIT 1"))
    await chooses(town, ada, good, at_once=False)
    await later(town, minutes=1)
    assert await town.value("SELECT paid_minor FROM invoice") == 0, "not by surprise"
    await later(town, days=1)
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000, "a new way is tried once more"


@pytest.mark.failure_mode(12)
async def test_f12_who_pays_by_hand_meanwhile_is_not_debited_too(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await chooses(town, ada, await card(town, ada), at_once=False)
    invoice = await invoiced(town, ada)
    town.offset += timedelta(days=3)
    page = await service.open_invoice(town.house, invoice, return_url="/my", now=town.now())
    await later(town, minutes=1)
    assert await town.value("SELECT count(*) FROM payment") == 1, "the page that is open comes first"
    await town.pay(page.url)
    await town.settle()
    await later(town, hours=3)
    assert await town.value("SELECT count(*) FROM payment") == 1
    assert await town.value("SELECT paid_minor FROM invoice") == 45_000


async def test_nobody_is_debited_for_an_invoice_who_did_not_say_so(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await card(town, ada)
    await invoiced(town, ada)
    await later(town, days=10)
    assert await town.value("SELECT count(*) FROM payment") == 0


async def test_who_chooses_a_card_today_is_not_debited_for_last_month_by_surprise(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    await invoiced(town, ada)
    await later(town, minutes=1)
    await chooses(town, ada, await card(town, ada))
    await later(town, days=10)
    assert await town.value("SELECT count(*) FROM payment") == 0


async def mandate(town: Street, who: DriverId, state: str = "active") -> None:
    async with town.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO mandate (id, scheme, payer_number, driver_id, channel, state, holder, created_at, updated_at)"
            " VALUES ($1, 'autogiro', '7', $2, 'portal', $3, 'Ada', now(), now())",
            new_id(), who, state,
        )  # fmt: skip


@pytest.mark.failure_mode(24)
async def test_f24_when_the_mandate_is_revoked_the_fallback_is_debited(town: Street) -> None:
    town.house.settings = replace(town.house.settings, autogiro_bankgiro="50501055", autogiro_customer="123456")
    ada = await driver(town, settlement="invoice")
    await mandate(town, ada)
    await chooses(town, ada, BANK_WAY, await card(town, ada), at_once=False)
    await invoiced(town, ada)
    await later(town, days=5)
    assert await town.value("SELECT count(*) FROM payment") == 0, "the bank's file collects"
    async with town.house.database.transaction() as tx:
        await tx.execute("UPDATE mandate SET state = 'cancelled'")
    await later(town, minutes=5)
    assert await town.value("SELECT provider || paid_minor FROM payment, invoice") == "sandbox45000"


@pytest.mark.failure_mode(49)
async def test_f49_an_invoice_that_is_being_collected_holds_nobody_back(town: Street) -> None:
    await allow(town, hold_overdue_days=3)
    ada = await driver(town, settlement="invoice")
    invoice = await invoiced(town, ada)
    async with town.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, state, currency, amount_minor, invoice_id, driver_id, provider,"
            " created_at, updated_at) VALUES ($1, 'invoice', 'submitted', 'SEK', 45000, $2, $3, 'autogiro', now(),"
            " now())",
            new_id(), invoice, ada,
        )  # fmt: skip
    await later(town, days=60)
    assert await held(town, ada) == ""
    async with town.house.database.transaction() as tx:
        await tx.execute("UPDATE payment SET state = 'failed', updated_at = $1", town.now())
    await later(town, days=1)
    assert await held(town, ada) == "", "a few bank days of grace after the bank's answer"
    await later(town, days=6)
    assert await held(town, ada) == "overdue"


# Who may start


async def test_an_overdue_invoice_holds_new_starts_back_until_it_is_paid(town: Street) -> None:
    ada = await driver(town, settlement="invoice")
    async with town.house.database.transaction() as tx:
        await tx.execute("INSERT INTO token (id, driver_id, uid, created_at) VALUES ($1, $2, 'A1B2C3D4', now())",
                         new_id(), ada)  # fmt: skip
    invoice = await invoiced(town, ada)
    await later(town, days=43)
    assert await held(town, ada) == ""
    await later(town, days=2)
    assert await held(town, ada) == "overdue"
    async with town.house.database.transaction() as tx:
        shown = (await access.standing(tx, ["A1B2C3D4"], town.now()))["A1B2C3D4"]
    assert (shown.authorisation, shown.starts_held) == ("blocked", "overdue")
    assert "An invoice is overdue" in (access.refusal(shown) or "")

    page = await service.open_invoice(town.house, invoice, return_url="/my", now=town.now())
    await town.pay(page.url)
    await town.settle()
    assert await held(town, ada) == ""
    async with town.house.database.transaction() as tx:
        assert (await access.standing(tx, ["A1B2C3D4"], town.now()))["A1B2C3D4"].authorisation == "accepted"


async def test_staff_may_let_somebody_start_for_a_while_with_a_reason(town: Street) -> None:
    ada, _ = await owes(town)
    until = town.now() + timedelta(days=7)
    async with town.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await ways.let_start(tx, town.house, AGENT, ada, until, " ", town.now())
        with pytest.raises(NotAllowed):
            await ways.let_start(tx, town.house, Actor("driver", ada), ada, until, "I ask", town.now())
        await ways.let_start(tx, town.house, AGENT, ada, until, "ill in hospital", town.now())
    assert await held(town, ada) == ""
    assert await town.value("SELECT reason FROM audit_log WHERE action = 'driver.may_start'") == "ill in hospital"
    await later(town, days=8)
    assert await held(town, ada) == "to_pay"


async def test_who_pays_at_once_with_nothing_saved_waits_where_the_operator_says_so(town: Street) -> None:
    ada = await driver(town)
    await allow(town, hold_without_way=True)
    assert await held(town, ada) == "no_way"
    page = await service.open_save_card(town.house, ada, return_url="/my", now=town.now())
    await town.pay(page.url)
    await town.settle()
    assert await held(town, ada) == ""


@pytest.mark.parametrize("energy_wh", [0, 9_000])
async def test_what_is_asked_for_is_taken_back_when_the_charge_is_free_after_all(town: Street, energy_wh: int) -> None:
    ada, session = await owes(town)
    async with town.house.database.transaction() as tx:
        settlement = "payment" if energy_wh == 0 else "free"
        sql = "UPDATE session SET energy_wh = $2, settlement = $3, version = 2 WHERE id = $1"
        await tx.execute(sql, session, energy_wh, settlement)
    await town.priced(session)
    await town.priced(session)
    assert await balances(town) == {}
    assert await held(town, ada) == ""
    with pytest.raises(Conflict):
        await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())


async def confirms_later(town: Street, **policy: Any) -> tuple[DriverId, Any]:
    """A driver whose only card wants its holder to confirm, with a charge."""
    await allow(town, **policy)
    ada = await driver(town)
    await chooses(town, ada, await card(town, ada, "confirm"))
    return ada, await charged(town, ada)


@pytest.mark.failure_mode(19)
async def test_f19_who_must_confirm_gets_a_link_and_time_and_goes_on_charging(town: Street) -> None:
    ada, session = await confirms_later(town, may_owe=False)
    (mail,) = await mails(town)
    assert "Please confirm it to your bank: pay here before" in mail
    assert await held(town, ada) == ""
    assert await balances(town) == {"1510": 8_000, "3001": -6_400, "2611": -1_600}
    await town.priced(session)
    assert len(await mails(town)) == 1

    page = await service.open_owed(town.house, session, return_url="/my/paying", now=town.now())
    await town.pay(page.url, "confirm")
    await town.pay(page.url, "confirm", "confirm")
    await town.settle()
    assert await balances(town) == {"1580": 8_000, "3001": -6_400, "2611": -1_600}
    await later(town, days=4)
    assert await held(town, ada) == ""
    assert len(await mails(town)) == 1


@pytest.mark.failure_mode(19)
@pytest.mark.parametrize("owing", [True, False])
async def test_f19_who_does_not_confirm_is_invoiced_or_waits(town: Street, owing: bool) -> None:
    ada, session = await confirms_later(town, may_owe=owing)
    await later(town, days=2)
    assert await held(town, ada) == ""
    await later(town, days=2)
    await later(town, days=1)
    assert await settlement_of(town, session) == ("invoice" if owing else "payment")
    assert await held(town, ada) == ("" if owing else "to_pay")
    assert await balances(town) == ({} if owing else {"1510": 8_000, "3001": -6_400, "2611": -1_600})
    assert len(await mails(town)) == 2


async def test_the_bank_collects_from_nobody_who_chose_a_card_until_the_card_has_come_to_nothing(town: Street) -> None:
    town.house.settings = replace(town.house.settings, autogiro_bankgiro="50501055", autogiro_customer="123456")
    ada = await driver(town, settlement="invoice")
    await mandate(town, ada)
    await chooses(town, ada, await card(town, ada, "no_funds"), BANK_WAY, at_once=False)
    await allow(town, debit_after_days=0, hold_overdue_days=None)
    await invoiced(town, ada)

    async def planned() -> int:
        async with town.house.database.transaction() as tx:
            return await collecting.plan(tx, town.house, Scheme.AUTOGIRO, town.now())

    await later(town, minutes=1)
    assert await planned() == 0
    for days in (1, 2, 4):
        await later(town, days=days)
    assert await town.value("SELECT ended_why FROM invoice_debit") == "given_up"
    assert await planned() == 1, "the bank account is the fallback"
    assert await town.value("SELECT count(*) FROM payment WHERE state = 'created'") == 1

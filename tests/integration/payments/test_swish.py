"""Paying by Swish through the built-in one, with all its moods: each way ends with the right money in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from asyncpg import UniqueViolationError

from laddverk import joints
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId, PaymentId
from laddverk.kernel.problems import Conflict, Invalid, TooMany
from laddverk.payments import service
from laddverk.payments.model import RefundState, State
from laddverk.payments.providers.port import Forged
from laddverk.payments.providers.sandbox_swish import ENDED_BY, Mood
from laddverk.payments.providers.sandbox_swish_books import swish_in
from laddverk.payments.swish import rules, store
from laddverk.payments.swish import service as swish
from laddverk.payments.swish.model import Attempt
from laddverk.platform.jobs import NewJob, enqueue
from tests.integration.payments.conftest import Street, balances

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
            async with self.street.house.database.transaction() as tx:
                await tx.execute("UPDATE job SET run_at = now() WHERE kind = 'sandbox.swish'")
            await self.street.settle()


@pytest.fixture
def phone(street: Street) -> Phone:
    return Phone(street)


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


async def test_a_refund_that_comes_back_stays_owed_and_can_be_tried_again(street: Street, phone: Phone) -> None:
    """Failure mode 21."""
    payment_id = await phone.paid(Mood.NO_REFUND)
    await street.priced(await street.session(10_000, payment_id))
    await phone.till_banks_are_done()
    assert await phone.refunds(payment_id) == [(RefundState.FAILED, 20_000)]
    assert (await balances(street))["2420"] == -20_000, "still owed to the payer"
    async with street.house.database.transaction() as tx:
        await service.refund(tx, AGENT, payment_id, 20_000, "another account", street.now())
        await tx.execute("UPDATE sandbox_swish SET body = body - 'mood' WHERE kind = 'payment'")
    await street.settle()
    await phone.till_banks_are_done()
    assert await phone.refunds(payment_id) == [(RefundState.FAILED, 20_000), (RefundState.SUCCEEDED, 20_000)]
    assert await balances(street) == {BANK_ACCOUNT: 10_000, "3001": -8_000, "2611": -2_000}


@pytest.mark.parametrize("mood", [Mood.TWICE, Mood.LATE, Mood.NEVER, Mood.LOST])
async def test_f03_callbacks_that_come_twice_late_or_never_change_nothing(
    street: Street, phone: Phone, mood: Mood
) -> None:
    payment_id = await phone.paid(mood)
    await street.later(minutes=11)
    assert (await street.payment(payment_id)).state == State.AUTHORISED
    await street.priced(await street.session(10_000, payment_id))
    await phone.till_banks_are_done()
    await street.later(minutes=2)
    await phone.till_banks_are_done()
    assert await phone.refunds(payment_id) == [(RefundState.SUCCEEDED, 20_000)], "sent back once"
    assert await balances(street) == {BANK_ACCOUNT: 10_000, "3001": -8_000, "2611": -2_000}
    assert street.names().count("PaymentAuthorised") == 1


async def test_f11_a_payment_has_one_request_open_and_the_next_waits_for_the_last_to_close(
    street: Street, phone: Phone
) -> None:
    payment_id = await phone.opened()
    key = rules.page_key(street.house.secrets, payment_id)
    again = await swish.again(street.house, key, street.now(), "sv")
    assert [each.number for each in await phone.attempts(payment_id)] == [1], "two presses, one request"
    await swish.to_phone(street.house, key, "070-123 45 67", street.now(), "sv")
    kinds = [(each.kind, each.state) for each in await phone.attempts(payment_id)]
    assert kinds == [("token", "cancelled"), ("phone", "open")]
    assert again.app_link
    reopening = "UPDATE swish_attempt SET state = 'open' WHERE payment_id = $1"
    with pytest.raises(UniqueViolationError):
        await street.house.database.run(lambda tx: tx.execute(reopening, payment_id))


async def test_f11_another_swish_that_is_open_in_the_app_is_said_in_plain_words(street: Street, phone: Phone) -> None:
    first, second = await phone.opened(), await phone.opened()
    for payment_id in (first, second):
        key = rules.page_key(street.house.secrets, payment_id)
        if payment_id == first:
            await swish.to_phone(street.house, key, "0701234567", street.now(), "sv")
            continue
        with pytest.raises(Conflict, match="Another Swish is open in the app"):
            await swish.to_phone(street.house, key, "+46 70 123 45 67", street.now(), "sv")
        shown = await swish.page(street.house, key, street.now())
        assert (shown.stage, shown.failure) == ("again", rules.WORDS["RP06"])


async def test_a_strangers_phone_is_not_rung_all_day(street: Street, phone: Phone) -> None:
    payment_id = await phone.opened()
    key = rules.page_key(street.house.secrets, payment_id)
    for _ in range(rules.ASKED_OF_PHONE_MAX):
        await swish.to_phone(street.house, key, "0701234567", street.now(), "sv")
        await phone.does(payment_id, "end", "RF07")
    with pytest.raises(TooMany):
        await swish.to_phone(street.house, key, "0701234567", street.now(), "sv")
    assert await street.value("SELECT count(*) FROM swish_attempt WHERE payer_hash IS NOT NULL") == 5
    stored = await street.value("SELECT string_agg(swish_attempt::text, ' ') FROM swish_attempt")
    assert "701234567" not in stored, "the number is not kept"


@pytest.mark.parametrize("code", sorted(ENDED_BY))
async def test_who_says_no_may_try_again_and_is_told_why(street: Street, phone: Phone, code: str) -> None:
    payment_id = await phone.opened()
    await phone.does(payment_id, "end", code)
    key = rules.page_key(street.house.secrets, payment_id)
    shown = await swish.page(street.house, key, street.now())
    assert (shown.stage, shown.failure) == ("again", rules.WORDS[code])
    await swish.again(street.house, key, street.now(), "sv")
    await phone.does(payment_id)
    assert (await street.payment(payment_id)).state == State.AUTHORISED


async def test_who_gives_up_has_paid_nothing(street: Street, phone: Phone) -> None:
    payment_id = await phone.opened()
    key = rules.page_key(street.house.secrets, payment_id)
    assert (await swish.give_up(street.house, key, street.now())).stage == "closed"
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CANCELLED
    assert [each.state for each in await phone.attempts(payment_id)] == ["cancelled"]
    assert street.names() == ["PaymentFailed"]
    with pytest.raises(Conflict):
        await swish.again(street.house, key, street.now(), "sv")


@pytest.mark.parametrize(
    ("said", "gives_up", "told"),
    [(None, True, "payment_failed"), ("TM01", True, "payment_failed"), ("RF07", True, "payment_failed"),
     ("TM01", False, "expired"), ("RF07", False, "payment_failed")],
)  # fmt: skip
async def test_who_goes_back_is_not_told_that_they_paid_too_late(
    street: Street, phone: Phone, said: str | None, gives_up: bool, told: str
) -> None:
    """Also after a request in the app ran out; who lets the page be until it closes is told so, unless they refused."""
    payment_id = await phone.opened()
    if said is not None:
        await phone.does(payment_id, "end", said)
    if gives_up:
        await swish.give_up(street.house, rules.page_key(street.house.secrets, payment_id), street.now())
        await street.settle()
    else:
        await street.later(minutes=61)
    ((name, failed),) = street.told
    assert (name, (await street.payment(payment_id)).state) == ("PaymentFailed", State.CANCELLED)

    async with street.house.database.transaction() as tx:
        await joints.handlers(street.house)["wiring.give_up_start"](tx, [failed])
    assert await street.value("SELECT cancelled_why FROM start_request") == told


async def test_who_pays_while_giving_up_gets_it_all_back(street: Street, phone: Phone) -> None:
    payment_id = await phone.opened()
    await phone.does(payment_id, "pay", "46701234567", Mood.NEVER, run=False)
    key = rules.page_key(street.house.secrets, payment_id)
    await swish.give_up(street.house, key, street.now())
    await street.settle()
    await phone.till_banks_are_done()
    await street.later(minutes=2)
    payment = await street.payment(payment_id)
    assert (payment.state, payment.refunded_minor) == (State.CANCELLED, 30_000)
    assert await balances(street) == {}
    assert "PaymentAuthorised" not in street.names()


async def test_money_that_comes_after_swish_said_cancelled_goes_back_too(street: Street, phone: Phone) -> None:
    payment_id = await phone.opened()
    await swish.give_up(street.house, rules.page_key(street.house.secrets, payment_id), street.now())
    await street.settle()
    async with street.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE sandbox_swish SET body = body || '{\"status\": \"CREATED\"}'::jsonb WHERE kind = 'payment'"
        )
    await phone.does(payment_id)
    await phone.till_banks_are_done()
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor, payment.refunded_minor) == (State.CANCELLED, 30_000, 30_000)
    assert await balances(street) == {}


async def test_f16_a_charge_below_one_krona_is_sent_back_whole(street: Street, phone: Phone) -> None:
    payment_id = await phone.paid()
    await street.priced(await street.session(50, payment_id))
    await phone.till_banks_are_done()
    assert (await street.payment(payment_id)).refunded_minor == 30_000


async def test_f13_a_charge_that_cost_more_than_was_paid_is_owed_for_the_rest(street: Street, phone: Phone) -> None:
    payment_id = await phone.paid(amount_minor=10_000)
    await street.priced(await street.session(12_500, payment_id))
    payment = await street.payment(payment_id)
    assert (payment.state, payment.captured_minor, payment.shortfall_minor) == (State.CAPTURED, 10_000, 2_500)
    assert await phone.refunds(payment_id) == []
    assert await balances(street) == {BANK_ACCOUNT: 10_000, "1510": 2_500, "3001": -10_000, "2611": -2_500}


async def test_f20_what_goes_back_is_never_more_than_came(street: Street, phone: Phone) -> None:
    payment_id = await phone.paid()
    await street.priced(await street.session(10_000, payment_id))
    async with street.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await service.refund(tx, AGENT, payment_id, 10_001, "too much", street.now())
        await service.refund(tx, AGENT, payment_id, 10_000, "goodwill", street.now())
    await street.settle()
    await phone.till_banks_are_done()
    assert (await street.payment(payment_id)).refunded_minor == 30_000
    assert await balances(street) == {}


async def test_f05_a_callback_that_does_not_bring_what_we_gave_changes_nothing(street: Street, phone: Phone) -> None:
    payment_id = await phone.opened()
    about = f"{payment_id.hex}{rules.callback_secret(street.house.secrets, payment_id)}"
    body = b'{"id": "X", "status": "PAID"}'
    for wrong in ("", payment_id.hex, payment_id.hex + "0" * 32, about[:-1], about + "0", "x" * 64):
        with pytest.raises(Forged):
            await service.receive_webhook(street.house, "swish", {service.ABOUT_HEADER: wrong}, body)
    forged = b'{"id": "X", "status": "PAID", "callbackIdentifier": "0123456789ABCDEF0123456789ABCDEF"}'
    with pytest.raises(Forged):
        await service.receive_webhook(street.house, "swish", {service.ABOUT_HEADER: about}, forged)
    # Even a good one is not believed: Swish is asked, and says that nothing was paid.
    await service.receive_webhook(street.house, "swish", {service.ABOUT_HEADER: about}, body)
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CHECKOUT


async def test_an_invoice_and_a_top_up_are_paid_at_once(street: Street, phone: Phone) -> None:
    driver = await a_driver(street)
    page = await service.open_top_up(
        street.house, driver, amount_minor=20_000, return_url="/my", now=street.now(), provider="swish"
    )
    await phone.does(page.payment_id)
    assert (await street.payment(page.payment_id)).state == State.CAPTURED
    assert await balances(street) == {BANK_ACCOUNT: 20_000, "2420": -20_000}


async def a_driver(street: Street) -> DriverId:
    """A driver who pays at once."""
    async with street.house.database.transaction() as tx:
        driver = await street.world.driver(tx, "ada@example.se")
        await tx.execute("UPDATE driver SET settlement = 'card' WHERE id = $1", driver)
        return driver


async def consent(street: Street, phone: Phone, driver: DriverId, mood: Mood = Mood.GOOD) -> PaymentId:
    page = await service.open_save_card(
        street.house, driver, return_url="/my/account", now=street.now(), provider="swish"
    )
    await phone.does(page.payment_id, "approve", "46701234567", mood)
    return page.payment_id


async def test_a_consent_is_given_debited_and_given_back(street: Street, phone: Phone) -> None:
    driver = await a_driver(street)
    saved = await street.payment(await consent(street, phone, driver))
    assert (saved.state, saved.method_id is not None) == (State.SAVED, True)
    assert await street.value("SELECT brand || ' ' || last4 FROM payment_method") == "Swish 4567"
    await street.priced(await street.session(10_000, None, driver))
    await phone.till_banks_are_done()
    paid = await street.value("SELECT state || ' ' || captured_minor FROM payment WHERE purpose = 'session'")
    assert paid == "captured 10000"
    assert await balances(street) == {BANK_ACCOUNT: 10_000, "3001": -8_000, "2611": -2_000}

    assert saved.method_id is not None
    async with street.house.database.transaction() as tx:
        await service.forget_card(tx, street.house, driver, saved.method_id, street.now())
    await street.settle()
    assert await street.value("SELECT body->>'status' FROM sandbox_swish WHERE kind = 'consent'") == "CANCELLED"


async def test_a_consent_that_is_ended_in_the_app_is_dead_and_its_driver_is_told(street: Street, phone: Phone) -> None:
    payment_id = await consent(street, phone, await a_driver(street))
    await phone.does(payment_id, "withdraw")
    assert await street.value("SELECT stopped_code FROM payment_method") == rules.CONSENT_ENDED
    assert await street.value("SELECT count(*) FROM mail WHERE template = 'consent_ended'") == 1


async def test_a_consent_that_is_refused_saves_nothing(street: Street, phone: Phone) -> None:
    page = await service.open_save_card(
        street.house, await a_driver(street), return_url="/my/account", now=street.now(), provider="swish"
    )
    await phone.does(page.payment_id, "refuse")
    assert await street.value("SELECT count(*) FROM payment_method") == 0
    shown = await swish.page(street.house, rules.page_key(street.house.secrets, page.payment_id), street.now())
    assert shown.stage == "again"


async def test_f02_a_debit_whose_answer_is_lost_is_made_once(street: Street, phone: Phone) -> None:
    driver = await a_driver(street)
    await consent(street, phone, driver, Mood.LOST)
    await street.priced(await street.session(10_000, None, driver))
    await street.later(minutes=1)
    await phone.till_banks_are_done()
    await street.later(minutes=12)
    assert await street.value("SELECT count(*) FROM sandbox_swish WHERE kind = 'debit'") == 1
    assert (await balances(street))[BANK_ACCOUNT] == 10_000


async def test_money_paid_in_after_it_was_given_up_goes_back(street: Street, phone: Phone) -> None:
    page = await service.open_top_up(
        street.house, await a_driver(street), amount_minor=20_000, return_url="/my", now=street.now(), provider="swish"
    )
    await phone.does(page.payment_id, "pay", "46701234567", Mood.NEVER, run=False)
    await swish.give_up(street.house, rules.page_key(street.house.secrets, page.payment_id), street.now())
    await street.settle()
    await phone.till_banks_are_done()
    await street.later(minutes=2)
    payment = await street.payment(page.payment_id)
    assert (payment.captured_minor, payment.refunded_minor) == (20_000, 20_000)
    assert await balances(street) == {}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b'{"id": "\\u0000", "status": "\\u0000PAID"}', b"\xff" * 9])
async def test_a_callback_that_is_nonsense_does_no_harm(street: Street, phone: Phone, body: bytes) -> None:
    payment_id = await phone.opened()
    about = f"{payment_id.hex}{rules.callback_secret(street.house.secrets, payment_id)}"
    try:
        await service.receive_webhook(street.house, "swish", {service.ABOUT_HEADER: about}, body)
    except Invalid:
        assert await street.value("SELECT count(*) FROM webhook_inbox") == 0
    await street.settle()
    assert (await street.payment(payment_id)).state == State.CHECKOUT


async def test_a_consent_that_ended_unheard_is_found_dead_when_it_is_debited(street: Street, phone: Phone) -> None:
    driver = await a_driver(street)
    payment_id = await consent(street, phone, driver, Mood.NEVER)
    await street.later(minutes=1)
    assert (await street.payment(payment_id)).state == State.SAVED
    await phone.does(payment_id, "withdraw")
    await street.priced(await street.session(10_000, None, driver))
    await phone.till_banks_are_done()
    assert await street.value("SELECT failure_code FROM payment WHERE purpose = 'session'") == rules.CONSENT_ENDED
    assert await street.value("SELECT stopped_code FROM payment_method") == rules.CONSENT_ENDED
    assert await street.value("SELECT count(*) FROM sandbox_swish WHERE kind = 'debit'") == 0

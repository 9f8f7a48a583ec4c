"""What agents do from a case besides a charge: links to pay, tags, reservations, restarts; what came of it is true."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import PERMISSIONS, Permission, Role
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, TooMany
from laddverk.notices.sms import service as sms
from laddverk.notices.sms import store as texts
from laddverk.notices.sms.delivery import Delivery
from laddverk.notices.sms.port import Refused
from laddverk.support.agent import screen
from laddverk.support.agent.model import Deed, Given
from laddverk.support.mail import store as mails
from laddverk.support.model import Case, Verified
from laddverk.support.situations.model import AgentButton as B
from laddverk.web.console import agent_words
from tests.integration.support.lives import put
from tests.integration.support.test_agent import EVA, WHY, Bench
from tests.integration.support.test_agent import bench as bench


async def run(bench: Bench, sql: str, *args: object) -> None:
    async with bench.house.database.transaction() as tx:
        await tx.execute(sql, *args)


async def came_of(bench: Bench, case: Case) -> list[tuple[str, str]]:
    """The newest deed of a case as its page tells it: (kind, word)."""
    async with bench.house.database.transaction() as tx:
        newest = (await screen.deeds(tx, case.id))[0]
    return [(kind, word) for kind, word, _ in agent_words.steps(newest, "en")]


async def said(bench: Bench) -> str:
    return str(await bench.network.value("SELECT body FROM text_message ORDER BY created_at DESC, id DESC LIMIT 1"))


async def owing(bench: Bench, minor: int = 1149, currency: str = "SEK") -> UUID:
    """A charge of the driver that could not be debited."""
    session = uuid4()
    await run(
        bench,
        "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, started_at, ended_at,"
        " received_at, energy_wh, price_minor, currency)"
        " VALUES ($1, $2, 1, $1::uuid::text, $3, now() - interval '1 hour', now(), now(), 2500, $4, $5)",
        session, bench.station, bench.driver, minor, currency,
    )  # fmt: skip
    await run(
        bench,
        "INSERT INTO unpaid_session (session_id, driver_id, currency, amount_minor, why, since)"
        " VALUES ($1, $2, $4, $3, 'declined', now())",
        session, bench.driver, minor, currency,
    )  # fmt: skip
    return session


async def test_who_is_asked_to_pay_is_asked_with_a_reason_seldom_and_for_what_the_books_say(bench: Bench) -> None:
    case = await bench.case()
    await bench.refused(case, B.PAYMENT_LINK, Invalid, Given())
    await bench.refused(case, B.PAY_OWED, Conflict)  # nothing is owed
    await owing(bench)
    await bench.refused(case, B.PAY_OWED, Invalid, Given())
    for verified in (Verified.NOT, Verified.NUMBER, Verified.MAIL, Verified.CHARGE):
        await bench.refused(await bench.case(verified), B.PAY_OWED, NotAllowed)
    deed = await bench.press(case, B.PAY_OWED)
    assert (deed.reason, deed.amount_minor) == (WHY.reason, None), "what is asked for is not given away"
    assert "11,49" in (text := await said(bench))
    assert text.endswith("/my/paying")
    await bench.press(case, B.PAYMENT_LINK)
    await bench.press(case, B.PAYMENT_LINK)
    for button in (B.PAYMENT_LINK, B.PAY_OWED):
        await bench.refused(case, button, TooMany)
    await bench.refused(await bench.case(), B.PAYMENT_LINK, TooMany)  # another case of the same driver
    stranger = await bench.case(driver_id=None, session_id=None)
    await bench.refused(stranger, B.PAYMENT_LINK, Conflict)  # nobody can be reached, and nobody was asked too often
    await run(bench, "UPDATE case_deed SET at = at - interval '1 day'")
    await bench.press(case, B.PAYMENT_LINK)


async def test_all_that_is_left_to_pay_is_named_and_nothing_that_is_collected_by_itself(bench: Bench) -> None:
    case, now = await bench.case(), bench.house.clock()
    invoices = [uuid4(), uuid4(), uuid4()]
    async with bench.house.database.transaction() as tx:
        await tx.execute("INSERT INTO invoice_series VALUES ('F2026', 3) ON CONFLICT DO NOTHING")
        for number, invoice in enumerate(invoices, 1):
            await put(
                tx, bench.network, "invoice", id=invoice, series="F2026", number=number, kind="invoice", vat=[],
                driver_id=bench.driver, currency="SEK", gross_minor=number * 10_000, net_minor=number * 10_000,
                vat_minor=0, buyer={}, seller={}, due_on=now.date() + timedelta(days=number),
            )  # fmt: skip
        mandate = await put(
            tx, bench.network, "mandate", id=uuid4(), scheme="autogiro", payer_number="9012345678901234",
            driver_id=bench.driver, channel="portal", state="active", holder="Ada", account_last4="1234",
        )  # fmt: skip
        payment = await put(
            tx, bench.network, "payment", id=uuid4(), purpose="invoice", driver_id=bench.driver, provider="autogiro",
            state="authorised", currency="SEK", amount_minor=10_000, invoice_id=invoices[0],
        )  # fmt: skip
        collection = await put(
            tx, bench.network, "collection", id=uuid4(), kind="collect", scheme="autogiro", mandate_id=mandate,
            payment_id=payment, invoice_id=invoices[0], attempt=1, amount_minor=10_000, currency="SEK", state="planned",
        )  # fmt: skip
        debit = "INSERT INTO invoice_debit (invoice_id, driver_id, begins_at, next_at) VALUES ($1, $2, $3, $4)"
        await tx.execute(debit, invoices[1], bench.driver, now, now + timedelta(days=1))
        await tx.execute(debit, invoices[2], bench.driver, now, None)
    await bench.press(case, B.PAY_OWED)
    assert "300,00" in await said(bench), "the first two are collected by themselves"
    await run(bench, "UPDATE invoice SET paid_minor = gross_minor WHERE id = $1", invoices[2])
    await bench.refused(case, B.PAY_OWED, Conflict)
    await run(bench, "UPDATE collection SET state = 'refused' WHERE id = $1", collection)
    await bench.press(case, B.PAY_OWED)
    assert "100,00" in await said(bench), "the bank said no, and nobody will ask it again"

    await owing(bench)
    await owing(bench, 5000)
    await owing(bench, 1200, "EUR")
    await run(bench, "DELETE FROM case_deed")
    await bench.press(case, B.PAY_OWED)
    assert "61,49 kr + 12,00 €" in await said(bench)


async def test_a_deed_that_says_something_is_done_when_it_arrived_and_not_before(bench: Bench) -> None:
    """A text on its way, taken, arrived or lost; a mail that left and came back."""
    case = await bench.case()
    deed = await bench.press(case, B.PAYMENT_LINK)
    assert deed.text_id is not None
    assert await came_of(bench, case) == [("wait", "On its way")]
    now = bench.house.clock()
    tries = {"text_id": str(deed.text_id), "attempts": 0}
    for outcome, told in (
        (TimeoutError("the carrier does not answer"), ("wait", "On its way")),  # it is tried again
        (Refused("no such number"), ("broken", "Did not arrive")),
    ):
        async with bench.house.database.transaction() as tx:
            await tx.execute("DELETE FROM job WHERE kind = 'notices.sms'")  # as whoever takes it does
            await Delivery(bench.house).record(tx, [(tries, outcome)])
        assert await came_of(bench, case) == [told]
    async with bench.house.database.transaction() as tx:
        await texts.mark_sent(tx, deed.text_id, now, "s1")
    assert await came_of(bench, case) == [("info", "Sent")]
    async with bench.house.database.transaction() as tx:
        await sms.record_delivery(tx, "s1", "delivered", now)
    assert await came_of(bench, case) == [("done", "Arrived")]

    session = await owing(bench)
    bought = await bench.case(session_id=session)
    receipt = await bench.press(bought, B.RECEIPT)
    assert receipt.mail_id is not None
    assert await came_of(bench, bought) == [("wait", "On its way")]
    await run(bench, "UPDATE mail SET error = 'try later' WHERE id = $1", receipt.mail_id)
    assert await came_of(bench, bought) == [("wait", "On its way")], "its next try waits"
    await run(bench, "DELETE FROM job WHERE kind = 'notices.deliver'")
    assert await came_of(bench, bought) == [("broken", "Did not arrive")]
    await run(bench, "UPDATE mail SET sent_at = now(), error = '' WHERE id = $1", receipt.mail_id)
    assert await came_of(bench, bought) == [("info", "Sent")]
    async with bench.house.database.transaction() as tx:
        later = bench.house.clock() + timedelta(minutes=1)
        await mails.mark_dead(tx, "ada@example.se", "5.1.1", "no such mailbox", bought.id, later)
    assert await came_of(bench, bought) == [("broken", "Came back: the address is dead")]


async def asked(bench: Bench, case: Case, button: B, action: str, **expected: Any) -> Deed:
    """The button is pressed with a reason, and the charger is asked exactly that; it says yes."""
    await bench.refused(case, button, Invalid, Given())
    deed = await bench.press(case, button)
    told = await bench.told(action)
    assert told == expected
    await bench.state_of(deed, "accepted")
    return deed


async def test_a_charger_is_restarted_hard_opened_again_and_forgets_cards_but_not_where_it_is_dangerous(
    bench: Bench,
) -> None:
    case = await bench.case(Verified.NOT)
    await bench.press(case, B.OUT_OF_SERVICE)
    await bench.told("ChangeAvailability")
    await bench.says("Unavailable")
    opened = await asked(bench, case, B.IN_SERVICE, "ChangeAvailability", connectorId=1, type="Operative")
    await bench.says("Available")
    await bench.state_of(opened, "confirmed")
    await run(bench, "DELETE FROM command WHERE state <> 'confirmed'")
    deed = await bench.press(case, B.CLEAR_CACHE)
    assert await bench.told("ClearCache") == {}
    await bench.state_of(deed, "confirmed")
    for button in (B.HARD_RESET, B.IN_SERVICE, B.CLEAR_CACHE):
        nobody = replace(EVA, permissions=EVA.permissions - {Permission.COMMANDS_SEND})
        await bench.refused(case, button, NotAllowed, actor=nobody)

    at = "INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, received_at)"
    await run(bench, at + " VALUES ($1, $2, 1, 'runs', now(), now())", uuid4(), bench.station)
    await bench.refused(case, B.HARD_RESET, Conflict)
    await run(bench, "UPDATE session SET ended_at = now()")
    await bench.press(case, B.WORK_ORDER)
    await run(bench, "UPDATE work_order SET state = 'on_site'")
    for button in (B.HARD_RESET, B.IN_SERVICE):
        await bench.refused(case, button, Conflict)
    await run(bench, "UPDATE work_order SET state = 'cancelled'")
    await asked(bench, case, B.HARD_RESET, "Reset", type="Hard")

    await bench.says("Faulted", errorCode="GroundFailure")
    for button in (B.HARD_RESET, B.IN_SERVICE):
        await bench.refused(case, button, NotAllowed)


async def test_what_is_kept_for_the_driver_or_for_nobody_is_let_go_and_nothing_of_anybody_else(bench: Bench) -> None:
    case = await bench.case(Verified.NUMBER)
    await bench.refused(case, B.CLEAR_RESERVATION, Conflict)
    keep = (
        "INSERT INTO reservation (id, station_id, evse_number, driver_id, token_uid, token_type, state, requested_by,"
        " created_at, expires_at) VALUES ($1, $2, 1, $3, 'X', 'central', 'held', 'x', now(), now() + interval '1 hour')"
    )
    others, own = uuid4(), uuid4()
    await run(bench, keep, others, bench.station, None)
    await bench.refused(case, B.CLEAR_RESERVATION, Conflict)
    await run(bench, keep, own, bench.station, bench.driver)
    await bench.refused(await bench.case(Verified.NOT), B.CLEAR_RESERVATION, NotAllowed)
    deed = await bench.press(case, B.CLEAR_RESERVATION)
    number = await bench.network.value("SELECT number FROM reservation WHERE id = $1", own)
    assert (await bench.told("CancelReservation"))["reservationId"] == number
    assert await bench.network.value("SELECT cancel_id FROM reservation WHERE id = $1", own) == deed.command_id
    await bench.refused(case, B.CLEAR_RESERVATION, Conflict)

    await run(bench, "UPDATE reservation SET state = 'expired', cancel_id = NULL")
    await bench.refused(case, B.CLEAR_RESERVATION, Conflict)
    await bench.says("Reserved")
    await bench.press(case, B.CLEAR_RESERVATION)
    assert (await bench.told("CancelReservation"))["reservationId"] == number, "what only the charger believes in"


async def test_a_tag_is_blocked_and_works_again_for_who_proved_to_have_it(bench: Bench) -> None:
    case = await bench.case(Verified.NUMBER)
    for button in (B.BLOCK_TOKEN, B.UNBLOCK_TOKEN):
        await bench.refused(case, button, NotAllowed)
    sure = await bench.case()
    host = replace(EVA, permissions=PERMISSIONS[Role.SUPPORT] - {Permission.DRIVERS_WRITE})
    await bench.refused(sure, B.UNBLOCK_TOKEN, NotAllowed, actor=host)
    await bench.refused(sure, B.BLOCK_TOKEN, Conflict)  # its one tag is blocked
    await bench.refused(sure, B.UNBLOCK_TOKEN, Invalid, Given(reason="found again", tag="9999"))
    back = await bench.press(sure, B.UNBLOCK_TOKEN, Given(reason="found again"))
    assert back.detail == "…7F2C"
    assert await bench.network.value("SELECT blocked_at FROM token") is None
    await run(
        bench,
        "INSERT INTO token (id, uid, kind, driver_id, label, created_at)"
        " SELECT gen_random_uuid(), '04BBBBBB', kind, driver_id, '', now() FROM token LIMIT 1",
    )
    with pytest.raises(Invalid) as which:
        await bench.press(sure, B.BLOCK_TOKEN)
    assert which.value.params["endings"] == "…7F2C, …BBBB"
    await run(
        bench,
        "INSERT INTO token (id, uid, kind, driver_id, label, created_at)"
        " SELECT gen_random_uuid(), '123456', 'keycode', driver_id, '', now() FROM token LIMIT 1",
    )
    for guess in ("", "3456"):
        with pytest.raises(Invalid) as which:
            await bench.press(sure, B.BLOCK_TOKEN, Given(reason="lost", tag=guess))
        assert which.value.params["endings"] == "…7F2C, …BBBB", "what is typed in is a secret"
    await bench.press(sure, B.BLOCK_TOKEN, Given(reason="lost", tag="04a3 7f2c"))
    assert await bench.network.value("SELECT uid FROM token WHERE blocked_at IS NOT NULL") == "04A37F2C"
    assert await bench.network.value("SELECT count(*) FROM audit_log WHERE action = 'token.blocked'") == 2

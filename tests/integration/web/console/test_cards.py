"""Disputes, payouts and reserved amounts at the desk: seen, answered, exported, and hidden from those who may not."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from pypdf import PdfReader

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, parsed, shown
from laddverk.payments.providers import sandbox_bank as bank
from laddverk.payments.providers import sandbox_money
from laddverk.payments.providers.sandbox_bank import TestCard
from tests.integration.web.console.conftest import HOSTILE, NOW, Browser, SignedIn, World


async def value(world: World, sql: str, *args: object) -> Any:
    await world.house.worker.run_until_idle()
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def paid_by(world: World, card: TestCard) -> str:
    """Let the driver of the world's session pay 49 kr by a test card; return the payment's id as shown."""
    payment = new_id()
    async with world.house.database.transaction() as tx:
        order = {
            "order_id": str(payment), "currency": "SEK", "amount_minor": 4_900, "capture_at_once": True,
            "return_url": "/", "description": "",
        }  # fmt: skip
        account = await bank.opened(tx, order, NOW)
        await tx.execute(
            "INSERT INTO payment (id, purpose, provider, provider_ref, checkout_ref, state, currency, amount_minor,"
            " due_minor, wish, session_id, driver_id, created_at, updated_at)"
            " VALUES ($1, 'session', 'sandbox', $2, $2, 'checkout', 'SEK', 4900, 4900, 'capture', $3, $4, $5, $5)",
            payment, account.ref, parsed("ses", world.session), world.driver, NOW,
        )  # fmt: skip
        await bank.paid(tx, account, card, NOW)
    await world.house.worker.run_until_idle()
    return shown("pay", payment)


async def disputed(world: World) -> str:
    await paid_by(world, TestCard.DISPUTED)
    return shown("dsp", await value(world, "SELECT id FROM payment_dispute"))


async def paid_out(world: World) -> str:
    async with world.house.database.transaction() as tx:
        await sandbox_money.pay_out(tx, NOW, NOW + timedelta(seconds=1))
    return shown("pot", await value(world, "SELECT id FROM payout"))


@pytest.mark.failure_mode(22)
async def test_f22_a_dispute_is_seen_first_thing_and_answered_with_evidence(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    dispute = await disputed(world)
    assert "1 dispute waits for an answer" in (await browser.open("/console")).text
    assert dispute[-8:] in (await browser.open("/console/disputes?state=waiting&sort=due&q=Ada")).text
    page = (await browser.open(f"/console/disputes/{dispute}")).text
    assert "10.00 kWh of electricity" in page
    assert "3 readings" in page

    empty = await browser.send(f"/console/disputes/{dispute}/answer", text=" ")
    assert (empty.status_code, "what was delivered" in empty.text) == (422, True)
    answered = await browser.send(f"/console/disputes/{dispute}/answer", text="Delivered " + HOSTILE)
    assert answered.status_code == 303
    assert await value(world, "SELECT state FROM payment_dispute") == "under_review"
    assert "Delivered" in await value(world, "SELECT evidence->>'text' FROM sandbox_dispute")
    assert await value(world, "SELECT (evidence->>'document_bytes')::int FROM sandbox_dispute") > 5_000
    again = await browser.send(f"/console/disputes/{dispute}/answer", text="once more")
    assert again.status_code == 409


async def test_the_evidence_pack_holds_what_was_kept(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    dispute = await disputed(world)
    answer = await browser.open(f"/console/disputes/{dispute}/evidence.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        meter = msgspec.json.decode(archive.read("meter-values.json"))
        document = PdfReader(io.BytesIO(archive.read("evidence.pdf"))).pages[0].extract_text()
    assert {
        "evidence.pdf", "receipt.pdf", "session.json", "tariff-shown.json", "charger-messages.json", "evidence.txt",
        "payment-events.json",
    } <= names  # fmt: skip
    assert [row["energy_wh"] for row in meter] == [3250, 5500, 7750]
    assert "Evidence for dispute" in document
    assert "49,00" in document


async def test_giving_in_needs_a_reason(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    dispute = await disputed(world)
    assert (await browser.send(f"/console/disputes/{dispute}/accept", reason=" ")).status_code == 422
    assert (await browser.send(f"/console/disputes/{dispute}/accept", reason="Vi hade fel")).status_code == 303
    assert await value(world, "SELECT state FROM payment_dispute") == "lost"
    assert "stays with the card holder" in (await browser.open(f"/console/disputes/{dispute}")).text


async def test_a_payout_is_traced_item_by_item_and_exported(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    payment = await paid_by(world, TestCard.GOOD)
    await browser.send("/console/payouts/read")
    payout = await paid_out(world)
    page = (await browser.open(f"/console/payouts/{payout}?q=Ada&kind=charge")).text
    assert payment in page
    assert "Every item is in our books" in page
    assert "Paid out" in (await browser.open(f"/console/payments/{payment}")).text
    lines = (await browser.open(f"/console/payouts/{payout}/items.csv")).text.splitlines()
    assert len(lines) == 2
    assert payment in lines[1]
    assert payout in (await browser.open("/console/payouts.csv")).text


@pytest.mark.failure_mode(52)
async def test_f52_a_payout_that_differs_is_an_alarm_until_somebody_looked(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    await paid_by(world, TestCard.UNLISTED)
    payout = await paid_out(world)
    assert "1 payout does not agree with the books" in (await browser.open("/console")).text
    assert payout in (await browser.open("/console/payouts?state=look")).text
    assert (await browser.send(f"/console/payouts/{payout}/seen", reason="")).status_code == 422
    assert (await browser.send(f"/console/payouts/{payout}/seen", reason=HOSTILE)).status_code == 303
    page = (await browser.open(f"/console/payouts/{payout}")).text
    assert "&lt;script&gt;" in page
    assert "does not agree with the books" not in (await browser.open("/console")).text


@pytest.mark.failure_mode(15)
async def test_f15_money_reserved_for_nothing_is_on_the_start_page(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    payment = parsed("pay", world.payment)
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment_card (payment_id, brand, wallet, alarm, alarmed_at)"
            " VALUES ($1, 'visa', 'apple_pay', 'no_start', $2)",
            payment, NOW,
        )  # fmt: skip
    assert "1 reserved amount needs a look" in (await browser.open("/console")).text
    page = (await browser.open("/console/reserved?only=look")).text
    assert ("No charge began" in page, "Apple Pay" in page) == (True, True)
    assert "Apple Pay" in (await browser.open(f"/console/payments/{world.payment}")).text
    assert (await browser.send(f"/console/reserved/{world.payment}/seen")).status_code == 303
    assert "reserved amount needs a look" not in (await browser.open("/console")).text


async def test_empty_pages_say_what_will_be_there(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    for path, words in (
        ("/console/disputes", "No disputes"),
        ("/console/payouts", "No payouts yet"),
        ("/console/reserved", "Nothing is reserved now"),
        ("/console/disputes?q=x", "No dispute matches"),
        ("/console/payouts?q=%25", "No payout matches"),
        ("/console/reserved?q=x", "Nothing matches"),
    ):
        assert words in (await browser.open(path)).text


async def test_who_may_only_read_can_change_nothing(world: World, signed_in: SignedIn) -> None:
    browser: Browser = await signed_in(Role.TECHNICIAN)
    dispute = await disputed(world)
    for path in ("/console/disputes", f"/console/disputes/{dispute}", "/console/payouts", "/console/reserved"):
        assert (await browser.open(path)).status_code == 403
    assert (await browser.send(f"/console/disputes/{dispute}/accept", reason="x")).status_code == 403
    assert "dispute waits" not in (await browser.open("/console")).text


async def test_what_is_not_there_is_not_found(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.ADMIN)
    for path in ("disputes/dsp_", "payouts/pot_"):
        assert (await browser.open(f"/console/{path}{new_id().hex}")).status_code == 404
        assert (await browser.open(f"/console/{path}nonsense")).status_code == 404
    assert (await browser.open(f"/console/disputes/dsp_{new_id().hex}/evidence.zip")).status_code == 404


async def test_only_mails_about_the_charge_are_evidence(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    dispute = await disputed(world)
    async with world.house.database.transaction() as tx:
        for subject, key in (
            ("Your receipt", f"receipt:{parsed('ses', world.session)}:x"),
            ("Something else", "other"),
        ):
            await tx.execute(
                "INSERT INTO mail (id, recipient, language, template, subject, body_text, body_html, created_at,"
                " unique_key) VALUES ($1, 'ada@example.se', 'sv', 'x', $2, 'text', '', $3, $4)",
                new_id(), subject, NOW, key,
            )  # fmt: skip
    page = (await browser.open(f"/console/disputes/{dispute}")).text
    assert ("Your receipt" in page, "Something else" in page) == (True, False)

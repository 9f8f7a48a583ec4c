"""Money on the bank account at the desk, who is invoiced, and the page on which anybody with the paper pays."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from laddverk.invoicing import links
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import InvoiceId, parsed, shown
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.service import sandbox_application
from tests.integration.web.console.conftest import HOSTILE, NOW, Browser, SignedIn, World

FORM = {"content-type": "application/x-www-form-urlencoded"}
DAY = "2026-11-20"


async def value(world: World, sql: str, *args: object) -> Any:
    await world.house.worker.run_until_idle()
    async with world.house.database.transaction() as tx:
        return await tx.value(sql, *args)


async def looked_up(browser: Browser, **fields: object) -> tuple[str, dict[str, str]]:
    """Fill in the form and press once: return the page with its proposals, and the fields to press again with."""
    page = (await browser.open("/console/deposits/new")).text
    given = {"form_key": re.search(r'name="form_key" value="([^"]+)"', page)[1], "way": "bankgiro", "received_on": DAY}  # type: ignore[index]
    answer = (await browser.send("/console/deposits/new", **{**given, **fields})).text
    key = re.search(r'name="looked_up" value="([^"]*)"', answer)
    return answer, {**given, **{k: str(v) for k, v in fields.items()}, "looked_up": key[1] if key else ""}


async def test_a_reference_finds_its_invoice_and_the_form_says_what_booking_does(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.FINANCE)
    reference = await value(world, "SELECT reference FROM invoice")
    page, fields = await looked_up(browser, amount="98,00", reference=reference)
    assert "the reference is its own" in page.lower()
    assert "settles\u00a098" in page.replace(" ", "\u00a0")
    assert await value(world, "SELECT count(*) FROM deposit") == 0

    booked = await browser.send("/console/deposits/new", **fields, invoice=world.invoice)
    assert booked.status_code == 303
    again = await browser.send("/console/deposits/new", **fields, invoice=world.invoice)
    assert again.headers["location"] == booked.headers["location"]
    assert await value(world, "SELECT paid_minor = gross_minor FROM invoice")
    assert "1930" in (await browser.open(booked.headers["location"])).text
    invoice_page = (await browser.open(f"/console/invoices/{world.invoice}")).text
    assert "Paid" in invoice_page

    undone = await browser.send(booked.headers["location"] + "/undo", reason="Fel rad")
    assert undone.status_code == 303
    assert await value(world, "SELECT paid_minor FROM invoice") == 0


async def test_what_is_changed_after_looking_is_looked_up_anew(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    reference = await value(world, "SELECT reference FROM invoice")
    _, fields = await looked_up(browser, amount="98,00", reference=reference)
    answer = await browser.send("/console/deposits/new", **{**fields, "amount": "980,00"}, invoice=world.invoice)
    assert answer.status_code == 200
    assert await value(world, "SELECT count(*) FROM deposit") == 0


async def test_money_of_nobody_is_kept_aside_and_found_by_the_number_later(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    page, fields = await looked_up(browser, amount="7,77", reference=HOSTILE, payer="=1+1")
    assert "No open invoice fits" in page
    booked = await browser.send("/console/deposits/new", **fields, invoice="none")
    listed = await browser.open("/console/deposits")
    assert "1 deposit waits" in listed.text
    assert HOSTILE not in listed.text
    assert "'=1+1" in (await browser.open("/console/deposits.csv?state=aside")).text
    where = booked.headers["location"]
    refused = await browser.send(where + "/assign", number="F2026-99999", reason="Ringde")
    assert refused.status_code == 422
    assigned = await browser.send(where + "/assign", number="F2026-00001", reason="Ringde")
    assert assigned.status_code == 303
    assert await value(world, "SELECT paid_minor FROM invoice") == 777


async def test_who_may_not_move_money_books_none(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.TECHNICIAN)
    assert (await browser.open("/console/deposits")).status_code == 403
    assert (await browser.send("/console/deposits/new", amount="1")).status_code == 403


async def test_a_wrong_field_is_named_and_keeps_what_was_written(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    for field, wrong in (("amount", "mycket"), ("received_on", "igår"), ("received_on", "2031-01-01"), ("way", "post")):
        page, _ = await looked_up(browser, **{"amount": "1", "reference": "minns mig", field: wrong})  # type: ignore[arg-type]
        assert "minns mig" in page
        assert f'id="field-{field}"' in page


async def test_a_company_is_entered_with_its_numbers(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.OPERATOR)
    page = f"/console/drivers/{shown('drv', world.driver)}/buyer"
    wrong = await browser.send(page, kind="company", name="Brf Hamnen", org_number="123", terms_days="x")
    assert wrong.status_code == 422
    assert "Brf Hamnen" in wrong.text
    fields = {"kind": "company", "name": "Brf Hamnen", "org_number": "5560160680", "terms_days": "14"}
    assert (await browser.send(page, **fields)).status_code == 303
    assert 'value="556016-0680"' in (await browser.open(page)).text
    assert (await browser.send(page, kind="driver")).status_code == 303
    assert 'value="556016-0680"' not in (await browser.open(page)).text


async def secret_of(world: World) -> str:
    async with world.house.database.transaction() as tx:
        return await links.path_of(tx, world.house.secrets, InvoiceId(parsed("inv", world.invoice)), NOW)


async def test_anybody_with_the_address_sees_and_pays_the_invoice_by_card(world: World, stranger: Browser) -> None:
    path = await secret_of(world)
    page = (await stranger.open(path)).text
    assert "Pay 98,00" in page.replace("\u00a0", " ")
    assert "ada@example.se" not in page
    assert (await stranger.open(path + ".pdf")).content.startswith(b"%PDF")

    sent = await stranger.send(path + "/pay", way="card")
    assert sent.status_code == 303
    carry = in_process(sandbox_application(world.house))
    await carry("POST", urlsplit(sent.headers["location"]).path, FORM, b"card=good&do=pay")
    assert await value(world, "SELECT paid_minor = gross_minor FROM invoice")
    after = (await stranger.open(path)).text
    assert "Nothing remains to be paid" in after
    assert '<form method="post" action="/i/' not in after
    assert (await stranger.send(path + "/pay", way="card")).status_code == 409


async def test_a_guessed_address_opens_nothing_and_guessing_ends(world: World, stranger: Browser) -> None:
    codes = [(await stranger.open(f"/i/{'a' * 23}{number % 8}")).status_code for number in range(62)]
    assert set(codes[:60]) == {404}
    assert codes[-1] == 429
    assert (await stranger.open(await secret_of(world))).status_code == 200


async def test_a_way_that_is_not_offered_is_refused(world: World, stranger: Browser) -> None:
    assert (await stranger.send(await secret_of(world) + "/pay", way="gold")).status_code == 404

"""Reconciliation, receivables and the money desk through their pages, files and the API."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

from laddverk.access import service as access
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import new_id
from laddverk.payments.deposits import service as deposits
from laddverk.payments.deposits.model import NewDeposit, Way
from tests.integration.web.console.conftest import ACTOR, NOW, Browser, SignedIn, World

OCTOBER = "from=2026-10-01&to=2026-11-30"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_what_does_not_agree_is_listed_with_what_to_do_and_explained(world: World, signed_in: SignedIn) -> None:
    """The world has a payment of 49 kr that nobody posted."""
    browser = await signed_in(Role.FINANCE)
    assert "Nothing has been compared yet" in (await browser.open("/console/reconciliation")).text
    assert (await browser.send("/console/reconciliation/compare")).status_code == 303
    page = (await browser.open(f"/console/reconciliation?{OCTOBER}")).text
    assert "The ledger has another amount than the payment" in page
    assert "Nothing may be changed by hand" in page
    assert f'href="/console/payments/{world.payment}"' in page
    assert "1 difference waits" in page
    assert "apart" in (await browser.open(f"/console/payments/{world.payment}")).text

    (row,) = rows_of((await browser.open("/console/reconciliation/differences.csv")).text)
    assert (row["ours"], row["theirs"], row["apart"]) == ("49.00", "0.00", "49.00")
    key = f"ledger:{await value(world, 'SELECT id FROM payment')}"
    assert (await browser.send("/console/reconciliation/explain", key=key, reason="")).status_code == 422
    assert (await browser.send("/console/reconciliation/explain", key=key, reason="Provkörning")).status_code == 303
    assert "Provkörning" in (await browser.open("/console/reconciliation?state=explained")).text
    assert (await browser.send("/console/reconciliation/explain", key=key, reason="igen")).status_code == 404


async def test_each_payment_of_the_days_is_in_the_file_as_each_side_sees_it(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    (row,) = rows_of((await browser.open(f"/console/reconciliation/payments.csv?{OCTOBER}")).text)
    assert (row["payment"], row["taken"], row["ledger"], row["agrees"]) == (world.payment, "49.00", "0.00", "no")
    assert (
        rows_of((await browser.open("/console/reconciliation/payments.csv?from=2020-01-01&to=2020-01-02")).text) == []
    )


async def test_who_owes_what_is_listed_by_age_and_in_a_file(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    page = (await browser.open("/console/receivables?sort=oldest")).text
    assert "Ada Öberg" in page
    assert "1 customer owes 98,00" in page.replace("\u00a0", " ")
    (row,) = rows_of((await browser.open("/console/receivables.csv")).text)
    assert (row["driver"], row["not_due"], row["total"]) == ("Ada Öberg", "98.00", "98.00")
    assert rows_of((await browser.open("/console/receivables.csv?q=nobody")).text) == []


async def test_payments_are_narrowed_by_rail_days_driver_and_site(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    for query, count in (
        ("", 1),
        ("rail=sandbox", 1),
        ("rail=swish", 0),
        ("from=2026-11-21&to=2026-11-21", 1),
        ("from=2026-11-22", 0),
        (f"site=sit_{world.site.hex}", 0),
        (f"driver=drv_{world.driver.hex}", 0),
    ):
        assert len(rows_of((await browser.open(f"/console/payments.csv?{query}")).text)) == count, query
    assert "49,00" in (await browser.open("/console/payments?rail=sandbox")).text.replace("\u00a0", " ")


async def test_invoices_and_the_journal_are_files(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    (row,) = rows_of((await browser.open("/console/invoices.csv?state=open")).text)
    assert (row["number"], row["gross"], row["open"]) == ("F2026-00001", "98.00", "98.00")
    await browser.send("/console/ledger/chart", number_1510="1512")
    journal = rows_of((await browser.open(f"/console/ledger/journal.csv?{OCTOBER}")).text)
    assert {each["account"] for each in journal} == {"1512", "3001", "2611"}
    assert sum(Decimal(each["debit"] or 0) - Decimal(each["credit"] or 0) for each in journal) == 0


async def test_the_address_of_an_invoice_can_be_taken_back(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    page = (await browser.open(f"/console/invoices/{world.invoice}")).text
    path = "/i/" + page.split("/i/")[1][:24]
    assert (await browser.open(path)).status_code == 200
    assert (
        await browser.send(f"/console/invoices/{world.invoice}/renew-link", reason="Fel mottagare")
    ).status_code == 303
    assert (await browser.open(path)).status_code == 404


async def test_programs_book_compare_and_read_the_journal(world: World, stranger: Browser) -> None:
    scopes = [Permission.PAYMENTS_READ, Permission.PAYMENTS_REFUND, Permission.INVOICES_READ, Permission.DRIVERS_WRITE]
    async with world.house.database.transaction() as tx:
        key = await access.create_api_key(tx, ACTOR, "Bokföring", [*scopes, Permission.DRIVERS_READ], NOW)
    client, base = stranger.client, "/api/v1"
    client.headers["authorization"] = f"Bearer {key.secret}"
    reference = await value(world, "SELECT reference FROM invoice")
    given: dict[str, Any] = {
        "received_on": "2026-11-20",
        "amount_minor": 9_800,
        "reference": reference,
        "key": str(new_id()),
    }
    booked = (await client.post(f"{base}/deposits", json=given)).json()
    assert (booked["state"], booked["invoice_id"]) == ("booked", world.invoice)
    assert (await client.post(f"{base}/deposits", json=given)).json()["id"] == booked["id"]
    again = await client.post(f"{base}/deposits", json={**given, "key": str(new_id())})
    assert again.status_code == 409
    undone = await client.post(f"{base}/deposits/{booked['id']}/undo", json={"reason": "Fel rad"})
    assert undone.json()["state"] == "undone"

    aside = (await client.post(f"{base}/deposits", json={**given, "reference": "?", "key": str(new_id())})).json()
    assert aside["state"] == "aside"
    assigned = {"invoice_id": world.invoice, "reason": "Ringde"}
    assert (await client.post(f"{base}/deposits/{aside['id']}/assign", json=assigned)).json()["state"] == "booked"
    assert (await client.get(f"{base}/deposits?state=booked")).json()["total"] == 1

    assert (await client.post(f"{base}/reconciliation/compare")).json()["differences"] == 1
    (difference,) = (await client.get(f"{base}/reconciliation/differences")).json()["items"]
    assert difference["payment_id"] == world.payment
    shown = (await client.get(f"{base}/reconciliation?first=2026-10-01&last=2026-11-30")).json()
    assert {flow["rail"] for flow in shown["flows"]} == {"sandbox", "bankgiro"}

    journal = (await client.get(f"{base}/ledger/journal?limit=500")).json()["items"]
    assert sum(each["amount_minor"] for each in journal) == 0
    assert (await client.get(f"{base}/invoices/{world.invoice}/link")).json()["url"].startswith("http")
    driver = f"{base}/drivers/drv_{world.driver.hex}/buyer"
    assert (await client.get(driver)).status_code == 404
    facts = {"name": "Brf Hamnen", "org_number": "5560160680"}
    assert (await client.put(driver, json=facts)).json()["org_number"] == "556016-0680"
    assert await value(world, "SELECT paid_minor = gross_minor FROM invoice")
    assert (await client.get(f"{base}/receivables")).json()["items"] == []


async def value(world: World, sql: str) -> Any:
    await world.house.worker.run_until_idle()
    async with world.house.database.transaction() as tx:
        return await tx.value(sql)


async def test_money_aside_is_among_the_differences(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        new = NewDeposit(form_key=new_id(), way=Way.TRANSFER, received_on=NOW.date(), amount_minor=777)
        await deposits.book(tx, ACTOR, new, NOW, settings=world.house.settings)
    browser = await signed_in(Role.OPERATOR)
    await browser.send("/console/reconciliation/compare")
    assert "nobody knows the purpose of" in (await browser.open("/console/reconciliation?kind=aside")).text
    assert (await browser.open("/console/reconciliation?kind=payout")).text.count("nobody knows the purpose") == 1

"""Balances and prepaid cards as people meet them: a driver's pages, the desk, and a program with a key."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import uuid4

import httpx
import pytest
from pypdf import PdfReader

from laddverk.access import service as access
from laddverk.access.model import DriverDetails
from laddverk.kernel.actors import Permission, Role
from laddverk.kernel.ids import DriverId, shown
from laddverk.payments.model import Card
from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_web import application
from laddverk.payments.store import save_method
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from laddverk.web import security
from laddverk.web.app import create_app
from tests.integration.web.console.conftest import ACTOR, HOSTILE, NOW, Browser, SignedIn, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import signed_in as signed_in
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def portal_of(world: World, email: str) -> Browser:
    """A browser that is signed in to the portal as a new driver."""
    async with world.house.database.transaction() as tx:
        await access.create_driver(tx, ACTOR, DriverDetails(email=email, name="Berit Åberg", language="en"), NOW)
        link = await access.make_sign_in_link(tx, email, NOW, "127.0.0.1")
        assert link is not None
        cookie = await access.use_sign_in_link(tx, link.token, NOW, remote_address="127.0.0.1", user_agent="test")
    assert cookie is not None
    settings = world.house.settings
    transport = httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=settings.web_url)
    client.cookies.set(
        security.cookie_name("driver", settings), security.sign_in_cookie("driver", cookie, settings).value or ""
    )
    return Browser(client)


@pytest.fixture
async def berit(world: World) -> AsyncIterator[Browser]:
    browser = await portal_of(world, "berit@example.se")
    yield browser
    await browser.client.aclose()


async def id_of(world: World, email: str = "berit@example.se") -> DriverId:
    async with world.house.database.transaction() as tx:
        return DriverId(await tx.value("SELECT id FROM driver WHERE email = $1", email))


async def pay_in(world: World, berit: Browser, **fields: object) -> httpx.Response:
    """Choose an amount and pay on the test page."""
    answer = await berit.send("/my/wallet/top-up", rail="card", **fields)
    if answer.status_code == 303:
        path = answer.headers["location"].removeprefix(world.house.settings.web_url)
        await in_process(application(world.house))("POST", path, FORM, b"card=good&do=pay")
        await world.house.worker.run_until_idle()
    return answer


async def batch_of(desk: Browser, **fields: object) -> str:
    """Make a batch at the desk and return its address."""
    given = {"name": "Kiosken", "cards": "3", "amount": "200", "purpose": "multi", "vat_percent": "25"} | fields
    answer = await desk.send("/console/prepaid/new", **given)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def codes_of(desk: Browser, batch: str) -> list[str]:
    """Return the codes on the sheet for a print shop."""
    answer = await desk.send(f"{batch}/sheet", **{"as": "csv"})
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    assert all(row["address"].endswith(f"/prepaid#{row['code']}") for row in rows)
    return [row["code"] for row in rows]


async def test_a_driver_pays_in_and_sees_it_with_a_receipt_and_a_file(world: World, berit: Browser) -> None:
    empty = (await berit.open("/my/wallet")).text
    assert "Nothing yet." in empty
    assert (await pay_in(world, berit, amount="20000")).status_code == 303
    page = (await berit.open("/my/wallet")).text.replace("\xa0", " ")
    assert "200.00" in page or "200,00" in page
    assert "Paid in by card" in page
    receipt = re.search(r"/my/wallet/receipts/pay_\w+\.pdf", page)
    assert receipt is not None
    pdf = PdfReader(BytesIO((await berit.open(receipt.group(0))).content))
    assert "No VAT is due yet" in pdf.pages[0].extract_text().replace("\n", " ")
    rows = list(csv.reader(StringIO((await berit.open("/my/wallet/history.csv")).content.decode("utf-8-sig"))))
    assert rows[1][1:] == ["Paid in by card", "200.00", "200.00", "SEK"]
    assert "Paid in by card" in (await berit.open("/my/wallet/history")).text
    stranger = await portal_of(world, "bo@example.se")
    assert (await stranger.open(receipt.group(0))).status_code == 404
    await stranger.client.aclose()


async def test_a_balance_in_another_currency_is_paid_in_seen_and_given_back(world: World, berit: Browser) -> None:
    assert "currency=EUR" not in (await berit.open("/my/wallet")).text, "there are no prices in euros"
    async with world.house.database.transaction() as tx:
        euros = Tariff(currency="EUR", components=(Component(dimension=Dimension.ENERGY, price=Decimal("0.5")),))
        version = await tariffs.create(tx, ACTOR, "Gränsen", euros, NOW)
        await tariffs.choose(tx, ACTOR, version.tariff_id, NOW, site_id=world.other_site)
    page = (await berit.open("/my/wallet?currency=EUR")).text.replace("\xa0", " ")
    assert "30,00 €" in page
    assert "60,00 €" in page
    assert "Pay by Swish" not in page, "Swish moves kronor only"
    paid = await pay_in(world, berit, currency="EUR", amount="3000")
    assert paid.status_code == 303
    assert '<p class="big-number">30,00<' in (await berit.open("/my/wallet?currency=EUR")).text
    assert '<p class="big-number">0,00<' in (await berit.open("/my/wallet")).text
    assert "30.00" in (await berit.open("/my/wallet/history.csv?currency=EUR")).text
    back = (await berit.open("/my/wallet/back?currency=EUR")).text.replace("\xa0", " ")
    assert "You can get back 30,00 €." in back
    assert (await berit.send("/my/wallet/back", currency="EUR", amount="10,00")).status_code == 303
    async with world.house.database.transaction() as tx:
        wanted = await tx.rows("SELECT currency, amount_minor FROM wallet_refund")
    assert [tuple(row) for row in wanted] == [("EUR", 1000)]
    refused = await berit.send("/my/wallet/top-up", rail="card", currency="USD", amount="3000")
    assert refused.status_code == 422


async def test_a_driver_pays_an_invoice_from_the_balance(world: World, berit: Browser) -> None:
    async with world.house.database.transaction() as tx:
        await tx.execute("UPDATE invoice SET driver_id = $1", await id_of(world))
        owed = int(await tx.value("SELECT gross_minor FROM invoice"))
    page = f"/my/invoices/{world.invoice}"
    assert "from your balance" not in (await berit.open(page)).text
    refused = await berit.send(f"{page}/pay", way="balance")
    assert refused.status_code == 409
    assert "too little on your balance" in refused.text
    await pay_in(world, berit, amount="0", amount_own="500")
    shown_page = (await berit.open(page)).text.replace("\xa0", " ")
    assert f"Pay {owed // 100},{owed % 100:02d} kr from your balance" in shown_page
    assert "You have 500,00 kr with us." in shown_page
    assert (await berit.send(f"{page}/pay", way="balance")).headers["location"] == page
    assert "A payment is under way" in (await berit.open(page)).text
    await world.house.worker.run_until_idle()
    paid = (await berit.open(page)).text
    assert "A payment is under way" not in paid
    assert "from your balance" not in paid
    assert re.search(r">\s*paid\s*<", paid)


async def test_a_silly_amount_is_refused_in_words(world: World, berit: Browser) -> None:
    for fields in ({"amount": "100"}, {"amount": "99999999"}, {"amount_own": "-1"}, {"amount_own": "a lot"}, {}):
        answer = await pay_in(world, berit, **fields)
        assert answer.status_code == 422, fields
        assert "row-error" in answer.text


async def test_another_amount_counts_before_the_one_that_was_chosen(world: World, berit: Browser) -> None:
    await pay_in(world, berit, amount="20000", amount_own="150,50")
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT captured_minor FROM payment WHERE purpose = 'top_up'") == 150_50


async def test_a_card_goes_from_the_desk_to_a_balance(world: World, berit: Browser, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.FINANCE)
    batch = await batch_of(desk)
    code, second, _ = await codes_of(desk, batch)
    refused = await berit.send("/my/wallet/redeem", code=code)
    assert refused.status_code == 409
    assert "cannot be used" in refused.text
    assert (await desk.send(f"{batch}/activate", first="1", last="1")).status_code == 303
    assert (await berit.send("/my/wallet/redeem", code=code.lower())).status_code == 303
    assert "Prepaid card" in (await berit.open("/my/wallet")).text
    again = await berit.send("/my/wallet/redeem", code=code)
    assert again.status_code == 409
    assert "used already" in again.text
    assert "slip" in (await berit.send("/my/wallet/redeem", code="A" * 15 + "B")).text
    page = (await desk.open(batch)).text
    assert "Berit Åberg" in page
    assert code not in page
    assert second not in page
    assert (await desk.send(f"{batch}/block", place="2", reason="lost")).status_code == 303
    assert (await desk.send(f"{batch}/block", place="1", reason="lost")).status_code == 409
    assert (await desk.send(f"{batch}/activate", first="3", last="9")).status_code == 422
    pdf = await desk.send(f"{batch}/sheet", **{"as": "pdf"})
    text = PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    assert second not in text, "it is blocked"
    assert pdf.headers["cache-control"] == "no-store"
    assert (await desk.send(f"{batch}/forget", reason="printed")).status_code == 303
    assert (await desk.send(f"{batch}/sheet", **{"as": "pdf"})).status_code == 409
    assert "forgotten" in (await desk.open(batch)).text
    for search in ("Kiosken", code[-4:], "nothing like it"):
        listed = (await desk.open(f"/console/prepaid?q={search}")).text
        assert ("Kiosken" in listed.partition("<table")[2]) == (search != "nothing like it")
    assert b"Kiosken" in (await desk.open("/console/prepaid.csv")).content


async def test_a_batch_that_makes_no_sense_is_refused_by_field(world: World, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.FINANCE)
    wrong = [
        ("name", ""), ("cards", "0"), ("cards", "x"), ("amount", "0"), ("purpose", ""), ("expires_on", "2020-01-01"),
        ("expires_on", "soon"), ("vat_percent", "7"),
    ]  # fmt: skip
    for field, value in wrong:
        given = {"name": HOSTILE, "cards": "3", "amount": "200", "purpose": "multi", "vat_percent": "25", field: value}
        answer = await desk.send("/console/prepaid/new", **given)
        assert answer.status_code == 422, (field, value)
        assert HOSTILE not in answer.text


async def test_guessing_codes_ends_soon(world: World, berit: Browser, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.FINANCE)
    codes = await codes_of(desk, await batch_of(desk, cards="6"))
    async with world.house.database.transaction() as tx:
        await tx.execute("DELETE FROM prepaid_card")
    answers = [(await berit.send("/my/wallet/redeem", code=code)).status_code for code in codes]
    assert answers == [422] * 5 + [429]


async def test_the_page_of_a_scanned_card_asks_to_sign_in(world: World, berit: Browser, stranger: Browser) -> None:
    assert "Sign in to use your card" in (await stranger.open("/prepaid")).text
    assert "data-from-fragment" in (await berit.open("/prepaid")).text


async def test_a_balance_goes_back_by_way_of_the_desk(world: World, berit: Browser, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.FINANCE)
    batch = await batch_of(desk)
    await desk.send(f"{batch}/activate", first="1", last="3")
    await berit.send("/my/wallet/redeem", code=(await codes_of(desk, batch))[0])
    await pay_in(world, berit, amount="10000")
    assert "300" in (await berit.open("/my/wallet/back")).text
    assert (await berit.send("/my/wallet/back", amount="300")).status_code == 422, "where to?"
    assert (
        await berit.send("/my/wallet/back", amount="301", holder="Berit", account="8327 9941234567")
    ).status_code == 422
    asked = await berit.send("/my/wallet/back", amount="300", holder="Berit Åberg", account="8327-9 994 123 456 7")
    assert asked.status_code == 303, asked.text
    assert "We are looking at it" in (await berit.open("/my/wallet/back")).text
    listed = (await desk.open("/console/wallets/refunds")).text
    refund = re.search(r"/console/wallets/refunds/wre_\w+", listed)
    assert refund is not None
    path = refund.group(0)
    assert "83279994" not in (await desk.open(path)).text
    assert (await desk.send(f"{path}/approve", reason=" ")).status_code == 422
    assert (await desk.send(f"{path}/approve", reason="as asked")).status_code == 303
    await world.house.worker.run_until_idle()
    assert "83279994" in (await desk.send(f"{path}/account")).text
    assert (await desk.send(f"{path}/paid", reference="2026-11-21")).status_code == 303
    assert (await desk.send(f"{path}/approve", reason="again")).status_code == 409
    assert (await desk.send(f"{path}/other")).status_code == 404
    assert "Paid back" in (await desk.open(path)).text
    assert "Paid back" in (await berit.open("/my/wallet/back")).text
    page = (await berit.open("/my/wallet")).text.replace("\xa0", " ")
    assert "Paid to your bank account" in page
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM audit_log WHERE action = 'wallet_refund.account_seen'") == 1


async def test_a_driver_lets_the_balance_fill_itself_up_and_stops_it(world: World, berit: Browser) -> None:
    assert "no card that can be used" in (await berit.open("/my/wallet/auto")).text
    who = await id_of(world)
    async with world.house.database.transaction() as tx:
        method = await save_method(
            tx, who, "sandbox", Card("sandbox", f"card_good_pi_sandbox_{uuid4().hex}", "Visa", "4242"), NOW
        )
    assert method is not None
    chosen = {"below": "5000", "add": "10000", "method": f"crd_{method.hex}"}
    assert (await berit.send("/my/wallet/auto", **chosen)).status_code == 422, "not agreed to"
    assert (await berit.send("/my/wallet/auto", **chosen | {"method": "crd_x"}, agreed="yes")).status_code == 422
    assert (await berit.send("/my/wallet/auto", **chosen, agreed="yes")).status_code == 303
    assert "we add" in (await berit.open("/my/wallet")).text
    assert "4242" in (await berit.open("/my/wallet/auto")).text
    assert (await berit.send("/my/wallet/auto/end")).status_code == 303
    assert (await berit.send("/my/wallet/auto/end")).status_code == 404


async def test_the_desk_gives_something_within_its_limit(world: World, berit: Browser, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.SUPPORT)
    path = f"/console/drivers/{shown('drv', await id_of(world))}/wallet"
    page = (await desk.open(path)).text
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form is not None
    gift = {"amount": "50", "reason": HOSTILE, "form": form.group(1)}
    for _ in range(2):
        assert (await desk.send(f"{path}/goodwill", **gift)).status_code == 303
    assert (await desk.send(f"{path}/goodwill", amount="500", reason="x", form=str(uuid4()))).status_code == 403
    page = (await desk.open(path)).text
    assert HOSTILE not in page
    assert page.count("Goodwill") == 1, "the same form twice gives once"
    assert "A gift from us" in (await berit.open("/my/wallet")).text
    assert HOSTILE.split(">")[1].split("<")[0] not in (await berit.open("/my/wallet")).text, (
        "the reason is for the desk"
    )
    assert (await desk.open(f"{path}.csv")).status_code == 200
    listed = (await desk.open("/console/wallets?sort=name")).text
    assert "berit@example.se" in listed
    assert "No balance matches" in (await desk.open("/console/wallets?state=below")).text
    assert b"berit@example.se" in (await desk.open("/console/wallets.csv")).content


async def test_rules_are_for_who_keeps_the_books(world: World, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.FINANCE)
    rules = {
        "purpose": "single", "start_minimum": "25", "top_up_amounts": "50, 100", "auto_times_a_day": "1",
        "goodwill_max": "0", "goodwill_books": "500", "reason": "the accountant says so",
    }  # fmt: skip
    assert (await desk.send("/console/wallets/rules", **rules)).status_code == 303
    assert 'value="50, 100"' in (await desk.open("/console/wallets/rules")).text
    for wrong in ({"top_up_amounts": ""}, {"auto_times_a_day": "99"}, {"purpose": "both"}, {"start_minimum": "0"}):
        assert (await desk.send("/console/wallets/rules", **rules | wrong)).status_code == 422, wrong
    detail = "SELECT detail FROM audit_log WHERE action = 'wallet.policy_changed'"
    async with world.house.database.transaction() as tx:
        assert (await tx.value(detail))["purpose"] == "single"


async def test_who_does_not_keep_the_books_makes_no_money(world: World, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.SUPPORT)
    assert (await desk.open("/console/prepaid/new")).status_code == 403
    assert (await desk.send("/console/prepaid/new", name="x", cards="1", amount="1")).status_code == 403
    assert (await desk.send("/console/wallets/rules", purpose="multi")).status_code == 403
    assert (await desk.open("/console/wallets")).status_code == 200
    desk = await signed_in(Role.TECHNICIAN)
    assert (await desk.open("/console/wallets")).status_code == 403


async def test_a_program_reads_balances_and_batches_and_gives_once(
    world: World, berit: Browser, signed_in: SignedIn
) -> None:
    desk = await signed_in(Role.FINANCE)
    await batch_of(desk)
    await pay_in(world, berit, amount="10000")
    async with world.house.database.transaction() as tx:
        scopes = [Permission.PAYMENTS_READ, Permission.PAYMENTS_REFUND]
        key = await access.create_api_key(tx, ACTOR, "test", scopes, NOW)
    headers = {"authorization": f"Bearer {key.secret}"}

    async def asked(path: str) -> dict[str, object]:
        answer = await berit.client.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    driver = shown("drv", await id_of(world))
    assert (await asked("/balances"))["total"] == 1
    gift = {"id": str(uuid4()), "amount_minor": 2500, "reason": "slow"}
    for _ in range(2):
        answer = await berit.client.post(f"/api/v1/drivers/{driver}/balance/goodwill", json=gift, headers=headers)
        assert answer.status_code == 200, answer.text
    whole = await asked(f"/drivers/{driver}/balance")
    assert whole["balance"]["balance_minor"] == 12_500  # type: ignore[index]  # a JSON object
    assert whole["refundable_minor"] == 10_000
    batches = await asked("/prepaid-batches?search=Kiosken")
    (batch,) = batches["items"]  # type: ignore[misc]  # a JSON list
    assert (await asked(f"/prepaid-batches/{batch['id']}"))["unsold"] == 3
    nobody = shown("drv", uuid4())
    assert (await berit.client.get(f"/api/v1/drivers/{nobody}/balance", headers=headers)).status_code == 404

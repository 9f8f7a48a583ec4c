"""Direct debit at the desk and on the driver's page: a mandate, a file to the bank, its answer, and ending it."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import msgspec
import pytest

from laddverk.access import service as access
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.payments.providers.bankgirot import files
from laddverk.payments.providers.bankgirot import records as r
from laddverk.payments.providers.bankgirot.simulator import Bankgirot
from laddverk.web import security
from laddverk.web.app import create_app
from tests.integration.web.console.conftest import NOW, PASSWORD, Browser, SignedIn, World

ACCOUNT = {"clearing": "5001", "account": "1000020", "person": "900101-2385", "holder": "Ada Öberg", "agreed": "yes"}


class Always:
    """A bank that pays everything."""

    def choices(self, names: list[str], weights: list[int]) -> list[str]:
        return ["paid"]

    def randrange(self, top: int) -> int:
        return top - 1


@pytest.fixture
def banked(world: World) -> World:
    """The same network with an agreement on Autogiro."""
    world.house.settings = msgspec.structs.replace(
        world.house.settings, autogiro_bankgiro="123-4567", autogiro_customer="765432"
    )
    return world


async def upload(browser: Browser, content: bytes, name: str = "bgc.txt") -> httpx.Response:
    return await browser.client.post(
        "/console/bank-files",
        files={"file": (name, content)},
        headers={"sec-fetch-site": "same-origin", "accept-language": "en"},
    )


async def driver_of(world: World) -> Browser:
    """The driver's own browser."""
    async with world.house.database.transaction() as tx:
        link = await access.make_sign_in_link(tx, "ada@example.se", world.house.clock(), "127.0.0.1")
        assert link is not None
        cookie = await access.use_sign_in_link(tx, link.token, world.house.clock())
    assert cookie is not None
    transport = httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False)
    client = httpx.AsyncClient(
        transport=transport,
        base_url=world.house.settings.web_url,
        cookies={security.cookie_name("driver", world.house.settings): cookie, "language": "en"},
    )
    return Browser(client)


async def test_the_whole_way_from_the_drivers_page_to_the_receipt_of_the_bank(
    banked: World, signed_in: SignedIn
) -> None:
    driver, desk = await driver_of(banked), await signed_in(Role.FINANCE)
    bank = Bankgirot("1234567", "765432", Always())  # type: ignore[arg-type] # chance that is none
    wrong = await driver.send("/my/bank-account", **{**ACCOUNT, "person": "900101-2384"})
    assert wrong.status_code == 422
    assert "no personal or organisation number" in wrong.text
    assert 'value="1000020"' in wrong.text
    given = await driver.send("/my/bank-account", **ACCOUNT)
    assert given.status_code == 303
    assert "on its way to your bank" in (await driver.open("/my/bank-account")).text

    for day in (0, 2, 22, 30, 31):  # the mandate, its answer, the invoice, the money
        banked.house.clock = lambda day=day: NOW + timedelta(days=day)  # type: ignore[misc] # binds the loop's own day
        today = banked.house.clock().date()
        await desk.send("/console/login", email="finance@example.se", password=PASSWORD)
        written = await desk.send("/console/bank-files/write", scheme="autogiro")
        if "/bnk_" in written.headers["location"]:
            content = (await desk.open(written.headers["location"] + "/download")).content
            assert (await desk.open(written.headers["location"] + "/download")).content == content
            bank.receive(content, today)
        for answer in bank.day(today):
            taken = await upload(desk, answer)
            assert taken.status_code == 303, taken.text
            assert "Taken in" in (await desk.open(taken.headers["location"])).text
    await banked.house.worker.run_until_idle()
    assert bank.balance_minor == 9_800
    books = await desk.open("/console/bank-files")
    assert "the bank booked" in books.text
    told = re.findall(r".*the bank booked.*", books.text)
    assert any("98" in line for line in told), told
    assert "and so did we" in books.text
    assert "Paid" in (await desk.open("/console/collections")).text
    assert "F2026-00001-1" in (await desk.open(f"/console/invoices/{banked.invoice}")).text
    driver = await driver_of(banked)
    page = await driver.open("/my/bank-account")
    assert "collected" in page.text
    assert "F2026-00001-1" in page.text
    assert "paid" in (await driver.open(f"/my/invoices/{banked.invoice}")).text
    ended = await driver.send("/my/bank-account/end")
    assert ended.status_code == 303
    assert "Your mandate has ended" in (await driver.open("/my/bank-account")).text


async def test_a_mandate_on_paper_is_kept_shown_and_ended_with_a_reason(banked: World, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.SUPPORT)
    driver = shown("drv", banked.driver)
    assert "Ada" in (await desk.open("/console/mandates/new?q=ada")).text
    form = {**ACCOUNT, "driver": driver, "scheme": "autogiro", "signed_on": "2026-11-20"}
    refused = await desk.send("/console/mandates/new", **{**form, "agreed": ""})
    assert refused.status_code == 422
    made = await desk.send("/console/mandates/new", **form)
    assert made.status_code == 303, made.text
    page = (await desk.open(made.headers["location"])).text
    assert "On paper" in page
    assert "•••• 0020" in page
    assert "9001012385" not in page
    again = await desk.send("/console/mandates/new", **form)
    assert again.status_code == 409
    assert "There is a mandate already" in again.text
    assert (await desk.send(made.headers["location"] + "/end", reason="")).status_code == 422
    assert (await desk.send(made.headers["location"] + "/end", reason="moved")).status_code == 303
    assert "Ended" in (await desk.open(made.headers["location"])).text


async def test_a_file_that_is_none_says_line_column_and_remedy_and_names_are_harmless(
    banked: World, signed_in: SignedIn
) -> None:
    desk = await signed_in(Role.FINANCE)
    for content in (b"hello", b"", b"01AUTOGIRO", b"<a/>", b"\x00\xff" * 50):
        answer = await upload(desk, content)
        assert answer.status_code in (404, 422), content
    damaged = await upload(
        desk, b"01AUTOGIRO              2026113O            AG-MEDAVI           7654320001234567\r\n"
    )
    assert "Line 1, column 25" in damaged.text
    end = r.CountEnd(on=NOW.date(), records=0)
    head = r.ReportHead(on=NOW.date(), content="AG-MEDAVI", customer="765432", bankgiro="0001234567")
    good = files.written(files.File((files.Section(files.Content.MANDATES, (head, end)),)))
    hostile = await upload(desk, good, "../../<script>alert(1)</script>.txt")
    page = await desk.open(hostile.headers["location"])
    assert "<script>alert" not in page.text
    fetched = await desk.open(hostile.headers["location"] + "/download")
    assert re.fullmatch(r'attachment; filename="[\w.-]+"', fetched.headers["content-disposition"])
    assert (await upload(desk, good)).headers["location"] == hostile.headers["location"]


async def test_without_an_agreement_pages_say_so(world: World, signed_in: SignedIn) -> None:
    desk, driver = await signed_in(Role.ADMIN), await driver_of(world)
    for path in ("/console/mandates", "/console/mandates/new", "/console/bank-files"):
        assert "No agreement on direct debit yet" in (await desk.open(path)).text, path
    assert "not offered here" in (await driver.open("/my/bank-account")).text
    assert (await driver.send("/my/bank-account", **ACCOUNT)).status_code == 404
    assert (await desk.send("/console/bank-files/write", scheme="autogiro")).status_code == 404

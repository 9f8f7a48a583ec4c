"""Plans and accounts from both sides: staff offer, drivers choose, one pays for another; over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date

import httpx
import pytest

from laddverk.access import service as access
from laddverk.invoicing import service as invoicing
from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from laddverk.subscriptions.jobs import tell_coming
from laddverk.web import security
from laddverk.web.app import create_app
from tests.integration.web.console.conftest import ACTOR, FORMULA, HOSTILE, NOW, Browser, SignedIn, World


@pytest.fixture
async def browsers(world: World) -> AsyncIterator[AsyncExitStack]:
    """Closes what drivers opened."""
    async with AsyncExitStack() as stack:
        yield stack


async def driver(world: World, stack: AsyncExitStack, email: str = "ada@example.se") -> Browser:
    """Sign a driver in by a link, as they do."""
    async with world.house.database.transaction() as tx:
        link = await access.make_sign_in_link(tx, email, NOW, "")
        assert link is not None
        token = await access.use_sign_in_link(tx, link.token, NOW)
        assert token is not None
    transport = httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False)
    cookies = {security.cookie_name("driver", world.house.settings): token, "language": "en"}
    url = world.house.settings.web_url
    client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=url, cookies=cookies))
    return Browser(client)


PLAN = {
    "name": "Plus", "audience": "private", "fee": "99,00", "vat_percent": "25", "included": "20", "driver_group": "",
    "binding_months": "0", "notice_days": "30", "trial_days": "14", "text": HOSTILE, "do": "save",
}  # fmt: skip


async def offered(desk: Browser, **fields: str) -> str:
    """Offer a plan, and return its page."""
    made = await desk.send("/console/plans/new", **(PLAN | fields))
    assert made.status_code == 303, made.text
    return str(made.headers["location"])


async def test_staff_see_what_a_plan_comes_to_before_it_is_offered(world: World, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.FINANCE)
    assert "No plans yet" in (await desk.open("/console/plans")).text
    shown_first = await desk.send("/console/plans/new", **(PLAN | {"do": "preview"}))
    assert shown_first.status_code == 200
    assert "4,95" in shown_first.text, "99.00 for 20 kWh"
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM plan") == 0
    wrong = await desk.send("/console/plans/new", **(PLAN | {"fee": "lots"}))
    assert wrong.status_code == 422
    assert "amount above zero" in wrong.text
    page = await desk.open(await offered(desk))
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text
    assert (await desk.send("/console/plans/new", **PLAN)).status_code == 422, "the name is taken"


async def test_a_driver_sees_what_last_month_would_have_cost_and_chooses(
    world: World, signed_in: SignedIn, browsers: AsyncExitStack
) -> None:
    """Ada charged 20 kWh at 4.90 in October: 98.00 without, 25.00 + 73.50 with 5 kWh included, 99.00 + 0 with 20."""
    desk = await signed_in(Role.FINANCE)
    plus = (await offered(desk)).rpartition("/")[2]
    await offered(desk, name="Mini", fee="25", included="5", trial_days="0")
    ada = await driver(world, browsers)
    page = (await ada.open("/my/plan")).text
    sums = re.findall(r"([\d.,]+)<span class=\"unit\">", page)
    assert sums == ["98,00", "98,50", "99,00"], page
    read = (await ada.open(f"/my/plan/review?wish=begin&plan={plus}")).text
    assert "on trial and costs nothing" in read
    assert "regret it within 14 days" in read
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM subscription") == 0, "nothing happens before it is pressed"
    assert (await ada.send("/my/plan", wish="begin", plan=plus)).status_code == 303
    assert "on trial" in (await ada.open("/my/plan")).text
    twice = await ada.send("/my/plan", wish="begin", plan=plus)
    assert twice.status_code == 409
    assert "Change it instead" in twice.text
    bad = await ada.open("/my/plan/review?wish=pause&since=2026-11-21&until=2026-12-20")
    assert bad.status_code == 422
    assert "tomorrow at the earliest" in bad.text
    assert (await ada.open("/my/plan/review?wish=cancel")).status_code == 200
    assert (await ada.send("/my/plan", wish="cancel")).status_code == 303
    assert "Cancelled: it ends on" in (await ada.open("/my/plan")).text
    assert (await ada.send("/my/plan", wish="keep")).status_code == 303
    assert "Cancelled" not in (await ada.open("/my/plan")).text


async def test_staff_change_a_subscription_after_reading_what_it_comes_to(world: World, signed_in: SignedIn) -> None:
    desk = await signed_in(Role.OPERATOR)
    plus = (await offered(desk, trial_days="0")).rpartition("/")[2]
    begun = await desk.send(
        "/console/subscriptions/begin", driver=shown("drv", world.driver), plan=plus, reason="asked by phone"
    )
    assert begun.status_code == 303, begun.text
    page = str(begun.headers["location"])
    assert "Ada" in (await desk.open(page)).text
    meant = await desk.send(page, wish="pause", since="2026-12-01", until="2026-12-31")
    assert meant.status_code == 200
    assert "What this comes to" in meant.text
    without = await desk.send(page, wish="pause", since="2026-12-01", until="2026-12-31", do="carry_out")
    assert without.status_code == 422
    done = await desk.send(page, wish="pause", since="2026-12-01", until="2026-12-31", do="carry_out", reason="abroad")
    assert done.status_code == 303
    assert "Paused" in (await desk.open(page)).text
    listed = (await desk.open("/console/subscriptions.csv")).text
    assert "ada@example.se" in listed
    assert "Plus" in (await desk.open(f"/console/drivers/{shown('drv', world.driver)}")).text


async def test_a_member_is_invited_by_mail_joins_charges_and_the_owner_pays(
    world: World, signed_in: SignedIn, browsers: AsyncExitStack
) -> None:
    ada = await driver(world, browsers)
    refused = await ada.send("/my/family", kind="company", name="Brf Eken", org_number="556036-0790")
    assert refused.status_code == 422
    assert "not an organisation number" in refused.text
    opened = await ada.send("/my/family", kind="company", name=FORMULA, org_number="556036-0793", limit="1 000")
    assert opened.status_code == 303, opened.text
    assert (await ada.send("/my/family/invite", email="kim@example.se", limit="250,00")).status_code == 303
    again = await ada.send("/my/family/invite", email="kim@example.se")
    assert again.status_code == 409
    await world.house.worker.run_until_idle()
    async with world.house.database.transaction() as tx:
        body = await tx.value("SELECT body_text FROM mail WHERE recipient = 'kim@example.se'")
    link = re.search(r"/join/[\w-]+", body)
    assert link is not None
    kim = Browser(
        await browsers.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(create_app(world.house), raise_app_exceptions=False),
                base_url=world.house.settings.web_url,
            )
        )
    )
    assert "250,00" in (await kim.open(link[0])).text
    nameless = await kim.send(link[0], name="")
    assert nameless.status_code == 422
    assert (await kim.send(link[0], name="Kim Ek", shares_places="yes")).status_code == 303
    assert (await kim.open(link[0])).status_code == 404, "it works once"
    member = await driver(world, browsers, "kim@example.se")
    async with world.house.database.transaction() as tx:
        code = await tx.value("SELECT code FROM connector WHERE station_id = $1 AND evse_number = 1", world.station)
    for page in ("/my/family", "/my/paying", f"/u/{code}"):
        assert "Ada Öberg pays for what you charge, with the account" in (await member.open(page)).text, page
    for page in ("/my/paying", f"/u/{code}"):
        assert "pays for what you charge" not in (await ada.open(page)).text, "who pays reads how, not by whom"
    assert "Once a month you get an invoice" in (await ada.open(f"/u/{code}")).text
    assert "Kim Ek" in (await ada.open("/my/family")).text
    desk = await signed_in(Role.SUPPORT)
    listed = await desk.open("/console/accounts?q=5560360793")
    assert "HYPERLINK" in listed.text
    assert "'=HYPERLINK" in (await desk.open("/console/accounts.csv")).text, "no cell begins as a formula"
    account = re.search(r"/console/accounts/acc_\w+", listed.text)
    assert account is not None
    assert "Kim Ek" in (await desk.open(account[0])).text
    found = re.search(r"mbr_\w+", (await ada.open("/my/family")).text)
    assert found is not None
    assert (await member.send(f"/my/family/members/{found[0]}/limit", limit="9")).status_code == 404
    assert (await ada.send(f"/my/family/members/{found[0]}/limit", limit="300")).status_code == 303
    assert (await member.send("/my/family/leave")).status_code == 303
    assert "Pay for several" in (await member.open("/my/family")).text
    assert "Once a month you get an invoice" in (await member.open(f"/u/{code}")).text
    assert (await ada.send("/my/family/leave")).status_code == 409, "who pays cannot leave"
    assert (await ada.send("/my/family/close")).status_code == 303


async def test_the_end_of_a_trial_is_told_once_three_days_before(
    world: World, signed_in: SignedIn, browsers: AsyncExitStack
) -> None:
    desk = await signed_in(Role.FINANCE)
    plus = (await offered(desk, trial_days="3")).rpartition("/")[2]
    ada = await driver(world, browsers)
    await ada.send("/my/plan", wish="begin", plan=plus)
    async with world.house.database.transaction() as tx:
        assert await tell_coming(tx, NOW, zone="Europe/Stockholm") == 1
        assert await tell_coming(tx, NOW, zone="Europe/Stockholm") == 0
    await world.house.worker.run_until_idle()
    async with world.house.database.transaction() as tx:
        subject = await tx.value("SELECT subject FROM mail WHERE template = 'plan_coming'")
    assert "Plus" in subject


async def test_the_invoice_shows_the_fee_beside_the_charges(
    world: World, signed_in: SignedIn, browsers: AsyncExitStack
) -> None:
    desk = await signed_in(Role.FINANCE)
    plus = (await offered(desk, trial_days="0", text="")).rpartition("/")[2]
    ada = await driver(world, browsers)
    await ada.send("/my/plan", wish="begin", plan=plus)
    async with world.house.database.transaction() as tx:
        december = NOW.replace(month=12, day=2)
        await invoicing.run(tx, date(2026, 11, 1), ACTOR, december, settings=world.house.settings)
        invoice = await tx.value("SELECT id FROM invoice ORDER BY number DESC LIMIT 1")
    page = (await ada.open(f"/my/invoices/{shown('inv', invoice)}")).text
    assert "Monthly fee, Plus" in page
    assert "33,00" in page, "ten of thirty days: 99.00 x 10 / 30"
    assert "Monthly fee, Plus" in (await desk.open(f"/console/invoices/{shown('inv', invoice)}")).text

"""What a page says of the money of a charge that did not start, whichever way it was to be paid."""

from __future__ import annotations

import re

import httpx
import pytest

from laddverk.payments.providers.sandbox import in_process
from laddverk.payments.providers.sandbox_swish_books import swish_in
from laddverk.payments.providers.sandbox_web import application
from tests.integration.web.console.conftest import Browser, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.journey import plain
from tests.integration.web.test_paying_pages import berit as berit
from tests.integration.web.test_paying_pages import pays, value
from tests.integration.web.test_wallet_pages import FORM, pay_in

GIVEN_UP = "You cancelled the charge."


async def code_of(world: World) -> str:
    return str(
        await value(world, "SELECT code FROM connector WHERE station_id = $1 AND evse_number = 1", world.station)
    )


async def charge_of(world: World) -> str:
    """The address of the only charge that was asked for; the page that pays leads back to it."""
    page = str(await value(world, "SELECT return_url FROM sandbox_payment WHERE order_id IS NOT NULL"))
    return page.removeprefix(world.house.settings.web_url)


async def cancelled(world: World, who: Browser, charge: str) -> str:
    """Cancel a charge before it began; return what its page says."""
    assert (await who.send(f"{charge}/cancel")).status_code == 303
    await world.house.worker.run_until_idle()
    return plain((await who.open(charge)).text)


async def test_what_was_reserved_on_a_card_is_released(world: World, stranger: Browser) -> None:
    to_pay = await stranger.send(f"/u/{await code_of(world)}/pay", provider="card")
    await pays(world, to_pay.headers["location"])
    page = await cancelled(world, stranger, await charge_of(world))
    assert f"{GIVEN_UP} Nothing is charged. What was reserved is released." in page


async def test_who_scans_again_is_led_to_the_charge_that_they_began_and_a_stranger_is_not(
    world: World, stranger: Browser
) -> None:
    pay = f"/u/{await code_of(world)}/pay"
    to_pay = await stranger.send(pay, provider="card")
    await pays(world, to_pay.headers["location"])
    charge = await charge_of(world)
    again = await stranger.send(pay, provider="card")
    assert (again.status_code, again.headers["location"]) == (303, charge)
    own, stranger.client.cookies = httpx.Cookies(stranger.client.cookies), httpx.Cookies()
    refused = await stranger.send(pay, provider="card")
    assert refused.status_code == 409
    assert "Somebody else is charging or about to start here" in plain(refused.text)
    stranger.client.cookies = own
    await cancelled(world, stranger, charge)
    anew = await stranger.send(pay, provider="card")
    assert anew.headers["location"] != charge, "what is over leads nowhere"


async def test_who_is_signed_in_may_pay_without_their_account(world: World, berit: Browser) -> None:
    """The page offers it beside the account; the charge is then nobody's but whoever has its address."""
    to_pay = await berit.send(f"/u/{await code_of(world)}/pay", provider="card")
    assert to_pay.status_code == 303, to_pay.text
    assert await value(world, "SELECT driver_id FROM start_request") is None


async def test_where_nothing_was_paid_nothing_is_charged(world: World, stranger: Browser) -> None:
    to_pay = await stranger.send(f"/u/{await code_of(world)}/pay", provider="card")
    path = to_pay.headers["location"].removeprefix(world.house.settings.web_url)
    await in_process(application(world.house))("POST", path, FORM, b"do=cancel")
    await world.house.worker.run_until_idle()
    page = plain((await stranger.open(await charge_of(world))).text)
    assert "The payment was not completed, so nothing started and nothing is charged." in page
    assert "released" not in page


async def test_what_was_paid_by_swish_comes_back(world: World, stranger: Browser) -> None:
    to_pay = await stranger.send(f"/u/{await code_of(world)}/pay", provider="swish", amount="20000")
    instruction = await value(world, "SELECT id FROM swish_attempt")
    async with world.house.database.transaction() as tx:
        await swish_in(tx, world.house).pay(instruction.hex.upper(), "46701234567")
    await world.house.worker.run_until_idle()
    onward = await stranger.open(to_pay.headers["location"])
    charge = onward.headers["location"]
    assert (await stranger.send(f"{charge}/cancel")).status_code == 303
    paid = f"{GIVEN_UP} You paid 200,00 kr by Swish. 200,00 kr of it "
    assert paid + "is on its way back to you." in plain((await stranger.open(charge)).text)
    await world.house.worker.run_until_idle()
    assert paid + "has come back to you." in plain((await stranger.open(charge)).text)


async def test_what_was_kept_of_a_balance_is_free_again(world: World, berit: Browser) -> None:
    await pay_in(world, berit, amount="50000")
    await berit.send("/my/paying", first="wallet", when="charge", gather="0")
    started = await berit.send(f"/u/{await code_of(world)}/start")
    await world.house.worker.run_until_idle()
    page = await cancelled(world, berit, started.headers["location"])
    assert f"{GIVEN_UP} Nothing is charged. What was kept is yours again on your balance." in page
    assert re.search("500[.,]00 kr", plain((await berit.open("/my/wallet")).text))


@pytest.mark.parametrize("rail", ["card", "swish"])
@pytest.mark.parametrize(
    ("said", "language"),
    [({"accept-language": "en"}, "en"), ({"accept-language": "sv-SE"}, "sv"), ({"accept-language": "de"}, "sv"),
     ({"accept-language": "sv", "cookie": "a=b; language=en"}, "en")],
)  # fmt: skip
async def test_the_page_that_plays_the_bank_speaks_the_language_of_its_reader(
    world: World, stranger: Browser, rail: str, said: dict[str, str], language: str
) -> None:
    to_pay = await stranger.send(f"/u/{await code_of(world)}/pay", provider=rail)
    path = to_pay.headers["location"].removeprefix(world.house.settings.web_url)
    if rail == "swish":
        path = f"/sandbox/swish/{await value(world, 'SELECT token FROM swish_attempt')}"
    status, body = await in_process(application(world.house))("GET", path, said, b"")
    assert status == 200
    assert f'<html lang="{language}">' in body.decode()
    words = {"en": {"card": "Test card", "swish": "Approve with BankID"},
             "sv": {"card": "Testkort", "swish": "Godkänn med BankID"}}  # fmt: skip
    assert words[language][rail] in body.decode()

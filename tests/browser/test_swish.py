"""Paying by Swish on a phone, with script and without: from the sticker to what comes back, and what staff sees."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from laddverk.cli.demo.founding import EXAMPLE_CODE
from tests.browser.conftest import Demo, Watched, sign_in, sign_in_as_driver, watch
from tests.browser.test_driver import minor, wait_for

PHONE = {"width": 390, "height": 844}


def in_the_app(watched: Watched, demo: Demo, button: str) -> None:
    """Open the request in the app, as the phone does by its link, and press a button there."""
    link = watched.page.get_by_role("link", name="Öppna Swish på den här telefonen").get_attribute("href")
    app = watched.page.context.new_page()
    app.goto(f"{demo.url}{link}")
    app.get_by_role("button", name=button).click()
    app.wait_for_url(re.compile(r"/pay/swish/|/s/|/my/"))
    app.close()


def comes_to(page: Page, address: str) -> None:
    """Wait until the page has gone on by itself; without script a reload is what the browser does by itself."""
    for _ in range(20):
        if re.search(address, page.url):
            return
        page.wait_for_timeout(1000)
    raise AssertionError(f"it stays at {page.url}: {page.locator('main').inner_text()[:300]}")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_charge_is_paid_by_swish_and_the_rest_comes_back(demo: Demo, browser: Browser, javascript: bool) -> None:
    context = browser.new_context(viewport=PHONE, locale="sv-SE", java_script_enabled=javascript)  # type: ignore[arg-type]
    watched = watch(context, demo.url)
    page = watched.page
    page.goto(f"{demo.url}/u/{EXAMPLE_CODE}")  # it has a start fee: any charge costs more than Swish's one krona
    wait_for(page, page.get_by_role("button", name="Betala med Swish"))
    page.locator("input[name=amount][value='20000']").check(force=True)
    page.get_by_role("button", name="Betala med Swish").click()
    expect(page.locator(".big-number")).to_contain_text("200,00")

    in_the_app(watched, demo, "Neka")
    again = page.get_by_role("button", name="Försök med Swish igen")
    wait_for(page, again)
    expect(page.locator("main")).to_contain_text("Betalningen nekades i appen")
    again.click()
    in_the_app(watched, demo, "Godkänn med BankID")
    comes_to(page, r"/s/")

    stop = page.get_by_role("button", name="Stoppa laddningen")
    wait_for(page, stop)
    wait_for(page, page.locator(".big-number").filter(has_not_text=re.compile(r"^\s*0,00")))  # no energy would be free
    stop.click()
    wait_for(page, page.locator("table.sum tfoot td"))
    price = minor(page.locator("table.sum tfoot td").inner_text())
    back = page.get_by_text(re.compile("har kommit tillbaka till dig"))
    wait_for(page, back)
    paid, rest = (minor(amount) for amount in re.findall(r"[\d\s\u00a0]+,\d\d", back.inner_text()))
    assert (paid, rest) == (20_000, 20_000 - price)
    assert watched.errors == []
    assert watched.foreign == []
    context.close()
    if javascript:
        staff_sees_it_and_gives_the_price_back(demo, browser, price)


def staff_sees_it_and_gives_the_price_back(demo: Demo, browser: Browser, price: int) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 800}, locale="sv-SE")
    watched = watch(context, demo.url)
    page = watched.page
    sign_in(page, demo, "admin@example.com")
    page.goto(f"{demo.url}/console/payments?rail=swish")
    page.locator("main table tbody tr a").first.click()
    main = page.locator("main")
    expect(main).to_contain_text("I betalarens Swish")
    expect(main).to_contain_text("Betalningen nekades i appen")
    expect(main).to_contain_text("betalt före laddningen och inte använt")
    left = page.locator("input[name=amount]").input_value()
    assert minor(left) == price, "what can be given back is what the charge cost"
    page.locator("input[name=reason]").fill("goodwill")
    page.locator("form[action$=refund] button").click()
    refunded = page.locator(".figure", has_text="Återbetalt")
    for _ in range(20):
        if "200,00" in refunded.inner_text():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(refunded).to_contain_text("200,00")
    assert watched.errors == []
    context.close()


def test_a_driver_lets_swish_pay_by_itself_and_takes_it_back(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, locale="sv-SE")  # type: ignore[arg-type]
    watched = watch(context, demo.url)
    page = watched.page
    sign_in_as_driver(page, demo)
    page.goto(f"{demo.url}/my/paying")
    page.get_by_role("button", name="Låt Swish betala av sig självt").click()
    page.wait_for_url(re.compile(r"/pay/swish/"))
    in_the_app(watched, demo, "Godkänn med BankID")
    comes_to(page, r"/my/")
    way = page.locator("main li", has_text="4567")
    wait_for(page, way)
    way.get_by_role("button", name="Ta bort").click()
    expect(page.locator("main li", has_text="4567")).to_have_count(0)
    assert watched.errors == []
    context.close()

"""A driver without an account, from the sticker to the receipt: with JavaScript and without it."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.conftest import Demo, sign_in_as_driver, watch

NO_ENERGY = re.compile(r"^\s*0,00")
AMOUNT = re.compile(r"(\d[\d\s\u00a0]*,\d\d)")


def free_outlet(page: Page, demo: Demo) -> str:
    """Return the address of an outlet that is free now."""
    page.goto(demo.url)
    places = page.eval_on_selector_all("main .portal-list a", "all => all.map(one => one.href)")
    for place in places:
        page.goto(place)
        free = page.locator("main .portal-list a:has(.pill.is-free)")
        if free.count():
            return str(free.first.evaluate("one => one.href"))
    raise AssertionError("no outlet of the demo is free")


def minor(text: str) -> int:
    """Return the last amount in a Swedish text, in öre."""
    return int(re.sub(r"[^\d]", "", AMOUNT.findall(text)[-1]))


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_the_sticker_to_the_receipt(demo: Demo, browser: Browser, javascript: bool) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="sv-SE", java_script_enabled=javascript
    )
    watched = watch(context, demo.url)
    page = watched.page

    page.goto(free_outlet(page, demo))
    expect(page.locator(".price-board")).to_contain_text("kr/kWh")
    page.get_by_role("button", name="Betala med kort").click()
    page.get_by_role("button", name="Reservera").click()
    page.wait_for_url(re.compile(r"/s/"))

    stop = page.get_by_role("button", name="Stoppa laddningen")
    wait_for(page, stop)
    wait_for(page, page.locator(".big-number").filter(has_not_text=NO_ENERGY))  # a charge without energy is free
    stop.click()
    receipt = page.get_by_role("link", name="Kvitto som PDF")
    wait_for(page, receipt)

    lines = page.locator("table.sum tbody tr td").all_inner_texts()
    total = page.locator("table.sum tfoot td").inner_text()
    assert sum(minor(line) for line in lines) == minor(total)
    document = context.request.get(demo.url + str(receipt.get_attribute("href")))
    assert document.status == 200
    assert document.body().startswith(b"%PDF-")
    assert watched.errors == []
    assert watched.foreign == []
    context.close()


def wait_for(page: Page, wanted: Locator) -> None:
    """Wait until something is on the page, which is opened anew now and then, as its driver would."""
    for _ in range(90):
        if wanted.count():
            return
        page.wait_for_timeout(600)
        with suppress(PlaywrightError):  # it may go on by itself at this very instant
            page.goto(page.url)
    raise AssertionError(f"it did not come: {page.locator('main').inner_text()[:500]}")


def test_a_driver_saves_a_card_and_takes_it_away(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="sv-SE")
    watched = watch(context, demo.url)
    page = watched.page
    sign_in_as_driver(page, demo)

    page.goto(f"{demo.url}/my/paying")
    before = page.get_by_role("button", name="Ta bort").count()
    page.get_by_role("button", name="Spara ett kort").click()
    page.locator("button[name=do][value=pay]").click()
    page.wait_for_url(re.compile(r"/my/paying"))
    remove = page.get_by_role("button", name="Ta bort")
    wait_for(page, remove.nth(before))
    expect(page.locator("main")).to_contain_text("••••")
    remove.nth(before).click()

    expect(page.locator("main")).to_contain_text("Det är borttaget")
    expect(page.get_by_role("button", name="Ta bort")).to_have_count(before)
    assert watched.errors == []
    context.close()

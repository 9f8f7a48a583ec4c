"""What a visitor of the demo does in two minutes: a charge fails, its page says why, and the desk helps and ends it."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from laddverk.support.situations.book import catalogue
from tests.browser.conftest import Demo, sign_in, watch
from tests.browser.test_driver import NO_ENERGY, free_outlet, wait_for

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1366, "height": 900}
STRANGER = "%2B46709000001"
CUT = next(each for each in catalogue() if each.key == "stopped-by-fault").texts["sv"][""]
ANSWER = "Jag ser att laddaren avbröt. Ta uttaget bredvid."


def press(phone: Page, keys: str, hears: str) -> None:
    """Press keys of the demo's phone, and hear what the voice says next."""
    voice = phone.locator("#handset [data-voice]")
    before = voice.count()
    for key in keys:
        phone.locator(f".keypad button[value='{key}']").click()
    expect(voice.nth(before)).to_contain_text(hears, timeout=60_000)


def test_a_charge_that_fails_is_explained_talked_about_rung_about_and_solved(demo: Demo, browser: Browser) -> None:
    visitor = browser.new_context(viewport=PHONE, locale="sv-SE")
    desk = browser.new_context(viewport=DESK, locale="sv-SE")
    driver, agent = watch(visitor, demo.url), watch(desk, demo.url)
    page, console = driver.page, agent.page
    sign_in(console, demo, "admin@example.com")
    console.goto(f"{demo.url}/console/calls")
    console.locator("button[name=state][value=ready]").click()

    outlet = free_outlet(page, demo)
    code = outlet.rsplit("/", 1)[1]
    page.goto(outlet)
    page.locator("button[name=provider][value=card]").click()
    page.locator("button[name=do][value=pay]").click()
    page.wait_for_url(re.compile(r"/s/"))
    wait_for(page, page.locator(".big-number").filter(has_not_text=NO_ENERGY))
    hands = visitor.new_page()
    hands.goto(f"{demo.url}/demo/outlet/{code}")
    hands.locator("button[value=break]").click()
    wait_for(page, page.locator("[data-situation=stopped-by-fault]"))
    expect(page.locator("main")).to_contain_text(CUT.title)

    page.locator(".help-link").click()
    chat = page.get_by_role("dialog")
    expect(chat.get_by_role("log")).to_contain_text(CUT.title)
    chat.get_by_role("button", name="Prata med en människa").click()
    chat.get_by_role("button", name="Jag väntar här").click()
    expect(chat.get_by_role("log")).to_contain_text(re.compile(r"Ditt ärende har nummer \d+"))
    number = re.search(r"Ditt ärende har nummer (\d+)", chat.inner_text())
    assert number is not None

    console.goto(f"{demo.url}/console/cases?q={number[1]}&state=all")
    console.locator("main a[href*='/console/cases/cas_']").first.click()
    expect(console.locator("main")).to_contain_text("Laddningen")
    console.locator("textarea[name=reply]").fill(ANSWER)
    console.locator("form:has(textarea[name=reply]) button.primary").first.click()
    expect(chat.get_by_role("log")).to_contain_text(ANSWER, timeout=30_000)

    phone = visitor.new_page()
    phone.goto(f"{demo.url}/phone?number={STRANGER}&code={code}")
    keyed = re.search(r"(\d{2,})", phone.locator("main > p", has_text=code).inner_text().replace(code, ""))
    assert keyed is not None
    phone.locator("form[action='/phone/dial'] button").click()
    expect(phone.locator("#handset [data-voice]").first).to_contain_text("Om en laddare, tryck ett", timeout=60_000)
    press(phone, "1", "Knappa in numret")
    press(phone, f"{keyed[1]}#", "Stämmer det, tryck ett.")
    press(phone, "1", "noll")
    press(phone, "0", "spela in")
    press(phone, "2", "kön")
    console.goto(f"{demo.url}/console/calls")
    console.locator("button:has-text('Ta samtalet'), form:has(input[value=take]) button").first.click()
    expect(phone.locator("#handset")).to_contain_text("Du talar med", timeout=60_000)
    phone.locator("#handset-say").fill("Det fungerar vid uttaget bredvid, tack!")
    phone.locator("form:has(#handset-say) button").click()
    expect(console.locator("#call-line")).to_contain_text("Det fungerar vid uttaget bredvid", timeout=30_000)
    console.locator("form:has(input[value=hang_up]) button").click()
    console.locator("select[name=call_outcome]").select_option("solved")
    console.locator("form:has(select[name=call_outcome]) button").last.click()
    expect(console.locator("main")).to_contain_text("Löst")

    assert driver.errors == []
    assert agent.errors == []
    visitor.close()
    desk.close()

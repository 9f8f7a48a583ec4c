"""The desk by keyboard: the inbox is gone through, canned answers are put in by name, "?" says what keys do."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Demo, sign_in, watch

DESK = {"width": 1366, "height": 900}


def rows_focused(page: Page) -> int:
    """Return which line of the inbox has the focus; -1 for none."""
    found = (
        "[...document.querySelectorAll('.key-rows tbody tr')].findIndex((row) => row.contains(document.activeElement))"
    )
    return int(page.evaluate(found))


def test_the_inbox_is_gone_through_and_answered_without_a_mouse(demo: Demo, browser: Browser) -> None:
    desk = browser.new_context(viewport=DESK, locale="sv-SE")
    agent = watch(desk, demo.url)
    page = agent.page
    sign_in(page, demo, "admin@example.com")
    word = f"tangent{secrets.token_hex(4)}"
    for name in (f"{word} ett", f"{word} två"):
        page.goto(f"{demo.url}/console/support/macros")
        page.locator("main input[name=name]").fill(name)
        page.locator("textarea[name=text_sv]").fill(f"{name} för ärende {{number}}.")
        page.locator("form:has(textarea[name=text_sv]) button.primary").first.click()
        expect(page.locator("main")).to_contain_text(name)
    for number in range(2):
        page.goto(f"{demo.url}/help/write")
        page.locator("[name=kind]").first.evaluate(
            "(each) => { if (each.options) each.selectedIndex = each.options.length - 1; else each.click(); }"
        )
        page.locator("textarea[name=text]").fill(f"{word} {number}")
        page.locator("input[name=email]").fill(f"{word}{number}@example.se")
        page.locator("main form button.primary").first.click()
        page.wait_for_url(re.compile("/help/cases/"))
    page.goto(f"{demo.url}/console/cases?q={word}&state=all")
    expect(page.locator(".key-rows tbody tr")).to_have_count(2)

    # One line at a time, down and up, and no further than the list goes.
    for key, line in (("j", 0), ("j", 1), ("j", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        assert rows_focused(page) == line, key
    page.keyboard.press("x")
    expect(page.locator("input[name=case]:checked")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.locator("input[name=case]:checked")).to_have_count(0)
    # What is done with those chosen begins at its field; nobody chosen means this one.
    for key, name in (("e", "outcome"), ("s", "until"), ("a", "assignee"), ("l", "tags")):
        page.locator(".key-rows tbody tr a").first.focus()
        page.keyboard.press(key)
        expect(page.locator(f"#bulk [name={name}]")).to_be_focused()
    expect(page.locator("input[name=case]:checked")).to_have_count(1)

    page.locator(".key-rows tbody tr a").first.focus()
    page.keyboard.press("?")
    help_ = page.locator("#keys")
    expect(help_).to_be_visible()
    expect(help_).to_contain_text("lägg dem åt sidan")
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    assert rows_focused(page) == 0
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/console/cases/cas_"))

    # A canned answer by a part of its name, with the case's own facts in it, where the caret is.
    page.keyboard.press("r")
    answer = page.locator("#case-reply textarea[name=reply]")
    expect(answer).to_be_focused()
    page.keyboard.type("Hej! och/eller ")
    box = page.locator("#canned-box").get_by_role("combobox")
    expect(box).to_be_hidden()
    page.keyboard.type("/")
    expect(box).to_be_focused()
    options = page.locator("#canned-list [role=option]")
    expect(options.first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", "canned-2")
    page.keyboard.press("Escape")
    expect(answer).to_be_focused()
    expect(answer).to_have_value("Hej! och/eller ")
    page.keyboard.press("Control+k")
    expect(box).to_be_focused()
    page.keyboard.type(f"{word[3:]} två")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(answer).to_have_value(re.compile(rf"^Hej! och/eller {word} två för ärende \d+\.$"))
    page.keyboard.type(" /zzz")
    expect(page.locator("#canned-list")).to_contain_text("Inget färdigt svar heter så.")
    page.keyboard.press("Escape")
    # Elsewhere on the page the same keys find anything.
    page.locator("h1").click()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    assert agent.errors == []
    desk.close()

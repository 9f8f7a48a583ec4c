"""The drivers' chat in a real browser: in a dialog by keyboard alone, and as a page where there is no JavaScript."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Demo, watch
from tests.browser.test_driver import free_outlet

PHONE = {"width": 390, "height": 844}


def test_the_chat_in_a_dialog_by_keyboard_on_a_phone(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, locale="sv-SE")
    watched = watch(context, demo.url)
    page = watched.page
    page.goto(free_outlet(page, demo))
    help_link = page.locator(".help-link")
    help_link.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("log")).to_contain_text("Jag ser det som laddarna ser")
    expect(dialog.get_by_role("textbox", name="Skriv här")).to_be_focused()

    page.keyboard.type("<img src=x onerror=alert(1)> vad menas med det")
    page.keyboard.press("Enter")
    expect(dialog.locator(".is-by-driver")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(dialog.get_by_role("textbox", name="Skriv här")).to_have_value("")
    dialog.get_by_role("button", name="Prata med en människa").click()
    dialog.get_by_role("button", name="Jag väntar här").click()
    expect(dialog.get_by_role("status")).to_contain_text("Vi tittar på det")
    expect(dialog.get_by_role("log")).to_contain_text(re.compile(r"Ditt ärende har nummer \d+"))

    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(help_link).to_be_focused()
    help_link.click()
    expect(dialog.get_by_role("log")).to_contain_text("vad menas med det")
    assert watched.errors == []
    assert watched.foreign == []
    context.close()


def test_the_chat_without_javascript_is_a_page_with_forms(demo: Demo, browser: Browser) -> None:
    context = browser.new_context(viewport=PHONE, locale="en-GB", java_script_enabled=False)
    page = context.new_page()
    page.goto(free_outlet(page, demo))
    page.locator(".help-link").click()
    page.get_by_role("link", name="Chat with us").click()
    expect(page.get_by_role("log")).to_contain_text("I see what the chargers see")
    page.get_by_role("textbox", name="Write here").fill("Is anybody there? I want to talk to a person")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("textbox", name="Write here").fill("hello")
    page.get_by_label("E-mail").fill("no-js@example.se")
    page.get_by_role("button", name="Hand over to a person").click()
    expect(page.get_by_role("log")).to_contain_text("We have it now, with all that stands here.")
    page.goto(f"{demo.url}/help/chat")
    expect(page.get_by_role("log")).to_contain_text("Is anybody there?")
    context.close()

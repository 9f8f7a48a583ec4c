"""The editor of a tariff in a browser: the preview follows what is typed, and what is saved is what was shown."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Demo, sign_in, watch


def test_a_tariff_is_written_with_its_day_before_ones_eyes_and_saved(demo: Demo, browser: Browser) -> None:
    watched = watch(browser.new_context(viewport={"width": 1366, "height": 900}, locale="sv-SE"), demo.url)
    page = watched.page
    sign_in(page, demo, "admin@example.com")
    page.goto(f"{demo.url}/console/tariffs/new")
    page.get_by_label("Namn").fill("Torget")

    # Energy is cheaper at night; a car that stays costs, without VAT on it.
    page.locator("[name=price-0]").fill("2,50")
    page.locator("[name=from-0]").fill("22:00")
    page.locator("[name=to-0]").fill("06:00")
    page.locator("[name=price-1]").fill("5,00")
    page.locator("[name=dimension-2]").select_option("idle")
    page.locator("[name=price-2]").fill("0,50")
    page.locator("details.more-rules").nth(2).locator("summary").click()
    page.locator("[name=vat-2]").select_option("0")
    preview = page.locator("#tariff-preview")
    expect(preview).to_contain_text("22:00–24:00")
    expect(preview).to_contain_text("2,50")
    expect(preview).to_contain_text("(0 % av")

    page.get_by_role("button", name="Spara").click()
    expect(page.locator("#rules-table")).to_contain_text("moms 0 %")
    expect(page.locator("#rules-table")).to_contain_text("22:00–06:00")
    assert "/console/tariffs/tar_" in page.url
    assert watched.errors == []
    page.context.close()

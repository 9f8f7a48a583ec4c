"""The money desk in a browser: money on the bank account is booked, undone, given back, and compared with all else."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Demo, sign_in, watch


def test_money_on_the_bank_account_is_booked_undone_booked_again_and_given_back(demo: Demo, browser: Browser) -> None:
    watched = watch(browser.new_context(viewport={"width": 1366, "height": 900}, locale="sv-SE"), demo.url)
    page = watched.page
    sign_in(page, demo, "admin@example.com")
    page.goto(f"{demo.url}/console/invoices?state=open&sort=amount")
    page.locator("main table tbody tr a", has_text="F20").first.click()
    invoice = page.url

    # The invoice fills in its reference and amount; the form says what booking does before anything is booked.
    page.get_by_role("link", name="Bokför pengar").click()
    page.get_by_role("button", name="Hitta fakturan").click()
    expect(page.locator("main")).to_contain_text("referensen är dess egen", ignore_case=True)
    expect(page.locator("main input[type=radio]").first).to_be_checked()
    page.get_by_role("button", name="Bokför", exact=True).click()
    expect(page.locator("main")).to_contain_text("täcker")
    deposit = page.url

    # A mistake is taken back on the same day, and the invoice is owed again.
    page.get_by_role("button", name="Ångra").first.click()
    page.locator("form.ask:popover-open input[name=reason]").fill("Fel rad")
    page.locator("form.ask:popover-open button.danger").click()
    expect(page.locator("main")).to_contain_text("Fel rad")
    reloaded = page.context.new_page()
    reloaded.goto(invoice)
    expect(reloaded.get_by_role("link", name="Bokför pengar")).to_be_visible()
    reloaded.get_by_role("link", name="Bokför pengar").click()
    reloaded.get_by_role("button", name="Hitta fakturan").click()
    again = reloaded.locator("input[name=again]")
    reloaded.get_by_role("button", name="Bokför", exact=True).click()
    if again.count():
        again.check()
        reloaded.get_by_role("button", name="Bokför", exact=True).click()
    expect(reloaded.locator("main")).to_contain_text("täcker")
    assert reloaded.url != deposit

    # Its payment is refunded by hand: booked from the bank account.
    reloaded.locator("main a[href*='/console/payments/pay_'], aside a[href*='/console/payments/pay_']").first.click()
    reloaded.locator("form[action$='/refund'] input[name=reason]").fill("Kulans")
    reloaded.locator("form[action$='/refund'] button").click()
    for _ in range(40):
        reloaded.reload()
        if reloaded.get_by_text("Återbetalningen gjordes").count():
            break
        reloaded.wait_for_timeout(250)
    expect(reloaded.locator("main")).to_contain_text("1930")

    page.goto(f"{demo.url}/console/reconciliation")
    page.get_by_role("button", name="Jämför nu").click()
    expect(page.locator("main")).to_contain_text("Bankgiro")
    expect(page.locator("#table tbody")).not_to_contain_text("Huvudboken har ett annat belopp än betalningen")
    page.context.close()

"""Every way to pay, from the driver's page to the operator's: what is set up, charged, debited, shown, and given back.

Cards without an account are in `test_driver`, Swish in `test_swish`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random

from playwright.sync_api import Browser, Page, expect

from laddverk.cli.demo.founding import BANKGIRO, CUSTOMER
from laddverk.payments.direct_debit.mandate_rules import check_digit
from laddverk.payments.providers.bankgirot.simulator import Bankgirot
from tests.browser.conftest import Demo, Watched, sign_in, sign_in_as_driver, watch
from tests.browser.test_driver import NO_ENERGY, minor, wait_for

PHONE = {"width": 390, "height": 844}


def desk(demo: Demo, browser: Browser) -> Watched:
    """The operator's page, signed in."""
    watched = watch(browser.new_context(viewport={"width": 1366, "height": 900}, locale="sv-SE"), demo.url)
    sign_in(watched.page, demo, "admin@example.com")
    return watched


def phone(demo: Demo, browser: Browser, email: str) -> Watched:
    """A driver's page, signed in."""
    context = browser.new_context(viewport=PHONE, locale="sv-SE")  # type: ignore[arg-type]
    watched = watch(context, demo.url)
    sign_in_as_driver(watched.page, demo, email)
    return watched


def new_driver(demo: Demo, browser: Browser, name: str) -> tuple[str, Watched]:
    """A driver whom the operator has just enrolled: name, and page."""
    office = desk(demo, browser)
    name = f"{name} {datetime.now(UTC):%M%S%f}"  # the demo outlives one test
    email = f"{name.replace(' ', '.').lower()}@example.com"
    office.page.goto(f"{demo.url}/console/drivers/new")
    office.page.locator("input[name=email]").fill(email)
    office.page.locator("input[name=name]").fill(name)
    office.page.locator("main form button[type=submit]").last.click()
    expect(office.page.locator("main")).to_contain_text(email)
    office.page.context.close()
    return name, phone(demo, browser, email)


def free_in_a_garage(page: Page, demo: Demo) -> str:
    """Return the address of a free outlet whose price has a fee for the start: a moment there costs enough to debit."""
    page.goto(demo.url)
    for place in page.locator("main .portal-list a", has_text="P-hus").evaluate_all("all => all.map(one => one.href)"):
        page.goto(place)
        free = page.locator("main .portal-list a:has(.pill.is-free)")
        if free.count():
            return str(free.last.evaluate("one => one.href"))
    raise AssertionError("no garage of the demo has a free outlet")


def charged(page: Page, demo: Demo) -> int:
    """Charge for a moment at a free outlet as the driver who is signed in; return what it cost, in öre."""
    page.goto(free_in_a_garage(page, demo))
    page.locator("main form[action$='/start'] button").first.click()
    stop = page.get_by_role("button", name="Stoppa laddningen")
    wait_for(page, stop)
    wait_for(page, page.locator(".big-number").filter(has_not_text=NO_ENERGY))  # no energy would be free
    stop.click()
    wait_for(page, page.locator("table.sum tfoot td"))
    receipt = page.context.request.get(
        demo.url + str(page.get_by_role("link", name="Kvitto som PDF").get_attribute("href"))
    )
    assert receipt.body().startswith(b"%PDF-")
    return minor(page.locator("table.sum tfoot td").inner_text())


def prefers(page: Page, demo: Demo, first: str) -> None:
    """Let each charge be taken from the way whose label begins like this, at its end."""
    page.goto(f"{demo.url}/my/paying")
    page.locator("form[action='/my/paying'] label", has_text=first).first.locator("input").check(force=True)
    page.locator("input[name=when][value=charge]").check(force=True)
    page.get_by_role("button", name="Spara", exact=True).click()
    page.wait_for_url(re.compile("/my/paying"))


def close(*pages: Watched) -> None:
    """Nothing went wrong on these pages; close them."""
    for watched in pages:
        assert watched.errors == []
        assert watched.foreign == []
        watched.page.context.close()


def reloaded_until(page: Page, text: str | re.Pattern[str]) -> None:
    """Open the page anew until it says this."""
    wait_for(page, page.locator("main").filter(has_text=text))


def test_a_saved_card_is_debited_at_the_end_of_a_charge_and_refunded(demo: Demo, browser: Browser) -> None:
    name, driver = new_driver(demo, browser, "Klara Kort")
    page = driver.page
    page.goto(f"{demo.url}/my/paying")
    page.get_by_role("button", name="Spara ett kort").click()
    page.locator("button[name=do][value=pay]").click()
    reloaded_until(page, "Test (good)")
    prefers(page, demo, "Test (good)")
    price = charged(page, demo)
    page.goto(f"{demo.url}/my/paying")
    reloaded_until(page, re.compile(r"Test \(good\)[\s\S]*kr"))

    office = desk(demo, browser)
    office.page.goto(f"{demo.url}/console/payments?sort=-created&q={name}")
    office.page.locator("main table tbody tr a").first.click()
    assert minor(office.page.locator("input[name=amount]").input_value()) == price
    office.page.locator("input[name=reason]").fill("goodwill")
    office.page.locator("main form[action$='/refund'] button").click()
    back = office.page.locator(".figure", has_text="Återbetalt")
    wait_for(
        office.page, back.filter(has_text=office.page.locator(".figure", has_text="Draget").inner_text().split()[-2])
    )
    close(driver, office)


def test_money_is_paid_in_and_a_charge_is_taken_from_it(demo: Demo, browser: Browser) -> None:
    _, driver = new_driver(demo, browser, "Sara Saldo")
    page = driver.page
    page.goto(f"{demo.url}/my/wallet")
    page.locator("input[name=amount][value='50000']").check(force=True)
    page.get_by_role("button", name="Betala med kort").click()
    page.locator("button[name=do][value=pay]").click()
    reloaded_until(page, "500,00 kr")
    prefers(page, demo, "Ditt saldo")
    price = charged(page, demo)
    page.goto(f"{demo.url}/my/wallet")
    left = f"{(50_000 - price) // 100},{(50_000 - price) % 100:02}"
    reloaded_until(page, left)
    page.goto(f"{demo.url}/my/wallet/history")
    expect(page.locator("main")).to_contain_text("500,00")
    close(driver)


def test_a_plan_is_chosen_after_its_price_was_read_and_staff_sees_who_has_it(demo: Demo, browser: Browser) -> None:
    name, driver = new_driver(demo, browser, "Pia Plan")
    page = driver.page
    page.goto(f"{demo.url}/my/plan")
    page.locator("form[action='/my/plan/review'] button").first.click()
    expect(page.locator("main")).to_contain_text("Vad det kostar")
    page.locator("form[action='/my/plan'] button").first.click()
    page.goto(f"{demo.url}/my/plan")
    expect(page.locator("main")).to_contain_text("Rörligt")

    office = desk(demo, browser)
    office.page.goto(f"{demo.url}/console/drivers?q={name}")
    office.page.locator("main table tbody tr a").first.click()
    expect(office.page.locator("main")).to_contain_text("Rörligt")
    close(driver, office)


def test_an_invoice_is_paid_by_whoever_has_its_link(demo: Demo, browser: Browser) -> None:
    office = desk(demo, browser)
    office.page.goto(f"{demo.url}/console/invoices")
    office.page.get_by_role("link", name="Obetald", exact=True).first.click()
    office.page.locator("main table tbody tr a", has_text="F20").first.click()
    link = str(office.page.locator("main a[href*='/i/']").first.get_attribute("href"))

    context = browser.new_context(viewport=PHONE, locale="sv-SE")  # type: ignore[arg-type]
    anybody = watch(context, demo.url)
    anybody.page.goto(link if link.startswith("http") else f"{demo.url}{link}")
    anybody.page.get_by_role("button", name=re.compile("kort")).first.click()
    anybody.page.locator("button[name=do][value=pay]").click()
    anybody.page.wait_for_url(re.compile(r"/i/"))
    reloaded_until(anybody.page, re.compile("[Bb]etald"))

    reloaded_until(office.page, "Betald")
    close(anybody, office)


def test_a_bank_account_is_given_confirmed_by_the_bank_and_debited(demo: Demo, browser: Browser) -> None:
    name, driver = new_driver(demo, browser, "Greta Giro")
    page = driver.page
    page.goto(f"{demo.url}/my/bank-account")
    person = "19820417" + "123"
    page.locator("input[name=holder]").fill("Greta Giro")
    page.locator("input[name=clearing]").fill("5001")
    page.locator("input[name=account]").fill("7654321")
    page.locator("input[name=person]").fill(person + check_digit(person[2:]))
    page.locator("input[name=agreed]").check(force=True)
    page.get_by_role("button", name="Betala från det här kontot").click()
    expect(page.locator("main")).to_contain_text("banken")

    office = desk(demo, browser)
    ordered = written(office.page, demo)
    bank = Bankgirot(BANKGIRO.replace("-", ""), CUSTOMER, Random(1))
    today = datetime.now(UTC).date()
    bank.receive(ordered, today)
    for number, answer in enumerate(bank.day(today)):
        taken_in(office.page, demo, f"BGC-{today:%Y%m%d}-9{number}.txt", answer)
    office.page.goto(f"{demo.url}/console/mandates?q={name}")
    expect(office.page.locator("main")).to_contain_text(name)
    page.goto(f"{demo.url}/my/bank-account")
    expect(page.locator("main")).to_contain_text("dras")
    close(driver, office)


def written(page: Page, demo: Demo) -> bytes:
    """Write the next file to the bank, and fetch it."""
    page.goto(f"{demo.url}/console/bank-files")
    page.get_by_role("button", name="Skriv nästa fil").first.click()
    page.goto(f"{demo.url}/console/bank-files")
    page.locator("main table tbody tr a", has_text="AG-").first.click()
    with page.expect_download() as fetched:
        page.get_by_role("link", name=re.compile("Hämta|Ladda ner")).first.click()
    return fetched.value.path().read_bytes()


def taken_in(page: Page, demo: Demo, name: str, content: bytes) -> None:
    """Read in a file of the bank."""
    page.goto(f"{demo.url}/console/bank-files")
    page.locator("input[name=file]").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
    page.get_by_role("button", name="Läs in").click()
    expect(page.locator("main")).to_contain_text(re.compile("Inläst|inläst|rader|poster"))

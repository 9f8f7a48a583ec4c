"""Each rail from the driver's page to the operator's books: set up, charged, debited, shown, given back.

Bank accounts by the files that banks exchange, invoices by a card or a bank transfer, prepaid cards by their sheet,
Swish by a consent. Cards, balances, Swish and links as people tap them are in `tests/browser`.
"""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO
from typing import Any, ClassVar

import pytest

from laddverk.kernel.ids import shown
from laddverk.ledger import service as ledger
from laddverk.payments.providers.bankgirot.simulator import Bankgirot
from laddverk.payments.ways import jobs as ways_jobs
from tests.integration.authorisation.field import until
from tests.integration.payments.test_sepa import entry, found_in, statement
from tests.integration.web.console.test_direct_debit import ACCOUNT, Always
from tests.integration.web.console.test_plans import PLAN
from tests.integration.web.journey import PRICE_MINOR, Journey, journey_on

BACK_MINOR = 15_00


class Giro:
    """Bankgirot, where everybody has money."""

    scheme, currency = "autogiro", "SEK"
    settings: ClassVar[dict[str, Any]] = {"autogiro_bankgiro": "123-4567", "autogiro_customer": "765432"}
    account: ClassVar = {**ACCOUNT, "holder": "Anna"}

    def __init__(self) -> None:
        self._bank = Bankgirot("1234567", "765432", Always())  # type: ignore[arg-type] # chance that is none

    def answers(self, content: bytes | None, journey: Journey) -> list[bytes]:
        if content is not None:
            self._bank.receive(content, journey.today)
        return self._bank.day(journey.today)

    @property
    def balance_minor(self) -> int:
        return self._bank.balance_minor


class Euro:
    """A bank in the euro area, where everybody has money."""

    scheme, currency = "sepa", "EUR"
    settings: ClassVar[dict[str, Any]] = {
        "sepa_creditor_id": "DE98ZZZ09999999999", "sepa_iban": "DE75512108001245126199", "sepa_bic": "SOLADEST600",
        "currency": "EUR",
    }  # fmt: skip
    account: ClassVar = {"holder": "Anna", "account": "DE89 3704 0044 0532 0130 00", "agreed": "yes"}

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str, str]] = []
        self.balance_minor = 0

    def answers(self, content: bytes | None, journey: Journey) -> list[bytes]:
        """What is ordered is booked when it is asked for the next time: some days later."""
        booked, self._waiting = self._waiting, []
        if content is not None:
            into = b"pain.008" in content
            references, amounts = found_in(content, "EndToEndId"), found_in(content, "InstdAmt")
            self._waiting = [
                (reference, amount, "CRDT" if into else "DBIT")
                for reference, amount in zip(references, amounts, strict=True)
            ]
        for _, amount, sign in booked:
            self.balance_minor += round(float(amount) * 100) * (1 if sign == "CRDT" else -1)
        return [statement(*(entry(*each) for each in booked)).encode()] if booked else []


async def exchanged(journey: Journey, bank: Giro | Euro) -> None:
    """One morning at the desk: what is to be told goes to the bank, and what the bank says is taken in."""
    desk = await journey.desk()
    written = await journey.sends(desk, "/console/bank-files/write", scheme=bank.scheme)
    content = (await desk.get(f"{written}/download")).content if "/bnk_" in written else None
    for answer in bank.answers(content, journey):
        taken = await desk.post("/console/bank-files", files={"file": ("from-the-bank", answer)})
        assert taken.status_code == 303, taken.text
    await journey.rests()


async def gives_back(journey: Journey, payment: str) -> None:
    """The desk refunds a part of a payment."""
    await journey.sends(await journey.desk(), f"{payment}/refund", amount="15", reason="goodwill")
    await journey.rests()


async def bank_account(journey: Journey, currency: str) -> int:
    async with journey.house.database.transaction() as tx:
        return await ledger.balance(tx, "1930", currency=currency)


@pytest.mark.parametrize("kind", [Giro, Euro])
async def test_a_bank_account_is_given_debited_for_a_charge_shown_and_paid_back_to(database, tmp_path, kind):
    bank = kind()
    async with journey_on(database, tmp_path, **kind.settings) as journey:
        await journey.sends(await journey.driver(), "/my/bank-account", **kind.account)
        await exchanged(journey, bank)
        await exchanged(journey, bank)
        await journey.says(await journey.driver(), "/my/bank-account", "active")
        await journey.sends(await journey.driver(), "/my/paying", first="bank", when="month", gather="0")
        charge = await journey.charges()
        invoice = await journey.makes_invoices()
        await journey.says(await journey.driver(), "/my/invoices", "40,00")

        journey.turn_to(await journey.value("SELECT due_on FROM invoice") - timedelta(days=5))
        await exchanged(journey, bank)
        driver = await journey.driver()
        await journey.says(driver, f"/my/invoices/{invoice}", "is collected from your bank account on")
        journey.turn_to(await journey.value("SELECT due_on FROM collection"))
        await exchanged(journey, bank)
        driver = await journey.driver()
        await journey.says(driver, "/my/bank-account", "-00001-1 40,00 .* collected")
        await journey.says(driver, f"/my/invoices/{invoice}", "paid")
        await journey.says(driver, charge, "40,00")
        assert (await driver.get(f"{charge}/receipt.pdf")).content.startswith(b"%PDF-")
        assert (await driver.get(f"/my/invoices/{invoice}.pdf")).content.startswith(b"%PDF-")

        await journey.says(await journey.desk(), f"/console/payments?rail={bank.scheme}", "anna")
        await gives_back(journey, await journey.payment())
        await exchanged(journey, bank)
        journey.turn_to(await journey.value("SELECT max(due_on) FROM collection"))
        await exchanged(journey, bank)
        given_back = "Taken 40,00 .* Refunded 15,00 .* The refund was made"
        await journey.says(await journey.desk(), await journey.payment(), given_back)
        assert "Nothing to look at here" in await journey.compared()
        assert bank.balance_minor == await bank_account(journey, bank.currency) == PRICE_MINOR - BACK_MINOR
        journey.turn_to(journey.today + timedelta(days=14))
        assert await journey.sends(await journey.desk(), "/console/bank-files/write", scheme=bank.scheme) == (
            "/console/bank-files"
        ), "what people gave back is not collected again by itself"


async def test_a_plan_is_chosen_used_debited_from_a_card_by_the_month_shown_and_refunded(database, tmp_path):
    async with journey_on(database, tmp_path) as journey:
        offered = await journey.sends(await journey.desk(), "/console/plans/new", **{**PLAN, "trial_days": "0"})
        plan = offered.rpartition("/")[2]
        driver = await journey.driver()
        page = await journey.sends(driver, "/my/paying/add", rail="card")
        await journey.sends(driver, page, card="good", do="pay")
        card = shown("crd", await until(lambda: journey.value("SELECT id FROM payment_method")))
        await journey.sends(driver, "/my/paying", first=card, when="month", gather="0")
        await journey.sends(driver, "/my/plan", wish="begin", plan=plan)
        charge = await journey.charges()
        invoice = await journey.makes_invoices()
        gross_minor = await journey.value("SELECT gross_minor FROM invoice")
        fee_minor = await journey.value("SELECT gross_minor FROM invoice_line WHERE subscription_id IS NOT NULL")
        assert 0 < fee_minor <= 99_00, "to the day"
        assert gross_minor == PRICE_MINOR + fee_minor
        waiting = await journey.reads(await journey.driver(), f"/my/invoices/{invoice}")
        assert "Monthly fee, Plus" in waiting
        assert "You need not do anything" in waiting

        journey.turn_to(journey.today + timedelta(days=4))
        await journey.strikes(ways_jobs.DEBIT_INVOICES)
        driver = await journey.driver()
        await journey.says(driver, f"/my/invoices/{invoice}", "paid")
        assert (await driver.get(f"/my/invoices/{invoice}.pdf")).content.startswith(b"%PDF-")
        await journey.says(driver, charge, "40,00")
        await journey.says(await journey.desk(), "/console/payments?purpose=invoice", "anna")
        payment = await journey.payment()
        await gives_back(journey, payment)
        await journey.says(await journey.desk(), payment, "Refunded 15,00")
        assert "Nothing to look at here" in await journey.compared()
        journey.turn_to(journey.today + timedelta(days=14))
        await journey.strikes(ways_jobs.DEBIT_INVOICES)
        taken = await journey.value("SELECT sum(captured_minor - refunded_minor) FROM payment")
        assert taken == gross_minor - BACK_MINOR, "what people gave back is not debited again by itself"


async def test_an_invoice_is_paid_by_its_reference_through_the_bank_shown_and_refunded(database, tmp_path):
    async with journey_on(database, tmp_path, invoice_bankgiro="5050-1055") as journey:
        await journey.sends(await journey.driver(), "/my/paying", first="invoice", when="month", gather="0")
        charge = await journey.charges()
        invoice = await journey.makes_invoices()
        reference = await journey.value("SELECT reference FROM invoice")
        assert reference in await journey.reads(await journey.driver(), f"/my/invoices/{invoice}")
        desk = await journey.desk()
        fields = {"way": "bankgiro", "received_on": f"{journey.today}", "amount": "40,00", "reference": reference}
        form = (await desk.get("/console/deposits/new")).text
        fields |= hidden(form, "form_key")
        looked_up = (await desk.post("/console/deposits/new", data=fields)).text
        fields |= hidden(looked_up, "looked_up") | {"invoice": invoice}
        await journey.sends(desk, "/console/deposits/new", **fields)
        await journey.rests()
        driver = await journey.driver()
        await journey.says(driver, f"/my/invoices/{invoice}", "paid")
        assert (await driver.get(f"{charge}/receipt.pdf")).content.startswith(b"%PDF-")
        await journey.says(desk, "/console/payments?rail=bankgiro", "anna")
        await gives_back(journey, await journey.payment())
        await journey.says(desk, await journey.payment(), "Refunded 15,00")
        assert "Nothing to look at here" in await journey.compared()
        assert await bank_account(journey, "SEK") == PRICE_MINOR - BACK_MINOR


async def test_a_prepaid_card_goes_from_its_sheet_to_a_charge_and_back_to_the_balance(database, tmp_path):
    async with journey_on(database, tmp_path) as journey:
        desk, driver = await journey.desk(), await journey.driver()
        batch = {"name": "Kiosken", "cards": "1", "amount": "100", "purpose": "multi", "vat_percent": "25"}
        address = await journey.sends(desk, "/console/prepaid/new", **batch)
        sheet = (await desk.post(f"{address}/sheet", data={"as": "csv"})).content.decode("utf-8-sig")
        code = next(csv.DictReader(StringIO(sheet)))["code"]
        await journey.sends(desk, f"{address}/activate", first="1", last="1")
        await journey.sends(driver, "/my/wallet/redeem", code=code)
        await journey.sends(driver, "/my/paying", first="wallet", when="charge", gather="0")
        charge = await journey.charges()
        await journey.says(driver, "/my/wallet", "60,00 kr")
        await journey.says(driver, "/my/wallet/history", "Charge at CP1 .*40,00.* Prepaid card .*100,00")
        assert (await driver.get(f"{charge}/receipt.pdf")).content.startswith(b"%PDF-")

        await journey.says(desk, "/console/payments?rail=wallet", "anna")
        await gives_back(journey, await journey.payment("session"))
        await journey.says(desk, await journey.payment("session"), "Refunded 15,00")
        await journey.says(driver, "/my/wallet", "75,00 kr")
        assert "Nothing to look at here" in await journey.compared()


async def test_a_consent_in_swish_is_given_debited_at_the_end_of_a_charge_shown_and_refunded(database, tmp_path):
    async with journey_on(database, tmp_path) as journey:
        driver = await journey.driver()
        await journey.sends(driver, "/my/paying/add", rail="swish")
        token = await until(lambda: journey.value("SELECT token FROM swish_attempt WHERE token <> ''"))
        await journey.sends(driver, f"/sandbox/swish/{token}", mood="good", do="approve")
        consent = shown("crd", await until(lambda: journey.value("SELECT id FROM payment_method")))
        await journey.sends(driver, "/my/paying", first=consent, when="charge", gather="0")
        charge = await journey.charges()
        await journey.says(driver, "/my/paying", "Charge at .*40,00 kr .*Swish.* paid")
        await journey.says(driver, charge, "40,00")
        assert (await driver.get(f"{charge}/receipt.pdf")).content.startswith(b"%PDF-")

        desk = await journey.desk()
        await journey.says(desk, "/console/payments?rail=swish&purpose=session", "anna")
        await gives_back(journey, await journey.payment("session"))
        await journey.says(desk, await journey.payment("session"), "Refunded 15,00")
        await journey.says(driver, "/my/paying", "15,00 kr went back")
        assert "Nothing to look at here" in await journey.compared()


def hidden(page: str, name: str) -> dict[str, str]:
    """What a form carries along."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return {name: found[1]}

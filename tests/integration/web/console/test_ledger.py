"""The ledger's pages: the operator's own chart of accounts."""

from __future__ import annotations

from laddverk.kernel.actors import Role
from laddverk.ledger import service as ledger
from tests.integration.web.console.conftest import NOW, SignedIn, World


async def test_accounts_are_shown_by_the_numbers_of_the_operators_own_books(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    saved = await browser.send("/console/ledger/chart", number_1510="1512", name_1510="Laddkunder", number_1930="")
    assert saved.status_code == 303
    for page in ("/console/ledger", "/console/ledger/1510", "/console/ledger/chart"):
        text = (await browser.open(page)).text
        assert "1512" in text, page
        assert "Laddkunder" in text, page
    await browser.send("/console/ledger/chart", number_1510="", name_1510="")
    assert "Laddkunder" not in (await browser.open("/console/ledger")).text


async def test_a_wrong_number_is_named_and_nothing_is_saved(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.FINANCE)
    refused = await browser.send("/console/ledger/chart", number_1510="1512", number_1930="bank")
    assert refused.status_code == 422
    assert 'value="bank"' in refused.text
    assert "number_1930" in refused.text
    async with world.house.database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM ledger_chart") == 0


async def test_who_may_only_read_sees_no_fields(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    assert "<input" not in (await browser.open("/console/ledger/chart")).text.split("<main")[1].split("</main>")[0]
    assert (await browser.send("/console/ledger/chart", number_1510="1512")).status_code == 403


async def test_the_nightly_looks_are_listed(world: World, signed_in: SignedIn) -> None:
    async with world.house.database.transaction() as tx:
        await ledger.check_and_keep(tx, NOW)
    assert "Nightly looks" in (await (await signed_in(Role.FINANCE)).open("/console/ledger")).text

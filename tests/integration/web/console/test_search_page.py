"""The search page: what a person types and sends leads to chargers, people, tags, and the latest of each."""

from __future__ import annotations

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import shown
from tests.integration.web.console.conftest import SignedIn, World


async def test_a_charger_is_found_with_its_site_and_its_latest_sessions(world: World, signed_in: SignedIn) -> None:
    page = (await (await signed_in()).open("/console/search?q=hamngatan")).text
    assert shown("sta", world.station) in page
    assert world.session in page, "the latest sessions of what is found stand below"


async def test_people_are_found_by_the_beginnings_of_their_names_in_any_order(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in()
    for text in ("Ada", "öberg a", "ÖBE", "ada+öberg"):
        page = (await browser.open(f"/console/search?q={text}")).text
        assert shown("drv", world.driver) in page, text
        assert world.session in page, text
    for text in ("berg", "ada andersson", "%25", "'", "!", "&", "\\"):
        assert shown("drv", world.driver) not in (await browser.open(f"/console/search?q={text}")).text, text


async def test_a_tag_is_found_by_how_its_number_begins(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in()
    for text in ("04a3", "04A37F2C"):
        assert "04A37F2C" in (await browser.open(f"/console/search?q={text}")).text, text
    for text in ("37F2", "04_3", "0%25"):
        assert ">04A37F2C<" not in (await browser.open(f"/console/search?q={text}")).text, text


async def test_nothing_is_said_to_be_nothing(signed_in: SignedIn) -> None:
    assert "Nothing was found" in (await (await signed_in()).open("/console/search?q=zzqx")).text


async def test_a_host_finds_no_person_by_it(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SITE_HOST, world.site)
    for text in ("Ada", "04A3"):
        page = (await browser.open(f"/console/search?q={text}")).text
        assert "Ada Öberg" not in page, text
        assert "04A37F2C" not in page, text

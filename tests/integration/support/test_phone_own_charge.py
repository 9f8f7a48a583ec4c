"""Who paid without an account is nobody that the phone knows: by the number on the page of their charge they are."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from bench._support_acts import Trouble, charging, over_and_paid
from bench._support_troubles import EVENTS
from bench._support_ways import ITS_NUMBER, Answer, Phone
from bench._support_world import Bay, Visitor, World, words_of, world_on
from laddverk.kernel.ids import new_id
from laddverk.platform.database import Database
from laddverk.support.phone import proving, store
from laddverk.support.phone.menu import TRIES_MAX
from laddverk.support.phone.model import Call, Menu, Place
from tests.integration.support import field

OFFERED: Final = "If you have paid here or charge here, press one"
DECLINED: Final = "Your bank declined the card"
SUM: Final = re.compile(r"\d+[.,]\d\d|SEK|\bkr\b")
COMMANDS: Final = "SELECT count(*) FROM command WHERE kind = 'stop_charging' AND station_id = $1"


@asynccontextmanager
async def guest(world: World, charge: str = "") -> AsyncIterator[Visitor]:
    """Somebody without an account, who has the page of a charge open."""
    visitor = Visitor(world)
    world.drivers += 1
    visitor.sender, visitor.phone, visitor.charge = f"g{world.drivers}@example.com", f"+4671{world.drivers:07}", charge
    yield visitor
    await visitor.close()


@asynccontextmanager
async def call(bay: Bay, visitor: Visitor) -> AsyncIterator[tuple[Phone, Answer]]:
    """Call about the first outlet; who has the page of a charge keys in its number."""
    phone = Phone()
    try:
        yield phone, await phone.ask(Trouble(EVENTS["outlet-well"], bay, visitor, code=bay.codes[0]))
    finally:
        await phone.close()


async def test_of_a_payment_hears_who_has_its_page_and_nobody_else(database: Database, tmp_path: Path) -> None:
    """A stranger hears how the outlet is; wrong numbers lead to a person, and the right one to what helps."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay = await world.bay()
        async with guest(world) as her, guest(world) as stranger:
            async with call(bay, stranger) as (_phone, answer):
                assert OFFERED not in answer.text, "nobody has wished to charge there"
            await her.pay(bay.codes[0], card="declined")
            async with call(bay, stranger) as (phone, answer):
                assert (answer.situations, answer.buttons) == ({"outlet-well"}, set())
                assert OFFERED in answer.text
                assert "six digits" in await phone.key_in("1")
                number = ITS_NUMBER.search(words_of(await her.get(her.charge)))
                assert number is not None
                wrong = f"{(int(number[1] + number[2]) + 1) % 1_000_000:06}"
                for _try in range(TRIES_MAX - 1):
                    assert "No charge at this outlet has this number" in await phone.key_in(wrong)
                assert "Nobody can answer right now" in await phone.key_in(wrong)
            async with call(bay, her) as (phone, answer):
                assert (answer.situations, answer.buttons) == ({"card-declined"}, {"pay"})
                said = await phone.key_in("1")
                assert "Scan the code on the outlet once more" in said
            await her.pay(bay.codes[0])  # her own first try stands in nobody's way


async def test_nobody_guesses_the_number_of_a_charge_by_ringing_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many tries at an outlet within a day, in all calls together; then its page is the way."""
    monkeypatch.setattr(proving, "TRIES_AT_OUTLET_MAX", 2)
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay = await world.bay()
        async with guest(world) as her, guest(world) as stranger:
            await her.pay(bay.codes[0], card="declined")
            number = ITS_NUMBER.search(words_of(await her.get(her.charge)))
            assert number is not None
            asked = Call(
                id=new_id(), key="x", provider="46elks", started_at=world.clock(), station_id=bay.station_id,
                evse_number=1, menu=Menu(place=Place.PROVE),
            )  # fmt: skip

            async def proves(keys: str) -> bool:
                async with world.house.database.transaction() as tx:
                    return (await proving.proved(tx, world.house, asked, keys, world.clock())).menu.is_proven

            assert await proves(number[1] + number[2]), "the right number is a try too"
            async with call(bay, stranger) as (phone, answer):
                assert OFFERED in answer.text
                await phone.key_in("1")
                assert "Nobody can answer right now" in await phone.key_in("000000"), "it was the last"
            assert not await proves(number[1] + number[2]), "who was asked before has no more tries either"
            async with call(bay, stranger) as (_phone, answer):
                assert OFFERED not in answer.text


async def test_who_says_nothing_has_not_tried(database: Database, tmp_path: Path) -> None:
    """A carrier's word for a silence is no number: nobody hears that it is wrong, and none of the tries is used up."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay = await world.bay()
        async with guest(world) as her, guest(world) as stranger:
            await her.pay(bay.codes[0], card="declined")
            async with call(bay, stranger) as (phone, _answer):
                assert "six digits" in await phone.key_in("1")
                assert "Nobody can answer right now" in await phone.say_nothing()
            async with world.house.database.transaction() as tx:
                assert await store.tries_at(tx, bay.station_id, 1, world.clock() - proving.SINCE) == 0


async def test_of_many_calls_at_the_same_time_only_so_many_may_try(database: Database) -> None:
    """Each waits for the one before, and counts it; a day later there are as many again."""
    now = field.NOW
    async with database.transaction() as tx:
        station_id = await field.outlet(tx, "GBG-014-1")

    async def tries(at: datetime) -> bool:
        async with database.transaction() as tx:
            return await store.tried(tx, station_id, 1, at, at - proving.SINCE, 3)

    assert sum(await asyncio.gather(*(tries(now) for _call in range(8)))) == 3
    assert not await tries(now + proving.SINCE - timedelta(seconds=1))
    later = now + proving.SINCE + timedelta(seconds=1)
    assert sum(await asyncio.gather(*(tries(later) for _call in range(8)))) == 3


async def test_who_has_the_page_of_a_charge_stops_it_and_hears_of_its_money(database: Database, tmp_path: Path) -> None:
    """By keys what the page does; of money how it stands, and no sum aloud. Another outlet is not proved by it."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, other = await world.bay(), await world.bay()
        async with guest(world) as her:
            await charging(bay, her)
            async with call(bay, her) as (phone, answer):
                assert (answer.situations, answer.buttons) == ({"charging-well"}, {"stop"})
                said = await phone.key_in("6")
                assert "Your charge is still going on" in said
                await phone.key_in("2")
                assert "We have asked the charger to stop" in await phone.key_in("1")
                await phone.key_in("2")
                await phone.key_in("7")
                await phone.key_in(f"{''.join(each for each in other.codes[0] if each.isdigit())}#")
                said = await phone.key_in("1")
                assert not SUM.search(said)
                assert "press one" not in said, "nobody wished to charge there"
            assert await world.value(COMMANDS, bay.station_id) == 1
        async with guest(world) as she:
            await over_and_paid(other, she)
            async with call(other, she) as (phone, _answer):
                said = await phone.key_in("6")
            assert "Your last charge is over, and its price is known. Only what you charged has been drawn" in said
            assert "What it cost stands on the page of the charge" in said
            assert not SUM.search(said)


async def test_who_has_the_page_of_a_charge_that_has_not_begun_hears_of_no_other(
    database: Database, tmp_path: Path
) -> None:
    """The number that calls is an account's, with a charge of its own: the page that was shown is of another."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, other = await world.bay(), await world.bay()
        async with guest(world) as owner, guest(world) as her:
            await owner.sign_in()
            await over_and_paid(other, owner)
            await her.pay(bay.codes[0], card="declined")
            number = ITS_NUMBER.search(words_of(await her.get(her.charge)))
            assert number is not None
            async with call(other, owner) as (phone, _answer):
                assert "Your last charge is over, and its price is known" in await phone.key_in("6")
            async with call(bay, owner) as (phone, answer):
                if OFFERED not in answer.text:  # it began with the owner's own charge
                    await phone.key_in("7")
                    await phone.key_in(f"{''.join(each for each in bay.codes[0] if each.isdigit())}#")
                    assert OFFERED in await phone.key_in("1")
                await phone.key_in("1")
                assert DECLINED in await phone.key_in(number[1] + number[2])
                said = await phone.key_in("6")
                assert "Your charge has not begun" in said
                assert "last charge" not in said


async def test_of_a_tag_that_nobody_has_everybody_hears_and_of_an_accounts_tag_nobody(
    database: Database, tmp_path: Path
) -> None:
    """A tag that we do not know is in no account: who holds it hears why, and may be anybody."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, other = await world.bay(), await world.bay()
        async with guest(world) as stranger:
            await EVENTS["tag-refused unknown"].make(bay, stranger)
            async with call(bay, stranger) as (_phone, answer):
                assert answer.situations == {"tag-refused unknown"}
            async with guest(world) as owner:
                await EVENTS["tag-refused blocked"].make(other, owner)
            async with call(other, stranger) as (_phone, answer):
                assert not any(each.startswith("tag-refused") for each in answer.situations)

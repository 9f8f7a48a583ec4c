"""Calls about money, callers from abroad, and hours in which nobody of ours answers; by the protocol of 46elks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from laddverk.platform.database import Database
from laddverk.support import queries
from laddverk.support.phone import queries as phone_queries
from laddverk.support.promising import managing
from laddverk.support.promising.hours import Hours
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Tariff
from tests.integration.support.phone_world import HERS, Desk, a_driver, desk_on, said, until
from tests.integration.support.test_phone import charges, says, the_call, until_ended
from tests.network import ACTOR, ask

STRANGER = "+46709999999"
SUM = re.compile(r"\d+[.,]\d\d|SEK|kr")
SATURDAY = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # eight o'clock in Stockholm


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_on(database, tmp_path) as made:
        yield made


async def priced(desk: Desk) -> None:
    """Ten kronor a kilowatt-hour for everybody."""
    tariff = Tariff(currency="SEK", components=(Component(dimension=Dimension.ENERGY, price=Decimal(10)),))
    since = desk.network.house.clock() - timedelta(days=1)
    async with desk.network.house.database.transaction() as tx:
        made = await tariffs.create(tx, ACTOR, "Ten", tariff, since)
        await tariffs.choose(tx, ACTOR, made.tariff_id, since)


async def texts(desk: Desk, number: str = HERS) -> list[str]:
    async with desk.network.house.database.transaction() as tx:
        rows = await tx.rows("SELECT body FROM text_message WHERE phone = $1 ORDER BY created_at", number)
    return [row["body"] for row in rows]


async def works_on_weekdays(desk: Desk, *closes: str) -> None:
    """From eight to five, Monday to Friday."""
    given = Hours(name="Office", days=(((480, 1020),),) * 5 + ((), ()), closes=closes)
    async with desk.network.house.database.transaction() as tx:
        await managing.save_hours(tx, ACTOR, given, SATURDAY)


def at(desk: Desk, instant: datetime) -> None:
    desk.network.house.clock = lambda: instant


async def test_by_a_key_the_last_charge_is_told_without_sums_and_texted_with_them_to_its_account(desk: Desk) -> None:
    """A number is forged easily: aloud no sum and no place is said; the owner of the account's number reads both."""
    await a_driver(desk.network)
    await priced(desk)
    async with desk.network.socket("TST-1") as socket:
        number = await charges(socket, desk)
        call = desk.carrier.dial(HERS)
        heard = await desk.hears(call, "About money or a receipt, press six")
        assert "Welcome to" in heard
        desk.carrier.press(call, "6")
        assert not SUM.search(await desk.hears(call, "Your charge is still going on"))
        desk.carrier.press(call, "1")
        await desk.hears(call, "Thank you for calling")
        await until_ended(desk)
        stop = {"transactionId": number, "meterStop": 9000, "timestamp": desk.network.house.clock().isoformat()}
        await ask(socket, "StopTransaction", stop)
        await says(socket, "Available", desk)
        await desk.network.house.worker.run_until_idle()
        for _time in range(2):
            call = desk.carrier.dial(HERS)
            await desk.hears(call, "press six")
            desk.carrier.press(call, "6")
            heard = await desk.hears(call, "Your last charge is over, and its price is known")
            assert "text message that we have sent to the number of your account" in heard
            assert not SUM.search(heard)
            desk.carrier.hang_up(call)
            await until_ended(desk)
    running, over = await texts(desk)
    assert "/my/sessions/ses_" in running
    assert "8,0 kWh at Test" in over
    assert "80,00" in over
    link = re.search(r"https?://[^/ ]+(/receipts/\S+)", over)
    assert link is not None
    receipt = await desk.client.get(link[1])
    assert (receipt.status_code, receipt.headers["content-type"]) == (200, "application/pdf")
    deed = await desk.network.value("SELECT deed FROM support_contact ORDER BY at DESC LIMIT 1")
    assert deed == "charge_cost"


async def test_whoever_has_no_account_chooses_a_language_at_once_and_hears_of_money_what_holds_for_all(
    desk: Desk,
) -> None:
    """The language comes first, by one key; of money is told how cards and Swish do, and nothing is texted."""
    await a_driver(desk.network)
    call = desk.carrier.dial(STRANGER)
    assert (await desk.hears(call, "For English, press nine")).startswith("For English, press nine.")
    desk.carrier.press(call, "9")
    await desk.hears(call, "About a charger, press one")
    desk.carrier.press(call, "6")
    heard = await desk.hears(call, "If you paid by card")
    assert "If you paid by Swish" in heard
    desk.carrier.press(call, "2")
    await desk.hears(call, "Key in the number")
    desk.carrier.press(call, "0")
    await desk.hears(call, "Nobody can answer right now")
    desk.carrier.press(call, "1")
    await desk.hears(call, "We call you back. Goodbye.")
    await until_ended(desk, STRANGER)
    assert await texts(desk, STRANGER) == []
    kept = await the_call(desk, STRANGER)
    assert kept.case_id is not None
    async with desk.network.house.database.transaction() as tx:
        case = await queries.case(tx, None, kept.case_id)
    assert case is not None
    assert (case.kind, case.session_id) == ("refund", None), "who answers knows that it is about money"

    abroad = desk.carrier.dial("+4917012345678")
    assert "Welcome to" in await desk.hears(abroad, "For Swedish, press nine")
    withheld = desk.carrier.dial("")
    await desk.hears(withheld, "Välkommen")
    for each in (abroad, withheld):
        desk.carrier.hang_up(each)


async def test_outside_its_hours_the_phone_helps_and_promises_a_call_when_we_are_back(desk: Desk) -> None:
    """Somebody is there by chance on Saturday night: nobody is queued, and a call is promised for Monday morning."""
    await a_driver(desk.network)
    await works_on_weekdays(desk, "phone")
    at(desk, SATURDAY)
    await desk.present()
    async with desk.network.socket("TST-1") as socket:
        await charges(socket, desk)
        call = desk.carrier.dial(HERS)
        assert "press five" in await desk.hears(call, "Welcome"), "the menu goes on solving"
        desk.carrier.press(call, "0")
        await desk.hears(call, "We are closed now, and back on Monday at 08:00.")
        desk.carrier.press(call, "1")
        await desk.hears(call, "We call you back on Monday at 08:00, or soon after.")
        await until(call.is_over.is_set, lambda: said(call))
        await until_ended(desk)
    kept = await the_call(desk)
    assert (kept.callback_due_at, kept.queued_at) == (MONDAY, None)
    async with desk.network.house.database.transaction() as tx:
        (row,) = await phone_queries.to_call_back(tx, None)
        entries: list[Any] = await queries.timeline(tx, row.case_id)  # type: ignore[arg-type]
    assert row.callback_due_at == MONDAY
    assert [one.params["when"] for one in entries if "promised a call from" in one.text] == ["2026-11-23 08:00"]

    at(desk, MONDAY + timedelta(minutes=1))
    await desk.present()
    call = desk.carrier.dial(STRANGER)
    await desk.hears(call, "Välkommen")
    desk.carrier.press(call, "0")
    await desk.hears(call, "nummer 1 i kön")
    at(desk, MONDAY + timedelta(hours=9, minutes=1))  # the door closes while somebody waits who is still answered
    await desk.present()
    before = len(call.lines)
    await until(lambda: len(call.lines) > before + 1, lambda: said(call))
    assert "nummer 1 i kön" in said(call).rsplit("voice:", 1)[1]
    desk.carrier.hang_up(call)

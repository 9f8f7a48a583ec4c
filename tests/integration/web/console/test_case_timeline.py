"""The one timeline of a case: what people said, and what charger, contact, tags and payment did around it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, parsed, shown
from laddverk.support import happening
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.test_cases import opened
from tests.integration.web.journey import plain

STATE = """
INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, same_since, status,
                             error_code, received_at)
VALUES ($1, $2, 1, $3, $4, $3, $5, $6, $3)
"""
SAID = """
INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, same_since, status,
                             vendor_error_code, info, received_at)
VALUES ($1, 1, 1, $2, $3, $2, 'available', $4, $5, $2)
"""
LINK = """
INSERT INTO station_connection (station_id, epoch, connected_at, disconnected_at, close_reason, protocol,
                                remote_address)
VALUES ($1, $2, $3, $4, 'gone', 'ocpp1.6', '10.0.0.1')
"""
TAG = """
INSERT INTO authorisation (station_id, id, at, received_at, token_uid, driver_id, status, reason)
VALUES ($1, $2, $3, $3, 'ABCD', $4, 'Blocked', '')
"""
PAID = "INSERT INTO payment_event (id, payment_id, at, kind, amount_minor) VALUES ($1, $2, $3, $4, 10000)"


async def test_what_machines_did_around_a_case_stands_between_what_people_said(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.ADMIN)
    path = await opened(browser, station=shown("sta", world.station), evse="1", text="It blinks", payment=world.payment)
    before = NOW - timedelta(minutes=5)
    async with world.house.database.transaction() as tx:
        await tx.execute("DELETE FROM connector_state")
        await tx.execute(STATE, world.station, 1, before, "a", "preparing", None)
        await tx.execute(STATE, world.station, 1, before, "b", "faulted", "GroundFailure")
        await tx.execute(STATE, world.station, 2, before, "c", "faulted", "OverCurrentFailure")
        await tx.execute(STATE, world.station, 1, NOW - timedelta(days=3), "d", "faulted", "HighTemperature")
        for n in range(happening.EACH_MAX + 5):
            at = before + timedelta(seconds=n)
            await tx.execute(STATE, world.station, 1, at, f"e{n}", "suspended_ev", None)
        await tx.execute(LINK, world.station, 9_001, NOW - timedelta(days=4), before)
        await tx.execute(LINK, world.station, 9_002, before + timedelta(minutes=1), None)
        await tx.execute(TAG, world.station, new_id(), before, None)
        await tx.execute(TAG, world.station, new_id(), before, world.driver)
        await tx.execute("DELETE FROM payment_event")
        for kind in ("authorised", "captured", "refunded"):
            await tx.execute(PAID, new_id(), UUID(world.payment.removeprefix("pay_")), before, kind)
    page = (await browser.open(path)).text
    text = plain(page)
    for said in (
        "It blinks", "Contact with the charger was lost", "The charger has contact again",
        "A tag was shown, and refused: it is blocked", "The amount was reserved: ", "The amount was taken: ",
        "The refund was made: ",
    ):  # fmt: skip
        assert said in text, said
    assert "OverCurrentFailure" not in text, "another outlet is another's matter"
    assert "HighTemperature" not in text, "three days ago is another matter"
    assert "GroundFailure" in text, "no fault drowns in what came after it"
    assert text.count("The car takes no current") == happening.EACH_MAX
    assert "The outlet's state changed more often; only the last 25 changes stand here" in text
    assert "The outlet had more errors" not in text
    small = re.findall(r'<li class="event is-(\w+) by-\w+ is-small"', page)
    assert set(small) == {"plain"}


async def test_a_fault_is_a_turning_point_and_never_small(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    path = await opened(browser, station=shown("sta", world.station), evse="1", text="It blinks")
    async with world.house.database.transaction() as tx:
        await tx.execute(STATE, world.station, 1, NOW, "f", "faulted", "GroundFailure")
    page = (await browser.open(path)).text
    event = next(part for part in page.split("<li ") if "GroundFailure" in part)
    assert 'class="event is-broken by-machine"' in event
    assert "Outlet 1: Out of order" in event


async def test_words_of_a_charger_that_is_well_are_no_fault(world: World, signed_in: SignedIn) -> None:
    browser = await signed_in(Role.SUPPORT)
    path = await opened(browser, station=shown("sta", world.station), evse="1", text="It blinks")
    async with world.house.database.transaction() as tx:
        await tx.execute(SAID, world.station, NOW, "g", "0x0000", "Ready for a car")
        await tx.execute(SAID, world.station, NOW + timedelta(minutes=1), "h", "E-42", "Lid open")
    events = (await browser.open(path)).text.split("<li ")
    well = next(part for part in events if "Ready for a car" in part)
    assert 'class="event is-plain by-machine is-small"' in well
    assert "0x0000" not in well
    broken = next(part for part in events if "E-42" in part)
    assert 'class="event is-broken by-machine"' in broken
    assert "E-42 · Lid open" in plain(broken)


async def test_the_payment_of_a_case_stands_there_though_its_driver_paid_anew(
    world: World, signed_in: SignedIn
) -> None:
    browser = await signed_in(Role.ADMIN)
    path = await opened(browser, station=shown("sta", world.station), evse="1", text="It blinks", payment=world.payment)
    case_id = parsed("cas", path.rpartition("/")[2])
    own, other = UUID(world.payment.removeprefix("pay_")), new_id()
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, provider, state, currency, amount_minor, created_at, updated_at)"
            " VALUES ($1, 'session', 'card', 'created', 'SEK', 10000, $2, $2)",
            other, NOW,
        )  # fmt: skip
        await tx.execute(PAID, new_id(), other, NOW, "authorised")
        where = happening.Around(
            station_id=None, evse_number=0, since=NOW, until=NOW, payment_id=other, driver_id=None
        )  # fmt: skip
        rows = await happening.everything(tx, case_id, where)
    shown_of = {(row.source, row.id) for row in rows if row.source in ("payment", "money")}
    assert shown_of == {("payment", own), ("money", None)}


async def test_that_more_happened_is_said_once(world: World, signed_in: SignedIn) -> None:
    """Contact that came and went, tags taken and refused, every outlet of a charger: no line stands there twice."""
    browser = await signed_in(Role.SUPPORT)
    path = await opened(browser, station=shown("sta", world.station), text="It blinks")
    async with world.house.database.transaction() as tx:
        await tx.execute("DELETE FROM connector_state")
        for n in range(happening.EACH_MAX + 5):
            at, then = NOW - timedelta(minutes=90 - 2 * n), NOW - timedelta(minutes=89 - 2 * n)
            await tx.execute(LINK, world.station, 9_000 + n, at, then)
            await tx.execute(TAG, world.station, new_id(), at, None)
            await tx.execute(TAG.replace("Blocked", "Accepted"), world.station, new_id(), then, None)
            for evse in (1, 2):
                await tx.execute(STATE, world.station, evse, at, f"s{n}", "suspended_ev", None)
                await tx.execute(STATE, world.station, evse, then, f"f{n}", "faulted", "GroundFailure")
    text = plain((await browser.open(path)).text)
    for said in (
        "Contact was lost and came back more often; only the last 25 times stand here",
        "Tags were shown more often; only the last 25 times stand here",
        "Tags were refused more often; only the last 25 times stand here",
        "The outlet's state changed more often; only the last 25 changes stand here",
        "The outlet had more errors; only the last 25 stand here",
    ):
        assert text.count(said) == 1, said
    assert text.count("Contact with the charger was lost") == happening.EACH_MAX
    assert text.count("The charger has contact again") == happening.EACH_MAX

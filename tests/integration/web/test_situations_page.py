"""The page of a charge says what is wrong, and does what helps: more time, the other outlet, a cable let go."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from laddverk.ocpp import facts
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.payments.store import note
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.support.knowledge import shipping
from tests.integration.web.console.conftest import NOW, Browser, World
from tests.integration.web.console.conftest import plain_log as plain_log
from tests.integration.web.console.conftest import stranger as stranger
from tests.integration.web.console.conftest import world as world
from tests.integration.web.journey import plain
from tests.integration.web.test_failed_starts import charge_of, code_of
from tests.integration.web.test_paying_pages import pays, value


async def asked(world: World, stranger: Browser) -> str:
    """A charge that is paid, and that the charger has been asked for and said yes to; its address."""
    to_pay = await stranger.send(f"/u/{await code_of(world)}/pay", provider="card")
    await pays(world, to_pay.headers["location"])
    async with world.house.database.transaction() as tx:
        for queued in await stations.take_queued(tx, [world.station], NOW):
            accepted = CommandOutcome(verdict=Verdict.ACCEPTED, word="Accepted")
            await stations.record_outcome(tx, queued.id, accepted, NOW)
    return await charge_of(world)


def turn(world: World, seconds: float) -> None:
    """Let it be so much later."""
    world.house.clock = lambda: NOW + timedelta(seconds=seconds)


async def said(world: World, evse_number: int, status: str) -> None:
    """An outlet changes state now."""
    now = world.house.clock()
    report = facts.StatusReported(
        station_id=world.station, at=now, received_at=now, evse_number=evse_number, connector_number=1,
        status=facts.Status(status),
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await stations.record_statuses(tx, [report])


async def shown(stranger: Browser, address: str) -> str:
    return plain((await stranger.open(address)).text)


async def pressed(stranger: Browser, charge: str, button: str, **fields: Any) -> str:
    """Press a button; what the page says then."""
    answer = await stranger.send(f"{charge}/do/{button}", **fields)
    assert answer.status_code == 303, answer.text
    return await shown(stranger, answer.headers["location"])


async def test_who_has_no_cable_at_hand_is_told_and_gets_more_time(world: World, stranger: Browser) -> None:
    """The page says what it waits for; more time is given on a tap."""
    charge = await asked(world, stranger)
    before = await value(world, "SELECT expires_at FROM start_request")
    turn(world, 60)
    page = await shown(stranger, charge)
    assert "Push the cable firmly into both the outlet and the car" in page
    assert "I need more time" in page

    page = await pressed(stranger, charge, "wait_more")

    assert "You have a few more minutes." in page
    assert await value(world, "SELECT expires_at FROM start_request") > before


async def test_what_can_be_read_about_it_stands_on_the_page(world: World, stranger: Browser) -> None:
    """While something is wrong: articles about that, in the reader's language, which open from there."""
    charge = await asked(world, stranger)
    async with world.house.database.transaction() as tx:
        await shipping.ship(tx, NOW)
    turn(world, 5)
    assert "Read more:" not in await shown(stranger, charge), "nothing is wrong yet"

    turn(world, 60)
    english = (await stranger.open(charge)).text
    assert "Read more: How to start charging" in plain(english)
    article = await stranger.open(re.findall(r'href="(/help/articles/[^"]*)"', english)[0])
    assert "You need three things: a free outlet, a cable and a way to pay." in plain(article.text)
    stranger.client.cookies.set("language", "sv")
    assert "Läs mer: Så startar du en laddning" in await shown(stranger, charge)


async def test_who_took_the_wrong_outlet_starts_there_by_one_tap(world: World, stranger: Browser) -> None:
    """The cable is in the other outlet: the start goes there."""
    charge = await asked(world, stranger)
    turn(world, 30)
    await said(world, 2, "preparing")
    turn(world, 40)
    page = await shown(stranger, charge)
    assert "You started outlet HAM-001-1, but the cable is in outlet HAM-001-2." in page

    page = await pressed(stranger, charge, "swap")

    assert "We have asked the outlet where the cable is to start." in page
    assert await value(world, "SELECT evse_number FROM start_request") == 2
    asked_for = "SELECT command->>'evse_number' FROM command WHERE kind = 'start_charging' ORDER BY created_at DESC"
    assert await value(world, f"{asked_for} LIMIT 1") == "2"
    contact = "SELECT concat_ws(' ', channel, situation, deed) FROM support_contact"
    assert await value(world, contact) == "page wrong-outlet swap", "a time that somebody wanted help, and got it here"


async def test_a_cable_that_sticks_is_let_go_but_not_for_ever(world: World, stranger: Browser) -> None:
    """Only after the charge, only when the driver says so, and at most three times."""
    charge = await asked(world, stranger)
    turn(world, 60)
    token = await value(world, "SELECT token_uid FROM start_request")
    key = {"station_id": world.station, "transaction_key": "mine", "evse_number": 1, "connector_number": 1}
    async with world.house.database.transaction() as tx:
        await tx.execute("DELETE FROM command WHERE kind = 'unlock_connector'")
        began, ended = NOW + timedelta(seconds=20), NOW + timedelta(seconds=50)
        start = facts.SessionStarted(
            **key, at=began, received_at=began, said_at=began, content_key="s", token_uid=token, register_wh=1000
        )
        await sessions.record_starts(tx, [start])
    assert "Stop the charge first" in await shown(stranger, f"{charge}?wrong=cable")
    assert "does not help" not in await pressed(stranger, charge, "unlock", wrong="cable")
    assert await value(world, "SELECT count(*) FROM command WHERE kind = 'unlock_connector'") == 0

    async with world.house.database.transaction() as tx:
        end = facts.SessionEnded(**key, at=ended, received_at=ended, said_at=ended, content_key="e", register_wh=3000)
        await sessions.record_ends(tx, [end])
    await said(world, 1, "finishing")
    page = await shown(stranger, f"{charge}?wrong=cable")
    assert "do not pull before you hear a click" in page
    for _time in range(3):
        assert "We have asked the charger to let go" in await pressed(stranger, charge, "unlock", wrong="cable")
    assert "asked several times" in await pressed(stranger, charge, "unlock", wrong="cable")
    assert await value(world, "SELECT count(*) FROM command WHERE kind = 'unlock_connector'") == 3


async def test_a_charge_that_we_ended_for_its_money_says_so_once(world: World, stranger: Browser) -> None:
    """Whoever reserved too little is told why it ended, and how to go on."""
    charge = await asked(world, stranger)
    turn(world, 120)
    key = {"station_id": world.station, "transaction_key": "mine", "evse_number": 1, "connector_number": 1}
    began, ended = NOW + timedelta(seconds=20), NOW + timedelta(seconds=90)
    async with world.house.database.transaction() as tx:
        token = await tx.value("SELECT token_uid FROM start_request")
        start = facts.SessionStarted(
            **key, at=began, received_at=began, said_at=began, content_key="s", token_uid=token, register_wh=1000
        )
        await sessions.record_starts(tx, [start])
        end = facts.SessionEnded(
            **key, at=ended, received_at=ended, said_at=ended, content_key="e", register_wh=9000, reason="Remote"
        )
        await sessions.record_ends(tx, [end])
        payment = await tx.value("SELECT payment_id FROM start_request")
        await note(tx, payment, "spent", NOW)

    page = await shown(stranger, charge)

    assert "was soon used up, so we asked the charger to stop after 8" in page
    assert page.count("used up") == 2, "in the sentence and its explanation, and not told a third time"


async def test_what_the_situation_does_not_offer_is_not_done(world: World, stranger: Browser) -> None:
    """A page that is old, or a form that somebody wrote, does nothing."""
    charge = await asked(world, stranger)
    turn(world, 60)

    assert "not what helps here any more" in await pressed(stranger, charge, "unlock")
    assert "not what helps here any more" in await pressed(stranger, charge, "stop")
    assert (await stranger.send(f"{charge}/do/dance")).status_code == 404
    assert (await stranger.send("/s/unknown/do/unlock")).status_code == 404
    assert "&lt;" not in (await stranger.open(f"{charge}?wrong=<script>")).text
    assert await value(world, "SELECT count(*) FROM command WHERE requested_by = 'anonymous' AND kind <> 'x'") == 0


async def test_who_is_refused_has_wanted_help_all_the_same(world: World, stranger: Browser) -> None:
    """A press that does not help any more is a time that somebody wanted help, with nothing done."""
    charge = await asked(world, stranger)
    turn(world, 60)

    assert "not what helps here any more" in await pressed(stranger, charge, "unlock")
    assert "not what helps here any more" in await pressed(stranger, charge, "pay")

    contact = "SELECT string_agg(concat_ws(' ', channel, situation, deed), ', ') FROM support_contact"
    assert await value(world, contact) == "page paid-no-plug "
    assert await value(world, "SELECT count(*) FROM start_request WHERE cancelled_at IS NULL") == 1

    await pressed(stranger, charge, "wait_more")
    assert await value(world, contact) == "page paid-no-plug wait_more"


async def test_who_stops_a_charge_that_is_well_wants_no_help(world: World, stranger: Browser) -> None:
    """Of a situation in which nothing is wrong no contact is made, unless its driver says that something is."""
    charge = await asked(world, stranger)
    assert await shown(stranger, charge)
    await pressed(stranger, charge, "stop")
    assert await value(world, "SELECT count(*) FROM support_contact") == 0
    await pressed(stranger, charge, "stop", wrong="money")
    assert await value(world, "SELECT count(*) FROM support_contact") == 1

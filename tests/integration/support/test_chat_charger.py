"""The chat with a charger on its socket: what is tapped happens at the outlet, and the chat says what came of it."""

from __future__ import annotations

from pathlib import Path

from bench._support_acts import charging
from bench._support_troubles import EVENTS
from bench._support_ways import START, Chat
from bench._support_world import Visitor, words_of, world_on
from bench.support import played
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database

COMMANDS = "SELECT string_agg(kind || ' ' || state, ', ' ORDER BY created_at) FROM command WHERE station_id = $1"


def log_of(page: str) -> str:
    return words_of(page.partition('id="chat-log"')[2].partition("</ol>")[0])


async def test_a_tap_in_the_chat_lets_a_stuck_cable_go_and_moves_a_start_to_where_the_cable_is(
    database: Database, tmp_path: Path
) -> None:
    """Who chats from the page of their charge is helped at the charger itself, in both versions of its protocol."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, visitor, chat = await world.bay(Protocol.V16), Visitor(world), Chat()
        trouble = await EVENTS["cable-stuck-at-charger"].happen(bay, visitor)
        assert bay.outlet(1).car is not None
        answer = await chat.ask(trouble)
        assert "cable-stuck-at-charger" in answer.situations
        await chat.press(trouble, "unlock")
        await world.pass_time(20)
        assert bay.outlet(1).car is None, "the lock has let go of it"
        assert "unlock_connector" in await world.value(COMMANDS, bay.station_id)
        said = log_of(await visitor.get(chat.path))
        assert "We have asked the charger to let go of the cable." in said
        deed = "SELECT concat_ws(' ', channel, situation, deed) FROM support_contact"
        assert await world.value(deed) == "chat cable-stuck-at-charger unlock"
        await visitor.close()
        await world.clear()

        came = await played(world, EVENTS["wrong-outlet"], Chat(), Protocol.V201)
        assert (came.diagnosed, came.solved, came.problem) == (True, True, ""), came
        assert (came.unsafe, came.money_wrong_minor, came.dead_end) == (0, 0, False)
        assert came.energy_s is not None


async def test_a_stranger_in_the_chat_moves_nothing_at_a_charger(database: Database, tmp_path: Path) -> None:
    """From the sticker alone one is told how the outlet is; a deed is refused, and the charger is asked for nothing."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, owner, stranger = await world.bay(Protocol.V16), Visitor(world), Visitor(world)
        await charging(bay, owner)
        before = await world.value(COMMANDS, bay.station_id)
        page = await stranger.post(START, **{"from": f"/u/{bay.codes[0]}", "tap": "say:cable"})
        refused = await stranger.post(page.url.path, tap="do:stop")
        assert refused.status_code == 409, refused.text
        await world.pass_time(10)
        assert bay.outlet(1).charging is not None
        assert await world.value(COMMANDS, bay.station_id) == before
        await owner.close()
        await stranger.close()

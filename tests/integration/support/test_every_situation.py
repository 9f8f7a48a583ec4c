"""Each text of the catalogue is made to happen at a simulated charger of a whole house, and its page tells it.

What is only told to callers whom nobody knows is told to one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bench._support_acts import Ending, charging
from bench._support_troubles import EVENTS
from bench._support_ways import WAYS, Page
from bench._support_world import ACTOR, Visitor, world_on
from bench.support import PROTOCOLS, UNSAFE, Result, played
from laddverk.ocpp.commands import AnyCommand, Reset, StartCharging, UnlockConnector
from laddverk.platform.database import Database
from laddverk.simulator.physics import complaints
from laddverk.stations import service as stations
from laddverk.support.situations.book import catalogue

PARTS: Final = 4  # so that they run side by side


def test_each_text_of_the_catalogue_is_made_to_happen() -> None:
    texts = {f"{each.key} {variant}".strip() for each in catalogue() for variant in each.texts["en"]}
    assert {event.told for event in EVENTS.values()} == texts


@pytest.mark.parametrize("part", range(PARTS))
async def test_each_is_told_when_it_happens_and_what_is_done_about_it_is_safe(
    database: Database, tmp_path: Path, part: int
) -> None:
    """The driver reads what is wrong and nothing else, presses what is offered, does what they are told."""
    wrong: list[Result] = []
    async with world_on(tmp_path, database_url=database.dsn) as world:
        for number, event in enumerate(list(EVENTS.values())[part::PARTS]):
            way = WAYS[event.ways[0]]() if event.ways else Page()
            came = await played(world, event, way, PROTOCOLS[number % 2])
            is_right = came.diagnosed and (came.solved or event.ending is Ending.HUMAN) and not came.dead_end
            if not is_right or came.problem or came.unsafe or came.money_wrong_minor:
                wrong.append(came)
    assert wrong == []


async def test_a_command_that_could_hurt_is_counted(database: Database, tmp_path: Path) -> None:
    """A cable let go and a restart in somebody's charge, a start where a protection tripped; none of it before."""
    async with world_on(tmp_path, database_url=database.dsn) as world:
        bay, visitor = await world.bay(), Visitor(world)
        began, counted = world.clock(), 0
        await charging(bay, visitor)

        async def count_after(wish: AnyCommand) -> int:
            async with world.house.database.transaction() as tx:
                await stations.request_command(tx, ACTOR, bay.station_id, wish, world.clock(), reason="a mistake")
            return int(await world.value(UNSAFE, bay.station_id, began))

        assert await world.value(UNSAFE, bay.station_id, began) == 0
        assert await count_after(UnlockConnector(evse_number=2, connector_number=1)) == 0, "nobody charges there"
        for wish in (UnlockConnector(evse_number=1, connector_number=1), Reset()):
            counted += 1
            assert await count_after(wish) == counted
        await bay.do(lambda charger, at: complaints.fail(charger, 2, complaints.EARTH, at))
        await world.pass_time(10)
        await world.until("it is found", "SELECT count(*) FROM finding WHERE severity = 0 AND cleared_at IS NULL")
        start = StartCharging(evse_number=2, connector_number=1, token_uid="X", remote_start_id=1)
        assert await count_after(start) == counted + 1
        await visitor.close()

"""Each situation of the catalogue is made to happen at a simulated charger of a whole house, and its page tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bench._support_troubles import TROUBLES
from bench._support_ways import Page
from bench._support_world import world_on
from bench.support import PROTOCOLS, Result, played
from laddverk.platform.database import Database
from laddverk.support.situations.book import catalogue

PARTS: Final = 3  # so that they run side by side


def test_each_situation_of_the_catalogue_can_be_made_to_happen() -> None:
    assert {each.key for each in catalogue()} == set(TROUBLES)


@pytest.mark.parametrize("part", range(PARTS))
async def test_each_is_told_when_it_happens_and_what_is_done_about_it_is_safe(
    database: Database, tmp_path: Path, part: int
) -> None:
    """The driver reads what is wrong, presses what is offered and does what they are told: it ends as it should."""
    wrong: list[Result] = []
    async with world_on(tmp_path, database_url=database.dsn) as world:
        for number, key in enumerate(list(TROUBLES)[part::PARTS]):
            came = await played(world, key, Page(), PROTOCOLS[number % 2])
            is_right = came.diagnosed and (came.solved or key == "nothing-seen") and not came.dead_end
            if not is_right or came.problem or came.unsafe or came.money_wrong_minor:
                wrong.append(came)
    assert wrong == []

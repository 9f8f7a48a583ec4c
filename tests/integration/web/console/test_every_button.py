"""The page of a case is drawn whatever its situation offers: none of the catalogue's buttons stops it."""

from __future__ import annotations

from datetime import datetime

import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import parsed, shown
from laddverk.platform.database import Transaction
from laddverk.support.agent import about
from laddverk.support.agent.meanings import MEANINGS
from laddverk.support.agent.model import Trouble
from laddverk.support.model import Case
from laddverk.support.situations.book import catalogue
from laddverk.support.situations.model import AgentButton, Situation
from tests.integration.web.console.conftest import SignedIn, World
from tests.integration.web.console.test_cases import opened


@pytest.fixture
def situation(monkeypatch: pytest.MonkeyPatch) -> list[Situation]:
    """Return a list whose only entry, where there is one, is what every case is taken to be in."""
    chosen: list[Situation] = []
    real = about.trouble_of

    async def told(tx: Transaction, case: Case, now: datetime) -> Trouble:
        trouble = await real(tx, case, now)
        return replace(trouble, told=replace(trouble.told, situation=chosen[0])) if chosen else trouble

    monkeypatch.setattr(about, "trouble_of", told)
    return chosen


async def test_every_situation_of_the_catalogue_and_every_button_can_be_drawn(
    world: World, signed_in: SignedIn, situation: list[Situation]
) -> None:
    browser = await signed_in(Role.ADMIN)
    path = await opened(browser, station=shown("sta", world.station), evse="1", email="bo@example.se")
    async with world.house.database.transaction() as tx:
        await tx.execute(
            "UPDATE support_case SET payment_id = $2 WHERE id = $1",
            parsed("cas", path.rpartition("/")[2]), parsed("pay", world.payment),
        )  # fmt: skip
    told: dict[tuple[AgentButton, ...], Situation] = {each.agent: each for each in catalogue()}
    told[tuple(AgentButton)] = replace(catalogue()[0], agent=tuple(AgentButton))
    for offered, chosen in told.items():
        situation[:] = [chosen]
        page = await browser.open(path)
        assert page.status_code == 200, (chosen.key, page.text[:500])
        for button in offered:
            meaning = MEANINGS[button]
            assert meaning.label in page.text, (chosen.key, button)

"""A study of the demo's site with circuits: what would relieve it, played in the background once its past is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from laddverk.cli.demo.circuits import CODE, SITE
from laddverk.cli.demo.founding import ACTOR
from laddverk.kernel.ids import SiteId
from laddverk.kernel.problems import Problem
from laddverk.planning.expanding import fuses, service, store
from laddverk.planning.expanding.model import Asked
from laddverk.planning.expanding.store import Looked
from laddverk.platform.house import House

AFTER_S: Final = 120.0  # the first minutes are the visitor's: pages before arithmetic
DAYS: Final = 28
DRAWS: Final = 3
GROWTH: Final = 0.5  # half as many cars again, as the board of the cooperative expects
TITLE: Final = "Furulunden med hälften fler bilar"


async def enliven(house: House) -> None:
    """Ask for the study, unless there is one."""
    await asyncio.sleep(AFTER_S)
    last = house.clock().date() - timedelta(days=1)
    try:
        async with house.database.transaction() as tx:
            site_id = SiteId(await tx.value(SITE, CODE))
            if await store.studies(tx, Looked(None, site_id=site_id), 0, 1):
                return
            asked = Asked(
                site_id=site_id, first=last - timedelta(days=DAYS - 1), last=last, growth=GROWTH, draws=DRAWS,
                ports_more=(2,),
            )  # fmt: skip
            await service.ask(tx, ACTOR, asked, TITLE, fuses.of(house.settings.fuse_fees_file), house.clock())
    except Problem:
        return  # a demo without a past has nothing to play
    house.worker.wake()

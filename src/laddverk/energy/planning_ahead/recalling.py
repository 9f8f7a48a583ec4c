"""What is usual at the site of a charge, read once for a page that is opened, or for as long as one is followed."""

from __future__ import annotations

import asyncio
from datetime import datetime

from laddverk.energy.circuits.model import Tree
from laddverk.energy.planning_ahead import completing
from laddverk.energy.planning_ahead.guessing import Usual, usual
from laddverk.platform.database import Transaction


class Habits:
    """What is usual for one charge. Read when it is first asked for: where a plan or a word decides, never.

    What ends meanwhile changes what is usual by next to nothing; a page that is drawn anew twice a second reads no
    two thousand charges each time.
    """

    def __init__(self) -> None:
        self._known: Usual | None = None

    async def known(self, tx: Transaction, tree: Tree, who: str, now: datetime) -> Usual:
        """Return what is usual of a driver, and at the outlets of a tree."""
        if self._known is None:
            past = await completing.past_of(tx, tree, now)
            self._known = await asyncio.to_thread(usual, who, past)
        return self._known

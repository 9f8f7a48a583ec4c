"""The health of one charger, for its own page: scores with reasons, what will last how long, and its counters."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from laddverk.diagnostics.upkeep import queries_lasting, scoring
from laddverk.diagnostics.upkeep.queries_lasting import Life
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.web.console import health
from laddverk.web.console.desk import Desk

AIMS: Final = {
    ("D16", "alarm"): marked("The plug grows hotter and is far from normal"),
    ("D16", "derates"): marked("The plug grows hotter and must give less current on a warm day"),
    ("D17", "alarm"): marked("The cooling grows weaker and is far from normal"),
    ("D24", "alarm"): marked("The meter drifts out of tolerance"),
}
"""What happens when a trend meets its limit, by detector and limit."""


async def panel(desk: Desk, tx: Transaction, station_id: UUID) -> dict[str, Any]:
    """Return what the panel of a station's health shows."""
    scores = await scoring.scores(tx, [station_id], desk.now)
    return {
        "health_scores": sorted((number, score) for (_, number), score in scores.items()),
        "lives": await queries_lasting.remaining_at(tx, [station_id]),
        "uses": await queries_lasting.uses_at(tx, [station_id]),
        "aim_words": lambda life: aim_words(desk, life),
        **health.told(desk),
    }


def aim_words(desk: Desk, life: Life) -> str:
    """Return what will happen, in the reader's language."""
    return desk.words(AIMS.get((life.detector, life.aim), AIMS["D24", "alarm"]))

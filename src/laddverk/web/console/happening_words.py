"""The line of time of a charger: what is on it for whoever looks, and what each kind of event is called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.certificates.event_words import EVENTS
from laddverk.diagnostics import queries_timeline
from laddverk.diagnostics.incidents import advice
from laddverk.diagnostics.queries_timeline import HappeningRow
from laddverk.diagnostics.remedies import words as remedying
from laddverk.kernel.actors import Permission
from laddverk.platform.database import Transaction
from laddverk.support import queries as support
from laddverk.web.console import case_words, diagnosis_words, firmware_words, incident_words
from laddverk.web.console.desk import Desk

CASES: Final = "case"


def kinds(desk: Desk) -> tuple[str, ...]:
    """Return the kinds of events that this person can ask for."""
    return (*queries_timeline.KINDS, CASES) if desk.may(Permission.CASES_READ) else queries_timeline.KINDS


async def happened(
    desk: Desk,
    tx: Transaction,
    station_id: UUID,
    before: datetime | None,
    wanted: Sequence[str],
    *,
    evse_number: int = 0,
    since: datetime | None = None,
    limit: int,
) -> list[HappeningRow]:
    """Return what happened to a charger, newest first, with the cases of support where this person may read them."""
    last = before or desk.now + timedelta(days=1)
    rows = await queries_timeline.timeline(
        tx, station_id, last, wanted, evse_number=evse_number, since=since, limit=limit
    )
    if CASES in wanted and desk.may(Permission.CASES_READ):
        rows += await support.at_station(
            tx, desk.sites, station_id, last, evse_number=evse_number, since=since, limit=limit
        )
    return sorted(rows, key=lambda one: one.at, reverse=True)[:limit]


def of_time() -> dict[str, Any]:
    """Return what the template of the events asks for by name."""
    return {
        "dia": diagnosis_words,
        "inc": incident_words,
        "title_of": advice.title_of,
        "remedying": remedying,
        "firmware": firmware_words,
        "casing": case_words,
        "alarming": EVENTS,
    }

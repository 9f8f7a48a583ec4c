"""What a meter showed over time, beside the limit of the circuit that it measures: drawn for a day, and as rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from laddverk.energy.circuits import history, limits
from laddverk.energy.circuits import store as circuits
from laddverk.energy.circuits.model import Circuit, PerPhase, Source
from laddverk.energy.meters import store
from laddverk.energy.meters.model import Minute
from laddverk.platform.database import Transaction
from laddverk.web.console.desk import Desk
from laddverk.web.console.load import Known
from laddverk.web.console.load_curve import Curve, curve
from laddverk.web.spreadsheets import Cell

SHOWN: Final = timedelta(days=1)
STEP: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
CSV_USUAL: Final = timedelta(days=6)  # back from the last day: a week, both included
KEPT: Final = timedelta(days=400)
HEADING: Final = (
    "minute", "current_l1_a", "current_l2_a", "current_l3_a", "power_w", "limit_l1_a", "limit_l2_a", "limit_l3_a",
)  # fmt: skip


class Day(Struct, frozen=True):
    """The last day of a meter: a curve for each phase, none where it said nothing; and what it measures."""

    curves: list[Curve]
    circuit: Circuit | None
    source: Source | None
    """What it measures else: solar cells or a battery, whose current is drawn without its direction."""


def measured_by(known: Known, meter_id: UUID) -> Circuit | None:
    """Return the circuit that a meter measures, if it measures any."""
    return next((one for one in known.tree.circuits if one.meter_id == meter_id), None)


async def of_meter(tx: Transaction, known: Known, meter_id: UUID, now: datetime) -> Day:
    """Return what a meter showed in the last day."""
    circuit, zone = measured_by(known, meter_id), ZoneInfo(known.site.timezone)
    begins = now - SHOWN
    if circuit is not None:
        steps = await history.flowed(tx, known.tree, circuit, begins, now, STEP)
        spans = limits.ahead(circuit, await circuits.signals(tx, [known.site.id], begins), begins, now, zone)
    else:
        metered = await history.meter_steps(tx, meter_id, begins, now, STEP)
        steps, spans = history.steps_of({}, {at: _undirected(amperes) for at, amperes in metered.items()}), []
    source = next((one for one in known.tree.sources if one.meter_id == meter_id), None)
    if not any(step.metered_a is not None for step in steps):
        return Day([], circuit, source)
    phases = [phase for phase in range(3) if circuit is None or circuit.limit_a[phase]]
    return Day([curve(phase, steps, spans, begins, now, STEP, zone) for phase in phases], circuit, source)


def _undirected(amperes: PerPhase) -> PerPhase:
    return abs(amperes[0]), abs(amperes[1]), abs(amperes[2])


def asked(desk: Desk) -> tuple[date, date]:
    """Return the days in the address, both inclusive, among those whose minutes are kept; a week by default."""
    oldest = desk.today - KEPT
    last = min(max(desk.day_asked("to") or desk.today, oldest), desk.today)
    first = desk.day_asked("from") or max(last - CSV_USUAL, oldest)
    return max(first, oldest), last


async def rows(desk: Desk, known: Known, meter_id: UUID, first: date, last: date) -> AsyncIterator[list[list[Cell]]]:
    """Yield the minutes of these days, both inclusive, a day at a time: a week is ten thousand."""
    circuit, zone = measured_by(known, meter_id), ZoneInfo(known.site.timezone)
    for number in range((last - first).days + 1):
        begins = _midnight(first + number * DAY, zone)
        ends = _midnight(first + (number + 1) * DAY, zone)
        async with desk.transaction() as tx:
            minutes = await store.minutes(tx, meter_id, begins, ends)
            signals = await circuits.signals(tx, [known.site.id], begins) if circuit is not None else []
        spans = limits.ahead(circuit, signals, begins, ends, zone) if circuit is not None else []
        yield [_cells(one, spans) for one in minutes]


def _cells(one: Minute, spans: Sequence[limits.Span]) -> list[Cell]:
    held = next((span.holding.limit_a for span in spans if span.starts_at <= one.minute < span.ends_at), None)
    limit: Sequence[float | None] = (None, None, None) if held is None else held
    power = None if one.power_w is None else round(one.power_w)
    return [one.minute, *(round(amperes, 2) for amperes in one.current_a), power, *limit]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)

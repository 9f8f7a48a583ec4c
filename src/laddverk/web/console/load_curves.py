"""A circuit over a day or a week: what cars took, other load and the limit on each phase; the same as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct

from laddverk.energy.circuits import history, limits, store
from laddverk.energy.circuits.history import Step
from laddverk.energy.circuits.limits import Span
from laddverk.energy.circuits.model import Circuit, Signal
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console.desk import AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import Known, known_of, told
from laddverk.web.console.load_curve import Curve, curve

PLACE: Final = "/console/sites/{site_id:str}/load/curves"
DAY: Final = timedelta(days=1)
STEPS: Final = {"day": timedelta(minutes=5), "week": timedelta(minutes=30)}
CSV_STEP: Final = timedelta(minutes=1)
CSV_DAYS_MAX: Final = 31


class Asked(Struct, frozen=True):
    """Which time, of which circuit."""

    circuit: Circuit | None
    span: str
    day: date
    begins_at: datetime
    ends_at: datetime
    zone: ZoneInfo

    @property
    def step(self) -> timedelta:
        """How long a column is."""
        return STEPS[self.span]


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def show_curves(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """A circuit over a day or a week, phase by phase."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        asked = _asked(desk, known)
        steps, spans = await _flowed(tx, known, asked)
    days = 7 if asked.span == "week" else 1
    return desk.page(
        "console/load/curves.html",
        asked=asked,
        curves=_curves(asked, steps, spans),
        most={f"L{phase + 1}": _most(steps, phase) for phase in range(3)},
        chosen=shown("cir", asked.circuit.id) if asked.circuit else "",
        before=asked.day - timedelta(days=days),
        after=asked.day + timedelta(days=days) if asked.ends_at <= desk.now else None,
        has_steps=bool(steps),
        **told(desk, known),
    )


def _asked(desk: Desk, known: Known) -> Asked:
    """Return what is wanted: the grid connection, today, where nothing else is said. Weeks begin on Monday."""
    zone = ZoneInfo(known.site.timezone)
    wanted = desk.asked("circuit")
    circuits = known.tree.circuits
    circuit = next((one for one in circuits if shown("cir", one.id) == wanted), circuits[0] if circuits else None)
    span = "week" if desk.asked("span") == "week" else "day"
    day = _day(desk.asked("day")) or desk.now.astimezone(zone).date()
    if span == "week":
        day -= timedelta(days=day.weekday())
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    last = day + timedelta(days=7 if span == "week" else 1)
    return Asked(circuit, span, day, begins, datetime(last.year, last.month, last.day, tzinfo=zone), zone)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


async def _flowed(tx: Transaction, known: Known, asked: Asked) -> tuple[list[Step], list[Span]]:
    if asked.circuit is None:
        return [], []
    steps = await history.flowed(tx, known.tree, asked.circuit, asked.begins_at, asked.ends_at, asked.step)
    signals = await store.signals(tx, [known.site.id], asked.begins_at)
    return steps, spans_of(asked.circuit, signals, asked.begins_at, asked.ends_at, asked.zone)


def spans_of(
    circuit: Circuit, signals: Sequence[Signal], begins_at: datetime, ends_at: datetime, zone: ZoneInfo
) -> list[Span]:
    """Return what limited a circuit, by the fuses and hours of now and the signals of then."""
    return limits.ahead(circuit, signals, begins_at, ends_at, zone)


def _curves(asked: Asked, steps: Sequence[Step], spans: Sequence[Span]) -> list[Curve]:
    if asked.circuit is None:
        return []
    return [
        curve(phase, steps, spans, asked.begins_at, asked.ends_at, asked.step, asked.zone)
        for phase in range(3)
        if asked.circuit.limit_a[phase]
    ]


def _most(steps: Sequence[Step], phase: int) -> tuple[float, float, datetime | None]:
    """Return the highest of all and of cars alone, and when the first was."""
    top = max(steps, key=lambda one: one.charging_a[phase] + one.other_a[phase], default=None)
    if top is None:
        return 0.0, 0.0, None
    return top.charging_a[phase] + top.other_a[phase], max(one.charging_a[phase] for one in steps), top.at


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_curves(desk: AtDesk, site_id: FromPath[str]) -> Stream:
    """The same time minute by minute, as CSV that is made while it is read."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        asked = _asked(desk, known)
        signals = await store.signals(tx, [known.site.id], asked.begins_at)
    heading = (
        "circuit", "at", *(f"{name}_l{phase}_a" for name in ("charging", "metered", "limit") for phase in (1, 2, 3)),
    )  # fmt: skip
    return spreadsheets.streamed("curves", heading, _rows(desk, known, asked, signals))


async def _rows(desk: Desk, known: Known, asked: Asked, signals: Sequence[Signal]) -> AsyncIterator[list[Any]]:
    """Yield the rows of each day: a week by minutes is ten thousand."""
    if asked.circuit is None:
        return
    at = asked.begins_at
    while at < min(asked.ends_at, asked.begins_at + CSV_DAYS_MAX * DAY):
        until = min(at + DAY, asked.ends_at)
        async with desk.transaction() as tx:
            steps = await history.flowed(tx, known.tree, asked.circuit, at, until, CSV_STEP)
        spans = spans_of(asked.circuit, signals, at, until, asked.zone)
        yield [_cells(asked.circuit, one, spans) for one in steps]
        at = until


def _cells(circuit: Circuit, one: Step, spans: Sequence[Span]) -> list[Any]:
    held = next((span.holding.limit_a for span in spans if span.starts_at <= one.at < span.ends_at), circuit.usable_a)
    metered: Sequence[float | None] = one.metered_a or (None, None, None)
    return [
        circuit.name, one.at, *(round(value, 2) for value in one.charging_a),
        *(None if value is None else round(value, 2) for value in metered), *held,
    ]  # fmt: skip


ROUTES: Final = [show_curves, export_curves]

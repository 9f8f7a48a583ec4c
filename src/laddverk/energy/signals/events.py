"""What events of OpenADR 3 say: the series of intervals of 3.0.1 and 3.1, as limits in amperes over time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from laddverk.energy.circuits.loads import LINE_FACTOR
from laddverk.energy.circuits.model import Circuit, PerPhase, Wiring
from laddverk.energy.model import VOLTAGE_V
from laddverk.energy.signals.model import Limited, Oddity, Remark

IMPORT_LIMIT: Final = "IMPORT_CAPACITY_LIMIT"
"""How much may be taken from the grid (Definition 3.1, enumerations of event payloads); kW where nothing is said."""
WATTS: Final = {"KW": 1_000.0, "KVA": 1_000.0, "W": 1.0, "MW": 1_000_000.0}
AMPERES: Final = ("AMPS", "A")
DURATION: Final = re.compile(
    r"(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
SECONDS_OF: Final = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1)
DURATION_MAX: Final = 32  # characters
AHEAD_MAX: Final = timedelta(days=8)  # as far as limits are looked ahead (`circuits.limits`)
LASTS: Final = timedelta(days=30)  # of a limit without an end, at most; it is renewed with every answer
ENDLESS_S: Final = 10 * 365 * 86_400.0  # P9999Y means without end (User Guide 3.1)
YEARS: Final = range(2000, 2200)  # a time outside is none that anybody means
LIMITS_MAX: Final = 400  # of one program: quarters of four days
REPEATS_MAX: Final = 200  # of an event that comes again and again, within those days
PRIORITY_NONE: Final = 2**31  # an event without one yields to all others
CLOCK_OFF: Final = timedelta(seconds=30)  # what networks and rounding make is less
CLOCK_ABSURD: Final = timedelta(days=1)  # a clock so wrong says nothing of when a limit is meant


class Period(Struct, frozen=True):
    """When an interval is."""

    start: str = ""
    duration: str | None = None


class Payload(Struct, frozen=True):
    """A value with its kind."""

    type: str
    values: list[Any] = []


class Descriptor(Struct, frozen=True):
    """In which units payloads of a kind are."""

    payload_type: str = field(name="payloadType", default="")
    units: str | None = None


class Interval(Struct, frozen=True):
    """One step of an event's series."""

    payloads: list[Payload]
    period: Period | None = field(name="intervalPeriod", default=None)


class Event(Struct, frozen=True):
    """An event, as far as it matters to us."""

    id: str
    intervals: list[Interval]
    program_id: str = field(name="programID", default="")
    name: str | None = field(name="eventName", default=None)
    priority: int | None = None
    targets: list[Any] | None = None
    descriptors: list[Descriptor] | None = field(name="payloadDescriptors", default=None)
    period: Period | None = field(name="intervalPeriod", default=None)
    duration: str | None = None
    created: str | None = field(name="createdDateTime", default=None)
    modified: str | None = field(name="modificationDateTime", default=None)


class Frame(Struct, frozen=True, kw_only=True):
    """What a program's limits are read for."""

    circuit: Circuit
    wiring: Wiring
    now: datetime
    silent_a: PerPhase | None = None
    targets: tuple[str, ...] = ()
    units: str = "KW"
    """Of the program, where an event does not say its own."""
    clock_ahead: timedelta = timedelta()
    """How far the server's clock is ahead of ours."""


class Read(Struct, frozen=True):
    """What events say together, and what was strange about them."""

    limits: tuple[Limited, ...]
    remarks: tuple[Remark, ...]


_Timed = tuple[int, Interval, datetime, datetime, int]


class _Piece(Struct, frozen=True):
    key: str
    starts_at: datetime
    ends_at: datetime
    limit_a: PerPhase
    priority: int
    note: str


def decoded(raw: Iterable[Any]) -> tuple[list[Event], list[Remark]]:
    """Return the events that can be read, each once and as it was changed last, and a remark for each other."""
    found: dict[str, Event] = {}
    remarks = []
    for one in raw:
        try:
            event = msgspec.convert(one, Event, strict=False)
        except (msgspec.ValidationError, RecursionError) as error:
            name = str(one.get("id", ""))[:40] if isinstance(one, dict) else ""
            remarks.append(Remark(oddity=Oddity.NO_TIMES, event=_clean(name), detail=_clean(str(error))))
            continue
        before = found.get(event.id)
        if before is None or (event.modified or "") >= (before.modified or ""):
            found[event.id] = event
    return list(found.values()), remarks


def read(events: Sequence[Event], frame: Frame) -> Read:
    """Return what these events limit within eight days, as amperes on each phase.

    Of events that overlap the one of the highest priority (lowest number) counts; of equal ones the lowest limit does.
    """
    remarks: list[Remark] = []
    if abs(frame.clock_ahead) > CLOCK_OFF:
        seconds = f"{frame.clock_ahead.total_seconds():.0f}"
        remarks.append(Remark(oddity=Oddity.CLOCK, detail=seconds))
    pieces: list[_Piece] = []
    for event in sorted(events, key=lambda one: one.id):
        if _is_ours(event, frame.targets) and len(pieces) <= LIMITS_MAX:
            pieces += _pieces(event, frame, remarks)
    if len(pieces) > LIMITS_MAX:
        remarks.append(Remark(oddity=Oddity.TOO_MANY, detail=str(len(pieces))))
    kept = sorted(pieces, key=lambda one: (one.starts_at, one.key))[:LIMITS_MAX]
    return Read(tuple(limit for piece in kept for limit in _left(piece, kept)), tuple(remarks[:LIMITS_MAX]))


def _is_ours(event: Event, ours: tuple[str, ...]) -> bool:
    """Return whether an event is meant for us: 3.1 lists names, 3.0.1 names by kind."""
    if not event.targets or not ours:
        return True
    named: set[str] = set()
    for target in event.targets:
        values = target.get("values", []) if isinstance(target, dict) else [target]
        named.update(str(value) for value in (values if isinstance(values, list) else []))
    return bool(named & set(ours))


def _pieces(event: Event, frame: Frame, remarks: list[Remark]) -> list[_Piece]:
    """Return what one event limits, each interval as often as it comes."""
    units = next(
        (one.units for one in event.descriptors or [] if one.payload_type == IMPORT_LIMIT and one.units), frame.units
    )
    name = _clean(event.name or event.id)
    found: list[_Piece] = []
    for number, interval, starts_at, ends_at, turn in _timed(event, frame, remarks):
        for place, payload in enumerate(interval.payloads):
            if payload.type != IMPORT_LIMIT:
                continue
            limit_a, oddity = _amperes(payload.values, units, frame)
            if oddity is not None:
                remarks.append(Remark(oddity=oddity, event=name, detail=_clean(units)))
            if limit_a is not None:
                found.append(
                    _Piece(
                        _key(event.id, number, turn, place), starts_at, ends_at, limit_a,
                        PRIORITY_NONE if event.priority is None else event.priority, name,
                    )
                )  # fmt: skip
    kinds = {payload.type for interval in event.intervals for payload in interval.payloads}
    if kinds and IMPORT_LIMIT not in kinds:
        remarks.append(Remark(oddity=Oddity.OTHER_PAYLOAD, event=name, detail=_clean(", ".join(sorted(kinds)))))
    return found


def _timed(event: Event, frame: Frame, remarks: list[Remark]) -> Iterable[_Timed]:
    """Yield the intervals of an event that are not over: place, interval, start, end, and how often it came before.

    An interval without a period of its own follows the one before it (Definition 3.1, intervalPeriod). An event with a
    duration of its own (3.1) begins anew until that is over.
    """
    chained: list[tuple[int, Interval, datetime, datetime]] = []
    at = _start(event.period.start if event.period else "", event, frame)
    for place, interval in enumerate(event.intervals):
        if interval.period is not None and interval.period.start:
            at = _start(interval.period.start, event, frame)
        own = interval.period.duration if interval.period is not None else None
        lasts = _lasts(own or (event.period.duration if event.period else None))
        if at is None or lasts is None:
            remarks.append(Remark(oddity=Oddity.NO_TIMES, event=_clean(event.name or event.id)))
            return
        ends_at = at + lasts if lasts else _endless(frame.now)
        chained.append((place, interval, at, ends_at))
        at = ends_at
    if not chained:
        return
    whole = _lasts(event.duration) if event.duration else None
    begun, over = chained[0][2], chained[-1][3]
    cycle = over - begun
    until = over if whole is None else begun + whole if whole else _endless(frame.now)
    # Those that are over are not counted through one by one: an event may come back for years.
    behind = abs(frame.clock_ahead) if abs(frame.clock_ahead) <= CLOCK_ABSURD else timedelta()
    first = max(0, int((frame.now - behind - begun) / cycle)) if whole is not None and cycle else 0
    for turn in range(first, first + (REPEATS_MAX if whole is not None else 1)):
        for place, interval, starts_at, ends_at in chained:
            last = min(ends_at + turn * cycle, until, max(_endless(frame.now), starts_at + turn * cycle))
            start, end = _widened(starts_at + turn * cycle, last, frame.clock_ahead)
            if end > frame.now and start < frame.now + AHEAD_MAX and end > start:
                yield place, interval, start, end, turn
        if begun + (turn + 1) * cycle >= min(until, frame.now + AHEAD_MAX):
            return


def _endless(now: datetime) -> datetime:
    """Return the end of a limit without one: the same for a day, so that nothing changes from answer to answer."""
    return (now + LASTS).replace(hour=0, minute=0, second=0, microsecond=0)


def _widened(starts_at: datetime, ends_at: datetime, ahead: timedelta) -> tuple[datetime, datetime]:
    """Return a time that covers what is meant by the server's clock as well as by ours."""
    if not CLOCK_OFF < abs(ahead) <= CLOCK_ABSURD:
        return starts_at, ends_at
    return min(starts_at, starts_at - ahead), max(ends_at, ends_at - ahead)


def _start(text: str, event: Event, frame: Frame) -> datetime | None:
    """Return when it begins. Year 0 or 1 means now (User Guide 3.1), which is when the event was made."""
    if text[:4] in ("0000", "0001"):
        made = _instant(event.created or "") or frame.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return min(made, frame.now)
    return _instant(text)


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    if found.year not in YEARS:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)


def _lasts(text: str | None) -> timedelta | None:
    """Return a duration (ISO 8601); nothing or PT0S is zero: without end. None: it cannot be understood."""
    if not text:
        return timedelta()
    parts = DURATION.fullmatch(text) if len(text) <= DURATION_MAX else None
    if parts is None or parts[1]:
        return None
    seconds = sum(float(part or 0) * each for part, each in zip(parts.groups()[1:], SECONDS_OF, strict=True))
    return timedelta(seconds=seconds) if seconds < ENDLESS_S else timedelta()


def _amperes(values: Sequence[Any], units: str, frame: Frame) -> tuple[PerPhase | None, Oddity | None]:
    """Return a limit on each phase; the limit of silence, and why, where it cannot be understood."""
    value = values[0] if len(values) == 1 else None
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return frame.silent_a, Oddity.NO_NUMBER
    there = [bool(limit) for limit in frame.circuit.limit_a]
    if units.upper() in AMPERES:
        each = float(value)
    elif units.upper() in WATTS:
        watts = float(value) * WATTS[units.upper()]
        is_line = frame.wiring is Wiring.DELTA_230 and all(there)
        each = watts / (VOLTAGE_V * (LINE_FACTOR if is_line else sum(there)))
    else:
        return frame.silent_a, Oddity.UNITS
    first, second, third = (round(min(max(0.0, each), most), 3) for most in frame.circuit.limit_a)
    return (first, second, third), None


def _number(text: str) -> float | None:
    try:
        return float(text[:40])
    except ValueError:
        return None


def _left(piece: _Piece, others: Sequence[_Piece]) -> list[Limited]:
    """Return what is left of a piece where none of a higher priority holds."""
    spans = [(piece.starts_at, piece.ends_at)]
    for other in others:
        if other.priority >= piece.priority:
            continue
        spans = [
            part
            for starts_at, ends_at in spans
            for part in ((starts_at, min(ends_at, other.starts_at)), (max(starts_at, other.ends_at), ends_at))
            if part[0] < part[1]
        ]
    return [
        Limited(
            key=piece.key if place == 0 else f"{piece.key}.{place}", starts_at=starts_at, ends_at=ends_at,
            limit_a=piece.limit_a, note=piece.note,
        )
        for place, (starts_at, ends_at) in enumerate(spans)
    ]  # fmt: skip


def _key(event: str, interval: int, turn: int, payload: int) -> str:
    return blake2b(f"{event}\0{interval}\0{turn}\0{payload}".encode("utf-8", "replace"), digest_size=12).hexdigest()


def _clean(text: str) -> str:
    """Return foreign text that can be stored and shown."""
    return "".join(character for character in text[:200] if character.isprintable())

"""Findings: what detectors hold against chargers. One is open for each station, outlet and detector.

Signals of one turn are taken in order: raised again renews the evidence, cleared closes, and what was raised and
cleared in one turn is kept as a finding that did not last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from laddverk.diagnostics.detectors.base import About
from laddverk.diagnostics.detectors.registry import ABOUTS
from laddverk.diagnostics.model import Evidence, Family, Severity, Signal, Turn
from laddverk.kernel.ids import StationId, new_id
from laddverk.platform.database import Transaction

EVIDENCE_MAX: Final = 12  # sentences of one finding: a page, not a log

RAISE: Final = """
INSERT INTO finding (id, detector, station_id, evse_number, family, severity, confidence, since, raised_at, last_at,
                     times, evidence, changed_at)
SELECT id, detector, station_id, evse_number, family, severity, confidence, since, at, at, times, evidence, now
FROM jsonb_to_recordset($1::jsonb) AS f (id uuid, detector text, station_id uuid, evse_number int, family text,
     severity smallint, confidence real, since timestamptz, at timestamptz, times int, evidence jsonb,
     now timestamptz)
ON CONFLICT (station_id, evse_number, detector) WHERE cleared_at IS NULL DO UPDATE SET
    family = excluded.family, severity = excluded.severity, confidence = excluded.confidence,
    since = least(finding.since, excluded.since), last_at = greatest(finding.last_at, excluded.last_at),
    times = finding.times + excluded.times, changed_at = excluded.changed_at,
    evidence = CASE WHEN excluded.evidence = '[]' THEN finding.evidence ELSE excluded.evidence END
"""

CLEAR: Final = """
UPDATE finding SET cleared_at = greatest(f.at, finding.raised_at), changed_at = f.now,
    evidence = CASE WHEN f.evidence = '[]' THEN finding.evidence ELSE finding.evidence || f.evidence END
FROM jsonb_to_recordset($1::jsonb) AS f (detector text, station_id uuid, evse_number int, at timestamptz,
     evidence jsonb, now timestamptz)
WHERE finding.station_id = f.station_id AND finding.evse_number = f.evse_number AND finding.detector = f.detector
  AND finding.cleared_at IS NULL
"""


class Told(Struct, frozen=True):
    """What a detector said of a station."""

    station_id: StationId
    signal: Signal


class Row(Struct, frozen=True, kw_only=True):
    """One change of one finding, as it is written."""

    id: Any
    detector: str
    station_id: StationId
    evse_number: int
    turn: Turn
    family: Family
    severity: Severity
    confidence: float
    since: datetime
    at: datetime
    times: int
    evidence: tuple[Evidence, ...]
    now: datetime


async def raise_for(
    tx: Transaction,
    signals: Sequence[Signal],
    station_id: StationId,
    now: datetime,
    abouts: dict[str, About] | None = None,
) -> None:
    """Write what a job of its own found out about one station."""
    await keep(tx, [Told(station_id, signal) for signal in signals], now, abouts)


async def keep(tx: Transaction, told: Sequence[Told], now: datetime, abouts: dict[str, About] | None = None) -> None:
    """Write what detectors said, in order. Nobody else writes findings."""
    for rows in rounds(told, now, ABOUTS if abouts is None else abouts):
        raised = [row for row in rows if row.turn is Turn.RAISED]
        cleared = [row for row in rows if row.turn is Turn.CLEARED]
        if cleared:
            await tx.execute(CLEAR, cleared)
        if raised:
            await tx.execute(RAISE, raised)


def rounds(told: Sequence[Told], now: datetime, abouts: dict[str, About]) -> Iterator[list[Row]]:
    """Yield what to write, no finding twice in one round. What says the same as the one before is one with it."""
    turns: dict[tuple[StationId, int, str], list[Row]] = {}
    for each in told:
        row = _row(each, now, abouts.get(each.signal.detector))
        before = turns.setdefault((row.station_id, row.evse_number, row.detector), [])
        if before and before[-1].turn is row.turn:
            before[-1] = _joined(before[-1], row)
        else:
            before.append(row)
    for number in range(max((len(rows) for rows in turns.values()), default=0)):
        yield [rows[number] for rows in turns.values() if len(rows) > number]


def _row(told: Told, now: datetime, about: About | None) -> Row:
    signal = told.signal
    return Row(
        id=new_id(),
        detector=signal.detector,
        station_id=told.station_id,
        evse_number=signal.evse_number,
        turn=signal.turn,
        family=signal.family or (about.family if about else Family.OTHER),
        severity=signal.severity if signal.severity is not None else (about.severity if about else Severity.DEGRADED),
        confidence=min(1.0, max(0.0, signal.confidence)),
        since=min(signal.since or signal.at, signal.at),
        at=signal.at,
        times=1,
        evidence=signal.evidence[:EVIDENCE_MAX],
        now=now,
    )


def _joined(earlier: Row, later: Row) -> Row:
    return Row(
        id=earlier.id,
        detector=later.detector,
        station_id=later.station_id,
        evse_number=later.evse_number,
        turn=later.turn,
        family=later.family,
        severity=later.severity,
        confidence=later.confidence,
        since=min(earlier.since, later.since),
        at=max(earlier.at, later.at) if later.turn is Turn.RAISED else earlier.at,
        times=earlier.times + later.times,
        evidence=later.evidence or earlier.evidence,
        now=later.now,
    )

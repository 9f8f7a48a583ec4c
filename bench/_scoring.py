"""How alerts are compared with the truth: right cause, in time, once; and what was told of chargers that were well.

An alert counts for a fault when it names its station and a family among the right ones, between the beginning of the
fault and its hard failure (of what is not gradual: by when it should be found). Everything told of the twin, which is
the same town on the same seed without faults, is false, but for what a nuisance really was (a site without power).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bench._plan import Placed
from laddverk.simulator.physics.modes import Shape
from laddverk.simulator.physics.nuisances import NUISANCES
from laddverk.simulator.physics.town import Away

DAY = timedelta(days=1)
PAGE_SEVERITY = 1  # what is dangerous or down wakes a person
WORK_SEVERITY = 3  # what should be done; 4 is for information
AWAY_MIN = timedelta(minutes=15)  # who is without a link so long may be told of
AWAY_SLACK = timedelta(hours=1)  # until it is told, and until it is over again
OUTAGES = ("site_outage", "carrier_outage")  # nuisances that are real: an operator wants to hear of each, once


@dataclass(frozen=True)
class Alert:
    """Something that was told: of which stations (identities), which cause, when, and how bad."""

    key: str
    stations: frozenset[str]
    family: str
    at: datetime
    severity: int = 2
    confidence: float = 1.0
    why: str = ""


@dataclass(frozen=True)
class Found:
    """One fault, and what became of it."""

    mode: str
    shape: Shape
    stations: frozenset[str]
    causes: tuple[str, ...]
    onset: datetime
    fails_at: datetime
    told_at: datetime | None
    first_family: str = ""
    """Of the surest alert on these stations within that time."""
    repeated: int = 0
    sessions: int | None = None
    """Attempts to charge between onset and alert."""

    @property
    def lead(self) -> timedelta | None:
        """How long before the hard failure it was told."""
        return None if self.told_at is None else self.fails_at - self.told_at


@dataclass
class Score:
    """How one way of watching did."""

    name: str
    found: list[Found] = field(default_factory=list)
    false_work: list[Alert] = field(default_factory=list)
    false_pages: list[Alert] = field(default_factory=list)
    true_outages: int = 0
    outages: int = 0
    """Of a site or a carrier, as they happened to the twin."""
    outages_told: int = 0
    twin_days: float = 0.0
    unsafe: int = 0
    resets: int = 0

    def add(self, other: Score) -> None:
        """Add what another seed gave."""
        self.found += other.found
        self.false_work += other.false_work
        self.false_pages += other.false_pages
        self.true_outages += other.true_outages
        self.outages += other.outages
        self.outages_told += other.outages_told
        self.twin_days += other.twin_days
        self.unsafe += other.unsafe
        self.resets += other.resets

    def share(self, shapes: Iterable[Shape] = Shape) -> float | None:
        """Return the macro mean of the share that was found, over modes of these shapes."""
        by_mode = self.by_mode(shapes)
        return statistics.mean(by_mode.values()) if by_mode else None

    def by_mode(self, shapes: Iterable[Shape] = Shape) -> dict[str, float]:
        """Return the share of each mode that was found in time."""
        wanted = set(shapes)
        grouped: dict[str, list[bool]] = {}
        for one in self.found:
            if one.shape in wanted:
                grouped.setdefault(one.mode, []).append(one.told_at is not None)
        return {mode: sum(each) / len(each) for mode, each in grouped.items()}

    def leads_days(self) -> list[float]:
        """Return the leads of gradual faults that were found, in days."""
        return sorted(
            one.lead / DAY for one in self.found if one.lead is not None and one.shape in (Shape.GRADUAL, Shape.DOUBLE)
        )

    def top_cause(self) -> float | None:
        """Return of how many faulty chargers that anything was told of, the surest thing told was right."""
        told = [one.first_family in one.causes for one in self.found if one.first_family]
        return sum(told) / len(told) if told else None

    def per_1000(self, count: int) -> float:
        """Return a count of the twin for each 1,000 charger-days."""
        return 1000 * count / self.twin_days if self.twin_days else 0.0


def found(
    plan: Sequence[Placed],
    alerts: Sequence[Alert],
    until: datetime,
    *,
    away: Sequence[Away] = (),
    came: Mapping[str, datetime] | None = None,
) -> list[Found]:
    """Return what became of each fault of a world: one entry for each cause of each fault.

    What was rightly told of links that were away and of nuisances says nothing of a fault's cause, right or wrong.
    """
    causes_of = {one.identity: one.fault.mode.causes for one in plan if one.fault is not None}
    alerts = [
        one
        for one in alerts
        if any(one.family in causes for name in one.stations for causes in causes_of.get(name, ()))
        or not (_was_away(one, away) or _was_nuisance(one, came or {}))
    ]
    faults: dict[str, list[Placed]] = {}
    for one in plan:
        if one.fault is not None:
            faults.setdefault(one.fault.mode.name, []).append(one)
    return [_judged(group, causes, alerts, until) for group in faults.values() for causes in _causes(group)]


def _causes(group: Sequence[Placed]) -> tuple[tuple[str, ...], ...]:
    assert group[0].fault is not None
    return group[0].fault.mode.causes


def _judged(group: Sequence[Placed], causes: tuple[str, ...], alerts: Sequence[Alert], until: datetime) -> Found:
    stations = frozenset(one.identity for one in group)
    faults = [one.fault for one in group if one.fault is not None]
    mode, onset = faults[0].mode, min(fault.onset for fault in faults)
    fails_at = min(min(fault.fails_at for fault in faults), until)
    here = [one for one in alerts if one.stations & stations and onset <= one.at <= fails_at]
    right = sorted((one for one in here if one.family in causes), key=lambda one: one.at)
    wrong_are_others = [one for one in here if not _explains_another(mode.causes, causes, one)]
    surest = max(wrong_are_others, key=lambda one: (one.confidence, -one.at.timestamp()), default=None)
    return Found(
        mode=mode.name if len(mode.causes) == 1 else f"{mode.name}: {causes[0]}",
        shape=mode.shape,
        stations=stations,
        causes=causes,
        onset=onset,
        fails_at=fails_at,
        told_at=right[0].at if right else None,
        first_family=surest.family if surest else "",
        repeated=max(0, len({one.key for one in right}) - len(stations)),
    )


def _explains_another(all_causes: Sequence[tuple[str, ...]], causes: tuple[str, ...], alert: Alert) -> bool:
    """Whether an alert is right about the other of two faults at once."""
    return any(alert.family in each for each in all_causes if each != causes)


def judged_twin(
    score: Score, alerts: Sequence[Alert], away: Sequence[Away], came: Mapping[str, datetime], charger_days: float
) -> None:
    """Add to `score` what was told of chargers that were well."""
    score.twin_days += charger_days
    for at in (came[name] for name in OUTAGES if name in came):
        struck = {one.identity for one in away if one.since == at and one.until - one.since >= AWAY_MIN}
        score.outages += bool(struck)
        score.outages_told += any(
            one.stations & struck and at <= one.at <= at + NUISANCES["carrier_outage"].lasts and _was_away(one, away)
            for one in alerts
        )
    for one in alerts:
        if one.severity > WORK_SEVERITY:
            continue
        if _was_away(one, away) or _was_nuisance(one, came):
            score.true_outages += 1
            continue
        score.false_work.append(one)
        if one.severity <= PAGE_SEVERITY:
            score.false_pages.append(one)


def _was_away(alert: Alert, away: Sequence[Away]) -> bool:
    return alert.family == "connectivity" and any(
        one.identity in alert.stations
        and one.until - one.since >= AWAY_MIN
        and one.since <= alert.at <= one.until + AWAY_SLACK
        for one in away
    )


def _was_nuisance(alert: Alert, came: Mapping[str, datetime]) -> bool:
    return any(
        alert.family in NUISANCES[name].tellable and at <= alert.at <= at + NUISANCES[name].lasts
        for name, at in came.items()
    )

"""When an incident is shown and when it is over: hold-off, flaps, quiet spans, our own outages. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from laddverk.diagnostics.incidents.model import Hidden, Incident, OwnOutage, QuietSpan, State
from laddverk.diagnostics.model import STATION, Family, Finding, Severity

HOLD: Final = {
    Severity.SAFETY: timedelta(0),
    Severity.DOWN: timedelta(minutes=15),  # 28 % of real outages pass within ten minutes (study, section 3)
    Severity.DEGRADED: timedelta(minutes=15),
    Severity.PLAN: timedelta(minutes=60),
    Severity.INFO: timedelta(minutes=60),
}
"""How long a problem lasts before it is shown, from when it probably began."""
HOLD_OF: Final = {"D05": timedelta(minutes=5), "D07": timedelta(0), "D25": timedelta(0)}
"""Detectors that have waited themselves: a code is debounced, a run of failed charges is proof."""

FLAP: Final = timedelta(minutes=30)  # what comes back within this never went away: a quarter of the alerts remain
WATCHED: Final = timedelta(hours=24)  # untouched and quiet for so long: it went away by itself
WATCHED_WIDE: Final = timedelta(hours=6)  # a site that is back is back
REPEAT: Final = timedelta(days=7)  # more than half of long outages come back within a week (study, section 0)
STANDING: Final = timedelta(hours=24)  # a closed one whose finding still stands so long is not mended
AFTER_OUTAGE: Final = timedelta(minutes=15)  # chargers come back with a delay of their own
BEFORE_OUTAGE: Final = timedelta(minutes=10)  # the watch's last beat is older than the link that broke

LONELY_DRIVERS: Final = 4.0  # in a day, with no other charger at the place: worse than one among many
BUSY_DRIVERS: Final = 20.0  # a queue forms wherever the others are


def hold_of(severity: Severity, detectors: Iterable[str]) -> timedelta:
    """Return how long a problem of `severity` that these detectors see is held back: the shortest of theirs."""
    usual = HOLD[severity]
    return min((min(usual, HOLD_OF.get(name, usual)) for name in detectors), default=usual)


def weighed(found: Severity, drivers_day: float, has_alternative: bool) -> Severity:
    """Return how bad it is for drivers: one step worse where many come, or some have nowhere else to go.

    Safety and what is only information stay as they are; nothing becomes safety.
    """
    if found not in (Severity.DEGRADED, Severity.PLAN):
        return found
    matters = drivers_day >= BUSY_DRIVERS or (not has_alternative and drivers_day >= LONELY_DRIVERS)
    return Severity(found - 1) if matters else found


def is_on(span: QuietSpan, now: datetime) -> bool:
    """Return whether a quiet span holds at `now`."""
    return span.from_at <= now < min(span.until_at, span.ended_at or span.until_at)


def covers(span: QuietSpan, incident: Incident, detectors: frozenset[str]) -> bool:
    """Return whether all of an incident lies within what `span` names."""
    return (
        (span.station_id is None or incident.stations == (span.station_id,))
        and (span.site_id is None or incident.sites == (span.site_id,))
        and (span.evse_number is None or span.evse_number == incident.evse_number)
        and (not span.family or span.family == incident.family)
        and (not span.detector or detectors == frozenset({span.detector}))
    )


def hiding(
    incident: Incident,
    detectors: frozenset[str],
    spans: Iterable[QuietSpan],
    outages: Iterable[OwnOutage],
    muted: frozenset[str],
    now: datetime,
) -> Hidden:
    """Return why nobody is to be told of an incident; safety is never hidden."""
    if incident.severity is Severity.SAFETY:
        return Hidden.NOT
    for span in sorted(spans, key=lambda span: span.kind):  # maintenance comes before silence
        if is_on(span, now) and covers(span, incident, detectors):
            return Hidden(span.kind)
    if incident.family is Family.CONNECTIVITY and any(
        outage.from_at - BEFORE_OUTAGE <= incident.since <= outage.until_at + AFTER_OUTAGE
        and now < outage.until_at + AFTER_OUTAGE
        for outage in outages
    ):
        return Hidden.OUTAGE
    if detectors and detectors <= muted:
        return Hidden.MUTED
    return Hidden.NOT


def is_wide(incident: Incident) -> bool:
    """Return whether its cause is not in one charger."""
    return incident.scope != "charger"


def hides_others(wide: Incident) -> bool:
    """Return whether a wide problem explains whatever else is seen at its stations meanwhile."""
    return (
        is_wide(wide)
        and wide.family in (Family.CONNECTIVITY, Family.SUPPLY)
        and wide.quiet_since is None
        and wide.state in (State.HELD, State.NEW, State.ACKNOWLEDGED, State.IN_WORK)
    )


def is_hidden_under(incident: Incident, wide: Incident, findings: Iterable[Finding], now: datetime) -> bool:
    """Return whether `wide`, made of `findings`, explains `incident`, which began while it stood.

    It does so where it stands, or did until just now: a charger that came back out of it is on its own.
    """
    there = {one.station_id for one in findings if one.cleared_at is None or now < one.cleared_at + FLAP}
    return (
        not is_wide(incident)
        and incident.severity is not Severity.SAFETY
        and hides_others(wide)
        and there.issuperset(incident.stations)
        and incident.since >= wide.since - BEFORE_OUTAGE
    )


def same_outlet(evse_number: int, other: int) -> bool:
    """Return whether two numbers may be the same outlet; 0 is the whole station."""
    return evse_number == other or STATION in (evse_number, other)


def only_of(values: Iterable[Any], otherwise: Any) -> Any:
    """Return the only value, or `otherwise` when there are none or several."""
    found = set(values)
    return found.pop() if len(found) == 1 else otherwise

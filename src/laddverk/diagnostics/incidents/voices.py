"""What drivers' reports of one outlet amount to, where no detector has seen anything. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from laddverk.diagnostics.incidents.model import DriverReport, Incident
from laddverk.diagnostics.model import Family, IncidentId, Severity
from laddverk.diagnostics.scope import Blame

PEOPLE_NEEDED: Final = 2  # two reports weigh as much as two failed charges of two people
OF_IT: Final = timedelta(hours=24)  # detectors and people notice at different times
DANGER: Final = "danger"  # one is enough
FAMILY_OF: Final = {
    "no_start": Family.NO_ENERGY, "stops": Family.NO_ENERGY, "slow": Family.POWER_ELECTRONICS,
    "cable": Family.CONNECTOR_LOCK, "screen": Family.READER, "payment": Family.PAYMENT, "blocked": Family.DEMAND,
    DANGER: Family.PHYSICAL_DAMAGE, "other": Family.OTHER,
}  # fmt: skip
SEVERITY_OF: Final = {DANGER: Severity.SAFETY, "no_start": Severity.DOWN}
CONFIDENCE: Final = 0.6  # two laymen at a charger are right more often than not


def people_in(reports: Sequence[DriverReport]) -> int:
    """Return how many people have reported."""
    return len({one.person_key for one in reports})


def are_enough(reports: Sequence[DriverReport]) -> bool:
    """Return whether reports of one outlet make an incident."""
    return people_in(reports) >= PEOPLE_NEEDED or any(one.kind == DANGER for one in reports)


def severity_of(report: DriverReport) -> Severity:
    """Return how bad it is if it is so."""
    return SEVERITY_OF.get(report.kind, Severity.DEGRADED)


def severity_by(reports: Sequence[DriverReport], incident: Incident) -> Severity:
    """Return how bad an incident is when drivers are heard too: their word counts when it would make one by itself.

    What was said more than a day before it began was said of something else.
    """
    of_it = [one for one in reports if one.at >= incident.since - OF_IT]
    return min((severity_of(one) for one in of_it), default=Severity.INFO) if are_enough(of_it) else Severity.INFO


def incident_of(reports: Sequence[DriverReport], identity: IncidentId, now: datetime) -> Incident:
    """Return the incident that reports of one outlet, in order of time, make: called after the worst of them."""
    worst = min(reports, key=severity_of)
    return Incident(
        id=identity, scope=Blame.CHARGER, scope_key=f"reports:{worst.station_id}:{worst.evse_number}",
        stations=(worst.station_id,), evse_number=worst.evse_number, family=FAMILY_OF.get(worst.kind, Family.OTHER),
        severity=severity_of(worst), found_severity=severity_of(worst), confidence=CONFIDENCE, since=reports[0].at,
        opens_at=now, last_at=reports[-1].at, changed_at=now,
    )  # fmt: skip

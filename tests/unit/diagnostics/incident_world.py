"""A small world for tests of incidents: findings that come and go, and what is decided of them as time passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from msgspec.structs import replace

from laddverk.diagnostics.incidents import rules
from laddverk.diagnostics.incidents.model import (
    SHOWN,
    Closing,
    DriverReport,
    Incident,
    OwnOutage,
    QuietSpan,
    Situation,
    State,
    TimelineEvent,
)
from laddverk.diagnostics.model import Family, Finding, FindingId, IncidentId, Severity
from laddverk.diagnostics.scope import Fleet, Placed, inferred
from laddverk.kernel.ids import SiteId, StationId

START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
PER_SITE = 10


def station(number: int) -> StationId:
    """Return the id of a station; ten of them stand at each site."""
    return StationId(UUID(int=0x100 + number))


def site_of(station_id: StationId) -> SiteId:
    """Return the site of a station."""
    return SiteId(UUID(int=0x900 + (station_id.int - 0x100) // PER_SITE))


class World:
    """Findings, incidents and the clock. `look` decides once."""

    def __init__(self) -> None:
        self.now = START
        self.findings: dict[FindingId, Finding] = {}
        self.incidents: dict[IncidentId, Incident] = {}
        self.events: list[TimelineEvent] = []
        self.closings: list[Closing] = []
        self.quiet: list[QuietSpan] = []
        self.outages: list[OwnOutage] = []
        self.reports: dict[UUID, DriverReport] = {}
        self.successes: dict[IncidentId, int] = {}
        self.muted: frozenset[str] = frozenset()
        self._ids = count(0x1000)

    def make_id(self) -> UUID:
        """Return the next id."""
        return UUID(int=next(self._ids))

    def raised(
        self,
        number: int = 1,
        detector: str = "D01",
        family: Family = Family.CONNECTIVITY,
        severity: Severity = Severity.DOWN,
        evse: int = 0,
        since: datetime | None = None,
    ) -> FindingId:
        """Let a detector raise a finding now."""
        finding = Finding(
            id=FindingId(self.make_id()), detector=detector, station_id=station(number), evse_number=evse,
            family=family, severity=severity, confidence=0.9, since=since or self.now, raised_at=self.now,
            last_at=self.now, times=1, evidence=(),
        )  # fmt: skip
        self.findings[finding.id] = finding
        return finding.id

    def renewed(self, finding: FindingId) -> None:
        """Let it be seen once more."""
        self.findings[finding] = replace(self.findings[finding], last_at=self.now)

    def cleared(self, finding: FindingId) -> None:
        """Let it be over."""
        self.findings[finding] = replace(self.findings[finding], cleared_at=self.now)

    def reported(self, person: str, kind: str = "no_start", number: int = 1, evse: int = 1) -> None:
        """Let a driver report something."""
        report = DriverReport(
            id=self.make_id(), station_id=station(number), site_id=site_of(station(number)), evse_number=evse,
            at=self.now, kind=kind, person_key=person,
        )  # fmt: skip
        self.reports[report.id] = report

    def situation(self, order: Callable[[list[Finding]], list[Finding]] = list) -> Situation:
        """Return what a decision looks at."""
        active = {one.id for one in self.incidents.values() if not one.is_over}
        findings = [one for one in self.findings.values() if one.cleared_at is None or one.incident_id in active]
        placed = [
            Placed(
                finding_id=one.id, detector=one.detector, family=one.family, severity=one.severity,
                station_id=one.station_id, evse_number=one.evse_number, since=one.since,
                site_id=site_of(one.station_id),
            )
            for one in order(findings) if one.cleared_at is None
        ]  # fmt: skip
        return Situation(
            findings=tuple(order(findings)),
            groups=inferred(placed, fleet=Fleet(stations=200)),
            incidents=tuple(self.incidents.values()),
            sites={station(number): site_of(station(number)) for number in range(100)},
            quiet=tuple(self.quiet),
            outages=tuple(self.outages),
            reports=tuple(self.reports.values()),
            successes=self.successes,
            muted=self.muted,
        )

    def look(self, minutes: float = 0) -> None:
        """Let time pass and decide."""
        self.now += timedelta(minutes=minutes)
        decision = rules.attended(self.situation(), self.now, self.make_id)
        for each in decision.dropped:
            del self.incidents[each]
            for finding in self.findings.values():
                if finding.incident_id == each:
                    self.findings[finding.id] = replace(finding, incident_id=None)
        self.incidents |= {one.id: replace(one, number=one.number or len(self.incidents) + 1) for one in decision.saved}
        for finding_id, home in decision.moved.items():
            self.findings[finding_id] = replace(self.findings[finding_id], incident_id=home)
        for report, home in decision.reports.items():
            self.reports[report] = replace(self.reports[report], incident_id=home)
        self.events += decision.events
        self.closings += decision.closings

    def wait(self, hours: float, step_minutes: float = 10) -> None:
        """Let hours pass, deciding every ten minutes."""
        for _ in range(int(hours * 60 / step_minutes)):
            self.look(step_minutes)

    def change(self, incident: Incident, **changes: object) -> None:
        """Let a person change an incident."""
        self.incidents[incident.id] = replace(incident, **changes)

    @property
    def shown(self) -> list[Incident]:
        """What people see."""
        return [one for one in self.incidents.values() if one.state in SHOWN and not one.hidden_by]

    @property
    def only(self) -> Incident:
        """The only incident that is not over and not part of another."""
        found = [one for one in self.incidents.values() if one.state is not State.MERGED]
        assert len(found) == 1, found
        return found[0]

    def quiet_span(self, kind: str, hours: float, number: int | None = None, site: SiteId | None = None) -> None:
        """Let a person ask for quiet."""
        self.quiet.append(
            QuietSpan(
                id=self.make_id(), kind=kind, station_id=None if number is None else station(number), site_id=site,
                from_at=self.now, until_at=self.now + timedelta(hours=hours), reason="work", author="Asta",
                created_at=self.now,
            )
        )  # fmt: skip

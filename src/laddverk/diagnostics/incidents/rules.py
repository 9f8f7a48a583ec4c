"""What becomes of incidents: findings and reports find their home, then each goes one step on its way. Pure.

`attended` is the whole decision. It may be repeated: with nothing new, the second decision changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from laddverk.diagnostics.incidents import holding, homes, voices, words
from laddverk.diagnostics.incidents.model import (
    OVER,
    SHOWN,
    ByKind,
    Cause,
    Closing,
    Decision,
    DriverReport,
    Hidden,
    Incident,
    Situation,
    State,
    TimelineEvent,
)  # fmt: skip
from laddverk.diagnostics.model import STATION, Finding, FindingId, IncidentId, Severity
from laddverk.diagnostics.scope import Blame, Group

CHARGES_PROVE: Final = 3  # so many charges that went well disprove what drivers reported

MakeId = Callable[[], UUID]


def attended(situation: Situation, now: datetime, make_id: MakeId) -> Decision:
    """Return what becomes of the incidents in `situation` at `now`. New ones take their ids from `make_id`."""
    table = _Table(situation, now, make_id)
    for group in sorted(situation.groups, key=lambda group: (group.blame is Blame.CHARGER, group.since, group.key)):
        table.place(group)
    table.absorb()
    table.take_reports()
    for incident in table.active():
        table.refresh(incident)
    wides = [one for one in table.wides() if holding.hides_others(one)]
    for incident in table.active():
        table.hide(incident, wides)
    for incident in table.active():
        table.step(incident)
    return table.decision()


class _Table:
    """The incidents while they are being decided about."""

    def __init__(self, situation: Situation, now: datetime, make_id: MakeId) -> None:
        self.now = now
        self.situation = situation
        self.make_id = make_id
        self.before = {one.id: one for one in situation.incidents}
        self.incidents = dict(self.before)
        self.findings = {one.id: one for one in situation.findings}
        self.homes: dict[FindingId, IncidentId] = {}
        self.members: dict[IncidentId, set[FindingId]] = defaultdict(set)
        for one in situation.findings:
            if one.incident_id in self.before:
                self._settle(one.id, one.incident_id)
        self.moved: dict[FindingId, IncidentId] = {}
        self.report_homes = {one.id: one.incident_id for one in situation.reports if one.incident_id in self.before}
        self.new_reports: dict[UUID, IncidentId] = {}
        self.events: list[TimelineEvent] = []
        self.closings: list[Closing] = []
        self.dropped: list[IncidentId] = []

    # What is on the table

    def active(self) -> list[Incident]:
        """Return the incidents that are not over, the oldest first."""
        return sorted((one for one in self.incidents.values() if one.state not in OVER), key=lambda i: (i.since, i.id))

    def wides(self) -> list[Incident]:
        """Return those of them whose cause is in no single charger."""
        wide = (one for one in self.incidents.values() if holding.is_wide(one) and one.state not in OVER)
        return sorted(wide, key=lambda one: (one.since, one.id))

    def findings_of(self, incident: Incident) -> list[Finding]:
        """Return what an incident is made of, in order of time."""
        mine = (self.findings[finding] for finding in self.members[incident.id])
        return sorted(mine, key=lambda one: (one.since, one.id.int))

    def reports_of(self, incident: Incident) -> list[DriverReport]:
        """Return what drivers reported of it."""
        return [one for one in self.situation.reports if self.report_homes.get(one.id) == incident.id]

    def put(self, incident: Incident, **changes: Any) -> Incident:
        """Keep an incident with `changes`."""
        kept = replace(incident, **changes) if changes else incident
        self.incidents[kept.id] = kept
        return kept

    def tell(self, incident: Incident, text: str, *, by: ByKind = ByKind.RULE, **params: Any) -> None:
        """Write on its timeline."""
        event = TimelineEvent(incident_id=incident.id, at=self.now, by_kind=by, text=text, params=params)
        self.events.append(event)

    def detectors_of(self, incident: Incident) -> frozenset[str]:
        """Return which detectors see it."""
        return frozenset(self.findings[each].detector for each in self.members[incident.id])

    def _settle(self, finding: FindingId, home: IncidentId) -> None:
        """Put a finding into an incident, out of the one it was in."""
        if finding in self.homes:
            self.members[self.homes[finding]].discard(finding)
        self.homes[finding] = home
        self.members[home].add(finding)

    def _hand_over(self, finding: FindingId, home: IncidentId) -> None:
        self._settle(finding, home)
        self.moved[finding] = home

    # Findings find their home

    def place(self, group: Group) -> None:
        """Give each finding of a group its incident."""
        members = [self.findings[each] for each in group.findings if each in self.findings]
        members = [one for one in members if not self._stays(one, group)]
        if not members or self._is_at_home(members, group):
            return
        active = {one.id: one for one in self.incidents.values() if one.state not in OVER}
        current = [was for one in members if (was := self.homes.get(one.id)) is not None]
        evse = holding.only_of({one.evse_number for one in members}, STATION)
        home = homes.home_of(group, current, active, evse) or self._made(group, members)
        for one in members:
            self._move(one, home)

    def _is_at_home(self, members: Sequence[Finding], group: Group) -> bool:
        """Whether all of a charger's group is where it belongs already: what is usual, and quick to see."""
        now_at = {self.homes.get(one.id) for one in members}
        home = next((self.incidents.get(each) for each in now_at if each is not None), None)
        if len(now_at) > 1 or home is None or group.blame is not Blame.CHARGER:
            return False
        return home.state not in OVER and not holding.is_wide(home)

    def _stays(self, finding: Finding, group: Group) -> bool:
        """Whether a finding remains where it is, whatever the group: it is settled, or part of something larger."""
        home = self.incidents.get(self.homes[finding.id]) if self.homes.get(finding.id) else None
        if home is not None and home.state in OVER:
            return self._is_settled(finding, home)
        if group.blame is not Blame.CHARGER:
            return False
        if home is not None and holding.is_wide(home):
            return True
        site = self.situation.sites.get(finding.station_id)
        wides = self.wides() if home is None or home.state is State.HELD else []
        for wide in wides:
            if homes.joins_wide(finding, wide, site):
                self._move(finding, wide)
                return True
        return False

    def _is_settled(self, finding: Finding, home: Incident) -> bool:
        if home.state is State.FALSE:
            return finding.severity >= home.found_severity
        if home.state is State.MERGED or home.closed_at is None:
            return False
        again = finding.last_at > home.closed_at + holding.FLAP
        return not again and self.now < home.closed_at + holding.STANDING

    def _made(self, group: Group, members: Sequence[Finding]) -> Incident:
        first = min(one.since for one in members)
        worst = min(one.severity for one in members)
        incident = Incident(
            id=IncidentId(self.make_id()), scope=group.blame, scope_key=group.key, family=group.family, severity=worst,
            found_severity=worst, confidence=group.confidence, since=first, opens_at=first,
            last_at=max(one.last_at for one in members), stations=group.stations, changed_at=self.now,
        )  # fmt: skip
        self.put(incident)
        for said in group.evidence:
            self.tell(incident, said.text, by=ByKind.MACHINE, **said.values)
        return incident

    def _move(self, finding: Finding, home: Incident) -> None:
        if self.homes.get(finding.id) == home.id:
            return
        seen = self.detectors_of(home)
        self._hand_over(finding.id, home.id)
        if finding.detector not in seen:
            text = words.JOINED if seen else words.SEEN
            self.tell(home, text, by=ByKind.MACHINE, detector=finding.detector, family=finding.family.value)

    def absorb(self) -> None:
        """End incidents whose findings that still stand have all gone over to another one."""
        gone: dict[IncidentId, list[IncidentId]] = defaultdict(list)
        for finding, home in self.moved.items():
            was = self.findings[finding].incident_id
            if was is not None and was != home and was in self.incidents:
                gone[was].append(home)
        for was, heirs in sorted(gone.items()):
            incident = self.incidents[was]
            if incident.state in OVER or any(one.cleared_at is None for one in self.findings_of(incident)):
                continue
            self._merge(incident, self.incidents[heirs[0]])

    def _merge(self, incident: Incident, heir: Incident) -> None:
        for finding in self.findings_of(incident):
            self._hand_over(finding.id, heir.id)
        for report in self.reports_of(incident):
            self.report_homes[report.id] = self.new_reports[report.id] = heir.id
        if incident.state is State.HELD:
            del self.incidents[incident.id]
            self.dropped.append(incident.id)
            return
        self.put(incident, state=State.MERGED, parent_id=heir.id, closed_at=self.now, changed_at=self.now)
        self.tell(incident, words.MERGED, number=heir.number, incident_id=str(heir.id))
        self.tell(heir, words.ABSORBED, number=incident.number, incident_id=str(incident.id))

    # Drivers' reports

    def take_reports(self) -> None:
        """Let reports join the problem of their outlet, or make one when two people agree."""
        waiting: dict[tuple[UUID, int], list[DriverReport]] = defaultdict(list)
        for report in sorted(self.situation.reports, key=lambda one: (one.at, one.id)):
            if report.id in self.report_homes:
                continue
            fitting = homes.home_of_report(report, self.active())
            if fitting is None:
                waiting[report.station_id, report.evse_number].append(report)
            else:
                self._attach(report, fitting)
        for reports in waiting.values():
            if voices.are_enough(reports):
                incident = self.put(voices.incident_of(reports, IncidentId(self.make_id()), self.now))
                self.tell(incident, words.BY_DRIVERS, people=voices.people_in(reports))
                for report in reports:
                    self._attach(report, incident)

    def _attach(self, report: DriverReport, home: Incident) -> None:
        self.report_homes[report.id] = self.new_reports[report.id] = home.id
        self.tell(home, words.REPORTED, by=ByKind.PERSON, kind=report.kind)

    # Each incident as its findings are now

    def refresh(self, incident: Incident) -> None:
        """Work out what an incident is from what it is made of."""
        findings, reports = self.findings_of(incident), self.reports_of(incident)
        changes: dict[str, Any] = {"reports": max(incident.reports, len(reports))}
        if reports:
            changes["last_at"] = max(incident.last_at, *(one.at for one in reports))
        if findings:
            changes |= self._seen(incident, findings, reports) | {
                "last_at": max(changes.get("last_at", incident.last_at), *(one.last_at for one in findings))
            }
        stations = changes.get("stations", incident.stations)
        sites = tuple(dict.fromkeys(self.situation.sites[each] for each in stations if each in self.situation.sites))
        changes |= {
            "sites": sites, "site_id": holding.only_of(sites, None), "station_id": holding.only_of(stations, None),
        }  # fmt: skip
        self.put(incident, **changes)

    def _seen(self, incident: Incident, findings: Sequence[Finding], reports: Sequence[DriverReport]) -> dict[str, Any]:
        standing = [one for one in findings if one.cleared_at is None]
        weighing = standing or findings
        family, confidence, found = incident.family, incident.confidence, incident.found_severity
        if standing:  # what is over makes nothing worse: not an old outage that a trifle came back beside
            found = min(voices.severity_by(reports, incident), *(one.severity for one in standing))
            if not holding.is_wide(incident):
                family, confidence = homes.main_family(standing)
        severity = holding.weighed(found, incident.drivers_day, incident.has_alternative)
        if incident.state in SHOWN and family != incident.family:
            self.tell(incident, words.FAMILY_KNOWN, family=family.value, before=incident.family.value)
        if incident.state in SHOWN and severity < incident.severity:
            self.tell(incident, words.WORSE)
        came_back = bool(standing) and incident.quiet_since is not None
        since = min(incident.since, *(one.since for one in findings))
        quiet = None if standing else max(one.cleared_at or one.last_at for one in findings)
        return {
            "stations": tuple(sorted({one.station_id for one in findings})),
            "evse_number": holding.only_of({one.evse_number for one in findings}, STATION),
            "family": family, "confidence": confidence, "found_severity": found, "severity": severity, "since": since,
            "opens_at": since + holding.hold_of(severity, {one.detector for one in weighing}),
            "quiet_since": quiet, "times": incident.times + came_back,
        }  # fmt: skip

    def hide(self, incident: Incident, wides: Sequence[Incident]) -> None:
        """Decide whether anybody is told of it."""
        spans, outages, muted = self.situation.quiet, self.situation.outages, self.situation.muted
        why = holding.hiding(incident, self.detectors_of(incident), spans, outages, muted, self.now)
        parent = incident.parent_id
        if why is Hidden.NOT and incident.acknowledged_at is None:
            members = ((one, self.findings_of(one)) for one in wides)
            hiding = (one for one, found in members if holding.is_hidden_under(incident, one, found, self.now))
            wide = next(hiding, None)
            why, parent = (Hidden.PARENT, wide.id) if wide else (why, None)
        if why is Hidden.NOT and incident.state is State.HELD and self._was_false(incident):
            why = Hidden.FALSE
        if why == incident.hidden_by:
            return
        if why is not Hidden.NOT:
            self.tell(incident, words.HIDDEN[why])
        elif incident.state in SHOWN:
            self.tell(incident, words.UNHIDDEN)
        self.put(incident, hidden_by=why, parent_id=parent)

    def _was_false(self, incident: Incident) -> bool:
        return incident.severity is not Severity.SAFETY and any(
            one.state is State.FALSE
            and homes.same_problem(one, incident)
            and incident.found_severity >= one.found_severity
            for one in self.incidents.values()
        )

    # One step on its way

    def step(self, incident: Incident) -> None:
        """Open what has lasted, drop what passed, watch what went quiet, close what stayed away."""
        quiet = incident.quiet_since
        if incident.state is State.HELD:
            if quiet is not None and self.now >= quiet + holding.FLAP:
                del self.incidents[incident.id]
                self.dropped.append(incident.id)
            elif quiet is None and incident.hidden_by is Hidden.NOT and self.now >= incident.opens_at:
                self._open(incident)
        elif incident.state is State.VERIFYING:
            self._verify(incident)
        elif quiet is not None and self.now >= quiet + holding.FLAP:
            self.put(incident, state=State.VERIFYING, verifying_at=self.now)
            self.tell(incident, words.QUIET)
        elif not self.findings_of(incident) and incident.reports:
            self._disprove(incident)

    def _open(self, incident: Incident) -> None:
        known = [one for one in self.incidents.values() if one.state is State.CLOSED]
        past = max(
            (one for one in known if homes.same_problem(one, incident)), key=lambda one: (one.closed_at, one.id),
            default=None,
        )  # fmt: skip
        if past is None:
            at_once = incident.severity is Severity.SAFETY
            self.put(incident, state=State.NEW, raised_at=self.now)
            self.tell(incident, words.OPENED_AT_ONCE if at_once else words.OPENED)
            return
        for finding in self.findings_of(incident):
            self._hand_over(finding.id, past.id)
        for report in self.reports_of(incident):
            self.report_homes[report.id] = self.new_reports[report.id] = past.id
        del self.incidents[incident.id]
        self.dropped.append(incident.id)
        self.put(
            past, state=State.NEW, raised_at=self.now, since=incident.since, opens_at=incident.opens_at,
            last_at=incident.last_at, quiet_since=None, hidden_by=Hidden.NOT, repeats=past.repeats + 1, level=0,
            called_at=None, owner_name="", acknowledged_at=None, verifying_at=None, closed_at=None,
            severity=incident.severity, found_severity=incident.found_severity, times=past.times + 1,
        )  # fmt: skip
        self.tell(past, words.CAME_BACK)

    def _verify(self, incident: Incident) -> None:
        began = incident.verifying_at or self.now
        if incident.quiet_since is None and incident.last_at > began:
            state = State.IN_WORK if incident.acknowledged_at else State.NEW
            self.put(incident, state=state, verifying_at=None)
            self.tell(incident, words.SEEN_AGAIN)
            return
        watched = holding.WATCHED_WIDE if holding.is_wide(incident) else holding.WATCHED
        untouched = incident.acknowledged_at is None and not incident.owner_name
        quiet = incident.quiet_since
        if untouched and incident.found_severity is not Severity.SAFETY and quiet and self.now >= quiet + watched:
            self.put(incident, state=State.CLOSED, closed_at=self.now)
            self.closings.append(
                Closing(incident_id=incident.id, at=self.now, by_name="", cause=Cause.RECOVERED,
                        detectors=tuple(sorted(self.detectors_of(incident))))
            )  # fmt: skip
            self.tell(incident, words.RECOVERED)

    def _disprove(self, incident: Incident) -> None:
        charges = self.situation.successes.get(incident.id, 0)
        if charges >= CHARGES_PROVE and incident.severity is not Severity.SAFETY:
            self.put(incident, state=State.VERIFYING, verifying_at=self.now, quiet_since=self.now)
            self.tell(incident, words.CHARGES_AGAIN, charges=charges)

    # What comes of it

    def decision(self) -> Decision:
        """Return what has changed."""
        kept = set(self.incidents)
        saved = [
            replace(one, changed_at=self.now) for one in self.incidents.values() if self.before.get(one.id) != one
        ]  # fmt: skip
        return Decision(
            saved=tuple(sorted(saved, key=lambda one: (one.since, one.id))),
            dropped=tuple(each for each in self.dropped if each in self.before),
            moved={finding: home for finding, home in self.moved.items() if home in kept},
            reports={report: home for report, home in self.new_reports.items() if home in kept},
            events=tuple(one for one in self.events if one.incident_id in kept),
            closings=tuple(self.closings),
            opened=tuple(one.id for one in saved if one.state is State.NEW and one.raised_at == self.now),
            closed=tuple(one.id for one in saved if one.state in OVER and one.closed_at == self.now),
        )

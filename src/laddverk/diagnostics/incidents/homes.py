"""Which incident a group of findings belongs to: what is kept, what joins, what is explained by what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from laddverk.diagnostics.incidents.holding import hides_others, is_wide, same_outlet
from laddverk.diagnostics.incidents.model import SHOWN, DriverReport, Incident
from laddverk.diagnostics.model import Family, Finding, IncidentId, Severity
from laddverk.diagnostics.scope import SYMPTOMS, Blame, Group

_F = Family
EXPLAINS: Final[Mapping[Family, frozenset[Family]]] = {
    _F.CONTROLLER: frozenset({_F.CONNECTIVITY, _F.CLOCK, _F.CONFIGURATION, _F.STUCK_STATE}),
    _F.CONNECTOR_LOCK: frozenset({_F.STUCK_STATE, _F.EV_COMMUNICATION}),
    _F.CONTACTOR: frozenset({_F.STUCK_STATE}),
    _F.GROUND_FAULT: frozenset({_F.STUCK_STATE}),
    _F.OVERCURRENT: frozenset({_F.STUCK_STATE}),
    _F.PHYSICAL_DAMAGE: frozenset({_F.STUCK_STATE}),
    _F.EV_COMMUNICATION: frozenset({_F.STUCK_STATE}),
    _F.METER: frozenset({_F.STUCK_STATE}),
    _F.LIMIT: frozenset({_F.POWER_ELECTRONICS}),
    _F.SUPPLY: frozenset({_F.PHASE, _F.POWER_ELECTRONICS}),
    _F.COOLING: frozenset({_F.POWER_ELECTRONICS, _F.STUCK_STATE}),
    _F.CONTACT_HEAT: frozenset({_F.POWER_ELECTRONICS, _F.STUCK_STATE}),
    _F.READER: frozenset({_F.AUTHORISATION, _F.DEMAND}),
}
"""What one broken part does to others of the same outlet. Symptoms are explained by any part."""
LAST: Final = SYMPTOMS | {_F.DEMAND}
"""What says that it does not work, or that nobody comes, and not why."""


def explains(cause: Family, effect: Family) -> bool:
    """Return whether a fault of `cause` makes one of `effect` appear too."""
    return (effect in LAST and cause not in LAST) or effect in EXPLAINS.get(cause, frozenset())


def are_one(family: Family, other: Family) -> bool:
    """Return whether two families at one outlet are most likely one problem."""
    return family == other or explains(family, other) or explains(other, family) or {family, other} <= LAST


def main_family(findings: Iterable[Finding]) -> tuple[Family, float]:
    """Return the family that the findings are best explained by, and how sure that is.

    A cause comes before its effects, then the worse, the surer and the older.
    """
    ordered = sorted(findings, key=lambda one: (one.severity, -one.confidence, one.since, one.id.int))
    present = {one.family for one in ordered}
    causes = [one for one in ordered if not any(explains(each, one.family) for each in present)] or ordered
    return causes[0].family, causes[0].confidence


def home_of(
    group: Group, current: Sequence[IncidentId], active: Mapping[IncidentId, Incident], evse_number: int
) -> Incident | None:
    """Return the incident that a group goes on with, or None for a new one.

    `current` are the incidents of its findings; `active` those that are not over. What people see stays, so that a
    problem keeps its number: the shown before the held, then the one with most of the findings, then the oldest.
    """
    if group.blame is Blame.CHARGER:
        mine = [active[each] for each in current if each in active and not is_wide(active[each])]
        found = mine or [one for one in active.values() if _same_charger(one, group, evse_number)]
    else:
        mine = [active[each] for each in current if each in active and is_wide(active[each])]
        found = mine or [one for one in active.values() if _same_wide(one, group)]
    return min(found, key=lambda one: (one.state not in SHOWN, -current.count(one.id), one.since, one.id), default=None)


def home_of_report(report: DriverReport, active: Iterable[Incident]) -> Incident | None:
    """Return the problem that a driver speaks of: that of the outlet, else what has taken its whole site from us."""
    every = list(active)
    fitting = [
        one
        for one in every
        if one.stations == (report.station_id,) and same_outlet(one.evse_number, report.evse_number)
    ]
    found = fitting or [one for one in every if hides_others(one) and report.station_id in one.stations]
    return min(found, key=lambda one: (one.state not in SHOWN, one.severity, one.since, one.id), default=None)


def joins_wide(finding: Finding, wide: Incident, site: object) -> bool:
    """Return whether one more finding of a site is part of a problem that the site has already."""
    return (
        wide.scope == Blame.SITE
        and wide.quiet_since is None
        and finding.family == wide.family
        and wide.sites == (site,)
        and finding.severity is not Severity.SAFETY
    )


def same_problem(before: Incident, incident: Incident) -> bool:
    """Return whether `incident` is what `before` was: the same place, the same part."""
    if is_wide(before) or is_wide(incident):
        return (
            before.scope == incident.scope
            and before.family == incident.family
            and (before.sites == incident.sites if incident.scope == Blame.SITE else _overlap(before, incident))
        )
    return (
        before.stations == incident.stations
        and same_outlet(before.evse_number, incident.evse_number)
        and before.family == incident.family
    )


def _same_charger(incident: Incident, group: Group, evse_number: int) -> bool:
    return (
        not is_wide(incident)
        and incident.stations == group.stations
        and same_outlet(incident.evse_number, evse_number)
        and are_one(incident.family, group.family)
    )


def _same_wide(incident: Incident, group: Group) -> bool:
    if incident.scope != group.blame or incident.family != group.family:
        return False
    return incident.scope_key == group.key or bool(set(incident.stations) & set(group.stations))


def _overlap(one: Incident, other: Incident) -> bool:
    return one.scope_key == other.scope_key or bool(set(one.stations) & set(other.stations))

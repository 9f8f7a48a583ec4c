"""Who is to blame: findings that stand at the same time are put to a site, a carrier, a version or a car. Pure.

A charger is blamed last. A dead switch, a power cut, a carrier's outage, a bad release or one odd car makes many
chargers look broken, and nobody should be sent to any of them. The rules are those of the study, section 5.1; each
finding is in exactly one group, and the order in which findings are given changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, exp, lgamma, log, log1p, sqrt
from typing import Final

from msgspec import Struct

from laddverk.diagnostics.model import Evidence, Family, FindingId, Severity
from laddverk.kernel.ids import SiteId, StationId
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

SITE_STATIONS: Final = 3  # two neighbours may fail together by chance; three did not in the study's data
BURST_STATIONS: Final = (
    5  # across sites: 22 % of real losses of contact come in such bursts, and are no chargers' fault
)
BURST_ELSEWHERE: Final = 2  # of them outside the site that has most: else it is that site, and a coincidence
TOGETHER: Final = timedelta(minutes=10)
TOGETHER_SLOW: Final = timedelta(hours=24)  # what is computed over sessions is noticed hours apart
TOGETHER_SERVICE: Final = timedelta(hours=2)  # refusals are noticed as drivers come
CAR_STATIONS: Final = 3
COHORT_STATIONS: Final = 5
COHORT_SITES: Final = 3
COHORT_CHANCE: Final = 1e-4  # that so many of one version would be among them by accident
SAME_CARRIER: Final = 0.8  # of those whose carrier is known: some modems report the carrier they roam in
ALL_OF_US: Final = 0.5  # when half of the network goes at once, it is ours to mend

SITE_AT_ONCE: Final = frozenset({Family.CONNECTIVITY, Family.NO_ENERGY, Family.OVERCURRENT})
SITE_SLOWLY: Final = frozenset({Family.SUPPLY, Family.PHASE, Family.DEMAND, Family.LIMIT})
SERVICES: Final = frozenset({Family.AUTHORISATION, Family.PAYMENT})
SOFTWARE: Final = frozenset(
    {
        Family.CONTROLLER, Family.FIRMWARE, Family.CONFIGURATION, Family.EV_COMMUNICATION, Family.NO_ENERGY,
        Family.STUCK_STATE, Family.CLOCK, Family.CONNECTIVITY, Family.READER, Family.METER,
    }
)  # fmt: skip
"""What a release can break; it heats no contact and bends no pin."""
CAR_MADE: Final = frozenset({Family.EV_COMMUNICATION, Family.NO_ENERGY, Family.VEHICLE, Family.OTHER})
SYMPTOMS: Final = frozenset({Family.NO_ENERGY, Family.OTHER})
"""What says that it does not work, and not which part: another finding of the outlet explains it."""


ALWAYS_SITE: Final = frozenset({"D34"})
"""Detectors that speak of the site, at whichever charger: the one that is named is not to blame."""


class Blame(StrEnum):
    """Where the cause probably is; looked for in this order."""

    VEHICLE = "vehicle"
    CARRIER = "carrier"
    BACKEND = "backend"
    """Ours, or that of somebody whom we ask: a roaming partner, a payment provider."""
    NETWORK = "network"
    """A carrier or we ourselves: what the chargers say does not tell which."""
    SITE = "site"
    FIRMWARE = "firmware"
    CHARGER = "charger"


class Placed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An open finding, and what its station has in common with others."""

    finding_id: FindingId
    detector: str
    family: Family
    severity: Severity
    station_id: StationId
    evse_number: int
    since: datetime
    site_id: SiteId
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    carrier: str = ""
    """Of its SIM; '' where none is known."""
    cars: tuple[str, ...] = ()
    """Keys of the cars or tokens whose failures made the finding; () where it is not about attempts."""

    @property
    def cohort(self) -> str:
        """Return what names all chargers of this make, model and version; '' where one of them is unknown."""
        return f"{self.vendor} {self.model} {self.firmware}" if self.model and self.firmware else ""


class Fleet(Struct, frozen=True, kw_only=True):
    """What is usual, so that chance is not taken for a cause. Empty: the plain limits hold alone."""

    stations: int = 0
    stations_at: Mapping[SiteId, int] = {}
    stations_of_cohort: Mapping[str, int] = {}
    link_losses_usual: float = 0.0
    """How many stations lose their link in ten ordinary minutes."""


class Group(Struct, frozen=True, kw_only=True):
    """Findings with one cause."""

    blame: Blame
    key: str
    """Names the cause, the same at the next look: a site, a carrier, a cohort, a car, or an outlet and family."""
    family: Family
    findings: tuple[FindingId, ...]
    """By time, then by id."""
    stations: tuple[StationId, ...]
    since: datetime
    confidence: float
    evidence: tuple[Evidence, ...] = ()


def inferred(
    placed: Iterable[Placed], *, fleet: Fleet | None = None, bad_cars: Collection[str] = ()
) -> tuple[Group, ...]:
    """Return all findings in groups of one cause each, blaming single chargers last.

    `bad_cars` are keys of cars that are known to fail everywhere (D10). Never raises; a finding is in one group.
    """
    fleet = fleet or Fleet()
    left = sorted(set(placed), key=lambda one: (one.since, one.finding_id.int))
    groups: list[Group] = []
    takers: tuple[Callable[[Sequence[Placed]], list[Group]], ...] = (
        lambda rest: _cars(rest, bad_cars),
        lambda rest: _bursts(rest, fleet),
        _services,
        lambda rest: _sites(rest, fleet),
        lambda rest: _cohorts(rest, fleet),
        _chargers,
    )
    for take in takers:
        found = take(left)
        taken = {finding for group in found for finding in group.findings}
        left = [one for one in left if one.finding_id not in taken]
        groups.extend(found)
    return tuple(groups)


def _group(
    blame: Blame, key: str, family: Family, members: Sequence[Placed], confidence: float, *evidence: Evidence
) -> Group:
    """Return the group of `members`, which are in order of time."""
    stations = tuple(dict.fromkeys(one.station_id for one in members))
    return Group(
        blame=blame, key=key, family=family, findings=tuple(one.finding_id for one in members), stations=stations,
        since=members[0].since, confidence=confidence, evidence=evidence,
    )  # fmt: skip


def _stations(members: Iterable[Placed]) -> set[StationId]:
    return {one.station_id for one in members}


# One car, many chargers


def _cars(left: Sequence[Placed], bad_cars: Collection[str]) -> list[Group]:
    """Failures that follow one car: it is known to fail everywhere, or alone made findings at three chargers."""
    by_car: dict[str, list[Placed]] = defaultdict(list)
    for one in left:
        cars = set(one.cars)
        if one.family is Family.VEHICLE:
            by_car[min(cars & set(bad_cars), default=min(cars, default=f"at {one.station_id}"))].append(one)
        elif len(cars) == 1 and one.family in CAR_MADE:
            by_car[one.cars[0]].append(one)
    return [
        _group(
            Blame.VEHICLE, f"car:{car}", Family.VEHICLE, members, 0.9 if car in bad_cars else 0.8,
            Evidence(text=N_("All of it was one car or token, at %(stations)s chargers"),
                     values={"stations": len(_stations(members))}),
        )
        for car, members in sorted(by_car.items())
        if car in bad_cars or len(_stations(members)) >= CAR_STATIONS
        or any(one.family is Family.VEHICLE for one in members)
    ]  # fmt: skip


# Many sites at once


def _bursts(left: Sequence[Placed], fleet: Fleet) -> list[Group]:
    """Links lost across sites within ten minutes: a carrier, or we."""
    groups: list[Group] = []
    candidates = [one for one in left if one.family is Family.CONNECTIVITY]
    usual = fleet.link_losses_usual
    least = max(BURST_STATIONS, ceil(usual + 4 * sqrt(max(usual, 1.0))))  # 4 sigma: one false burst in months
    while members := _densest(candidates, TOGETHER):
        at_sites = Counter({site: len(_stations(here)) for site, here in _by_site(members).items()})
        count = at_sites.total()
        if count < least:
            break
        gone = {one.finding_id for one in members}
        candidates = [one for one in candidates if one.finding_id not in gone]
        if count - max(at_sites.values()) >= BURST_ELSEWHERE:
            groups.append(_burst(members, count, len(at_sites), fleet))
    return groups


def _burst(members: Sequence[Placed], count: int, sites: int, fleet: Fleet) -> Group:
    """Say whose burst it is."""
    carriers = Counter({carrier: len(_stations(m for m in members if m.carrier == carrier))
                        for carrier in sorted({one.carrier for one in members if one.carrier})})  # fmt: skip
    known = carriers.total()
    carrier, most = carriers.most_common(1)[0] if carriers else ("", 0)
    evidence = Evidence(
        text=N_("%(stations)s chargers at %(sites)s sites lost their link within ten minutes"),
        values={"stations": count, "sites": sites}, at=members[0].since,
    )  # fmt: skip
    start = members[0].since.strftime("%Y-%m-%dT%H:%M")
    if fleet.stations and count >= max(ALL_OF_US * fleet.stations, BURST_STATIONS):
        return _group(Blame.BACKEND, f"backend:{start}", Family.CONNECTIVITY, members, 0.8, evidence)
    if known >= count / 2 and most >= SAME_CARRIER * known:
        shared = Evidence(text=N_("Those whose SIM is known are with %(carrier)s"), values={"carrier": carrier})
        return _group(Blame.CARRIER, f"carrier:{carrier}:{start}", Family.CONNECTIVITY, members, 0.85, evidence, shared)
    return _group(Blame.NETWORK, f"network:{start}", Family.CONNECTIVITY, members, 0.7, evidence)


def _services(left: Sequence[Placed]) -> list[Group]:
    """Refusals at many chargers of several sites at once: somebody whom we ask does not answer."""
    groups: list[Group] = []
    for family in sorted(SERVICES):
        members = _densest([one for one in left if one.family is family], TOGETHER_SERVICE)
        sites = _by_site(members)
        if len(_stations(members)) >= BURST_STATIONS and len(sites) > 1:
            said = Evidence(
                text=N_("%(stations)s chargers at %(sites)s sites refuse at the same time"),
                values={"stations": len(_stations(members)), "sites": len(sites)}, at=members[0].since,
            )  # fmt: skip
            groups.append(_group(Blame.BACKEND, f"service:{family}", family, members, 0.85, said))
    return groups


# One site


def _sites(left: Sequence[Placed], fleet: Fleet) -> list[Group]:
    """Three chargers of a site together: its network or its supply. What is said of the site needs one alone."""
    groups: list[Group] = [
        _group(Blame.SITE, f"site:{one.site_id}:{one.detector}", one.family, [one], 0.9)
        for one in left
        if one.detector in ALWAYS_SITE
    ]
    left = [one for one in left if one.detector not in ALWAYS_SITE]
    for family in sorted(SITE_AT_ONCE | SITE_SLOWLY | SERVICES):
        near = TOGETHER if family is Family.CONNECTIVITY else TOGETHER_SLOW
        for site, here in sorted(_by_site(one for one in left if one.family is family).items()):
            members = _densest(here, near)
            count = len(_stations(members))
            every_one = count > 1 and family in SITE_SLOWLY and count == fleet.stations_at.get(site)
            if count >= SITE_STATIONS or every_one:
                said = Evidence(
                    text=N_("%(stations)s chargers of the site at the same time"), values={"stations": count},
                    at=members[0].since,
                )  # fmt: skip
                start = members[0].since.strftime("%Y-%m-%dT%H")
                groups.append(_group(Blame.SITE, f"site:{site}:{family}:{start}", family, members, 0.85, said))
    return groups


# One version


def _cohorts(left: Sequence[Placed], fleet: Fleet) -> list[Group]:
    """Findings that a release explains: its rate is known to be worse (D30), or it stands out among those who fail."""
    by_cohort: dict[str, list[Placed]] = defaultdict(list)
    for one in left:
        if one.cohort and one.family in SOFTWARE:
            by_cohort[one.cohort].append(one)
    groups: list[Group] = []
    for cohort, members in sorted(by_cohort.items()):
        if any(one.family is Family.FIRMWARE for one in members):
            said = Evidence(text=N_("%(version)s does worse than the version before it"), values={"version": cohort})
            groups.append(_group(Blame.FIRMWARE, f"firmware:{cohort}", Family.FIRMWARE, members, 0.9, said))
        else:
            groups.extend(_standing_out(cohort, members, left, fleet))
    return groups


def _standing_out(cohort: str, members: Sequence[Placed], left: Sequence[Placed], fleet: Fleet) -> Iterable[Group]:
    """One family at many chargers of one version, far beyond the version's share of the fleet."""
    size = fleet.stations_of_cohort.get(cohort, 0)
    if not size or size >= fleet.stations:
        return
    for family in sorted({one.family for one in members}):
        same = [one for one in members if one.family is family]
        among = len(_stations(one for one in left if one.family is family))
        count, sites = len(_stations(same)), len(_by_site(same))
        if count < COHORT_STATIONS or sites < COHORT_SITES:
            continue
        if chance_of_at_least(count, among, size / fleet.stations) < COHORT_CHANCE:
            said = Evidence(
                text=N_("%(stations)s of the %(among)s chargers with this have %(version)s, as %(share_percent)s have"),
                values={"stations": count, "among": among, "version": cohort,
                        "share_percent": round(100 * size / fleet.stations)},
            )  # fmt: skip
            yield _group(Blame.FIRMWARE, f"firmware:{cohort}:{family}", family, same, 0.75, said)


# One charger


def _chargers(left: Sequence[Placed]) -> list[Group]:
    """The rest, by outlet: a symptom joins the finding of the outlet that explains it."""
    by_outlet: dict[tuple[StationId, int], list[Placed]] = defaultdict(list)
    for one in left:
        by_outlet[one.station_id, one.evse_number].append(one)
    groups: list[Group] = []
    for (station, evse), here in by_outlet.items():
        by_family: dict[Family, list[Placed]] = defaultdict(list)
        for one in here:
            by_family[one.family].append(one)
        causes = [family for family in by_family if family not in SYMPTOMS and family is not Family.DEMAND]
        if causes:
            main = min(causes, key=lambda family: _weight(by_family[family]))
            for symptom in SYMPTOMS & by_family.keys():
                by_family[main] += by_family.pop(symptom)
        for family, members in by_family.items():
            members.sort(key=lambda one: (one.since, one.finding_id.int))
            groups.append(_group(Blame.CHARGER, f"outlet:{station}:{evse}:{family}", family, members, 0.8))
    return groups


def _weight(members: Sequence[Placed]) -> tuple[int, datetime, str]:
    """Order causes of one outlet: the worse first, then the one that was there first."""
    return (min(one.severity for one in members), min(one.since for one in members), members[0].family)


# Arithmetic


def _by_site(members: Iterable[Placed]) -> dict[SiteId, list[Placed]]:
    by_site: dict[SiteId, list[Placed]] = defaultdict(list)
    for one in members:
        by_site[one.site_id].append(one)
    return by_site


def _densest(members: Sequence[Placed], width: timedelta) -> list[Placed]:
    """Return those of the window of `width` in which most began; the earliest of equals. They are in order of time."""
    best = (0, 0, 0)
    first = 0
    for last, one in enumerate(members):
        while one.since - members[first].since > width:
            first += 1
        if last + 1 - first > best[0]:
            best = (last + 1 - first, first, last + 1)
    return list(members[best[1] : best[2]])


def chance_of_at_least(count: int, among: int, share: float) -> float:
    """Return the chance that `count` or more of `among` belong to a part of the fleet with this share (binomial)."""
    if count <= 0 or share >= 1:
        return 1.0
    if share <= 0 or count > among:
        return 0.0
    terms = (
        lgamma(among + 1) - lgamma(k + 1) - lgamma(among - k + 1) + k * log(share) + (among - k) * log1p(-share)
        for k in range(count, among + 1)
    )
    return min(1.0, sum(exp(term) for term in terms))

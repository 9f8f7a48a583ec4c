"""When a car fails everywhere (D10), a version does worse (D30), and nobody comes to an outlet (D32). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.diagnostics.cohorts.chance import chance_of_ratio, poisson_at_most
from laddverk.diagnostics.cohorts.model import (
    CarCase,
    CarVisit,
    Compared,
    Expected,
    Measure,
    Quiet,
    StationDays,
    Version,
)
from laddverk.kernel.ids import StationId

CAR_STATIONS: Final = 3
CAR_FAILS_SHARE: Final = 0.6
CAR_WITHIN: Final = timedelta(days=30)
CAR_WELL: Final = 2  # of its last three visits: then it is no bad car any more
CAR_LOOKS_BACK: Final = 3
OTHERS_FAIL_MAX: Final = 0.3  # where a third of all others fail too, it is the charger

RATIO: Final = 1.5
SURE: Final = 0.95
SURE_WITHOUT_WORST: Final = 0.9
STATIONS_MIN: Final = 3  # with failures of the new version: one broken charger is no regression
ATTEMPTS_MIN: Final = 30
DAYS_MIN: Final = 21  # station-days
COMPARED: Final = timedelta(days=60)
SHARE_PRIOR: Final = (1.2, 30.0)  # failed, tried: 4 %, the middle of five open networks
TROUBLE_PRIOR: Final = (0.6, 30.0)  # findings, station-days
OVER_BELOW: Final = 0.5  # the suspicion is dropped when the chance has fallen below this

QUIET_MIN: Final = timedelta(hours=12)
CHANCE_MAX: Final = 1e-4
CHANCE_OVER: Final = 1e-2
OWN_MIN: Final = 20  # attempts in eight weeks: else nobody is expected
PROFILE_WEIGHT: Final = 50.0  # attempts of its own must be known before its own week weighs as much as the network's
NETWORK_WEIGHT: Final = 10.0
FACTOR_MAX: Final = 1.0  # drivers who find it dead go to its neighbours: more there must not excuse it here
HOURS_MAX: Final = 24 * 60
HOURS_OF_WEEK: Final = 168


def car_cases(visits: Iterable[CarVisit], fail_share_of: Mapping[StationId, float]) -> list[CarCase]:
    """Return the cars that fail at three and more chargers, in 60 % and more of their visits, where others do not.

    `visits` are those of the last 30 days, one for each visit; `fail_share_of` is the share of all others that fail.
    """
    by_car: dict[str, list[CarVisit]] = defaultdict(list)
    for visit in visits:
        by_car[visit.key].append(visit)
    cases = (_car(key, sorted(mine, key=lambda one: one.ended_at), fail_share_of) for key, mine in by_car.items())
    return [case for case in cases if case is not None]


def _car(key: str, visits: Sequence[CarVisit], fail_share_of: Mapping[StationId, float]) -> CarCase | None:
    failed = [visit for visit in visits if not visit.ok]
    stations = {visit.station_id for visit in failed if fail_share_of.get(visit.station_id, 0.0) <= OTHERS_FAIL_MAX}
    if len(stations) < CAR_STATIONS or len(failed) < CAR_FAILS_SHARE * len(visits):
        return None
    if sum(visit.ok for visit in visits[-CAR_LOOKS_BACK:]) >= CAR_WELL:
        return None
    return CarCase(
        key=key, is_car=visits[-1].is_car, make=visits[-1].make, stations=len(stations), visits=len(visits),
        failed=len(failed), since=failed[0].ended_at, last_at=failed[-1].ended_at, station_id=failed[-1].station_id,
    )  # fmt: skip


def compared(stations: Iterable[StationDays]) -> list[Compared]:
    """Return every version, by maker, model and age, each against all versions of its model that came before it."""
    ordered = sorted(stations, key=lambda one: (one.vendor, one.model))
    found: list[Compared] = []
    for _model, members in groupby(ordered, key=lambda one: (one.vendor, one.model)):
        by_version: dict[str, list[StationDays]] = defaultdict(list)
        for one in members:
            by_version[one.firmware].append(one)
        versions = sorted(by_version.values(), key=lambda mine: (min(one.first_day for one in mine), mine[0].firmware))
        older: list[StationDays] = []
        for mine in versions:
            found.append(_against(mine, older))
            older += mine
    return found


def _against(mine: Sequence[StationDays], older: Sequence[StationDays]) -> Compared:
    version = Version(
        vendor=mine[0].vendor, model=mine[0].model, firmware=mine[0].firmware,
        first_day=min(one.first_day for one in mine), stations=len({one.station_id for one in mine}),
        days=sum(one.days for one in mine), attempts=sum(one.attempts for one in mine),
        failed=sum(one.failed for one in mine), troubles=sum(one.troubles for one in mine),
    )  # fmt: skip
    if not older or version.first_day <= min(one.first_day for one in older):
        return Compared(version=version)  # all began at once: nobody knows which of them is the newer one
    measures = []
    worse: StationId | None = None
    for what in ("failed", "troubles"):
        measure = _measure(what, mine, older)
        if measure is None:
            continue
        measures.append(measure)
        worst = max(mine, key=lambda one: (_events(what, one), str(one.station_id))).station_id
        if measure.chance > SURE and _holds_without(worst, what, mine, older):
            worse = worse or worst
    return Compared(version=version, measures=tuple(measures), is_worse=worse is not None, worst_station=worse)


def _measure(what: str, mine: Sequence[StationDays], older: Sequence[StationDays]) -> Measure | None:
    """Return the comparison by one rate; None while too little is known of either."""
    exposure, before_exposure = (sum(_exposure(what, one) for one in side) for side in (mine, older))
    least = ATTEMPTS_MIN if what == "failed" else DAYS_MIN
    if min(exposure, before_exposure) < least:
        return None
    events, before = (sum(_events(what, one) for one in side) for side in (mine, older))
    prior = SHARE_PRIOR if what == "failed" else TROUBLE_PRIOR
    chance = chance_of_ratio(events, exposure, before, before_exposure, ratio=RATIO, prior=prior)
    return Measure(
        what=what, events=events, exposure=exposure, before=before, exposure_before=before_exposure, chance=chance
    )


def _holds_without(worst: StationId, what: str, mine: Sequence[StationDays], older: Sequence[StationDays]) -> bool:
    """Return whether the version is worse without its worst station too, and at three stations at least."""
    failing = {one.station_id for one in mine if _events(what, one)}
    rest = [one for one in mine if one.station_id != worst]
    prior = SHARE_PRIOR if what == "failed" else TROUBLE_PRIOR
    chance = chance_of_ratio(
        sum(_events(what, one) for one in rest), sum(_exposure(what, one) for one in rest),
        sum(_events(what, one) for one in older), sum(_exposure(what, one) for one in older),
        ratio=RATIO, prior=prior,
    )  # fmt: skip
    return len(failing) >= STATIONS_MIN and chance > SURE_WITHOUT_WORST


def _events(what: str, one: StationDays) -> int:
    return one.failed if what == "failed" else one.troubles


def _exposure(what: str, one: StationDays) -> int:
    return one.attempts if what == "failed" else one.days


def expected(quiet: Quiet, network: Mapping[int, float], network_factor: float, now: datetime) -> Expected:
    """Return how many should have come to an outlet since it fell quiet, and the chance that nobody does.

    `network`: the share of attempts of the whole network in each hour of the week, which sums to 1. The own rate and
    week come from the eight weeks before; neighbours say whether it is a holiday.
    """
    own = sum(quiet.hours.values())
    if own < OWN_MIN or quiet.weeks <= 0:
        return Expected(attempts=0.0, chance=1.0, factor=1.0)
    passed = hours_between(quiet.quiet_since, now, ZoneInfo(quiet.zone))
    own_weeks = sum(
        share * (quiet.hours.get(hour, 0) + PROFILE_WEIGHT * network.get(hour, 0.0)) / (own + PROFILE_WEIGHT)
        for hour, share in passed.items()
    )
    site_weeks = sum(share * network.get(hour, 0.0) for hour, share in passed.items())
    site_usual = quiet.site_before / quiet.site_weeks * site_weeks if quiet.site_weeks > 0 else 0.0
    factor = (quiet.site_now + NETWORK_WEIGHT * network_factor) / (site_usual + NETWORK_WEIGHT)
    factor = min(max(factor, 0.0), FACTOR_MAX)
    attempts = own / quiet.weeks * own_weeks * factor
    return Expected(attempts=attempts, chance=poisson_at_most(0, attempts), factor=factor)


def hours_between(start: datetime, end: datetime, zone: ZoneInfo) -> dict[int, float]:
    """Return how often each hour of the local week has passed from `start` to `end`: 1.0 is once in full.

    At most sixty days are counted: by then anybody is missed.
    """
    passed: dict[int, float] = defaultdict(float)
    at = max(start, end - timedelta(hours=HOURS_MAX))
    while at < end:
        until = min(end, at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
        local = at.astimezone(zone)
        passed[local.weekday() * 24 + local.hour] += (until - at).total_seconds() / 3_600
        at = until
    return passed


def profile(by_hour: Mapping[datetime, int], zone: ZoneInfo) -> dict[int, float]:
    """Return the share of attempts in each hour of the local week; even where nothing is known."""
    counts = dict.fromkeys(range(HOURS_OF_WEEK), 1.0)  # one more everywhere: no hour is impossible
    for at, attempts in by_hour.items():
        local = at.astimezone(zone)
        counts[local.weekday() * 24 + local.hour] += attempts
    total = sum(counts.values())
    return {hour: count / total for hour, count in counts.items()}


def network_factor(
    by_hour: Mapping[datetime, int], network: Mapping[int, float], since: datetime, now: datetime, zone: ZoneInfo
) -> float:
    """Return how the network does since `since` against its own week before: less than 1 in holidays."""
    before = {at: count for at, count in by_hour.items() if at < since}
    weeks = (since - min(before)).total_seconds() / (7 * 86_400) if before else 0.0
    if weeks < 1:
        return 1.0
    passed = sum(share * network.get(hour, 0.0) for hour, share in hours_between(since, now, zone).items())
    usual = sum(before.values()) / weeks * passed
    seen = sum(count for at, count in by_hour.items() if at >= since)
    return (seen + NETWORK_WEIGHT) / (usual + NETWORK_WEIGHT)


def certainty(chance: float) -> float:
    """Return how sure a finding is whose opposite has this chance; never quite."""
    return min(0.95, 1 - chance**0.25) if chance > 0 else 0.95

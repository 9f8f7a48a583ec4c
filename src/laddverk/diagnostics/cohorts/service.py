"""Compares chargers with each other: counts, decides by `rules`, raises and clears findings. One transaction each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from laddverk.diagnostics import findings
from laddverk.diagnostics.cohorts import rules, store
from laddverk.diagnostics.cohorts.model import CarCase, Compared, Expected, Quiet
from laddverk.diagnostics.detectors.fleet import BAD_CAR, DEMAND, FIRMWARE
from laddverk.diagnostics.model import STATION, Evidence, Signal, Turn
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked as N_  # noqa: N812 - gettext's own name for it

DAY: Final = timedelta(days=1)
LATELY: Final = timedelta(days=2)
HOURS_BACK: Final = timedelta(days=2)
NETWORK_PAST: Final = timedelta(days=63)
KEPT: Final = timedelta(days=120)
CARS_MAX: Final = 200  # cases at once; more would be a fault of ours

OF_MAKE: Final = N_("A car of %(make)s failed in %(failed)s of %(visits)s visits, at %(stations)s chargers")
OF_NOBODY: Final = N_("One driver failed in %(failed)s of %(visits)s visits, at %(stations)s chargers")


async def look(tx: Transaction, now: datetime) -> None:
    """Count yesterday and today anew, at first all that is compared, and judge cars and versions."""
    yesterday = now.replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    since = await store.days_from(tx, yesterday, now - rules.COMPARED)
    bad = [case.key for case in await store.open_cases(tx, "car")]
    await store.count(tx, since, now, bad)
    await _judge_cars(tx, now)
    await _judge_versions(tx, now)


async def look_for_demand(tx: Transaction, now: datetime, zone: str) -> None:
    """Judge the outlets at which nobody has tried to charge for long. `zone`: of most of the network."""
    whole_hour = now.replace(minute=0, second=0, microsecond=0)
    await store.count_hours(tx, await store.hours_from(tx, whole_hour - HOURS_BACK, whole_hour - NETWORK_PAST))
    await store.forget(tx, now - KEPT)
    by_hour = await store.hours(tx, now - NETWORK_PAST)
    network = rules.profile(by_hour, ZoneInfo(zone))
    told: list[findings.Told] = []
    still: set[tuple[StationId, int]] = set()
    before = await store.open_findings(tx, DEMAND.id)
    for quiet in await store.quiet(tx, now - rules.QUIET_MIN):
        factor = rules.network_factor(by_hour, network, quiet.quiet_since, now, ZoneInfo(zone))
        missed = rules.expected(quiet, network, factor, now)
        place = (quiet.station_id, quiet.evse_number)
        if missed.chance < (rules.CHANCE_OVER if place in before else rules.CHANCE_MAX):
            still.add(place)
        if missed.chance < rules.CHANCE_MAX:
            told.append(findings.Told(quiet.station_id, _nobody(quiet, missed, now)))
    told += [
        findings.Told(station_id, _cleared(DEMAND.id, now, N_("Somebody came, or it is not free any more"), evse))
        for station_id, evse in sorted(before - still)
    ]
    await findings.keep(tx, told, now)


def _nobody(quiet: Quiet, missed: Expected, now: datetime) -> Signal:
    said = Evidence(
        text=N_("Free since %(since_at)s, and nobody has tried to charge; about %(expected)s people should have come"),
        values={"since_at": quiet.quiet_since.isoformat(), "expected": round(missed.attempts)}, at=now,
    )  # fmt: skip
    around = Evidence(
        text=N_("The rest of the site saw %(site_now)s attempts meanwhile"), values={"site_now": quiet.site_now}
    )
    return Signal(
        detector=DEMAND.id, evse_number=quiet.evse_number, turn=Turn.RAISED, at=now, since=quiet.quiet_since,
        confidence=rules.certainty(missed.chance), evidence=(said, around),
    )  # fmt: skip


async def _judge_cars(tx: Transaction, now: datetime) -> None:
    visits = await store.car_visits(tx, now - rules.CAR_WITHIN, now - LATELY)
    shares = await store.fail_shares(tx, now - rules.CAR_WITHIN, list({visit.station_id for visit in visits}))
    cases = {case.key: case for case in rules.car_cases(visits, shares)[:CARS_MAX]}
    before = {case.key: case.station_id for case in await store.open_cases(tx, "car")}
    for key, case in cases.items():
        await store.keep_case(tx, "car", key, before.get(key, case.station_id), case.since, now, _car_detail(case))
    await store.clear_cases(tx, "car", sorted(before.keys() - cases.keys()), now)
    at: dict[StationId, list[CarCase]] = defaultdict(list)
    for key, case in cases.items():
        at[before.get(key, case.station_id)].append(case)
    told = [findings.Told(station_id, _cars_fail(here, now)) for station_id, here in sorted(at.items())]
    gone = {station_id for station_id, _ in await store.open_findings(tx, BAD_CAR.id)} - at.keys()
    told += [
        findings.Told(station_id, _cleared(BAD_CAR.id, now, N_("The car charges again, or has not come back")))
        for station_id in sorted(gone)
    ]
    await findings.keep(tx, told, now)


def _car_detail(case: CarCase) -> dict[str, Any]:
    return {
        "is_car": case.is_car, "make": case.make, "stations": case.stations, "visits": case.visits,
        "failed": case.failed, "last_at": case.last_at.isoformat(),
    }  # fmt: skip


def _cars_fail(cases: Sequence[CarCase], now: datetime) -> Signal:
    evidence = tuple(
        Evidence(
            text=OF_MAKE if case.make else OF_NOBODY,
            values={"failed": case.failed, "visits": case.visits, "stations": case.stations, "make": case.make,
                    "car": case.key}, at=case.last_at,
        )
        for case in sorted(cases, key=lambda one: one.key)
    )  # fmt: skip
    return Signal(
        detector=BAD_CAR.id, evse_number=STATION, turn=Turn.RAISED, at=now, since=min(case.since for case in cases),
        confidence=0.85, evidence=evidence,
    )  # fmt: skip


async def _judge_versions(tx: Transaction, now: datetime) -> None:
    all_versions = {one.version.name: one for one in rules.compared(await store.station_days(tx, now - rules.COMPARED))}
    before = {case.key: case.station_id for case in await store.open_cases(tx, "firmware")}
    told: list[findings.Told] = []
    over: list[str] = []
    for name, one in all_versions.items():
        station_id = before.get(name, one.worst_station)
        if one.is_worse and station_id is not None:
            await store.keep_case(
                tx, "firmware", name, station_id, one.version.first_day, now, {"chance": round(one.chance or 0.0, 4)}
            )
            told.append(findings.Told(station_id, _does_worse(one, now)))
        elif name in before and (one.chance or 0.0) < rules.OVER_BELOW:
            over.append(name)
    over += before.keys() - all_versions.keys()
    told += [
        findings.Told(before[name], _cleared(FIRMWARE.id, now, N_("It does no worse than the versions before it")))
        for name in over
    ]
    await store.clear_cases(tx, "firmware", over, now)
    await findings.keep(tx, told, now)


def _does_worse(one: Compared, now: datetime) -> Signal:
    version = one.version
    said = {
        "failed": N_("%(version)s: %(events)s of %(exposure)s people failed, against %(before)s of "
                     "%(exposure_before)s under the versions before"),
        "troubles": N_("%(version)s: %(events)s troubles in %(exposure)s days of chargers, against %(before)s in "
                       "%(exposure_before)s under the versions before"),
    }  # fmt: skip
    evidence = tuple(
        Evidence(
            text=said[measure.what],
            values={"version": version.firmware, "events": measure.events, "exposure": measure.exposure,
                    "before": measure.before, "exposure_before": measure.exposure_before,
                    "chance_percent": round(100 * measure.chance, 1)}, at=now,
        )
        for measure in one.measures if measure.chance > rules.SURE
    )  # fmt: skip
    return Signal(
        detector=FIRMWARE.id, evse_number=STATION, turn=Turn.RAISED, at=now, since=version.first_day,
        confidence=min(one.chance or 0.0, 0.95), evidence=evidence,
    )  # fmt: skip


def _cleared(detector: str, now: datetime, text: str, evse_number: int = STATION) -> Signal:
    return Signal(
        detector=detector, evse_number=evse_number, turn=Turn.CLEARED, at=now, evidence=(Evidence(text=text, at=now),)
    )

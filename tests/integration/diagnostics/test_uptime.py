"""Uptime on a real database: a scripted June, worked out, excused by two people, corrected by a replayed session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from laddverk.diagnostics.codes import counting
from laddverk.diagnostics.observations import StateSeen
from laddverk.diagnostics.uptime import months, queries, service, store
from laddverk.diagnostics.uptime.hours import Length, Opening, period_named, period_of
from laddverk.diagnostics.uptime.model import Policy, State
from laddverk.diagnostics.uptime.months import Month
from laddverk.diagnostics.uptime.policies import HONEST, ours
from laddverk.diagnostics.uptime.service import NewExclusion
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.ocpp.facts import Status
from laddverk.platform.database import Database, Transaction
from tests.network import Network, network_on

JUNE = period_named("2026-06")
START = datetime(2026, 5, 31, 22, tzinfo=UTC)  # midnight in Stockholm
NOW = datetime(2026, 7, 15, tzinfo=UTC)
MONTH_S = 30 * 86_400
ANNA = Actor("operator", uuid4(), "Anna", frozenset(Permission))
BO = Actor("operator", uuid4(), "Bo", frozenset(Permission))


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as standing:
        yield standing


async def scripted(tx: Transaction, station: StationId) -> None:
    """Connected all June but for two hours on the second day; outlet 1 faulted for four on the third."""
    await tx.execute("UPDATE station SET registered_at = $2, epoch = 2 WHERE id = $1", station, START)
    for epoch, since, until in ((1, 0, 1_500), (2, 1_620, None)):
        await tx.execute(
            "INSERT INTO station_connection (station_id, epoch, connected_at, disconnected_at, protocol,"
            " remote_address) VALUES ($1, $2, $3, $4, 'ocpp1.6', '10.0.0.1')",
            station, epoch, at(since), None if until is None else at(until),
        )  # fmt: skip
    words = [(1, 0, 3_000, "available"), (1, 3_000, 3_240, "faulted"), (1, 3_240, None, "available")]
    for evse, since, until, status in [*words, (2, 0, None, "available")]:
        await tx.execute(
            "INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, ended_at,"
            " same_since, status, received_at) VALUES ($1, $2, 1, $3, $4, $5, $3, $6, $3)",
            station, evse, at(since), f"{evse}-{since}", None if until is None else at(until), status,
        )  # fmt: skip


async def worked_out(tx: Transaction, *stations: StationId) -> dict[tuple[int, str], Month]:
    found, _courses = await months.work_out(tx, list(stations), ours(), JUNE, NOW)
    return {(one.evse_number, one.policy): one for one in found}


async def test_a_scripted_month_gives_the_minutes_worked_out_by_hand(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        found = await worked_out(tx, station)
    # outlet 1: four hours of a fault, and two of silence of which we forgive 15 minutes
    first, second = found[1, HONEST], found[2, HONEST]
    assert (first.eligible_s, first.outage_s) == (MONTH_S, (240 + 105) * 60)
    assert (second.eligible_s, second.outage_s) == (MONTH_S, 105 * 60)
    assert found[1, "nevi-2023"].outage_s == (240 + 120) * 60
    assert (first.outages, first.mended, first.mended_s, first.repeats) == (2, 2, (240 + 105) * 60, 1)
    assert first.states[State.UNKNOWN] == 120 * 60
    assert sum(first.states.values()) == MONTH_S
    assert (1, "uk-pcpr-2023") not in found  # 22 kW: the rule is about 50 kW and more


async def test_months_are_worked_out_once_and_again_when_something_comes_that_changes_them(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        turns = 0
        while await months.keep_up(tx, ours(), date(2026, 7, 15), NOW):
            turns += 1
            assert turns <= 3  # July so far, June, and May, in which it never was
        assert not await months.due(tx, JUNE, NOW)
        kept = await months.kept(tx, [station], JUNE.first, JUNE.after)
        assert {(one.evse_number, one.policy) for one in kept} == {
            (1, HONEST), (1, "nevi-2023"), (2, HONEST), (2, "nevi-2023"),
        }  # fmt: skip
        site = await tx.value("SELECT site_id FROM station WHERE id = $1", station)
        await excluded(tx, site, station, NOW + timedelta(minutes=1))
        assert await months.due(tx, JUNE, NOW + timedelta(minutes=2)) == [station]


async def excluded(tx: Transaction, site: UUID, station: UUID | None, now: datetime, **more: object) -> UUID:
    given: dict[str, object] = {"site_id": site, "station_id": station, "from_at": at(2_900), "until_at": at(3_120)}
    new = NewExclusion(**(given | {"reason": "vandalism", "evidence": "Police report 5000-K1"} | more))  # type: ignore[arg-type]  # what each test is about
    identity = await service.propose(tx, ANNA, new, now)
    await service.decide(tx, BO, identity, "approved", "", now)
    return identity


async def test_an_exclusion_counts_when_a_second_person_has_approved_it(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        site = await tx.value("SELECT site_id FROM station WHERE id = $1", station)
        new = NewExclusion(
            site_id=site, station_id=station, evse_number=1, from_at=at(2_900), until_at=at(3_120), reason="vandalism",
            evidence="Police report 5000-K1",
        )  # fmt: skip
        identity = await service.propose(tx, ANNA, new, NOW)
        assert (await worked_out(tx, station))[1, "nevi-2023"].excluded_s == 0
        with pytest.raises(NotAllowed):
            await service.decide(tx, ANNA, identity, "approved", "", NOW)
        await service.decide(tx, BO, identity, "approved", "", NOW)
        found = await worked_out(tx, station)
        assert found[1, "nevi-2023"].excluded_s == 120 * 60  # 3000-3120 of the fault; 2900-3000 it was in order
        assert found[1, "nevi-2023"].outage_s == 360 * 60  # the raw value stands
        assert (found[2, "nevi-2023"].excluded_s, found[1, HONEST].excluded_s) == (0, 0)
        with pytest.raises(Conflict):
            await service.decide(tx, BO, identity, "refused", "too late", NOW)
        await service.decide(tx, ANNA, identity, "withdrawn", "It was rust", NOW)
        assert (await worked_out(tx, station))[1, "nevi-2023"].excluded_s == 0
        log = await tx.values("SELECT action FROM audit_log WHERE object_id = $1 ORDER BY id", identity)
        assert log == ["uptime_exclusion.proposed", "uptime_exclusion.approved", "uptime_exclusion.withdrawn"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "weather"}, {"until_at": at(2_900)}, {"until_at": at(900_000)}, {"evidence": " x "},
        {"from_at": NOW + timedelta(days=1), "until_at": NOW + timedelta(days=2)},
        {"evse_number": 9}, {"station_id": None, "evse_number": 1},
    ],
)  # fmt: skip
async def test_an_exclusion_that_makes_no_sense_is_refused(network: Network, wrong: dict[str, object]) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        site = await tx.value("SELECT site_id FROM station WHERE id = $1", station)
        with pytest.raises(Invalid):
            await excluded(tx, site, wrong.get("station_id", station), NOW, **wrong)  # type: ignore[arg-type]  # as above
        host = Actor("operator", uuid4(), "Host", frozenset(Permission), frozenset({uuid4()}))
        with pytest.raises(NotFound):
            await service.propose(
                tx, host,
                NewExclusion(site_id=site, from_at=at(1), until_at=at(2), reason="utility", evidence="Notice 7"), NOW,
            )  # fmt: skip


async def test_a_session_that_came_afterwards_proves_that_it_worked_in_the_silence(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, received_at,"
            " energy_wh) VALUES ($1, $2, 1, 'k', $3, $4, $5, 9000)",
            new_id(), station, at(1_530), at(1_560), at(1_621),
        )  # fmt: skip
        await store.correct(tx, START, NOW)
        await store.correct(tx, START, NOW)  # once is enough
        assert await tx.value("SELECT count(*) FROM uptime_correction") == 1
        found = await worked_out(tx, station)
    # silent 1500-1530 and 1560-1620: 15 minutes of each forgiven
    assert found[1, HONEST].outage_s == (240 + 15 + 45) * 60
    assert found[2, HONEST].outage_s == (240 - 240 + 105) * 60
    assert found[1, "nevi-2023"].outage_s == (240 + 90) * 60


async def test_opening_hours_hold_from_their_day_on(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        site = await tx.value("SELECT site_id FROM station WHERE id = $1", station)
        half = [Opening(day, 0, 720) for day in range(1, 8)]
        await service.set_hours(tx, ANNA, site, date(2026, 6, 16), half, NOW)
        found = await worked_out(tx, station)
        assert found[2, HONEST].eligible_s == (15 * 1_440 + 15 * 720) * 60
        assert found[2, HONEST].states[State.CLOSED] == 15 * 720 * 60
        with pytest.raises(Invalid):
            await service.set_hours(tx, ANNA, site, date(2026, 6, 16), [Opening(1, 600, 500)], NOW)


async def test_a_maintenance_window_and_a_finding_reach_the_timeline(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        await tx.execute(
            "INSERT INTO quiet_span (id, kind, station_id, from_at, until_at, reason, author, created_at)"
            " VALUES ($1, 'maintenance', $2, $3, $4, 'new cable', 'Anna', $3)",
            new_id(), station, at(3_000), at(3_060),
        )  # fmt: skip
        await tx.execute(
            "INSERT INTO finding (id, detector, station_id, evse_number, family, severity, since, raised_at, last_at,"
            " cleared_at, changed_at) VALUES ($1, 'D07', $2, 2, 'no_energy', 1, $3, $4, $4, $5, $5)",
            new_id(), station, at(10_000), at(10_300), at(10_500),
        )  # fmt: skip
        found = await worked_out(tx, station)
        assert found[1, "nevi-2023"].excluded_s == 60 * 60
        assert found[2, HONEST].states[State.SILENT] == 500 * 60  # from the first failed session, not from the alarm
        assert found[2, HONEST].outage_s == (105 + 500) * 60


async def test_what_it_would_have_sold_is_counted_by_the_hour_of_its_week(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        for week in range(4):  # Wednesdays 02:00-03:00 local: where the fault of outlet 1 lies (minute 3000 is 02:00)
            since = at(3_000) + timedelta(weeks=week)
            await tx.execute(
                "INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, received_at,"
                " energy_wh) VALUES ($1, $2, 1, $3, $4, $5, $5, 8000)",
                new_id(), station, str(week), since, since + timedelta(hours=1),
            )  # fmt: skip
        found = await worked_out(tx, station)
    # both outlets were there for the whole of June: 30 / 7 weeks; 32 kWh in all of outlet 1, of two at the site
    weeks = 30 / 7 + 1 / 7  # the reading ends a day after the month
    expected = (32_000 + 4 * 32_000 / (2 * weeks)) / (weeks + 4)
    assert found[1, HONEST].lost_wh == pytest.approx(expected, rel=0.02)
    assert found[2, HONEST].lost_wh == 0


async def test_codes_are_counted_by_maker_and_bounded(network: Network) -> None:
    station = await network.add_station("CP-1")
    seen = StateSeen(at=START, received_at=START, evse_number=1, status=Status.FAULTED, vendor_error_code="ZX\x0081")
    async with network.house.database.transaction() as tx:
        for _ in range(3):
            await counting.note(tx, [counting.Heard(station, "Maker", "M1", [seen])])
        assert await tx.rows("SELECT raw, times FROM code_seen") == [("ZX81", 3)]


def test_this_month_is_a_period() -> None:
    assert period_of(Length.MONTH, date(2026, 6, 30)) == JUNE


INCIDENT = """
INSERT INTO incident (id, scope, scope_key, stations, sites, family, severity, found_severity, confidence, state, since,
                      opens_at, last_at, changed_at)
VALUES ($1, 'station', '', $2, '{}', 'offline', 1, 1, 1, $3, $4, $4, $4, $4)
"""
REMEDY = """
INSERT INTO remedy (id, incident_id, number, station_id, family, action, why, dry, decided_at, state, verdict)
VALUES (gen_random_uuid(), $1, 1, $2, 'offline', 'reset_soft', '{}', $3, $4, 'confirmed', $5)
"""
VISIT = """
INSERT INTO work_order (id, station_id, incident_id, title, state, created_at, created_by, changed_at, done_at, verdict)
VALUES (gen_random_uuid(), $1, $2, 'x', $3, $4, '', $4, $4, $5)
"""


async def test_what_was_mended_from_here_and_at_the_first_visit_is_told_apart(network: Network) -> None:
    station = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        incidents = [new_id() for _ in range(6)]
        for number, one in enumerate(incidents):
            await tx.execute(INCIDENT, one, [station], "false" if number == 5 else "closed", at(number))
        cured, dry, tried, once, twice, _false = incidents
        for one, was_dry, verdict in ((cured, False, "cured"), (dry, True, "cured"), (tried, False, "failed")):
            await tx.execute(REMEDY, one, station, was_dry, at(10), verdict)
        for one, minute, state, verdict in (
            (once, 20, "verified", "proved"), (twice, 30, "verified", "disproved"), (twice, 40, "verified", "proved"),
            (tried, 50, "cancelled", ""), (None, 60, "done", ""),
        ):  # fmt: skip
            await tx.execute(VISIT, station, one, state, at(minute), verdict)
        found = await queries.fixes(tx, [station], START, NOW)
    # one of three that were mended: what only a dry run would have cured went away by itself, as the one nobody visited
    assert (found.remote, found.mended, found.remote_share) == (1, 3, pytest.approx(1 / 3))
    assert (found.first_time, found.judged, found.first_time_share) == (1, 2, 0.5)


async def test_a_contract_may_count_stations_and_a_new_version_works_out_what_is_past(network: Network) -> None:
    station = await network.add_station("CP-1")
    nevi = next(one for one in ours() if one.name == "nevi-2023")
    contract = structs.replace(nevi, name="contract-host", unit="station", closed="outside", period_minutes=None)
    async with network.house.database.transaction() as tx:
        await scripted(tx, station)
        found, _courses = await months.work_out(tx, [station], [*ours(), contract], JUNE, NOW)
        (whole,) = [one for one in found if one.policy == contract.name]
        # the fault of one outlet left the other: only the two hours without contact count, and the station counts once
        assert (whole.eligible_s, whole.outage_s, whole.outages) == (MONTH_S, 120 * 60, 1)

        async def kept(*policies: Policy) -> set[tuple[str, int]]:
            while await months.keep_up(tx, policies, date(2026, 7, 15), NOW):
                pass
            return {(one.policy, one.version) for one in await months.kept(tx, [station], JUNE.first, JUNE.after)}

        assert (contract.name, 1) not in await kept(*ours())
        assert not await months.keep_up(tx, ours(), date(2026, 7, 15), NOW)
        await tx.execute("UPDATE uptime_month SET worked_out_at = worked_out_at - interval '1 second'")
        assert (contract.name, 1) in await kept(*ours(), contract)
        same = structs.replace(contract, target=0.5)
        assert await months.changed(tx, [*ours(), contract]) == frozenset()
        assert await months.changed(tx, [*ours(), same]) == {contract.name}
        await tx.execute("UPDATE uptime_month SET worked_out_at = worked_out_at - interval '1 second'")
        await tx.execute("UPDATE uptime_policy SET since = since - interval '2 seconds'")
        assert (contract.name, 2) in await kept(*ours(), structs.replace(same, version=2))

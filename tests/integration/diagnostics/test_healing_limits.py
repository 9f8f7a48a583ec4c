"""How often and how widely self-healing may act, attacked where it holds: at the database, over a real socket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.diagnostics.model import Family, Severity
from laddverk.diagnostics.remedies import rules
from laddverk.kernel.ids import new_id
from tests.integration.diagnostics.incident_field import look, raised
from tests.integration.diagnostics.test_healing import Ward
from tests.integration.diagnostics.test_healing_guards import before_reset, climbed, hold_of, network, ward
from tests.network import Network

__all__ = ["network", "ward"]


async def reached(ward: Ward, count: int, *, at_site: bool, minutes_ago: float = 5) -> None:
    """Let self-healing have reached other chargers."""
    site_id = ward.network.site_id
    if not at_site:
        site_id = await ward.network.value("INSERT INTO site (id, name, code, created_at, timezone)"
                                           " SELECT $1, 'Far', 'FAR', created_at, timezone FROM site LIMIT 1"
                                           " RETURNING id", new_id())  # fmt: skip
    for number in range(count):
        station_id = await ward.network.add_station(f"X-{number}")
        await ward.run("UPDATE station SET site_id = $2 WHERE id = $1", station_id, site_id)
        await ward.run(
            "INSERT INTO remedy (id, incident_id, number, station_id, family, action, why, dry, decided_at, state)"
            " VALUES ($1, $1, 1, $2, 'stuck_state', 'ask_state', '{}', false, $3, 'confirmed')",
            new_id(), station_id, ward.now - timedelta(minutes=minutes_ago),
        )  # fmt: skip


async def grown(ward: Ward, stations_in_all: int) -> None:
    """Let the network be this large."""
    now = int(await ward.network.value("SELECT count(*) FROM station"))
    await ward.run(
        "INSERT INTO station SELECT (jsonb_populate_record(station, jsonb_build_object('id', gen_random_uuid(),"
        " 'identity', 'G-' || n, 'name', 'G-' || n, 'code', 'G-' || n))).*"
        " FROM station, generate_series(1, $2) AS n WHERE station.id = $1",
        ward.station_id, stations_in_all - now,
    )  # fmt: skip


async def test_three_chargers_of_a_site_within_a_quarter_of_an_hour_halt_it(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await reached(ward, 3, at_site=True)
        await grown(ward, 200)
        assert await ward.heal(timedelta(0)) == 0
        assert "of this site at once" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=16)) == 1


async def test_a_twentieth_of_the_fleet_within_a_quarter_of_an_hour_halts_it(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await reached(ward, 5, at_site=False)
        await grown(ward, 100)
        assert await ward.heal(timedelta(0)) == 0
        assert "of the fleet at once" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=16)) == 1


async def test_the_wave_is_counted_within_one_look_too(network: Network, ward: Ward) -> None:
    await ward.trusted()
    sick = [await network.add_station(f"CP-{number}") for number in range(2, 7)]
    await grown(ward, 300)
    await ward.run("UPDATE station SET connected_at = $1, vendor = 'Test', model = 'One'", ward.now)
    for station_id in sick:
        since = ward.now - timedelta(hours=1)
        await raised(network, station_id, ward.now, "D13", Family.STUCK_STATE, Severity.DOWN, 1, since)
    await look(network, ward.now)
    await ward.run("UPDATE incident SET state = 'new', parent_id = NULL, hidden_by = ''")
    await ward.heal()
    assert await network.value("SELECT count(DISTINCT station_id) FROM remedy") <= rules.SITE_MAX


async def restarted(ward: Ward, *days_ago: float) -> None:
    """Let self-healing have restarted this charger before, for other problems."""
    for days in days_ago:
        await ward.run(
            "INSERT INTO remedy (id, incident_id, number, station_id, family, action, why, dry, decided_at, state)"
            " VALUES ($1, $1, 1, $2, 'no_energy', 'reset_soft', '{}', false, $3, 'confirmed')",
            new_id(), ward.station_id, ward.now - timedelta(days=days),
        )  # fmt: skip


async def test_a_third_restart_within_a_day_waits_whatever_the_problem_is(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await restarted(ward, 0.2, 0.9)
        assert await ward.heal() == 0
        assert "twice within a day" in await hold_of(ward)
        assert await ward.heal(timedelta(hours=3)) == 1
        assert (await ward.sent(socket))[0] == "Reset"


async def test_a_fourth_restart_within_a_week_is_a_visit_instead(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await restarted(ward, 2, 4, 6)
        for _ in range(3):
            assert await ward.heal(timedelta(hours=3)) == 0
    assert [action for action, _, _ in await ward.steps()][-1] == "work_order"
    assert await network.value("SELECT count(*) FROM command") == 0


async def test_one_soft_restart_a_problem_then_pauses_of_a_quarter_and_of_two_hours(
    network: Network, ward: Ward
) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        assert await ward.heal() == 1
        assert await ward.sent(socket) == ("Reset", {"type": "Soft"})
        await ward.settled()
        assert await ward.heal(timedelta(minutes=14)) == 0
        assert "given time" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=2)) == 1
        assert await ward.sent(socket) == ("Reset", {"type": "Hard"})
        await ward.settled()
        assert await ward.heal(timedelta(minutes=119)) == 0
        assert await ward.heal(timedelta(minutes=2)) == 0
    resets = [action for action, _, _ in await ward.steps() if action.startswith("reset")]
    assert resets == ["reset_soft", "reset_hard"]
    assert (await ward.steps())[-1][0] == "work_order"


async def test_after_a_restart_of_ours_chargers_that_come_back_are_left_for_two_minutes(
    network: Network, ward: Ward
) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        await ward.run("UPDATE station SET connected_at = $1", ward.now)
        assert await ward.heal(timedelta(seconds=110)) == 0
        assert "kept while it was offline" in await hold_of(ward)
        assert await ward.heal(timedelta(minutes=3)) == 1


async def test_every_step_is_in_the_audit_log_with_its_reason(network: Network, ward: Ward) -> None:
    async with network.socket("CP-1") as socket:
        await before_reset(ward, socket)
        assert await ward.heal() == 1
        await ward.sent(socket)
    found = await network.value(
        "SELECT array_agg(reason) FROM audit_log WHERE object_id = $1 AND actor_name LIKE '%healing%'",
        ward.station_id,
    )
    assert any("nobody charges: it is started again" in line for line in found)


async def test_a_step_of_an_incident_cannot_be_written_twice(ward: Ward) -> None:
    """What the unique key is for: two of us at once, in spite of the lock."""
    await ward.ill()
    await climbed(ward, ["ask_state"])
    with pytest.raises(Exception, match="remedy_incident_id_number_key"):
        await climbed(ward, ["ask_state"])

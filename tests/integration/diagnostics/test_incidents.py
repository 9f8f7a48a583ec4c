"""Incidents on a real database: they open, are worked on, closed with a cause, and come back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from laddverk.access import service as access
from laddverk.diagnostics import queries_detectors
from laddverk.diagnostics.incidents import queries, working
from laddverk.diagnostics.incidents.model import State
from laddverk.diagnostics.incidents.working import Deed, NewClosing, NewQuiet
from laddverk.diagnostics.model import Family, Severity
from laddverk.kernel.actors import PERMISSIONS, Actor, Permission, Role
from laddverk.kernel.ids import SiteId, new_id, shown
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.model import SiteDetails
from laddverk.web.app import create_app
from tests.integration.diagnostics.incident_field import cleared, listed, look, one_incident, raised
from tests.network import ACTOR, Network, network_on

ASTA = Actor("operator", new_id(), "Asta", PERMISSIONS[Role.OPERATOR], None)
HOST = Actor("operator", new_id(), "Host", PERMISSIONS[Role.SITE_HOST], frozenset({new_id()}))


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def test_a_finding_that_lasts_is_one_line_with_its_evidence(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    assert (row.station_name, row.family, row.state) == ("CP-1", Family.CONNECTIVITY, State.NEW)
    assert row.detectors == ("D01",)
    assert row.evidence is not None
    assert row.evidence[0].values == {"lasted_s": 900}
    decision = await look(network, now)
    assert (decision.saved, decision.events) == ((), ())


async def test_a_site_without_network_is_one_line(network: Network) -> None:
    now = network.house.clock()
    for number in range(4):
        station_id = await network.add_station(f"CP-{number}")
        await raised(network, station_id, now, since=now - timedelta(minutes=16))
    await look(network, now)
    (row,) = await listed(network)
    assert (row.scope, len(row.stations), row.site_id) == ("site", 4, network.site_id)
    async with network.house.database.transaction() as tx:
        events = await queries.timeline(tx, row.id)
    assert any("chargers of the site" in event.text for event in events)


async def test_an_incident_is_worked_on_and_closed_with_its_cause(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    async with network.house.database.transaction() as tx:
        await working.do(tx, ASTA, row.id, Deed.ACKNOWLEDGE, "", now)
        await working.do(tx, ASTA, row.id, Deed.WORK, "SIM ordered", now)
    (row,) = await listed(network)
    assert (row.state, row.owner_name) == (State.IN_WORK, "Asta")
    async with network.house.database.transaction() as tx:
        given = NewClosing(cause="sim_or_antenna", part="SIM", cost_minor=45_000, currency="SEK", note="New SIM")
        await working.close(tx, ASTA, row.id, given, now)
    assert await listed(network) == []
    async with network.house.database.transaction() as tx:
        (closing,) = await queries.closings(tx, row.id)
        (useful,) = await queries_detectors.records(tx, None, now - timedelta(days=1))
    assert (closing.cause, closing.part, closing.cost_minor, closing.useful) == ("sim_or_antenna", "SIM", 45_000, True)
    assert (useful.detector, useful.useful, useful.useless) == ("D01", 1, 0)
    actions = await network.value(
        "SELECT array_agg(action ORDER BY at, id) FROM audit_log WHERE object_kind = 'incident'"
    )
    assert actions == ["incident.acknowledge", "incident.work", "incident.closed"]


async def test_closing_needs_a_cause_and_false_needs_a_reason(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    for given, field in (
        (NewClosing(cause=""), "cause"),
        (NewClosing(cause="recovered"), "cause"),
        (NewClosing(cause="no_fault"), "note"),
        (NewClosing(cause="link", cost_minor=-1), "cost"),
    ):
        async with network.house.database.transaction() as tx:
            with pytest.raises(Invalid) as problem:
                await working.close(tx, ASTA, row.id, given, now)
        assert problem.value.field == field
    async with network.house.database.transaction() as tx:
        await working.close(tx, ASTA, row.id, NewClosing(cause="no_fault", note="It charges"), now)
        with pytest.raises(Conflict):
            await working.do(tx, ASTA, row.id, Deed.WORK, "", now)
    (after,) = await listed(network, "false")
    assert after.id == row.id


async def test_a_closed_incident_comes_back_within_a_week_as_itself(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    station_id = network.station_ids["CP-1"]
    await cleared(network, station_id, now)
    async with network.house.database.transaction() as tx:
        await working.close(tx, ASTA, row.id, NewClosing(cause="link"), now)
    later = now + timedelta(days=3)
    await raised(network, station_id, later)
    await look(network, later)
    await look(network, later + timedelta(minutes=16))
    (again,) = await listed(network)
    assert (again.id, again.number, again.repeats, again.state) == (row.id, row.number, 1, State.NEW)


async def test_who_sees_some_sites_sees_no_other_ones_incidents(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    assert await listed(network, "open", HOST.site_ids) == []
    host = Actor("operator", new_id(), "Host", PERMISSIONS[Role.OPERATOR], HOST.site_ids)
    async with network.house.database.transaction() as tx:
        with pytest.raises(NotFound):
            await working.do(tx, host, row.id, Deed.WORK, "", now)
        with pytest.raises(NotAllowed):
            await working.do(tx, HOST, row.id, Deed.WORK, "", now)


async def test_a_silence_hides_and_ends_and_its_author_is_named(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    quiet = NewQuiet(
        kind="silence", station_id=row.station_id, from_at=now, until_at=now + timedelta(hours=2), reason="Known"
    )
    async with network.house.database.transaction() as tx:
        identity = await working.ask_quiet(tx, ASTA, quiet, now)
    assert await listed(network) == []
    (hidden,) = await listed(network, "hidden")
    assert hidden.hidden_by == "silence"
    async with network.house.database.transaction() as tx:
        await working.end_quiet(tx, ASTA, identity, now + timedelta(minutes=5))
    assert len(await listed(network)) == 1


async def test_quiet_times_are_bounded_and_of_places_that_one_may_see(network: Network) -> None:
    now = network.house.clock()
    station_id = await network.add_station("CP-1")
    soon = now + timedelta(hours=1)
    wrong = (
        NewQuiet(kind="silence", station_id=station_id, from_at=now, until_at=now, reason="Known"),
        NewQuiet(kind="silence", station_id=station_id, from_at=now, until_at=soon, reason=""),
        NewQuiet(kind="party", station_id=station_id, from_at=now, until_at=soon, reason="Known"),
        NewQuiet(kind="silence", from_at=now, until_at=now + timedelta(days=400), reason="Known"),
    )
    for given in wrong:
        async with network.house.database.transaction() as tx:
            with pytest.raises(Invalid):
                await working.ask_quiet(tx, ASTA, given, now)
    host = Actor("operator", new_id(), "Host", PERMISSIONS[Role.OPERATOR], HOST.site_ids)
    for place in ({"station_id": station_id}, {"site_id": network.site_id}, {}):
        given = NewQuiet(kind="silence", from_at=now, until_at=soon, reason="Known", **place)  # type: ignore[arg-type]
        async with network.house.database.transaction() as tx:
            with pytest.raises(NotFound):
                await working.ask_quiet(tx, host, given, now)


async def test_a_retired_charger_has_no_problems_any_more(network: Network) -> None:
    now = network.house.clock()
    await one_incident(network, now)
    async with network.house.database.transaction() as tx:
        await stations.retire_station(tx, ACTOR, network.station_ids["CP-1"], now, reason="gone")
    await look(network, now + timedelta(minutes=31))
    (row,) = await listed(network)
    assert row.state is State.VERIFYING


async def test_a_program_reads_incidents_and_findings_and_takes_one(network: Network) -> None:
    now = network.house.clock()
    row = await one_incident(network, now)
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with network.house.database.transaction() as tx:
        key = await access.create_api_key(
            tx, ACTOR, "bench", [Permission.STATIONS_READ, Permission.COMMANDS_SEND], network.house.clock()
        )
        other = await access.create_api_key(tx, ACTOR, "till", [Permission.PAYMENTS_READ], network.house.clock())
    headers = {"authorization": f"Bearer {key.secret}"}
    base = network.house.settings.web_url + "/api/v1"
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        page = (await client.get("/incidents")).json()
        one = page["items"][0]
        assert (page["total"], one["id"]) == (1, shown("inc", row.id))
        assert one["station"] == shown("sta", network.station_ids["CP-1"])
        assert (one["family"], one["severity"], one["state"]) == ("connectivity", 1, "new")
        assert one["recommended_action"]
        found = (await client.get("/findings", params={"incident": one["id"]})).json()["items"]
        assert [(each["detector"], each["incident"]) for each in found] == [("D01", one["id"])]
        taken = await client.post(f"/incidents/{one['id']}", json={"what": "work", "note": "on my way"})
        assert (taken.status_code, taken.json()["state"]) == (200, "in_work")
        detail = (await client.get(f"/incidents/{one['id']}")).json()
        assert detail["timeline"][0]["note"] == "on my way"
        assert (await client.post(f"/incidents/{one['id']}", json={"what": "dance"})).status_code == 422
        assert (await client.get("/incidents/inc_01890a5d")).status_code == 422
        assert (await client.get(f"/incidents/{shown('inc', new_id())}")).status_code == 404
        assert (await client.get("/incidents", headers={"authorization": "Bearer no"})).status_code == 401
        refused = await client.get("/incidents", headers={"authorization": f"Bearer {other.secret}"})
        assert refused.status_code == 403
        narrowed = (await client.get("/incidents", params={"severity": 0, "state": "all"})).json()
        assert narrowed["items"] == []


async def test_a_lonely_charger_that_many_come_to_is_worse(network: Network) -> None:
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        site = SiteId(await stations.create_site(tx, ACTOR, SiteDetails(name="Alone", code="ALO"), now))
    network.site_id = site
    station_id = await network.add_station("CP-1")
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET registered_at = $1", now - timedelta(days=40))
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, received_at, energy_wh,"
            " timezone, token_uid) SELECT gen_random_uuid(), $1, 1, n::text, $2::timestamptz - n * interval '3 hours',"
            " $2, 9000, 'Europe/Stockholm', 'x' FROM generate_series(1, 200) AS n",
            station_id,
            now,
        )
    await raised(network, station_id, now, "D08", Family.NO_ENERGY, Severity.DEGRADED, 1, now - timedelta(hours=2))
    await look(network, now)
    (row,) = await listed(network)
    assert (row.severity, row.found_severity, row.has_alternative) == (Severity.DOWN, Severity.DEGRADED, False)
    assert row.drivers_day == pytest.approx(7.1, abs=0.3)

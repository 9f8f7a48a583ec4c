"""Visits: ordered once for a problem, done with a checklist, finished with a cause, proved by the next charge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from laddverk.diagnostics.model import IncidentId
from laddverk.diagnostics.remedies.doing import WorkOrderNeeded
from laddverk.diagnostics.upkeep import queries, service
from laddverk.diagnostics.upkeep.model import Finish, NewWorkOrder, Part, State, WorkOrder
from laddverk.kernel.actors import PERMISSIONS, Actor, Role
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import outbox
from laddverk.platform.database import Database
from tests.integration.diagnostics.incident_field import listed, one_incident
from tests.network import Network, network_on

ASTA = Actor("operator", new_id(), "Asta", PERMISSIONS[Role.TECHNICIAN], None)
HOST = Actor("operator", new_id(), "Host", PERMISSIONS[Role.OPERATOR], frozenset({new_id()}))
PHOTO = b"\xff\xd8\xff\xe0photo"


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def ordered(network: Network) -> WorkOrder:
    """Return a visit for the only incident."""
    now = network.house.clock()
    row = await one_incident(network, now)
    assert row.station_id is not None
    given = NewWorkOrder(station_id=row.station_id, incident_id=IncidentId(row.id))
    async with network.house.database.transaction() as tx:
        return await service.order(tx, ASTA, given, "en", now)


async def test_a_visit_knows_what_is_wrong_and_what_to_prove(network: Network) -> None:
    visit = await ordered(network)
    assert visit.family == "connectivity"
    assert visit.evidence[0].values == {"lasted_s": 900}
    assert len(visit.checklist) >= 2
    async with network.house.database.transaction() as tx:
        again = NewWorkOrder(station_id=visit.station_id, incident_id=visit.incident_id)
        assert (await service.order(tx, ASTA, again, "en", network.house.clock())).id == visit.id
        with pytest.raises(NotFound):
            await service.order(tx, HOST, again, "en", network.house.clock())
        with pytest.raises(Invalid):
            await service.order(tx, ASTA, NewWorkOrder(station_id=visit.station_id), "en", network.house.clock())
        with pytest.raises(NotFound):
            await service.begin(tx, HOST, visit.id, network.house.clock())


async def test_it_is_carried_out_closes_its_incident_and_is_proved_by_a_charge(network: Network) -> None:
    visit, now = await ordered(network), network.house.clock()
    async with network.house.database.transaction() as tx:
        await service.begin(tx, ASTA, visit.id, now)
        await service.tick(tx, ASTA, visit.id, 0, now)
        await service.use(tx, ASTA, visit.id, Part(name="Router", cost_minor=120_000), now)
        await service.photograph(tx, ASTA, visit.id, PHOTO, now)
        finish = Finish(cause="link", minutes=45, cost_minor=90_000, currency="SEK", note="New router")
        await service.finish(tx, ASTA, visit.id, finish, now)
    assert await listed(network) == []
    closing = "SELECT (cause, part, cost_minor)::text FROM incident_closing"
    assert await network.value(closing) == "(link,Router,210000)"
    async with network.house.database.transaction() as tx:
        with pytest.raises(Conflict):
            await service.cancel(tx, ASTA, visit.id, "too late", now)
        assert await service.verify(tx, now) == 0
        await tx.execute(
            "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome)"
            " VALUES ($1, 1, $2, 'a', $3, 'ok')",
            visit.station_id, now + timedelta(hours=1), now + timedelta(hours=2),
        )  # fmt: skip
        assert await service.verify(tx, now + timedelta(hours=3)) == 1
        assert await service.verify(tx, now + timedelta(hours=4)) == 0
        after = await queries.work_order(tx, None, visit.id)
        events = await queries.events(tx, visit.id)
    assert after is not None
    assert (after.state, after.verdict, after.total_minor) == (State.VERIFIED, "proved", 210_000)
    assert [event.text for event in events][-1] == service.PROVED


async def test_a_failed_charge_says_that_it_did_not_help(network: Network) -> None:
    visit, now = await ordered(network), network.house.clock()
    async with network.house.database.transaction() as tx:
        await service.finish(tx, ASTA, visit.id, Finish(cause="link"), now)
        await tx.execute(
            "INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome)"
            " VALUES ($1, 1, $2, 'a', $3, 'zero_energy')",
            visit.station_id, now + timedelta(hours=1), now + timedelta(hours=2),
        )  # fmt: skip
        assert await service.verify(tx, now + timedelta(hours=3)) == 1
        after = await queries.work_order(tx, None, visit.id)
    assert after is not None
    assert (after.state, after.verdict) == (State.DONE, "disproved")


async def test_wrong_words_are_refused_by_name_and_change_nothing(network: Network) -> None:
    visit, now = await ordered(network), network.house.clock()
    async with network.house.database.transaction() as tx:
        for wrong, field in (
            (service.tick(tx, ASTA, visit.id, 99, now), "check"),
            (service.use(tx, ASTA, visit.id, Part(name=" "), now), "part"),
            (service.use(tx, ASTA, visit.id, Part(name="Fan", count=0), now), "count"),
            (service.photograph(tx, ASTA, visit.id, b"<svg onload=alert(1)>", now), "photo"),
            (service.finish(tx, ASTA, visit.id, Finish(cause="because"), now), "cause"),
            (service.finish(tx, ASTA, visit.id, Finish(cause="link", minutes=-1), now), "minutes"),
            (service.cancel(tx, ASTA, visit.id, "", now), "reason"),
        ):
            with pytest.raises(Invalid) as refused:
                await wrong
            assert refused.value.field == field
        assert await queries.work_order(tx, None, visit.id) == visit
        assert await queries.work_order(tx, frozenset({new_id()}), visit.id) is None
    assert len(await listed(network)) == 1


async def test_self_healing_that_has_tried_all_orders_a_visit(network: Network) -> None:
    row = await one_incident(network, network.house.clock())
    assert row.station_id is not None
    wanted = WorkOrderNeeded(incident_id=IncidentId(row.id), station_id=row.station_id, evse_number=0)
    async with network.house.database.transaction() as tx:
        await outbox.publish(tx, [wanted, wanted])
    await network.house.worker.run_until_idle()
    async with network.house.database.transaction() as tx:
        (visit,) = await queries.work_orders(tx, None, queries.WorkOrderFilter(), limit=10)
    assert (visit.state, visit.station_id) == (State.PLANNED, row.station_id)

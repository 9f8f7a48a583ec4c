"""What chargers remember of a driver: told in parts, forgotten, and what 1.6 can do of it."""

from __future__ import annotations

import pytest

from laddverk.authorisation import queries, service
from laddverk.authorisation.model import Kind
from laddverk.kernel.problems import Conflict
from laddverk.ocpp import facts
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.local_list import Entry, KnownTokens
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.network import ACTOR

TAG = "04A1B2C3"


async def shown_at(network, identity):
    async with network.house.database.transaction() as tx:
        await tx.execute("INSERT INTO token_presence VALUES ($1, $2, now(), now())", network.station_ids[identity], TAG)


async def ask(network, driver_id, kind):
    async with network.house.database.transaction() as tx:
        request_id = await service.request_customer(tx, ACTOR, driver_id, kind, network.house.clock(), reason="asked")
    network.house.hints.publish(["commands"])

    async def is_finished():
        return await network.value("SELECT finished_at FROM customer_request WHERE id = $1", request_id)

    await until(is_finished)
    async with network.house.database.transaction() as tx:
        return await queries.answers(tx, None, request_id)


async def test_each_charger_tells_what_it_remembers_and_then_forgets_it(database, tmp_path):
    async with (
        working(database, tmp_path) as network,
        charger_at(network, "CP1", Protocol.V201) as newer,
        charger_at(network, "CP2", Protocol.V16) as older,
    ):
        driver_id, _ = await driver_with(network, TAG)
        for identity in ("CP1", "CP2"):
            await shown_at(network, identity)
        for link in (newer, older):
            link.charger.of(KnownTokens).cache[TAG] = Entry(True)
        newer.charger.of(KnownTokens).entries.update({TAG: Entry(True), "OTHER": Entry(True)})
        told = {answer.station_name: answer for answer in await ask(network, driver_id, Kind.READ)}
        assert told["CP1"].state == "done"
        assert f"{TAG} is in the local list" in told["CP1"].data
        assert "OTHER" not in told["CP1"].data
        assert (told["CP2"].state, told["CP2"].word) == ("refused", "OCPP 1.6")

        done = {answer.station_name: answer.state for answer in await ask(network, driver_id, Kind.ERASE)}
        assert done == {"CP1": "done", "CP2": "cache_cleared"}
        assert newer.charger.of(KnownTokens).cache == {}
        assert set(newer.charger.of(KnownTokens).entries) == {"OTHER"}
        assert older.charger.of(KnownTokens).cache == {}
        again = {answer.station_name: answer for answer in await ask(network, driver_id, Kind.READ)}
        assert "Nothing is known" in again["CP1"].data


async def test_a_long_answer_is_joined_from_its_parts_in_order(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V21):
        driver_id, _ = await driver_with(network, TAG)
        await shown_at(network, "CP1")
        (answer,) = await ask(network, driver_id, Kind.READ)
        now = network.house.clock()

        def part(number, data, request_id=answer.number, station_id=network.station_ids["CP1"]):
            return facts.CustomerDataReported(
                station_id=station_id, at=now, received_at=now, request_id=request_id, part_number=number, data=data,
                more_follows=number < 3,
            )  # fmt: skip

        other = await network.add_station("CP2")
        async with database.transaction() as tx:
            await service.record_parts(tx, [part(3, "c"), part(1, "a"), part(2, "b"), part(2, "twice")])
            await service.record_parts(tx, [part(1, "x", station_id=other), part(10**6, "y"), part(1, "z", 2**31)])
        async with database.transaction() as tx:
            (joined,) = await queries.answers(tx, None, await tx.value("SELECT id FROM customer_request"))
        assert joined.data.endswith("atwicec") or joined.data.endswith("abc")
        assert await network.value("SELECT count(*) FROM customer_part WHERE station_id = $1", other) == 0


async def test_who_was_nowhere_is_remembered_nowhere(database, tmp_path):
    async with working(database, tmp_path) as network:
        driver_id, _ = await driver_with(network, TAG)
        with pytest.raises(Conflict):
            await ask(network, driver_id, Kind.READ)

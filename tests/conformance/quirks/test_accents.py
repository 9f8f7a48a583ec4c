"""A whole session of a charger with an accent costs what it costs without one; what was bent is told on its pages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.accents import Accent, loose
from laddverk.simulator.car import Car
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.model import Hardware
from tests.conformance.quirks.charger import WAIT_S, Field

pytestmark = pytest.mark.asyncio(loop_scope="module")

BENT_16 = {"number_as_text", "not_text", "spelling", "unknown_property"}
BENT_2X = {"number_as_text", "spelling", "unknown_property"}


async def charged(field: Field, identity: str, protocol: Protocol, accent: Accent | None) -> tuple[int, str]:
    """Return the energy and the price of a session of ten minutes."""
    await field.add(identity)
    network = field.network
    now = network.house.clock() - timedelta(minutes=20)
    link = Link(Charger(Hardware(identity, protocol)), network.url("")[:-1], network.keys[identity], accent=accent)
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(WAIT_S):
            while not link.charger.booted:
                await asyncio.sleep(0.01)
            link.charger.plug(1, Car(60_000, 20_000.0), now)
            link.charger.begin(1, "04A1B2C3D4", now)
            link.charger.advance(1, 600.0, now + timedelta(minutes=10))
            link.charger.sample(1, link.charger.reading(1, now + timedelta(minutes=10)))
            link.charger.unplug(1, now + timedelta(minutes=10))
            link.wake()
            await asyncio.sleep(0)
            await link.drained()
        await network.house.worker.run_until_idle()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    sql = "SELECT energy_wh || ' ' || coalesce(settlement, '') FROM session WHERE station_id = $1"
    energy_wh, settlement = str(await field.value(sql, network.station_ids[identity])).split(" ", 1)
    return int(energy_wh), settlement


@pytest.mark.parametrize("protocol", list(Protocol))
async def test_an_accent_changes_nothing_of_what_is_owed(field: Field, protocol: Protocol) -> None:
    plain = await charged(field, f"plain-{protocol}", protocol, None)
    accented = await charged(field, f"loose-{protocol}", protocol, loose)
    assert accented == plain
    assert plain[0] > 0
    sql = "SELECT kind FROM station_quirk WHERE station_id = $1"
    assert await field.values(sql, field.network.station_ids[f"plain-{protocol}"]) == []
    kinds = set(await field.values(sql, field.network.station_ids[f"loose-{protocol}"]))
    assert kinds == (BENT_16 if protocol.is_16 else BENT_2X)
    assert await field.value("SELECT count(*) FROM quarantine WHERE station_id = $1",
                             field.network.station_ids[f"loose-{protocol}"]) == 0  # fmt: skip

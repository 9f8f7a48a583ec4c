"""The whole way: a charger says on its socket that something is wrong, and a phone rings; nothing is mocked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from laddverk import wiring
from laddverk.diagnostics.alerting import managing
from laddverk.diagnostics.alerting.managing import PersonDetails
from laddverk.diagnostics.alerting.model import Step
from laddverk.platform.database import Database
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.web.app import create_app
from tests.doubles.http import HttpDouble
from tests.integration.diagnostics.incident_field import listed
from tests.integration.diagnostics.test_alerting import ASTA, Carrier
from tests.network import BOOT_16, Network, ask, network_on


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        yield made


async def worked(network: Network) -> None:
    """Let the detectors hear what came, and everything that follows."""
    async with network.house.database.transaction() as tx:
        await enqueue(tx, [NewJob("diagnostics.watch", {"thorough": True})])
    await network.house.worker.run_until_idle()


async def test_an_earth_fault_on_a_socket_becomes_a_text_message_that_is_answered(network: Network) -> None:
    carrier, house = Carrier(), network.house
    wiring.subscribe_all()
    await network.add_station("CP-1")
    async with HttpDouble(carrier.answer) as server:
        house.settings = replace(house.settings, sms_provider="46elks", elks_url=server.url)
        async with house.database.transaction() as tx:
            details = PersonDetails(name="Bo", phone="+46701234567", language="sv")
            person = await managing.save_person(tx, ASTA, details, house.clock())
            step = Step(
                level=1, people=(person,), days_each=7, starts_on=date(2026, 1, 5), handover_time=time(8),
                wait_minutes=15,
            )  # fmt: skip
            await managing.save_step(tx, ASTA, step, house.clock())
        async with network.socket("CP-1") as socket:
            await ask(socket, "BootNotification", BOOT_16)
            fault = {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure"}
            await ask(socket, "StatusNotification", fault)
            await worked(network)
            (row,) = await listed(network)
            assert (row.severity, row.station_name, row.evse_number, row.state) == (0, "CP-1", 1, "new")
            (request,) = carrier.asked
            words = parse_qs(request.body.decode())["message"][0]
            assert words.startswith("FARA Jordfel: CP-1, uttag 1, sedan ")
            link = urlsplit(words.rpartition(" ")[2])
            transport = httpx.ASGITransport(create_app(house), raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=house.settings.web_url) as client:
                answer = await client.post(
                    link.path, data={"what": "work"}, headers={"sec-fetch-site": "same-origin"}
                )  # fmt: skip
            assert answer.status_code == 303
            (row,) = await listed(network)
            assert (row.state, row.owner_name) == ("in_work", "Bo")
            await ask(socket, "StatusNotification", {"connectorId": 1, "status": "Available", "errorCode": "NoError"})
            await worked(network)
    (row,) = await listed(network)
    assert row.state == "in_work", "what somebody has taken is theirs to close"

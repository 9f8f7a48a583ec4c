"""Drivers report over the real page: two people make an incident, one joins what is known, photos stay photos."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from laddverk.diagnostics.incidents import queries, reporting
from laddverk.diagnostics.model import Family, Severity
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.integration.diagnostics.incident_field import listed, look, raised
from tests.network import Network, network_on

OURS = {"sec-fetch-site": "same-origin", "accept-language": "en"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    async with network_on(database, tmp_path) as made:
        await made.add_station("CP-1")
        yield made


@pytest.fixture
async def client(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as opened:
        yield opened


async def code_of(network: Network, evse: int = 1) -> str:
    return str(await network.value("SELECT code FROM connector WHERE evse_number = $1", evse))


async def told(client: httpx.AsyncClient, code: str, kind: str, person: str, **more: object) -> httpx.Response:
    files = {"photo": ("x.png", more.pop("photo"), "image/png")} if "photo" in more else {"photo": ("", b"")}
    return await client.post(
        f"/u/{code}/report", data={"kind": kind, **more}, files=files, headers=OURS | {"user-agent": person}
    )


async def test_two_people_make_an_incident_and_one_does_not(network: Network, client: httpx.AsyncClient) -> None:
    code = await code_of(network)
    assert "Something is wrong" in (await client.get(f"/u/{code}/report", headers=OURS)).text
    assert f"/u/{code}/report" in (await client.get(f"/u/{code}")).text
    assert (await told(client, code, "no_start", "phone 1")).status_code == 303
    assert (await told(client, code, "no_start", "phone 1")).status_code == 303
    assert await listed(network) == []
    answer = await told(client, code, "stops", "phone 2", text="<b>it stops</b>")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/u/{code}/report/thanks")
    (row,) = await listed(network)
    assert (row.family, row.severity, row.reports, row.evse_number) == (Family.NO_ENERGY, Severity.DOWN, 3, 1)
    async with network.house.database.transaction() as tx:
        reports = await queries.reports_of(tx, row.id)
        keys = await tx.values("SELECT DISTINCT person_key FROM driver_report")
    assert reports[0].text == "<b>it stops</b>"
    assert len(keys) == 2
    assert not any("phone" in key for key in keys)


async def test_a_report_joins_what_is_known_and_shows_on_its_timeline(
    network: Network, client: httpx.AsyncClient
) -> None:
    now = network.house.clock()
    await raised(
        network, network.station_ids["CP-1"], now, "D15", Family.CONNECTOR_LOCK, Severity.DEGRADED, 2,
        now - timedelta(hours=1),
    )  # fmt: skip
    await look(network, now)
    await told(client, await code_of(network, 2), "cable", "phone 1")
    (row,) = await listed(network)
    assert (row.family, row.reports) == (Family.CONNECTOR_LOCK, 1)
    async with network.house.database.transaction() as tx:
        events = await queries.timeline(tx, row.id)
    assert (events[0].by_kind, events[0].params) == ("person", {"kind": "cable"})


async def test_danger_is_told_by_one_person(network: Network, client: httpx.AsyncClient) -> None:
    await told(client, await code_of(network), "danger", "phone 1")
    assert [row.severity for row in await listed(network)] == [Severity.SAFETY]


async def test_what_is_wrong_has_to_be_chosen_and_one_is_heard_five_times(
    network: Network, client: httpx.AsyncClient
) -> None:
    code = await code_of(network)
    refused = await told(client, code, "", "phone 1", text="kept words")
    assert refused.status_code == 422
    assert "kept words" in refused.text
    assert (await told(client, code, "slow", "phone 1", text="x" * 501)).status_code == 422
    assert [(await told(client, code, "slow", "phone 1")).status_code for _ in range(6)] == [303] * 5 + [429]
    assert (await told(client, "NOWHERE", "slow", "phone 1")).status_code == 404


async def test_a_photo_is_kept_as_a_photo_and_nothing_else_is(network: Network, client: httpx.AsyncClient) -> None:
    code = await code_of(network)
    for content in (b"<script>alert(1)</script>", b"<svg onload=alert(1)>", b"GIF89a", b"%PDF-1.7"):
        assert (await told(client, code, "cable", "phone 1", photo=content)).status_code == 422
    too_large = PNG + b"\x00" * reporting.PHOTO_BYTES_MAX
    assert (await told(client, code, "cable", "phone 1", photo=too_large)).status_code in (413, 422)
    assert (await told(client, code, "cable", "phone 1", photo=PNG)).status_code == 303
    identity = await network.value("SELECT id FROM driver_report")
    async with network.house.database.transaction() as tx:
        assert await reporting.photo(tx, None, identity) == (PNG, "image/png")
        assert await reporting.photo(tx, frozenset({new_id()}), identity) is None
        assert await reporting.forget_photos(tx, network.house.clock() + timedelta(days=91)) == 1
        assert await reporting.photo(tx, None, identity) is None


async def test_where_one_came_from_is_one_of_our_pages(network: Network, client: httpx.AsyncClient) -> None:
    code = await code_of(network)
    assert 'value="/s/abc-d_e"' in (await client.get(f"/u/{code}/report?back=/s/abc-d_e", headers=OURS)).text
    for wrong in ("https://evil.example", "//evil.example", "/s/../../x", "/s/"):
        assert 'name="back"' not in (await client.get(f"/u/{code}/report", params={"back": wrong})).text


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"RIFF0000WEBX"])
def test_only_pictures_are_photos(content: bytes) -> None:
    with pytest.raises(Invalid):
        reporting.kind_of_photo(content)

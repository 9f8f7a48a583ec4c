"""The API's prices: previews that explain themselves, what if, which tariff applies, OCPI both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from laddverk.kernel.actors import Permission
from laddverk.platform.database import Database
from laddverk.web.app import create_app
from tests.integration.web.api.test_api import with_scopes
from tests.network import Network, network_on

SPOT = {"dimension": "energy", "price": "0", "spot": {"area": "SE3", "markup": "0.85", "floor": "0"}}


@pytest.fixture
async def network(database: Database, tmp_path: Path) -> AsyncIterator[Network]:
    """A small network with one station."""
    async with network_on(database, tmp_path) as found:
        await found.add_station("A")
        yield found


@pytest.fixture
async def client(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the whole web face."""
    transport = httpx.ASGITransport(create_app(network.house), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=network.house.settings.web_url) as opened:
        yield opened


async def test_a_price_explains_itself_in_both_languages(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, Permission.TARIFFS_READ)
    energy = {"dimension": "energy", "price": "4.90", "step": 100}
    charge: dict[str, Any] = {"started_at": "2026-06-01T18:00:00+02:00", "power_w": 11_000, "energy_wh": 5_510}
    asked = {"tariff": {"components": [energy], "free_wh": 1000}, **charge}
    answer = (await program("POST", "/tariffs/preview", asked)).json()
    assert (answer["amount_minor"], answer["vat_minor"]) == (2254, 451)  # (5.51 - 1, rounded up to 0.1: 4.6) × 4.90
    assert sum(line["amount_minor"] for line in answer["lines"]) == 2254
    assert answer["explanation"]["sv"][-1].startswith("Att betala 22,54")
    assert "of it to fill the last block" in answer["explanation"]["en"][1]
    for wrong, field in (
        ({**asked, "power_w": 0}, "energy_wh"),
        ({**asked, "started_at": "2026-06-01T18:00:00"}, "started_at"),
        ({**asked, "timezone": "Nowhere/City"}, "timezone"),
        ({**asked, "timezone": "../../etc/passwd"}, "timezone"),
        ({**asked, "tariff": {"components": [{**energy, "price": "-1"}]}}, "tariff"),
    ):
        refused = await program("POST", "/tariffs/preview", wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
    unknown = await program("POST", "/tariffs/preview", {**asked, "tariff": {"components": [SPOT]}})
    assert unknown.status_code == 409


async def test_which_tariff_applies_and_a_campaign_on_one_outlet(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    station = f"sta_{network.station_ids['A'].hex}"
    names = {}
    for name, price in (("Flat", "4.90"), ("Spring", "2.90")):
        tariff = {"components": [{"dimension": "energy", "price": price}]}
        names[name] = (await program("POST", "/tariffs", {"name": name, "tariff": tariff})).json()["id"]
    assert (await program("POST", f"/tariffs/{names['Flat']}/choices", {"station_id": station})).status_code == 201
    campaign = {
        "station_id": station, "evse_number": 1, "label": "Spring",
        "valid_from": "2020-01-01T00:00:00Z", "valid_until": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    assert (await program("POST", f"/tariffs/{names['Spring']}/choices", campaign)).status_code == 201
    naive = {**campaign, "valid_from": "2020-01-01T00:00:00"}
    assert (await program("POST", f"/tariffs/{names['Spring']}/choices", naive)).status_code == 422

    async def applying(**asked: Any) -> list[str]:
        query = httpx.QueryParams(asked)
        return [each["name"] for each in (await program("GET", f"/stations/{station}/tariffs?{query}")).json()]

    assert (await applying(evse_number=1))[:2] == ["Spring", "Flat"]
    assert (await applying(evse_number=2))[0] == "Flat"
    assert (await applying(evse_number=1, at=datetime(2019, 6, 1).isoformat() + "Z"))[0] == "Flat"
    assert (await program("GET", f"/stations/sta_{'0' * 32}/tariffs")).status_code == 404


async def test_a_tariff_goes_to_a_partner_and_one_comes_back(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    partner = {
        "currency": "SEK", "tax_included": "YES", "max_price": {"after_taxes": 300},
        "tariff_alt_text": [{"language": "en", "text": "More on our site"}],
        "elements": [{
            "price_components": [{"type": "ENERGY", "price": 5.0, "vat": 25.0, "step_size": 1}],
            "restrictions": {"day_of_week": ["MONDAY"], "start_time": "08:00", "end_time": "10:00"},
        }],
    }  # fmt: skip
    made = await program("POST", "/tariffs/ocpi", {"name": "Partner", "tariff": partner})
    assert made.status_code == 201, made.text
    assert made.json()["not_kept"]
    back = (await program("GET", f"/tariffs/{made.json()['id']}/ocpi?ocpi_version=2.3.0")).json()
    assert back["elements"] == partner["elements"]
    assert back["max_price"] == {"before_taxes": 240, "after_taxes": 300}
    old = (await program("GET", f"/tariffs/{made.json()['id']}/ocpi")).json()
    assert old["elements"][0]["price_components"][0]["price"] == 4.0
    assert "tax_included" not in old
    elements: Any = partner["elements"]
    bad = {**partner, "elements": [{**elements[0], "price_components": [{"type": "LOVE", "price": 1, "step_size": 1}]}]}
    refused = await program("POST", "/tariffs/ocpi", {"name": "Bad", "tariff": bad})
    assert (refused.status_code, refused.json()["field"]) == (422, "elements[0].price_components[0].type")


async def test_what_will_change_and_an_earlier_version_again(network: Network, client: httpx.AsyncClient) -> None:
    program = await with_scopes(network, client, *Permission)
    station = f"sta_{network.station_ids['A'].hex}"
    made = (await program("POST", "/tariffs", {"name": "Usual", "tariff": {"components": [per_kwh("4")]}})).json()["id"]
    cheap = (await program("POST", "/tariffs", {"name": "Cheap", "tariff": {"components": [per_kwh("3")]}})).json()[
        "id"
    ]
    assert (await program("POST", f"/tariffs/{made}/choices", {})).status_code == 201
    assert (await program("GET", f"/stations/{station}/tariffs/coming")).json() == []
    begins = (network.house.clock() + timedelta(days=5)).replace(microsecond=0)
    campaign = {"station_id": station, "label": "Spring", "valid_from": begins.isoformat()}
    assert (await program("POST", f"/tariffs/{cheap}/choices", campaign)).status_code == 201
    (change,) = (await program("GET", f"/stations/{station}/tariffs/coming")).json()
    assert (datetime.fromisoformat(change["at"]), change["label"]) == (begins, "Spring")
    assert change["tariff"]["components"][0]["price"] == "3"
    again = await program("POST", f"/tariffs/{made}/restore", {"version": 1, "reason": "as before"})
    assert (again.status_code, again.json()["number"]) == (201, 2)
    assert [each["number"] for each in (await program("GET", f"/tariffs/{made}/versions")).json()] == [2, 1]
    assert (await program("POST", f"/tariffs/{made}/restore", {"version": 9})).status_code == 404
    reader = await with_scopes(network, client, Permission.TARIFFS_READ)
    assert (await reader("POST", f"/tariffs/{made}/restore", {"version": 1})).status_code == 403


def per_kwh(price: str) -> dict[str, str]:
    return {"dimension": "energy", "price": price}

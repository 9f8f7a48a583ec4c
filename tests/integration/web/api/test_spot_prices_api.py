"""The API's prices of the exchange: a whole day is sent, twice changes nothing, and what is no day is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from laddverk.kernel.actors import Permission
from tests.integration.web.api.test_uptime_api import tool
from tests.network import network_on

DAY = date(2026, 1, 13)
MIDNIGHT = datetime(2026, 1, 12, 23, tzinfo=UTC)


def day_of(price: str = "1.25", periods: int = 24) -> dict[str, Any]:
    prices = [
        {
            "starts_at": (MIDNIGHT + timedelta(hours=number)).isoformat(),
            "ends_at": (MIDNIGHT + timedelta(hours=number + 1)).isoformat(),
            "price": price,
        }
        for number in range(periods)
    ]
    return {"area": "SE3", "currency": "SEK", "day": DAY.isoformat(), "prices": prices}


async def test_a_program_sends_a_day_of_prices_and_what_has_begun_stays(database, tmp_path):
    async with network_on(database, tmp_path) as network:
        network.house.clock = lambda: MIDNIGHT + timedelta(hours=2, minutes=30)
        since = {"area": "SE3", "since": MIDNIGHT.isoformat()}
        async with tool(network, Permission.TARIFFS_READ, Permission.TARIFFS_WRITE) as source:
            assert (await source.post("/spot-prices", json=day_of())).json() == {"new": 24}
            assert (await source.post("/spot-prices", json=day_of())).json() == {"new": 0}
            assert (await source.post("/spot-prices", json=day_of("-0.05"))).json() == {"new": 21}
            known = (await source.get("/spot-prices", params=since)).json()["prices"]
            assert [float(each["price"]) for each in known] == [1.25] * 3 + [-0.05] * 21
            for wrong in (
                day_of(periods=23),
                day_of("2000"),
                day_of() | {"area": "SE3'; --"},
                day_of() | {"currency": "XXX"},
                day_of() | {"day": "2026-01-14"},
                day_of() | {"prices": day_of()["prices"] * 5},
            ):
                assert (await source.post("/spot-prices", json=wrong)).status_code == 422
            assert (await source.get("/spot-prices", params=since | {"since": "yesterday"})).status_code == 422
        async with tool(network, Permission.TARIFFS_READ) as reader:
            assert (await reader.post("/spot-prices", json=day_of())).status_code == 403
        assert await network.value("SELECT count(*) FROM audit_log WHERE action = 'spot.pushed'") == 3

"""Limits in the demo: a fuse, evenings with less, a dynamic one, a grid function; curves that chargers confirm."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from laddverk.cli.demo.founding import ACTOR
from laddverk.energy import service as energy
from laddverk.energy.model import Wish
from laddverk.kernel.ids import StationId
from laddverk.kernel.problems import Problem
from laddverk.ocpp.facts import DerControl, Purpose, RateUnit
from laddverk.platform.database import Transaction
from laddverk.platform.house import House

EVENING: Final = (time(17), 4 * 3600)  # when homes cook and the grid is at its peak
AHEAD_S: Final = 86_400
DAY: Final = timedelta(days=1)
USED_AT: Final = ("LIND-01", "LIND-02", "KBAC-02", "MAST-01", "ABRO-05")


async def set_limits(house: House, by_identity: Mapping[str, StationId]) -> None:
    """Set limits as staff would, on chargers that are connected, and ask these what they make of them."""
    now = house.clock()
    evening = _last(EVENING[0], now, ZoneInfo(house.settings.timezone))
    recurs: dict[str, Any] = {"starts_at": evening, "recurrency": "Daily", "lasts_s": EVENING[1], "stack_level": 1}
    wishes = [
        ("LIND-01", Wish(evse_number=1, limit=16.0), "två bilar delar på säkringen"),
        ("LIND-01", Wish(evse_number=1, limit=8.0, **recurs), "mindre när kontoret lagar mat"),
        ("LIND-01", Wish(evse_number=0, limit=22_000.0, unit=RateUnit.WATT, purpose=Purpose.STATION_MAX), "servisen"),
        (
            "LIND-02",
            Wish(evse_number=0, limit=20.0, purpose=Purpose.STATION_MAX, until=now + DAY),
            "ett arbete i nätet",
        ),
        ("MAST-01", Wish(evse_number=1, limit=6.0, **recurs), "effektavgiften"),
        ("ABRO-05", Wish(evse_number=1, limit=20.0), "depåns säkring"),
        ("KBAC-02", Wish(evse_number=1, limit=250.0), "elpriset styr"),
        ("KBAC-02", Wish(evse_number=1, limit=120.0, **recurs), "effektavgiften"),
        ("KBAC-02", Wish(evse_number=2, limit=200.0, is_dynamic=True), "styrs av solcellerna"),
    ]
    async with house.database.transaction() as tx:
        for identity, wish, reason in wishes:
            with contextlib.suppress(Problem):
                async with tx.savepoint():
                    await energy.set_limit(tx, ACTOR, by_identity[identity], wish, now, reason=reason)
        await _feed_back(tx, by_identity["KBAC-02"], now)


async def ask(house: House, by_identity: Mapping[str, StationId]) -> None:
    """Ask the chargers what their limits add up to."""
    now = house.clock()
    async with house.database.transaction() as tx:
        for identity in USED_AT:
            with contextlib.suppress(Problem):
                async with tx.savepoint():
                    await energy.read_composite(tx, ACTOR, by_identity[identity], 1, AHEAD_S, now)


async def _feed_back(tx: Transaction, station_id: StationId, now: datetime) -> None:
    body = {"priority": 0, "pctMaxDischargePower": 60}
    control = DerControl(id="", control="LimitMaxDischarge", is_default=True, body=body)
    await energy.set_control(tx, ACTOR, station_id, control, now, reason="nätbolagets villkor")


def _last(begins: time, now: datetime, zone: ZoneInfo) -> datetime:
    """Return when a time of day last was."""
    found = datetime.combine(now.astimezone(zone).date(), begins, zone)
    return (found if found <= now else found - DAY).astimezone(now.tzinfo)

"""Sites with outlets, and random sessions and states at them, for the tests of usage. Times are whole minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import new_id
from laddverk.platform.database import Transaction

SITE: Final = UUID(int=1)
OTHER_SITE: Final = UUID(int=2)
START: Final = datetime(2026, 10, 22, 22, tzinfo=UTC)  # midnight in Stockholm; summer time ends on the 25th
NOW: Final = datetime(2026, 10, 27, 13, 20, tzinfo=UTC)

NEW_SITE: Final = "INSERT INTO site (id, name, code, created_at) VALUES ($1, $2, $3, $4)"
NEW_STATION: Final = """
INSERT INTO station (id, site_id, identity, name, vendor, model, registered_at)
VALUES ($1, $2, $3, $3, 'Alfa', $4, $5)
"""
NEW_CONNECTOR: Final = """
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, plug, power_max_w)
VALUES ($1, $2, 1, $3, $3, $4, $5)
"""
NEW_SESSION: Final = """
INSERT INTO session (id, station_id, evse_number, transaction_key, started_at, ended_at, charging_ended_at, received_at,
                     energy_wh, price_minor, vat_minor, currency)
VALUES ($1, $2, $3, $4, $5, $6, $7, $5, $8, $9, $10, 'SEK')
"""
NEW_STATE: Final = """
INSERT INTO connector_state (station_id, evse_number, connector_number, started_at, content_key, ended_at, same_since,
                             status, received_at)
VALUES ($1, $2, 1, $3, $4, $5, $3, $6, $3)
"""


def station(number: int) -> UUID:
    """Return the id of a station."""
    return UUID(int=100 + number)


async def build(tx: Transaction, *, sites: int = 2) -> None:
    """Build sites: two chargers with two AC outlets and one DC outlet at each."""
    for place, site in enumerate([SITE, OTHER_SITE][:sites]):
        await tx.execute(NEW_SITE, site, f"Site {place}", f"S{place}", START)
        for number in range(3):
            identity = place * 10 + number
            dc = number == 2
            await tx.execute(
                NEW_STATION, station(identity), site, f"st-{identity}", "Fast" if dc else "Wall", START
            )  # fmt: skip
            for evse in (1,) if dc else (1, 2):
                await tx.execute(
                    NEW_CONNECTOR, station(identity), evse, f"C{identity}-{evse}", "ccs2" if dc else "type2",
                    50_000 if dc else 11_000,
                )  # fmt: skip


async def visit(
    tx: Transaction, at: datetime, until: datetime | None, *, who: int = 0, evse: int = 1, full: datetime | None = None,
    energy_wh: int = 0, price_minor: int | None = None,
) -> UUID:  # fmt: skip
    """Write a session; return its id."""
    identity = new_id()
    vat = None if price_minor is None else price_minor // 5
    await tx.execute(
        NEW_SESSION, identity, station(who), evse, str(identity), at, until, full, energy_wh, price_minor, vat
    )  # fmt: skip
    return identity


async def state(
    tx: Transaction, status: str, at: datetime, until: datetime | None, *, who: int = 0, evse: int = 1
) -> None:
    """Write what an outlet said of itself."""
    await tx.execute(NEW_STATE, station(who), evse, at, f"{status} {at.isoformat()}", until, status)


async def live(
    tx: Transaction, random: Random, who: int, evse: int, since: datetime = START, until: datetime = NOW
) -> None:
    """Let people come to one outlet: stays of minutes to days, some without energy, some that go on; and faults."""
    at = since + timedelta(minutes=random.randint(0, 300))
    while at < until:
        ends = at + timedelta(minutes=random.choice([0, 3, 45, 60, 200, 700, 1500]))
        after = ends + timedelta(minutes=random.choice([0, 7, 30, 60, 240]))
        if random.random() < 0.15:
            await state(tx, random.choice(["faulted", "unavailable"]), at, min(ends, until), who=who, evse=evse)
        else:
            full = at + timedelta(minutes=random.randint(0, int((ends - at).total_seconds()) // 60))
            await visit(
                tx, at, ends if ends <= NOW else None, who=who, evse=evse,
                full=random.choice([None, full]), energy_wh=random.choice([0, 1, 7, 12_345, 40_000]),
                price_minor=random.choice([None, 5_000, 12_345]),
            )  # fmt: skip
            if after > ends:
                await state(tx, "finishing", ends, after, who=who, evse=evse)
        at = max(after, at + timedelta(minutes=1)) + timedelta(minutes=random.choice([0, 1, 90]))

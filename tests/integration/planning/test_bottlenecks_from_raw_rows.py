"""Each thing that may hold a site back is found where raw rows have it, with the hours and losses that they have, and
nowhere else.

Nine sites alike, at which somebody charges every second day; six have one thing wrong each, three show what a kWh
costs elsewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Rotation, Tree
from laddverk.kernel.ids import SiteId, StationId, new_id
from laddverk.planning.bottlenecks.model import Found, Kind, Verdict
from laddverk.planning.bottlenecks.queries import observed, rooms
from laddverk.planning.bottlenecks.rules import judged, refused
from laddverk.planning.usage.service import keep_up
from laddverk.platform.database import Database, Transaction
from tests.integration.planning.usage_field import NEW_SITE, NEW_STATION, state, visit

NOW: Final = datetime(2026, 10, 21, 22, tzinfo=UTC)  # midnight in Stockholm
OPENED: Final = NOW - timedelta(days=60)
DAYS: Final = [OPENED + timedelta(days=day, hours=8) for day in range(0, 60, 2)]
PER_YEAR: Final = 365.25 / 60
WRONG: Final = {1: Kind.PORTS, 2: Kind.OVERSTAY, 3: Kind.RELIABILITY, 4: Kind.POWER, 5: Kind.PHASE, 6: Kind.PRICE}
CONNECTOR: Final = """
INSERT INTO connector (station_id, evse_number, connector_number, code, public_evse_id, plug, power_max_w,
                       current_max_a)
VALUES ($1, $2, 1, $3, $3, 'type2', 11000, 16)
"""
TREE: Final = """
INSERT INTO circuit_tree (site_id, version, tree, made_at, made_by, change) VALUES ($1, 1, $2, $3, 'x', 'x')
"""
SHARE: Final = """
INSERT INTO steering_share (site_id, station_id, evse_number, at, limit_a, worst_a, reason, tree_version)
VALUES ($1, $2, 1, $3, $4, 16, $5, 1)
"""
ATTEMPT: Final = """
INSERT INTO session_outcome (station_id, evse_number, began_at, attempt_key, ended_at, outcome, token_key)
VALUES ($1, 1, $2, $3, $2, $4, $5)
"""
ASKED: Final = """
INSERT INTO start_request (id, station_id, evse_number, token_uid, created_at, expires_at, session_id, cancelled_why)
VALUES ($1, $2, 1, $1::uuid::text, $3, $3, $4, $5)
"""


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


async def build(tx: Transaction, number: int) -> None:
    """A site of one outlet where it matters that there is no other, else of two."""
    site, station = UUID(int=number), UUID(int=100 + number)
    await tx.execute(NEW_SITE, site, f"Site {number}", f"S{number}", OPENED)
    await tx.execute(NEW_STATION, station, site, f"st-{number}", "Wall", OPENED)
    for evse in (1,) if WRONG.get(number) in (Kind.PORTS, Kind.OVERSTAY) else (1, 2):
        await tx.execute(CONNECTOR, station, evse, f"C{number}-{evse}")


async def charge(tx: Transaction, number: int, at: datetime, **changes: object) -> UUID:
    """An hour of which a price of 4.00 without VAT is paid for each of ten kWh."""
    usual = {"who": number, "until": at + hours(1), "energy_wh": 10_000, "price_minor": 5_000}
    return await visit(tx, at, **(usual | changes))


async def steer(tx: Transaction, number: int, phases: int) -> None:
    """Circuits, and cars that a full L1 holds at 4 of 16 A for the first of two hours; the first of three days each
    stays until it is full, the others leave before."""
    site, station, board = UUID(int=number), UUID(int=100 + number), CircuitId(UUID(int=900 + number))
    tree = Tree(
        site_id=SiteId(site), version=1,
        circuits=(Circuit(id=board, name="Board", kind=CircuitKind.GRID, limit_a=(20.0, 20.0, 20.0)),),
        places=tuple(
            Place(station_id=StationId(station), evse_number=evse, circuit_id=board, phases=phases,
                  rotation=Rotation.RST, is_rotation_known=True)
            for evse in (1, 2)
        ),
    )  # fmt: skip
    await tx.execute(TREE, site, tree, OPENED)
    for day, at in enumerate(DAYS):
        full = at + hours(1.5) if day % 3 == 0 else None
        await charge(tx, number, at, until=at + hours(2), full=full)
        reason = {"code": "circuit_full", "branch": str(board), "phase": 1}
        await tx.execute(SHARE, site, station, at, 4.0, reason)
        await tx.execute(SHARE, site, station, at + hours(1), 16.0, {"code": "wanted"})


async def nine_sites(tx: Transaction) -> None:
    for number in range(1, 10):
        await build(tx, number)
    for at in DAYS:
        await charge(tx, 1, at, until=at + hours(10))
        await charge(tx, 2, at, until=at + hours(10), full=at)
        await charge(tx, 3, at)
        for evse in (1, 2):
            await state(tx, "faulted", at + hours(24), at + hours(28), who=3, evse=evse)
        await charge(tx, 6, at, price_minor=7_500)
        for number in (7, 8, 9):
            await charge(tx, number, at)
    await steer(tx, 4, phases=3)
    await steer(tx, 5, phases=1)
    for who, minutes, outcome in (
        ("a", 0, "plug_no_start"),
        ("a", 9, "ok"),
        ("b", 0, "auth_fail"),
        ("c", 0, "no_auth"),
    ):
        at = DAYS[3] + timedelta(hours=3, minutes=minutes)
        await tx.execute(ATTEMPT, UUID(int=103), at, str(new_id()), outcome, who)
    paid = await charge(tx, 6, DAYS[0] + hours(3), price_minor=7_500)
    for session, why in ((None, "expired"), (None, "payment_failed"), (None, "refused"), (paid, "expired")):
        await tx.execute(ASKED, new_id(), UUID(int=106), DAYS[1], session, why)
    await tx.execute(ASKED, new_id(), UUID(int=106), NOW - timedelta(weeks=20), None, "expired")


@pytest.fixture
async def verdicts(database: Database) -> dict[int, Verdict]:
    async with database.transaction() as tx:
        await nine_sites(tx)
    while await database.run(lambda tx: keep_up(tx, "SEK", NOW)):
        pass
    async with database.transaction() as tx:
        return {one.site_id.int: judged(one) for one in await observed(tx, None, "Europe/Stockholm", NOW)}


async def test_each_kind_is_found_once_with_what_the_raw_rows_say(verdicts: dict[int, Verdict]) -> None:
    found = {site: [one.kind for one in verdict.found] for site, verdict in verdicts.items()}
    assert found == {site: [WRONG[site]] if site in WRONG else [] for site in range(1, 10)}
    by_kind: dict[Kind, Found] = {one.kind: one for verdict in verdicts.values() for one in verdict.found}
    seen_h = {kind: one.hours and one.hours / PER_YEAR for kind, one in by_kind.items()}
    assert seen_h == {
        Kind.PORTS: pytest.approx(10 * 30), Kind.OVERSTAY: pytest.approx(10 * 30),
        Kind.RELIABILITY: pytest.approx(4 * 30),
        Kind.POWER: pytest.approx(30), Kind.PHASE: pytest.approx(30), Kind.PRICE: None,
    }  # fmt: skip
    # Of two in three, which left while they charged: what 12 of 16 A would have given in an hour.
    for kind in (Kind.POWER, Kind.PHASE):
        assert by_kind[kind].sessions / PER_YEAR == pytest.approx(20 * 11_000 * 12 / 16 / 10_000)  # each took 10 kWh
        assert by_kind[kind].energy_wh / PER_YEAR == pytest.approx(20 * 11_000 * 12 / 16)
        assert by_kind[kind].proofs[0].values == {"cars": 30, "short": 20}
    # Two did not pay; of 31 sessions each is 50 % dearer than the median of others, and half as many stay away.
    assert by_kind[Kind.PRICE].sessions / PER_YEAR == pytest.approx(2 + 31 * 0.5 * 0.5)
    assert [proof.values for proof in by_kind[Kind.PRICE].proofs] == [{"unpaid": 2}, {"percent": 50}]
    assert by_kind[Kind.RELIABILITY].proofs[1].values == {"failed": 2, "given_up": 1}
    assert by_kind[Kind.RELIABILITY].sessions / PER_YEAR == pytest.approx(30 + 1)  # who else comes at eight
    assert by_kind[Kind.PORTS].sessions > 0
    assert {site for site, verdict in verdicts.items() if verdict.is_managed} == {4, 5}


async def test_who_is_refused_is_told_of_some_sites_without_the_others(
    database: Database, verdicts: dict[int, Verdict]
) -> None:
    async with database.transaction() as tx:
        seen = await rooms(tx, frozenset(UUID(int=number) for number in (1, 3, 6)), "Europe/Stockholm", NOW)
    found = {one.site_id.int: refused(one) for one in seen}
    lost = {number: verdicts[number].sessions for number in (1, 3)}
    assert found == {1: pytest.approx(lost[1]), 3: pytest.approx(lost[3]), 6: 0.0}
    assert min(lost.values()) > 0

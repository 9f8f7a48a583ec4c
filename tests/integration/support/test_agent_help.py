"""What agents do where a step needs a person: after an emergency stop, for a payment, for a charge that is slow."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from laddverk.energy.circuits import service as circuits
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Tree
from laddverk.energy.planning_ahead import wishing
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed
from laddverk.support.model import Verified
from laddverk.support.situations.model import AgentButton as B
from tests.integration.support.test_agent import BOOKS, Bench
from tests.integration.support.test_agent import bench as bench

FOUND = """
INSERT INTO finding (id, station_id, evse_number, detector, family, severity, since, raised_at, last_at, changed_at,
                     evidence)
VALUES ($1, $2, 1, $4, 'physical_damage', 0, now(), now(), now(), now(), $3::text::jsonb)
"""
STOP, CUT = '[{"values": {"name": "EmergencyStop"}}]', '[{"values": {"name": "CutCable"}}]'


async def test_a_charger_is_restarted_once_its_emergency_stop_is_out_and_not_before(bench: Bench) -> None:
    case = await bench.case(Verified.NOT)
    async with bench.house.database.transaction() as tx:
        await tx.execute(FOUND, uuid4(), bench.station, STOP, "D06")
    await bench.says("Faulted", errorCode="OtherError", vendorErrorCode="CX008")
    await bench.refused(case, B.RESET, NotAllowed)
    await bench.says("Available")
    await bench.press(case, B.RESET)
    assert await bench.told("Reset") == {"type": "Soft"}

    async with bench.house.database.transaction() as tx:
        await tx.execute(FOUND, uuid4(), bench.station, CUT, "D07")
    await bench.refused(case, B.RESET, NotAllowed)


async def test_the_payment_service_is_asked_how_a_payment_stands(bench: Bench) -> None:
    await bench.refused(await bench.case(), B.CHECK_PAYMENT, Conflict)
    payment = uuid4()
    async with bench.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO payment (id, purpose, driver_id, provider, state, currency, amount_minor, authorised_minor,"
            " captured_minor, refunded_minor, created_at, updated_at, return_url)"
            " VALUES ($1, 'session', $2, 'swish', 'checkout', 'SEK', 100, 0, 0, 0, now(), now(), 'https://x.example')",
            payment, bench.driver,
        )  # fmt: skip
    await bench.press(await bench.case(payment_id=payment), B.CHECK_PAYMENT)
    asked = "SELECT payload->>'payment_id' FROM job WHERE kind = 'payments.ask'"
    assert await bench.network.value(asked) == str(payment)


async def test_a_charge_comes_first_where_the_site_lets_somebody_and_the_fuse_stays(bench: Bench) -> None:
    now, session = bench.house.clock(), uuid4()
    circuit = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(16.0,) * 3)
    place = Place(station_id=bench.station, evse_number=1, circuit_id=circuit.id)
    async with bench.house.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO session (id, station_id, evse_number, transaction_key, driver_id, started_at, energy_wh,"
            " received_at) VALUES ($1, $2, 1, 'x', $3, now() - interval '1 hour', 900, now())",
            session, bench.station, bench.driver,
        )  # fmt: skip
        tree = Tree(site_id=bench.network.site_id, circuits=(circuit,), places=(place,))
        before = await circuits.replace_tree(tx, BOOKS, tree, now, reason="as drawn", version=0)
    case = await bench.case(session_id=session)
    await bench.refused(case, B.COME_FIRST, Invalid)
    async with bench.house.database.transaction() as tx:
        await circuits.let_ask(tx, BOOKS, bench.network.site_id, True, now, reason="asked for", version=None)
    await bench.press(case, B.COME_FIRST)
    wish = "SELECT asks_priority AND departs_at IS NULL AND energy_wh IS NULL FROM driver_wish WHERE session_id = $1"
    assert await bench.network.value(wish, session)
    leaves_at = now + timedelta(hours=5)
    async with bench.house.database.transaction() as tx:
        await wishing.tell(tx, BOOKS, session, now, departs_at=leaves_at, energy_wh=None, asks_priority=False)
    await bench.press(await bench.case(session_id=session), B.COME_FIRST)
    said = "SELECT asks_priority AND departs_at = $2 FROM driver_wish WHERE session_id = $1"
    assert await bench.network.value(said, session, leaves_at)
    async with bench.house.database.transaction() as tx:
        after = await circuits.seen(tx, BOOKS, bench.network.site_id)
    assert after.circuits == before.circuits
    await bench.refused(await bench.case(Verified.NOT, session_id=session), B.COME_FIRST, NotAllowed)

"""An order of phases that was entered wrongly is found out, doubted at once, told, and right when entered anew."""

from datetime import UTC, datetime, timedelta

import pytest

from laddverk import joints
from laddverk.energy.circuits import decisions
from laddverk.energy.circuits import service as circuits
from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Rotation, Tree
from laddverk.energy.steering import measuring, placing, rotations
from laddverk.energy.steering import service as steering
from laddverk.energy.steering.events import RotationContradicted
from laddverk.energy.steering.model import Belief, Held, Known, Load, Sample, Trust
from laddverk.kernel.ids import new_id
from laddverk.kernel.time import system_clock
from laddverk.ocpp.protocol import Protocol
from laddverk.platform import outbox
from laddverk.simulator.car import Car
from tests.integration.energy.garage import Stand, garage_on, grid_of
from tests.integration.energy.meter_ways import LOOPBACK, hurried, listened, over_modbus
from tests.network import ACTOR, network_on

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TOLD = "SELECT array_agg(payload ORDER BY id) FROM job WHERE kind = 'test.told'"


def moment(tree, at_s, drawn_a, building_a):
    """What the loop knows when one car draws on one phase, which really is L3, beside a building."""
    (circuit,), (outlet,) = placing.circuits(tree, [], NOW, UTC, frozenset()), placing.outlets(tree)
    held = (Held(limit_a=drawn_a, sent_at=at_s - 30, answered_at=at_s - 29, confirmed=True, changed_at=at_s - 29),)
    belief = Belief(
        trust=Trust.OBEYS, is_online=True, has_session=True, session_since=at_s - 900, limits=held, standing=held,
        sample=Sample(at_s - 1, (drawn_a, 0.0, 0.0)), previous=Sample(at_s - 11, (drawn_a, 0.0, 0.0)),
    )  # fmt: skip
    shown = (building_a, building_a, building_a + drawn_a)
    load = Load(reading=shown, read_at=at_s, changed_at=at_s, recent=((at_s, (building_a,) * 3),))
    return Known(
        circuits=(circuit,), outlets=(outlet,), beliefs={outlet.key: belief}, loads={circuit.key: load}, stepped_at=at_s
    )


async def test_a_wrong_order_of_phases_is_found_doubted_told_and_right_again_when_it_is_entered(
    database, tmp_path, monkeypatch
):
    monkeypatch.setattr(outbox, "_listeners", {RotationContradicted: ["test.told"]})
    async with network_on(database, tmp_path) as network:
        station_id = await network.add_station("BOX", connectors=1)
        circuit = Circuit(id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(35.0,) * 3)
        place = Place(station_id=station_id, evse_number=1, circuit_id=circuit.id, is_rotation_known=True)
        given = Tree(site_id=network.site_id, circuits=(circuit,), places=(place,))
        async with database.transaction() as tx:
            tree = await circuits.replace_tree(tx, ACTOR, given, system_clock(), reason="as drawn", version=0)
            await steering.steer(tx, network.site_id, NOW)
        last = NOW
        for turn in [each // 2 for each in range(20)]:  # each current is seen twice: what follows confirms the first
            at = NOW + timedelta(seconds=40 * (turn + 1))
            at += timedelta(seconds=12) if at <= last else timedelta()
            last = at
            known = moment(tree, at.timestamp(), 16.0 if turn % 2 else 7.0, 4.0 + turn % 3)
            async with database.transaction() as tx:
                await measuring.measured(tx, tree, known, await measuring.known_of(tx, tree), at)
        async with database.transaction() as tx:
            evidence = await measuring.known_of(tx, tree)
            wrong = measuring.contradicted(tree, evidence)
            assert list(wrong) == [placing.key_of(station_id, 1)]
            assert placing.outlets(tree, wrong)[0].wires is None
        told = [(one["entered"], one["phase"], one["is_over"]) for one in await network.value(TOLD)]
        assert told == [("RST", 3, False)]

        later = NOW + timedelta(minutes=20)
        async with database.transaction() as tx:
            await steering.steer(tx, network.site_id, later)
            step = await decisions.step(tx, network.site_id)
            assert [(one.kind, one.phase) for one in step.alarms if one.kind == "wrong_rotation"] == [
                ("wrong_rotation", 3)
            ]
            seen = await decisions.phases(tx, network.site_id)
            await circuits.enter_measured(
                tx, ACTOR, network.site_id, place.key, seen[place.key].phase, later, reason="as measured", version=None
            )
            after = await trees.tree(tx, network.site_id)
            await steering.steer(tx, network.site_id, later + timedelta(seconds=10))
            step = await decisions.step(tx, network.site_id)
        assert after.places[0].rotation is Rotation.TRS
        assert not [one for one in step.alarms if one.kind == "wrong_rotation"]
        contradicted, agreed = await network.value(TOLD)
        assert [contradicted["is_over"], agreed["is_over"]] == [False, True]

        found = "SELECT evidence FROM finding WHERE detector = 'D35' AND station_id = $1 AND evse_number = 1"
        note = joints.handlers(network.house)["wiring.note_wrong_phase"]
        async with database.transaction() as tx:
            await note(tx, [contradicted])
        said = await network.value(found + " AND cleared_at IS NULL", station_id)
        assert said[-1]["values"] == {"entered": "RST", "steps": contradicted["steps"], "phase": 3}
        async with database.transaction() as tx:
            await note(tx, [agreed])
        assert await network.value(found + " AND cleared_at IS NOT NULL", station_id)


WRONG = "SELECT evidence FROM finding WHERE detector = 'D35' AND station_id = $1 AND cleared_at IS NULL"
WRONG_AT = "SELECT array_agg(station_id) FROM finding WHERE detector = 'D35' AND cleared_at IS NULL"
FUSE_A = 63.0
BUILDING_A = (12.0, 12.0, 12.0)
"""What the building may draw, as entered: a meter that seems wrong because of the wiring stops nobody then."""
HELD_STEPS = 5  # of ten seconds, until a car asks for another current
STANDS = {"CP16": Stand(Protocol.V16), "CP201": Stand(Protocol.V201, wired=Rotation.TRS), "CP21": Stand(Protocol.V21)}


async def in_turns(garage, reached, steps):
    """Let time pass: the one-phase cars ask for more and for less, now one and now the other, beside a building."""
    for turn in range(steps):
        name = ("CP16", "CP201")[turn // HELD_STEPS % 2]
        if turn % HELD_STEPS == 0:
            car = garage.links[name].charger.outlets[1].car
            car.current_max_a = 8.0 if car.current_max_a > 8.0 else 16.0
        garage.building_a = (6.0 + turn % 4 / 2, 5.0 + turn % 3 / 2, 7.0 + turn % 5 / 2)
        garage.passed()
        await reached.tell()
        await garage.steered()


@pytest.mark.slow
async def test_a_charger_that_is_wired_otherwise_than_entered_is_found_by_the_meter_and_reported_with_evidence(
    database, tmp_path, monkeypatch
):
    hurried(monkeypatch)
    async with (
        garage_on(
            database, tmp_path, STANDS, (grid_of(FUSE_A, unmetered_a=BUILDING_A),), meter_networks=LOOPBACK
        ) as garage,
        over_modbus(garage, tmp_path) as reached,
        listened(garage.network),
    ):
        network = garage.network
        for name, phases in (("CP16", 1), ("CP201", 1), ("CP21", 3)):
            garage.come(name, Car(70_000, 10_000.0, phases=phases, current_max_a=16.0))
        await in_turns(garage, reached, 60)
        right, wrong = network.station_ids["CP16"], network.station_ids["CP201"]
        assert await network.value(WRONG_AT) == [wrong]
        (said,) = await network.value(WRONG, wrong)
        assert said["values"] == {"entered": "RST", "steps": rotations.STEPS_MIN, "phase": 3}
        async with database.transaction() as tx:
            seen = await decisions.phases(tx, network.site_id)
            step = await decisions.step(tx, network.site_id)
            assert {key[0]: one.phase for key, one in seen.items()} == {right: 0, wrong: 2}
            for each in (0, 1):
                assert abs(seen[wrong, 1].answers[each]) < rotations.HIDES
            assert seen[wrong, 1].answers[2] > 0.8
            assert ("wrong_rotation", 3) in [(one.kind, one.phase) for one in step.alarms]
            await circuits.enter_measured(
                tx, ACTOR, network.site_id, (wrong, 1), seen[wrong, 1].phase, garage.clock(), reason="as measured",
                version=None,
            )  # fmt: skip
        await in_turns(garage, reached, 2 * HELD_STEPS)
        assert await network.value(WRONG_AT) is None
        async with database.transaction() as tx:
            (place,) = [one for one in (await trees.tree(tx, network.site_id)).places if one.station_id == wrong]
            step = await decisions.step(tx, network.site_id)
        assert place.rotation is Rotation.TRS
        assert not [one for one in step.alarms if one.kind == "wrong_rotation"]

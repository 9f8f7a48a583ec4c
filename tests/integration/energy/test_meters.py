"""Meters over real sockets: asked by us, kept, and heard by the loop that steers; and those that misbehave."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt
import pytest
from msgspec import Struct

from laddverk.energy.circuits import store as trees
from laddverk.energy.circuits.model import Circuit, CircuitId, CircuitKind, Place, Tree, Version
from laddverk.energy.meters import payloads, register_maps, sealing, service, store, watching
from laddverk.energy.meters.modbus import ModbusMeter
from laddverk.energy.meters.model import Reading, Setup, Unreadable, Way, Why
from laddverk.energy.steering import service as steering
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.platform.jobs import NewJob, enqueue
from laddverk.simulator.meters import modbus
from laddverk.simulator.meters.ocpp import GridMeter
from laddverk.simulator.meters.telling import Fault
from laddverk.simulator.model import Told
from tests.integration.energy.garage import THREE, garage_on
from tests.integration.energy.meter_ways import LOOPBACK, MODELS, broker, hurried, listened
from tests.network import ACTOR, BOOT_16, BOOT_201, ask, network_on


@pytest.fixture
async def network(database, tmp_path, monkeypatch):
    hurried(monkeypatch)
    async with network_on(database, tmp_path, meter_networks=LOOPBACK) as network:
        yield network


class Charged(Struct):
    energy_wh: int
    is_over: bool


async def metered(network, setup, secret=None):
    """Add a meter, and a circuit of 63 A that it measures, with a charger on it."""
    station_id = await network.add_station("CP1")
    now = datetime.now(UTC)
    async with network.house.database.transaction() as tx:
        meter = await service.add(
            tx, ACTOR, network.site_id, "Huvudmätare", setup, MODELS, now, reason="fitted", secret=secret
        )
        grid = Circuit(
            id=CircuitId(new_id()), name="Servis", kind=CircuitKind.GRID, limit_a=(63.0,) * 3, meter_id=meter.id
        )
        place = Place(station_id=station_id, evse_number=1, circuit_id=grid.id, current_max_a=16.0)
        tree = Tree(site_id=network.site_id, version=1, circuits=(grid,), places=(place,))
        await trees.add(tx, tree, Version(version=1, made_at=now, made_by="test", change="made"))
    return meter, grid


async def until(network, sql, *args):
    """Return the value of `sql` once it is true."""
    async with asyncio.timeout(10):
        while not (found := await network.value(sql, *args)):
            await asyncio.sleep(0.02)
    return found


LOADED = "SELECT current_a FROM circuit_load WHERE circuit_id = $1 AND current_a[1] = $2"
TROUBLED = "SELECT trouble->>'why' FROM meter WHERE id = $1 AND trouble IS NOT NULL"
WELL = "SELECT true FROM meter WHERE id = $1 AND trouble IS NULL"


async def test_a_modbus_meter_is_asked_and_the_loop_reckons_with_what_it_says_until_it_fails_and_again_after(network):
    flows = [21.0, 12.5, -4.0]
    async with modbus.serving(lambda: tuple(flows)) as simulated:
        setup = Setup(
            way=Way.MODBUS, host="127.0.0.1", port=simulated.port, model="eastron_sdm630", every_s=1.0, ratio=1.0
        )
        meter, grid = await metered(network, setup)
        async with listened(network):
            assert await until(network, LOADED, grid.id, 21.0) == [21.0, 12.5, -4.0]
            async with network.house.database.transaction() as tx:
                await steering.steer(tx, network.site_id, datetime.now(UTC))
            loads = await network.value("SELECT loads FROM steering_state WHERE site_id = $1", network.site_id)
            assert loads[str(grid.id)]["reading"] == [21.0, 12.5, -4.0]
            for fault, why in ((Fault.GARBAGE, "implausible"), (Fault.WRONG_SCALE, "implausible")):
                simulated.fault = fault
                assert await until(network, TROUBLED, meter.id) == why
                simulated.fault = Fault.NONE
                await until(network, WELL, meter.id)
            simulated.fault = Fault.REFUSES
            assert await until(network, TROUBLED, meter.id) == "refused"
            simulated.fault = Fault.NONE
            flows[0] = 30.0
            await until(network, LOADED, grid.id, 30.0)
    async with network.house.database.transaction() as tx:
        kept = (await store.latest(tx, [meter.id]))[meter.id]
        minutes = await store.minutes(tx, meter.id, kept.at - timedelta(hours=1), kept.at + timedelta(minutes=1))
    assert kept.power_w == pytest.approx((30.0 + 12.5 - 4.0) * 230.0)
    assert kept.import_wh == 12_345_000
    assert max(each.current_a[0] for each in minutes) == 30.0


STEPS = "SELECT count(*) FROM job WHERE kind = 'energy.steer_site'"


async def test_more_than_a_fuse_lets_through_is_answered_at_once_and_not_at_the_next_turn_of_ten_seconds(network):
    flows = [63.0, 0.0, 0.0]
    async with modbus.serving(lambda: tuple(flows)) as simulated:
        setup = Setup(way=Way.MODBUS, host="127.0.0.1", port=simulated.port, model="eastron_sdm630", every_s=1.0)
        _, grid = await metered(network, setup)
        async with listened(network):
            await until(network, LOADED, grid.id, 63.0)
            assert await network.value(STEPS) == 0
            flows[0] = 63.5
            await until(network, LOADED, grid.id, 63.5)
            assert await network.value(STEPS) == 1
            flows[0] = 64.5
            await until(network, LOADED, grid.id, 64.5)
            assert await network.value(STEPS) == 1, "a step that waits is enough"
    await network.house.worker.run_until_idle()
    loads = await network.value("SELECT loads FROM steering_state WHERE site_id = $1", network.site_id)
    assert loads[str(grid.id)]["reading"] == [64.5, 0.0, 0.0]


async def test_while_too_much_flows_a_step_is_asked_for_at_once_and_then_every_five_seconds_however_often_it_is_read(
    network,
):
    meter, _grid = await metered(network, Setup(way=Way.PUSH))
    begins_at = datetime.now(UTC)

    async def steps(seconds, current_a):
        """Return how many steps a reading asks for; those that waited were taken."""
        now = begins_at + timedelta(seconds=seconds)
        await network.value("DELETE FROM job WHERE kind = 'energy.steer_site'")
        async with network.house.database.transaction() as tx:
            await service.keep(tx, meter.id, Reading(at=now, current_a=(current_a, 0.0, 0.0)), now)
        return await network.value(STEPS)

    assert await steps(0, 60.0) == 0
    assert [await steps(1 + second, 70.0) for second in range(12)] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]
    assert [await steps(13 + second, flows) for second, flows in enumerate((50.0, 70.0, 50.0, 70.0))] == [0, 0, 0, 1]
    assert await steps(60, 50.0) == 0
    assert await steps(61, 70.0) == 1


async def test_a_reading_shows_the_registers_and_a_factor_of_transformers_counts(network):
    async with modbus.serving(lambda: (1.0, 2.0, 3.0)) as simulated:
        setup = Setup(way=Way.MODBUS, host="127.0.0.1", port=simulated.port, model="eastron_sdm630", ratio=40.0)
        read = await ModbusMeter(setup, network.house.settings, network.house.clock).once()
    assert read.reading.current_a == (40.0, 80.0, 120.0)
    assert read.reading.voltage_v == (230.0, 230.0, 230.0)
    assert read.raw["current_a@6"] == (0x3F80, 0, 0x4000, 0, 0x4040, 0)


async def test_a_meter_is_never_asked_at_our_own_ports_nor_outside_the_networks_of_meters(network):
    async def why(**chosen):
        setup = Setup(way=Way.MODBUS, model="eastron_sdm630", **chosen)
        with pytest.raises(Unreadable) as caught:
            await ModbusMeter(setup, network.house.settings, network.house.clock).once()
        return caught.value.why

    assert await why(host="169.254.169.254", port=80) is Why.NOT_ALLOWED
    assert await why(host="10.1.2.3") is Why.NOT_ALLOWED
    assert await why(host="127.0.0.1", port=1) is Why.NO_CONNECTION
    assert await why(host="no.such.name.invalid") is Why.NAME_UNKNOWN


async def test_who_adds_a_meter_is_told_what_is_wrong_and_one_in_use_stays(network):
    now = datetime.now(UTC)
    meter, _grid = await metered(network, Setup(way=Way.PUSH))
    async with network.house.database.transaction() as tx:
        for wrong, field in (
            (Setup(way=Way.MODBUS, host="a b", model="eastron_sdm630"), "host"),
            (Setup(way=Way.MODBUS, host="10.0.0.1", model="none"), "model"),
            (Setup(way=Way.MQTT, host="10.0.0.1", topic="home/+"), "topic"),
            (Setup(way=Way.MQTT, host="10.0.0.1", topic="home/meter", fields={"current_l1": "a"}), "fields"),
            (Setup(way=Way.PUSH, ratio=0.0), "ratio"),
        ):
            with pytest.raises(Invalid) as caught:
                await service.add(tx, ACTOR, network.site_id, "M", wrong, MODELS, now, reason="fitted")
            assert caught.value.field == field
        with pytest.raises(Conflict):
            await service.remove(tx, ACTOR, meter.id, now, reason="broken")
        for late in (Reading(at=now + timedelta(minutes=5), current_a=(1.0, 1.0, 1.0)),
                     Reading(at=now, current_a=(1.0, float("inf"), 1.0))):  # fmt: skip
            with pytest.raises(Invalid):
                await service.record(tx, meter.id, [late], now)


async def test_a_broker_tells_of_a_meter_what_it_cannot_tell_is_named_and_a_wrong_password_too(network, tmp_path):
    fields = payloads.fields_in("current_l1 = han.i.0 * 0.1\ncurrent_l2 = han.i.1 * 0.1\ncurrent_l3 = han.i.2 * 0.1")
    async with broker(tmp_path) as port:
        setup = Setup(way=Way.MQTT, host="127.0.0.1", port=port, topic="home/meter", user="meters", fields=fields)
        meter, grid = await metered(network, setup)
        async with listened(network), aiomqtt.Client("127.0.0.1", port, username="meters", password="s3cret") as client:
            assert await until(network, TROUBLED, meter.id) == "refused"
            secret = sealing.sealed(network.house.secrets, "s3cret", meter.id)
            async with network.house.database.transaction() as tx:
                await service.change(
                    tx, ACTOR, meter.id, "HAN", setup, MODELS, datetime.now(UTC), reason="password", secret=secret
                )

            async def told(payload, sql, *args):
                async with asyncio.timeout(10):
                    while not (found := await network.value(sql, *args)):
                        await client.publish("home/meter", payload)
                        await asyncio.sleep(0.05)
                return found

            assert await told('{"han": {"i": [150, "70", 3]}}', LOADED, grid.id, 15.0) == pytest.approx(
                [15.0, 7.0, 0.3]
            )
            assert await told('{"han": {"i": [152]}}', TROUBLED, meter.id) == "not_readable"
            await told('{"han": {"i": [100, 70, 3]}}', LOADED, grid.id, 10.0)
    assert await network.value("SELECT count(*) FROM meter WHERE position('s3cret'::bytea IN secret) > 0") == 0


def test_every_map_that_comes_with_us_can_be_read_and_an_own_file_that_is_wrong_names_its_key(tmp_path: Path):
    assert {"eastron_sdm630", "abb_b23_b24", "carlo_gavazzi_em340", "schneider_iem3000", "janitza_umg"} <= set(MODELS)
    (tmp_path / "mine.toml").write_text(
        'name = "X"\nsource = "me"\nfunction = 4\n[current_a]\naddress = -1\ntype = "int16"\n'
    )
    with pytest.raises(Invalid, match=r"mine\.toml: current_a\.address"):
        register_maps.known(tmp_path)


@pytest.mark.parametrize(
    ("model", "registers", "amperes"),
    [
        ("abb_b23_b24", (0, 1_234), 12.34),
        ("carlo_gavazzi_em340", (0xFB2E, 0xFFFF), -1.234),
        ("schneider_iem3000", (0x4145, 0x0000), 12.3125),
    ],
)
def test_a_number_is_read_as_its_model_writes_it(model, registers, amperes):
    given = MODELS[model]
    assert register_maps.value(registers, given.current_a, low_word_first=given.low_word_first) == pytest.approx(
        amperes
    )
    assert str(register_maps.value((0xFFFF, 0xFFFF), MODELS["abb_b23_b24"].current_a, low_word_first=False)) == "nan"


OPEN_FINDING = "SELECT count(*) FROM finding WHERE detector = 'D34' AND cleared_at IS NULL"


async def test_a_meter_that_falls_silent_becomes_an_incident_of_its_site_until_it_speaks_again(network):
    meter, _grid = await metered(network, Setup(way=Way.PUSH))
    now = datetime.now(UTC)
    house = network.house

    async def looked(at, *currents):
        house.clock = lambda: at
        async with house.database.transaction() as tx:
            if currents:
                await service.pushed(tx, meter, [Reading(at=at, current_a=currents)], at)
            changed = await watching.watch(tx, at)
        await house.worker.run_until_idle()
        return changed

    assert not await looked(now, 10.0, 10.0, 10.0)
    assert not await looked(now + timedelta(minutes=2))
    assert await looked(now + timedelta(minutes=5))
    assert not await looked(now + timedelta(minutes=6))
    assert await network.value(OPEN_FINDING) == 1
    said = await network.value("SELECT evidence FROM finding WHERE detector = 'D34'")
    assert said[0]["values"] == {"meter": "Huvudmätare", "circuit": "Servis", "shown_a": 0.0, "phase": 0}
    async with house.database.transaction() as tx:
        await enqueue(tx, [NewJob("diagnostics.attend", {})])
    await house.worker.run_until_idle()
    incident = "SELECT scope || ' ' || family FROM incident WHERE site_id = $1"
    assert await network.value(incident, network.site_id) == "site meter"
    assert await looked(now + timedelta(minutes=7), 11.0, 10.0, 10.0)
    assert await network.value(OPEN_FINDING) == 0
    assert await network.value("SELECT ill IS NULL FROM meter WHERE id = $1", meter.id)


async def test_a_charger_that_measures_at_the_grid_is_a_meter_in_either_version(network):
    meter, grid = await metered(network, Setup(way=Way.PUSH))
    old = await network.value("SELECT id FROM station WHERE identity = 'CP1'")
    new = await network.add_station("CP2")

    async def measured_by(station_id):
        setup = Setup(way=Way.OCPP, station_id=station_id)
        async with network.house.database.transaction() as tx:
            await service.change(tx, ACTOR, meter.id, "Servis", setup, MODELS, datetime.now(UTC), reason="rewired")

    def sampled(location, *amperes):
        return [
            {"measurand": "Current.Import", "phase": f"L{n}", "location": location, "value": value}
            for n, value in enumerate(amperes, start=1)
        ]

    async with listened(network):
        await measured_by(old)
        async with network.socket("CP1") as socket:
            await ask(socket, "BootNotification", BOOT_16)
            values = [*sampled("Inlet", "31.5", "12.0"), {"measurand": "Temperature", "value": "20"}]
            stamp = datetime.now(UTC).isoformat()
            told = {"connectorId": 0, "meterValue": [{"timestamp": stamp, "sampledValue": values}]}
            await ask(socket, "MeterValues", told)
            assert await until(network, LOADED, grid.id, 31.5) == [31.5, 12.0, 31.5]
        await measured_by(new)
        async with network.socket("CP2", version="ocpp2.0.1") as socket:
            await ask(socket, "BootNotification", BOOT_201)
            values = [dict(one, value=float(one["value"])) for one in sampled("Inlet", 8, 9, 10) + sampled("Outlet", 1)]
            stamp = datetime.now(UTC).isoformat()
            told = {"evseId": 0, "meterValue": [{"timestamp": stamp, "sampledValue": values}]}
            await ask(socket, "MeterValues", told)
            assert await until(network, LOADED, grid.id, 8.0) == [8.0, 9.0, 10.0]
    with pytest.raises(Invalid):
        await measured_by(new_id())


@pytest.mark.parametrize("name", ["CP16", "CP201"])
async def test_what_a_charger_measures_at_the_grid_is_not_taken_for_the_charge_that_runs_there(
    database, tmp_path, name
):
    stands = {name: THREE[name]}
    async with garage_on(database, tmp_path, stands) as garage:
        garage.building_a = (20.0,) * 3
        garage.come(name)
        await garage.step()
        at = garage.clock().isoformat()
        register = {"measurand": "Energy.Active.Import.Register", "location": "Inlet"}
        register |= {"value": "12345678"} if name == "CP16" else {"value": 12_345_678.0}
        told = {"connectorId" if name == "CP16" else "evseId": 0,
                "meterValue": [{"timestamp": at, "sampledValue": [register]}]}  # fmt: skip
        garage.links[name].charger.say(Told(at=garage.clock(), action="MeterValues", fields=told))
        await GridMeter(garage.flows, garage.links[name], garage.clock).tell()
        for _ in range(2):
            await garage.step()
        garage.leave(name)
        await garage.step()
        charged = "SELECT energy_wh, ended_at IS NOT NULL AS is_over FROM session"
        async with database.transaction() as tx:
            (session,) = await tx.fetch(Charged, charged)
        assert session.is_over
        assert session.energy_wh == int(garage.links[name].charger.outlets[1].register_wh) < 1_000
        assert await garage.network.value("SELECT max(current_l1_a) FROM sample WHERE evse_number = 0") > 20.0
        assert await garage.network.value("SELECT max(current_l1_a) FROM sample WHERE evse_number = 1") <= 16.0

"""Simulated chargers on real sockets: what is asked of them, what they report, notice and stream, and what is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from laddverk.access import service as access
from laddverk.access.model import NewDriver, NewToken
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.commands import (
    AdjustStream,
    ClearMonitors,
    NewValue,
    ReadStreams,
    Selected,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    SetNetworkProfile,
    StartCharging,
    WantedMonitor,
)
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.provisioning import service
from laddverk.simulator.car import Car
from laddverk.stations.model import COMMANDS_TOPIC
from tests.integration.provisioning.stand import standing
from tests.network import ACTOR

POWER = {"component": "EVSE@1", "variable": "Power"}


@pytest.mark.parametrize("protocol", [Protocol.V201, Protocol.V21])
async def test_a_monitor_tells_an_alarm_and_its_end_and_is_cleared(
    database: Database, tmp_path: Path, protocol: Protocol
) -> None:
    async with standing(database, tmp_path, protocol) as stand:
        async with database.transaction() as tx:  # a tag that is not known ends the session, and with it the alarm
            now = stand.network.house.clock()
            driver = await access.create_driver(tx, ACTOR, NewDriver(email="anna@example.se", name="Anna"), now)
            await access.create_token(tx, ACTOR, NewToken(uid="04A2B3C4", driver_id=driver), now)
        much = WantedMonitor(**POWER, kind="UpperThreshold", value=2000, severity=4)
        await stand.asks(SetMonitors(monitors=(much,)))
        await stand.until("SELECT count(*) FROM station_monitor WHERE kind = 'UpperThreshold' AND severity = 4", 1)
        charger = stand.link.charger
        charger.plug(1, Car(60_000, 20_000.0), stand.network.house.clock())
        charger.begin(1, "04A2B3C4", stand.network.house.clock())
        await stand.until("SELECT severity FROM station_alarm WHERE variable = 'Power' AND cleared_at IS NULL", 4)
        charger.unplug(1, stand.network.house.clock())
        await stand.until("SELECT count(*) FROM station_alarm WHERE cleared_at IS NOT NULL", 1)
        number = await stand.network.value("SELECT monitor_id FROM station_monitor WHERE kind = 'UpperThreshold'")
        await stand.asks(ClearMonitors(monitor_ids=(number,)))
        await stand.until("SELECT count(*) FROM station_monitor WHERE kind = 'UpperThreshold'", 0)


async def test_a_stream_is_opened_told_adjusted_read_and_closed(database: Database, tmp_path: Path) -> None:
    async with standing(database, tmp_path) as stand:
        watched = WantedMonitor(**POWER, kind="Periodic", value=1, severity=8, stream_interval_s=1)
        await stand.asks(SetMonitors(monitors=(watched,)))
        await stand.until("SELECT count(*) FROM event_stream WHERE closed_at IS NULL", 1)
        await stand.until("SELECT count(*) >= 2 FROM stream_value", True)
        number = await stand.network.value("SELECT stream_id FROM event_stream")
        await stand.asks(AdjustStream(stream_id=number, interval_s=7))
        await stand.until("SELECT interval_s FROM event_stream", 7)
        async with database.transaction() as tx:
            await tx.execute("DELETE FROM stream_value")
            await tx.execute("DELETE FROM event_stream")
        await stand.asks(ReadStreams())
        await stand.until("SELECT interval_s FROM event_stream WHERE closed_at IS NULL", 7)
        await stand.asks(ClearMonitors(monitor_ids=(number,)))
        await stand.until("SELECT count(*) FROM event_stream WHERE closed_at IS NOT NULL", 1)


async def test_the_base_takes_our_monitors_away_and_the_level_is_known(database: Database, tmp_path: Path) -> None:
    async with standing(database, tmp_path, Protocol.V201) as stand:
        await stand.asks(SetMonitors(monitors=(WantedMonitor(**POWER, kind="Delta", value=500, severity=5),)))
        await stand.until("SELECT count(*) FROM station_monitor", 1)
        await stand.asks(SetMonitoringLevel(severity=3))
        await stand.until("SELECT level FROM station_monitoring", 3)
        await stand.asks(SetMonitoringBase(base="HardWiredOnly"))
        await stand.until("SELECT base FROM station_monitoring", "HardWiredOnly")
        built_in = "SELECT string_agg(component || '.' || variable, ' ') FROM station_monitor"
        await stand.until(built_in, "ChargingStation.Problem")


async def test_reports_whole_and_in_part_come_together_and_a_profile_is_written(
    database: Database, tmp_path: Path
) -> None:
    async with standing(database, tmp_path, Protocol.V201) as stand:
        async with database.transaction() as tx:
            now = stand.network.house.clock()
            await service.request_report(tx, ACTOR, stand.station_id, now)
        stand.network.house.hints.publish([COMMANDS_TOPIC])
        await stand.confirmed("request_report")
        whole = "SELECT cardinality(parts) = last_part + 1 FROM station_inventory ORDER BY requested_at DESC LIMIT 1"
        await stand.until(whole, True)
        async with database.transaction() as tx:
            await service.request_custom_report(
                tx, ACTOR, stand.station_id, stand.network.house.clock(),
                selected=[Selected(component="EVSE@1", variable="Power")],
            )  # fmt: skip
        stand.network.house.hints.publish([COMMANDS_TOPIC])
        await stand.confirmed("request_custom_report")
        await stand.until("SELECT items FROM station_inventory ORDER BY requested_at DESC LIMIT 1", 1)
        profile = SetNetworkProfile(slot=1, url="wss://example.com/ocpp", security_profile=2)
        await stand.asks(profile)
        await stand.until("SELECT url FROM network_profile WHERE slot = 1", "wss://example.com/ocpp")


async def test_a_pending_charger_is_set_up_and_reports_and_gets_nothing_else(
    database: Database, tmp_path: Path
) -> None:
    async with standing(database, tmp_path, Protocol.V201, Registration.PENDING) as stand:
        await stand.asks(StartCharging(evse_number=1, token_uid="04A2B3C4", remote_start_id=1))
        async with database.transaction() as tx:
            now = stand.network.house.clock()
            values = [
                NewValue(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="120"),
                NewValue(component="OCPPCommCtrlr", variable="ResetRetries", value="2"),
            ]
            await service.write_values(tx, ACTOR, stand.station_id, values, now, reason="as agreed")
            await service.request_custom_report(
                tx, ACTOR, stand.station_id, now, selected=[Selected(component="OCPPCommCtrlr")]
            )
        stand.network.house.hints.publish([COMMANDS_TOPIC])
        await stand.confirmed("write_variables")
        await stand.until("SELECT outcome FROM command WHERE kind = 'request_custom_report'", "Accepted")
        await stand.until("SELECT value FROM station_variable WHERE variable = 'HeartbeatInterval'", "120")
        assert await stand.network.value("SELECT state FROM command WHERE kind = 'start_charging'") == "queued"

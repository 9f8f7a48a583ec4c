"""How the demo's chargers are set and watched: templates with a few that drifted, monitors, a stream, alarms.

All of it is asked of the simulated chargers by commands, as staff would; only what monitors noticed before the demo
began is told through the recorder.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from laddverk.cli.demo.founding import ACTOR, Placed
from laddverk.cli.demo.places import NORDAN_DUO, POLARIS_150, VINGA_DUO
from laddverk.kernel.ids import StationId
from laddverk.ocpp.commands import AnyCommand, NewValue, SetMonitors, WantedMonitor, WriteVariable, WriteVariables
from laddverk.ocpp.facts import EventNotified
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.provisioning import recording, service
from laddverk.provisioning.model import TemplateDetails
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC

SENT_WITHIN: Final = timedelta(hours=6)  # the history is told first, and a charger may come late
WATCHED: Final = ("KBAC-02", "LIND-01", "GAML-04")
STREAMED: Final = "KBAC-02"
HIGH_POWER_W: Final = {"KBAC-02": 60_000.0, "LIND-01": 10_000.0, "GAML-04": 10_000.0}
STREAM_STEP_S: Final = 5
STREAM_INTERVAL_S: Final = 15

TEMPLATES: Final = (
    TemplateDetails(
        name="Vinga Duo, utomhus",
        vendor="Vinga Kraft",
        model="Duo*",
        checks_at_start=True,
        wanted=(
            NewValue(variable="ConnectionTimeOut", value="60"),
            NewValue(variable="HeartbeatInterval", value="300"),
            NewValue(variable="MeterValueSampleInterval", value="60"),
            NewValue(variable="UnlockConnectorOnEVSideDisconnect", value="true"),
        ),
    ),
    TemplateDetails(
        name="Nordan N2",
        vendor="Nordan",
        model="N2*",
        wanted=(
            NewValue(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="300"),
            NewValue(component="OCPPCommCtrlr", variable="OfflineThreshold", value="600"),
            NewValue(component="TxCtrlr", variable="EVConnectionTimeOut", value="60"),
        ),
    ),
)
OTHERWISE: Final[dict[str, tuple[str, AnyCommand]]] = {
    "GAML-02": ("bilarna vaknar sent", WriteVariable(variable="ConnectionTimeOut", value="180")),
    "MOLN-02": ("prov av tätare mätning", WriteVariable(variable="MeterValueSampleInterval", value="10")),
    "KUNG-02": (
        "dålig täckning",
        WriteVariables(
            values=(
                NewValue(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="3600"),
                NewValue(component="TxCtrlr", variable="EVConnectionTimeOut", value="180"),
            )
        ),
    ),
}
"""Chargers that somebody has set another way than the template says, and why."""

IS_EQUIPPED: Final = "SELECT EXISTS (SELECT FROM configuration_template)"


async def equip(house: House, placed: Placed) -> None:
    """Make the templates and tell what monitors noticed, once; ask for reports; set the monitors at every start."""
    stations_by_identity = {stand.identity: station_id for stand, station_id in placed}
    now = house.clock()
    async with house.database.transaction() as tx:
        if not await tx.value(IS_EQUIPPED):
            for template in TEMPLATES:
                await service.create_template(tx, ACTOR, template, now, reason="so we want them")
            await recording.record_events(tx, noticed(stations_by_identity, now))
            await _configure(tx, placed, now)
        for identity in WATCHED:
            if identity in stations_by_identity:
                await _ask(tx, stations_by_identity[identity], monitors(identity), now, "vi vill se när det är fullt")
    house.hints.publish([COMMANDS_TOPIC])


async def _configure(tx: Transaction, placed: Placed, now: datetime) -> None:
    """Set some chargers another way, and let all that have much to tell do so."""
    for stand, station_id in placed:
        if stand.identity in OTHERWISE:
            reason, command = OTHERWISE[stand.identity]
            await _ask(tx, station_id, command, now, reason)
        if stand.kind in (VINGA_DUO, NORDAN_DUO, POLARIS_150):
            await service.request_report(tx, ACTOR, station_id, now, expires_at=now + SENT_WITHIN)


async def _ask(tx: Transaction, station_id: StationId, command: AnyCommand, now: datetime, reason: str) -> None:
    await stations.request_command(tx, ACTOR, station_id, command, now, reason=reason, expires_at=now + SENT_WITHIN)


def monitors(identity: str) -> SetMonitors:
    """Return what is watched at a charger: a power that is much, and at one of them a stream of it."""
    much = WantedMonitor(
        component="EVSE@1", variable="Power", kind="UpperThreshold", value=HIGH_POWER_W[identity], severity=6
    )
    if identity != STREAMED:
        return SetMonitors(monitors=(much,))
    streamed = WantedMonitor(
        component="Controller",
        variable="Temperature",
        kind="Periodic",
        value=STREAM_STEP_S,
        severity=8,
        stream_interval_s=STREAM_INTERVAL_S,
    )
    return SetMonitors(monitors=(much, streamed))


def noticed(station_ids: dict[str, StationId], now: datetime) -> list[EventNotified]:
    """Return what monitors noticed before the demo began: two alarms that stand, and one that is over."""
    told: tuple[tuple[str, timedelta, dict[str, Any]], ...] = (
        ("KUNG-03", timedelta(hours=3), {
            "component": "Connector@1.1", "variable": "Problem", "value": "true", "severity": 3,
            "tech_code": "E-31", "tech_info": "Protective earth 1.4 ohm",
        }),
        ("LIND-02", timedelta(days=1, hours=2), {
            "component": "FanCtrlr", "variable": "Temperature", "value": "71.5", "severity": 5, "tech_code": "T-07",
        }),
        ("KBAC-01", timedelta(hours=9), {
            "component": "ElectricalFeed", "variable": "ACVoltage", "value": "198", "severity": 4,
        }),
        ("KBAC-01", timedelta(hours=8, minutes=20), {
            "component": "ElectricalFeed", "variable": "ACVoltage", "value": "229", "cleared": True,
        }),
    )  # fmt: skip
    return [
        EventNotified(
            station_id=station_ids[identity],
            at=now - before,
            received_at=now - before,
            event_id=number,
            trigger="Alerting",
            notification="HardWiredMonitor",
            **said,
        )
        for number, (identity, before, said) in enumerate(told, start=1)
        if identity in station_ids
    ]

"""Commands: what we ask of a charger, in one vocabulary, and what became of it.

One file for each functional block of the standard. `AnyCommand` is all of them, as they are kept with a station.
"""

from __future__ import annotations

from laddverk.ocpp.commands.availability import AnyAvailability, ChangeAvailability
from laddverk.ocpp.commands.base import Command, CommandOutcome, Verdict
from laddverk.ocpp.commands.data_transfer import AnyDataTransfer, RawCall, SendData
from laddverk.ocpp.commands.firmware import (
    AnyFirmware,
    LogKind,
    PublishFirmware,
    RequestLog,
    UnpublishFirmware,
    UpdateFirmware,
)
from laddverk.ocpp.commands.monitoring import (
    AdjustStream,
    AnyMonitoring,
    ClearMonitors,
    ReadStreams,
    RequestMonitoringReport,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
    WantedMonitor,
)
from laddverk.ocpp.commands.provisioning import (
    AnyProvisioning,
    NewValue,
    ReadVariables,
    RequestCustomReport,
    RequestReport,
    Reset,
    ResetKind,
    Selected,
    SetNetworkProfile,
    WriteVariable,
    WriteVariables,
)
from laddverk.ocpp.commands.remote_control import (
    AnyRemoteControl,
    StartCharging,
    StopCharging,
    Trigger,
    UnlockConnector,
)
from laddverk.ocpp.commands.security import AnySecurity, SetStationKey

__all__ = [
    "AdjustStream",
    "AnyCommand",
    "ChangeAvailability",
    "ClearMonitors",
    "Command",
    "CommandOutcome",
    "LogKind",
    "NewValue",
    "PublishFirmware",
    "RawCall",
    "ReadStreams",
    "ReadVariables",
    "RequestCustomReport",
    "RequestLog",
    "RequestMonitoringReport",
    "RequestReport",
    "Reset",
    "ResetKind",
    "Selected",
    "SendData",
    "SetMonitoringBase",
    "SetMonitoringLevel",
    "SetMonitors",
    "SetNetworkProfile",
    "SetStationKey",
    "StartCharging",
    "StopCharging",
    "Trigger",
    "UnlockConnector",
    "UnpublishFirmware",
    "UpdateFirmware",
    "Verdict",
    "WantedMonitor",
    "WriteVariable",
    "WriteVariables",
]

AnyCommand = (
    AnyAvailability | AnyDataTransfer | AnyFirmware | AnyProvisioning | AnyRemoteControl | AnySecurity | AnyMonitoring
)

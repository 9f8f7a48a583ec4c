"""Commands: what we ask of a charger, in one vocabulary, and what became of it.

One file for each functional block of the standard. `AnyCommand` is all of them, as they are kept with a station.
"""

from __future__ import annotations

from laddverk.ocpp.commands.availability import AnyAvailability, ChangeAvailability
from laddverk.ocpp.commands.base import Command, CommandOutcome, Verdict
from laddverk.ocpp.commands.data_transfer import AnyDataTransfer, RawCall, SendData
from laddverk.ocpp.commands.provisioning import (
    AnyProvisioning,
    ReadVariables,
    RequestReport,
    Reset,
    ResetKind,
    WriteVariable,
)
from laddverk.ocpp.commands.remote_control import (
    AnyRemoteControl,
    StartCharging,
    StopCharging,
    Trigger,
    UnlockConnector,
)

__all__ = [
    "AnyCommand",
    "ChangeAvailability",
    "Command",
    "CommandOutcome",
    "RawCall",
    "ReadVariables",
    "RequestReport",
    "Reset",
    "ResetKind",
    "SendData",
    "StartCharging",
    "StopCharging",
    "Trigger",
    "UnlockConnector",
    "Verdict",
    "WriteVariable",
]

AnyCommand = AnyAvailability | AnyDataTransfer | AnyProvisioning | AnyRemoteControl

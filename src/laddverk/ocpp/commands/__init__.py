"""Commands: what we ask of a charger, in one vocabulary, and what became of it.

One file for each functional block of the standard. `AnyCommand` is all of them, as they are kept with a station.
"""

from __future__ import annotations

from laddverk.ocpp.commands.availability import AnyAvailability, ChangeAvailability
from laddverk.ocpp.commands.base import Command, CommandOutcome, Verdict
from laddverk.ocpp.commands.battery_swap import (
    AnyBatterySwap,
    RequestSwap,
)
from laddverk.ocpp.commands.certificates import (
    AnyCertificate,
    AskForRequest,
    DeleteCertificate,
    GiveCertificate,
    InstallCertificate,
    ListCertificates,
    Use,
)
from laddverk.ocpp.commands.customers import AnyCustomer, ForgetCustomer, ReadCustomer
from laddverk.ocpp.commands.data_transfer import AnyDataTransfer, RawCall, SendData
from laddverk.ocpp.commands.der import (
    AnyDer,
    ClearDerControls,
    ReadDerControls,
    SetDerControl,
)
from laddverk.ocpp.commands.display import (
    AnyDisplay,
    ByData,
    ClearMessage,
    ReadMessages,
    ShowMessage,
)
from laddverk.ocpp.commands.firmware import (
    AnyFirmware,
    LogKind,
    PublishFirmware,
    RequestLog,
    UnpublishFirmware,
    UpdateFirmware,
)
from laddverk.ocpp.commands.local_lists import AnyLocalList, ClearCache, ListEntry, ReadLocalListVersion, SendLocalList
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
from laddverk.ocpp.commands.payment import (
    AnyPayment,
    TellWebPayment,
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
    ReadTransactionStatus,
    StartCharging,
    StopCharging,
    Trigger,
    UnlockConnector,
)
from laddverk.ocpp.commands.reservations import AnyReservation, CancelReservation, ReserveNow
from laddverk.ocpp.commands.security import AnySecurity, SetStationKey
from laddverk.ocpp.commands.smart_charging import (
    AllowTransfer,
    AnySmartCharging,
    ClearProfiles,
    ReadComposite,
    ReadProfiles,
    SetProfile,
    SignalFrequency,
    UpdateDynamicLimit,
    UsePriority,
)
from laddverk.ocpp.commands.tariff_cost import (
    AnyTariffCost,
    ChangeSessionTariff,
    ClearTariffs,
    ReadTariffs,
    SetDefaultTariff,
    ShowCost,
)

__all__ = [
    "AdjustStream",
    "AllowTransfer",
    "AnyCommand",
    "AskForRequest",
    "ByData",
    "CancelReservation",
    "ChangeAvailability",
    "ChangeSessionTariff",
    "ClearCache",
    "ClearDerControls",
    "ClearMessage",
    "ClearMonitors",
    "ClearProfiles",
    "ClearTariffs",
    "Command",
    "CommandOutcome",
    "DeleteCertificate",
    "ForgetCustomer",
    "GiveCertificate",
    "InstallCertificate",
    "ListCertificates",
    "ListEntry",
    "LogKind",
    "NewValue",
    "PublishFirmware",
    "RawCall",
    "ReadComposite",
    "ReadCustomer",
    "ReadDerControls",
    "ReadLocalListVersion",
    "ReadMessages",
    "ReadProfiles",
    "ReadStreams",
    "ReadTariffs",
    "ReadTransactionStatus",
    "ReadVariables",
    "RequestCustomReport",
    "RequestLog",
    "RequestMonitoringReport",
    "RequestReport",
    "RequestSwap",
    "ReserveNow",
    "Reset",
    "ResetKind",
    "Selected",
    "SendData",
    "SendLocalList",
    "SetDefaultTariff",
    "SetDerControl",
    "SetMonitoringBase",
    "SetMonitoringLevel",
    "SetMonitors",
    "SetNetworkProfile",
    "SetProfile",
    "SetStationKey",
    "ShowCost",
    "ShowMessage",
    "SignalFrequency",
    "StartCharging",
    "StopCharging",
    "TellWebPayment",
    "Trigger",
    "UnlockConnector",
    "UnpublishFirmware",
    "UpdateDynamicLimit",
    "UpdateFirmware",
    "Use",
    "UsePriority",
    "Verdict",
    "WantedMonitor",
    "WriteVariable",
    "WriteVariables",
]

AnyCommand = (
    AnyAvailability
    | AnyCertificate
    | AnyDataTransfer
    | AnyFirmware
    | AnyProvisioning
    | AnyRemoteControl
    | AnySecurity
    | AnyMonitoring
    | AnyCustomer
    | AnyLocalList
    | AnyReservation
    | AnyBatterySwap
    | AnyDer
    | AnyDisplay
    | AnyPayment
    | AnySmartCharging
    | AnyTariffCost
)

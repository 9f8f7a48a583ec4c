"""The versions of OCPP that are spoken, by the name of their WebSocket subprotocol."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Final

from laddverk.ocpp.structs import Message
from laddverk.ocpp.v16.messages import ACTIONS as ACTIONS_16
from laddverk.ocpp.v21.messages import ACTIONS as ACTIONS_21
from laddverk.ocpp.v201.messages import ACTIONS as ACTIONS_201


class Protocol(StrEnum):
    """A version of OCPP; its value is the subprotocol that the WebSocket handshake negotiates.

    What it knows is kept with the member: a look-up by member, many times a message, costs five times as much.
    """

    V16 = "ocpp1.6"
    V201 = "ocpp2.0.1"
    V21 = "ocpp2.1"

    @cached_property
    def actions(self) -> dict[str, tuple[type[Message], type[Message] | None]]:
        """Every action of this version: the Structs of its request and of its answer."""
        return ACTIONS[self]

    @cached_property
    def from_charger(self) -> frozenset[str]:
        """The actions that a charger may send; the others are ours to send."""
        return FROM_CHARGER[self]

    @cached_property
    def is_16(self) -> bool:
        """Whether this is the older family, with connectors instead of EVSEs and transaction ids that we give."""
        return self is Protocol.V16


ACTIONS: Final = {Protocol.V16: ACTIONS_16, Protocol.V201: ACTIONS_201, Protocol.V21: ACTIONS_21}
FROM_CHARGER_16: Final = frozenset({
    "Authorize", "BootNotification", "DataTransfer", "DiagnosticsStatusNotification", "FirmwareStatusNotification",
    "Heartbeat", "LogStatusNotification", "MeterValues", "SecurityEventNotification", "SignCertificate",
    "SignedFirmwareStatusNotification", "StartTransaction", "StatusNotification", "StopTransaction",
})  # fmt: skip
FROM_CHARGER_201: Final = frozenset({
    "Authorize", "BootNotification", "ClearedChargingLimit", "DataTransfer", "FirmwareStatusNotification",
    "Get15118EVCertificate", "GetCertificateStatus", "Heartbeat", "LogStatusNotification", "MeterValues",
    "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages", "NotifyEVChargingNeeds",
    "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport", "NotifyReport",
    "PublishFirmwareStatusNotification", "ReportChargingProfiles", "ReservationStatusUpdate",
    "SecurityEventNotification", "SignCertificate", "StatusNotification", "TransactionEvent",
})  # fmt: skip
FROM_CHARGER_21: Final = FROM_CHARGER_201 | {
    "BatterySwap", "GetCertificateChainStatus", "NotifyDERAlarm", "NotifyDERStartStop", "NotifyPeriodicEventStream",
    "NotifyPriorityCharging", "NotifySettlement", "OpenPeriodicEventStream",
    "ClosePeriodicEventStream", "PullDynamicScheduleUpdate", "ReportDERControl", "VatNumberValidation",
}  # fmt: skip
FROM_CHARGER: Final = {
    Protocol.V16: FROM_CHARGER_16,
    Protocol.V201: FROM_CHARGER_201,
    Protocol.V21: FROM_CHARGER_21,
}

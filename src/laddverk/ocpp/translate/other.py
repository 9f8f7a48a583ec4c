"""What is understood and kept while no room acts on it yet: each such message gets its smallest valid answer.

No charger is refused for telling something. Where an answer decides (a certificate, a priority), it is a no.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from laddverk.ocpp import times
from laddverk.ocpp.facts import Fact, OtherReported
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate.origin import Origin, stamp

ASK_AGAIN_AFTER: Final = timedelta(days=1)  # when a charger may ask anew about a certificate we cannot check
REPORTED_16: Final = {
    "DiagnosticsStatusNotification", "FirmwareStatusNotification", "LogStatusNotification",
    "SecurityEventNotification", "SignCertificate", "SignedFirmwareStatusNotification",
}  # fmt: skip
REPORTED_201: Final = {
    "ClearedChargingLimit", "FirmwareStatusNotification", "Get15118EVCertificate", "GetCertificateStatus",
    "LogStatusNotification", "NotifyChargingLimit", "NotifyCustomerInformation", "NotifyDisplayMessages",
    "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport",
    "PublishFirmwareStatusNotification", "ReportChargingProfiles", "ReservationStatusUpdate",
    "SecurityEventNotification", "SignCertificate",
}  # fmt: skip
REPORTED_21: Final = REPORTED_201 | {
    "BatterySwap", "GetCertificateChainStatus", "NotifyDERAlarm", "NotifyDERStartStop", "NotifyPeriodicEventStream",
    "NotifyPriorityCharging", "NotifySettlement", "NotifyWebPaymentStarted", "OpenPeriodicEventStream",
    "ClosePeriodicEventStream", "PullDynamicScheduleUpdate", "ReportDERControl", "VatNumberValidation",
}  # fmt: skip
REPORTED: Final = {Protocol.V16: REPORTED_16, Protocol.V201: REPORTED_201, Protocol.V21: REPORTED_21}
ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "Get15118EVCertificate": {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": {"status": "Failed"},
    "NotifyEVChargingNeeds": {"status": "Rejected"},
    "NotifyEVChargingSchedule": {"status": "Accepted"},
    "OpenPeriodicEventStream": {"status": "Rejected"},
    "PullDynamicScheduleUpdate": {"status": "Rejected"},
    "SignCertificate": {"status": "Rejected"},
}


def reported(action: str, message: Message, origin: Origin) -> list[Fact]:
    """Return the message as it was understood, as one fact."""
    payload = msgspec.to_builtins(message)
    return [OtherReported(**stamp(origin), action=action, payload=payload)]


def smallest_answer(action: str, message: Any, now: datetime) -> dict[str, Any]:
    """Return the fields of the answer to a message that was only kept."""
    if action == "VatNumberValidation":
        return {"vatNumber": message.vat_number, "evseId": message.evse_id, "status": "Rejected"}
    if action == "GetCertificateChainStatus":
        again = times.written(now + ASK_AGAIN_AFTER)
        asked = msgspec.to_builtins(message.certificate_status_requests)
        return {
            "certificateStatus": [
                {
                    "certificateHashData": item["certificateHashData"],
                    "source": item["source"],
                    "status": "Failed",
                    "nextUpdate": again,
                }
                for item in asked
            ]
        }
    return ANSWERS.get(action, {})

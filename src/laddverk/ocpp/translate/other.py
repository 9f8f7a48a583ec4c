"""What is understood and kept while no room acts on it yet: each such message gets its smallest valid answer.

No charger is refused for telling something. Where an answer decides (a certificate, a priority), it is a no.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, cast

import msgspec
from msgspec import inspect

from laddverk.ocpp import times
from laddverk.ocpp.facts import Fact, OtherReported
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate.origin import Origin, stamp

ASK_AGAIN_AFTER: Final = timedelta(days=1)  # when a charger may ask anew about a certificate we cannot check
REFUSALS: Final = ("Rejected", "Failed", "Invalid", "UnknownVendorId")
ANSWERS: Final[dict[str, dict[str, Any]]] = {
    "Get15118EVCertificate": {"status": "Failed", "exiResponse": ""},
    "GetCertificateStatus": {"status": "Failed"},
    "NotifyEVChargingNeeds": {"status": "Rejected"},
    "NotifyEVChargingSchedule": {"status": "Accepted"},
    "OpenPeriodicEventStream": {"status": "Rejected"},
    "PullDynamicScheduleUpdate": {"status": "Rejected"},
    "SignCertificate": {"status": "Rejected"},
}


def harmless(kind: type[Message]) -> Message:
    """Return a valid `kind` that says no, or nothing: for when the answer that was meant cannot be put in its words."""
    return cast(Message, _nothing(inspect.type_info(kind)))


def _nothing(kind: inspect.Type) -> Any:
    """Return the emptiest value that `kind` allows; of several words, the one that refuses."""
    match kind:
        case inspect.StructType():
            return kind.cls(**{item.name: _nothing(item.type) for item in kind.fields if item.required})
        case inspect.LiteralType():
            return next((word for word in REFUSALS if word in kind.values), kind.values[0])
        case inspect.ListType():
            return [_nothing(kind.item_type)] * (kind.min_length or 0)
        case inspect.IntType() | inspect.FloatType():
            return max(kind.ge or 0, 0)
    return ""


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

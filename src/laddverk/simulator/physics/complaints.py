"""What a worn part says of itself: an error code in 1.6, an event with a ChargeX code in 2.x.

A complaint that passes is said with the state the outlet is in; one that lasts makes it Faulted (`Charger.fail`).
"""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from laddverk.simulator.dialect import written
from laddverk.simulator.model import StatusChanged, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

NUMBERS: Final = count(1)  # of events: each has its own
HARD_WIRED: Final = "HardWiredNotification"


class Complaint(Struct, frozen=True):
    """One kind of trouble: the word of 1.6, the code of ChargeX or CharIN, the component of 2.x, words for people."""

    error_code: str
    tech_code: str
    component: str
    info: str


LOCK: Final = Complaint("ConnectorLockFailure", "CX001", "ConnectorPlugRetentionLock", "The lock does not close")
EARTH: Final = Complaint("GroundFailure", "CX002", "RCD", "Residual current above the limit")
ISOLATION: Final = Complaint("GroundFailure", "CX022", "IsolationMonitor", "Isolation too low")
HOT: Final = Complaint("HighTemperature", "CX003", "CoolingSystem", "Temperature above the limit")
CABLE_HOT: Final = Complaint("HighTemperature", "CX019", "Connector", "The plug is too hot")
CONTACTOR: Final = Complaint("PowerSwitchFailure", "CX017", "Contactor", "The contactor does not close")
PILOT: Final = Complaint("EVCommunicationError", "CX014", "ControlPilot", "No valid pilot signal")
HANDSHAKE: Final = Complaint("EVCommunicationError", "SLACTimeout", "ISO15118Ctrlr", "No understanding with the car")
METER: Final = Complaint("PowerMeterFailure", "PowerMeterFailure", "FiscalMetering", "The meter does not answer")
READER: Final = Complaint("ReaderFailure", "ReaderFailure", "TokenReader", "The reader does not answer")
CUT: Final = Complaint("OtherError", "CX026", "Connector", "The cable is cut")
EMERGENCY: Final = Complaint("OtherError", "CX008", "EmergencyStop", "Emergency stop")
MODULE: Final = Complaint("InternalError", "InternalError", "PowerModule", "A power module is missing")
INTERNAL: Final = Complaint("InternalError", "InternalError", "Controller", "Internal error")
UNDER_VOLTAGE: Final = Complaint("UnderVoltage", "CX006", "Connector", "Voltage below the limit")


def complain(charger: Charger, number: int, what: Complaint, at: datetime) -> None:
    """Say that something is wrong, though the outlet goes on."""
    if charger.hardware.protocol.is_16:
        status = charger.outlets[number].status
        charger.say(StatusChanged(at=at, outlet=number, status=status, error_code=what.error_code, info=what.info))
    else:
        charger.say(event(number, what, at))


def fail(charger: Charger, number: int, what: Complaint, at: datetime) -> None:
    """Break the outlet: it is Faulted, and says why."""
    charger.fail(number, at, what.error_code, what.tech_code, what.info)
    if not charger.hardware.protocol.is_16:
        charger.say(event(number, what, at))


def event(number: int, what: Complaint, at: datetime) -> Told:
    """Return the NotifyEvent of a complaint (2.x)."""
    data: dict[str, Any] = {
        "eventId": next(NUMBERS),
        "timestamp": written(at),
        "trigger": "Alerting",
        "actualValue": "true",
        "eventNotificationType": HARD_WIRED,
        "component": {"name": what.component, "evse": {"id": number, "connectorId": 1}},
        "variable": {"name": "Problem"},
        "techInfo": what.info,
    }
    if what.tech_code:
        data["techCode"] = what.tech_code
    fields = {"generatedAt": written(at), "seqNo": 0, "eventData": [data]}
    return Told(at=at, action="NotifyEvent", fields=fields)

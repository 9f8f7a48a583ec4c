"""Availability (functional block G): what state a connector is in, and taking it out of service."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands
from laddverk.ocpp.facts import Fact, Status, StatusReported
from laddverk.ocpp.translate.block import Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, place, said, stamp, stamp_at
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

STATUSES: Final = {
    "available": Status.AVAILABLE,
    "occupied": Status.OCCUPIED,
    "preparing": Status.PREPARING,
    "charging": Status.CHARGING,
    "suspendedev": Status.SUSPENDED_EV,
    "suspendedevse": Status.SUSPENDED_EVSE,
    "finishing": Status.FINISHING,
    "reserved": Status.RESERVED,
    "unavailable": Status.UNAVAILABLE,
    "faulted": Status.FAULTED,
}
NO_ERROR: Final = "NoError"
OTHER_ERROR: Final = "OtherError"
ERROR_CODES: Final = {
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
    "LocalListConflict", NO_ERROR, OTHER_ERROR, "OverCurrentFailure", "PowerMeterFailure", "PowerSwitchFailure",
    "ReaderFailure", "ResetFailure", "UnderVoltage", "OverVoltage", "WeakSignal",
}  # fmt: skip


def status_16(message: v16.StatusNotificationRequest, origin: Origin) -> list[Fact]:
    """In 1.6 a connector is an EVSE with one connector; connector 0 is the whole station.

    An error code that the standard does not have is an OtherError, and its word is kept (quirk 38).
    """
    number, oddity = place(message.connector_id)
    error, vendor_error = str(message.error_code), said(message.vendor_error_code)
    if error and error not in ERROR_CODES:
        error, vendor_error = OTHER_ERROR, vendor_error or said(error)
    return [
        StatusReported(
            **stamp_at(origin, message.timestamp, oddity) if message.timestamp else stamp(origin, oddity),
            evse_number=number,
            connector_number=1 if number else 0,
            status=_status(message.status),
            error_code=None if error in ("", NO_ERROR) else error,
            vendor_error_code=vendor_error,
            vendor_id=said(message.vendor_id),
            info=said(message.info),
        )
    ]


def status_2x(message: v201.StatusNotificationRequest | v21.StatusNotificationRequest, origin: Origin) -> list[Fact]:
    """EVSE 0 is the whole station, connector 0 the whole EVSE (quirk 79)."""
    evse, odd_evse = place(message.evse_id)
    connector, odd_connector = place(message.connector_id)
    return [
        StatusReported(
            **stamp_at(origin, message.timestamp, odd_evse, odd_connector),
            evse_number=evse,
            connector_number=connector,
            status=_status(message.connector_status),
        )
    ]


def _status(word: str) -> Status:
    return STATUSES.get(word.strip().lower(), Status.UNKNOWN)


def change_16(command: commands.ChangeAvailability) -> tuple[str, dict[str, Any]]:
    """Return ChangeAvailability of 1.6; connector 0 is the whole station."""
    wish = "Operative" if command.operative else "Inoperative"
    return "ChangeAvailability", {"connectorId": command.evse_number or 0, "type": wish}


def change_2x(command: commands.ChangeAvailability) -> tuple[str, dict[str, Any]]:
    """Return ChangeAvailability of 2.x; without an EVSE it is the whole station, without a connector the EVSE."""
    wish = "Operative" if command.operative else "Inoperative"
    evse = {"id": command.evse_number} if command.evse_number else None
    if evse and command.connector_number:
        evse["connectorId"] = command.connector_number
    return "ChangeAvailability", {"operationalStatus": wish, "evse": evse}


READERS_16: Final[Readers] = {"StatusNotification": status_16}
READERS_2X: Final[Readers] = {"StatusNotification": status_2x}
SPEAKERS_16: Final[Speakers] = {commands.ChangeAvailability: change_16}
SPEAKERS_2X: Final[Speakers] = {commands.ChangeAvailability: change_2x}

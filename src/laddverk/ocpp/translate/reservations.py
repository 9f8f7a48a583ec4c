"""Reservations (functional block H): keeping an EVSE free for somebody."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands, times
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import Fact, ReservationReleased
from laddverk.ocpp.translate.authorization import TAG_MAX_16
from laddverk.ocpp.translate.block import Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, said, stamp, whole
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

INT32_MAX: Final = 2**31 - 1


def reserve_16(command: commands.ReserveNow) -> tuple[str, dict[str, Any]]:
    """Return ReserveNow of 1.6: connector 0 is any. It knows no connector types."""
    if command.connector_type is not None:
        raise Untranslatable("OCPP 1.6 can reserve a connector or the whole charger, but no type of connector.")
    group = command.group_token
    return "ReserveNow", {
        "connectorId": command.evse_number or 0,
        "expiryDate": times.written(command.expires_at),
        "idTag": command.token_uid,
        "parentIdTag": group if group and len(group) <= TAG_MAX_16 else None,
        "reservationId": command.reservation_number,
    }


def reserve_2x(command: commands.ReserveNow) -> tuple[str, dict[str, Any]]:
    """Return ReserveNow of 2.x: of an EVSE, of any EVSE with a type of connector, or of any."""
    group = {"idToken": command.group_token, "type": "Central"} if command.group_token else None
    return "ReserveNow", {
        "id": command.reservation_number,
        "expiryDateTime": times.written(command.expires_at),
        "idToken": {"idToken": command.token_uid, "type": command.token_type},
        "connectorType": command.connector_type,
        "evseId": command.evse_number,
        "groupIdToken": group,
    }


def cancel(command: commands.CancelReservation) -> tuple[str, dict[str, Any]]:
    """Return CancelReservation, which is the same in all versions."""
    return "CancelReservation", {"reservationId": command.reservation_number}


def released(
    message: v201.ReservationStatusUpdateRequest | v21.ReservationStatusUpdateRequest, origin: Origin
) -> list[Fact]:
    """Return that a reservation is over. One without a number that can be ours says nothing."""
    number = whole(message.reservation_id, 1, INT32_MAX)
    if number is None:
        return []
    word = said(str(message.reservation_update_status)) or ""
    return [ReservationReleased(**stamp(origin), reservation_number=number, word=word)]


READERS_2X: Final[Readers] = {"ReservationStatusUpdate": released}
SPEAKERS_16: Final[Speakers] = {commands.ReserveNow: reserve_16, commands.CancelReservation: cancel}
SPEAKERS_2X: Final[Speakers] = {commands.ReserveNow: reserve_2x, commands.CancelReservation: cancel}

"""Remote control (functional block F): start, stop, unlock and trigger from afar."""

from __future__ import annotations

from typing import Any, Final, get_args

from laddverk.ocpp import commands
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts.smart_charging import Profile, Purpose
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate import profiles
from laddverk.ocpp.translate.block import Outcomes, Speakers
from laddverk.ocpp.v16 import messages as v16
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

TRIGGERS_16: Final = frozenset(get_args(v16.RequestedMessage))
TRIGGERS_EXTENDED_16: Final = frozenset(get_args(v16.MessageTriggerEnumType))
TRIGGERS_2X: Final = {"DiagnosticsStatusNotification": "LogStatusNotification"}  # the same thing's newer name
OF_A_CONNECTOR: Final = {"StatusNotification"}  # 2.x asks it of a connector, not of a whole EVSE (F06.FR.12)


def triggers(protocol: Protocol) -> tuple[str, ...]:
    """Return the messages that a charger of this version can be asked for."""
    if protocol.is_16:
        return tuple(sorted(TRIGGERS_16 | TRIGGERS_EXTENDED_16))
    return get_args((v201 if protocol is Protocol.V201 else v21).MessageTriggerEnumType)


def start_16(command: commands.StartCharging) -> tuple[str, dict[str, Any]]:
    """The connector is always named: boxes with several refuse a start without it (quirk 72)."""
    fields: dict[str, Any] = {"connectorId": command.evse_number, "idTag": command.token_uid}
    if command.profile is not None:
        fields["chargingProfile"] = profiles.written_16(_for_a_start(command.profile))
    return "RemoteStartTransaction", fields


def _for_a_start(profile: Profile) -> Profile:
    """Return the profile. Raises `Untranslatable` for one that is not of the session to come (5.11; F01.FR.09)."""
    named = profile.transaction_key is not None or profile.transaction_number is not None
    if profile.purpose is not Purpose.TX or named:
        raise Untranslatable("A start carries a limit of its own session, and of no other.")
    return profile


def start_2x(command: commands.StartCharging) -> tuple[str, dict[str, Any]]:
    """Return RequestStartTransaction; `remoteStartId` comes back with the session that it starts."""
    group = {"idToken": command.group_token, "type": "Central"} if command.group_token else None
    return "RequestStartTransaction", {
        "evseId": command.evse_number,
        "remoteStartId": command.remote_start_id,
        "idToken": {"idToken": command.token_uid, "type": command.token_type},
        "groupIdToken": group,
        "chargingProfile": profiles.written_2x(_for_a_start(command.profile)) if command.profile else None,
    }


def stop_16(command: commands.StopCharging) -> tuple[str, dict[str, Any]]:
    """Return RemoteStopTransaction, by the number that we gave."""
    return "RemoteStopTransaction", {"transactionId": command.transaction_number}


def stop_2x(command: commands.StopCharging) -> tuple[str, dict[str, Any]]:
    """Return RequestStopTransaction, by the name that the charger gave."""
    return "RequestStopTransaction", {"transactionId": command.transaction_key}


def unlock_16(command: commands.UnlockConnector) -> tuple[str, dict[str, Any]]:
    """Return UnlockConnector of 1.6, where a connector is an EVSE of its own."""
    return "UnlockConnector", {"connectorId": command.evse_number}


def unlock_2x(command: commands.UnlockConnector) -> tuple[str, dict[str, Any]]:
    """Return UnlockConnector of 2.x."""
    return "UnlockConnector", {"evseId": command.evse_number, "connectorId": command.connector_number}


def trigger_16(command: commands.Trigger) -> tuple[str, dict[str, Any]]:
    """What the plain trigger does not know is asked for by the extended one of the security whitepaper."""
    fields = {"requestedMessage": command.message, "connectorId": command.evse_number}
    if command.message in TRIGGERS_16:
        return "TriggerMessage", fields
    if command.message in TRIGGERS_EXTENDED_16:
        return "ExtendedTriggerMessage", fields
    raise Untranslatable(f"OCPP 1.6 cannot trigger {command.message}.")


def trigger_2x(command: commands.Trigger) -> tuple[str, dict[str, Any]]:
    """Return TriggerMessage of 2.x; newer names stand for the older ones of 1.6."""
    message = TRIGGERS_2X.get(command.message, command.message)
    evse: dict[str, int] | None = None
    if command.evse_number is not None:
        evse = {"id": command.evse_number}
        connector = command.connector_number or (1 if message in OF_A_CONNECTOR else None)
        if connector is not None:
            evse["connectorId"] = connector
    return "TriggerMessage", {"requestedMessage": message, "evse": evse, "customTrigger": command.custom}


def transaction_status_2x(command: commands.ReadTransactionStatus) -> tuple[str, dict[str, Any]]:
    """Return GetTransactionStatus, of one session or of all."""
    return "GetTransactionStatus", {"transactionId": command.transaction_key}


def transaction_status_read(
    command: commands.ReadTransactionStatus, response: v201.GetTransactionStatusResponse
) -> CommandOutcome:
    """Return what the charger knows of a session. Asked about none in particular, it only speaks of its queue."""
    detail: dict[str, Any] = {"messages_in_queue": bool(response.messages_in_queue)}
    if command.transaction_key is not None:
        detail["ongoing"] = bool(response.ongoing_indicator)
    return CommandOutcome(verdict=Verdict.DONE, word="Accepted", detail=detail)


SPEAKERS_16: Final[Speakers] = {
    commands.StartCharging: start_16,
    commands.StopCharging: stop_16,
    commands.UnlockConnector: unlock_16,
    commands.Trigger: trigger_16,
}
SPEAKERS_2X: Final[Speakers] = {
    commands.StartCharging: start_2x,
    commands.StopCharging: stop_2x,
    commands.UnlockConnector: unlock_2x,
    commands.Trigger: trigger_2x,
    commands.ReadTransactionStatus: transaction_status_2x,
}
OUTCOMES: Final[Outcomes] = {commands.ReadTransactionStatus: transaction_status_read}

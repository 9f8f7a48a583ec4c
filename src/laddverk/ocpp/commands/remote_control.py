"""Commands of remote control (block F): start, stop, unlock, trigger."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.smart_charging import Profile


class StartCharging(Command, frozen=True, kw_only=True, tag="start_charging"):
    """RemoteStartTransaction / RequestStartTransaction. Confirmed when the session starts."""

    SEND_WITHIN = timedelta(seconds=30)  # somebody stands there and waits
    CONFIRM_WITHIN = timedelta(minutes=3)  # ConnectionTimeOut is mostly 60-120 s: time to plug in (quirk 72)

    evse_number: int
    connector_number: int = 1
    token_uid: str
    token_type: str = "Central"  # noqa: S105 - a kind of token, not a secret
    group_token: str = ""
    """Whose other members may stop the session (2.x)."""
    remote_start_id: int
    profile: Profile | None = None
    """A limit that holds for the session from its first moment: a TxProfile that names no transaction yet."""


class StopCharging(Command, frozen=True, kw_only=True, tag="stop_charging"):
    """RemoteStopTransaction / RequestStopTransaction. Confirmed when the session ends."""

    SEND_WITHIN = timedelta(minutes=10)  # worth stopping late, but not after the car has long gone
    CONFIRM_WITHIN = timedelta(minutes=2)

    transaction_key: str
    transaction_number: int


class UnlockConnector(Command, frozen=True, kw_only=True, tag="unlock_connector"):
    """Release the cable. "Unlocked" is the charger's word; confirmed when the connector is available again."""

    SEND_WITHIN = timedelta(minutes=2)
    CONFIRM_WITHIN = timedelta(minutes=2)

    evse_number: int
    connector_number: int = 1


class Trigger(Command, frozen=True, kw_only=True, tag="trigger"):
    """Ask for a message: BootNotification, Heartbeat, StatusNotification, MeterValues …"""

    CONFIRM_WITHIN = timedelta(minutes=1)

    message: str
    evse_number: int | None = None
    connector_number: int | None = None
    custom: str | None = None
    """What the vendor calls it, for the message CustomTrigger (2.1)."""


class ReadTransactionStatus(Command, frozen=True, kw_only=True, tag="read_transaction_status"):
    """GetTransactionStatus (2.x): does a session still run, and are messages about it still to come?

    Without a key it asks about messages of any session. The outcome's detail has `ongoing` and `messages_in_queue`.
    """

    SEND_WITHIN = timedelta(minutes=2)

    transaction_key: str | None = None


AnyRemoteControl = StartCharging | StopCharging | UnlockConnector | Trigger | ReadTransactionStatus

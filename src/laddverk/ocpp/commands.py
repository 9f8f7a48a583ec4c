"""Commands: what we ask of a charger, in one vocabulary, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from laddverk.ocpp.facts import Variable


class Command(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """Base of all commands. The tag is stored as `command.kind`."""


class StartCharging(Command, frozen=True, kw_only=True, tag="start_charging"):
    """RemoteStartTransaction / RequestStartTransaction. Confirmed when the session starts."""

    evse_number: int
    connector_number: int = 1
    token_uid: str
    token_type: str = "Central"  # noqa: S105 - a kind of token, not a secret
    remote_start_id: int


class StopCharging(Command, frozen=True, kw_only=True, tag="stop_charging"):
    """RemoteStopTransaction / RequestStopTransaction. Confirmed when the session ends."""

    transaction_key: str
    transaction_number: int


class UnlockConnector(Command, frozen=True, kw_only=True, tag="unlock_connector"):
    """Release the cable. "Unlocked" is the charger's word; confirmed when the connector is available again."""

    evse_number: int
    connector_number: int = 1


class ResetKind(StrEnum):
    """How hard to reset. 1.6: Soft or Hard; 2.x: OnIdle or Immediate."""

    SOFT = "soft"
    HARD = "hard"


class Reset(Command, frozen=True, kw_only=True, tag="reset"):
    """Restart the charger. Confirmed when it boots again."""

    reset: ResetKind = ResetKind.SOFT
    evse_number: int | None = None


class ChangeAvailability(Command, frozen=True, kw_only=True, tag="change_availability"):
    """Take an EVSE, or the station when None, out of service or back. Confirmed by its status."""

    evse_number: int | None = None
    operative: bool


class Trigger(Command, frozen=True, kw_only=True, tag="trigger"):
    """Ask for a message: BootNotification, Heartbeat, StatusNotification, MeterValues …"""

    message: str
    evse_number: int | None = None
    connector_number: int | None = None


class ReadVariables(Command, frozen=True, kw_only=True, tag="read_variables"):
    """GetConfiguration / GetVariables. Empty asks for all that the version can tell at once."""

    variables: tuple[Variable, ...] = ()


class WriteVariable(Command, frozen=True, kw_only=True, tag="write_variable"):
    """ChangeConfiguration / SetVariables."""

    component: str = ""
    variable: str
    attribute: str = "Actual"
    value: str


class RequestReport(Command, frozen=True, kw_only=True, tag="request_report"):
    """GetBaseReport (2.x); for 1.6 the same as reading all configuration keys."""

    report: str = "FullInventory"
    request_id: int


class SendData(Command, frozen=True, kw_only=True, tag="send_data"):
    """DataTransfer to the charger."""

    vendor_id: str
    message_id: str | None = None
    data: Any = None


AnyCommand = (
    StartCharging
    | StopCharging
    | UnlockConnector
    | Reset
    | ChangeAvailability
    | Trigger
    | ReadVariables
    | WriteVariable
    | RequestReport
    | SendData
)


class Verdict(StrEnum):
    """What the charger's answer means, whatever the version's own word."""

    ACCEPTED = "accepted"
    """It will try. What it does next confirms it, where `CONFIRMED_BY` names a fact."""
    DONE = "done"
    """The answer itself is the result (a value read, a value written)."""
    REFUSED = "refused"
    FAILED = "failed"
    """An error answer, or one that cannot be understood."""


class CommandOutcome(Struct, frozen=True, kw_only=True):
    """What a charger answered to a command."""

    verdict: Verdict
    word: str
    """The charger's own word: Accepted, Rejected, NotSupported, RebootRequired, Scheduled …"""
    detail: dict[str, Any] = {}
    variables: tuple[Variable, ...] = ()
    """What was read, for the station's variables."""

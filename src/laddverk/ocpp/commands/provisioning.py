"""Commands of provisioning (block B): reset, configuration keys and variables, reports, network profiles."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.provisioning import Variable


class ResetKind(StrEnum):
    """How hard to reset. 1.6: Soft or Hard; 2.x: OnIdle or Immediate."""

    SOFT = "soft"
    HARD = "hard"
    RESUME = "resume"
    """At once, and sessions go on afterwards (2.1: ImmediateAndResume)."""


class Reset(Command, frozen=True, kw_only=True, tag="reset"):
    """Restart the charger, or one EVSE of it (2.x). Confirmed when it boots again, or the EVSE is back."""

    SEND_WITHIN = timedelta(minutes=2)
    CONFIRM_WITHIN = timedelta(minutes=10)  # a soft reset ends sessions first, and a slow box boots for minutes

    reset: ResetKind = ResetKind.SOFT
    evse_number: int | None = None


class ReadVariables(Command, frozen=True, kw_only=True, tag="read_variables"):
    """GetConfiguration / GetVariables. Empty asks for all that the version can tell at once."""

    variables: tuple[Variable, ...] = ()


class WriteVariable(Command, frozen=True, kw_only=True, tag="write_variable"):
    """ChangeConfiguration / SetVariables."""

    component: str = ""
    variable: str
    attribute: str = "Actual"
    value: str


class NewValue(Struct, frozen=True, kw_only=True):
    """A value for one variable attribute, or for one key of 1.6."""

    component: str = ""
    variable: str
    attribute: str = "Actual"
    value: str


class WriteVariables(Command, frozen=True, kw_only=True, tag="write_variables"):
    """SetVariables for several at once (2.x). 1.6 changes one key at a time: see `WriteVariable`."""

    values: tuple[NewValue, ...]


class RequestReport(Command, frozen=True, kw_only=True, tag="request_report"):
    """GetBaseReport (2.x); for 1.6 the same as reading all configuration keys."""

    CONFIRM_WITHIN = timedelta(minutes=10)  # thousands of variables over a slow link

    report: str = "FullInventory"
    request_id: int


class Selected(Struct, frozen=True, kw_only=True):
    """What a custom report is about: a component, or one of its variables."""

    component: str
    variable: str = ""


class RequestCustomReport(Command, frozen=True, kw_only=True, tag="request_custom_report"):
    """GetReport (2.x): only components that meet the criteria (Active, Available, Enabled, Problem), or are named."""

    CONFIRM_WITHIN = timedelta(minutes=10)

    request_id: int
    criteria: tuple[str, ...] = ()
    selected: tuple[Selected, ...] = ()


class SetNetworkProfile(Command, frozen=True, kw_only=True, tag="set_network_profile"):
    """Write one slot of the charger's ways to us (2.x, B09). It holds no secret: what we send we keep.

    The charger uses a slot once it stands in NetworkConfigurationPriority, from its next start on (B10).
    """

    slot: int
    url: str
    security_profile: int
    message_timeout_s: int = 30
    interface: str = "Wired0"
    transport: str = "JSON"
    ocpp_version: str = "OCPP20"
    apn: str | None = None
    """Name of the access point of a mobile network."""


AnyProvisioning = (
    Reset | ReadVariables | WriteVariable | WriteVariables | RequestReport | RequestCustomReport | SetNetworkProfile
)

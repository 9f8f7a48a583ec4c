"""Commands of provisioning (block B): reset, configuration keys and variables, reports."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.provisioning import Variable


class ResetKind(StrEnum):
    """How hard to reset. 1.6: Soft or Hard; 2.x: OnIdle or Immediate."""

    SOFT = "soft"
    HARD = "hard"


class Reset(Command, frozen=True, kw_only=True, tag="reset"):
    """Restart the charger. Confirmed when it boots again."""

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


class RequestReport(Command, frozen=True, kw_only=True, tag="request_report"):
    """GetBaseReport (2.x); for 1.6 the same as reading all configuration keys."""

    CONFIRM_WITHIN = timedelta(minutes=10)  # thousands of variables over a slow link

    report: str = "FullInventory"
    request_id: int


AnyProvisioning = Reset | ReadVariables | WriteVariable | RequestReport

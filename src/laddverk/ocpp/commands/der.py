"""Commands of distributed energy resources (block R, 2.1)."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.der import DerControl


class SetDerControl(Command, frozen=True, kw_only=True, tag="set_der_control"):
    """SetDERControl: a default, or one for a time. Its answer names what it superseded."""

    control: DerControl


class ReadDerControls(Command, frozen=True, kw_only=True, tag="read_der_controls"):
    """GetDERControl. Confirmed when the last part of the report has come."""

    CONFIRM_WITHIN = timedelta(minutes=2)

    request_id: int
    is_default: bool | None = None
    control: str | None = None
    control_id: str | None = None


class ClearDerControls(Command, frozen=True, kw_only=True, tag="clear_der_controls"):
    """ClearDERControl: the defaults or those for a time; of one kind, or one alone."""

    is_default: bool
    control: str | None = None
    control_id: str | None = None


AnyDer = SetDerControl | ReadDerControls | ClearDerControls

"""Commands of availability (block G)."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command


class ChangeAvailability(Command, frozen=True, kw_only=True, tag="change_availability"):
    """Take an EVSE, or the station when None, out of service or back. Confirmed by its status.

    With a connector only that one (2.x); in 1.6 a connector is an EVSE of its own.
    """

    CONFIRM_WITHIN = timedelta(minutes=2)

    evse_number: int | None = None
    connector_number: int | None = None
    operative: bool


AnyAvailability = ChangeAvailability

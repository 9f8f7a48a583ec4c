"""Commands of battery swapping (block S, 2.1)."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command


class RequestSwap(Command, frozen=True, kw_only=True, tag="request_swap"):
    """RequestBatterySwap: let this driver put in empty batteries and take full ones. Confirmed by the first battery."""

    SEND_WITHIN = timedelta(minutes=2)
    CONFIRM_WITHIN = timedelta(minutes=5)  # the driver opens the doors and lifts the batteries

    request_id: int
    token_uid: str
    token_type: str = "Central"  # noqa: S105 - a kind of token, not a secret


AnyBatterySwap = RequestSwap

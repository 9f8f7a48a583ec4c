"""Commands of displays (block O): show, read and take away messages."""

from __future__ import annotations

from datetime import timedelta

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.display import DisplayMessage


class ShowMessage(Command, frozen=True, kw_only=True, tag="show_message"):
    """SetDisplayMessage: a new message, or a new text for one."""

    SEND_WITHIN = timedelta(hours=12)  # a charger that is away shows it when it is back

    message: DisplayMessage


class ReadMessages(Command, frozen=True, kw_only=True, tag="read_messages"):
    """GetDisplayMessages. Confirmed when the last part of the report has come."""

    CONFIRM_WITHIN = timedelta(minutes=2)

    request_id: int
    message_ids: tuple[int, ...] = ()
    priority: str | None = None
    state: str | None = None


class ClearMessage(Command, frozen=True, kw_only=True, tag="clear_message"):
    """ClearDisplayMessage. "Unknown" means that it was not there."""

    SEND_WITHIN = timedelta(hours=12)

    message_id: int


AnyDisplay = ShowMessage | ReadMessages | ClearMessage

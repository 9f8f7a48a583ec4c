"""Commands of displays (block O): show, read and take away messages."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from laddverk.ocpp.commands.base import Command
from laddverk.ocpp.facts.display import DisplayMessage


class ByData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a display of 1.6 takes a text: in a DataTransfer of its maker's, with the text in place of `{text}`."""

    vendor_id: str
    message_id: str | None = None
    data: str = "{text}"


class ShowMessage(Command, frozen=True, kw_only=True, tag="show_message"):
    """SetDisplayMessage: a new message, or a new text for one."""

    SEND_WITHIN = timedelta(hours=12)  # a charger that is away shows it when it is back

    message: DisplayMessage
    by_data: ByData | None = None


class ReadMessages(Command, frozen=True, kw_only=True, tag="read_messages"):
    """GetDisplayMessages. Confirmed when the last part of the report has come."""

    CONFIRM_WITHIN = timedelta(minutes=2)

    request_id: int
    message_ids: tuple[int, ...] = ()
    priority: str | None = None
    state: str | None = None


class ClearMessage(Command, frozen=True, kw_only=True, tag="clear_message"):
    """ClearDisplayMessage. "Unknown" means that it was not there. By data: an empty text."""

    SEND_WITHIN = timedelta(hours=12)

    message_id: int
    by_data: ByData | None = None


AnyDisplay = ShowMessage | ReadMessages | ClearMessage

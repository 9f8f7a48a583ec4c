"""Displays (functional block O): messages for the people in front of a charger. 1.6 has none but by makers' data."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from laddverk.ocpp import commands, facts, times
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import DisplayMessage, DisplayText, Fact
from laddverk.ocpp.translate.block import Outcomes, Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, said, stamp, whole

MESSAGES_MAX: Final = 200  # of one part of a report; a charger holds some dozens
ID_MAX: Final = 2**31 - 1
PLACE: Final = "{text}"


def reported_2x(message: Any, origin: Origin) -> list[Fact]:
    """Return the messages of one part of a report."""
    items = (message.message_info or ())[:MESSAGES_MAX]
    found = tuple(read for item in items if (read := _message(item)) is not None)
    odd = "a message that cannot be understood" if len(found) < len(items) else None
    return [
        facts.MessagesReported(
            **stamp(origin, odd),
            request_id=whole(message.request_id) or 0,
            messages=found,
            more_follows=bool(message.tbc),
        )
    ]


def _message(item: Any) -> DisplayMessage | None:
    number = whole(item.id, 0, ID_MAX)
    if number is None:
        return None
    contents = [item.message, *(getattr(item, "message_extra", None) or ())]
    return DisplayMessage(
        id=number,
        texts=tuple(
            DisplayText(said(one.content) or "", said(one.language) or "", str(one.format)) for one in contents
        ),
        priority=str(item.priority),
        state=str(item.state) if item.state else None,
        starts_at=times.parsed(item.start_date_time)[0] if item.start_date_time else None,
        ends_at=times.parsed(item.end_date_time)[0] if item.end_date_time else None,
        transaction_key=said(item.transaction_id),
    )


def show_2x(command: commands.ShowMessage) -> tuple[str, dict[str, Any]]:
    """Return SetDisplayMessage. The first text is the message; 2.1 takes the others along, 2.0.1 cannot."""
    message = command.message
    extra = [_content(text) for text in message.texts[1:]]
    return "SetDisplayMessage", {
        "message": _given(
            {
                "id": message.id,
                "priority": message.priority,
                "message": _content(message.texts[0]),
                "state": message.state,
                "startDateTime": times.written(message.starts_at) if message.starts_at else None,
                "endDateTime": times.written(message.ends_at) if message.ends_at else None,
                "transactionId": message.transaction_key,
                "messageExtra": extra or None,
            }
        )
    }


def _content(text: DisplayText) -> dict[str, Any]:
    return _given({"format": text.format, "language": text.language or None, "content": text.text})


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def read_2x(command: commands.ReadMessages) -> tuple[str, dict[str, Any]]:
    """Return GetDisplayMessages."""
    return "GetDisplayMessages", {
        "requestId": command.request_id,
        "id": list(command.message_ids) or None,
        "priority": command.priority,
        "state": command.state,
    }


def clear_2x(command: commands.ClearMessage) -> tuple[str, dict[str, Any]]:
    """Return ClearDisplayMessage."""
    return "ClearDisplayMessage", {"id": command.message_id}


def show_16(command: commands.ShowMessage) -> tuple[str, dict[str, Any]]:
    """Return the DataTransfer that shows a text. Raises `Untranslatable` where the maker has none: 1.6 has no word."""
    return _by_data(command.by_data, command.message.texts[0].text)


def clear_16(command: commands.ClearMessage) -> tuple[str, dict[str, Any]]:
    """Return the DataTransfer that shows nothing."""
    return _by_data(command.by_data, "")


def _by_data(way: commands.ByData | None, text: str) -> tuple[str, dict[str, Any]]:
    if way is None:
        raise Untranslatable("OCPP 1.6 has no messages for displays.")
    return "DataTransfer", _given(
        {"vendorId": way.vendor_id, "messageId": way.message_id, "data": data_with(way.data, text)}
    )


def data_with(data: str, text: str) -> str:
    """Return `data` with the text in place of `{text}`; within JSON as JSON writes it, so that no text breaks it."""
    is_json = data.lstrip()[:1] in ("{", "[") and data.strip() != PLACE
    written = msgspec.json.encode(text).decode()[1:-1] if is_json else text
    return data.replace(PLACE, written)


def _outcome(response: Any, good: Verdict, unknown: Verdict) -> CommandOutcome:
    word = str(response.status or "")
    info = getattr(response, "status_info", None)
    detail = {"reason": info.reason_code} if info else {}
    verdict = {"Accepted": good, "Unknown": unknown}.get(word, Verdict.REFUSED)
    return CommandOutcome(verdict=verdict, word=word, detail=detail)


def _shown(_command: commands.Command, response: Any) -> CommandOutcome:
    return _outcome(response, Verdict.DONE, Verdict.REFUSED)


def _read(_command: commands.Command, response: Any) -> CommandOutcome:
    """Unknown: there is no such message, and no report follows."""
    return _outcome(response, Verdict.ACCEPTED, Verdict.DONE)


def _cleared(_command: commands.Command, response: Any) -> CommandOutcome:
    """Unknown: it is not shown, which is what was wanted."""
    return _outcome(response, Verdict.DONE, Verdict.DONE)


READERS_2X: Final[Readers] = {"NotifyDisplayMessages": reported_2x}
SPEAKERS_16: Final[Speakers] = {commands.ShowMessage: show_16, commands.ClearMessage: clear_16}
SPEAKERS_2X: Final[Speakers] = {
    commands.ShowMessage: show_2x,
    commands.ReadMessages: read_2x,
    commands.ClearMessage: clear_2x,
}
OUTCOMES: Final[Outcomes] = {
    commands.ShowMessage: _shown,
    commands.ReadMessages: _read,
    commands.ClearMessage: _cleared,
}

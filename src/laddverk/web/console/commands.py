"""Commands to chargers from the console: buttons, and what became of each, as it happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.ocpp.commands import (
    AnyCommand,
    ChangeAvailability,
    ClearCache,
    ReadTransactionStatus,
    ReadVariables,
    Reset,
    ResetKind,
    SendData,
    Trigger,
    UnlockConnector,
    WriteVariable,
)
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.translate import remote_control
from laddverk.platform.database import Transaction
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.console import words
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.registering import whole
from laddverk.web.console.stations import seen_station
from laddverk.web.visit import named

EVSE_MAX: Final = 999
VALUE_MAX: Final = 2500  # OCPP 2.x; 1.6 allows 500
TRIGGERS: Final = frozenset(message for protocol in Protocol for message in remote_control.triggers(protocol))
CUSTOM_MAX: Final = 50
VENDOR_MAX: Final = 255
MESSAGE_MAX: Final = 50
DATA_MAX: Final = 10_000  # of a vendor's message; the standard names no limit
TRANSACTION_KEY_MAX: Final = 36  # characters, in all versions that can be asked
FINAL: Final = frozenset({"confirmed", "refused", "timed_out", "expired", "failed"})

Fields = Mapping[str, str]


def _evse(fields: Fields) -> int:
    return whole(fields.get("evse", ""), "evse", 1, EVSE_MAX)


def _any_evse(fields: Fields) -> int | None:
    return _evse(fields) if fields.get("evse") else None


def _connector(fields: Fields) -> int:
    return whole(fields.get("connector", "1"), "connector", 1, EVSE_MAX)


def _trigger(fields: Fields) -> Trigger:
    if fields.get("message") not in TRIGGERS:
        raise Invalid("This message cannot be asked for.", field="message")
    custom = fields.get("custom", "")[:CUSTOM_MAX] or None
    return Trigger(message=fields["message"], evse_number=_any_evse(fields), custom=custom)


def _reset(fields: Fields) -> Reset:
    if fields.get("how", ResetKind.SOFT) not in set(ResetKind):
        raise Invalid("Choose one of the ways that are shown.", field="how")
    return Reset(reset=ResetKind(fields.get("how", ResetKind.SOFT)), evse_number=_any_evse(fields))


def _in_service(fields: Fields) -> ChangeAvailability:
    """`where` is empty for the whole charger, `2` for an outlet and `2.1` for one of its connectors."""
    evse, _, connector = fields.get("where", "").partition(".")
    place = {"evse": evse, "connector": connector}
    if fields.get("in_service") not in ("yes", "no"):
        raise Invalid("Choose one of the ways that are shown.", field="in_service")
    return _availability(place, operative=fields["in_service"] == "yes")


def _data(fields: Fields) -> SendData:
    vendor, message, text = fields.get("vendor_id", ""), fields.get("message_id", ""), fields.get("data", "")
    if not 0 < len(vendor) <= VENDOR_MAX or len(message) > MESSAGE_MAX or len(text) > DATA_MAX:
        raise Invalid("Name the vendor, in at most %(max)s characters.", field="vendor_id", max=VENDOR_MAX)
    data: Any = text or None
    if text.startswith(("{", "[")):
        try:
            data = msgspec.json.decode(text)
        except msgspec.DecodeError:
            raise Invalid("This is no JSON.", field="data", remedy="Close all brackets, or write plain text.") from None
    return SendData(vendor_id=vendor, message_id=message or None, data=data)


def _availability(fields: Fields, *, operative: bool) -> ChangeAvailability:
    connector = _connector(fields) if fields.get("connector") else None
    return ChangeAvailability(evse_number=_any_evse(fields), connector_number=connector, operative=operative)


def _transaction_status(fields: Fields) -> ReadTransactionStatus:
    key = fields.get("transaction_key", "")
    if not 0 < len(key) <= TRANSACTION_KEY_MAX:
        raise Invalid("Say which session is meant.", field="transaction_key")
    return ReadTransactionStatus(transaction_key=key)


def _write(fields: Fields) -> WriteVariable:
    variable, value = fields.get("variable", ""), fields.get("value", "")
    if not variable or len(value) > VALUE_MAX:
        raise Invalid("Name a setting and give it a value of at most 2500 characters.", field="variable")
    return WriteVariable(
        component=fields.get("component", ""),
        variable=variable,
        attribute=fields.get("attribute", "") or "Actual",
        value=value,
    )


MAKERS: Final[dict[str, Callable[[Fields], AnyCommand]]] = {
    "unlock": lambda fields: UnlockConnector(evse_number=_evse(fields), connector_number=_connector(fields)),
    "reset": _reset,
    "reset-hard": lambda _fields: Reset(reset=ResetKind.HARD),
    "close": lambda fields: _availability(fields, operative=False),
    "open": lambda fields: _availability(fields, operative=True),
    "in-service": _in_service,
    "trigger": _trigger,
    "clear-cache": lambda _fields: ClearCache(),
    "send-data": _data,
    "transaction-status": _transaction_status,
    "read": lambda _fields: ReadVariables(),
    "write": _write,
}
"""What each button asks of the charger."""


@post(
    "/console/stations/{station_id:str}/commands/{action:str}",
    opt={NEEDS: Permission.COMMANDS_SEND},
    status_code=200,
)
async def send_command(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Ask something of a charger, and show the outcome in place as it happens."""
    if action not in MAKERS:
        raise NotFound("There is no such command.")
    form = await desk.form()
    command, reason = MAKERS[action](form), form.get("reason", "")

    async def ask(tx: Transaction, station: StationId) -> CommandId:
        return await stations.request_command(tx, desk.actor, station, command, desk.now, reason=reason)

    return await asked_of_charger(desk, station_id, "", ask)


@get("/console/commands/{command_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_command(desk: AtDesk, command_id: FromPath[str]) -> Response[Any]:
    """What became of a command: a part that asks again until it is over."""
    async with desk.transaction() as tx:
        row: queries.CommandRow = found(await queries.command(tx, named("cmd", command_id)))
        await seen_station(desk, tx, shown("sta", row.station_id))
    return desk.part_or_page(f"/console/stations/{shown('sta', row.station_id)}", outcome_part(desk, row))


async def asked_of_charger(
    desk: Desk, station_id: str, tab: str, ask: Callable[[Transaction, StationId], Awaitable[CommandId]]
) -> Response[Any]:
    """Ask a charger for what `ask` commands, wake its gateway, and show the outcome in place, or the page of `tab`."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        command_id = await ask(tx, StationId(station.id))
        row = await queries.command(tx, command_id)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    return desk.part_or_page(f"/console/stations/{shown('sta', station.id)}{tab}", outcome_part(desk, found(row)))


def outcome_part(desk: Desk, row: queries.CommandRow) -> str:
    """Return the steps of a command, as a part that keeps itself fresh until there is an outcome."""
    return desk.template("console/command.html", command=row, steps=steps(desk, row), over=row.state in FINAL)


def steps(desk: Desk, row: queries.CommandRow) -> list[tuple[str, str, datetime | None]]:
    """Return what happened to a command so far: (kind, word, when)."""
    taken: list[tuple[str, str, datetime | None]] = []
    if row.sent_at is None:
        kind, word = words.state_of(row.state, row.outcome)
        return [("plain" if row.state == "queued" else kind, desk.words(word), row.finished_at or row.created_at)]
    taken.append(("plain", desk.words("sent"), row.sent_at))
    if row.answered_at and row.state in ("accepted", "confirmed", "timed_out") and row.answered_at != row.finished_at:
        taken.append(("info", desk.words("accepted"), row.answered_at))
    if row.state in FINAL:
        kind, word = words.state_of(row.state, row.outcome)
        said = f" ({row.outcome})" if row.outcome and row.state in ("refused", "failed") else ""
        taken.append((kind, desk.words(word) + said, row.finished_at))
    elif row.state == "accepted":
        taken.append(("wait", desk.words("waiting for the charger to do it"), None))
    return taken


ROUTES: Final = [send_command, show_command]

"""What follows from the outcome of a command, and from the end of a session, for what we believe to be shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.displays import store, store_money
from laddverk.ocpp.commands import (
    AnyCommand,
    ClearMessage,
    ClearTariffs,
    ReadMessages,
    ReadTariffs,
    SetDefaultTariff,
    ShowMessage,
)
from laddverk.ocpp.facts import TariffAssigned
from laddverk.platform.database import Transaction
from laddverk.stations import queries
from laddverk.stations.model import CommandFinished, CommandState

OPEN: Final = ("wanted", "shown", "leaving")


async def finish_commands(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> list[UUID]:
    """Take the outcomes of commands about displays over; return the stations that are concerned."""
    stations: list[UUID] = []
    for event in finished:
        if event.kind not in BY_KIND:
            continue
        row = await queries.command(tx, event.command_id)
        if row is not None:
            command: Any = msgspec.convert(row.command | {"kind": event.kind}, AnyCommand)
            await BY_KIND[event.kind](tx, event, command, row.detail, now)
            stations.append(event.station_id)
    return stations


async def finish_sessions(tx: Transaction, session_ids: Sequence[UUID], now: datetime) -> None:
    """Messages of sessions that ended are gone."""
    await store.ended(tx, session_ids, now)


def _word(event: CommandFinished) -> str:
    return event.word or event.state.value


async def _shown(
    tx: Transaction, event: CommandFinished, command: ShowMessage, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.TIMED_OUT:
        return  # nobody knows; the next reading tells
    condition = "shown" if event.state is CommandState.CONFIRMED else "refused"
    await store.became(tx, event.station_id, command.message.id, condition, _word(event), now, ("wanted",))


async def _cleared(
    tx: Transaction, event: CommandFinished, command: ClearMessage, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.CONFIRMED:
        await store.became(tx, event.station_id, command.message_id, "gone", _word(event), now, OPEN)
        await store.forget(tx, event.station_id, command.message_id)
    elif event.state is not CommandState.TIMED_OUT:
        await store.became(tx, event.station_id, command.message_id, "shown", _word(event), now, ("leaving",))


async def _read(
    tx: Transaction, event: CommandFinished, command: ReadMessages, _detail: dict[str, Any], now: datetime
) -> None:
    """Unknown: the charger shows nothing, and no report comes."""
    if event.state is not CommandState.CONFIRMED or event.word != "Unknown":
        return
    if await store.asked_for_all(tx, event.station_id, command.request_id):
        await store.complete(tx, event.station_id, command.request_id, now)


async def _tariff_set(
    tx: Transaction, event: CommandFinished, command: SetDefaultTariff, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.TIMED_OUT:
        return
    condition = "shown" if event.state is CommandState.CONFIRMED else "refused"
    await store_money.tariff_became(
        tx, event.station_id, command.evse_number, condition, _word(event), now, command.tariff.id
    )


async def _tariffs_read(
    tx: Transaction, event: CommandFinished, command: ReadTariffs, detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.CONFIRMED and "tariffs" in detail:
        told = msgspec.convert(detail["tariffs"], list[TariffAssigned])
        await store_money.keep_told(tx, event.station_id, command.evse_number, told, now)


async def _tariffs_cleared(
    tx: Transaction, event: CommandFinished, command: ClearTariffs, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.TIMED_OUT:
        return
    condition = "gone" if event.state is CommandState.CONFIRMED else "shown"
    await store_money.tariff_became(tx, event.station_id, command.evse_number, condition, _word(event), now)


Finisher = Callable[[Transaction, CommandFinished, Any, dict[str, Any], datetime], Awaitable[None]]

BY_KIND: Final[dict[str, Finisher]] = {
    "show_message": _shown,
    "clear_message": _cleared,
    "read_messages": _read,
    "set_default_tariff": _tariff_set,
    "read_tariffs": _tariffs_read,
    "clear_tariffs": _tariffs_cleared,
}

"""What follows from the outcome of a command, and from the end of a session, for what we believe to be installed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from laddverk.energy import store, store_told
from laddverk.energy.service.profiles import which
from laddverk.ocpp.commands import (
    AnyCommand,
    ClearDerControls,
    ClearProfiles,
    ReadComposite,
    ReadDerControls,
    ReadProfiles,
    SetDerControl,
    SetProfile,
    StartCharging,
    UpdateDynamicLimit,
)
from laddverk.ocpp.facts import Composite
from laddverk.platform.database import Transaction
from laddverk.stations import queries
from laddverk.stations.model import CommandFinished, CommandState

UNSURE: Final = frozenset({CommandState.TIMED_OUT})
"""It may have been carried out all the same."""


async def finish_commands(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> list[UUID]:
    """Take the outcomes of commands about energy over; return the stations that are concerned."""
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


async def finish_sessions(tx: Transaction, session_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Profiles of sessions that ended are gone; return the stations that are concerned."""
    return await store.ended(tx, session_ids, now)


def _word(event: CommandFinished) -> str:
    return event.word or event.state.value


async def _set(
    tx: Transaction, event: CommandFinished, command: SetProfile, _detail: dict[str, Any], now: datetime
) -> None:
    number = command.profile.id
    if event.state is CommandState.CONFIRMED:
        await store.arrived(tx, event.station_id, number, _word(event), now)
    elif event.state in UNSURE:
        await store.noted(tx, event.station_id, number, _word(event), now)
    else:
        await store.refused(tx, event.station_id, number, _word(event), now)


async def _started(
    tx: Transaction, event: CommandFinished, command: StartCharging, _detail: dict[str, Any], now: datetime
) -> None:
    """A limit that a start carried is that of its session, or of none: what did not start has no limit."""
    if command.profile is None:
        return
    if event.state is not CommandState.CONFIRMED:
        await store.refused(tx, event.station_id, command.profile.id, _word(event), now)
    else:
        await store.started_with(tx, event.station_id, command.profile.id, event.command_id, now)


async def _cleared(
    tx: Transaction, event: CommandFinished, command: ClearProfiles, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.CONFIRMED:
        await store.left(tx, event.station_id, which(command), _word(event), now)
    elif event.state not in UNSURE:
        await store.stayed(tx, event.station_id, which(command), _word(event), now)


async def _read(
    tx: Transaction, event: CommandFinished, command: ReadProfiles, _detail: dict[str, Any], now: datetime
) -> None:
    """Without any profile no report comes: the answer alone says that there is none."""
    if event.state is not CommandState.CONFIRMED or event.word != "NoProfiles":
        return
    if await store_told.asked_for_all(tx, event.station_id, event.kind, command.request_id):
        await store_told.complete(tx, event.station_id, command.request_id, now)


async def _composed(
    tx: Transaction, event: CommandFinished, _command: ReadComposite, detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.CONFIRMED and "composite" in detail:
        await store.keep_composite(tx, event.station_id, msgspec.convert(detail["composite"], Composite), now)


async def _updated(
    tx: Transaction, event: CommandFinished, command: UpdateDynamicLimit, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.CONFIRMED:
        await store.limit_told(tx, event.station_id, command.profile_id, command.update.limit, now)


async def _control_set(
    tx: Transaction, event: CommandFinished, command: SetDerControl, detail: dict[str, Any], now: datetime
) -> None:
    done = event.state is CommandState.CONFIRMED
    condition = "installed" if done else "wanted" if event.state in UNSURE else "refused"
    await store_told.control_condition(tx, event.station_id, command.control.id, condition, _word(event), now)
    if done:
        await store_told.superseded(tx, event.station_id, [str(one) for one in detail.get("superseded_ids", [])], now)


async def _controls_cleared(
    tx: Transaction, event: CommandFinished, command: ClearDerControls, _detail: dict[str, Any], now: datetime
) -> None:
    if event.state is CommandState.CONFIRMED:
        await store_told.controls_left(
            tx, event.station_id, command.is_default, command.control, command.control_id, _word(event), now
        )
    elif command.control_id is not None and event.state not in UNSURE:
        await store_told.control_condition(tx, event.station_id, command.control_id, "installed", _word(event), now)


async def _controls_read(
    tx: Transaction, event: CommandFinished, command: ReadDerControls, _detail: dict[str, Any], now: datetime
) -> None:
    """NotFound: the charger has none."""
    if event.state is CommandState.CONFIRMED and event.word == "NotFound":
        asked_at = await store_told.asked_at(tx, event.station_id, command.request_id)
        if asked_at is not None:
            await store_told.controls_unreported(tx, event.station_id, asked_at, now)


Finisher = Callable[[Transaction, CommandFinished, Any, dict[str, Any], datetime], Awaitable[None]]

BY_KIND: Final[dict[str, Finisher]] = {
    "set_profile": _set,
    "start_charging": _started,
    "clear_profiles": _cleared,
    "read_profiles": _read,
    "read_composite": _composed,
    "update_dynamic_limit": _updated,
    "set_der_control": _control_set,
    "clear_der_controls": _controls_cleared,
    "read_der_controls": _controls_read,
}

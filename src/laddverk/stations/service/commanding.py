"""Commands: asked of a charger as rows, sent by the gateway, and each brought to its one outcome (law 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import BatchId, CommandId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ocpp.commands import AnyCommand, CommandOutcome, RawCall, Verdict
from laddverk.ocpp.facts import Status
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.stations import rules, secrecy
from laddverk.stations.model import CommandFinished, CommandState, Deed, OpenCommand, QueuedCommand
from laddverk.stations.service.variables import keep_variables
from laddverk.stations.store import commands as store
from laddverk.stations.store import timeline

OPEN_COMMANDS_MAX: Final = 50  # of one station; a charger answers about one in a second, and most people ask for one
TAKE_MAX: Final = 500  # in one transaction of the dispatcher
DETAIL_BYTES_MAX: Final = 20_000  # of an answer; a charger may send 64 KiB of it
RAW_DETAIL_BYTES_MAX: Final = 1_100_000  # a tool gets its answer whole: as large as a frame may be at most
WORD_LENGTH_MAX: Final = 200
CANCELLED: Final = "Cancelled"
"""Our own word for a command that somebody took back before it was sent."""
SET_UP_KINDS: Final = (
    "read_variables", "write_variable", "write_variables", "request_report", "request_custom_report",
)  # fmt: skip
"""Commands for a charger whose boot is answered Pending (2.x B02.FR.02; 1.6 section 4.2), with a triggered boot."""
SET_UP_ACTIONS: Final = (
    "ChangeConfiguration", "GetBaseReport", "GetConfiguration", "GetReport", "GetVariables", "SetVariables",
)  # fmt: skip
SHOWN_KINDS: Final = ("unlock_connector", "change_availability")
"""Commands that a state can confirm, whichever report brought it."""


async def request_command(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    command: AnyCommand,
    now: datetime,
    *,
    reason: str = "",
    requested_by: str = "",
    expires_at: datetime | None = None,
    batch_id: BatchId | None = None,
) -> CommandId:
    """Queue `command` for a station and return its id. It is sent as soon as the station can be reached.

    Needs commands:send (a tool's call: ocpp:call), at a site that `actor` sees. What is not sent by `expires_at` (by
    default what suits the command: half a minute for a start) expires. Raises `NotFound`, `Conflict` for a retired
    station, `TooMany` when too many commands wait, `Invalid` for one that would store a secret. The caller publishes
    the hint `commands`.
    """
    actor.require(Permission.OCPP_CALL if isinstance(command, RawCall) else Permission.COMMANDS_SEND)
    await _check_addressee(tx, actor, station_id)
    raw_secret = isinstance(command, RawCall) and secrecy.holds_a_secret(command.action, command.payload)
    if raw_secret or rules.writes_a_secret(command):
        raise Invalid(
            "The key of a station cannot be written by a command.",
            field="variable",
            remedy="Give the station a new key on its page, and enter that into the charger.",
        )
    command_id = CommandId(new_id())
    await store.insert(
        tx,
        command_id,
        station_id,
        command,
        actor,
        requested_by=requested_by or actor.name or actor.kind,
        reason=reason,
        now=now,
        expires_at=expires_at or rules.send_by(command, now),
        batch_id=batch_id,
    )
    detail = {"command_id": str(command_id), "command": msgspec.to_builtins(command)}
    await audit.write(tx, actor, "command.requested", "station", station_id, at=now, reason=reason, detail=detail)
    return command_id


async def _check_addressee(tx: Transaction, actor: Actor, station_id: StationId) -> None:
    station = await store.addressee(tx, station_id)
    if station is None or (actor.site_ids is not None and station.site_id not in actor.site_ids):
        raise NotFound("There is no such station.", field="station_id")
    if station.retired_at is not None:
        raise Conflict("The station is retired: it can no longer connect.", field="station_id")
    if station.open_commands >= OPEN_COMMANDS_MAX:
        raise TooMany(
            "%(count)s commands to this station already wait for their outcome.",
            remedy="Wait until some of them are answered or expire.",
            count=station.open_commands,
        )


async def take_queued(
    tx: Transaction, station_ids: Sequence[StationId], now: datetime, set_up_only: Sequence[StationId] = ()
) -> list[QueuedCommand]:
    """Return the commands to send now to these stations, in order, and mark them as sent.

    Stations in `set_up_only` wait to be accepted: they get what sets them up, and the rest waits too (B02). A command
    is taken once, by one gateway, and never again: should the gateway die, it times out. What should have been sent
    earlier expires instead.
    """
    taken = await store.take_queued(tx, station_ids, TAKE_MAX) if station_ids else []
    if set_up_only:
        taken += await store.take_set_up(tx, set_up_only, SET_UP_KINDS, SET_UP_ACTIONS, TAKE_MAX)
    if not taken:
        return []
    late = [command.id for command in taken if command.expires_at <= now]
    due = [command for command in taken if command.expires_at > now]
    await _finish(tx, late, CommandState.EXPIRED, now, {})
    await store.mark_sent(tx, [(command.id, rules.settle_by(command.command, now)) for command in due], now)
    return [QueuedCommand(one.id, one.station_id, one.command, one.created_at) for one in due]


async def record_outcome(tx: Transaction, command_id: CommandId, outcome: CommandOutcome, now: datetime) -> None:
    """Record what a charger answered. "Accepted" stays open where a deed can follow, unless it is already shown.

    An answer to a command that has its outcome is kept beside it and changes nothing.
    """
    command = await store.lock(tx, command_id)
    if command is None:
        return
    is_raw = isinstance(command.command, RawCall)
    word, detail = (
        outcome.word[:WORD_LENGTH_MAX],
        _bounded(outcome, RAW_DETAIL_BYTES_MAX if is_raw else DETAIL_BYTES_MAX),
    )
    if outcome.verdict is Verdict.DONE and outcome.variables:
        await keep_variables(tx, [(command.station_id, outcome.variables, now)])
    state = rules.state_after(command.command, outcome)
    if not rules.may_follow(command.state, state):
        await store.answered_late(tx, command_id, word, detail, now)
        return
    by = rules.confirm_by(command.command, word, now) if state is CommandState.ACCEPTED else None
    await store.answered(tx, command_id, state, word=word, detail=detail, confirm_by=by, now=now)
    if by is None:
        await outbox.publish(tx, [_finished(command, state, word)])
    else:
        await confirm_shown(tx, [command.station_id], now)


def _bounded(outcome: CommandOutcome, bytes_max: int) -> dict[str, Any]:
    """Return the detail of an answer with what was read in it, or only its size when it is too large."""
    variables = [
        variable if not rules.is_secret(variable.variable) else msgspec.structs.replace(variable, value=None)
        for variable in outcome.variables
    ]
    detail: dict[str, Any] = {**outcome.detail, **({"variables": variables} if variables else {})}
    encoded = msgspec.json.encode(detail)
    if len(encoded) > bytes_max:
        return {"too_large_bytes": len(encoded)}
    decoded: dict[str, Any] = secrecy.masked(msgspec.json.decode(encoded))
    return decoded


async def record_no_answer(tx: Transaction, command_id: CommandId, why: str, now: datetime) -> None:
    """Record that a command was sent and not answered.

    Where a deed can still show that it was carried out (a charger drops its socket right after a reset, quirk 90),
    the command stays open for it; else it has timed out.
    """
    command = await store.lock(tx, command_id)
    if command is None or command.state is not CommandState.SENT:
        return
    detail = {"no_answer": why[:WORD_LENGTH_MAX]}
    if rules.is_seen(command.command):
        await store.note(tx, command_id, detail, rules.confirm_by(command.command, "", now))
    else:
        await _finish(tx, [command_id], CommandState.TIMED_OUT, now, detail)


async def confirm(tx: Transaction, deeds: Sequence[Deed], now: datetime) -> list[CommandId]:
    """Confirm the commands that `deeds` show to be carried out, and return those that had no outcome yet.

    A deed counts for what was sent before it, answered or not: some chargers act first and answer later (quirk 34).
    """
    if not deeds:
        return []
    return await _finish(tx, await store.confirmed_by(tx, deeds), CommandState.CONFIRMED, now, {})


async def confirm_by_new_states(tx: Transaction, station_ids: Sequence[StationId], now: datetime) -> list[CommandId]:
    """Confirm what states that `tx` has just written show.

    A charger may answer and show the state in one breath; then the answer is recorded in a transaction beside this
    one, and neither would see the other: this one waits for it.
    """
    await store.lock_sent(tx, station_ids, SHOWN_KINDS)
    return await confirm_shown(tx, station_ids, now)


async def confirm_shown(tx: Transaction, station_ids: Sequence[StationId], now: datetime) -> list[CommandId]:
    """Confirm accepted commands at these stations that the states of their connectors show to be carried out."""
    accepted = await store.accepted_at(tx, station_ids, SHOWN_KINDS)
    if not accepted:
        return []
    statuses: dict[StationId, dict[tuple[int, int], Status]] = {}
    for row in await timeline.statuses_of(tx, [command.station_id for command in accepted]):
        statuses.setdefault(row.station_id, {})[row.evse_number, row.connector_number] = row.status
    shown = [one.id for one in accepted if rules.is_shown(one.command, statuses.get(one.station_id, {}))]
    return await _finish(tx, shown, CommandState.CONFIRMED, now, {})


async def expire_commands(tx: Transaction, now: datetime) -> list[CommandFinished]:
    """Expire what could not be sent in time and time out what was not confirmed in time; return what became of it."""
    finished = [_event(row) for row in await store.finish_overdue(tx, now)]
    await outbox.publish(tx, finished)
    return finished


async def cancel_command(
    tx: Transaction, actor: Actor, command_id: CommandId, now: datetime, *, reason: str = ""
) -> None:
    """Take back a command that still waits to be sent: it expires now, with the word `Cancelled`.

    Needs commands:send at a site that `actor` sees. Raises `NotFound`, or `Conflict` when the charger has it already.
    """
    actor.require(Permission.COMMANDS_SEND)
    command = await store.lock(tx, command_id)
    station = await store.addressee(tx, command.station_id) if command else None
    if command is None or station is None or (actor.site_ids is not None and station.site_id not in actor.site_ids):
        raise NotFound("There is no such command.")
    by = actor.name or actor.kind
    finished = await store.cancel(tx, command_id, now, CANCELLED, {"cancelled_by": by, "why": reason[:WORD_LENGTH_MAX]})
    if not finished:
        raise Conflict("This command was sent already, and cannot be taken back.")
    await outbox.publish(tx, [_event(row) for row in finished])
    detail = {"command_id": str(command_id), "kind": command.kind}
    await audit.write(
        tx, actor, "command.cancelled", "station", command.station_id, at=now, reason=reason, detail=detail
    )


async def cancel_queued(tx: Transaction, station_id: StationId, why: str, now: datetime) -> None:
    """Expire what still waits to be sent to a station, because it will never be reached again."""
    finished = await store.cancel_queued(tx, station_id, now, {"why": why})
    await outbox.publish(tx, [_event(row) for row in finished])


async def _finish(
    tx: Transaction, command_ids: Sequence[CommandId], state: CommandState, now: datetime, detail: dict[str, Any]
) -> list[CommandId]:
    if not command_ids:
        return []
    finished = await store.finish(tx, command_ids, state, now, detail)
    await outbox.publish(tx, [_event(row) for row in finished])
    return [row.id for row in finished]


def _event(row: store.Finished) -> CommandFinished:
    return CommandFinished(
        command_id=row.id, station_id=row.station_id, kind=row.kind, state=row.state, word=row.outcome or ""
    )


def _finished(command: OpenCommand, state: CommandState, word: str) -> CommandFinished:
    return CommandFinished(
        command_id=command.id, station_id=command.station_id, kind=command.kind, state=state, word=word
    )

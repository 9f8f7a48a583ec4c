"""What other rooms publish becomes observations: links, the ends of commands, and the limits that commands set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from laddverk.diagnostics import observing
from laddverk.diagnostics.observations import CommandEnded, LimitSet, LinkClosed, LinkOpened, Observation, SecuritySeen
from laddverk.diagnostics.outcomes import limits
from laddverk.kernel.ids import CommandId, StationId
from laddverk.ocpp.commands import AnyCommand
from laddverk.ocpp.commands.smart_charging import ClearProfiles, SetProfile
from laddverk.platform.database import Transaction
from laddverk.stations.model import CommandFinished, IdentityShared, StationOffline, StationOnline

CLOSED: Final = """
SELECT DISTINCT ON (station_id) station_id, close_code, close_reason FROM station_connection
WHERE station_id = ANY($1::uuid[]) AND disconnected_at IS NOT NULL ORDER BY station_id, epoch DESC
"""

FINISHED: Final = """
SELECT id, station_id, kind, command, state, coalesce(outcome, '') AS word, actor_kind,
       coalesce(sent_at, created_at) AS sent_at, coalesce(finished_at, created_at) AS finished_at
FROM command WHERE id = ANY($1::uuid[])
"""

PERSON: Final = "operator"


class FinishedRow(Struct, frozen=True):
    """A command that has its outcome."""

    id: CommandId
    station_id: StationId
    kind: str
    command: dict[str, Any]
    state: str
    word: str
    actor_kind: str
    sent_at: datetime
    finished_at: datetime


async def opened(tx: Transaction, events: Sequence[StationOnline]) -> None:
    """Sockets opened where there were none."""
    await observing.observe(tx, [(event.station_id, LinkOpened(at=event.at, received_at=event.at)) for event in events])


async def closed(tx: Transaction, events: Sequence[StationOffline]) -> None:
    """The last sockets of stations are gone."""
    rows: list[Any] = await tx.rows(CLOSED, sorted({event.station_id for event in events}))
    why = {row["station_id"]: row["close_reason"] or str(row["close_code"] or "") for row in rows}
    await observing.observe(
        tx,
        [
            (
                event.station_id,
                LinkClosed(at=event.at, received_at=event.at, reason=observing.short(why.get(event.station_id))),
            )
            for event in events
        ],
    )


async def shared(tx: Transaction, events: Sequence[IdentityShared]) -> None:
    """Two chargers, or a thief, have one key: the gateway noticed it, no charger said so."""
    await observing.observe(
        tx,
        [
            (event.station_id, SecuritySeen(at=event.at, received_at=event.at, kind="IdentityShared", critical=True))
            for event in events
        ],
    )


async def finished(tx: Transaction, events: Sequence[CommandFinished]) -> None:
    """Commands have their outcomes; those that set or took away a limit say so as well."""
    rows = await tx.fetch(FinishedRow, FINISHED, [event.command_id for event in events])
    await observing.observe(tx, [pair for row in rows for pair in _said(row)])


def _said(row: FinishedRow) -> list[tuple[StationId, Observation]]:
    evse_number, operative = row.command.get("evse_number"), row.command.get("operative")
    times: dict[str, Any] = {"at": row.finished_at, "received_at": row.finished_at}
    ended = CommandEnded(
        **times,
        kind=str(row.command.get("kind", "")),
        state=row.state,
        word=observing.short(row.word),
        took_s=max(0.0, (row.finished_at - row.sent_at).total_seconds()),
        by_person=row.actor_kind == PERSON,
        evse_number=evse_number if isinstance(evse_number, int) else None,
        operative=operative if isinstance(operative, bool) else None,
    )
    said: list[tuple[StationId, Observation]] = [(row.station_id, ended)]
    if row.state not in ("accepted", "confirmed"):
        return said
    command = _command(row.command)
    if isinstance(command, SetProfile):
        held = limits.held_a(command.profile, row.finished_at, row.finished_at)
        said.append((row.station_id, LimitSet(**times, evse_number=command.evse_number, limit_a=held)))
    elif isinstance(command, ClearProfiles):
        said.append((row.station_id, LimitSet(**times, evse_number=command.evse_number or 0, limit_a=None)))
    return said


def _command(body: dict[str, Any]) -> AnyCommand | None:
    try:
        command: AnyCommand = msgspec.convert(body, AnyCommand)
    except msgspec.MsgspecError:
        return None  # of another release: it set what it set, and says nothing here
    return command

"""The API's commands to many stations, and taking back what still waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Meta, Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CommandId, StationId, parsed, shown
from laddverk.kernel.problems import NotFound
from laddverk.ocpp.commands import AnyCommand
from laddverk.platform.database import Transaction
from laddverk.stations import command_queries as history
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.service.batching import BATCH_MAX
from laddverk.web.api import shapes
from laddverk.web.api.field import check_link
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, of, page

WAIT_S_MAX: Final = 7 * 86_400


class BatchToSend(Struct, frozen=True, forbid_unknown_fields=True):
    """The same command for many stations: `{"kind": "clear_cache"}` and so on, and why."""

    station_ids: Annotated[list[str], Meta(min_length=1, max_length=BATCH_MAX)]
    command: AnyCommand
    reason: str
    wait_s: Annotated[int, Meta(ge=1, le=WAIT_S_MAX)] | None = None
    """How long it is worth sending to stations that are away; without it as usual for the command."""


class LeftOut(Struct, frozen=True):
    """A station that got no command: it is `retired`, or `busy` with too many."""

    station_id: str
    why: str


class Batch(Struct, frozen=True):
    """How far a command to many is. `failed` counts refused, timed out, expired and failed ones."""

    id: str
    kind: str
    command: dict[str, Any]
    requested_by: str
    reason: str
    created_at: datetime
    asked: int
    waiting: int
    under_way: int
    confirmed: int
    failed: int
    left_out: list[LeftOut]


class TakenBack(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a command is taken back."""

    reason: str = ""


@post("/batches", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def send_batch(asked: Asking, data: JSONBody[BatchToSend]) -> Batch:
    """Queue the same command for many stations. Each has its own outcome: see `GET /batches/{id}/commands`."""
    check_link(data.command)
    chosen = [StationId(parsed("sta", each, field="station_ids")) for each in data.station_ids]
    wait = timedelta(seconds=data.wait_s) if data.wait_s else None
    async with asked.transaction() as tx:
        made = await stations.request_of_many(
            tx, asked.actor, chosen, data.command, asked.now, reason=data.reason, wait=wait
        )
        answer = await _batch(tx, asked, shown("bat", made))
    asked.house.hints.publish([COMMANDS_TOPIC, *(f"station:{one}" for one in chosen)])
    return answer


@get("/batches/{batch:str}", opt=needs(Permission.STATIONS_READ))
async def show_batch(asked: Asking, batch: FromPath[str]) -> Batch:
    """Show how far a command to many is."""
    async with asked.transaction() as tx:
        return await _batch(tx, asked, batch)


@get("/batches/{batch:str}/commands", opt=needs(Permission.STATIONS_READ))
async def list_batch(
    asked: Asking,
    batch: FromPath[str],
    in_state: InState = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[shapes.Command]:
    """List the commands of a batch with their outcomes. `state` is a state, `open` or `cancelled`."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        await _batch(tx, asked, batch)
        wanted = history.HistoryFilter(batch_id=parsed("bat", batch), state=in_state)
        rows = await history.history(tx, asked.actor.site_ids, wanted, limit=limit + 1, offset=offset)
    return page([of(shapes.Command, row, "cmd") for row in rows], limit=limit, offset=offset)


@post("/commands/{command:str}/cancel", opt=needs(Permission.COMMANDS_SEND), status_code=200)
async def cancel_command(asked: Asking, command: FromPath[str], data: JSONBody[TakenBack]) -> shapes.Command:
    """Take back a command that still waits to be sent: it is `expired` with the outcome `Cancelled`."""
    async with asked.transaction() as tx:
        command_id = CommandId(parsed("cmd", command))
        await stations.cancel_command(tx, asked.actor, command_id, asked.now, reason=data.reason)
        row = await queries.command(tx, command_id)
    if row is None:
        raise NotFound("There is no such command.")
    asked.house.hints.publish([f"station:{row.station_id}"])
    return of(shapes.Command, row, "cmd")


async def _batch(tx: Transaction, asked: Asked, batch: str) -> Batch:
    row = await history.batch(tx, asked.actor.site_ids, parsed("bat", batch))
    if row is None:
        raise NotFound("There is no such batch.")
    left_out = [
        LeftOut(shown("sta", one.station_id), one.why)
        for one in await history.left_out(tx, asked.actor.site_ids, row.id)
    ]
    return Batch(
        shown("bat", row.id), row.kind, row.command, row.requested_by, row.reason, row.created_at, row.asked,
        row.waiting, row.under_way, row.confirmed, row.failed, left_out,
    )  # fmt: skip


HANDLERS: Final = [send_batch, show_batch, list_batch, cancel_command]

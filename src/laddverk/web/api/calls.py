"""The API's calls of the protocol itself: any CALL to a station, and its answer whole. For tools and experts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct, field

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import NotFound
from laddverk.ocpp.commands import RawCall
from laddverk.platform.hints import Hints
from laddverk.stations import queries
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api.keys import needs
from laddverk.web.api.request import Asked, Asking, station_of

WAIT_DEFAULT_S: Final = 35.0  # a charger has 30 s to answer
WAIT_MAX_S: Final = 120.0  # proxies cut longer requests
LOOK_AGAIN_S: Final = 1.0  # a hint may be lost
ACTION_MAX: Final = 100
ANSWERED: Final = {"accepted", "confirmed", "refused", "failed"}


class CallToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """Any CALL of the station's version: its action and payload, as the standard's schema has them."""

    action: Annotated[str, Meta(min_length=1, max_length=ACTION_MAX)]
    payload: dict[str, Any] = field(default_factory=dict)
    timeout_s: Annotated[float, Meta(ge=0, le=WAIT_MAX_S)] = WAIT_DEFAULT_S
    """How long to wait for the answer; 0 does not wait."""
    reason: str = ""


class CallMade(Struct, frozen=True):
    """A call and what became of it.

    `answer` is the payload of the CALLRESULT. `error` is there instead when there was a CALLERROR or nothing could be
    sent: its code, and what was said about it. Both are null while the station has not answered: ask again for the
    command by its id.
    """

    command_id: str
    state: str
    answer: dict[str, Any] | None
    error: dict[str, Any] | None


@post("/stations/{station:str}/calls", opt=needs(Permission.OCPP_CALL), status_code=200)
async def make_call(asked: Asking, station: FromPath[str], data: JSONBody[CallToMake]) -> Response[CallMade]:
    """Send any CALL to a station and return its answer: 200 with it, 202 when the station has not answered in time.

    It waits its turn like every command: one call at a time, and none before the boot was accepted. What is not as the
    schema of the station's version wants it is not sent. Keys of stations are not set this way, but with
    `PUT /stations/{id}/key`, because a command is kept in clear.
    """
    command = RawCall(action=data.action, payload=data.payload)
    async with asked.transaction() as tx:
        row = await station_of(tx, asked, station)
        command_id = await stations.request_command(
            tx, asked.actor, StationId(row.id), command, asked.now, reason=data.reason
        )
    hints: Hints = asked.house.hints
    with hints.listening([f"command:{command_id}"]) as heard:
        hints.publish([COMMANDS_TOPIC, f"station:{row.id}"])
        made = await _answered(asked, heard, command_id, data.timeout_s)
    return Response(made, status_code=202 if made.answer is None and made.error is None else 200)


async def _answered(asked: Asked, heard: Any, command_id: UUID, timeout_s: float) -> CallMade:
    """Return the call once it has its outcome, or as it stands when the time is over."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + timeout_s
    while True:
        made = await _made(asked, command_id)
        left_s = until_s - loop.time()
        if made.answer is not None or made.error is not None or left_s <= 0:
            return made
        try:
            await asyncio.wait_for(anext(heard), min(left_s, LOOK_AGAIN_S))
        except TimeoutError:
            continue


async def _made(asked: Asked, command_id: UUID) -> CallMade:
    async with asked.transaction() as tx:
        row = await queries.command(tx, command_id)
    if row is None:
        raise NotFound("There is no such command.")
    answer = row.detail.get("answer") if row.answered_at else None
    error = None
    if answer is None and (row.finished_at is not None or row.state in ANSWERED):
        error = {"code": row.outcome or row.state, "detail": row.detail}
    return CallMade(shown("cmd", command_id), row.state, answer, error)


HANDLERS: Final = [make_call]

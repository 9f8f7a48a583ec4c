"""Battery swaps (block S, 2.1)."""

from __future__ import annotations

import secrets
from datetime import datetime

from laddverk.displays.service.messages import REQUEST_ID_MAX, seen_station
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import CommandId, StationId
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.commands import RequestSwap
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

TOKEN_LENGTH_MAX = 36  # of an idToken in 2.0.1; 2.1 allows 255, which nobody uses


async def request_swap(
    tx: Transaction, actor: Actor, station_id: StationId, token_uid: str, now: datetime, *, reason: str = ""
) -> CommandId:
    """Let the holder of a tag put in empty batteries and take full ones. Raises `NotFound`, `Invalid`."""
    await seen_station(tx, actor, station_id)
    if not 1 <= len(token_uid.strip()) <= TOKEN_LENGTH_MAX or not token_uid.isprintable():
        raise Invalid("Give the number of a tag.", field="token_uid")
    command = RequestSwap(request_id=secrets.randbelow(REQUEST_ID_MAX), token_uid=token_uid.strip())
    return await stations.request_command(tx, actor, station_id, command, now, reason=reason)

"""What the energy room does in the background: outcomes of commands, ends of sessions and of limits, cars' needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.energy import service, store, store_told
from laddverk.energy.circuits import store as circuits
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.platform.outbox import decoded
from laddverk.sessions.model import SessionClosed
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished

KEPT: Final = timedelta(days=400)  # as long as the frames they were in

EVERY: Final = (
    Every("energy.plan_needs", timedelta(seconds=10)),
    Every("energy.end_limits", timedelta(minutes=1)),
    Every("energy.drop_old", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    def tell(tx: Transaction, station_ids: Sequence[UUID]) -> None:
        if station_ids:
            tx.after_commit(lambda: house.hints.publish([f"station:{one}" for one in station_ids]))

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        finished = [decoded(CommandFinished, payload) for payload in payloads]
        tell(tx, await service.finish_commands(tx, finished, house.clock()))

    async def session_closed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        closed = [decoded(SessionClosed, payload).session_id for payload in payloads]
        tell(tx, await service.finish_sessions(tx, closed, house.clock()))

    async def plan_needs(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if await service.plan_needs(tx, house.clock(), quirks.registry_of(house.settings.quirks_dir)):
            tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))

    async def end_limits(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        tell(tx, await store.over(tx, house.clock()))

    async def drop_old(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store_told.drop_old(tx, house.clock() - KEPT)
        await circuits.drop_old(tx, house.clock() - KEPT)

    return {
        "energy.command_finished": command_finished,
        "energy.session_closed": session_closed,
        "energy.plan_needs": plan_needs,
        "energy.end_limits": end_limits,
        "energy.drop_old": drop_old,
    }

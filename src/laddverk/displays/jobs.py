"""What the displays room does in the background: outcomes, prices on displays, payments on the web, what is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from laddverk.displays import service, store, store_money
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.platform.outbox import decoded
from laddverk.sessions.model import SessionClosed
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished

COSTS_KEPT: Final = timedelta(days=400)
QUESTIONS_KEPT: Final = timedelta(days=400)  # a VAT number may name a person (a sole trader)
TOLD_KEPT: Final = timedelta(days=2)

EVERY: Final = (
    Every("displays.tell_of_payments", timedelta(seconds=5)),
    Every("displays.show_costs", timedelta(seconds=20)),
    Every("displays.end_messages", timedelta(minutes=1)),
    Every("displays.drop_old", timedelta(days=1)),
)


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    def telling(work: Callable[[Transaction, datetime], Awaitable[int]]) -> Handler:
        """Return a job that does `work` and wakes the gateway when it told chargers something."""

        async def told(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
            if await work(tx, house.clock()):
                tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))

        return told

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        finished = [decoded(CommandFinished, payload) for payload in payloads]
        stations = await service.finish_commands(tx, finished, house.clock())
        if stations:
            tx.after_commit(lambda: house.hints.publish([f"station:{one}" for one in stations]))

    async def session_closed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        closed = [decoded(SessionClosed, payload).session_id for payload in payloads]
        await service.finish_sessions(tx, closed, house.clock())
        if await service.show_final_costs(tx, closed, house.clock()):
            tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))

    async def end_messages(tx: Transaction, now: datetime) -> int:
        await store.over(tx, now)
        return await service.end_by_data(tx, now, quirks.registry_of(house.settings.quirks_dir))

    async def drop_old(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        await store_money.drop_costs(tx, now - COSTS_KEPT)
        await store_money.drop_told_costs(tx, now - COSTS_KEPT)
        await store_money.drop_questions(tx, now - QUESTIONS_KEPT)
        await store_money.drop_told(tx, now - TOLD_KEPT)

    return {
        "displays.command_finished": command_finished,
        "displays.session_closed": session_closed,
        "displays.tell_of_payments": telling(service.tell_of_payments),
        "displays.show_costs": telling(service.show_costs),
        "displays.end_messages": telling(end_messages),
        "displays.drop_old": drop_old,
    }

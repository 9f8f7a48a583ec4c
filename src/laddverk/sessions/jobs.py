"""What sessions do in the background: price what ended, give up starts that failed, close what was overtaken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler
from laddverk.platform.outbox import decoded
from laddverk.sessions import pricing, starting, superseding, waiting
from laddverk.sessions.model import SessionClosed, WhyFailed
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished, CommandState
from laddverk.subscriptions.model import IncludedChanged

EVERY: Final = (
    Every("sessions.expire_starts", timedelta(seconds=5)),
    Every("sessions.close_overtaken", timedelta(minutes=1)),
)

FAILED: Final = {
    CommandState.REFUSED: WhyFailed.REFUSED,
    CommandState.FAILED: WhyFailed.REFUSED,
    CommandState.EXPIRED: WhyFailed.UNREACHABLE,
    CommandState.TIMED_OUT: WhyFailed.TIMED_OUT,
}
"""What the outcome of a command to start means to whoever waits at the charger."""


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    async def price(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        closed = [decoded(SessionClosed, payload) for payload in payloads]
        if await pricing.price_closed(tx, closed, house.clock()):
            topics = [f"session:{event.session_id}" for event in closed]
            tx.after_commit(lambda: house.hints.publish([*topics, "now"]))

    async def price_waiting(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        if await pricing.price_waiting(tx, house.clock()):
            tx.after_commit(lambda: house.hints.publish(["now"]))

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        finished = [decoded(CommandFinished, payload) for payload in payloads]
        refused: dict[UUID, WhyFailed] = {
            event.command_id: FAILED[event.state]
            for event in finished
            if event.kind == "start_charging" and event.state in FAILED
        }
        said_no = [command_id for command_id, why in refused.items() if why is WhyFailed.REFUSED]
        again = await waiting.ask_again(tx, said_no, house.clock()) if said_no else set()
        if again:
            tx.after_commit(lambda: house.hints.publish([COMMANDS_TOPIC]))
        left = {command_id: why for command_id, why in refused.items() if command_id not in again}
        if left:
            await starting.give_up_refused(tx, left, house.clock())

    async def expire_starts(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await starting.expire_starts(tx, house.clock())

    async def close_overtaken(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await superseding.close_overtaken(tx, house.clock())

    return {
        "sessions.price": price,
        "sessions.price_waiting": price_waiting,
        "sessions.price_again": _price_again(house),
        "sessions.command_finished": command_finished,
        "sessions.expire_starts": expire_starts,
        "sessions.close_overtaken": close_overtaken,
    }


def _price_again(house: House) -> Handler:
    async def price_again(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        """Another part of these sessions is included than was: their price changes with it."""
        changed = [decoded(IncludedChanged, payload) for payload in payloads]
        ids = sorted({session_id for event in changed for session_id in event.session_ids})
        if await pricing.price_again(tx, ids, house.clock()):
            tx.after_commit(lambda: house.hints.publish([*(f"session:{each}" for each in ids), "now"]))

    return price_again

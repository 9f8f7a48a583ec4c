"""What this room does in the background: lists follow the tokens, reservations end, what chargers told is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from laddverk.access.model import TokensChanged
from laddverk.authorisation import customers, list_rules, lists, reserving, store_customers, store_lists
from laddverk.kernel.ids import StationId
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import Every, Handler, NewJob, enqueue
from laddverk.platform.outbox import decoded
from laddverk.stations.model import COMMANDS_TOPIC, CommandFinished, CommandState, StationOnline

SETTLES: Final = timedelta(seconds=3)  # an import touches many tokens; the lists are compared once
EVERY: Final = (
    Every("authorisation.plan_lists", timedelta(minutes=5)),
    Every("authorisation.expire_reservations", timedelta(seconds=15)),
    Every("authorisation.forget_parts", timedelta(days=1)),
)
LIST_KINDS: Final = ("send_local_list", "read_local_list_version")
RESERVATION_KINDS: Final = ("reserve_now", "cancel_reservation")
FORGETS: Final = "forget_customer"
CUSTOMER_KINDS: Final = ("read_customer", "forget_customer", "clear_cache")


async def plan(tx: Transaction, station_ids: Sequence[StationId]) -> None:
    """Let the lists of these stations be compared with the tokens, each by a job of its own."""
    await enqueue(
        tx,
        [
            NewJob("authorisation.sync_list", {"station_id": str(each)}, unique_key=f"authorisation.sync_list:{each}")
            for each in station_ids
        ],
    )


Tell = Callable[[Transaction, Sequence[StationId]], None]


def handlers(house: House) -> dict[str, Handler]:
    """Return the jobs of this room by their kind."""

    def tell(tx: Transaction, station_ids: Sequence[StationId]) -> None:
        """Wake the gateway for these stations, and whoever looks at them, once this is committed."""
        topics = [COMMANDS_TOPIC, *(f"station:{station_id}" for station_id in station_ids)]
        if station_ids:
            tx.after_commit(lambda: house.hints.publish(topics))

    async def command_finished(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        events: list[CommandFinished] = [decoded(CommandFinished, payload) for payload in payloads]
        now = house.clock()
        for event in events:
            if event.kind in LIST_KINDS:
                await lists.finished(tx, event.command_id, now)
                tell(tx, [event.station_id])
        tell(tx, await reserving.commands_finished(tx, [one for one in events if one.kind in RESERVATION_KINDS], now))
        await customers.commands_finished(tx, [one for one in events if one.kind in CUSTOMER_KINDS], now)
        forgot = [one.station_id for one in events if one.kind == FORGETS and one.state is CommandState.CONFIRMED]
        await plan(tx, await store_lists.carrying(tx, forgot) if forgot else [])  # whom it forgets, its list forgets

    async def expire_reservations(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        tell(tx, await reserving.expire(tx, house.clock()))

    async def forget_parts(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await store_customers.drop_parts(tx, house.clock() - customers.PARTS_KEPT)

    return {
        **_list_handlers(house, tell),
        "authorisation.command_finished": command_finished,
        "authorisation.expire_reservations": expire_reservations,
        "authorisation.forget_parts": forget_parts,
    }


def _list_handlers(house: House, tell: Tell) -> dict[str, Handler]:
    """Return the jobs that keep lists and caches right."""

    async def tokens_changed(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        now = house.clock()
        gone = {uid for payload in payloads for uid in decoded(TokensChanged, payload).withdrawn}
        tell(tx, await lists.clear_caches(tx, sorted(gone), now))
        soon = NewJob("authorisation.plan_lists", {}, run_at=now + SETTLES, unique_key="authorisation.plan_soon")
        await enqueue(tx, [soon])

    async def plan_lists(tx: Transaction, _payloads: Sequence[dict[str, Any]]) -> None:
        await plan(tx, await store_lists.carrying(tx))

    async def sync_list(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        for station_id in sorted({StationId(UUID(payload["station_id"])) for payload in payloads}):
            if await lists.sync(tx, station_id, house.clock()) is not None:
                tell(tx, [station_id])

    async def station_online(tx: Transaction, payloads: Sequence[dict[str, Any]]) -> None:
        came = sorted({decoded(StationOnline, payload).station_id for payload in payloads})
        await store_lists.doubt(tx, came, house.clock() - list_rules.ASK_AGAIN_AFTER)
        await plan(tx, await store_lists.carrying(tx, came))

    return {
        "authorisation.tokens_changed": tokens_changed,
        "authorisation.plan_lists": plan_lists,
        "authorisation.sync_list": sync_list,
        "authorisation.station_online": station_online,
    }

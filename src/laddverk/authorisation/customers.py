"""Customer information: what chargers remember of a driver, told to us or forgotten, station by station."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from laddverk.authorisation import list_rules
from laddverk.authorisation import store_customers as store
from laddverk.authorisation.model import Kind, Memory
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, CustomerRequestId, DriverId, StationId
from laddverk.kernel.problems import Conflict, Invalid, NotFound, TooMany
from laddverk.ocpp.commands import ClearCache, ForgetCustomer, ReadCustomer
from laddverk.ocpp.facts import CustomerDataReported
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState, Deed

ASKED_MAX: Final = 500  # stations times tags of one request; a driver who was at more is asked for in two
PARTS_MAX: Final = 200  # of 512 characters: more than any charger knows of one tag
PART_LENGTH_MAX: Final = 2_000  # the standard allows 512
PARTS_KEPT: Final = timedelta(days=30)  # a request is answered within a month; what it told is personal
REASON_LENGTH_MAX: Final = 500
INT32_MAX: Final = 2**31 - 1
NOT_IN_16: Final = "OCPP 1.6"
STATES: Final = {
    CommandState.CONFIRMED: "done",
    CommandState.REFUSED: "refused",
    CommandState.FAILED: "refused",
    CommandState.TIMED_OUT: "unreachable",
    CommandState.EXPIRED: "unreachable",
}


async def request(
    tx: Transaction,
    actor: Actor,
    driver_id: DriverId,
    kind: Kind,
    now: datetime,
    *,
    reason: str,
    also_at: Sequence[StationId] = (),
) -> CustomerRequestId:
    """Ask every station that may remember a driver's tags what it knows, or to forget it; return the request.

    Needs drivers:write and commands:send, and a reason. `also_at` are stations where the driver charged without a tag.
    OCPP 1.6 has no such message: there the cache is cleared when it is to forget, and nothing can be asked. Raises
    `NotFound`, `Invalid`, `Conflict` when no station knows the driver. The caller publishes the hint `commands`.
    """
    actor.require(Permission.DRIVERS_WRITE)
    actor.require(Permission.COMMANDS_SEND)
    reason = reason.strip()[:REASON_LENGTH_MAX]
    if not reason:
        raise Invalid("Say why.", field="reason", remedy="It is kept as evidence.")
    if not await store.driver_exists(tx, driver_id):
        raise NotFound("There is no such driver.")
    sites = None if actor.site_ids is None else sorted(actor.site_ids)
    memories = await store.memories(tx, driver_id, also_at, sites, ASKED_MAX)
    if not memories:
        raise Conflict(
            "No charger can remember this driver: none of their tags was shown anywhere.",
            remedy="There is nothing to ask.",
        )
    by = actor.name or actor.kind
    request_id = CustomerRequestId(await store.insert(tx, driver_id, kind, by, reason, now))
    cleared: dict[StationId, CommandId] = {}
    for memory in memories:
        await _ask(tx, actor, request_id, memory, kind, cleared, now)
    await store.complete(tx, [request_id], now)
    detail = {"kind": kind, "asked": len(memories)}
    await audit.write(tx, actor, "driver.customer_request", "driver", driver_id, at=now, reason=reason, detail=detail)
    return request_id


async def _ask(
    tx: Transaction,
    actor: Actor,
    request_id: CustomerRequestId,
    memory: Memory,
    kind: Kind,
    cleared: dict[StationId, CommandId],
    now: datetime,
) -> None:
    """Ask one station about one tag. One that has too much to do already counts as unreachable."""
    is_16 = memory.protocol == "ocpp1.6"
    if is_16 and kind is Kind.READ:
        await store.insert_answer(tx, request_id, memory, state="refused", word=NOT_IN_16, now=now)
        return
    number = await store.insert_answer(tx, request_id, memory, now=now)
    if is_16 and memory.station_id in cleared:  # one cache holds all tags
        await store.set_command(tx, number, cleared[memory.station_id])
        return
    try:
        async with tx.savepoint():
            command = _command(number, memory, kind)
            command_id = await stations.request_command(tx, actor, memory.station_id, command, now)
    except (Conflict, TooMany) as problem:
        await store.not_asked(tx, number, str(problem)[:100], now)
        return
    cleared[memory.station_id] = command_id
    await store.set_command(tx, number, command_id)


def _command(number: int, memory: Memory, kind: Kind) -> ReadCustomer | ForgetCustomer | ClearCache:
    if memory.protocol == "ocpp1.6":
        return ClearCache()
    make = ReadCustomer if kind is Kind.READ else ForgetCustomer
    return make(request_id=number, token_uid=memory.token_uid, token_type=list_rules.token_type(memory.token_kind))


async def commands_finished(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> None:
    """Take the outcomes of commands that ask stations about drivers."""
    for event in finished:
        state = STATES.get(event.state, "refused")
        if event.kind == "clear_cache" and state == "done":
            state = "cache_cleared"
        touched = await store.answered(tx, event.command_id, state, event.word[:100], now)
        await store.complete(tx, touched, now)


async def record_parts(tx: Transaction, facts: Sequence[CustomerDataReported]) -> None:
    """Keep what stations told of drivers. The last part confirms the command that asked for it."""
    parts = {
        (fact.station_id, fact.request_id, fact.part_number): (fact.data[:PART_LENGTH_MAX], fact.received_at)
        for fact in facts
        if 0 < fact.request_id <= INT32_MAX and 0 <= fact.part_number < PARTS_MAX
    }
    if parts:
        await store.keep_parts(tx, [(*key, *parts[key]) for key in sorted(parts)], PARTS_MAX)
    last = [fact for fact in facts if not fact.more_follows]
    if last:
        deeds = [
            Deed(
                station_id=fact.station_id, kind="read_customer", at=fact.received_at,
                match={"request_id": fact.request_id},
            )
            for fact in last
        ]  # fmt: skip
        await stations.confirm(tx, deeds, max(fact.received_at for fact in last))

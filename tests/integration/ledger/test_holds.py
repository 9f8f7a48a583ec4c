"""Holds on a real database: the same krona is never kept for two, and every hold has one end."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from laddverk.kernel.ids import HoldId, new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ledger import holds, service
from laddverk.ledger import store_holds as store
from laddverk.ledger.model import ADVANCES, BANK, Entry, HoldState, Line, NewHold, NotEnough
from laddverk.platform.database import Database, Transaction

AT = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def moved(key: str, amount_minor: int, owner: UUID) -> Entry:
    """`owner` brings money (or takes it, below zero)."""
    return Entry(
        idempotency_key=key,
        kind="top_up",
        occurred_at=AT,
        source_kind="test",
        source_id=owner,
        lines=(Line(BANK, amount_minor, "SEK"), Line(ADVANCES, -amount_minor, "SEK", owner)),
    )


def wanted(key: str, amount_minor: int, owner: UUID, hours: float = 1) -> NewHold:
    return NewHold(
        idempotency_key=key,
        account=ADVANCES,
        owner=owner,
        amount_minor=amount_minor,
        currency="SEK",
        source_kind="session",
        source_id=owner,
        expires_at=AT + hours * HOUR,
    )


async def left(tx: Transaction, owner: UUID, at: datetime = AT) -> int:
    return await holds.available(tx, ADVANCES, owner, "SEK", at)


async def test_a_hold_keeps_money_apart_until_it_is_captured_or_released(database: Database) -> None:
    ada = new_id()
    async with database.transaction() as tx:
        await service.post(tx, moved("in", 100_00, ada))
        first = await holds.place(tx, wanted("a", 60_00, ada), AT)
        assert await left(tx, ada) == 40_00
        second = await holds.place(tx, wanted("b", 40_00, ada), AT)
        with pytest.raises(NotEnough) as refused:
            await holds.place(tx, wanted("c", 1, ada), AT)
        assert refused.value.available_minor == 0
        assert await holds.release(tx, second, AT)
        assert not await holds.release(tx, second, AT), "released once"
        assert await holds.capture(tx, first, 55_00, AT)
        await service.post(tx, moved("used", -55_00, ada))
        assert await left(tx, ada) == 45_00
        assert not await holds.capture(tx, first, 55_00, AT), "captured once"
        with pytest.raises(Conflict):
            await holds.capture(tx, first, 54_00, AT)
        with pytest.raises(Conflict):
            await holds.capture(tx, second, 1, AT)


async def test_the_same_key_is_the_same_hold(database: Database) -> None:
    ada = new_id()
    async with database.transaction() as tx:
        await service.post(tx, moved("in", 100_00, ada))
        first = await holds.place(tx, wanted("a", 60_00, ada), AT)
        assert await holds.place(tx, wanted("a", 60_00, ada), AT) == first
        assert await left(tx, ada) == 40_00


async def test_who_has_nothing_and_what_makes_no_sense(database: Database) -> None:
    ada = new_id()
    async with database.transaction() as tx:
        with pytest.raises(NotEnough):
            await holds.place(tx, wanted("a", 1, ada), AT)
        with pytest.raises(Invalid):
            await holds.place(tx, wanted("a", 0, ada), AT)
        with pytest.raises(Invalid):
            await holds.place(tx, wanted("a", 1, ada, hours=0), AT)


async def test_money_that_comes_in_can_be_added_to_a_hold(database: Database) -> None:
    ada = new_id()
    async with database.transaction() as tx:
        await service.post(tx, moved("in", 50_00, ada))
        hold = await holds.place(tx, wanted("a", 50_00, ada), AT)
        with pytest.raises(NotEnough):
            await holds.change(tx, hold, AT, amount_minor=70_00, expires_at=AT + HOUR)
        await service.post(tx, moved("more", 20_00, ada))
        await holds.change(tx, hold, AT, amount_minor=70_00, expires_at=AT + 2 * HOUR)
        assert await left(tx, ada, AT + HOUR) == 0


async def test_a_hold_that_nobody_ends_is_over_in_its_time_and_what_was_used_is_owed_all_the_same(
    database: Database,
) -> None:
    ada = new_id()
    async with database.transaction() as tx:
        await service.post(tx, moved("in", 50_00, ada))
        hold = await holds.place(tx, wanted("a", 50_00, ada), AT)
        assert await left(tx, ada, AT + HOUR) == 50_00, "even before the job has come by"
        assert await holds.expire(tx, AT) == 0
        assert await holds.expire(tx, AT + HOUR) == 1
        assert await holds.expire(tx, AT + HOUR) == 0
        assert await holds.capture(tx, hold, 60_00, AT + HOUR)
        (found,) = await store.of_source(tx, ada)
        assert (found.state, found.captured_minor) == (HoldState.CAPTURED, 60_00)


async def test_two_sessions_never_spend_the_same_krona(database: Database) -> None:
    """Failure mode 51: many at once, and no more is kept apart than there is."""
    ada = new_id()
    async with database.transaction() as tx:
        await service.post(tx, moved("in", 50_00, ada))

    async def grab(number: int) -> HoldId | None:
        async def work(tx: Transaction) -> HoldId | None:
            try:
                return await holds.place(tx, wanted(str(number), 20_00, ada), AT)
            except NotEnough:
                return None

        return await database.run(work)

    got = await asyncio.gather(*(grab(number) for number in range(12)))
    assert sum(each is not None for each in got) == 2
    async with database.transaction() as tx:
        assert await left(tx, ada) == 10_00


@pytest.mark.parametrize("seed", range(5))
async def test_what_is_available_is_what_came_in_less_what_is_kept_and_was_used(database: Database, seed: int) -> None:
    chance, ada = random.Random(seed), new_id()
    came_in = used = 0
    active: dict[HoldId, int] = {}
    async with database.transaction() as tx:
        for step in range(60):
            amount = chance.randint(1, 100_00)
            match chance.choice(["in", "place", "place", "capture", "release", "change"]):
                case "in":
                    came_in += amount
                    await service.post(tx, moved(f"in{step}", amount, ada))
                case "place":
                    room = came_in - used - sum(active.values())
                    if amount <= room:
                        active[await holds.place(tx, wanted(f"h{step}", amount, ada), AT)] = amount
                    else:
                        with pytest.raises(NotEnough):
                            await holds.place(tx, wanted(f"h{step}", amount, ada), AT)
                case "capture" if active:
                    hold, most = active.popitem()
                    part = chance.randint(0, most)
                    await holds.capture(tx, hold, part, AT)
                    if part:
                        await service.post(tx, moved(f"use{step}", -part, ada))
                    used += part
                case "release" if active:
                    await holds.release(tx, active.popitem()[0], AT)
                case "change" if active:
                    hold = chance.choice(list(active))
                    smaller = chance.randint(1, active[hold])
                    await holds.change(tx, hold, AT, amount_minor=smaller, expires_at=AT + HOUR)
                    active[hold] = smaller
            assert await left(tx, ada) == came_in - used - sum(active.values())
        assert (await service.check(tx)).sound
    assert came_in
    assert used


async def test_every_statement_of_holds_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for name, text in vars(store).items():
            if name.isupper() and isinstance(text, str) and not name.startswith("_"):
                await tx.connection.prepare(text)

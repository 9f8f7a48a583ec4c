"""The ledger on a real database: once, balanced, unchangeable."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from laddverk.kernel.actors import rule
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Invalid
from laddverk.ledger import chart, service, store
from laddverk.ledger.model import ChartRow, Entry, LedgerUnsound, Line, TrialBalanceRow
from laddverk.platform import outbox
from laddverk.platform.database import Database, Transaction

AT = datetime(2026, 11, 1, tzinfo=UTC)


def entry(key: str, amount: int, owner: UUID | None = None, at: datetime = AT) -> Entry:
    return Entry(
        idempotency_key=key,
        kind="invoice",
        occurred_at=at,
        source_kind="invoice",
        source_id=new_id(),
        lines=(Line("1510", amount, "SEK", owner), Line("3001", -amount, "SEK")),
    )


async def test_an_entry_is_posted_once_however_often_it_is_asked_for(database: Database) -> None:
    async with database.transaction() as tx:
        assert await service.post(tx, entry("a", 100))
        assert not await service.post(tx, entry("a", 100))
        assert await service.post_many(tx, [entry("b", 1), entry("a", 100), entry("b", 1)]) == [True, False, False]
        assert await service.balance(tx, "1510") == 101


async def test_balances_are_kept_per_owner_and_in_all(database: Database) -> None:
    ada, bo = new_id(), new_id()
    async with database.transaction() as tx:
        await service.post_many(tx, [entry("a", 100, ada), entry("b", 30, bo), entry("c", -10, ada)])
        assert await service.balance(tx, "1510", owner=ada) == 90
        assert await service.balance(tx, "1510", owner=bo) == 30
        assert await service.balance(tx, "1510") == 120
        assert await service.balance(tx, "1510", currency="EUR") == 0


async def test_the_trial_balance_sums_to_zero_at_any_day(database: Database) -> None:
    later = datetime(2026, 12, 1, tzinfo=UTC)
    async with database.transaction() as tx:
        await service.post_many(tx, [entry("a", 100), entry("b", -40), entry("c", 7, at=later)])
        assert await service.trial_balance(tx, later) == [
            TrialBalanceRow("1510", "Receivables from customers", "SEK", 100, 40),
            TrialBalanceRow("3001", "Sales of charging, VAT 25 %", "SEK", 40, 100),
        ]
        assert sum(row.balance_minor for row in await service.trial_balance(tx)) == 0


@pytest.mark.failure_mode(53)
async def test_the_database_itself_refuses_what_does_not_sum_to_zero(database: Database) -> None:
    async def post_half(tx: Transaction) -> None:
        written = await store.insert_transactions(tx, [entry("a", 1)])
        await store.insert_postings(tx, [(written["a"], Line("1510", 1, "SEK"))])

    with pytest.raises(asyncpg.CheckViolationError):
        await database.run(post_half)


@pytest.mark.failure_mode(53)
async def test_postings_cannot_be_changed_or_removed(database: Database) -> None:
    async with database.transaction() as tx:
        await service.post(tx, entry("a", 1))
    for statement in ("UPDATE posting SET amount_minor = 2", "DELETE FROM posting", "DELETE FROM ledger_transaction",
                      "TRUNCATE posting", "TRUNCATE ledger_transaction CASCADE"):  # fmt: skip
        with pytest.raises(asyncpg.RestrictViolationError):
            async with database.transaction() as tx:
                await tx.execute(statement)


async def test_many_writers_at_once_agree_with_the_postings(database: Database) -> None:
    async def post_some(number: int) -> None:
        async def work(tx: Transaction) -> list[bool]:
            return await service.post_many(tx, [entry(f"{number % 10}/{place}", place + 1) for place in range(20)])

        await database.run(work)

    await asyncio.gather(*(post_some(number) for number in range(20)))
    async with database.transaction() as tx:
        found = await service.check(tx)
        assert (found.transactions, found.postings, found.sound) == (200, 400, True)
        assert await service.balance(tx, "1510") == 10 * 210


@pytest.mark.failure_mode(53)
async def test_a_balance_that_was_tampered_with_is_found(database: Database) -> None:
    async with database.transaction() as tx:
        await service.post(tx, entry("a", 1))
        await tx.execute("UPDATE account_balance SET amount_minor = amount_minor + 1")
        assert (await service.check(tx)).wrong_balances == 2


async def test_every_statement_can_be_prepared(database: Database) -> None:
    async with database.transaction() as tx:
        for name, text in vars(store).items():
            if name.isupper() and isinstance(text, str):
                await tx.connection.prepare(text)


async def test_the_nightly_look_is_written_down_and_an_unsound_ledger_is_told(database: Database) -> None:
    outbox.subscribe(LedgerUnsound, "test.unsound")
    async with database.transaction() as tx:
        await service.post(tx, entry("a", 1))
        assert (await service.check_and_keep(tx, AT)).sound
        assert await tx.value("SELECT count(*) FROM job WHERE kind = 'test.unsound'") == 0
        await tx.execute("UPDATE account_balance SET amount_minor = amount_minor + 1")
        assert not (await service.check_and_keep(tx, AT)).sound
        assert await tx.value("SELECT count(*) FROM job WHERE kind = 'test.unsound'") == 1
        assert await tx.values("SELECT wrong_balances FROM ledger_check ORDER BY id") == [0, 2]


async def test_an_account_is_shown_by_the_operators_own_number(database: Database) -> None:
    clerk = rule("test")
    async with database.transaction() as tx:
        await chart.rename(tx, clerk, ChartRow("1580", "1583", "Stripe"), AT)
        assert (await chart.chart(tx))["1580"] == ChartRow("1580", "1583", "Stripe")
        assert (await chart.chart(tx))["1930"] == ChartRow("1930", "1930")
        await chart.rename(tx, clerk, ChartRow("1580", "1580"), AT)
        assert (await chart.chart(tx))["1580"] == ChartRow("1580", "1580")
        for wrong in (ChartRow("9999", "1580"), ChartRow("1580", "158"), ChartRow("1580", "1580", "x" * 81)):
            with pytest.raises(Invalid):
                await chart.rename(tx, clerk, wrong, AT)
        assert await tx.value("SELECT count(*) FROM audit_log WHERE action = 'ledger.account_renamed'") == 2

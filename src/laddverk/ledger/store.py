"""The ledger in PostgreSQL. Sets in, sets out; no decision is made here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import new_id
from laddverk.ledger.model import ACCOUNT_NAMES, ChartRow, Entry, LedgerCheck, Line, TrialBalanceRow
from laddverk.platform.database import Transaction

INSERT_TRANSACTIONS: Final = """
INSERT INTO ledger_transaction (id, idempotency_key, kind, occurred_at, booked_at, source_kind, source_id, text)
SELECT id, idempotency_key, kind, occurred_at, now(), source_kind, source_id, text
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::uuid[], $7::text[])
     AS given (id, idempotency_key, kind, occurred_at, source_kind, source_id, text)
ORDER BY idempotency_key
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id, idempotency_key
"""

INSERT_ACCOUNTS: Final = """
INSERT INTO account (id, number, name, owner_kind, owner_id, currency)
SELECT id, number, name, CASE WHEN owner_id IS NOT NULL THEN 'driver' END, owner_id, currency
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[]) AS given (id, number, name, owner_id, currency)
ORDER BY number, owner_id, currency
ON CONFLICT DO NOTHING
"""

# Accounts are found by their number, owner and currency while the postings are written; the balances follow in the
# same statement, in the order of the account so that two writers cannot wait for each other.
INSERT_POSTINGS: Final = """
WITH given AS (
    SELECT transaction_id, number, owner_id, currency, amount_minor
    FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[])
         AS given (transaction_id, number, owner_id, currency, amount_minor)
), written AS (
    INSERT INTO posting (transaction_id, account_id, amount_minor, currency)
    SELECT given.transaction_id, account.id, given.amount_minor, given.currency
    FROM given JOIN account ON account.number = given.number AND account.currency = given.currency
         AND coalesce(account.owner_id, '00000000-0000-0000-0000-000000000000')
           = coalesce(given.owner_id, '00000000-0000-0000-0000-000000000000')
    RETURNING account_id, amount_minor
)
INSERT INTO account_balance (account_id, amount_minor)
SELECT account_id, sum(amount_minor) FROM written GROUP BY account_id ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET amount_minor = account_balance.amount_minor + excluded.amount_minor
"""

BALANCE: Final = """
SELECT coalesce(sum(account_balance.amount_minor), 0)::bigint
FROM account JOIN account_balance ON account_balance.account_id = account.id
WHERE account.number = $1 AND account.currency = $2 AND ($3::uuid IS NULL OR account.owner_id = $3)
"""

TRIAL_BALANCE: Final = """
SELECT account.number, min(account.name) AS name, account.currency,
       coalesce(sum(posting.amount_minor) FILTER (WHERE posting.amount_minor > 0), 0)::bigint AS debit_minor,
       coalesce(-sum(posting.amount_minor) FILTER (WHERE posting.amount_minor < 0), 0)::bigint AS credit_minor
FROM account
LEFT JOIN (
    SELECT posting.account_id, posting.amount_minor FROM posting
    JOIN ledger_transaction ON ledger_transaction.id = posting.transaction_id
    WHERE ledger_transaction.occurred_at < $1
) AS posting ON posting.account_id = account.id
GROUP BY account.number, account.currency ORDER BY account.number, account.currency
"""

CHECK: Final = """
SELECT (SELECT count(*) FROM ledger_transaction) AS transactions,
       (SELECT count(*) FROM posting) AS postings,
       (SELECT coalesce(sum(amount_minor), 0)::bigint FROM posting) AS sum_minor,
       (SELECT count(*) FROM (
            SELECT 1 FROM posting GROUP BY transaction_id, currency HAVING sum(amount_minor) <> 0
        ) AS wrong) AS unbalanced,
       (SELECT count(*) FROM account_balance
        FULL JOIN (SELECT account_id, sum(amount_minor) AS amount_minor FROM posting GROUP BY account_id) AS posted
             USING (account_id)
        WHERE coalesce(account_balance.amount_minor, 0) <> coalesce(posted.amount_minor, 0)) AS wrong_balances
"""

KEEP_CHECK: Final = """
INSERT INTO ledger_check (id, checked_at, transactions, postings, unbalanced, wrong_balances, sum_minor)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

CHART: Final = "SELECT account, number, name FROM ledger_chart ORDER BY account"
SET_CHART: Final = """
INSERT INTO ledger_chart (account, number, name, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account) DO UPDATE SET number = excluded.number, name = excluded.name,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
UNSET_CHART: Final = "DELETE FROM ledger_chart WHERE account = $1"


class Written(Struct, frozen=True):
    """A transaction that was not there before."""

    id: UUID
    idempotency_key: str


async def insert_transactions(tx: Transaction, entries: Sequence[Entry]) -> dict[str, UUID]:
    """Write the heads of `entries`; return the ids of those that are new, by idempotency key."""
    written = await tx.fetch(
        Written,
        INSERT_TRANSACTIONS,
        [new_id() for _ in entries],
        [entry.idempotency_key for entry in entries],
        [entry.kind for entry in entries],
        [entry.occurred_at for entry in entries],
        [entry.source_kind for entry in entries],
        [entry.source_id for entry in entries],
        [entry.text for entry in entries],
    )
    return {each.idempotency_key: each.id for each in written}


async def insert_postings(tx: Transaction, lines: Sequence[tuple[UUID, Line]]) -> None:
    """Write `lines` of the given transactions, make accounts that are missing, and move the balances."""
    wanted = list({(line.account, line.owner, line.currency) for _, line in lines})
    await tx.execute(
        INSERT_ACCOUNTS,
        [new_id() for _ in wanted],
        [number for number, _, _ in wanted],
        [ACCOUNT_NAMES.get(number, number) for number, _, _ in wanted],
        [owner for _, owner, _ in wanted],
        [currency for _, _, currency in wanted],
    )
    await tx.execute(
        INSERT_POSTINGS,
        [transaction_id for transaction_id, _ in lines],
        [line.account for _, line in lines],
        [line.owner for _, line in lines],
        [line.currency for _, line in lines],
        [line.amount_minor for _, line in lines],
    )


async def balance(tx: Transaction, number: str, currency: str, owner: UUID | None) -> int:
    """Return the balance of an account; without `owner`, of all its sub-accounts together."""
    return int(await tx.value(BALANCE, number, currency, owner))


async def trial_balance(tx: Transaction, before: datetime) -> list[TrialBalanceRow]:
    """Return debit and credit of each account number for what occurred before an instant."""
    return await tx.fetch(TrialBalanceRow, TRIAL_BALANCE, before)


async def check(tx: Transaction) -> LedgerCheck:
    """Look at every posting and every balance."""
    found = await tx.fetch_one(LedgerCheck, CHECK)
    assert found is not None
    return found


async def keep_check(tx: Transaction, check_id: UUID, found: LedgerCheck, now: datetime) -> None:
    """Write down what a look at the ledger found."""
    await tx.execute(
        KEEP_CHECK,
        check_id,
        now,
        found.transactions,
        found.postings,
        found.unbalanced,
        found.wrong_balances,
        found.sum_minor,
    )


async def chart(tx: Transaction) -> list[ChartRow]:
    """Return the accounts that the operator calls otherwise."""
    return await tx.fetch(ChartRow, CHART)


async def set_chart(tx: Transaction, row: ChartRow, now: datetime, by: str) -> None:
    """Call an account otherwise from now on."""
    await tx.execute(SET_CHART, row.account, row.number, row.name, now, by)


async def unset_chart(tx: Transaction, account: str) -> None:
    """Call an account by the house's own number and name again."""
    await tx.execute(UNSET_CHART, account)

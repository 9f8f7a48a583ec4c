"""What screens read of the ledger. SQL and nothing else; nothing is changed here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account number with all its sub-accounts, as the trial balance shows it."""

    number: str
    name: str
    currency: str
    accounts: int
    debit_minor: int
    credit_minor: int
    balance_minor: int


ACCOUNTS = """
SELECT number, min(name) AS name, account.currency, count(DISTINCT account.id) AS accounts,
       coalesce(sum(amount_minor) FILTER (WHERE amount_minor > 0), 0)::bigint AS debit_minor,
       coalesce(-sum(amount_minor) FILTER (WHERE amount_minor < 0), 0)::bigint AS credit_minor,
       coalesce(sum(amount_minor), 0)::bigint AS balance_minor
FROM account LEFT JOIN posting ON posting.account_id = account.id
GROUP BY number, account.currency ORDER BY number, account.currency
"""


async def accounts(tx: Transaction) -> list[AccountRow]:
    """Return every account with what was debited and credited, added up from the postings themselves."""
    return await tx.fetch(AccountRow, ACCOUNTS)


class PostingRow(Struct, frozen=True, kw_only=True):
    """One line of one ledger transaction."""

    transaction_id: UUID
    occurred_at: datetime
    booked_at: datetime
    kind: str
    text: str
    source_kind: str
    source_id: UUID
    number: str
    name: str
    amount_minor: int
    currency: str


_POSTINGS = """
SELECT ledger_transaction.id AS transaction_id, occurred_at, booked_at, kind, text, source_kind, source_id,
       account.number, account.name, posting.amount_minor, posting.currency
FROM posting
JOIN ledger_transaction ON ledger_transaction.id = posting.transaction_id
JOIN account ON account.id = posting.account_id
"""
# By the operator's own numbers and names, as in the chart.
JOURNAL = """
SELECT entry.id AS transaction_id, occurred_at, booked_at, kind, text, source_kind, source_id,
       coalesce(ledger_chart.number, account.number) AS number,
       coalesce(nullif(ledger_chart.name, ''), account.name) AS name, posting.amount_minor, posting.currency
FROM posting
JOIN ledger_transaction AS entry ON entry.id = posting.transaction_id
JOIN account ON account.id = posting.account_id
LEFT JOIN ledger_chart ON ledger_chart.account = account.number
WHERE ($1::timestamptz IS NULL OR occurred_at >= $1) AND ($2::timestamptz IS NULL OR occurred_at < $2)
ORDER BY posting.id LIMIT $3 OFFSET $4
"""
OF_ACCOUNT = _POSTINGS + "WHERE account.number = $1 ORDER BY posting.id DESC LIMIT $2 OFFSET $3"
OF_SOURCE = _POSTINGS + "WHERE source_id = $1 ORDER BY posting.id LIMIT 200"


async def postings(tx: Transaction, number: str, *, limit: int = 100, offset: int = 0) -> list[PostingRow]:
    """Return the latest postings on an account number."""
    return await tx.fetch(PostingRow, OF_ACCOUNT, number, limit, offset)


async def postings_of(tx: Transaction, source_id: UUID) -> list[PostingRow]:
    """Return what a payment, an invoice or another source caused in the ledger."""
    return await tx.fetch(PostingRow, OF_SOURCE, source_id)


async def journal(
    tx: Transaction, since: datetime | None, until: datetime | None, *, limit: int, offset: int = 0
) -> list[PostingRow]:
    """Return postings of what occurred from `since` to before `until`, in the order in which they were made."""
    return await tx.fetch(PostingRow, JOURNAL, since, until, limit, offset)


class CheckRow(Struct, frozen=True, kw_only=True):
    """What one nightly look at the whole ledger found."""

    checked_at: datetime
    transactions: int
    postings: int
    unbalanced: int
    wrong_balances: int
    sum_minor: int

    @property
    def sound(self) -> bool:
        """Whether the ledger agreed with itself."""
        return not (self.unbalanced or self.wrong_balances or self.sum_minor)


CHECKS = "SELECT * FROM ledger_check ORDER BY checked_at DESC LIMIT 30"


UNSOUND = """
SELECT count(*) FROM (SELECT * FROM ledger_check ORDER BY checked_at DESC LIMIT 1) AS latest
WHERE unbalanced <> 0 OR wrong_balances <> 0 OR sum_minor <> 0
"""


async def count_unsound(tx: Transaction) -> int:
    """Return 1 when the latest nightly look found a ledger that does not agree with itself, else 0."""
    return int(await tx.value(UNSOUND))


async def checks(tx: Transaction) -> list[CheckRow]:
    """Return the latest thirty nightly looks, latest first."""
    return await tx.fetch(CheckRow, CHECKS)

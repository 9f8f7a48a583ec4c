"""Posting to the ledger and looking at it. Callers bring the transaction, so money and its cause commit together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from laddverk.kernel.ids import new_id
from laddverk.ledger import store
from laddverk.ledger.model import Entry, LedgerCheck, LedgerUnsound, TrialBalanceRow
from laddverk.ledger.rules import balanced
from laddverk.platform import outbox
from laddverk.platform.database import Transaction

END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def post(tx: Transaction, entry: Entry) -> bool:
    """Post `entry`; return False when its key was posted before. Raises `Invalid` when it does not sum to zero."""
    return (await post_many(tx, [entry]))[0]


def post_later(tx: Transaction, entry: Entry) -> None:
    """Post `entry` with others of its transaction, at the latest when it commits; one that was posted before is not.

    Raises `Invalid` when it does not sum to zero.
    """
    tx.later(_post_gathered, balanced(entry))


async def _post_gathered(tx: Transaction, entries: Sequence[Entry]) -> None:
    await post_many(tx, entries)


async def post_many(tx: Transaction, entries: Sequence[Entry]) -> list[bool]:
    """Post `entries` in a handful of statements; say for each whether it is new.

    A key that comes twice in one call is posted once. Raises `Invalid`, and posts nothing, when any of them does not
    sum to zero. An entry whose lines are all zero leaves its head in the ledger, as proof that it was considered.
    """
    unique = {entry.idempotency_key: balanced(entry) for entry in reversed(entries)}
    if not unique:
        return []
    written = await store.insert_transactions(tx, list(unique.values()))
    lines = [(written[key], line) for key, entry in unique.items() if key in written for line in entry.lines]
    if lines:
        await store.insert_postings(tx, lines)
    return [written.pop(entry.idempotency_key, None) is not None for entry in entries]


async def balance(tx: Transaction, number: str, *, currency: str = "SEK", owner: UUID | None = None) -> int:
    """Return the balance of account `number` in minor units: of one owner, or of all together."""
    return await store.balance(tx, number, currency, owner)


async def trial_balance(tx: Transaction, before: datetime = END_OF_TIME) -> list[TrialBalanceRow]:
    """Return debit and credit of every account number, for what occurred before an instant."""
    return await store.trial_balance(tx, before)


async def check(tx: Transaction) -> LedgerCheck:
    """Return what a full look at the ledger finds: it must be `sound`."""
    return await store.check(tx)


async def check_and_keep(tx: Transaction, now: datetime) -> LedgerCheck:
    """Look at the whole ledger, write down what was found, and tell the others when it is not sound."""
    found, check_id = await store.check(tx), new_id()
    await store.keep_check(tx, check_id, found, now)
    if not found.sound:
        unsound = LedgerUnsound(
            check_id=check_id,
            unbalanced=found.unbalanced,
            wrong_balances=found.wrong_balances,
            sum_minor=found.sum_minor,
        )
        await outbox.publish(tx, [unsound])
    return found

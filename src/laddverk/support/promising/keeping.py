"""Keeping promises: with each change of a case its clock is looked at, and what is due is written down."""

from __future__ import annotations

from datetime import datetime

from laddverk.platform.database import Transaction
from laddverk.support.model import Case
from laddverk.support.promising import rules, store


async def kept(tx: Transaction, case: Case, now: datetime) -> Case:
    """Return `case` with its promise and what is due by it, to be saved.

    The promise is chosen anew each time: a case that becomes urgent, or turns out to be of another kind, has the
    promise of such cases from its beginning.
    """
    promises = await store.promises(tx)
    if not promises and case.promise_id is None:
        return case
    accounts = await store.accounts_of(tx, case.driver_id) if any(one.account_ids for one in promises) else ()
    hours = {one.id: one for one in await store.hours(tx, removed=True) if one.id is not None}
    chosen = rules.fitting(promises, case, frozenset(accounts))
    return rules.promised(case, chosen, hours, now)

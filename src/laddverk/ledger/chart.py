"""The chart of accounts: which number and name the operator's own bookkeeping has for each account of the house.

The ledger always posts to the house's own numbers, after BAS. Pages and exports show the operator's. So a change of the
chart changes no posting, and holds for everything that has not been exported yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Invalid
from laddverk.ledger import store
from laddverk.ledger.model import ACCOUNT_NAMES, ChartRow
from laddverk.platform import audit
from laddverk.platform.database import Transaction

NUMBER: Final = re.compile(r"[1-8][0-9]{3,5}")
NAME_LENGTH_MAX: Final = 80


async def chart(tx: Transaction) -> Mapping[str, ChartRow]:
    """Return, for each account of the house, what the operator calls it."""
    own = {row.account: row for row in await store.chart(tx)}
    return {account: own.get(account, ChartRow(account, account)) for account in ACCOUNT_NAMES}


async def rename(tx: Transaction, actor: Actor, row: ChartRow, now: datetime) -> None:
    """Show `row.account` by another number and name; by its own number and no name, as it was at first.

    Two accounts may share a number: they are one account in the operator's books. Raises `Invalid` by field.
    """
    actor.require(Permission.INVOICES_WRITE)
    if row.account not in ACCOUNT_NAMES:
        raise Invalid("There is no such account.", field="account")
    if not NUMBER.fullmatch(row.number):
        raise Invalid("This is no account number.", field="number", remedy="Give four to six digits, the first 1 to 8.")
    if len(row.name) > NAME_LENGTH_MAX or not row.name.isprintable():
        raise Invalid("The name is too long.", field="name", remedy="Give at most 80 characters.")
    if row == ChartRow(row.account, row.account):
        await store.unset_chart(tx, row.account)
    else:
        await store.set_chart(tx, row, now, actor.name or actor.kind)
    detail = {"account": row.account, "number": row.number, "name": row.name}
    await audit.write(tx, actor, "ledger.account_renamed", "account", None, at=now, detail=detail)

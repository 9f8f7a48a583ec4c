"""Uniqueness: a unique constraint of the database that says no, told to a person in words about the field."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from laddverk.kernel.problems import Conflict
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked


@asynccontextmanager
async def told_apart(tx: Transaction, words: Mapping[str, tuple[str, str]]) -> AsyncIterator[None]:
    """Raise `Conflict` when what is inside violates one of the named constraints; only what is inside is undone.

    `words` gives for each constraint the field and the message. Asking the database is the only way that is right
    when two people enter the same thing at once.
    """
    try:
        async with tx.savepoint():
            yield
    except asyncpg.UniqueViolationError as violation:
        field, message = words.get(str(violation.constraint_name), ("", ""))
        if not message:
            raise
        raise Conflict(message, field=field, remedy=marked("Choose another one.")) from violation

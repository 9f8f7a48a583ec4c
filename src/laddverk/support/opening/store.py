"""Rules at opening in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from typing import Final

import msgspec

from laddverk.platform.database import Transaction
from laddverk.support.opening.model import Rule

ALL: Final = """
SELECT id, name, position, looks_at, does FROM support_rule WHERE removed_at IS NULL ORDER BY position, name
"""
SAVE: Final = """
INSERT INTO support_rule (id, position, name, looks_at, does) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO UPDATE SET position = excluded.position, name = excluded.name, looks_at = excluded.looks_at,
                               does = excluded.does
"""
REMOVE: Final = "UPDATE support_rule SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
RESTORE: Final = "UPDATE support_rule SET removed_at = NULL WHERE id = $1"


async def rules(tx: Transaction) -> list[Rule]:
    """Return the rules there are, in their order."""
    return await tx.fetch(Rule, ALL)


async def save(tx: Transaction, rule: Rule) -> None:
    """Write a rule, new or changed."""
    looks_at, does = msgspec.to_builtins(rule.looks_at), msgspec.to_builtins(rule.does)
    await tx.execute(SAVE, rule.id, rule.position, rule.name, looks_at, does)

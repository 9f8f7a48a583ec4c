"""Rules for vendors' own messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from laddverk.platform.database import Transaction
from laddverk.stations.model import VendorRule

RULES = """
SELECT vendor_id, message_id, status, data, note FROM vendor_rule
WHERE lower(vendor_id) = ANY($1) ORDER BY vendor_id, message_id
"""


async def rules_for(tx: Transaction, vendor_ids: Sequence[str]) -> list[VendorRule]:
    """Return the rules for these vendors, whose ids are given in lower case."""
    return await tx.fetch(VendorRule, RULES, list(vendor_ids))


KEEP_RULE = """
INSERT INTO vendor_rule (vendor_id, message_id, status, data, note, changed_at, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (vendor_id, message_id) DO UPDATE SET status = excluded.status, data = excluded.data,
       note = excluded.note, changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""


async def keep_rule(tx: Transaction, rule: VendorRule, by: str, now: datetime) -> None:
    """Keep a rule, in the place of an older one for the same message."""
    await tx.execute(KEEP_RULE, rule.vendor_id, rule.message_id, rule.status, rule.data, rule.note, now, by)


DROP_RULE = "DELETE FROM vendor_rule WHERE vendor_id = $1 AND message_id = $2"


async def drop_rule(tx: Transaction, vendor_id: str, message_id: str) -> bool:
    """Delete a rule; return whether there was one."""
    return await tx.execute(DROP_RULE, vendor_id, message_id) > 0


COUNT_RULES = "SELECT count(*) FROM vendor_rule"


async def count_rules(tx: Transaction) -> int:
    """Return how many rules there are."""
    counted: int = await tx.value(COUNT_RULES)
    return counted

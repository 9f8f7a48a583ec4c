"""Macros in PostgreSQL, and what fills their places. SQL and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.platform.database import Transaction
from laddverk.support.macros.model import Macro

# One's own, those of one's teams, and those of all; the most used first.
USABLE: Final = """
SELECT id, name, scope, owner_id, team_id, texts, deeds, used, changed_at FROM support_macro
WHERE removed_at IS NULL
  AND (scope = 'all' OR owner_id = $1
       OR (scope = 'team' AND team_id IN (SELECT id FROM support_team WHERE $1 = ANY(members) AND removed_at IS NULL)))
  AND ($2 = '' OR name ILIKE '%' || $2 || '%' OR texts::text ILIKE '%' || $2 || '%')
ORDER BY used DESC, name LIMIT $3
"""
EVERY: Final = """
SELECT id, name, scope, owner_id, team_id, texts, deeds, used, changed_at FROM support_macro
WHERE removed_at IS NULL AND id = $1
"""
SAVE: Final = """
INSERT INTO support_macro (id, name, scope, owner_id, team_id, texts, deeds, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, scope = excluded.scope, team_id = excluded.team_id,
                               texts = excluded.texts, deeds = excluded.deeds, changed_at = excluded.changed_at
"""
REMOVE: Final = "UPDATE support_macro SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
RESTORE: Final = "UPDATE support_macro SET removed_at = NULL WHERE id = $1"
OWNER: Final = "SELECT owner_id FROM support_macro WHERE id = $1 AND scope = 'own'"
USED: Final = "UPDATE support_macro SET used = used + 1 WHERE id = $1"
FACTS: Final = """
SELECT station.name AS charger, site.name AS site, session.number AS session, session.energy_wh,
       session.price_minor, session.currency,
       (SELECT code FROM connector WHERE connector.station_id = support_case.station_id
          AND connector.evse_number = support_case.evse_number ORDER BY connector_number LIMIT 1) AS outlet,
       coalesce(driver.name, '') AS account_name
FROM support_case
LEFT JOIN station ON station.id = support_case.station_id
LEFT JOIN site ON site.id = support_case.site_id
LEFT JOIN session ON session.id = support_case.session_id
LEFT JOIN driver ON driver.id = support_case.driver_id
WHERE support_case.id = $1
"""


class Facts(Struct, frozen=True, kw_only=True):
    """What a case knows that can stand in a text."""

    charger: str | None
    site: str | None
    session: int | None
    energy_wh: int | None
    price_minor: int | None
    currency: str | None
    outlet: str | None
    account_name: str


async def usable(tx: Transaction, me: UUID | None, search: str = "", limit: int = 200) -> list[Macro]:
    """Return the macros that somebody can use."""
    escaped = search.replace("\\", "").replace("%", "\\%").replace("_", "\\_")
    return await tx.fetch(Macro, USABLE, me, escaped, limit)


async def macro(tx: Transaction, identity: UUID) -> Macro | None:
    """Return one macro, whoever's it is."""
    return await tx.fetch_one(Macro, EVERY, identity)


async def save(tx: Transaction, given: Macro, now: datetime) -> None:
    """Write a macro, new or changed; whose it is stays."""
    await tx.execute(
        SAVE, given.id, given.name, given.scope, given.owner_id, given.team_id, given.texts,
        msgspec.to_builtins(given.deeds), now,
    )  # fmt: skip


async def note_used(tx: Transaction, identity: UUID) -> None:
    """Count one use."""
    await tx.execute(USED, identity)


async def facts(tx: Transaction, case_id: UUID) -> Facts | None:
    """Return what a case knows that can stand in a text."""
    return await tx.fetch_one(Facts, FACTS, case_id)

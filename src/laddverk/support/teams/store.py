"""Teams in PostgreSQL. SQL and nothing else."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from laddverk.platform.database import Transaction
from laddverk.support.teams.model import Person, Team

ALL: Final = """
SELECT id, name, lead_id, members, kinds, site_ids, takes_turns, last_given_id FROM support_team
WHERE removed_at IS NULL ORDER BY name
"""
SAVE: Final = """
INSERT INTO support_team (id, name, lead_id, members, kinds, site_ids, takes_turns)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, lead_id = excluded.lead_id, members = excluded.members, kinds = excluded.kinds,
    site_ids = excluded.site_ids, takes_turns = excluded.takes_turns
"""
GIVEN: Final = "UPDATE support_team SET last_given_id = $2 WHERE id = $1"
REMOVE: Final = "UPDATE support_team SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL"
RESTORE: Final = "UPDATE support_team SET removed_at = NULL WHERE id = $1"
PEOPLE: Final = """
SELECT id, name, email, language FROM operator
WHERE disabled_at IS NULL AND role IN ('admin', 'operator', 'support') ORDER BY name LIMIT 500
"""


async def teams(tx: Transaction) -> list[Team]:
    """Return the teams there are."""
    return await tx.fetch(Team, ALL)


async def team(tx: Transaction, identity: UUID | None) -> Team | None:
    """Return one team."""
    return next((one for one in await teams(tx) if one.id == identity), None)


async def save(tx: Transaction, given: Team) -> None:
    """Write a team, new or changed; whose turn it is stays."""
    await tx.execute(
        SAVE, given.id, given.name, given.lead_id, list(given.members), list(given.kinds), list(given.site_ids),
        given.takes_turns,
    )  # fmt: skip


async def note_given(tx: Transaction, identity: UUID, member: UUID) -> None:
    """Note who got the last case."""
    await tx.execute(GIVEN, identity, member)


async def people(tx: Transaction) -> list[Person]:
    """Return who can have cases."""
    return await tx.fetch(Person, PEOPLE)

"""Who may change how the desk works, and how such a change is written down: teams, hours, promises, macros, rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

NAME_MAX: Final = 80


def require(actor: Actor) -> None:
    """Raise `NotAllowed` unless somebody may change how the desk works for all. The whole network's: no site's."""
    actor.require(Permission.CASES_WRITE)
    actor.require(Permission.STATIONS_WRITE)
    actor.require_everywhere()


async def noted(
    tx: Transaction, actor: Actor, action: str, identity: UUID, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Write a change of the desk's settings to the audit log; `action` like `team.saved`."""
    kind = "support_" + action.partition(".")[0]
    await audit.write(tx, actor, f"support_{action}", kind, identity, at=now, detail=dict(detail or {}))


async def switched(tx: Transaction, actor: Actor, action: str, sql: str, identity: UUID, *args: object) -> None:
    """Remove a setting or put it back by `sql`. Raises `NotFound` where there is none. `args` begin with the time."""
    require(actor)
    if not await tx.execute(sql, identity, *(args if "$2" in sql else ())):
        raise NotFound("There is nothing like that.")
    assert isinstance(args[0], datetime)
    await noted(tx, actor, action, identity, args[0])

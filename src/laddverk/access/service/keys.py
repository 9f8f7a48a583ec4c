"""API keys: made by somebody who may do what the key may, shown once, revoked with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from laddverk.access import rules
from laddverk.access.model import NewApiKey
from laddverk.access.store import sign_ins as store
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import ApiKeyId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

NAME_LENGTH_MAX: Final = 100


async def create_api_key(
    tx: Transaction, actor: Actor, name: str, scopes: Iterable[Permission], now: datetime
) -> NewApiKey:
    """Make an API key and return its secret, which is never shown again. Needs staff:write, and every scope itself."""
    actor.require(Permission.STAFF_WRITE)
    granted = frozenset(scopes)
    name = rules.checked_text("name", name, NAME_LENGTH_MAX, may_be_empty=False)
    if not granted:
        raise Invalid("Choose what the key may do.", field="scopes")
    rules.check_may_grant(actor, granted)
    key_id, secret = ApiKeyId(new_id()), rules.new_api_key()
    words = sorted(scope.value for scope in granted)
    created_by = actor.id if actor.kind == "operator" else None
    await store.insert_key(tx, key_id, name, rules.hashed(secret), words, created_by, now)
    await audit.write(tx, actor, "api_key.created", "api_key", key_id, at=now, detail={"name": name, "scopes": words})
    return NewApiKey(key_id, secret)


async def revoke_api_key(tx: Transaction, actor: Actor, key_id: ApiKeyId, now: datetime, reason: str = "") -> None:
    """Take a key out of force, at once. Needs staff:write."""
    actor.require(Permission.STAFF_WRITE)
    if not await store.revoke_key(tx, key_id, now):
        raise NotFound("There is no such key in force.")
    await audit.write(tx, actor, "api_key.revoked", "api_key", key_id, at=now, reason=reason)

"""Tokens: entered, changed, blocked, and what each comes to when it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import msgspec

from laddverk.access import rules
from laddverk.access.model import NewToken, Standing, TokenDetails, TokensChanged, TokenStanding
from laddverk.access.service.drivers import checked_reason
from laddverk.access.store import drivers as store
from laddverk.access.store.drivers import KnownToken
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import TokenId, new_id
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for, marked
from laddverk.platform.uniqueness import told_apart

LABEL_LENGTH_MAX: Final = 100
KINDS: Final = ("rfid", "emaid", "mac", "central", "keycode", "app", "adhoc")
TAKEN: Final = {"token_uid_key": ("uid", marked("There already is a tag with this number."))}


async def create_token(tx: Transaction, actor: Actor, token: NewToken, now: datetime) -> TokenId:
    """Add a token and return its id. Needs drivers:write. Raises `Invalid`, or `Conflict` when the uid is taken."""
    return (await create_tokens(tx, actor, [token], now))[0]


async def create_tokens(tx: Transaction, actor: Actor, tokens: Sequence[NewToken], now: datetime) -> list[TokenId]:
    """Add tokens, all or none, and return their ids, aligned."""
    actor.require(Permission.DRIVERS_WRITE)
    new = [(TokenId(new_id()), _checked(token)) for token in tokens]
    try:
        async with told_apart(tx, TAKEN):
            await store.insert_tokens(tx, new, now)
    except asyncpg.ForeignKeyViolationError as violation:
        raise Invalid("There is no such driver.", field="driver") from violation
    for token_id, token in new:
        await audit.write(tx, actor, "token.created", "token", token_id, at=now, detail=_plain(token))
    await outbox.publish(tx, [TokensChanged()])
    return [token_id for token_id, _ in new]


def _checked(token: NewToken) -> NewToken:
    return msgspec.structs.replace(
        token,
        uid=rules.checked_uid(token.uid),
        label=rules.checked_text("label", token.label, LABEL_LENGTH_MAX),
        kind=rules.checked_choice("kind", token.kind, KINDS),
        group_code=rules.checked_group(token.group_code),
    )


async def update_token(tx: Transaction, actor: Actor, token_id: TokenId, details: TokenDetails, now: datetime) -> None:
    """Change whose a token is, its label, its group and how long it is valid."""
    actor.require(Permission.DRIVERS_WRITE)
    label = rules.checked_text("label", details.label, LABEL_LENGTH_MAX)
    details = msgspec.structs.replace(details, label=label, group_code=rules.checked_group(details.group_code))
    try:
        async with tx.savepoint():
            found = await store.update_tokens(tx, [(token_id, details)])
    except asyncpg.ForeignKeyViolationError as violation:
        raise Invalid("There is no such driver.", field="driver") from violation
    if not found:
        raise NotFound("There is no such tag.")
    is_over = details.driver_id is None or (details.valid_until is not None and details.valid_until <= now)
    withdrawn = await store.uids_of(tx, token_id=token_id) if is_over or details.is_master else []
    await outbox.publish(tx, [TokensChanged(withdrawn=tuple(withdrawn))])
    await audit.write(tx, actor, "token.changed", "token", token_id, at=now, detail=_plain(details))


async def block_token(tx: Transaction, actor: Actor, token_id: TokenId, reason: str, now: datetime) -> None:
    """Keep a token from starting sessions: lost, stolen, cloned. Needs a reason."""
    await _block(tx, actor, token_id, "token.blocked", checked_reason(reason), now)


async def unblock_token(tx: Transaction, actor: Actor, token_id: TokenId, reason: str, now: datetime) -> None:
    """Let a token work again."""
    await _block(tx, actor, token_id, "token.unblocked", None, now, reason)


async def _block(
    tx: Transaction, actor: Actor, token_id: TokenId, action: str, why: str | None, now: datetime, reason: str = ""
) -> None:
    actor.require(Permission.DRIVERS_WRITE)
    if not await store.block_token(tx, token_id, why, now):
        raise NotFound("There is no such tag.")
    withdrawn = await store.uids_of(tx, token_id=token_id) if why is not None else []
    await outbox.publish(tx, [TokensChanged(withdrawn=tuple(withdrawn))])
    await audit.write(tx, actor, action, "token", token_id, at=now, reason=why or reason)


async def standing(tx: Transaction, uids: Iterable[str], now: datetime) -> dict[str, TokenStanding]:
    """Return what each of `uids` comes to at `now`, by the uid as it was given. Unknown ones are invalid."""
    normalised = {uid: rules.normalised_uid(uid) for uid in uids}
    known = await store.tokens_by_uid(tx, sorted(set(normalised.values()))) if normalised else {}
    return {uid: _standing(uid, known.get(plain), now) for uid, plain in normalised.items()}


def _standing(uid: str, token: KnownToken | None, now: datetime) -> TokenStanding:
    word, reason = rules.standing(
        is_known=token is not None,
        has_driver=token is not None and token.driver_id is not None,
        is_master=token is not None and token.is_master,
        token_blocked_why=token.blocked_why if token and token.blocked_at else None,
        driver_blocked_why=token.driver_blocked_why if token and token.driver_blocked_at else None,
        valid_until=token.valid_until if token else None,
        now=now,
    )
    held = token.starts_held or "" if token and word is Standing.ACCEPTED and not token.is_master else ""
    if held:
        word, reason = Standing.BLOCKED, f"{rules.HELD_BACK}{held}"
    if token is None:
        return TokenStanding(uid=uid, authorisation=word, reason=reason)
    return TokenStanding(
        uid=uid,
        authorisation=word,
        reason=reason,
        token_id=token.id,
        driver_id=token.driver_id,
        driver_group=token.driver_group or "",
        language=token.language or "sv",
        settlement=token.settlement or "invoice",
        valid_until=token.valid_until,
        cache_until=rules.cache_until(token.valid_until, token.cache_hours, now),
        group_code=rules.MASTER_GROUP if token.is_master else token.group_code,
        is_master=token.is_master,
        starts_held=held,
    )


def refusal(standing: TokenStanding) -> str | None:
    """Return what a charger's display says to the holder of a token that is refused; None when it is not."""
    message = rules.HELD.get(standing.starts_held) or rules.MESSAGES.get(standing.authorisation)
    return gettext_for(standing.language)(message) if message else None


async def used(tx: Transaction, tokens: Sequence[tuple[TokenId, datetime]]) -> None:
    """Record when tokens were last used. An older instant changes nothing."""
    if tokens:
        await store.used(tx, tokens)


def _plain(details: NewToken | TokenDetails) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(details)
    return plain

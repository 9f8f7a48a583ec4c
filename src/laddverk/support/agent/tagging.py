"""Deeds on a driver's tags: one is blocked, or works again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from laddverk.access import queries as access_queries
from laddverk.access import service as access
from laddverk.access.queries import TokenRow
from laddverk.kernel.actors import Actor
from laddverk.kernel.ids import TokenId
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.platform.database import Transaction
from laddverk.support.agent.model import Given, Result, Trouble

SECRET: Final = frozenset({"keycode"})  # what its holder types in: its end is most of it
SHOWN_DIGITS: Final = 4  # of a tag's number: enough to tell a driver's tags apart


async def block(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Keep a tag of the driver from starting charges. What runs goes on; chargers are told to forget the tag."""
    chosen = _chosen(await _tags(tx, trouble, "open", now), given.tag)
    await access.block_token(tx, actor, TokenId(chosen.id), given.reason, now)
    return Result(detail=ending(chosen.uid))


async def unblock(tx: Transaction, actor: Actor, trouble: Trouble, given: Given, now: datetime) -> Result:
    """Let a blocked tag of the driver work again."""
    chosen = _chosen(await _tags(tx, trouble, "blocked", now), given.tag)
    await access.unblock_token(tx, actor, TokenId(chosen.id), given.reason, now)
    return Result(detail=ending(chosen.uid))


def ending(uid: str) -> str:
    """Return a tag's number as a log may show it. Never of a keycode: that is a secret."""
    return f"…{uid[-SHOWN_DIGITS:]}"


async def _tags(tx: Transaction, trouble: Trouble, state: str, now: datetime) -> list[TokenRow]:
    if trouble.case.driver_id is None:
        raise Conflict("Nobody with an account is named.", remedy="Say who the driver is.")
    found = await access_queries.tokens(tx, "", state, now, driver_id=trouble.case.driver_id)
    return [tag for tag in found if tag.kind not in SECRET]


def _chosen(tags: Sequence[TokenRow], text: str) -> TokenRow:
    """Return the tag that ends as somebody wrote it, or the only one. Raises `Invalid` (field tag), `Conflict`."""
    if not tags:
        raise Conflict("The driver has no tag for which this can be done.")
    wanted = "".join(letter for letter in text.upper() if letter.isalnum())
    fitting = [tag for tag in tags if tag.uid.endswith(wanted)]
    if len(fitting) != 1:
        raise Invalid(
            "Which tag? Write how its number ends.", field="tag", remedy="The driver's end in %(endings)s.",
            endings=", ".join(ending(tag.uid) for tag in tags),
        )  # fmt: skip
    return fitting[0]

"""Holding back new starts by the operator's policy, and letting them in again. What runs is never touched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from laddverk.access import service as access
from laddverk.kernel.actors import rule
from laddverk.kernel.ids import DriverId
from laddverk.payments.ways import rules, store
from laddverk.payments.ways.means import means_of
from laddverk.payments.ways.model import Means, Owing
from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.jobs import NewJob, enqueue

ACTOR: Final = rule("start policy")
REVIEW: Final = "payments.review_starts"
"""The job that looks at drivers again: payload `{driver_id}`; without one, at all whom it may concern."""
AT_ONCE_MAX: Final = 500  # drivers of one statement


async def review(tx: Transaction, house: House, driver_ids: Sequence[DriverId], now: datetime) -> int:
    """Look at whether these drivers may start; return for how many the answer changed. May be repeated."""
    policy = await store.policy(tx)
    changed = 0
    for owing in await store.owing(tx, driver_ids, now, house.settings.currency):
        if policy.hold_without_way and owing.at_once:
            means = await means_of(tx, house, owing.driver_id, now)
            owing = _with_way(owing, means)
        why = rules.held(owing, policy, now)
        if why != owing.held:
            changed += await access.hold_starts(tx, ACTOR, owing.driver_id, why, now)
    return changed


async def review_all(tx: Transaction, house: House, now: datetime) -> int:
    """Look at all drivers who are held back, who owe, or who pay at once with nothing saved."""
    policy = await store.policy(tx)
    concerned = await store.concerned(tx, now, without_way=policy.hold_without_way)
    changed = 0
    for start in range(0, len(concerned), AT_ONCE_MAX):
        changed += await review(tx, house, concerned[start : start + AT_ONCE_MAX], now)
    return changed


async def look_again(tx: Transaction, driver_id: DriverId) -> None:
    """Let a driver's starts be looked at once this commits."""
    await enqueue(tx, [NewJob(REVIEW, {"driver_id": str(driver_id)})])


def _with_way(owing: Owing, means: Sequence[Means]) -> Owing:
    return replace(owing, has_way=any(each.works and each.way.kind in rules.DEBITED for each in means))

"""What sessions take of the energy that subscriptions include, and what they come to for accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from laddverk.kernel.ids import DriverId, SessionId
from laddverk.platform import outbox
from laddverk.platform.database import Transaction
from laddverk.subscriptions import plans, rules, store, store_accounts, store_quota
from laddverk.subscriptions.model import (
    Asking,
    Cost,
    IncludedChanged,
    Payer,
    Standing,
    SubscriberToTell,
    Subscription,
    Used,
)
from laddverk.subscriptions.rules_terms import left_minor
from laddverk.subscriptions.store_accounts import Membership
from laddverk.subscriptions.store_quota import Place

SettledAmong = Callable[[Sequence[SessionId]], Awaitable[frozenset[SessionId]]]
"""Says which sessions have had their money moved: the room above knows."""

TOLD_AT_PERCENT: Final = (80, 100)


async def standing(tx: Transaction, asked: Sequence[Asking]) -> list[Standing]:
    """Return what subscriptions and accounts make of each driver at a station."""
    if not asked:
        return []
    counting = await store_quota.counting(tx, [(each.driver_id, each.station_id, each.at) for each in asked])
    members = await store_accounts.memberships(
        tx, [(each.driver_id, each.station_id, each.at, "UTC") for each in asked]
    )
    found: list[Standing] = []
    for place, each in enumerate(asked):
        group = counting[place].terms.driver_group if place in counting else ""
        its = members.get(place)
        if its is None:
            found.append(Standing(payer_id=each.driver_id, driver_group=group))
            continue
        left = await _left(tx, its, each.driver_id)
        found.append(
            Standing(
                payer_id=its.owner_id,
                settlement=its.settlement if its.owner_id != each.driver_id else None,
                account_id=its.account_id,
                driver_group=group,
                refused=left is not None and left <= 0,
            )
        )
    return found


async def payer_of(tx: Transaction, driver_id: DriverId, now: datetime, *, zone: str = "Europe/Stockholm") -> Payer:
    """Return who pays for what a driver charges now, and what is left of the month's limits."""
    its = (await store_accounts.memberships(tx, [(driver_id, None, now, zone)])).get(0)
    if its is None:
        return Payer(driver_id=driver_id)
    return Payer(
        driver_id=its.owner_id,
        account_id=its.account_id,
        account_name=its.name,
        left_minor=await _left(tx, its, driver_id),
    )


async def _left(tx: Transaction, its: Membership, driver_id: DriverId) -> int | None:
    if its.limit_minor is None and its.member_limit_minor is None:
        return None
    spent = await store_accounts.spent(tx, its.account_id, rules.month_of(its.day), driver_id)
    return left_minor([(its.limit_minor, spent.account_minor), (its.member_limit_minor, spent.member_minor)])


async def share_out(tx: Transaction, used: Sequence[Used], settled_among: SettledAmong) -> dict[SessionId, int]:
    """Return how much of each session is included in a subscription, in Wh; sessions without any are missing.

    The sessions are about to be priced. Others that take another part because of them are published
    (`IncludedChanged`), and keep what they have until they are priced themselves.
    """
    ids = [each.session_id for each in used]
    counting = await store_quota.counting(tx, [(each.driver_id, each.station_id, each.started_at) for each in used])
    taking = {
        each.session_id: (counting[place], each)
        for place, each in enumerate(used)
        if place in counting and not each.is_free
    }
    months = {Place(its.subscription_id, _month(each.ended_at, each.timezone)): None for its, each in taking.values()}
    places = months | dict.fromkeys(await store_quota.places_of(tx, ids))
    if not places:
        return {}
    await store.lock(tx, {place.subscription_id for place in places})
    await store_quota.drop(tx, ids, list(taking))
    for its, each in taking.values():
        await store_quota.save(tx, its.subscription_id, _month(each.ended_at, each.timezone), each)
    shares: dict[SessionId, int] = {}
    for place in places:
        shares |= await _shared(tx, place, frozenset(taking), settled_among)
    return {session_id: share for session_id, share in shares.items() if share}


async def left_wh(tx: Transaction, running: Used) -> int:
    """Return what a session that ends at `running.ended_at` has left of what its driver's subscription includes, in Wh.

    What other sessions of that month took is not left; what it took itself is.
    """
    asked = (running.driver_id, running.station_id, running.started_at)
    counting = (await store_quota.counting(tx, [asked])).get(0)
    if counting is None or running.is_free:
        return 0
    place = Place(counting.subscription_id, _month(running.ended_at, running.timezone))
    uses = await store_quota.uses(tx, place)
    return max(0, await _quota(tx, place) - sum(use.used_wh for use in uses if use.session_id != running.session_id))


async def _shared(
    tx: Transaction, place: Place, priced: frozenset[SessionId], settled_among: SettledAmong
) -> dict[SessionId, int]:
    """Share a month out; write what `priced` take, and publish which others would take another part."""
    uses = await store_quota.uses(tx, place)
    others = [use.session_id for use in uses if use.session_id not in priced]
    shares = rules.shared_out(await _quota(tx, place), uses, await settled_among(others))
    own = {session_id: share for session_id, share in shares.items() if session_id in priced}
    await store_quota.set_used(tx, sorted(own.items()))
    moved = [use.session_id for use in uses if use.session_id not in priced and shares[use.session_id] != use.used_wh]
    if moved:
        await outbox.publish(tx, [IncludedChanged(session_ids=tuple(sorted(moved)))])
    return own


async def _quota(tx: Transaction, place: Place) -> int:
    subscription = await store.subscription(tx, place.subscription_id)
    assert subscription is not None
    versions = await plans.terms_of(tx, subscription)
    return rules.quota_wh(subscription.pieces, place.month, {each: its.terms for each, its in versions.items()})


async def share_again(tx: Transaction, subscription: Subscription, today: date) -> None:
    """A subscription became another: let the sessions of this month be priced again that it touches."""
    uses = await store_quota.uses(tx, Place(subscription.id, rules.month_of(today)))
    if uses:
        await outbox.publish(tx, [IncludedChanged(session_ids=tuple(sorted(use.session_id for use in uses)))])


async def restore(tx: Transaction, sessions: Sequence[SessionId]) -> None:
    """Give back what credited sessions took of what is included, and of limits (F46)."""
    others = [each for each in await store_quota.beside(tx, sessions) if each not in set(sessions)]
    await store_quota.void(tx, sessions)
    await store_accounts.void_charges(tx, sessions)
    if others:
        await outbox.publish(tx, [IncludedChanged(session_ids=tuple(sorted(others)))])


def _month(at: datetime, zone: str) -> date:
    return rules.month_of(at.astimezone(ZoneInfo(zone)).date())


# What members cost


async def record_costs(tx: Transaction, costs: Sequence[Cost], now: datetime) -> None:
    """Keep what sessions of members came to, for whoever pays, and tell when a limit is near or reached."""
    members = await store_accounts.memberships(
        tx, [(each.driver_id, each.station_id, each.started_at, each.timezone) for each in costs]
    )
    theirs = [(members[place], cost) for place, cost in enumerate(costs) if place in members]
    await store_accounts.drop_charges(tx, [each.session_id for each in costs], [cost.session_id for _, cost in theirs])
    for its, cost in theirs:
        month = _month(cost.ended_at, cost.timezone)
        await store_accounts.save_charge(tx, its, cost, month)
        await _tell_limits(tx, its, cost, month, now)


async def _tell_limits(tx: Transaction, its: Membership, cost: Cost, month: date, now: datetime) -> None:
    """Tell the owner of the account's limit, and owner and member of the member's, at 80 and at 100 percent."""
    if its.limit_minor is None and its.member_limit_minor is None:
        return
    spent = await store_accounts.spent(tx, its.account_id, month, cost.driver_id)
    readers = await store.readers(tx, [its.owner_id, cost.driver_id])
    for whose, limit, sum_minor, told in (
        ("all", its.limit_minor, spent.account_minor, {its.owner_id}),
        (str(its.member_id), its.member_limit_minor, spent.member_minor, {its.owner_id, cost.driver_id}),
    ):
        reached = [percent for percent in TOLD_AT_PERCENT if limit and sum_minor * 100 >= limit * percent]
        key = f"limit:{its.account_id}:{whose}:{month.isoformat()}"
        # Of two that were passed at once, only the higher is told.
        news = [percent for percent in reached if await store.first_telling(tx, f"{key}:{percent}", now)]
        if news:
            params = {
                "path": "/my/family",
                "account": its.name,
                "member": "" if whose == "all" else readers[cost.driver_id].name,
                "percent": max(news),
                "spent_minor": sum_minor,
                "limit_minor": limit,
                "currency": cost.currency,
            }
            await _tell(tx, [readers[each] for each in sorted(told)], params, f"{key}:{max(news)}")


async def _tell(
    tx: Transaction,
    readers: Sequence[store.Reader],
    params: dict[str, Any],
    key: str,
) -> None:
    await outbox.publish(
        tx,
        [
            SubscriberToTell(
                recipient=reader.email, language=reader.language, template="limit_near", params=params,
                unique_key=f"{key}:{reader.driver_id}",
            )
            for reader in readers
        ],
    )  # fmt: skip

"""Subscribing: beginning, changing, pausing and ending, each to be read before it is done. One transaction each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import to_builtins

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, PlanId, PlanVersionId, SubscriptionId, new_id
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.subscriptions import plans, rules, rules_changes, sharing, store, store_accounts
from laddverk.subscriptions.model import (
    Audience,
    Change,
    DueFee,
    Holder,
    Intended,
    PlanVersion,
    Subscription,
    Terms,
    Wish,
)

KIND: Final = "subscription"
LOOK_BACK_MONTHS: Final = 24  # fees that no run took up for two years are for a person to look at


def day_of(now: datetime, zone: str) -> date:
    """Return the date at home: subscriptions count in its days."""
    return now.astimezone(ZoneInfo(zone)).date()


async def begin(
    tx: Transaction, actor: Actor, holder: Holder, plan_id: PlanId, now: datetime, *, zone: str, reason: str = ""
) -> SubscriptionId:
    """Let a driver or an account subscribe to the newest version of a plan, from today.

    Raises `NotFound`, `Conflict` when there is a subscription already, the plan is withdrawn or for others.
    """
    await _require_holder(tx, actor, holder)
    today = day_of(now, zone)
    driver_id, _ = await _locked_holder(tx, holder)
    if await store.going(tx, today, driver_id=holder.driver_id, account_id=holder.account_id):
        raise Conflict("There is a subscription already.", remedy="Change it instead.")
    version = await plans.newest(tx, plan_id)
    if version.withdrawn_at is not None:
        raise Conflict("This plan is no longer offered.")
    if version.terms.audience != await audience_of(tx, holder):
        raise Conflict("This plan is for others.")
    subscription_id = SubscriptionId(new_id())
    new = rules_changes.new_subscription(
        subscription_id, version.id, version.terms, today, driver_id=holder.driver_id, account_id=holder.account_id,
        had_trial=await had_any(tx, holder),
    )  # fmt: skip
    await store.insert(tx, new, now)
    await sharing.share_again(tx, new, today)
    detail = {"plan": version.name, "version": version.number, "payer": str(driver_id)}
    await audit.write(tx, actor, "subscription.begun", KIND, subscription_id, at=now, reason=reason, detail=detail)
    return subscription_id


async def intend(
    tx: Transaction, actor: Actor, subscription_id: SubscriptionId, wish: Wish, now: datetime, *, zone: str
) -> Intended:
    """Return what a wish comes to, without doing anything. Raises as `carry_out` does."""
    today = day_of(now, zone)
    before = await own(tx, actor, subscription_id)
    after, terms = await _wished(tx, before, wish, today)
    return rules_changes.intended(before, after, today, terms)


async def carry_out(
    tx: Transaction,
    actor: Actor,
    subscription_id: SubscriptionId,
    wish: Wish,
    now: datetime,
    *,
    zone: str,
    reason: str = "",
) -> Subscription:
    """Do what was wished, and return the subscription as it is then.

    Raises `NotFound` for what is not the asker's, `Conflict` when it cannot be now, `Invalid` for days that may not be.
    """
    today = day_of(now, zone)
    before = await own(tx, actor, subscription_id, lock=True)
    after, _ = await _wished(tx, before, wish, today)
    await store.save(tx, after)
    await sharing.share_again(tx, after, today)
    detail = {**to_builtins(wish), "ends_on": after.ends_on.isoformat() if after.ends_on else None}
    action = f"subscription.{detail.pop('type')}"
    await audit.write(tx, actor, action, KIND, subscription_id, at=now, reason=reason, detail=detail)
    return after


async def _wished(
    tx: Transaction, before: Subscription, wish: Wish, today: date
) -> tuple[Subscription, dict[PlanVersionId, Terms]]:
    newest = await plans.newest(tx, wish.plan_id) if isinstance(wish, Change) else None
    known = await plans.terms_of(tx, before)
    if newest is not None:
        known[newest.id] = newest
    terms = {version_id: version.terms for version_id, version in known.items()}
    return rules_changes.wished(before, wish, today, terms, newest), terms


async def own(tx: Transaction, actor: Actor, subscription_id: SubscriptionId, *, lock: bool = False) -> Subscription:
    """Return a subscription that this actor may change. Raises `NotFound`."""
    found = await store.subscription(tx, subscription_id, lock=lock)
    if found is None:
        raise NotFound("There is no such subscription.")
    await _require_holder(tx, actor, Holder(driver_id=found.driver_id, account_id=found.account_id))
    return found


async def _require_holder(tx: Transaction, actor: Actor, holder: Holder) -> None:
    """Raise unless the actor is the driver, owns the account, or may change drivers."""
    if actor.kind != "driver":
        actor.require(Permission.DRIVERS_WRITE)
        return
    if holder.account_id is not None:
        account = await store_accounts.account(tx, holder.account_id)
        if account is not None and account.owner_id == actor.id:
            return
    elif holder.driver_id == actor.id:
        return
    raise NotFound("There is no such subscription.")


async def _locked_holder(tx: Transaction, holder: Holder) -> tuple[DriverId, Audience]:
    """Lock who subscribes, so that two presses make one subscription; return who pays."""
    if holder.account_id is not None:
        account = await store_accounts.account(tx, holder.account_id, lock=True)
        if account is None or account.closed_at is not None:
            raise NotFound("There is no such account.")
        return account.owner_id, _audience(account.kind)
    assert holder.driver_id is not None
    if not await store.lock_driver(tx, holder.driver_id):
        raise NotFound("There is no such driver.")
    return holder.driver_id, Audience.PRIVATE


async def audience_of(tx: Transaction, holder: Holder) -> Audience:
    """Return which plans are for a driver or an account."""
    if holder.account_id is None:
        return Audience.PRIVATE
    account = await store_accounts.account(tx, holder.account_id)
    return _audience(account.kind) if account else Audience.PRIVATE


def _audience(kind: str) -> Audience:
    return Audience.COMPANY if kind == "company" else Audience.PRIVATE


async def going(tx: Transaction, holder: Holder, today: date) -> Subscription | None:
    """Return the subscription that a driver or an account has, if any."""
    found = await store.going(tx, today, driver_id=holder.driver_id, account_id=holder.account_id)
    return found[0] if found else None


async def had_any(tx: Transaction, holder: Holder) -> bool:
    """Return whether there ever was a subscription: a trial comes once."""
    return bool(await store.going(tx, date.min, driver_id=holder.driver_id, account_id=holder.account_id))


async def current(tx: Transaction, subscription: Subscription, today: date) -> PlanVersion:
    """Return the version that counts on a day; of one that is to begin, its first; of one that ended, its last."""
    piece = rules.piece_on(subscription.pieces, today)
    if piece is None:
        piece = subscription.pieces[0 if today < subscription.pieces[0].from_day else -1]
    return (await store.versions(tx, [piece.version_id]))[piece.version_id]


async def fees_due(tx: Transaction, month: date) -> list[DueFee]:
    """Return the fees of `month` (its first day) and months before that stand on no invoice, oldest first."""
    found: list[DueFee] = []
    first = rules.months_later(month, -(LOOK_BACK_MONTHS - 1))
    while first <= month:
        found += await _fees_of(tx, first)
        first = rules.next_month(first)
    return found


async def _fees_of(tx: Transaction, month: date) -> list[DueFee]:
    owing = await store.owing(tx, month, rules.next_month(month))
    versions = await plans.terms_of(tx, *owing)
    terms = {version_id: version.terms for version_id, version in versions.items()}
    found: list[DueFee] = []
    for each in owing:
        payer_id = await plans.payer_id(tx, each)
        for part in rules.fee_of(each.pieces, month, terms):
            version = versions[part.version_id]
            if part.amount_minor:
                found.append(
                    DueFee(
                        subscription_id=each.id,
                        month=month,
                        payer_id=payer_id,
                        currency=version.terms.currency,
                        vat_percent=version.terms.vat_percent,
                        gross_minor=part.amount_minor,
                        text=version.name,
                        from_day=part.from_day,
                        until_day=part.until_day,
                    )
                )
    return found

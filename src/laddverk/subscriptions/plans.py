"""Plans: making them, giving them new terms, withdrawing them, and moving who has them to the new terms."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import DriverId, PlanId, PlanVersionId
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit, outbox
from laddverk.platform.database import Transaction
from laddverk.subscriptions import rules, store, store_accounts
from laddverk.subscriptions.model import Audience, PlanVersion, SubscriberToTell, Subscription, Terms
from laddverk.subscriptions.rules_terms import TOLD_BEFORE_DAYS, checked_name, checked_terms

PLAN: Final = "plan"


async def create(tx: Transaction, actor: Actor, name: str, terms: Terms, now: datetime) -> PlanVersion:
    """Make a plan with its first version. Raises `Invalid` for a bad or taken name, or terms that may not be."""
    actor.require(Permission.TARIFFS_WRITE)
    plan_id = await store.insert_plan(tx, checked_name(name), now)
    if plan_id is None:
        raise Invalid("There is a plan with this name already.", field="name")
    await store.insert_version(tx, plan_id, checked_terms(terms), now, actor.name)
    await audit.write(tx, actor, "plan.created", PLAN, plan_id, at=now, detail={"name": name.strip()})
    return await newest(tx, plan_id)


async def add_version(
    tx: Transaction, actor: Actor, plan_id: PlanId, terms: Terms, now: datetime, reason: str
) -> PlanVersion:
    """Give a plan new terms, for who chooses it from now on. Raises `NotFound`, `Invalid`, `Conflict`."""
    actor.require(Permission.TARIFFS_WRITE)
    withdrawn = await store.lock_plan(tx, plan_id)
    if withdrawn is None:
        raise NotFound("There is no such plan.")
    if withdrawn:
        raise Conflict("This plan is withdrawn.", remedy="Offer it again first.")
    before = (await newest(tx, plan_id)).terms
    if checked_terms(terms).audience != before.audience or terms.currency != before.currency:
        raise Invalid("A plan keeps its currency and whom it is for.", field="audience", remedy="Make a new plan.")
    if terms == before:
        raise Conflict("These are the terms already.")
    version_id = await store.insert_version(tx, plan_id, terms, now, actor.name)
    detail = {"version": str(version_id), "fee_minor": terms.fee_minor}
    await audit.write(tx, actor, "plan.version_added", PLAN, plan_id, at=now, reason=reason, detail=detail)
    return await newest(tx, plan_id)


async def withdraw(tx: Transaction, actor: Actor, plan_id: PlanId, now: datetime, reason: str) -> None:
    """Offer a plan no longer; who has it keeps it. Raises `NotFound`, `Conflict`."""
    await _offer(tx, actor, plan_id, now, reason, at=now, action="plan.withdrawn")


async def offer_again(tx: Transaction, actor: Actor, plan_id: PlanId, now: datetime, reason: str) -> None:
    """Offer a withdrawn plan again. Raises `NotFound`, `Conflict`."""
    await _offer(tx, actor, plan_id, now, reason, at=None, action="plan.offered_again")


async def _offer(
    tx: Transaction, actor: Actor, plan_id: PlanId, now: datetime, reason: str, *, at: datetime | None, action: str
) -> None:
    actor.require(Permission.TARIFFS_WRITE)
    if await store.lock_plan(tx, plan_id) is None:
        raise NotFound("There is no such plan.")
    if not await store.withdraw(tx, plan_id, at):
        raise Conflict("This plan is so already.")
    await audit.write(tx, actor, action, PLAN, plan_id, at=now, reason=reason)


async def move_all(
    tx: Transaction, actor: Actor, plan_id: PlanId, day: date, now: datetime, today: date, reason: str, *, link: str
) -> int:
    """Let all who have an older version of a plan have the newest from `day`, the first of a month, and tell them.

    `link` is where they read of it. Dearer terms need `TOLD_BEFORE_DAYS`, and let everybody leave: what they are bound
    to ends on the day before. Return how many subscriptions moved. Raises `NotFound`, `Invalid`.
    """
    actor.require(Permission.TARIFFS_WRITE)
    if await store.lock_plan(tx, plan_id) is None:
        raise NotFound("There is no such plan.")
    version = await newest(tx, plan_id)
    if day.day != 1 or day <= today:
        raise Invalid("Choose the first day of a coming month.", field="day")
    going = [each for each in await store.on_plan(tx, plan_id, today) if each.pieces[-1].version_id != version.id]
    await store.lock(tx, [each.id for each in going])
    old = await store.versions(tx, {each.pieces[-1].version_id for each in going})
    for each in going:
        before = old[each.pieces[-1].version_id]
        if is_worse(before.terms, version.terms):
            if day < today + timedelta(days=TOLD_BEFORE_DAYS):
                raise Invalid(
                    "Some would pay more: they must be told %(days)s days before.", field="day", days=TOLD_BEFORE_DAYS
                )
            each = replace(each, bound_until=min(each.bound_until, day) if each.bound_until else None)
        moved = replace(each, pieces=rules.changed(each.pieces, day, version.id))
        await store.save(tx, moved)
        await _tell(tx, moved, before, version, day, link)
    detail = {"version": str(version.id), "from": day.isoformat(), "subscriptions": len(going)}
    await audit.write(tx, actor, "plan.all_moved", PLAN, plan_id, at=now, reason=reason, detail=detail)
    return len(going)


def is_worse(before: Terms, after: Terms) -> bool:
    """Return whether somebody who has `before` loses by having `after`."""
    return (
        after.fee_minor > before.fee_minor
        or after.included_wh < before.included_wh
        or after.driver_group != before.driver_group
        or after.site_ids != before.site_ids
    )


async def _tell(
    tx: Transaction, moved: Subscription, before: PlanVersion, after: PlanVersion, day: date, link: str
) -> None:
    driver_id = await payer_id(tx, moved)
    reader = (await store.readers(tx, [driver_id])).get(driver_id)
    if reader is None:
        return
    params = {
        "path": link,
        "name": after.name,
        "before_minor": before.terms.fee_minor,
        "fee_minor": after.terms.fee_minor,
        "before_wh": before.terms.included_wh,
        "included_wh": after.terms.included_wh,
        "currency": after.terms.currency,
        "from_on": day.isoformat(),
    }
    key = f"plan_changes:{moved.id}:{after.id}"
    await outbox.publish(
        tx,
        [
            SubscriberToTell(
                recipient=reader.email, language=reader.language, template="plan_changes", params=params, unique_key=key
            )
        ],
    )


async def payer_id(tx: Transaction, subscription: Subscription) -> DriverId:
    """Return the driver who pays for a subscription."""
    if subscription.driver_id is not None:
        return subscription.driver_id
    assert subscription.account_id is not None
    account = await store_accounts.account(tx, subscription.account_id)
    assert account is not None
    return account.owner_id


async def newest(tx: Transaction, plan_id: PlanId) -> PlanVersion:
    """Return the newest version of a plan. Raises `NotFound`."""
    found = await store.newest(tx, plan_id)
    if found is None:
        raise NotFound("There is no such plan.")
    return found


async def offered(tx: Transaction, audience: Audience) -> list[PlanVersion]:
    """Return the plans that are offered to an audience, the cheapest first."""
    return await store.offered(tx, audience)


async def terms_of(tx: Transaction, *subscriptions: Subscription) -> dict[PlanVersionId, PlanVersion]:
    """Return every version that these subscriptions have pieces of."""
    return await store.versions(tx, {piece.version_id for each in subscriptions for piece in each.pieces})

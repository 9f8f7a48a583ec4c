"""What a wish makes of a subscription: from which day, and whether it may be. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from laddverk.kernel.ids import CustomerAccountId, DriverId, PlanVersionId, SubscriptionId
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.subscriptions import rules
from laddverk.subscriptions.model import (
    Cancel,
    Change,
    Intended,
    Keep,
    Kind,
    MonthSum,
    Pause,
    PlanVersion,
    Resume,
    State,
    Subscription,
    Terms,
    Wish,
)
from laddverk.subscriptions.rules_terms import is_upgrade, regrets_until, require_pause, require_same_kind

YEAR: Final = timedelta(days=365)
NOBODY: Final = UUID(int=0)
WH_PER_KWH: Final = 1000


def new_subscription(
    subscription_id: SubscriptionId,
    version_id: PlanVersionId,
    terms: Terms,
    today: date,
    *,
    driver_id: DriverId | None = None,
    account_id: CustomerAccountId | None = None,
    had_trial: bool = False,
) -> Subscription:
    """Return a subscription that begins today; a trial comes once for each holder. Binding begins after it."""
    trial_days = 0 if had_trial else terms.trial_days
    starts = today + timedelta(days=trial_days)
    months = terms.binding_months
    return Subscription(
        id=subscription_id,
        driver_id=driver_id,
        account_id=account_id,
        signed_on=today,
        bound_until=rules.months_later(starts, months) if months else None,
        ends_on=None,
        pieces=rules.begun(version_id, today, trial_days),
    )


def wished(
    subscription: Subscription,
    wish: Wish,
    today: date,
    terms: Mapping[PlanVersionId, Terms],
    newest: PlanVersion | None = None,
) -> Subscription:
    """Return what `wish` makes of a subscription; `newest` is the version to change to.

    Raises `Conflict` when it cannot be now, `Invalid` for days that may not be.
    """
    piece = rules.piece_on(subscription.pieces, today)
    if piece is None:
        raise Conflict("This subscription has ended.")
    if isinstance(wish, Change):
        assert newest is not None
        return _changed(subscription, today, terms[piece.version_id], newest)
    if isinstance(wish, Pause):
        return _paused(subscription, wish, today)
    if isinstance(wish, Resume):
        return _resumed(subscription, today)
    if isinstance(wish, Cancel):
        return _cancelled(subscription, today, terms[piece.version_id], on_trial=piece.kind is Kind.TRIAL)
    assert isinstance(wish, Keep)
    if subscription.ends_on is None:
        raise Conflict("This subscription is not cancelled.")
    return replace(subscription, ends_on=None, pieces=rules.continued(subscription.pieces))


def _changed(subscription: Subscription, today: date, old: Terms, new: PlanVersion) -> Subscription:
    if new.withdrawn_at is not None:
        raise Conflict("This plan is no longer offered.")
    if subscription.ends_on is not None:
        raise Conflict("This subscription is cancelled.", remedy="Take the cancellation back first.")
    require_same_kind(old, new.terms)
    day = today if is_upgrade(old, new.terms) else rules.next_month(today)
    pieces = rules.changed(subscription.pieces, day, new.id)
    if pieces == subscription.pieces:
        raise Conflict("This is the plan already.")
    bound = subscription.bound_until
    if new.terms.binding_months:
        bound = max(bound or day, rules.months_later(day, new.terms.binding_months))
    return replace(subscription, pieces=pieces, bound_until=bound)


def _paused(subscription: Subscription, wish: Pause, today: date) -> Subscription:
    taken = rules.paused_days(subscription.pieces, wish.since - YEAR, wish.until + YEAR)
    require_pause(today, wish.since, wish.until, taken)
    if subscription.ends_on is not None:
        raise Conflict("This subscription is cancelled.", remedy="Take the cancellation back first.")
    pieces = rules.paused(subscription.pieces, wish.since, wish.until)
    won = rules.paused_days(pieces, wish.since, wish.until) - rules.paused_days(
        subscription.pieces, wish.since, wish.until
    )
    if not won:
        raise Invalid("There is nothing to pause on these days.", field="since")
    bound = subscription.bound_until
    if bound is not None and wish.since < bound:
        bound += timedelta(days=won)  # what is paused is not bound: it follows after
    return replace(subscription, pieces=pieces, bound_until=bound)


def _resumed(subscription: Subscription, today: date) -> Subscription:
    pieces = rules.resumed(subscription.pieces, today)
    if pieces == subscription.pieces:
        raise Conflict("This subscription is not paused.")
    won = rules.paused_days(subscription.pieces, today, rules.FAR)
    bound = subscription.bound_until
    if bound is not None and bound > today:
        bound = max(today, bound - timedelta(days=won))
    return replace(subscription, pieces=pieces, bound_until=bound)


def _cancelled(subscription: Subscription, today: date, terms: Terms, *, on_trial: bool) -> Subscription:
    if subscription.ends_on is not None:
        raise Conflict("This subscription is cancelled already.")
    day = rules.earliest_end(
        today,
        subscription.signed_on,
        subscription.bound_until,
        terms.notice_days,
        on_trial=on_trial,
        regrets_until=regrets_until(subscription.signed_on, terms.audience),
    )
    return replace(subscription, ends_on=day, pieces=rules.ended(subscription.pieces, day))


def intended(before: Subscription, after: Subscription, today: date, terms: Mapping[PlanVersionId, Terms]) -> Intended:
    """Return what a change comes to in this month and the next, in money and energy."""
    months = [rules.month_of(today), rules.next_month(today)]
    sums = tuple(
        MonthSum(
            month,
            *(sum(part.amount_minor for part in rules.fee_of(each.pieces, month, terms)) for each in (before, after)),
            *(rules.quota_wh(each.pieces, month, terms) for each in (before, after)),
        )
        for month in months
    )
    currency = next((terms[piece.version_id].currency for piece in after.pieces), "SEK")
    return Intended(
        before=before, after=after, counts_from=_first_difference(before, after, today), months=sums, currency=currency
    )


def _first_difference(before: Subscription, after: Subscription, today: date) -> date:
    cuts = sorted({piece.from_day for each in (before, after) for piece in each.pieces} | {today})
    ends = {rules.end(piece) for each in (before, after) for piece in each.pieces}
    for day in sorted({*cuts, *ends}):
        if day < today or day == rules.FAR:
            continue
        then, now = rules.piece_on(before.pieces, day), rules.piece_on(after.pieces, day)
        if (then and (then.kind, then.version_id)) != (now and (now.kind, now.version_id)):
            return day
    return today


def is_going(subscription: Subscription, today: date) -> bool:
    """Return whether a subscription has not ended."""
    return rules.state_on(subscription.pieces, today) is not State.ENDED


class Preview(Struct, frozen=True):
    """What somebody who begins today with some terms pays and gets."""

    first_month: date
    first_minor: int
    first_wh: int
    month_minor: int
    trial_until: date | None
    bound_until: date | None
    per_kwh_minor: int | None
    """What an included kWh costs when all are used."""


def preview_of(terms: Terms, today: date) -> Preview:
    """Return what a subscription that begins today comes to."""
    new = new_subscription(SubscriptionId(NOBODY), PlanVersionId(NOBODY), terms, today)
    known = {PlanVersionId(NOBODY): terms}
    month = rules.month_of(today)
    trial = new.pieces[0].until_day if terms.trial_days else None
    return Preview(
        first_month=month,
        first_minor=sum(part.amount_minor for part in rules.fee_of(new.pieces, month, known)),
        first_wh=rules.quota_wh(new.pieces, month, known),
        month_minor=terms.fee_minor,
        trial_until=trial,
        bound_until=new.bound_until,
        per_kwh_minor=round(Fraction(terms.fee_minor * WH_PER_KWH, terms.included_wh)) if terms.included_wh else None,
    )

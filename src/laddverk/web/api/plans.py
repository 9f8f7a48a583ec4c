"""The API's plans and subscriptions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CustomerAccountId, DriverId, PlanId, SubscriptionId, parsed, shown
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.subscriptions import plans, queries, store, subscribing
from laddverk.subscriptions.model import (
    Cancel,
    Change,
    Holder,
    Intended,
    Keep,
    Pause,
    Resume,
    Terms,
    Wish,
)
from laddverk.subscriptions.queries import SubscriberFilter
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, InState, checked_limit
from laddverk.web.api.shapes import Page, page


class PlanShown(Struct, frozen=True):
    """A plan with its newest terms."""

    id: str
    name: str
    version: int
    terms: Terms
    subscribers: int
    withdrawn_at: datetime | None


class PlanToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """A plan to be offered."""

    name: str
    terms: Terms


class TermsToAdd(Struct, frozen=True, forbid_unknown_fields=True):
    """New terms for a plan, for who chooses it from now on."""

    terms: Terms
    reason: str = ""


class SubscriptionShown(Struct, frozen=True):
    """A subscription and what counts today."""

    id: str
    driver_id: str | None
    account_id: str | None
    name: str
    plan_id: str
    plan_name: str
    version: int
    state: str | None
    fee_minor: int
    currency: str
    signed_on: date
    bound_until: date | None
    ends_on: date | None


class SubscriptionToBegin(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to have which plan from today: a driver, or an account."""

    plan_id: str
    driver_id: str | None = None
    account_id: str | None = None
    reason: str = ""


class ChangeToMake(Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with a subscription; `dry_run` only says what it would come to."""

    do: Literal["change", "pause", "resume", "cancel", "keep"]
    plan_id: str | None = None
    since: date | None = None
    until: date | None = None
    reason: str = ""
    dry_run: bool = False


class ChangeShown(Struct, frozen=True):
    """What a change comes to in this month and the next."""

    counts_from: date
    bound_until: date | None
    ends_on: date | None
    currency: str
    months: list[dict[str, object]]


@get("/plans", opt=needs(Permission.DRIVERS_READ))
async def list_plans(asked: Asking, search: FromQuery[str] = "", in_state: InState = "") -> list[PlanShown]:
    """List plans: those that are `offered`, those that are `withdrawn`, or all."""
    async with asked.transaction() as tx:
        return [_plan(row) for row in await queries.plans(tx, asked.today, search, in_state)]


@post("/plans", opt=needs(Permission.TARIFFS_WRITE))
async def make_plan(asked: Asking, data: JSONBody[PlanToMake]) -> PlanShown:
    """Offer a plan from now on. The fee is for a calendar month and includes VAT."""
    async with asked.transaction() as tx:
        made = await plans.create(tx, asked.actor, data.name, data.terms, asked.now)
        return await _found_plan(tx, asked, made.plan_id)


@post("/plans/{plan:str}/terms", opt=needs(Permission.TARIFFS_WRITE))
async def add_terms(asked: Asking, plan: FromPath[str], data: JSONBody[TermsToAdd]) -> PlanShown:
    """Give a plan new terms. Who has it keeps theirs."""
    plan_id = PlanId(parsed("pln", plan))
    async with asked.transaction() as tx:
        await plans.add_version(tx, asked.actor, plan_id, data.terms, asked.now, data.reason)
        return await _found_plan(tx, asked, plan_id)


@get("/subscriptions", opt=needs(Permission.DRIVERS_READ))
async def list_subscriptions(
    asked: Asking,
    search: FromQuery[str] = "",
    in_state: InState = "",
    plan: FromQuery[str] = "",
    driver: FromQuery[str] = "",
    account: FromQuery[str] = "",
    limit: FromQuery[int] = LIMIT_DEFAULT,
    offset: FromQuery[int] = 0,
) -> Page[SubscriptionShown]:
    """List subscriptions, the latest first: trial, active, paused, cancelled, ended, or all."""
    checked_limit(limit, offset)
    chosen = SubscriberFilter(
        plan_id=parsed("pln", plan, field="plan") if plan else None,
        driver_id=parsed("drv", driver, field="driver") if driver else None,
        account_id=parsed("acc", account, field="account") if account else None,
        search=search,
        state=in_state,
    )
    async with asked.transaction() as tx:
        rows = await queries.subscribers(tx, asked.today, chosen, limit=limit, offset=offset)
        total = await queries.count_subscribers(tx, asked.today, chosen)
    return page([_subscription(row) for row in rows], limit=limit, offset=offset, total=total)


@post("/subscriptions", opt=needs(Permission.DRIVERS_WRITE))
async def begin_subscription(asked: Asking, data: JSONBody[SubscriptionToBegin]) -> SubscriptionShown:
    """Let a driver or an account have a plan from today."""
    if (data.driver_id is None) == (data.account_id is None):
        raise Invalid("Name a driver or an account, and not both.", field="driver_id")
    holder = Holder(
        driver_id=DriverId(parsed("drv", data.driver_id, field="driver_id")) if data.driver_id else None,
        account_id=CustomerAccountId(parsed("acc", data.account_id, field="account_id")) if data.account_id else None,
    )
    plan_id = PlanId(parsed("pln", data.plan_id, field="plan_id"))
    async with asked.transaction() as tx:
        made = await subscribing.begin(
            tx, asked.actor, holder, plan_id, asked.now, zone=zone_of(asked), reason=data.reason
        )
        return await _found_subscription(tx, asked, made)


@post("/subscriptions/{subscription:str}/change", opt=needs(Permission.DRIVERS_WRITE), status_code=200)
async def change_subscription(asked: Asking, subscription: FromPath[str], data: JSONBody[ChangeToMake]) -> ChangeShown:
    """Change, pause, resume, cancel or keep a subscription, and say what it comes to."""
    identity, wish = SubscriptionId(parsed("sub", subscription)), _wish(data)
    async with asked.transaction() as tx:
        meant = await subscribing.intend(tx, asked.actor, identity, wish, asked.now, zone=zone_of(asked))
        if not data.dry_run:
            await subscribing.carry_out(
                tx, asked.actor, identity, wish, asked.now, zone=zone_of(asked), reason=data.reason
            )
    return _meant(meant)


def zone_of(asked: Asked) -> str:
    """Return the time zone that subscriptions count their days in."""
    return asked.house.settings.timezone


def _wish(data: ChangeToMake) -> Wish:
    if data.do == "change":
        return Change(PlanId(parsed("pln", data.plan_id or "", field="plan_id")))
    if data.do == "pause":
        if data.since is None or data.until is None:
            raise Invalid("A pause has a first day, and a first day after it.", field="since")
        return Pause(data.since, data.until)
    others: dict[str, Wish] = {"resume": Resume(), "cancel": Cancel(), "keep": Keep()}
    return others[data.do]


def _meant(meant: Intended) -> ChangeShown:
    months: list[dict[str, object]] = [
        {
            "month": each.month,
            "before_minor": each.before_minor,
            "after_minor": each.after_minor,
            "before_wh": each.before_wh,
            "after_wh": each.after_wh,
        }
        for each in meant.months
    ]
    return ChangeShown(meant.counts_from, meant.after.bound_until, meant.after.ends_on, meant.currency, months)


def _plan(row: queries.PlanRow) -> PlanShown:
    return PlanShown(shown("pln", row.id), row.name, row.number, row.body, row.subscribers, row.withdrawn_at)


async def _found_plan(tx: Transaction, asked: Asked, plan_id: UUID) -> PlanShown:
    row = await queries.plan(tx, asked.today, plan_id)
    if row is None:
        raise NotFound("There is no such plan.")
    return _plan(row)


def _subscription(row: queries.SubscriberRow) -> SubscriptionShown:
    return SubscriptionShown(
        id=shown("sub", row.id),
        driver_id=shown("drv", row.driver_id) if row.driver_id else None,
        account_id=shown("acc", row.account_id) if row.account_id else None,
        name=row.name,
        plan_id=shown("pln", row.plan_id),
        plan_name=row.plan_name,
        version=row.version,
        state=row.kind,
        fee_minor=row.body.fee_minor,
        currency=row.body.currency,
        signed_on=row.signed_on,
        bound_until=row.bound_until,
        ends_on=row.ends_on,
    )


async def _found_subscription(tx: Transaction, asked: Asked, identity: SubscriptionId) -> SubscriptionShown:
    held = await store.subscription(tx, identity)
    assert held is not None
    chosen = SubscriberFilter(driver_id=held.driver_id, account_id=held.account_id)
    rows = await queries.subscribers(tx, asked.today, chosen)
    return _subscription(next(row for row in rows if row.id == identity))


HANDLERS: Final = [list_plans, make_plan, add_terms, list_subscriptions, begin_subscription, change_subscription]

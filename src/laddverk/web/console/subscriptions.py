"""Subscriptions as staff see them: one with its days, what a change comes to, beginning one for somebody."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CustomerAccountId, PlanId, SubscriptionId, parsed, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform import queries as platform_queries
from laddverk.subscriptions import plans, queries, rules, store, subscribing
from laddverk.subscriptions.model import Holder, PlanVersion, State
from laddverk.subscriptions.queries import SubscriberFilter
from laddverk.web import spreadsheets
from laddverk.web.console import plan_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.people import driver_meant
from laddverk.web.portal.plans import wish_of
from laddverk.web.visit import named


@get("/console/subscriptions.csv", opt={NEEDS: Permission.DRIVERS_READ})
async def export_subscriptions(desk: AtDesk) -> Response[bytes]:
    """The subscriptions as CSV."""
    plan = desk.asked("plan")
    chosen = SubscriberFilter(
        plan_id=named("pln", plan) if plan else None, search=desk.asked("q")[:80], state=desk.asked("state")
    )
    async with desk.transaction() as tx:
        rows = await queries.subscribers(tx, desk.today, chosen, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "subscriptions",
        ("name", "email", "plan", "version", "state", "fee", "currency", "since", "bound_until", "ends_on"),
        [
            (
                row.name, row.email, row.plan_name, row.version, row.kind or "", row.body.fee_minor / 100,
                row.body.currency, str(row.signed_on), str(row.bound_until or ""), str(row.ends_on or ""),
            )
            for row in rows
        ],
    )  # fmt: skip


@get("/console/subscriptions/{subscription_id:str}", opt={NEEDS: Permission.DRIVERS_READ})
async def show_subscription(desk: AtDesk, subscription_id: FromPath[str]) -> Response[str]:
    """One subscription: its days, what was used, and what can be changed."""
    return await _subscription_page(desk, named("sub", subscription_id), {}, {})


async def _subscription_page(
    desk: Desk, subscription_id: UUID, values: dict[str, str], errors: dict[str, str], status: int = 200, **more: Any
) -> Response[str]:
    async with desk.transaction() as tx:
        held = found(await store.subscription(tx, subscription_id))
        chosen = SubscriberFilter(driver_id=held.driver_id, account_id=held.account_id)
        rows = await queries.subscribers(tx, desk.today, chosen, limit=PAGE_SIZE)
        known = await plans.terms_of(tx, held)
        audience = known[held.pieces[-1].version_id].terms.audience
        return desk.page(
            "console/plans/subscription.html",
            status=status,
            held=held,
            row=next(row for row in rows if row.id == subscription_id),
            state=rules.state_on(held.pieces, desk.today),
            going=rules.state_on(held.pieces, desk.today) is not State.ENDED,
            known=known,
            offers=await plans.offered(tx, audience),
            uses={each.month: each.used_wh for each in await queries.uses(tx, subscription_id)},
            months=_months(held, known, desk.today),
            changes=await platform_queries.audit(tx, object_id=subscription_id, limit=50),
            today=desk.today,
            values=values,
            errors=errors,
            plan_words=plan_words,
            **({"meant": None} | more),
        )


def _months(held: Any, known: dict[Any, PlanVersion], today: date) -> list[tuple[date, int, int]]:
    terms = {version_id: each.terms for version_id, each in known.items()}
    month = rules.month_of(today)
    return [
        (
            each,
            sum(part.amount_minor for part in rules.fee_of(held.pieces, each, terms)),
            rules.quota_wh(held.pieces, each, terms),
        )
        for each in (rules.months_later(month, -1), month, rules.next_month(month))
    ]


@post("/console/subscriptions/{subscription_id:str}", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def change_subscription(desk: AtDesk, subscription_id: FromPath[str]) -> Response[Any]:
    """Show what a wish comes to, and then carry it out, on somebody's behalf."""
    form, identity = await desk.form(), SubscriptionId(named("sub", subscription_id))
    zone = desk.house.settings.timezone
    try:
        wish = wish_of(form)
        async with desk.transaction() as tx:
            meant = await subscribing.intend(tx, desk.actor, identity, wish, desk.now, zone=zone)
        if form.get("do") != "carry_out":
            return await _subscription_page(desk, identity, form, {}, meant=meant)
        if not form.get("reason", "").strip():
            raise Invalid("Say why, in a few words.", field="reason")
        async with desk.transaction() as tx:
            await subscribing.carry_out(
                tx, desk.actor, identity, wish, desk.now, zone=zone, reason=form.get("reason", "")
            )
    except Problem as problem:
        return await _subscription_page(desk, identity, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/subscriptions/{shown('sub', identity)}", desk.words("The subscription is changed."))


@post("/console/subscriptions/begin", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def begin(desk: AtDesk) -> Response[Any]:
    """Let a driver or an account have a plan from today, on their behalf."""
    form, zone = await desk.form(), desk.house.settings.timezone
    account, driver = form.get("account", ""), form.get("driver", "")
    holder = (
        Holder(account_id=CustomerAccountId(named("acc", account)))
        if account
        else Holder(driver_id=await _driver(desk, driver))
    )
    plan_id = PlanId(parsed("pln", form.get("plan", ""), field="plan"))
    async with desk.transaction() as tx:
        identity = await subscribing.begin(
            tx, desk.actor, holder, plan_id, desk.now, zone=zone, reason=form.get("reason", "")
        )
    return desk.go(f"/console/subscriptions/{shown('sub', identity)}", desk.words("The subscription has begun."))


async def _driver(desk: Desk, text: str) -> Any:
    async with desk.transaction() as tx:
        return found(await driver_meant(tx, text))


ROUTES: Final = [export_subscriptions, begin, show_subscription, change_subscription]

"""A driver's plan: what there is, what last month would have cost, choosing, changing, pausing and ending.

Nothing is done before its dates and sums have been read: every wish leads to a page that says what it comes to.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get, post
from msgspec import Struct

from laddverk.kernel.ids import CustomerAccountId, DriverId, PlanId, SubscriptionId, parsed
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.platform.database import Transaction
from laddverk.platform.languages import marked
from laddverk.sessions import comparing
from laddverk.subscriptions import plans, queries, rules, rules_changes, store_accounts, subscribing
from laddverk.subscriptions.model import (
    Account,
    Cancel,
    Change,
    Holder,
    Keep,
    Pause,
    PlanVersion,
    Resume,
    State,
    Subscription,
    Wish,
)
from laddverk.subscriptions.rules_terms import PAUSE_MAX_DAYS, PAUSE_MIN_DAYS, REGRET_DAYS
from laddverk.web.portal.account import signed_in
from laddverk.web.visit import Visit, Visiting

STATES: Final = {
    State.COMING: ("wait", marked("begins soon")),
    State.TRIAL: ("wait", marked("on trial")),
    State.ACTIVE: ("done", marked("active")),
    State.PAUSED: ("off", marked("paused")),
    State.ENDED: ("off", marked("ended")),
}
WISHES: Final = ("begin", "change", "pause", "resume", "cancel", "keep")


class Seat(Struct, frozen=True):
    """For whom a page is: the driver, or the account that the driver pays for."""

    holder: Holder
    account: Account | None
    owned: Account | None
    """The account the driver pays for, if there is one."""

    @property
    def query(self) -> str:
        """What an address needs to lead to the same."""
        return "?for=account" if self.account is not None else ""


async def seat_of(tx: Transaction, visit: Visit, chosen: str) -> Seat:
    """Return for whom the page is. Raises `NotFound` for an account that the driver does not pay for."""
    driver_id = signed_in(visit)
    owned = await store_accounts.of_owner(tx, driver_id)
    if chosen != "account":
        return Seat(Holder(driver_id=driver_id), None, owned)
    if owned is None:
        raise NotFound("There is no such account.")
    return Seat(Holder(account_id=CustomerAccountId(owned.id)), owned, owned)


@get("/my/plan")
async def show_plan(visit: Visiting) -> Response[str]:
    """Show the plan there is, or those there are, with what last month would have cost under each."""
    return await _page(visit, visit.asked("for"), {})


async def _page(visit: Visit, chosen: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    today = visit.today
    async with visit.transaction() as tx:
        seat = await seat_of(tx, visit, chosen)
        held = await subscribing.going(tx, seat.holder, today)
        month, until = comparing.month_before(today)
        offers = await plans.offered(tx, await subscribing.audience_of(tx, seat.holder))
        drivers = await _drivers(tx, seat)
        compared = await comparing.compared(tx, drivers, month, until, offers) if offers else []
        mine = await _held(tx, held, today) if held else {}
        member = await queries.membership(tx, signed_in(visit), rules.month_of(today))
    return visit.page(
        "portal/my_plan.html",
        status=status,
        seat=seat,
        held=held,
        offers=offers,
        compared={each.plan_id: each for each in compared},
        cheapest=min(compared, key=lambda each: each.total_minor).plan_id if compared else None,
        without=next((each for each in compared if each.plan_id is None), None),
        month=month,
        member=member,
        earliest=today + timedelta(days=1),
        pause_min=PAUSE_MIN_DAYS,
        pause_max=PAUSE_MAX_DAYS,
        today=today,
        state=_state(visit, held, today) if held else None,
        errors=errors,
        **mine,
    )


async def _drivers(tx: Transaction, seat: Seat) -> list[DriverId]:
    if seat.account is None:
        assert seat.holder.driver_id is not None
        return [seat.holder.driver_id]
    rows = await queries.members(tx, seat.account.id, date.min, limit=200)
    return [row.driver_id for row in rows]


async def _held(tx: Transaction, held: Subscription, today: date) -> dict[str, Any]:
    """What a page says of a subscription that there is."""
    version = await subscribing.current(tx, held, today)
    known = await plans.terms_of(tx, held)
    terms = {version_id: each.terms for version_id, each in known.items()}
    month = rules.month_of(today)
    used = next((row.used_wh for row in await queries.uses(tx, held.id) if row.month == month), 0)
    coming = rules.coming(held.pieces, today)
    return {
        "version": version,
        "quota_wh": rules.quota_wh(held.pieces, month, terms),
        "used_wh": used,
        "fees": [
            (each, sum(part.amount_minor for part in rules.fee_of(held.pieces, each, terms)))
            for each in (month, rules.next_month(today))
        ],
        "coming": coming,
        "coming_version": known[coming.version_id] if coming else None,
    }


def _state(visit: Visit, held: Subscription, today: date) -> tuple[str, str]:
    tone, word = STATES[rules.state_on(held.pieces, today)]
    return tone, visit.words(word)


@get("/my/plan/review")
async def review(visit: Visiting) -> Response[Any]:
    """Say what a wish comes to, before it is carried out."""
    form = {name: visit.asked(name) for name in ("for", "wish", "plan", "since", "until")}
    if form["wish"] not in WISHES:
        return await _page(visit, form["for"], {})
    try:
        async with visit.transaction() as tx:
            return await _review(tx, visit, form)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, form["for"], visit.errors(problem), problem.status)


async def _review(tx: Transaction, visit: Visit, form: dict[str, str]) -> Response[Any]:
    today, zone = visit.today, visit.house.settings.timezone
    seat = await seat_of(tx, visit, form["for"])
    wish: Wish | None = None
    if form["wish"] == "begin":
        version = await _offered(tx, seat, form["plan"])
        earlier = await subscribing.had_any(tx, seat.holder)
        new = rules_changes.new_subscription(
            SubscriptionId(version.id), version.id, version.terms, today, driver_id=seat.holder.driver_id,
            account_id=seat.holder.account_id, had_trial=earlier,
        )  # fmt: skip
        nothing = Subscription(
            id=new.id, driver_id=new.driver_id, account_id=new.account_id, signed_on=today, bound_until=None,
            ends_on=None, pieces=(),
        )  # fmt: skip
        meant = rules_changes.intended(nothing, new, today, {version.id: version.terms})
    else:
        held = await _mine(tx, seat, today)
        wish = wish_of(form)
        meant = await subscribing.intend(tx, visit.actor, held.id, wish, visit.now, zone=zone)
        version = await subscribing.current(tx, meant.after, meant.counts_from)
    used = await queries.uses(tx, meant.before.id)
    return visit.page(
        "portal/my_plan_review.html",
        seat=seat,
        form=form,
        meant=meant,
        wish=wish,
        version=version,
        used_wh=next((row.used_wh for row in used if row.month == rules.month_of(today)), 0),
        trial_until=next((each.until_day for each in meant.after.pieces if each.kind == "trial"), None),
        regret_days=REGRET_DAYS,
        today=today,
    )


@post("/my/plan")
async def change_plan(visit: Visiting) -> Response[Any]:
    """Carry a wish out."""
    form = await visit.form()
    zone, chosen = visit.house.settings.timezone, form.get("for", "")
    try:
        async with visit.transaction() as tx:
            seat = await seat_of(tx, visit, chosen)
            if form.get("wish") == "begin":
                version = await _offered(tx, seat, form.get("plan", ""))
                await subscribing.begin(tx, visit.actor, seat.holder, version.plan_id, visit.now, zone=zone)
            else:
                held = await _mine(tx, seat, visit.today)
                await subscribing.carry_out(tx, visit.actor, held.id, wish_of(form), visit.now, zone=zone)
    except NotFound:
        raise
    except Problem as problem:
        return await _page(visit, chosen, visit.errors(problem), problem.status)
    return visit.go(f"/my/plan{seat.query}", visit.words("Done. Your plan is as you see it here."))


async def _offered(tx: Transaction, seat: Seat, plan: str) -> PlanVersion:
    wanted = PlanId(parsed("pln", plan, field="plan"))
    for version in await plans.offered(tx, await subscribing.audience_of(tx, seat.holder)):
        if version.plan_id == wanted:
            return version
    raise NotFound("There is no such plan.")


async def _mine(tx: Transaction, seat: Seat, today: date) -> Subscription:
    held = await subscribing.going(tx, seat.holder, today)
    if held is None:
        raise NotFound("There is no such subscription.")
    return held


def wish_of(form: dict[str, str]) -> Wish:
    """Return the wish that a form describes. Raises `Invalid`."""
    word = form.get("wish", "")
    if word == "change":
        return Change(PlanId(parsed("pln", form.get("plan", ""), field="plan")))
    if word == "pause":
        return Pause(_day(form, "since"), _day(form, "until"))
    if word == "resume":
        return Resume()
    if word == "cancel":
        return Cancel()
    if word == "keep":
        return Keep()
    raise Invalid("This is not known here.", field="wish")


def _day(form: dict[str, str], name: str) -> date:
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise Invalid("Choose a day.", field=name) from None


HANDLERS: Final = [show_plan, review, change_plan]

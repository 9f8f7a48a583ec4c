"""Plans: the list with its numbers, the editor with its preview, one plan with who has it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import PlanId, parsed, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform import queries as platform_queries
from laddverk.stations import queries as stations_queries
from laddverk.subscriptions import plans, queries, rules, store
from laddverk.subscriptions.model import Audience, Terms
from laddverk.subscriptions.queries import SubscriberFilter
from laddverk.subscriptions.rules_changes import Preview, preview_of
from laddverk.subscriptions.rules_terms import TOLD_BEFORE_DAYS, checked_terms
from laddverk.web.amounts import minor_of
from laddverk.web.console import plan_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

WH_PER_KWH: Final = 1000


@get("/console/plans", opt={NEEDS: Permission.DRIVERS_READ})
async def list_plans(desk: AtDesk) -> Response[str]:
    """The plans, what they bring in, and how subscriptions come and go."""
    async with desk.transaction() as tx:
        rows = await queries.plans(tx, desk.today, desk.asked("q").strip()[:80], desk.asked("state"))
        return desk.page(
            "console/plans/list.html",
            rows=rows,
            months=await queries.months(tx, desk.today),
            plan_words=plan_words,
            currency=desk.house.settings.currency,
        )


@get("/console/plans/new", opt={NEEDS: Permission.TARIFFS_WRITE})
async def new_plan(desk: AtDesk) -> Response[str]:
    """The form for a new plan."""
    values = {"vat_percent": "25", "audience": "private", "trial_days": "0", "notice_days": "30", "binding_months": "0"}
    return await _form(desk, None, values, {})


async def _form(
    desk: Desk,
    plan: Any,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    preview: Preview | None = None,
    status: int = 200,
) -> Response[str]:
    async with desk.transaction() as tx:
        sites = await stations_queries.sites(tx, desk.sites)
        groups = await store.tariff_groups(tx)
    return desk.page(
        "console/plans/form.html", status=status, plan=plan, values=values, errors=errors, preview=preview,
        sites=[(shown("sit", site.id), site.name) for site in sites], groups=groups, plan_words=plan_words,
        chosen_sites=values.get("site_ids", "").split(), currency=desk.house.settings.currency,
    )  # fmt: skip


@post("/console/plans/new", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def create_plan(desk: AtDesk) -> Response[Any]:
    """Make a plan, or show what it comes to."""
    form = await _read(desk)
    try:
        terms = checked_terms(terms_of(form, desk.house.settings.currency))
        if form.get("do") == "preview":
            return await _form(desk, None, form, {}, preview=preview_of(terms, desk.today))
        async with desk.transaction() as tx:
            version = await plans.create(tx, desk.actor, form.get("name", ""), terms, desk.now)
    except Problem as problem:
        return await _form(desk, None, form, desk.errors(problem), status=problem.status)
    return desk.go(f"/console/plans/{shown('pln', version.plan_id)}", desk.words("The plan is offered from now on."))


async def _read(desk: Desk) -> dict[str, str]:
    form = await desk.form()
    return form | {"site_ids": " ".join(await desk.choices("site"))}


def terms_of(form: dict[str, str], currency: str) -> Terms:
    """Return the terms that a form describes. Raises `Invalid` naming the field."""
    fee = form.get("fee", "").strip()
    sites = [text for text in form.get("site_ids", "").split() if text]
    audience = form.get("audience", "private")
    if audience not in set(Audience):
        raise Invalid("Choose whom it is for.", field="audience")
    return Terms(
        fee_minor=0 if fee in ("", "0", "0,00", "0.00") else minor_of(fee, currency, "fee"),
        currency=currency,
        vat_percent=_number(form, "vat_percent"),
        included_wh=int(_number(form, "included") * WH_PER_KWH),
        driver_group=form.get("driver_group", "").strip(),
        binding_months=int(_number(form, "binding_months")),
        trial_days=int(_number(form, "trial_days")),
        notice_days=int(_number(form, "notice_days")),
        audience=Audience(audience),
        site_ids=tuple(sorted(parsed("sit", text, field="site_ids") for text in sites)),
        text=form.get("text", "").strip(),
    )


def _number(form: dict[str, str], name: str) -> Decimal:
    text = "".join(form.get(name, "").split()).replace("\u00a0", "").replace(",", ".") or "0"
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or not 0 <= value < 1_000_000:
        raise Invalid("This must be a number, zero or more.", field=name)
    return value


@get("/console/plans/{plan_id:str}", opt={NEEDS: Permission.DRIVERS_READ})
async def show_plan(desk: AtDesk, plan_id: FromPath[str]) -> Response[str]:
    """One plan with its versions and who has it."""
    return await _plan_page(desk, named("pln", plan_id), {})


async def _plan_page(desk: Desk, plan_id: UUID, errors: dict[str, str], status: int = 200) -> Response[str]:
    listing = desk.listing("name")
    chosen = SubscriberFilter(plan_id=plan_id, search=listing.search, state=desk.asked("state"))
    async with desk.transaction() as tx:
        plan: queries.PlanRow = found(await queries.plan(tx, desk.today, plan_id))
        return desk.page(
            "console/plans/detail.html",
            status=status,
            plan=plan,
            preview=preview_of(plan.body, desk.today),
            versions=await queries.plan_versions(tx, plan_id, desk.today),
            rows=await queries.subscribers(tx, desk.today, chosen, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_subscribers(tx, desk.today, chosen),
            listing=listing,
            changes=await platform_queries.audit(tx, object_id=plan_id, limit=20),
            first_day=first_day(desk.today),
            told_before=TOLD_BEFORE_DAYS,
            errors=errors,
            plan_words=plan_words,
        )


def first_day(today: date) -> date:
    """Return the first of a month by which everybody can have been told in time."""
    day = today + timedelta(days=TOLD_BEFORE_DAYS)
    return day if day.day == 1 else rules.next_month(day)


@get("/console/plans/{plan_id:str}/edit", opt={NEEDS: Permission.TARIFFS_WRITE})
async def edit_plan(desk: AtDesk, plan_id: FromPath[str]) -> Response[str]:
    """The form for new terms."""
    async with desk.transaction() as tx:
        plan: queries.PlanRow = found(await queries.plan(tx, desk.today, named("pln", plan_id)))
    return await _form(desk, plan, _values(plan.body), {})


def _values(terms: Terms) -> dict[str, str]:
    return {
        "fee": f"{terms.fee_minor / 100:.2f}".replace(".", ","),
        "vat_percent": f"{terms.vat_percent.normalize():f}".replace(".", ","),
        "included": f"{terms.included_wh / WH_PER_KWH:g}".replace(".", ","),
        "driver_group": terms.driver_group,
        "binding_months": str(terms.binding_months),
        "trial_days": str(terms.trial_days),
        "notice_days": str(terms.notice_days),
        "audience": terms.audience,
        "text": terms.text,
        "site_ids": " ".join(shown("sit", site_id) for site_id in terms.site_ids),
    }


@post("/console/plans/{plan_id:str}/edit", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def save_plan(desk: AtDesk, plan_id: FromPath[str]) -> Response[Any]:
    """Give a plan new terms, for who chooses it from now on; or show what they come to."""
    form = await _read(desk)
    identity = PlanId(named("pln", plan_id))
    async with desk.transaction() as tx:
        plan: queries.PlanRow = found(await queries.plan(tx, desk.today, identity))
    try:
        form["audience"] = plan.body.audience
        terms = checked_terms(terms_of(form, plan.body.currency))
        if form.get("do") == "preview":
            return await _form(desk, plan, form, {}, preview=preview_of(terms, desk.today))
        async with desk.transaction() as tx:
            await plans.add_version(tx, desk.actor, identity, terms, desk.now, form.get("reason", ""))
    except Problem as problem:
        return await _form(desk, plan, form, desk.errors(problem), status=problem.status)
    notice = desk.words("The new terms count for who chooses the plan from now on. Who has it keeps theirs.")
    return desk.go(f"/console/plans/{shown('pln', identity)}", notice)


@post("/console/plans/{plan_id:str}/withdraw", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=303)
async def withdraw_plan(desk: AtDesk, plan_id: FromPath[str]) -> Response[Any]:
    """Offer a plan no longer."""
    form, identity = await desk.form(), PlanId(named("pln", plan_id))
    async with desk.transaction() as tx:
        await plans.withdraw(tx, desk.actor, identity, desk.now, form.get("reason", ""))
    return desk.go(f"/console/plans/{shown('pln', identity)}", desk.words("Nobody can choose it any more."))


@post("/console/plans/{plan_id:str}/offer", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=303)
async def offer_plan(desk: AtDesk, plan_id: FromPath[str]) -> Response[Any]:
    """Offer a withdrawn plan again."""
    form, identity = await desk.form(), PlanId(named("pln", plan_id))
    async with desk.transaction() as tx:
        await plans.offer_again(tx, desk.actor, identity, desk.now, form.get("reason", ""))
    return desk.go(f"/console/plans/{shown('pln', identity)}", desk.words("It can be chosen again."))


@post("/console/plans/{plan_id:str}/move", opt={NEEDS: Permission.TARIFFS_WRITE}, status_code=200)
async def move_subscribers(desk: AtDesk, plan_id: FromPath[str]) -> Response[Any]:
    """Let everybody have the newest terms from a day, and tell them."""
    form, identity = await desk.form(), PlanId(named("pln", plan_id))
    try:
        async with desk.transaction() as tx:
            count = await plans.move_all(
                tx, desk.actor, identity, _day(form), desk.now, desk.today, form.get("reason", ""), link="/my/plan"
            )
    except Problem as problem:
        if problem.field is None:
            raise
        return await _plan_page(desk, identity, desk.errors(problem), problem.status)
    return desk.go(
        f"/console/plans/{shown('pln', identity)}", desk.words("%(count)s subscribers are told now.", count=count)
    )


def _day(form: dict[str, str]) -> date:
    try:
        return date.fromisoformat(form.get("day", ""))
    except ValueError:
        raise Invalid("Choose a day.", field="day") from None


ROUTES: Final = [
    list_plans,
    new_plan,
    create_plan,
    show_plan,
    edit_plan,
    save_plan,
    withdraw_plan,
    offer_plan,
    move_subscribers,
]

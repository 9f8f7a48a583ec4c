"""How drivers pay, at the desk: whose new starts wait and why, the operator's policy, and exceptions with a reason."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, shown
from laddverk.kernel.money import by_currency, major
from laddverk.kernel.problems import Invalid, Problem
from laddverk.payments.ways import queries, rules, store, words
from laddverk.payments.ways import service as ways
from laddverk.payments.ways.model import Means, Policy, Way, WayKind
from laddverk.payments.ways.service import Standing
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for, marked
from laddverk.web import spreadsheets
from laddverk.web.amounts import minor_of
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

LIST: Final = "/console/paying"
POLICY: Final = "/console/paying/policy"
WHY: Final = {
    "to_pay": marked("A charge is not paid"),
    "overdue": marked("An invoice is overdue"),
    "too_much": marked("Too much is unpaid"),
    "no_way": marked("Nothing to pay with"),
}
"""Why new starts of a driver wait, in the words of the desk."""
OWES: Final = {"": None, "yes": True, "no": False}
DAYS_DIGITS_MAX: Final = 4


class DriverPaying(Struct, frozen=True, kw_only=True):
    """What the panel on a driver's page shows."""

    standing: Standing
    first: str
    fallback: str
    ways: tuple[tuple[str, str, str, str | None], ...]
    """Each way with the kind and word of its pill, and what is wrong with it."""
    held: str
    unpaid_minor: dict[str, int]


async def panel(tx: Transaction, desk: Desk, driver_id: DriverId) -> DriverPaying:
    """Return how a driver pays, for their page."""
    standing = await ways.standing(tx, desk.house, driver_id, desk.now)
    said = gettext_for(desk.language)

    def name(way: Way | None) -> str:
        return _called(standing.of(way), way, said) if way is not None else ""

    return DriverPaying(
        standing=standing,
        first=_capital(name(standing.first)),
        fallback=_capital(name(standing.choice.fallback)),
        ways=tuple((_capital(name(each.way)), *_state(each, said)) for each in standing.means),
        held=said(WHY[standing.held]) if standing.held else "",
        unpaid_minor=by_currency((each.currency, each.amount_minor) for each in standing.unpaid),
    )


def _state(means: Means, said: words.Words) -> tuple[str, str, str | None]:
    if means.works:
        return "free", said(marked("Works")), None
    if means.way.kind == WayKind.WALLET:
        return "off", said(marked("Empty")), None
    return "broken", said(marked("Does not work")), words.reason(means.stopped_code, said)


def _called(means: Means | None, way: Way, said: words.Words) -> str:
    """Return what a driver's way is called at the desk, where "your" would be the reader's own."""
    if way.kind == WayKind.WALLET:
        return said(marked("Balance"))
    if way.kind == WayKind.BANK:
        return said(marked("Bank account")) + (f" ••••\u00a0{means.last4}" if means and means.last4 else "")
    return words.name_of(means, way, said)


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


@get(LIST, opt={NEEDS: Permission.PAYMENTS_READ})
async def list_held(desk: AtDesk) -> Response[str]:
    """The drivers whose new starts wait, the latest first, and what the policy is."""
    listing = desk.listing("-since")
    why = desk.asked("why")
    async with desk.transaction() as tx:
        return desk.page(
            "console/paying/list.html",
            rows=await queries.held(tx, why, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            total=await queries.count_held(tx, why, listing.search),
            listing=listing,
            policy=await store.policy(tx),
            why=WHY,
            currency=desk.house.settings.currency,
        )


@get("/console/paying.csv", opt={NEEDS: Permission.PAYMENTS_READ})
async def export_held(desk: AtDesk) -> Response[bytes]:
    """The same list for a spreadsheet."""
    async with desk.transaction() as tx:
        rows = await queries.held(tx, desk.asked("why"), desk.listing("-since").search, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "paying",
        ("driver", "email", "why", "since", "unpaid", "currency"),
        [
            (row.name, row.email, row.why, row.since, major(minor, currency), currency)
            for row in rows
            for currency, minor in (row.unpaid_minor or {desk.house.settings.currency: 0}).items()
        ],
    )


@get(POLICY, opt={NEEDS: Permission.INVOICES_WRITE})
async def show_policy(desk: AtDesk) -> Response[str]:
    """The form for what is allowed."""
    async with desk.transaction() as tx:
        policy = await store.policy(tx)
    return _policy_page(desk, _values(policy, desk.house.settings.currency), {})


def _policy_page(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    return desk.page(
        "console/paying/policy.html",
        status=status,
        values=values,
        errors=errors,
        currency=desk.house.settings.currency,
        tries=", ".join(f"{days}" for days in rules.RETRY_DAYS),
    )


def _values(policy: Policy, currency: str) -> dict[str, str]:
    unpaid = policy.hold_unpaid_minor
    return {
        "may_owe": "yes" if policy.may_owe else "",
        "free_without_energy": "yes" if policy.free_without_energy else "",
        "debit_after_days": str(policy.debit_after_days),
        "hold_without_way": "yes" if policy.hold_without_way else "",
        "hold_overdue_days": "" if policy.hold_overdue_days is None else str(policy.hold_overdue_days),
        "hold_unpaid": "" if unpaid is None else f"{major(unpaid, currency)}",
    }


@post(POLICY, opt={NEEDS: Permission.INVOICES_WRITE}, status_code=200)
async def save_policy(desk: AtDesk) -> Response[Any]:
    """Keep what is allowed, with a reason."""
    form = await desk.form()
    try:
        wanted = _policy_in(form, desk.house.settings.currency)
        async with desk.transaction() as tx:
            await ways.save_policy(tx, desk.house, desk.actor, wanted, form.get("reason", ""), desk.now)
    except Problem as problem:
        errors = desk.errors(problem)
        if "hold_unpaid_minor" in errors:
            errors["hold_unpaid"] = errors.pop("hold_unpaid_minor")
        return _policy_page(desk, form, errors, problem.status)
    return desk.go(LIST, desk.words("The policy is saved. Who may start was looked at anew."))


def _policy_in(form: dict[str, str], currency: str) -> Policy:
    unpaid = form.get("hold_unpaid", "")
    debit_after = _days(form, "debit_after_days")
    return Policy(
        may_owe=form.get("may_owe") == "yes",
        free_without_energy=form.get("free_without_energy") == "yes",
        debit_after_days=0 if debit_after is None else debit_after,
        hold_without_way=form.get("hold_without_way") == "yes",
        hold_overdue_days=_days(form, "hold_overdue_days"),
        hold_unpaid_minor=minor_of(unpaid, currency, "hold_unpaid") if unpaid else None,
    )


def _days(form: dict[str, str], name: str) -> int | None:
    text = form.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > DAYS_DIGITS_MAX:
        raise Invalid("This is no number of days.", field=name, remedy="Write it in digits, like 14.")
    return int(text)


@post("/console/drivers/{driver_id:str}/may-start", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def let_start(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Let a driver start in spite of what is unpaid, for some days; 0 days end that."""
    form = await desk.form()
    identity = DriverId(named("drv", driver_id))
    days = _days(form, "days") or 0
    until = end_of(desk, days) if days else None
    async with desk.transaction() as tx:
        await ways.let_start(tx, desk.house, desk.actor, identity, until, form.get("reason", ""), desk.now)
    told = desk.words("The driver may start again.") if days else desk.words("The rules hold for this driver again.")
    return desk.go(f"/console/drivers/{shown('drv', identity)}", told)


def end_of(desk: Desk, days: int) -> datetime:
    """Return the end of the local day that is `days` days away."""
    zone = ZoneInfo(desk.house.settings.timezone)
    return datetime.combine(desk.today + timedelta(days=days), time(23, 59, 59), zone).astimezone(desk.now.tzinfo)


@post("/console/drivers/{driver_id:str}/may-owe", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=303)
async def let_owe(desk: AtDesk, driver_id: FromPath[str]) -> Response[Any]:
    """Say whether an invoice may take what could not be debited from this driver."""
    form = await desk.form()
    identity = DriverId(named("drv", driver_id))
    if form.get("may_owe", "") not in OWES:
        raise Invalid("Choose one of those shown.", field="may_owe")
    async with desk.transaction() as tx:
        await ways.let_owe(
            tx, desk.house, desk.actor, identity, OWES[form.get("may_owe", "")], form.get("reason", ""), desk.now
        )
    return desk.go(f"/console/drivers/{shown('drv', identity)}", desk.words("The changes are saved."))


ROUTES: Final = [list_held, export_held, show_policy, save_policy, let_start, let_owe]

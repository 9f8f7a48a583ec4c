"""Mandates for direct debit: who gave one, where each stands, giving one on paper, and ending one."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.access import queries as access_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import DriverId, MandateId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.payments.direct_debit import mandates, queries
from laddverk.payments.direct_debit.mandate_rules import euro_account, swedish_account
from laddverk.payments.direct_debit.model import BankAccount, Channel, Scheme
from laddverk.web.console import bank_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.visit import named

DRIVERS_OFFERED: Final = 20  # of those that a search finds, to choose one


@get("/console/mandates", opt={NEEDS: Permission.PAYMENTS_READ})
async def list_mandates(desk: AtDesk) -> Response[str]:
    """The mandates, the latest first."""
    listing = desk.listing("-created")
    state = desk.asked("state")
    async with desk.transaction() as tx:
        rows = await queries.mandates(tx, listing.search, state, limit=PAGE_SIZE, offset=listing.offset)
        return desk.page(
            "console/mandates/list.html",
            bank=bank_words,
            rows=rows,
            listing=listing,
            total=await queries.count_mandates(tx, listing.search, state),
            states=await queries.mandate_states(tx),
            schemes=mandates.schemes(desk.house.settings),
        )


@get("/console/mandates/new", opt={NEEDS: Permission.DRIVERS_WRITE})
async def new_mandate(desk: AtDesk) -> Response[str]:
    """The form for a mandate that came on paper."""
    return await _form(desk, {}, {})


async def _form(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    search = desk.asked("q").strip()[:100]
    chosen = values.get("driver") or desk.asked("driver")
    schemes = mandates.schemes(desk.house.settings)
    async with desk.transaction() as tx:
        drivers = await access_queries.drivers(tx, search, "", "", "name", limit=DRIVERS_OFFERED) if search else []
        driver = await access_queries.driver(tx, named("drv", chosen)) if chosen else None
    return desk.page(
        "console/mandates/new.html",
        status=status,
        bank=bank_words,
        drivers=drivers,
        driver=driver,
        schemes=schemes,
        consents={each: mandates.consent_text(desk.house.settings, each, desk.language) for each in schemes},
        values={"signed_on": desk.today.isoformat(), **values},
        errors=errors,
    )


@post("/console/mandates/new", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def add_mandate(desk: AtDesk) -> Response[Any]:
    """Keep a mandate that came on paper."""
    form = await desk.form()
    try:
        driver = DriverId(named("drv", form.get("driver", "")))
        scheme = scheme_of(form)
        if form.get("agreed") != "yes":
            raise Invalid("The signed paper has to be in your hands.", field="agreed")
        async with desk.transaction() as tx:
            mandate_id = await mandates.give(
                tx,
                desk.house,
                desk.actor,
                driver,
                scheme,
                account_in(form, scheme, desk.today),
                holder=form.get("holder", ""),
                channel=Channel.PAPER,
                signed_on=day_in(form.get("signed_on", "")),
                consent=mandates.consent_text(desk.house.settings, scheme, desk.language),
                now=desk.now,
            )
    except NotFound:
        raise
    except Problem as problem:
        return await _form(desk, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/mandates/{shown('man', mandate_id)}", desk.words("The mandate is kept."))


@get("/console/mandates/{mandate_id:str}", opt={NEEDS: Permission.PAYMENTS_READ})
async def show_mandate(desk: AtDesk, mandate_id: FromPath[str]) -> Response[str]:
    """One mandate with what happened to it and what was collected by it."""
    return await _mandate_page(desk, mandate_id, {})


async def _mandate_page(desk: Desk, mandate_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        mandate: queries.MandateRow = found(await queries.mandate(tx, named("man", mandate_id)))
        return desk.page(
            "console/mandates/detail.html",
            status=status,
            bank=bank_words,
            mandate=mandate,
            events=await queries.mandate_events(tx, mandate.id),
            collections=await queries.of_mandate(tx, mandate.id),
            errors=errors,
        )


@post("/console/mandates/{mandate_id:str}/end", opt={NEEDS: Permission.DRIVERS_WRITE}, status_code=200)
async def end_mandate(desk: AtDesk, mandate_id: FromPath[str]) -> Response[Any]:
    """End a mandate, with a reason."""
    form = await desk.form()
    identity = MandateId(named("man", mandate_id))
    try:
        async with desk.transaction() as tx:
            await mandates.end(tx, desk.actor, identity, form.get("reason", ""), desk.now)
    except NotFound:
        raise
    except Problem as problem:
        return await _mandate_page(desk, mandate_id, desk.errors(problem), problem.status)
    return desk.go(f"/console/mandates/{shown('man', identity)}", desk.words("Nothing is collected by it any more."))


def scheme_of(form: dict[str, str]) -> Scheme:
    """Return the scheme that a form chose. Raises `Invalid`."""
    try:
        return Scheme(form.get("scheme", ""))
    except ValueError:
        raise Invalid("Choose how to collect.", field="scheme") from None


def account_in(form: dict[str, str], scheme: Scheme, today: date) -> BankAccount:
    """Return the account that a form holds. Raises `Invalid` naming the field."""
    if scheme == Scheme.SEPA:
        return euro_account(form.get("account", ""), form.get("bic", ""))
    return swedish_account(form.get("clearing", ""), form.get("account", ""), form.get("person", ""), today)


def day_in(text: str) -> date:
    """Return the day that a form holds. Raises `Invalid`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("This is no date.", field="signed_on", remedy="Write it like 2026-10-31.") from None


ROUTES: Final = [list_mandates, new_mandate, add_mandate, show_mandate, end_mandate]

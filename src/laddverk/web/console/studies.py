"""Studies: what would relieve a site. The list, a new one, how far it is, what it says, on paper and as CSV."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import shown
from laddverk.kernel.problems import Problem
from laddverk.planning.expanding import fuses, paper, sentences, service, store, words
from laddverk.planning.expanding.model import Asked, State, Study
from laddverk.planning.expanding.store import Looked
from laddverk.planning.expanding.weighing import Answer, Order, Weighed, answer
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for
from laddverk.web import spreadsheets
from laddverk.web.console import study_forms
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.study_picture import curves
from laddverk.web.live import Parts
from laddverk.web.spreadsheets import Cell
from laddverk.web.visit import named

PLACE: Final = "/console/studies"
ONE: Final = PLACE + "/{study_id:str}"
COMPARED_MAX: Final = 4
PRICED_FROM: Final = timedelta(days=91)
COLUMNS: Final = (
    "place", "kind", "option", "delivered_p10", "delivered_p50", "delivered_p90", "worst_twentieth", "blocked",
    "waited_year", "wait_minutes", "peak_kw", "short_hours_year", "full_hours_year", "energy_kwh_year",
    "extra_kwh_year_p10", "extra_kwh_year_p50", "extra_kwh_year_p90", "refusals_avoided_year", "capex", "opex_year",
    "cost_year", "benefit_year", "net_year", "per_kwh", "per_refusal", "pays_in_years",
)  # fmt: skip


def href(study: UUID) -> str:
    """Return the address of a study's page."""
    return f"{PLACE}/{shown('stu', study)}"


@get(PLACE, opt={NEEDS: Permission.SESSIONS_READ})
async def list_studies(desk: AtDesk) -> Response[str]:
    """All studies of the sites one may see."""
    listing, site = desk.listing("new"), desk.asked("site")
    state = desk.asked("state") if desk.asked("state") in set(State) else ""
    looked = Looked(desk.sites, listing.search, state, named("sit", site) if site else None)
    async with desk.transaction() as tx:
        rows = await store.studies(tx, looked, listing.offset, PAGE_SIZE)
        total = await store.count(tx, looked)
    return desk.page(
        "console/planning/studies.html", rows=rows, total=total, listing=listing, states=words.STATES,
        is_narrowed=bool(listing.search or state or site),
    )  # fmt: skip


@get(PLACE + "/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_study(desk: AtDesk) -> Response[str]:
    """The form for a study; with `as` filled in as another was, with `site` for one."""
    async with desk.transaction() as tx:
        if desk.asked("as"):
            before: Study = found(await store.study(tx, desk.sites, named("stu", desk.asked("as"))))
            values = study_forms.values_of(before.asked, shown("sit", before.site_id)) | {"title": before.title}
        else:
            values = await _usual(desk, tx)
    return await _form(desk, values, {})


async def _usual(desk: Desk, tx: Transaction) -> dict[str, str]:
    """Return the usual values; prices as in the newest study, the margin as the site earned it."""
    asked, site = study_forms.usual(desk.today, desk.day_asked("first"), desk.day_asked("last")), desk.asked("site")
    newest = next(iter(await store.studies(tx, Looked(desk.sites), 0, 1)), None)
    if newest is not None:
        asked = Asked(site_id=asked.site_id, first=asked.first, last=asked.last, prices=newest.asked.prices)
    values = study_forms.values_of(asked, site)
    if site and newest is None:
        site_id = named("sit", site)
        found(site_id if desk.sites is None or site_id in desk.sites else None)
        price = await store.price_per_kwh(tx, site_id, desk.house.settings.currency, desk.now - PRICED_FROM)
        if price is not None:
            values["margin_per_kwh"] = study_forms.money(price * desk.house.settings.margin_percent / 10_000)
    return values


async def _form(desk: Desk, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        sites = await store.sites(tx, desk.sites)
    own = desk.house.settings.fuse_fees_file
    return desk.page(
        "console/planning/study_new.html", status=status, values=values, errors=errors,
        sites=[one for one in sites if one.sessions], fees=fuses.of(own), is_example=own is None,
        currency=desk.house.settings.currency,
    )  # fmt: skip


@post(PLACE + "/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def ask_study(desk: AtDesk) -> Response[Any]:
    """Ask for a study."""
    form = await desk.form()
    fees = fuses.of(desk.house.settings.fuse_fees_file)
    try:
        async with desk.transaction() as tx:
            identity = await service.ask(
                tx, desk.actor, study_forms.asked_of(form), form.get("title", "").strip(), fees, desk.now
            )  # fmt: skip
    except Problem as problem:
        errors = {{"site_id": "site"}.get(field, field): text for field, text in desk.errors(problem).items()}
        return await _form(desk, form, errors, problem.status)
    return desk.go(href(identity), desk.words("The study is being played. It goes on when you leave this page."))


async def _known(desk: Desk, study_id: str) -> dict[str, Any]:
    async with desk.transaction() as tx:
        study: Study = found(await store.study(tx, desk.sites, named("stu", study_id)))
        parts = await store.parts(tx, study.id)
    said = answer(study, parts)
    order = Order.REFUSALS if desk.asked("order") == Order.REFUSALS else Order.ENERGY
    currency = desk.house.settings.currency
    names = {one.place: words.option(one.option, desk.language) for one in _all(said)}
    return {
        "study": study, "found": said, "says": sentences.Saying(study, said, currency, desk.language), "names": names,
        "href": href(study.id), "states": words.STATES, "currency": currency, "study_words": words,
        "curves": curves(study, said), "order": order, "ranked": said.ranked(order), "is_open": study.ended_at is None,
    }  # fmt: skip


def _all(said: Answer) -> list[Weighed]:
    return [one for one in (said.as_is, *said.options, *said.references) if one is not None]


@get(ONE, opt={NEEDS: Permission.SESSIONS_READ})
async def show_study(desk: AtDesk, study_id: FromPath[str]) -> Response[str]:
    """A study: how far it is, and what it says."""
    return desk.page("console/planning/study.html", **await _known(desk, study_id))


async def live_parts(desk: Desk, study_id: str) -> Parts:
    """Return the part of the page that changes while a study is played."""
    return {"study-body": desk.template("console/planning/study_body.html", **await _known(desk, study_id))}


@post(ONE + "/cancel", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def cancel_study(desk: AtDesk, study_id: FromPath[str]) -> Response[Any]:
    """Stop a study."""
    identity = named("stu", study_id)
    async with desk.transaction() as tx:
        await service.cancel(tx, desk.actor, identity, desk.now)
    desk.tell(f"study:{identity}")
    return desk.go(href(identity), desk.words("The study is stopped. What was played is kept."))


@post(ONE + "/again", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def play_again(desk: AtDesk, study_id: FromPath[str]) -> Response[Any]:
    """Play a study once more with all that it was made of."""
    async with desk.transaction() as tx:
        identity = await service.again_as(tx, desk.actor, named("stu", study_id), desk.now)
    return desk.go(href(identity), desk.words("The study is being played. It goes on when you leave this page."))


@post(ONE + "/delete", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def delete_study(desk: AtDesk, study_id: FromPath[str]) -> Response[Any]:
    """Forget a study."""
    form = await desk.form()
    async with desk.transaction() as tx:
        await service.delete(tx, desk.actor, named("stu", study_id), desk.now, reason=form.get("reason", "")[:200])
    return desk.go(PLACE, desk.words("The study is gone."))


@get(ONE + "/report.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_study(desk: AtDesk, study_id: FromPath[str]) -> Response[bytes]:
    """All options of a study with their figures, as CSV."""
    known = await _known(desk, study_id)
    return spreadsheets.answer(
        "study", COLUMNS, [_row(one, known["names"][one.place]) for one in _all(known["found"])]
    )  # fmt: skip


def _row(one: Weighed, name: str) -> tuple[Cell, ...]:
    service_, extra = one.service, one.extra_kwh
    return (
        one.place, one.option.kind.value, name, round(service_.delivered.low, 5), round(service_.delivered.middle, 5),
        round(service_.delivered.high, 5), round(service_.p05.middle, 5), round(service_.blocked.middle, 5),
        round(service_.waited.middle, 1), round(service_.wait_s.middle / 60, 1), round(service_.peak_kw.middle, 2),
        round(service_.short_h.middle, 1), round(service_.full_h.middle, 1), round(service_.energy_kwh.middle, 1),
        round(extra.low, 1),
        round(extra.middle, 1), round(extra.high, 1), round(one.avoided.middle, 1), one.option.capex_minor / 100,
        one.opex_year_minor / 100, one.cost_year_minor / 100, one.benefit_year_minor / 100, one.net_year_minor / 100,
        None if one.per_kwh_minor is None else one.per_kwh_minor / 100,
        None if one.per_refusal_minor is None else one.per_refusal_minor / 100,
        None if one.pays_in_years is None else round(one.pays_in_years, 2),
    )  # fmt: skip


@get(ONE + "/report.pdf", opt={NEEDS: Permission.SESSIONS_READ})
async def study_pdf(desk: AtDesk, study_id: FromPath[str]) -> Response[bytes]:
    """A study on paper, for those who decide."""
    known = await _known(desk, study_id)
    settings = desk.house.settings
    heading = paper.Heading(settings.operator_name, settings.currency, desk.language, desk.now)
    document = paper.document(known["study"], known["found"], heading)
    content = await asyncio.to_thread(paper.pdf, document, desk.now)
    headers = {
        "content-disposition": 'inline; filename="study.pdf"', "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }  # fmt: skip
    return Response(content, media_type="application/pdf", headers=headers)


@get(PLACE + "/compare", opt={NEEDS: Permission.SESSIONS_READ})
async def compare_studies(desk: AtDesk) -> Response[str]:
    """The proposals of some studies beside each other: of sites, or of one with other assumptions."""
    asked = list(dict.fromkeys(value for name, value in desk.view.query if name == "study"))[:COMPARED_MAX]
    studies, said = [], gettext_for(desk.language)
    for one in asked:
        known = await _known(desk, one)
        studies.append(known)
    async with desk.transaction() as tx:
        others = await store.studies(tx, Looked(desk.sites, state=State.DONE.value), 0, PAGE_SIZE)
    return desk.page(
        "console/planning/studies_compare.html", studies=studies, others=others, chosen=set(asked), most=COMPARED_MAX,
        nothing=said("Nothing"),
    )  # fmt: skip


ROUTES: Final = [
    list_studies, new_study, ask_study, compare_studies, show_study, cancel_study, play_again, delete_study,
    export_study, study_pdf,
]  # fmt: skip

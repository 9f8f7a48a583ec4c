"""How the desk does, for a month, quarter or year beside the one before: page, CSV and the helpline report as PDF."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from laddverk.diagnostics.uptime import words as period_words
from laddverk.diagnostics.uptime.hours import Length, Period
from laddverk.kernel.actors import Permission
from laddverk.platform import formats
from laddverk.platform.database import Transaction
from laddverk.platform.languages import gettext_for, marked
from laddverk.stations import queries as stations_queries
from laddverk.support.reporting import paper, queries, words
from laddverk.support.reporting.model import GROUPS, By, Figures, Group, Span
from laddverk.support.situations import book
from laddverk.web import spreadsheets
from laddverk.web.console import case_words
from laddverk.web.console.desk import AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.uptime import Choice, choice_of
from laddverk.web.visit import named

PLACE: Final = "/console/support/reports"
MAY: Final = {NEEDS: Permission.CASES_READ}
STEPS: Final = {Length.MONTH: timedelta(days=1), Length.QUARTER: timedelta(days=7), Length.YEAR: timedelta(days=30)}
LISTED: Final = {By.KIND: "kind", By.SITUATION: "situation", By.CHANNEL: "channel", By.SITE: "site"}
LISTED_TOO: Final = {By.MODEL: "model", By.FIRMWARE: "firmware"}
"""Which filter of the inbox lists a group."""
CONTACTED: Final = {"page": marked("Page of the charge")}
"""Ways in which somebody is helped and no case is made."""


class Made(Struct, frozen=True):
    """A report, and what was asked for."""

    choice: Choice
    site: UUID | None
    here: Figures
    before: Figures


def _span(desk: Desk, period: Period, site: UUID | None) -> Span:
    return Span(desk.midnight(period.first), desk.midnight(period.after), desk.sites, site)


async def _made(desk: Desk, tx: Transaction) -> Made:
    choice = choice_of(desk)
    site = named("sit", desk.asked("site")) if desk.asked("site") else None
    if site is not None:
        found(site if desk.sites is None or site in desk.sites else None)
    here = await queries.read(tx, _span(desk, choice.period, site), desk.now)
    before = await queries.read(tx, _span(desk, choice.period.before, site), desk.now)
    return Made(choice, site, here, before)


async def _groups(desk: Desk, tx: Transaction, made: Made, by: By) -> list[Group]:
    before = desk.midnight(made.choice.period.before.first)
    return await queries.groups(tx, _span(desk, made.choice.period, made.site), by, before)


def _by(desk: Desk) -> By:
    asked = desk.asked("by")
    return By(asked) if asked in set(By) else By.KIND


def names_of(desk: Desk) -> dict[By, dict[str, str]]:
    """Return the words of groups that are known by a key."""
    return {
        By.KIND: dict(case_words.KIND_WORDS), By.SITUATION: book.titles(desk.language),
        By.CHANNEL: case_words.CHANNELS | CONTACTED,
    }  # fmt: skip


@get(PLACE, opt=MAY)
async def show_report(desk: AtDesk) -> Response[str]:
    """The desk in numbers."""
    by = _by(desk)
    async with desk.transaction() as tx:
        made = await _made(desk, tx)
        groups = await _groups(desk, tx, made, by)
        period = made.choice.period
        volume = await queries.volume(
            tx, _span(desk, period, made.site), desk.house.settings.timezone, STEPS[period.length]
        )  # fmt: skip
        sites = await stations_queries.sites(tx, desk.sites)
    search = desk.listing("cases").search.casefold()
    names = names_of(desk)
    said = gettext_for(desk.language)
    named_groups = [(one, one.name or said(names.get(by, {}).get(one.key, one.key))) for one in groups]
    return desk.page(
        "console/support/reports.html", made=made, choice=made.choice, uptime=period_words, by=by, kinds=GROUPS,
        groups=[(one, word) for one, word in named_groups if search in word.casefold()], volume=volume, sites=sites,
        figures=words.FIGURES, shown_figure=lambda one, of: words.shown(one, of, desk.language),
        group_query=lambda one: _group_query(by, one), dates=_dates(period),
    )  # fmt: skip


def _dates(period: Period) -> str:
    return f"opened_from={period.first}&opened_to={period.after - timedelta(days=1)}"


def _group_query(by: By, group: Group) -> dict[str, str]:
    value = f"sit_{group.key.replace('-', '')}" if by is By.SITE else group.key
    return {"name": (LISTED | LISTED_TOO)[by], "value": value}


@get(f"{PLACE}.csv", opt=MAY)
async def export_report(desk: AtDesk) -> Response[bytes]:
    """The figures, then every group, as CSV."""
    async with desk.transaction() as tx:
        made = await _made(desk, tx)
        groups = {by: await _groups(desk, tx, made, by) for by in By}
    rows: list[tuple[spreadsheets.Cell, ...]] = [
        ("figure", one.key, _rounded(one.of(made.here)), _rounded(one.of(made.before)), one.unit)
        for one in words.FIGURES
    ]
    for by in By:
        for one in groups[by]:
            name = one.name or one.key
            rows.append((by.value, name, one.cases, one.before, "cases"))
            rows.append((by.value, name, one.alone, one.alone_before, "without_case"))
    return spreadsheets.answer(
        f"helpline-{made.choice.period.key}", ("what", "name", "this_period", "period_before", "unit"), rows
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@get(f"{PLACE}.pdf", opt=MAY)
async def print_report(desk: AtDesk) -> Response[bytes]:
    """The helpline report on paper."""
    async with desk.transaction() as tx:
        made = await _made(desk, tx)
        groups = {by: await _groups(desk, tx, made, by) for by in By}
        sites = {one.id: one.name for one in await stations_queries.sites(tx, desk.sites)}
    settings, period = desk.house.settings, made.choice.period
    heading = paper.Heading(
        operator=settings.operator_name, zone=settings.timezone, language=desk.language, now=desk.now,
        subject=sites.get(made.site, "") if made.site else desk.words("The whole network"),
        period=formats.month(period.first, desk.language) if period.length is Length.MONTH else period.key,
    )  # fmt: skip
    document: dict[str, Any] = paper.document(heading, made.here, made.before, groups, names_of(desk))
    content = await asyncio.to_thread(paper.pdf, document, desk.now)
    headers = {
        "content-disposition": f'inline; filename="helpline-{period.key}.pdf"', "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }  # fmt: skip
    return Response(content, media_type="application/pdf", headers=headers)


ROUTES: Final = [show_report, export_report, print_report]

"""What holds sites back: a ranked list, and one site with its evidence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from laddverk.kernel.actors import Permission
from laddverk.planning.bottlenecks import queries
from laddverk.planning.bottlenecks.model import Kind, Verdict
from laddverk.planning.bottlenecks.rules import judged
from laddverk.planning.expanding import store as studies
from laddverk.planning.expanding import words
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console import bottleneck_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.usage_words import FORMULAS
from laddverk.web.visit import named

PLACE: Final = "/console/bottlenecks"
STUDIES_SHOWN: Final = 3
STUDY_DAYS_MAX: Final = timedelta(days=365)
SORTS: Final[dict[str, Callable[[Verdict], float]]] = {
    "energy": lambda one: one.energy_wh,
    "sessions": lambda one: one.sessions,
    "hours": lambda one: one.hours,
}


async def _verdicts(desk: Desk, tx: Transaction) -> list[Verdict]:
    seen = await queries.observed(tx, desk.sites, desk.house.settings.timezone, desk.now)
    return [judged(one) for one in seen]


def _matching(desk: Desk, verdicts: list[Verdict]) -> list[Verdict]:
    """Return those that match the search and the filter, in the wanted order; the most energy lost first."""
    listing, kind = desk.listing("-energy", "name", *SORTS), desk.asked("kind")
    wanted = listing.search.casefold()
    rows = [
        one
        for one in verdicts
        if wanted in one.name.casefold() and (not kind or any(each.kind == kind for each in one.found[:1]))
    ]
    key = SORTS.get(listing.sort.lstrip("-"))
    if key is None:
        return sorted(rows, key=lambda one: one.name.casefold(), reverse=listing.sort.startswith("-"))
    return sorted(rows, key=key, reverse=listing.sort.startswith("-"))


@get(PLACE, opt={NEEDS: Permission.SESSIONS_READ})
async def overview(desk: AtDesk) -> Response[str]:
    """All sites by what holding them back costs."""
    async with desk.transaction() as tx:
        verdicts = await _verdicts(desk, tx)
    rows, listing = _matching(desk, verdicts), desk.listing("-energy", "name", *SORTS)
    counts = {kind: sum(bool(one.found) and one.found[0].kind is kind for one in verdicts) for kind in Kind}
    return desk.page(
        "console/planning/bottlenecks.html",
        rows=rows[listing.offset : listing.offset + PAGE_SIZE], total=len(rows), listing=listing, counts=counts,
        too_soon=sum(one.is_too_soon for one in verdicts), all=len(verdicts),
        unmanaged=sum(not one.is_managed for one in verdicts),
        held=[one for one in verdicts if one.found], neck=bottleneck_words,
        is_used=any(one.since < one.until for one in verdicts),
    )  # fmt: skip


@get(f"{PLACE}.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export(desk: AtDesk) -> Response[bytes]:
    """Everything that holds sites back, as CSV."""
    async with desk.transaction() as tx:
        verdicts = _matching(desk, await _verdicts(desk, tx))
    return spreadsheets.answer(
        "bottlenecks",
        (
            "site", "since", "until", "holds_back", "hours_a_year", "sessions_lost_a_year", "kwh_lost_a_year",
            "estimate", "evidence", "formula",
        ),
        [
            (
                one.name, one.since, one.until, each.kind, _rounded(each.hours), _rounded(each.sessions),
                _rounded(each.energy_wh / 1_000), "yes" if each.is_estimate else "no",
                " ".join(bottleneck_words.sentence(proof, desk.language) for proof in each.proofs),
                desk.words(bottleneck_words.FORMULAS[each.kind]),
            )
            for one in verdicts
            for each in one.found
        ],
    )  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


@get(f"{PLACE}/{{site_id:str}}", opt={NEEDS: Permission.SESSIONS_READ})
async def site(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """What holds one site back, with the evidence and the formulas."""
    identity = named("sit", site_id)
    found(identity if desk.sites is None or identity in desk.sites else None)
    async with desk.transaction() as tx:
        seen = found(
            next(
                iter(await queries.observed(tx, frozenset({identity}), desk.house.settings.timezone, desk.now)), None
            )
        )  # fmt: skip
        done = await studies.studies(tx, studies.Looked(desk.sites, site_id=identity), 0, STUDIES_SHOWN)
    verdict = judged(seen)
    return desk.page(
        "console/planning/bottleneck.html", verdict=verdict, seen=seen, neck=bottleneck_words, formulas=FORMULAS,
        studies=done, states=words.STATES, first=max(verdict.since.date(), desk.today - STUDY_DAYS_MAX),
    )  # fmt: skip


ROUTES: Final = [overview, export, site]

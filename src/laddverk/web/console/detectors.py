"""The detectors: what each computes and needs, what to do about it, and how much of what it finds is of use."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from laddverk.diagnostics import queries_detectors, runbooks
from laddverk.diagnostics.detectors.base import About
from laddverk.diagnostics.detectors.registry import ABOUTS
from laddverk.diagnostics.incidents import queries as incidents
from laddverk.diagnostics.incidents import store as incident_store
from laddverk.diagnostics.model import Evidence
from laddverk.diagnostics.queries_detectors import Record
from laddverk.kernel.actors import Permission
from laddverk.platform.languages import gettext_for, marked
from laddverk.web import spreadsheets
from laddverk.web.console import diagnosis_words, incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS

PLACE: Final = "/console/diagnosis/detectors"
MEASURED: Final = timedelta(days=90)  # long enough for a few judged incidents, short enough for today's formula

HEADINGS: Final = (
    ("meaning", marked("What it means")),
    ("check_remotely", marked("Check from here")),
    ("ask_driver", marked("Ask the driver")),
    ("safe_action", marked("What is safe to do")),
    ("parts", marked("Parts to bring")),
    ("skill", marked("Who can do it")),
    ("photos", marked("Photos to take")),
    ("closing_test", marked("It is mended when")),
)
"""The parts of a runbook, in the order in which they are needed."""


Runbook = list[tuple[str, str | tuple[str, ...]]]
"""Headings, and the text or the list of texts below each."""


class Shown(Struct, frozen=True, kw_only=True):
    """A detector in the list."""

    about: About
    record: Record
    is_muted: bool


def runbook_sections(name: str, language: str) -> Runbook:
    """Return a runbook as headings and texts, or lists of texts, in `language`; nothing when there is none."""
    book = runbooks.runbook(name)
    if book is None:
        return []
    steps, _ = book.steps(language), gettext_for(language)
    return [(_(heading), getattr(steps, field)) for field, heading in HEADINGS]


def _nothing(detector: str) -> Record:
    return Record(detector=detector, open=0, stations=0, found=0, useful=0, useless=0, unjudged=0)


async def _shown(desk: Desk) -> list[Shown]:
    async with desk.transaction() as tx:
        kept = {one.detector: one for one in await queries_detectors.records(tx, desk.sites, desk.now - MEASURED)}
        muted = frozenset(await incident_store.muted(tx))
    return [
        Shown(about=about, record=kept.get(name, _nothing(name)), is_muted=name in muted)
        for name, about in ABOUTS.items()
    ]


def _wanted(desk: Desk, rows: list[Shown]) -> list[Shown]:
    """Return what matches the search, in the reader's words, and the filters."""
    _, search = gettext_for(desk.language), desk.listing("id").search.casefold()
    severity, only = desk.asked("severity"), desk.asked("only")
    return [
        row
        for row in rows
        if search in f"{row.about.id} {_(row.about.title)} {_(row.about.formula)}".casefold()
        and severity in ("", str(row.about.severity.value))
        and (only != "open" or row.record.open)
    ]


def _words(desk: Desk) -> dict[str, Any]:
    zone = desk.house.settings.timezone

    def sentence_of(evidence: Evidence) -> str:
        return incident_words.sentence(evidence, desk.language, zone)

    return {"inc": incident_words, "dia": diagnosis_words, "sentence_of": sentence_of, "days": MEASURED.days}


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def list_detectors(desk: AtDesk) -> Response[Any]:
    """All detectors, with how much they find and how much of it was of use."""
    every = await _shown(desk)
    return desk.page("console/diagnosis/detectors.html", rows=_wanted(desk, every), every=every, **_words(desk))


COLUMNS: Final = (
    "detector", "title", "family", "severity", "scope", "needs", "formula", "open", "stations", "found_90_days",
    "useful", "useless", "unjudged", "muted",
)  # fmt: skip


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_detectors(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    _ = gettext_for(desk.language)
    rows = _wanted(desk, await _shown(desk))
    return spreadsheets.answer(
        "detectors",
        COLUMNS,
        [
            (
                row.about.id, _(row.about.title), row.about.family.value, row.about.severity.name.lower(),
                row.about.scope.value, " ".join(row.about.needs), _(row.about.formula), row.record.open,
                row.record.stations, row.record.found, row.record.useful, row.record.useless, row.record.unjudged,
                "yes" if row.is_muted else "no",
            )
            for row in rows
        ],
    )  # fmt: skip


@get(f"{PLACE}/{{detector:str}}", opt={NEEDS: Permission.STATIONS_READ})
async def show_detector(desk: AtDesk, detector: FromPath[str]) -> Response[str]:
    """One detector: its formula, what it found, and its runbook."""
    about = found(ABOUTS.get(detector))
    state = desk.asked("state")
    wanted = incidents.FindingFilter(detector=about.id, state=state if state in ("open", "cleared") else "all")
    listing = desk.listing("since")
    row = next(one for one in await _shown(desk) if one.about.id == about.id)
    async with desk.transaction() as tx:
        findings = await incidents.findings(tx, desk.sites, wanted, limit=PAGE_SIZE + 1, offset=listing.offset)
    return desk.page(
        "console/diagnosis/detector.html",
        row=row, about=about, findings=findings[:PAGE_SIZE], has_next=len(findings) > PAGE_SIZE, listing=listing,
        state=wanted.state, runbook=runbook_sections(about.runbook, desk.language), **_words(desk),
    )  # fmt: skip


ROUTES: Final = [list_detectors, export_detectors, show_detector]

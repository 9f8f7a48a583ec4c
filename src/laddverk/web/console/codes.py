"""Codes of faults: what each means, where that is from, and those that came and that no file knows."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from msgspec import Struct

from laddverk.diagnostics import codes
from laddverk.diagnostics.codes import queries
from laddverk.diagnostics.codes.model import SEVERITIES, Code, Entry
from laddverk.kernel.actors import Permission
from laddverk.web import spreadsheets
from laddverk.web.console import incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS

SORTS: Final = ("source",)


class Known(Struct, frozen=True, kw_only=True):
    """One entry of the book, with its file and how often it came."""

    source: str
    file: str
    is_own: bool
    entry: Entry

    @property
    def severity(self) -> int:
        """0 to 4."""
        return SEVERITIES[self.entry.severity]


class Came(Struct, frozen=True, kw_only=True):
    """A code that came, with what it means."""

    row: queries.CodeRow
    meaning: tuple[Code, ...]

    @property
    def is_known(self) -> bool:
        """Whether a file says what it means."""
        return bool(self.meaning) and all(one.is_known for one in self.meaning)


def _known(search: str, source: str) -> list[Known]:
    wanted = search.casefold()
    return [
        Known(source=chapter.source.name, file=chapter.file, is_own=chapter.is_own, entry=entry)
        for chapter in codes.in_use().chapters
        if not source or chapter.source.name == source
        for entry in chapter.entries
        if wanted in f"{entry.code} {entry.name} {entry.en} {entry.sv}".casefold()
    ]


async def _came(desk: Desk) -> list[Came]:
    async with desk.transaction() as tx:
        rows = await queries.codes(tx, desk.sites)
    return [Came(row=row, meaning=_meaning(row)) for row in rows]


def _meaning(row: queries.CodeRow) -> tuple[Code, ...]:
    component, point, variable = row.raw.partition(".")
    found = codes.decoded(row.vendor, row.model, row.raw)  # a code of the standard, or a word
    if not any(one.is_known for one in found):
        found = codes.decoded(row.vendor, row.model, None, row.raw)
    if point and not any(one.is_known for one in found):
        return codes.decoded_event(row.vendor, row.model, component, variable) or found
    return found


@get("/console/codes", opt={NEEDS: Permission.STATIONS_READ})
async def list_codes(desk: AtDesk) -> Response[Any]:
    """The book of codes, and above it what came and is not in it."""
    listing, source = desk.listing(*SORTS), desk.asked("source")[:100]
    known = _known(listing.search, source)
    came = await _came(desk)
    book = codes.in_use()
    return desk.page(
        "console/codes/list.html",
        listing=listing, rows=known[listing.offset : listing.offset + PAGE_SIZE], total=len(known),
        sources=[(one.source.name, one.source.name, len(one.entries)) for one in book.chapters],
        chapters=book.chapters, faults=book.faults, unknown=[one for one in came if not one.is_known][:200],
        frequent=sorted((one for one in came if one.is_known), key=lambda one: -one.row.times)[:20],
        inc=incident_words, folder=desk.house.settings.state_dir.name + "/codes",
    )  # fmt: skip


@get("/console/codes.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_codes(desk: AtDesk) -> Response[bytes]:
    """What came, by maker, as CSV."""
    return spreadsheets.answer(
        "codes",
        ("vendor", "model", "code", "times", "first_at", "last_at", "known", "family", "meaning", "source"),
        [
            (
                one.row.vendor, one.row.model, one.row.raw, one.row.times, one.row.first_at, one.row.last_at,
                "yes" if one.is_known else "no", ", ".join(sorted({each.family.value for each in one.meaning})),
                "; ".join(each.titled(desk.language) for each in one.meaning),
                ", ".join(sorted({each.source for each in one.meaning})),
            )
            for one in await _came(desk)
        ],
    )  # fmt: skip


ROUTES: Final = [list_codes, export_codes]

"""What limits a site when, and from whom: hours, the grid operator, OpenADR, limits for a time; take away, put back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from laddverk.energy.circuits import limits, senders, service, store
from laddverk.energy.circuits.limits import Span
from laddverk.energy.circuits.model import Circuit, CircuitId, LimitFrom, Signal, SignalRow
from laddverk.energy.signals import rules as programs
from laddverk.energy.signals import store as vtns
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SiteId, new_id, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.platform.database import Transaction
from laddverk.web import spreadsheets
from laddverk.web.console import circuit_forms as forms
from laddverk.web.console import program_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk
from laddverk.web.console.door import NEEDS
from laddverk.web.console.load import Known, href, known_of, told
from laddverk.web.visit import named

PLACE: Final = "/console/sites/{site_id:str}/load/limits"
AHEAD: Final = timedelta(hours=48)
SINCE: Final = timedelta(days=7)  # what is over is seen for a week; the rest is in the audit log
NOTE_MAX: Final = 100


class Ahead(Struct, frozen=True):
    """A circuit that somebody limits within the next days, and what holds when."""

    circuit: Circuit
    spans: list[Span]


class Row(Struct, frozen=True):
    """A limit in the list."""

    signal: SignalRow
    circuit: str
    state: str
    """now, coming, taken or over."""

    @property
    def is_silence(self) -> bool:
        """Whether it holds because a program is silent."""
        return self.signal.key.endswith(f":{programs.SILENCE}")


@get(PLACE, opt={NEEDS: Permission.STATIONS_READ})
async def show_limits(desk: AtDesk, site_id: FromPath[str]) -> Response[str]:
    """What limits the site's circuits, now and in the next two days, and everything that was said."""
    return await _page(desk, site_id, {}, {})


async def _page(
    desk: Desk, site_id: str, values: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[str]:
    listing, state, source = desk.listing("starts"), desk.asked("state"), desk.asked("source")
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        rows = await _rows(desk, tx, known, listing.search, state, source)
        asked = await vtns.of_site(tx, known.site.id)
        heard = await vtns.heard(tx, [one.id for one in asked])
    return desk.page(
        "console/load/limits.html",
        status=status,
        values=values,
        errors=errors,
        ahead=_ahead(desk, known),
        rows_of=rows[listing.offset : listing.offset + PAGE_SIZE],
        total=len(rows),
        listing=listing,
        programs=asked,
        heard=heard,
        names=program_words,
        limited=[line for line in known.lines if line.holding.source],
        push_line=f"PUT {desk.house.settings.web_url}/api/v1/circuits/{shown('sit', known.site.id)}/limits/dso",
        **told(desk, known),
    )


def _ahead(desk: Desk, known: Known) -> list[Ahead]:
    zone = ZoneInfo(known.site.timezone)
    made = [
        Ahead(circuit, limits.ahead(circuit, known.signals, desk.now, desk.now + AHEAD, zone))
        for circuit in known.tree.circuits
    ]
    return [one for one in made if any(span.holding.source for span in one.spans)]


async def _rows(desk: Desk, tx: Transaction, known: Known, search: str, state: str, source: str) -> list[Row]:
    names = {circuit.id: circuit.name for circuit in known.tree.circuits}
    kept = await store.signal_rows(tx, known.site.id, desk.now - SINCE, 2 * service.SIGNALS_MAX)
    rows = [Row(one, names.get(one.circuit_id, ""), _state(one, desk.now)) for one in kept]
    needle = search.casefold()
    return [
        row for row in rows
        if (not state or row.state == state) and (not source or row.signal.source == source)
        and (not needle or needle in f"{row.circuit} {row.signal.note} {row.signal.told_by}".casefold())
    ]  # fmt: skip


def _state(row: SignalRow, now: datetime) -> str:
    if row.ends_at <= now:
        return "over"
    if row.taken_at is not None:
        return "taken"
    return "now" if row.starts_at <= now else "coming"


@get(f"{PLACE}.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_limits(desk: AtDesk, site_id: FromPath[str]) -> Response[bytes]:
    """The same limits as CSV."""
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
        search = desk.listing("starts").search
        rows = await _rows(desk, tx, known, search, desk.asked("state"), desk.asked("source"))
    return spreadsheets.answer(
        "limits",
        ("circuit", "from", "until", "l1_a", "l2_a", "l3_a", "source", "told_by", "note", "state"),
        [
            (
                row.circuit, row.signal.starts_at, row.signal.ends_at, *row.signal.limit_a, row.signal.source.value,
                row.signal.told_by, row.signal.note, row.state,
            )
            for row in rows
        ],
    )  # fmt: skip


@post(PLACE, opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def do_limits(desk: AtDesk, site_id: FromPath[str]) -> Response[Any]:
    """Limit a circuit for a time, take a limit away, or put one back."""
    form = await desk.form()
    async with desk.transaction() as tx:
        known = await known_of(desk, tx, site_id)
    try:
        async with desk.transaction() as tx:
            said = await _do(desk, tx, known, form)
    except Problem as problem:
        return await _page(desk, site_id, form, desk.errors(problem), problem.status)
    desk.tell(f"site:{known.site.id}")
    return desk.go(f"{href(known.site.id)}/limits", said)


async def _do(desk: Desk, tx: Transaction, known: Known, form: dict[str, str]) -> str:
    site, circuit_id = SiteId(known.site.id), CircuitId(named("cir", form.get("circuit", "")))
    if form.get("what") == "limit":
        service.checked_reason(form.get("reason", ""))
        await service.signal(tx, desk.actor, site, _typed(form, circuit_id, known, desk.now), desk.now)
        return desk.words("The limit holds.")
    which = (circuit_id, forms.chosen(LimitFrom, form, "source"), form.get("key", "")[: service.SIGNAL_KEY_MAX])
    if form.get("what") == "take":
        await senders.take(tx, desk.actor, site, *which, desk.now, reason=form.get("reason", ""))
        return desk.words("The limit holds no more. It can be put back below.")
    if form.get("what") == "put-back":
        await senders.put_back(tx, desk.actor, site, *which, desk.now)
        return desk.words("The limit holds again.")
    raise Invalid("Choose from the list.", field="what")


def _typed(form: dict[str, str], circuit_id: UUID, known: Known, now: datetime) -> Signal:
    """Return the limit for a time that a form describes; its reason is what it is for."""
    zone = known.site.timezone
    return Signal(
        circuit_id=CircuitId(circuit_id), source=LimitFrom.PERSON, key=new_id().hex,
        starts_at=instant(form, "starts_at", zone) or now, ends_at=_end(form, zone),
        limit_a=forms.per_phase(form, "limit"), note=form.get("reason", "").strip()[:NOTE_MAX],
    )  # fmt: skip


def _end(form: dict[str, str], zone: str) -> datetime:
    ends_at = instant(form, "ends_at", zone)
    if ends_at is None:
        raise Invalid("Say when it ends.", field="ends_at")
    return ends_at


def instant(form: dict[str, str], field: str, zone: str) -> datetime | None:
    """Return a local time that was typed, or None where nothing was. Raises `Invalid`."""
    text = form.get(field, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text[:16])
    except ValueError:
        raise Invalid("This is no date and time.", field=field) from None
    return found.replace(tzinfo=ZoneInfo(zone))


ROUTES: Final = [show_limits, export_limits, do_limits]

"""Sessions: the list, one session with its curve, its price line by line, the money, and the meter's evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.authorisation import queries as authorisation_queries
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import SessionId, TariffVersionId, shown
from laddverk.kernel.money import major
from laddverk.kernel.problems import Problem
from laddverk.payments import queries as payments_queries
from laddverk.platform.database import Transaction
from laddverk.sessions import queries
from laddverk.sessions import service as sessions
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.tariffs import queries as tariffs_queries
from laddverk.web import spreadsheets
from laddverk.web.console.commands import outcome_part
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, Listing, found
from laddverk.web.console.door import NEEDS
from laddverk.web.live import Parts
from laddverk.web.visit import named

SORTS: Final = ("-started", "energy", "price")
SAMPLES_LISTED: Final = 60


def wanted(desk: Desk, listing: Listing) -> queries.SessionFilter:
    """Return what the list is narrowed to, from the address."""
    since, until = desk.span_asked()
    site, station, driver = desk.asked("site"), desk.asked("station"), desk.asked("driver")
    return queries.SessionFilter(
        search=listing.search,
        site_id=named("sit", site) if site else None,
        station_id=named("sta", station) if station else None,
        driver_id=named("drv", driver) if driver and desk.may(Permission.DRIVERS_READ) else None,
        state=desk.asked("state"),
        settlement=desk.asked("settlement"),
        since=since,
        until=until,
        people=desk.may(Permission.DRIVERS_READ),
    )


@get("/console/sessions", opt={NEEDS: Permission.SESSIONS_READ})
async def list_sessions(desk: AtDesk) -> Response[str]:
    """The sessions, the latest first."""
    listing = desk.listing(*SORTS)
    chosen = wanted(desk, listing)
    async with desk.transaction() as tx:
        rows = await queries.sessions(tx, desk.sites, chosen, listing.sort, limit=PAGE_SIZE, offset=listing.offset)
        return desk.page(
            "console/sessions/list.html",
            rows=rows,
            listing=listing,
            totals=await queries.totals(tx, desk.sites, chosen),
            running=await queries.totals(tx, desk.sites, queries.SessionFilter(state="running")),
            review=await queries.totals(tx, desk.sites, queries.SessionFilter(state="review")),
            sites=await stations_queries.sites(tx, desk.sites),
        )


@get("/console/sessions.csv", opt={NEEDS: Permission.SESSIONS_READ})
async def export_sessions(desk: AtDesk) -> Response[bytes]:
    """The same list as CSV."""
    listing = desk.listing(*SORTS)
    async with desk.transaction() as tx:
        rows = await queries.sessions(tx, desk.sites, wanted(desk, listing), listing.sort, limit=spreadsheets.ROWS_MAX)
    people = desk.may(Permission.DRIVERS_READ)
    return spreadsheets.answer(
        "sessions",
        (
            "id", "number", "site", "station", "evse", "started_at", "ended_at", "energy_wh", "price", "currency",
            "settlement", "stop_reason", "doubts", "driver", "token",
        ),
        [
            (
                shown("ses", row.id), row.number, row.site_name, row.station_name, row.evse_number, row.started_at,
                row.ended_at, row.energy_wh,
                major(row.price_minor, row.currency) if row.price_minor is not None and row.currency else None,
                row.currency, row.settlement, row.stop_reason, " ".join(row.doubts),
                row.driver_name if people else None, row.token_uid if people else None,
            )
            for row in rows
        ],
    )  # fmt: skip


async def _facts(desk: Desk, tx: Transaction, session_id: str) -> dict[str, Any]:
    session: queries.SessionDetail = found(await queries.session(tx, desk.sites, named("ses", session_id)))
    shown_tokens = []
    if session.token_uid and desk.may(Permission.DRIVERS_READ):
        shown_tokens = await queries.authorisations(
            tx, session.station_id, session.token_uid, session.started_at, session.ended_at or desk.now
        )
    return {
        "session": session,
        "samples": await queries.samples(tx, session.station_id, session.transaction_key, SAMPLES_LISTED),
        "evidence": await queries.evidence(tx, session.station_id, session.transaction_key),
        "authorisations": shown_tokens,
        "payments": await payments_queries.payments_of(tx, session.id) if desk.may(Permission.PAYMENTS_READ) else [],
        "tariffs": await tariffs_queries.tariffs(tx, desk.sites) if session.settlement == "review" else [],
    }


@get("/console/sessions/{session_id:str}", opt={NEEDS: Permission.SESSIONS_READ})
async def show_session(desk: AtDesk, session_id: FromPath[str]) -> Response[str]:
    """One session: four ticks, the curve, the price that adds up, the money and the evidence."""
    return await _session_page(desk, session_id, {})


async def _session_page(desk: Desk, session_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        known = await _facts(desk, tx, session_id)
        session = known["session"]
        said = await authorisation_queries.transaction_said(tx, session.station_id, session.transaction_key)
        access = await authorisation_queries.station_access(tx, desk.sites, session.station_id)
        known |= {"charger_said": said, "can_be_asked": access is not None and access.protocol not in (None, "ocpp1.6")}
    return desk.page("console/sessions/detail.html", status=status, errors=errors, **known)


Decision = Callable[[Transaction, SessionId, Mapping[str, str]], Awaitable[None]]


async def _decide(desk: Desk, session_id: str, decision: Decision, notice: str) -> Response[Any]:
    """Carry out what somebody decided about a session that was held, and go back to it."""
    form = await desk.form()
    identity = SessionId(named("ses", session_id))
    try:
        async with desk.transaction() as tx:
            found(await queries.session(tx, desk.sites, identity))
            await decision(tx, identity, form)
    except Problem as problem:
        return await _session_page(desk, session_id, desk.errors(problem), problem.status)
    return desk.go(f"/console/sessions/{shown('ses', identity)}", notice)


@post("/console/sessions/{session_id:str}/approve", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def approve_session(desk: AtDesk, session_id: FromPath[str]) -> Response[Any]:
    """Bill a session in spite of its doubts."""

    async def decision(tx: Transaction, identity: SessionId, form: Mapping[str, str]) -> None:
        await sessions.approve(tx, desk.actor, identity, desk.now, form.get("reason", ""))

    return await _decide(desk, session_id, decision, desk.words("The session is billed as it is."))


@post("/console/sessions/{session_id:str}/write-off", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def write_off_session(desk: AtDesk, session_id: FromPath[str]) -> Response[Any]:
    """Let nobody pay for a session."""

    async def decision(tx: Transaction, identity: SessionId, form: Mapping[str, str]) -> None:
        await sessions.write_off(tx, desk.actor, identity, desk.now, form.get("reason", ""))

    return await _decide(desk, session_id, decision, desk.words("Nobody pays for this session."))


@post("/console/sessions/{session_id:str}/tariff", opt={NEEDS: Permission.PAYMENTS_REFUND}, status_code=200)
async def give_tariff(desk: AtDesk, session_id: FromPath[str]) -> Response[Any]:
    """Give a session that started without a tariff one, and price it."""

    async def decision(tx: Transaction, identity: SessionId, form: Mapping[str, str]) -> None:
        version = TariffVersionId(named("tav", form.get("version", "")))
        await sessions.assign_tariff(tx, desk.actor, identity, version, desk.now, form.get("reason", ""))

    return await _decide(desk, session_id, decision, desk.words("The session is priced by that tariff."))


async def live_parts(desk: Desk, session_id: str) -> Parts:
    """Return the parts of a session's page that change by themselves."""
    async with desk.transaction() as tx:
        known = await _facts(desk, tx, session_id)
    names = ("state", "ticks", "figures", "price")
    return {f"session-{name}": desk.template(f"console/sessions/{name}.html", **known) for name in names}


@get("/console/sessions/{session_id:str}/curve.json", opt={NEEDS: Permission.SESSIONS_READ})
async def curve(desk: AtDesk, session_id: FromPath[str]) -> dict[str, Any]:
    """The readings of a session, as `power_chart` reads them."""
    async with desk.transaction() as tx:
        session: queries.SessionDetail = found(await queries.session(tx, desk.sites, named("ses", session_id)))
        samples = await queries.samples(tx, session.station_id, session.transaction_key)
    return chart_of(desk, session, samples)


def chart_of(desk: Desk, session: queries.SessionDetail, samples: list[queries.SampleRow]) -> dict[str, Any]:
    """Return power, the outlet's limit and the battery level over time. Series without values are left out."""
    limit_kw = session.connector_power_max_w and session.connector_power_max_w / 1000
    power = [_kilowatts(earlier, later) for earlier, later in zip([None, *samples[:-1]], samples, strict=True)]
    series = [
        {"label": desk.words("Power"), "unit": "kW", "kind": "power", "values": power},
        {
            "label": desk.words("The outlet gives at most"),
            "unit": "kW",
            "kind": "limit",
            "values": [limit_kw] * len(samples),
        },
        {
            "label": desk.words("Battery"),
            "unit": "%",
            "kind": "level",
            "values": [each.soc_percent for each in samples],
        },
    ]
    events = []
    if session.charging_ended_at:
        events.append({"at": session.charging_ended_at.timestamp(), "text": desk.words("Charging ended")})
    return {
        "time": [sample.at.timestamp() for sample in samples],
        "series": [each for each in series if any(value is not None for value in each["values"])],
        "events": events,
    }


def _kilowatts(earlier: queries.SampleRow | None, later: queries.SampleRow) -> float | None:
    """Return the power that a charger told, or what its register says flowed since the reading before."""
    if later.power_w is not None:
        return later.power_w / 1000
    if earlier is None or earlier.energy_wh is None or later.energy_wh is None:
        return None
    hours = (later.at - earlier.at).total_seconds() / 3600
    return max(0.0, later.energy_wh - earlier.energy_wh) / 1000 / hours if hours > 0 else None


@post("/console/sessions/{session_id:str}/stop", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200)
async def stop_session(desk: AtDesk, session_id: FromPath[str]) -> Response[Any]:
    """Ask the charger to stop a session, and show what became of it."""
    form = await desk.form()
    async with desk.transaction() as tx:
        session: queries.SessionDetail = found(await queries.session(tx, desk.sites, named("ses", session_id)))
        command_id = await sessions.request_stop(
            tx, desk.actor, SessionId(session.id), desk.now, reason=form.get("reason", "")
        )
        row = await stations_queries.command(tx, command_id)
    desk.tell(COMMANDS_TOPIC, f"session:{session.id}", f"station:{session.station_id}")
    return desk.part_or_page(f"/console/sessions/{shown('ses', session.id)}", outcome_part(desk, found(row)))


ROUTES: Final = [
    list_sessions,
    export_sessions,
    show_session,
    curve,
    stop_session,
    approve_session,
    write_off_session,
    give_tariff,
]

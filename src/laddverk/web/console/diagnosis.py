"""The diagnosis of one charger: can it charge, what is held against it, how attempts went, what we cannot see."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.diagnostics import observability, queries_curves, queries_station
from laddverk.diagnostics.detectors.base import Scene
from laddverk.diagnostics.detectors.registry import DETECTORS
from laddverk.diagnostics.incidents import advice
from laddverk.diagnostics.model import STATION, Evidence
from laddverk.diagnostics.outcomes import queries as outcomes
from laddverk.diagnostics.outcomes.queries import Span
from laddverk.diagnostics.packs import service as packs
from laddverk.diagnostics.queries_curves import Curve
from laddverk.diagnostics.scenes import Scenery
from laddverk.diagnostics.verdict import Held, Tried, verdict
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import StationId, shown
from laddverk.kernel.problems import NotFound
from laddverk.ocpp import quirks
from laddverk.platform.database import Transaction
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.stations.queries import StationDetail
from laddverk.web import spreadsheets
from laddverk.web.console import diagnosis_words, happening_words, health_panel, incident_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.happening_span import Scale, part_of, readable
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts

RECENT: Final = timedelta(days=30)
USUAL: Final = timedelta(days=120)  # how far back an outlet's own usual is looked for
DAYS: Final = (7, 30, 90)
EVENTS_SHOWN: Final = 40
DROPPED_WITHIN: Final = timedelta(days=1)
LATE_AFTER: Final = timedelta(minutes=5)  # nothing was heard of anybody for so long: the job is stuck


async def _known(desk: Desk, tx: Transaction, station: StationDetail) -> dict[str, Any]:
    marks = await outcomes.marks(tx, station.id)
    findings = await queries_station.findings(tx, station.id, desk.now - RECENT)
    held = [Held(row.evse_number, row.severity) for row in findings if row.cleared_at is None]
    scene = (await Scenery().of(tx, [StationId(station.id)], desk.now)).get(StationId(station.id))
    numbers = sorted((set(scene.evses) if scene else set()) | (set(marks) - {STATION}))
    span = Span(since=desk.now - RECENT, until=desk.now, station_id=StationId(station.id))
    tried = {number: [Tried(one.began_at, one.outcome) for one in marks.get(number, ())] for number in numbers}
    connected = station.connected_at is not None
    return {
        "station": station,
        "evses": [
            {
                "number": number,
                "verdict": verdict(number, held, tried[number], desk.now, connected=connected),
                "marks": marks.get(number, []),
                "last_ok": max((one.began_at for one in tried[number] if one.outcome == "ok"), default=None),
            }
            for number in numbers
        ],
        "findings": findings,
        "outlets_offered": numbers,
        "rates": next(iter(await outcomes.rates(tx, None, span)), None),
        "codes": await outcomes.codes(tx, None, span, limit=8),
        "inbox": await queries_station.inbox(tx, station.id, desk.now - DROPPED_WITHIN),
        "late_after": LATE_AFTER,
        **await _seen(desk, tx, station, scene),
        **await health_panel.panel(desk, tx, station.id),
        **_words(desk),
    }


async def _seen(desk: Desk, tx: Transaction, station: StationDetail, scene: Scene | None) -> dict[str, Any]:
    """Return what the station lets us see."""
    watched = await queries_station.watched(tx, station.id)
    observable = watched.observable if watched else {}
    rows = observability.coverage(DETECTORS, observable, scene or Scene(station_id=StationId(station.id)), desk.now)
    inputs: dict[str, datetime] = {}
    for came in observable.values():
        for kind, at in came.items():
            inputs[kind] = max(at, inputs.get(kind, at))
    by_detector: dict[str, list[observability.Coverage]] = {}
    for row in rows:
        by_detector.setdefault(row.detector, []).append(row)
    return {
        "coverage": by_detector,
        "covered": observability.covered_percent(rows),
        "inputs": inputs,
        "offers": [
            one
            for one in await packs.offers(tx, StationId(station.id), _quirks(desk))
            if desk.may(Permission.COMMANDS_SEND) and not station.retired_at
        ],
        "abouts": {kind.ABOUT.id: kind.ABOUT for kind in DETECTORS},
    }


def _quirks(desk: Desk) -> quirks.Registry:
    return quirks.registry_of(desk.house.settings.quirks_dir)


@post(
    "/console/stations/{station_id:str}/diagnosis/packs/{key:str}/{action:str}",
    opt={NEEDS: Permission.COMMANDS_SEND},
    status_code=303,
)
async def use_pack(desk: AtDesk, station_id: FromPath[str], key: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Set the charger up as a pack says, or make a configuration template of it."""
    reason = (await desk.form()).get("reason", "")
    known = _quirks(desk)
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        identity = StationId(station.id)
        if action == "apply":
            await packs.apply(tx, desk.actor, identity, key, known, desk.now, reason=reason)
            go = (
                f"/console/stations/{shown('sta', station.id)}/commands",
                desk.words("The commands are on their way."),
            )
        elif action == "template":
            template = await packs.make_template(tx, desk.actor, identity, key, known, desk.now, reason=reason)
            go = (
                f"/console/templates/{shown('cfg', template)}",
                desk.words("The template is made. It changes no charger until you apply it."),
            )
        else:
            raise NotFound("There is no such page.")
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    return desk.go(*go)


def _words(desk: Desk) -> dict[str, Any]:
    zone = desk.house.settings.timezone

    def sentence_of(evidence: Evidence) -> str:
        return incident_words.sentence(evidence, desk.language, zone)

    return {"dia": diagnosis_words, "inc": incident_words, "sentence_of": sentence_of, "title_of": advice.title_of}


@get("/console/stations/{station_id:str}/diagnosis", opt={NEEDS: Permission.STATIONS_READ})
async def show_diagnosis(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What is wrong with a charger, and how we know."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        known = await _known(desk, tx, station)
        known |= await _timeline(desk, tx, station)
        evse = _evse(desk, [one["number"] for one in known["evses"]])
        since = (desk.now - timedelta(days=_days(desk))).date()
        known["drifts"] = await queries_curves.drifts(tx, station.id, evse, since)
    known |= {"days": _days(desk), "days_offered": DAYS, "evse": evse}
    return desk.page("console/diagnosis/station.html", tab="diagnosis", **known)


async def live_parts(desk: Desk, station_id: str) -> Parts:
    """Return the parts of the page that change by themselves."""
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        known = await _known(desk, tx, station) | await _timeline(desk, tx, station)
    parts = {"outlets": "outlets", "findings": "findings", "happened": "timeline"}
    return {
        f"diagnosis-{name}": desk.template(f"console/diagnosis/{file}.html", **known) for name, file in parts.items()
    }


def _outlet(desk: Desk) -> int:
    asked = desk.asked("outlet")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 0


async def _timeline(desk: Desk, tx: Transaction, station: StationDetail) -> dict[str, Any]:
    """Return the line of time as the address narrows it: by kind, outlet, and a day, week or month or back from one."""
    offered, asked, outlet = happening_words.kinds(desk), desk.asked("kind"), _outlet(desk)
    kind, day, before = asked if asked in offered else "", readable(desk.day_asked("day")), desk.instant_asked("before")
    scale = desk.asked("scale")
    part = part_of(Scale(scale), day or desk.today) if scale in set(Scale) else None
    after = part.after if part else day + timedelta(days=1) if day else None
    rows = await happening_words.happened(
        desk, tx, station.id, before or (desk.midnight(after) if after else None), (kind,) if kind else offered,
        evse_number=outlet, since=desk.midnight(part.first) if part else None, limit=EVENTS_SHOWN + 1,
    )  # fmt: skip
    return {
        "happenings": rows[:EVENTS_SHOWN],
        "older": len(rows) > EVENTS_SHOWN,
        "kind": kind,
        "kinds_offered": offered,
        "outlet": outlet,
        "day": day.isoformat() if day else "",
        "part": part,
        "is_last_part": part is not None and part.after > desk.today,
        "chosen": bool(kind or outlet or day or before or part),
        **happening_words.of_time(),
    }


def _days(desk: Desk) -> int:
    asked = desk.asked("days", "30")
    return int(asked) if asked in {str(one) for one in DAYS} else 30


def _evse(desk: Desk, numbers: list[int]) -> int:
    asked = desk.asked("evse")
    return int(asked) if asked in {str(one) for one in numbers} else (numbers[0] if numbers else 1)


@get("/console/stations/{station_id:str}/diagnosis/curve.json", opt={NEEDS: Permission.STATIONS_READ})
async def curve(desk: AtDesk, station_id: FromPath[str]) -> dict[str, Any]:
    """What an outlet's meter said, or what drifts there, beside its own usual and its peers, for `power_chart`."""
    what, asked = desk.asked("what", "power"), desk.asked("evse", "1")
    word, unit, divisor = found((diagnosis_words.MEASURED | diagnosis_words.DRIFTS).get(what))
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else 1
    since = desk.now - timedelta(days=_days(desk))
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        if what in diagnosis_words.DRIFTS:
            drawn = await queries_curves.drift(tx, station.id, number, what, since.date())
        else:
            drawn = await queries_curves.curve(tx, station.id, number, what, since, desk.now, since - USUAL)
        findings = await queries_station.findings(tx, station.id, since)
    return {
        "time": [_instant(at).timestamp() for at in drawn.at],
        "series": [
            {"label": label, "unit": unit, "kind": kind, "values": values}
            for label, kind, values in _lines(desk, drawn, desk.words(word), divisor)
            if values
        ],
        "events": [
            {"at": row.since.timestamp(), "text": desk.words(advice.title_of(row.detector))}
            for row in findings
            if row.evse_number in (STATION, number) and row.since >= since
        ][:6],
    }


def _instant(at: datetime | date) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, datetime.min.time(), UTC)


def _lines(desk: Desk, drawn: Curve, word: str, divisor: float) -> list[tuple[str, str, list[float | None]]]:
    """Return the lines of a picture: its label, how it looks, its values."""

    def level(value: float | None) -> list[float | None]:
        return [] if value is None else [value / divisor] * len(drawn.at)

    own: list[float | None] = [value / divisor for value in drawn.values]
    lines = [(word, "power", own), (desk.words("Its own usual"), "limit", level(drawn.usual))]
    if drawn.peers is None:
        return lines
    if not drawn.peers.is_band:
        return [*lines, (desk.words("Others of the model"), "current", level(drawn.peers.middle))]
    return [
        *lines,
        (desk.words("A quarter of its peers is below"), "current", level(drawn.peers.low)),
        (desk.words("A quarter of its peers is above"), "current", level(drawn.peers.high)),
    ]


@get("/console/stations/{station_id:str}/diagnosis/attempts", opt={NEEDS: Permission.STATIONS_READ})
async def list_attempts(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """The attempts to charge at a charger, newest first."""
    listing = desk.listing("-began")
    outcome, evse = _narrowed(desk)
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        rows = await outcomes.latest(tx, station.id, evse, outcome, limit=PAGE_SIZE + 1, offset=listing.offset)
        span = Span(since=desk.now - RECENT, until=desk.now, station_id=StationId(station.id))
        counts = await outcomes.classes(tx, None, span)
        numbers = sorted(await outcomes.marks(tx, station.id, each=1))
    return desk.page(
        "console/diagnosis/attempts.html",
        tab="diagnosis",
        station=station,
        rows=rows[:PAGE_SIZE],
        more=len(rows) > PAGE_SIZE,
        listing=listing,
        outcome=outcome,
        evse=evse,
        numbers=numbers,
        counts=counts,
        **_words(desk),
    )


def _narrowed(desk: Desk) -> tuple[str, int]:
    outcome, evse = desk.asked("outcome"), desk.asked("evse")
    return (
        outcome if outcome in diagnosis_words.OUTCOMES else "",
        int(evse) if evse.isascii() and evse.isdigit() and len(evse) < 5 else 0,
    )


@get("/console/stations/{station_id:str}/diagnosis/attempts.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_attempts(desk: AtDesk, station_id: FromPath[str]) -> Response[bytes]:
    """The same attempts as CSV."""
    outcome, evse = _narrowed(desk)
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        rows = await outcomes.latest(tx, station.id, evse, outcome, limit=spreadsheets.ROWS_MAX)
    return spreadsheets.answer(
        "attempts",
        (
            "charger", "evse", "began_at", "ended_at", "outcome", "why", "energy_kwh", "stop_reason", "error_codes",
            "limit_a", "first_of_visit", "car_make", "session",
        ),
        [
            (
                station.name, row.evse_number, row.began_at, row.ended_at, row.outcome, " ".join(row.why),
                row.energy_wh / 1000, row.stop_reason, " ".join(row.error_codes), row.limit_a, row.first_of_visit,
                row.car_make, shown("ses", row.session_id) if row.session_id else "",
            )
            for row in rows
        ],
    )  # fmt: skip


ROUTES: Final = [show_diagnosis, use_pack, curve, list_attempts, export_attempts]

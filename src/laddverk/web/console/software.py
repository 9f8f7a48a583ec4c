"""A charger's tab for its software: its version and updates, its logs, and what a log holds."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import File

from laddverk.firmware import contents, queries, queries_logs
from laddverk.firmware import service as firmware
from laddverk.firmware.levels import Level
from laddverk.firmware.model import By, LogWish
from laddverk.firmware.redaction import redacted
from laddverk.firmware.rules import fits
from laddverk.firmware.shelf import LOGS, DirectoryShelf
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import FirmwareImageId, LogFileId, StationId, shown
from laddverk.kernel.problems import Invalid, Problem
from laddverk.ocpp.commands import LogKind
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.console import firmware_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.stations import seen_station
from laddverk.web.live import Parts
from laddverk.web.visit import named

SHARED_BYTES_MAX: Final = 20_000_000  # of a copy without personal data, which is made in memory
LINE_MAX: Final = 10_000_000


async def _known(desk: Desk, tx: Transaction, station: stations_queries.StationDetail) -> dict[str, Any]:
    listing = desk.listing("name")
    return {
        "station": station,
        "updates": await queries.updates_of_station(tx, desk.sites, station.id),
        "statuses": await queries.statuses(tx, station.id),
        "requests": await queries_logs.log_requests(tx, station.id),
        "publications": await queries.publications(tx, station.id),
        "files": await queries_logs.log_files(
            tx, desk.sites, station.id, listing.search, limit=PAGE_SIZE, offset=listing.offset
        ),
        "file_count": await queries_logs.count_log_files(tx, desk.sites, station.id, listing.search),
        "listing": listing,
        "fw": firmware_words,
    }


async def _page(desk: Desk, station_id: str, errors: dict[str, str], status: int = 200) -> Response[str]:
    async with desk.transaction() as tx:
        station = await seen_station(desk, tx, station_id)
        images = await queries.images(tx, desk.sites, limit=200)
        known = await _known(desk, tx, station)
    usable = [
        (shown("fmw", one.id), " ".join(filter(None, (one.vendor, one.model, one.version))), one)
        for one in images
        if one.signature_state != "invalid"
    ]
    return desk.page(
        "console/firmware/software.html",
        status=status,
        images=[each[:2] for each in usable if fits(each[2].vendor, each[2].model, station.vendor, station.model)],
        publishable=[each[:2] for each in usable],
        errors=errors,
        tab="software",
        by_ftp=bool(desk.house.settings.ftp_reach),
        **known,
    )


@get("/console/stations/{station_id:str}/software", opt={NEEDS: Permission.STATIONS_READ})
async def show_software(desk: AtDesk, station_id: FromPath[str]) -> Response[str]:
    """What runs in a charger, how updates went, and its logs."""
    return await _page(desk, station_id, {})


async def live_software(desk: Desk, station_id: str) -> Parts:
    """Return the parts of the tab that change by themselves."""
    async with desk.transaction() as tx:
        known = await _known(desk, tx, await seen_station(desk, tx, station_id))
    names = ("updates", "logs")
    return {f"software-{name}": desk.template(f"console/firmware/{name}.html", **known) for name in names}


@post(
    "/console/stations/{station_id:str}/software/{action:str}", opt={NEEDS: Permission.COMMANDS_SEND}, status_code=200
)
async def do_with_software(desk: AtDesk, station_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Update a charger, publish at a local controller or take back, or fetch a log, as the address says."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            station = await seen_station(desk, tx, station_id)
            await _do(desk, tx, StationId(station.id), action, form)
    except Problem as problem:
        return await _page(desk, station_id, desk.errors(problem), problem.status)
    desk.tell(COMMANDS_TOPIC, f"station:{station.id}")
    return desk.go(f"/console/stations/{shown('sta', station.id)}/software", desk.words("The charger is asked."))


async def _do(desk: Desk, tx: Transaction, station_id: StationId, action: str, form: dict[str, str]) -> None:
    reach, reason = firmware.reach_of(desk.house.settings), form.get("reason") or form.get(f"{action}_reason", "")
    if action == "log":
        await firmware.request_log(tx, desk.actor, station_id, log_wish(desk, form), reach, desk.now)
        return
    if action == "unpublish":
        publication = named("upd", form.get("publication", ""))
        await firmware.unpublish(tx, desk.actor, publication, desk.now, reason=reason)
        return
    image_id = FirmwareImageId(named("fmw", form.get(f"{action}_image") or form.get("image", "")))
    if action == "publish":
        await firmware.publish(tx, desk.actor, station_id, image_id, reach, desk.now, reason=reason)
        return
    found(action == "update" or None)
    await firmware.update_station(
        tx,
        desk.actor,
        station_id,
        image_id,
        reach,
        desk.now,
        reason=reason,
        unsigned_reason=form.get("unsigned_reason", ""),
        by=_by(form),
    )


def _by(form: dict[str, str]) -> By:
    """Return how a form wants a file to be moved. Raises `Invalid` for no way that there is."""
    try:
        return By(form.get("by") or form.get("log_by") or By.AUTO)
    except ValueError:
        raise Invalid("There is no such way.", field="by") from None


def log_wish(desk: Desk, form: dict[str, str]) -> LogWish:
    """Return the log that a form asks for: of whole local days. Raises `Invalid` for a word of none."""
    word, _, extended = form.get("log", "").partition("+")
    if word not in set(LogKind):
        raise Invalid("There is no such log.", field="log")
    since, until = _day(form, "from"), _day(form, "until")
    return LogWish(
        log=LogKind(word),
        oldest_at=desk.midnight(since) if since else None,
        latest_at=desk.midnight(until + timedelta(days=1)) if until else None,
        extended=extended == "getlog",
        by=_by(form),
        reason=form.get("reason") or form.get("log_reason", ""),
    )


def _day(form: dict[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(form[name]) if form.get(name) else None
    except ValueError:
        raise Invalid("This is no date.", field=name) from None


# Logs.


async def _log(desk: Desk, tx: Transaction, file_id: str) -> queries_logs.LogFileRow:
    """Return a log of a charger that may be seen, by somebody who may see what drivers do in it."""
    row: queries_logs.LogFileRow = found(await queries_logs.log_file(tx, desk.sites, named("log", file_id)))
    return row if desk.sees_raw else found(None)


@get("/console/logs/{file_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_log(desk: AtDesk, file_id: FromPath[str]) -> Response[str]:
    """What a log holds: text with search, the files in a packed one, the beginning of anything else."""
    begin = desk.asked("page", "1")  # the line that a page begins with
    line = min(int(begin), LINE_MAX) if begin.isascii() and begin.isdigit() and len(begin) < 9 else 1
    async with desk.transaction() as tx:
        row = await _log(desk, tx, file_id)
        station = await seen_station(desk, tx, shown("sta", row.station_id))
    path = DirectoryShelf(desk.house.settings.files_dir).path(LOGS, row.id)
    member, search = desk.asked("member"), desk.asked("q").strip()[:100]
    level = Level(desk.asked("level")) if desk.asked("level") in set(Level) else Level.NONE
    wish = contents.Wish(search, line, level)
    look = await asyncio.to_thread(contents.look, path, row.kind, member=member, wish=wish)
    return desk.page(
        "console/firmware/log.html",
        file=row,
        look=look,
        member=member,
        station=station,
        tab="software",
        fw=firmware_words,
        textual=contents.TEXTUAL,
        line=line,
        kept_until=row.received_at + timedelta(days=desk.house.settings.logs_kept_days),
    )


@get("/console/logs/{file_id:str}/download", opt={NEEDS: Permission.STATIONS_READ})
async def download_log(desk: AtDesk, file_id: FromPath[str]) -> Response[Any]:
    """The file as it came, never to be shown by a browser; with `shared=yes` a text without personal data."""
    async with desk.transaction() as tx:
        row = await _log(desk, tx, file_id)
    path = DirectoryShelf(desk.house.settings.files_dir).path(LOGS, row.id)
    if desk.asked("shared") != "yes":
        return File(
            path, filename=row.name, media_type="application/octet-stream", content_disposition_type="attachment"
        )
    text = await asyncio.to_thread(_shared, path, row)
    return Response(
        text,
        media_type="text/plain; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{row.id.hex}-shared.txt"'},
    )


def _shared(path: Any, row: queries_logs.LogFileRow) -> bytes:
    """Return a log without personal data. Raises `Invalid` for what is no text."""
    parts: list[bytes] = []
    size = 0
    with contents.plain_lines(path, row.kind) as lines:
        for line in lines:
            parts.append(redacted(line).encode() + b"\n")
            size += len(parts[-1])
            if size > SHARED_BYTES_MAX:
                break
    return b"".join(parts)


@post("/console/logs/{file_id:str}/delete", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def delete_log(desk: AtDesk, file_id: FromPath[str]) -> Response[Any]:
    """Delete a log."""
    form = await desk.form()
    shelf = DirectoryShelf(desk.house.settings.files_dir)
    async with desk.transaction() as tx:
        row = await _log(desk, tx, file_id)
        await firmware.delete_log(
            tx, desk.actor, LogFileId(row.id), StationId(row.station_id), desk.now, reason=form.get("reason", "")
        )
        tx.after_commit(lambda: shelf.remove(LOGS, row.id))
    return desk.go(f"/console/stations/{shown('sta', row.station_id)}/software", desk.words("The log is deleted."))


ROUTES: Final = [show_software, do_with_software, show_log, download_log, delete_log]

"""Logs: asked of a station with a link of its own, taken in once, kept for a while, deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from laddverk.firmware import contents, rules
from laddverk.firmware.model import Digests, FileKind, Link, LogWish
from laddverk.firmware.service import links
from laddverk.firmware.service.links import Reach
from laddverk.firmware.service.updating import seen_station
from laddverk.firmware.store import links as link_store
from laddverk.firmware.store import logs as store
from laddverk.firmware.store import updates
from laddverk.firmware.store.updates import Said
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, LogFileId, LogRequestId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ocpp import facts
from laddverk.ocpp.commands import LogKind, RequestLog
from laddverk.ocpp.facts import LogStatus
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState, Deed

REQUEST: Final = "request_log"
WORD_MAX: Final = 200
NAME_MAX: Final = 100
NAME_FORBIDDEN: Final = re.compile(r"[^\w. ()+-]+", re.ASCII)
RETRIES_MAX: Final = 10
RETRY_S: Final = 120
OPEN_MAX: Final = 5  # of one station: each may bring a file of a hundred megabytes
SUFFIXES: Final = {
    FileKind.TEXT: "txt",
    FileKind.JSON: "json",
    FileKind.XML: "xml",
    FileKind.GZIP: "gz",
    FileKind.ZIP: "zip",
    FileKind.TAR: "tar",
    FileKind.PCAP: "pcap",
}
TRIGGERS: Final = ("LogStatusNotification", "DiagnosticsStatusNotification")


async def request_log(
    tx: Transaction, actor: Actor, station_id: StationId, wish: LogWish, reach: Reach, now: datetime
) -> CommandId:
    """Ask a station for a log, to be handed in by a link that only it gets. Returns the command.

    Needs commands:send. Raises `NotFound`, `Invalid` for a period that ends before it begins, and `Conflict` when
    some logs are awaited already. The caller publishes the hint of commands.
    """
    actor.require(Permission.COMMANDS_SEND)
    station = await seen_station(tx, actor, station_id)
    if wish.oldest_at and wish.latest_at and wish.oldest_at >= wish.latest_at:
        raise Invalid("The period ends before it begins.", field="until")
    if not 0 <= wish.retries <= RETRIES_MAX:
        raise Invalid("From 0 to %(max)s further tries can be asked for.", field="retries", max=RETRIES_MAX)
    if len(await store.open_at(tx, [station_id])) >= OPEN_MAX:
        raise Conflict(
            "%(count)s logs of this charger are awaited already.",
            remedy="Wait until they have come, or have failed.",
            count=OPEN_MAX,
        )
    request = store.LogRequest(
        id=LogRequestId(new_id()),
        station_id=station_id,
        state="asked",
        request_id=await updates.next_request_id(tx),
        log=wish.log.value,
    )
    await store.insert(tx, request, wish, by=actor.name or actor.kind, now=now)
    link = await links.new_upload(tx, station_id, request.id, now)
    command = RequestLog(
        request_id=request.request_id,
        log=LogKind(wish.log),
        location=links.upload_location(reach, station, link, wish.by),
        link=link.id.hex,
        oldest_at=wish.oldest_at,
        latest_at=wish.latest_at,
        retries=wish.retries,
        retry_interval_s=RETRY_S,
        extended=wish.extended,
    )
    command_id = await stations.request_command(tx, actor, station_id, command, now, reason=wish.reason)
    await store.name_command(tx, request.id, command_id)
    return command_id


async def record_log_statuses(tx: Transaction, statuses: Sequence[facts.LogStatusReported]) -> None:
    """Keep what chargers say of their uploads. Without a number (1.6) it is about the latest that was asked for."""
    ordered = sorted(statuses, key=lambda status: status.received_at)
    waiting = await store.open_at(tx, sorted({one.station_id for one in ordered}))
    states = {one.id: one.state for one in waiting}
    deeds = []
    for status in ordered:
        await updates.say(tx, _said(status))
        deeds += [_deed(status, "trigger", message=message) for message in TRIGGERS]
        mine = [one for one in waiting if one.station_id == status.station_id]
        about = next((one for one in mine if status.request_id in (None, one.request_id)), None)
        if about is None or status.status is LogStatus.IDLE:
            continue
        states[about.id] = rules.log_after(states[about.id], status.status)
        await store.move(tx, about.id, states[about.id], status.status.value, status.received_at)
        deeds.append(_deed(status, REQUEST, request_id=about.request_id))
    await stations.confirm(tx, deeds, ordered[-1].received_at)


async def keep_upload(
    tx: Transaction,
    link: Link,
    digests: Digests,
    beginning: bytes,
    *,
    name: str,
    received_by: str,
    remote_address: str,
    now: datetime,
) -> LogFileId:
    """Take a file that came whole through `link`; return the id under which it is put in its place.

    Of two that come at once through one link, the second raises `Conflict`. Raises `Invalid` for what is empty or a
    program. That it came confirms the request.
    """
    kind = contents.sniffed(beginning)
    if not digests.size_bytes:
        raise Invalid("The file is empty.", field="file")
    if not await link_store.end(tx, link.id, now):
        raise Conflict("A file has come through this link already.")
    request = await store.lock(tx, link.log_request_id) if link.log_request_id else None
    if request is None:
        raise NotFound("There is no such link.")
    file_id = LogFileId(new_id())
    new = store.NewLogFile(
        id=file_id,
        station_id=link.station_id,
        log_request_id=request.id,
        log=request.log,
        name=_safe_name(name) or f"{request.log}-{now:%Y%m%d-%H%M}.{SUFFIXES.get(kind, 'bin')}",
        kind=kind,
        size_bytes=digests.size_bytes,
        sha256=digests.sha256,
        received_by=received_by,
        remote_address=remote_address[:WORD_MAX],
    )
    await store.keep_file(tx, new, now)
    await store.move(tx, request.id, "received", "", now)
    deed = Deed(station_id=link.station_id, kind=REQUEST, at=now, match={"request_id": request.request_id})
    await stations.confirm(tx, [deed], now)
    return file_id


def _safe_name(name: str) -> str:
    """Return what a charger calls a file, as no path of ours; empty when it only repeats the end of our link."""
    name = NAME_FORBIDDEN.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    return "" if name == links.UPLOAD_NAME else name[:NAME_MAX]


async def delete_log(
    tx: Transaction, actor: Actor, file_id: LogFileId, station_id: StationId, now: datetime, *, reason: str
) -> None:
    """Delete a log of a station that the caller has seen. The file itself is removed after the commit.

    Needs stations:write and a reason.
    """
    actor.require(Permission.STATIONS_WRITE)
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    if not await store.delete_file(tx, file_id):
        raise NotFound("There is no such file.")
    detail = {"log_file_id": str(file_id)}
    await audit.write(tx, actor, "log.deleted", "station", station_id, at=now, reason=reason, detail=detail)


async def log_commands_finished(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> set[str]:
    """Let requests for logs know what became of their commands; return the topics that changed."""
    lost = {one.command_id: one for one in finished if one.kind == REQUEST and one.state is not CommandState.CONFIRMED}
    concerned = [one for one in await store.of_commands(tx, list(lost)) if one.state not in rules.LOG_ENDS]
    for request in concerned:
        assert request.command_id is not None, "it was found by its command"
        what = lost[request.command_id]
        await store.move(tx, request.id, "failed", (what.word or what.state.value)[:WORD_MAX], now)
    await link_store.end_uploads(tx, [one.station_id for one in concerned], [one.id for one in concerned], now)
    return {f"station:{one.station_id}" for one in concerned}


def _said(status: facts.LogStatusReported) -> Said:
    return Said(
        station_id=status.station_id,
        kind="log",
        at=status.received_at,
        status=status.status.value,
        request_id=status.request_id,
        info=status.info[:WORD_MAX],
    )


def _deed(status: facts.LogStatusReported, kind: str, **match: Any) -> Deed:
    return Deed(station_id=status.station_id, kind=kind, at=status.received_at, match=match)

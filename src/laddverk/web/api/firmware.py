"""The API's firmware: images, campaigns, updates of one station, and logs."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

from litestar import Request, get, post
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import File
from msgspec import Struct, field

from laddverk.firmware import queries, queries_logs
from laddverk.firmware import service as firmware
from laddverk.firmware.model import By, ImageDetails, LogWish, NewCampaign, Plan
from laddverk.firmware.service.images import IMAGE_BYTES_MAX
from laddverk.firmware.shelf import FIRMWARE, LOGS, DirectoryShelf
from laddverk.firmware.trust import signer_of
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CampaignId, FirmwareImageId, StationId, parsed
from laddverk.kernel.problems import Invalid, NotFound
from laddverk.platform.database import Transaction
from laddverk.stations import queries as stations_queries
from laddverk.stations.model import COMMANDS_TOPIC
from laddverk.web.api import shapes
from laddverk.web.api.keys import needs
from laddverk.web.api.request import LIMIT_DEFAULT, Asked, Asking, checked_limit
from laddverk.web.api.shapes import Page, of, page
from laddverk.web.bodies import FORM_OVERHEAD_BYTES, taken_in


class FirmwareImage(Struct, frozen=True, kw_only=True):
    """An image in the store. Digests are hexadecimal."""

    id: str
    version: str
    vendor: str
    model: str
    file_name: str
    size_bytes: int
    sha256: str
    signature_state: str
    signature_note: str
    signed_by: str
    """The name in the certificate of the signature."""
    trust: str
    """`trusted`, `unknown` or `foreign`: whether the signature leads to a root of its maker; empty: not signed."""
    uploaded_by: str
    uploaded_at: datetime


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign with its numbers."""

    id: str
    image_id: str
    name: str
    version: str
    state: str
    state_reason: str
    plan: Plan
    created_at: datetime
    total: int
    verified: int
    failed: int
    in_hand: int
    queued: int
    skipped: int


class CampaignToMake(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A campaign to begin."""

    image_id: str
    name: str
    reason: str
    plan: Plan = field(default_factory=Plan)
    site_ids: list[str] = []
    from_version: str = ""
    unsigned_reason: str = ""


class UpdateToMake(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An update of one station."""

    image_id: str
    reason: str
    unsigned_reason: str = ""
    by: By = By.AUTO
    """By HTTP or FTP; `auto` is as the charger says that it can."""


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a campaign is turned."""

    reason: str


class LogFile(Struct, frozen=True, kw_only=True):
    """A log that came in."""

    id: str
    log: str
    name: str
    kind: str
    size_bytes: int
    sha256: str
    received_at: datetime


async def _image(tx: Transaction, row: queries.ImageRow, now: datetime) -> FirmwareImage:
    signer = signer_of(row.signing_certificate or "")
    trust = await firmware.trust_of(tx, row.vendor, row.signing_certificate, now)
    return FirmwareImage(
        id=f"fmw_{row.id.hex}", version=row.version, vendor=row.vendor, model=row.model, file_name=row.file_name,
        size_bytes=row.size_bytes, sha256=row.sha256.hex(), signature_state=row.signature_state,
        signature_note=row.signature_note, signed_by=signer.name if signer else "", trust=trust or "",
        uploaded_by=row.uploaded_by, uploaded_at=row.uploaded_at,
    )  # fmt: skip


def _campaign(row: queries.CampaignRow) -> Campaign:
    return Campaign(
        id=f"cmp_{row.id.hex}", image_id=f"fmw_{row.image_id.hex}", name=row.name, version=row.version,
        state=row.state, state_reason=row.state_reason, plan=row.plan, created_at=row.created_at, total=row.total,
        verified=row.verified, failed=row.failed, in_hand=row.in_hand, queued=row.queued, skipped=row.skipped,
    )  # fmt: skip


@get("/firmware", opt=needs(Permission.STATIONS_READ))
async def list_images(
    asked: Asking, search: FromQuery[str] = "", limit: FromQuery[int] = LIMIT_DEFAULT, offset: FromQuery[int] = 0
) -> Page[FirmwareImage]:
    """List the images in the store, the latest first."""
    checked_limit(limit, offset)
    async with asked.transaction() as tx:
        rows = await queries.images(tx, asked.actor.site_ids, search, limit=limit, offset=offset)
        total = await queries.count_images(tx, search)
        shown = [await _image(tx, row, asked.now) for row in rows]
    return page(shown, limit=limit, offset=offset, total=total)


@post(
    "/firmware",
    opt=needs(Permission.STATIONS_WRITE),
    request_max_body_size=IMAGE_BYTES_MAX + FORM_OVERHEAD_BYTES,
    status_code=201,
)
async def add_image(asked: Asking, request: Request[Any, Any, Any]) -> FirmwareImage:
    """Add an image: a form (multipart/form-data) with `file`, `version`, `vendor`, `model`, `notes`, `signature`,
    `signing_certificate`.
    """
    with DirectoryShelf(asked.house.settings.files_dir).incoming(IMAGE_BYTES_MAX) as incoming:
        arrived = await taken_in(request.stream(), request.headers.get("content-type", ""), incoming)
        known = {name: text for name, text in arrived.fields.items() if name in ImageDetails.__struct_fields__}
        if "version" not in known:
            raise Invalid("Name the version.", field="version")
        details = ImageDetails(**{**known, "file_name": arrived.file_name or "firmware.bin"})
        async with asked.transaction() as tx:
            image_id = await firmware.add_image(tx, asked.actor, details, incoming.digests(), asked.now)
            await asyncio.to_thread(incoming.put, FIRMWARE, image_id)
            row = await queries.image(tx, asked.actor.site_ids, image_id)
            assert row is not None, "it has just been kept"
            return await _image(tx, row, asked.now)


@get("/campaigns", opt=needs(Permission.STATIONS_READ))
async def list_campaigns(asked: Asking, limit: FromQuery[int] = LIMIT_DEFAULT) -> list[Campaign]:
    """List campaigns, the latest first."""
    checked_limit(limit, 0)
    async with asked.transaction() as tx:
        return [_campaign(row) for row in await queries.campaigns(tx, asked.actor.site_ids, limit=limit)]


@post("/campaigns", opt=needs(Permission.STATIONS_WRITE))
async def make_campaign(asked: Asking, data: JSONBody[CampaignToMake]) -> Campaign:
    """Begin a campaign."""
    wanted = NewCampaign(
        image_id=FirmwareImageId(parsed("fmw", data.image_id, field="image_id")),
        name=data.name,
        reason=data.reason,
        plan=data.plan,
        site_ids=tuple(parsed("sit", each, field="site_ids") for each in data.site_ids),
        from_version=data.from_version,
        unsigned_reason=data.unsigned_reason,
    )
    async with asked.transaction() as tx:
        campaign_id = await firmware.create_campaign(tx, asked.actor, wanted, asked.now)
        return await _seen(tx, asked, str(campaign_id))


@get("/campaigns/{campaign:str}", opt=needs(Permission.STATIONS_READ))
async def show_campaign(asked: Asking, campaign: FromPath[str]) -> Campaign:
    """Show a campaign and how far it is."""
    async with asked.transaction() as tx:
        return await _seen(tx, asked, campaign)


TURNS: Final = {
    "pause": firmware.pause_campaign,
    "resume": firmware.resume_campaign,
    "cancel": firmware.cancel_campaign,
    "retry": firmware.retry_failed,
}


@post(
    "/campaigns/{campaign:str}/{action:str}",
    opt=needs(Permission.STATIONS_WRITE),
    status_code=200,
)
async def turn_campaign(
    asked: Asking, campaign: FromPath[str], action: FromPath[str], data: JSONBody[Turn]
) -> Campaign:
    """Turn a campaign: `pause`, `resume`, `cancel` or `retry` (what failed)."""
    if action not in TURNS:
        raise NotFound("There is no such page.")
    async with asked.transaction() as tx:
        await _seen(tx, asked, campaign)
        await TURNS[action](tx, asked.actor, CampaignId(parsed("cmp", campaign)), asked.now, reason=data.reason)
        return await _seen(tx, asked, campaign)


@post(
    "/stations/{station:str}/firmware",
    opt=needs(Permission.STATIONS_WRITE),
    status_code=202,
)
async def update_station(asked: Asking, station: FromPath[str], data: JSONBody[UpdateToMake]) -> shapes.Command:
    """Ask one station to fetch and install an image. Ask for the command by its id to see its outcome."""
    async with asked.transaction() as tx:
        station_id = StationId(parsed("sta", station))
        command_id = await firmware.update_station(
            tx,
            asked.actor,
            station_id,
            FirmwareImageId(parsed("fmw", data.image_id, field="image_id")),
            firmware.reach_of(asked.house.settings),
            asked.now,
            reason=data.reason,
            unsigned_reason=data.unsigned_reason,
            by=data.by,
        )
        made = await stations_queries.command(tx, command_id)
    return _told(asked, station_id, made)


@post("/stations/{station:str}/logs", opt=needs(Permission.COMMANDS_SEND), status_code=202)
async def ask_for_log(asked: Asking, station: FromPath[str], data: JSONBody[LogWish]) -> shapes.Command:
    """Ask a station for a log. It appears under its logs when it has come."""
    async with asked.transaction() as tx:
        station_id = StationId(parsed("sta", station))
        reach = firmware.reach_of(asked.house.settings)
        command_id = await firmware.request_log(tx, asked.actor, station_id, data, reach, asked.now)
        made = await stations_queries.command(tx, command_id)
    return _told(asked, station_id, made)


@get("/stations/{station:str}/logs", opt=needs(Permission.COMMANDS_SEND))
async def list_logs(asked: Asking, station: FromPath[str], limit: FromQuery[int] = LIMIT_DEFAULT) -> list[LogFile]:
    """List the logs of a station, the latest first."""
    checked_limit(limit, 0)
    async with asked.transaction() as tx:
        rows = await queries_logs.log_files(tx, asked.actor.site_ids, parsed("sta", station), limit=limit)
    return [
        LogFile(id=f"log_{row.id.hex}", log=row.log, name=row.name, kind=row.kind.value, size_bytes=row.size_bytes,
                sha256=row.sha256.hex(), received_at=row.received_at)
        for row in rows
    ]  # fmt: skip


@get("/logs/{log:str}/content", opt=needs(Permission.COMMANDS_SEND))
async def show_log(asked: Asking, log: FromPath[str]) -> File:
    """Give a log as it came."""
    async with asked.transaction() as tx:
        row = await queries_logs.log_file(tx, asked.actor.site_ids, parsed("log", log))
    if row is None:
        raise NotFound("There is no such file.")
    path = DirectoryShelf(asked.house.settings.files_dir).path(LOGS, row.id)
    return File(path, filename=row.name, media_type="application/octet-stream")


def _told(asked: Asked, station_id: StationId, made: stations_queries.CommandRow | None) -> shapes.Command:
    if made is None:
        raise NotFound("There is no such command.")
    asked.house.hints.publish([COMMANDS_TOPIC, f"station:{station_id}"])
    return of(shapes.Command, made, "cmd")


async def _seen(tx: Any, asked: Asked, campaign: str) -> Campaign:
    row = await queries.campaign(tx, asked.actor.site_ids, parsed("cmp", campaign))
    if row is None:
        raise NotFound("There is no such campaign.")
    return _campaign(row)


HANDLERS: Final = [
    list_images,
    add_image,
    list_campaigns,
    make_campaign,
    show_campaign,
    turn_campaign,
    update_station,
    ask_for_log,
    list_logs,
    show_log,
]

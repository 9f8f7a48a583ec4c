"""The firmware store and its campaigns: images come in, campaigns run in stages, and what failed says why."""

from __future__ import annotations

import asyncio
from datetime import time
from itertools import groupby
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from laddverk.firmware import queries
from laddverk.firmware import service as firmware
from laddverk.firmware.model import ImageDetails, NewCampaign, Plan, Stage, Window
from laddverk.firmware.service.images import IMAGE_BYTES_MAX
from laddverk.firmware.shelf import FIRMWARE, DirectoryShelf
from laddverk.firmware.trust import signer_of
from laddverk.kernel.actors import Permission
from laddverk.kernel.ids import CampaignId, FirmwareImageId, shown
from laddverk.kernel.problems import Invalid, NotFound, Problem
from laddverk.stations import queries as stations_queries
from laddverk.web import spreadsheets
from laddverk.web.bodies import FORM_OVERHEAD_BYTES, Arrived, taken_in
from laddverk.web.console import firmware_words
from laddverk.web.console.desk import PAGE_SIZE, AtDesk, Desk, found
from laddverk.web.console.door import NEEDS
from laddverk.web.console.registering import whole
from laddverk.web.live import Parts
from laddverk.web.visit import named

CHOICES_MAX: Final = 200
COUNTED: Final = ("verified", "in_hand", "queued", "failed", "skipped")
FIELDS: Final = (
    "image", "name", "site", "from_version", "first", "second", "at_once", "failed_percent", "begin", "end",
    "unsigned_reason", "reason",
)  # fmt: skip
DEFAULTS: Final = {"first": "1", "second": "10", "at_once": "10", "failed_percent": "2", "begin": "", "end": ""}


@get("/console/firmware", opt={NEEDS: Permission.STATIONS_WRITE})
async def list_firmware(desk: AtDesk) -> Response[str]:
    """The campaigns, the images, and which versions run in the field."""
    listing = desk.listing("name")
    async with desk.transaction() as tx:
        return desk.page(
            "console/firmware/list.html",
            fw=firmware_words,
            campaigns=await queries.campaigns(tx, desk.sites, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            images=await queries.images(tx, desk.sites, listing.search, limit=PAGE_SIZE, offset=listing.offset),
            total=max(
                await queries.count_images(tx, listing.search),
                await queries.count_campaigns(tx, desk.sites, listing.search),
            ),
            versions=await queries.versions(tx, desk.sites),
            listing=listing,
        )


@get("/console/firmware/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_image(desk: AtDesk) -> Response[str]:
    """The form for an image."""
    return desk.page("console/firmware/new.html", values={}, errors={}, bytes_max=IMAGE_BYTES_MAX)


@post(
    "/console/firmware/new",
    opt={NEEDS: Permission.STATIONS_WRITE},
    status_code=200,
    request_max_body_size=IMAGE_BYTES_MAX + FORM_OVERHEAD_BYTES,
)
async def add_image(desk: AtDesk) -> Response[Any]:
    """Take an image in, streamed, and lead to its page."""
    shelf = DirectoryShelf(desk.house.settings.files_dir)
    arrived = Arrived()
    try:
        with shelf.incoming(IMAGE_BYTES_MAX) as incoming:
            kind = desk.request.headers.get("content-type", "")
            arrived = await taken_in(desk.request.stream(), kind, incoming)
            async with desk.transaction() as tx:
                details = image_details(arrived.fields, arrived.file_name)
                image_id = await firmware.add_image(tx, desk.actor, details, incoming.digests(), desk.now)
                await asyncio.to_thread(incoming.put, FIRMWARE, image_id)
    except Problem as problem:
        return desk.page(
            "console/firmware/new.html",
            status=problem.status,
            values=arrived.fields,
            errors=desk.errors(problem),
            bytes_max=IMAGE_BYTES_MAX,
        )
    return desk.go(f"/console/firmware/{shown('fmw', image_id)}", desk.words("The firmware is in the store."))


def image_details(fields: dict[str, str], file_name: str) -> ImageDetails:
    """Return what a form tells of an image."""
    return ImageDetails(
        version=fields.get("version", ""),
        vendor=fields.get("vendor", ""),
        model=fields.get("model", ""),
        notes=fields.get("notes", ""),
        signature=fields.get("signature", ""),
        signing_certificate=fields.get("signing_certificate", ""),
        file_name=file_name or "firmware.bin",
    )


@get("/console/firmware/{image_id:str}", opt={NEEDS: Permission.STATIONS_WRITE})
async def show_image(desk: AtDesk, image_id: FromPath[str]) -> Response[str]:
    """One image: its fingerprints, its signature, who added it, and where it went."""
    async with desk.transaction() as tx:
        image: queries.ImageRow = found(await queries.image(tx, desk.sites, named("fmw", image_id)))
        campaigns = await queries.campaigns(tx, desk.sites, image_id=image.id)
        trusted = await firmware.trust_of(tx, image.vendor, image.signing_certificate, desk.now)
    return desk.page(
        "console/firmware/image.html",
        fw=firmware_words,
        image=image,
        campaigns=campaigns,
        trust=trusted,
        signer=signer_of(image.signing_certificate or ""),
    )


@post("/console/firmware/{image_id:str}/retire", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def retire_image(desk: AtDesk, image_id: FromPath[str]) -> Response[Any]:
    """Take an image out of use."""
    form = await desk.form()
    async with desk.transaction() as tx:
        image: queries.ImageRow = found(await queries.image(tx, desk.sites, named("fmw", image_id)))
        await firmware.retire_image(tx, desk.actor, FirmwareImageId(image.id), desk.now, reason=form.get("reason", ""))
    return desk.go("/console/firmware", desk.words("The firmware is out of use."))


# Campaigns.


async def _campaign_form(
    desk: Desk,
    values: dict[str, str],
    errors: dict[str, str],
    status: int = 200,
    preview: firmware.Preview | None = None,
) -> Response[str]:
    async with desk.transaction() as tx:
        images = await queries.images(tx, desk.sites, limit=CHOICES_MAX)
        sites = await stations_queries.sites(tx, desk.sites)
    return desk.page(
        "console/firmware/campaign_new.html",
        status=status,
        values=DEFAULTS | values,
        errors=errors,
        preview=preview,
        stages=_stages_in(preview),
        images=[
            (shown("fmw", one.id), " ".join(filter(None, (one.vendor, one.model, one.version))))
            for one in images
            if one.signature_state != "invalid"
        ],
        sites=[("", desk.words("All sites")), *((shown("sit", one.id), one.name) for one in sites)],
    )


def _stages_in(preview: firmware.Preview | None) -> list[tuple[int, list[str]]]:
    """Return the names of the chargers of each stage."""
    grouped = groupby(preview.asked if preview else (), key=lambda each: each[0])
    return [(number, [station.name for _, station in group]) for number, group in grouped]


@get("/console/campaigns/new", opt={NEEDS: Permission.STATIONS_WRITE})
async def new_campaign(desk: AtDesk) -> Response[str]:
    """The form for a campaign; with `look`, whom it would ask in which stage."""
    values = {name: desk.asked(name) for name in FIELDS if desk.asked(name)}
    if not desk.asked("look"):
        return await _campaign_form(desk, values, {})
    try:
        async with desk.transaction() as tx:
            found = await firmware.preview(tx, desk.actor, campaign_of(DEFAULTS | values), desk.now)
    except Problem as problem:
        return await _campaign_form(desk, values, desk.errors(problem), problem.status)
    return await _campaign_form(desk, values, {}, preview=found)


@post("/console/campaigns/new", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=200)
async def create_campaign(desk: AtDesk) -> Response[Any]:
    """Begin a campaign."""
    form = await desk.form()
    try:
        async with desk.transaction() as tx:
            campaign_id = await firmware.create_campaign(tx, desk.actor, campaign_of(form), desk.now)
    except Problem as problem:
        return await _campaign_form(desk, form, desk.errors(problem), problem.status)
    return desk.go(f"/console/campaigns/{shown('cmp', campaign_id)}", desk.words("The campaign has begun."))


def campaign_of(form: dict[str, str]) -> NewCampaign:
    """Return the campaign that a form describes. Raises `Invalid` naming the field."""
    if not form.get("image"):
        raise Invalid("Choose the firmware.", field="image")
    percent = whole(form.get("failed_percent", ""), "failed_percent", 1, 100)
    plan = Plan(
        stages=(
            Stage(count=whole(form.get("first", ""), "first", 1, 10_000)),
            Stage(percent=whole(form.get("second", ""), "second", 1, 100)),
            Stage(),
        ),
        at_once=whole(form.get("at_once", ""), "at_once", 1, 200),
        window=_window(form),
        failed_share=percent / 100,
    )
    return NewCampaign(
        image_id=FirmwareImageId(named("fmw", form["image"])),
        name=form.get("name", ""),
        reason=form.get("reason", ""),
        plan=plan,
        site_ids=(named("sit", form["site"]),) if form.get("site") else (),
        from_version=form.get("from_version", ""),
        unsigned_reason=form.get("unsigned_reason", ""),
    )


def _window(form: dict[str, str]) -> Window | None:
    begin, end = form.get("begin", ""), form.get("end", "")
    if not begin and not end:
        return None
    try:
        return Window(time.fromisoformat(begin), time.fromisoformat(end))
    except ValueError:
        raise Invalid("Write both hours like 22:00.", field="begin") from None


async def _known(desk: Desk, campaign_id: str) -> dict[str, Any]:
    listing = desk.listing("name")
    state = desk.asked("state")
    async with desk.transaction() as tx:
        campaign: queries.CampaignRow = found(await queries.campaign(tx, desk.sites, named("cmp", campaign_id)))
        return {
            "campaign": campaign,
            "stages": await queries.stages(tx, desk.sites, campaign.id),
            "rows": await queries.updates_of_campaign(
                tx, desk.sites, campaign.id, listing.search, state, limit=PAGE_SIZE, offset=listing.offset
            ),
            "total": await queries.count_updates(tx, desk.sites, campaign.id, listing.search, state),
            "listing": listing,
            "counted": COUNTED,
            "fw": firmware_words,
        }


@get("/console/campaigns/{campaign_id:str}", opt={NEEDS: Permission.STATIONS_READ})
async def show_campaign(desk: AtDesk, campaign_id: FromPath[str]) -> Response[str]:
    """One campaign: how far each stage is, and each charger."""
    return desk.page("console/firmware/campaign.html", **await _known(desk, campaign_id))


async def live_campaign(desk: Desk, campaign_id: str) -> Parts:
    """Return the parts of a campaign's page that change by themselves."""
    known = await _known(desk, campaign_id)
    names = ("progress", "rows")
    return {f"campaign-{name}": desk.template(f"console/firmware/{name}.html", **known) for name in names}


@get("/console/campaigns/{campaign_id:str}/chargers.csv", opt={NEEDS: Permission.STATIONS_READ})
async def export_campaign(desk: AtDesk, campaign_id: FromPath[str]) -> Response[bytes]:
    """The chargers of a campaign as CSV."""
    async with desk.transaction() as tx:
        campaign: queries.CampaignRow = found(await queries.campaign(tx, desk.sites, named("cmp", campaign_id)))
        rows = await queries.updates_of_campaign(tx, desk.sites, campaign.id, limit=spreadsheets.ROWS_MAX)
    heading = ("station", "name", "identity", "site", "stage", "state", "reason", "version_before", "version_booted",
               "attempts", "asked_at", "changed_at", "finished_at")  # fmt: skip
    return spreadsheets.answer(
        "campaign",
        heading,
        [
            (
                shown("sta", row.station_id), row.station_name, row.identity, row.site_name, row.stage, row.state,
                row.reason, row.version_before, row.version_booted, row.attempts, row.asked_at, row.changed_at,
                row.finished_at,
            )
            for row in rows
        ],
    )  # fmt: skip


TURNS: Final = {
    "pause": firmware.pause_campaign,
    "resume": firmware.resume_campaign,
    "cancel": firmware.cancel_campaign,
    "retry": firmware.retry_failed,
}


@post("/console/campaigns/{campaign_id:str}/{action:str}", opt={NEEDS: Permission.STATIONS_WRITE}, status_code=303)
async def turn_campaign(desk: AtDesk, campaign_id: FromPath[str], action: FromPath[str]) -> Response[Any]:
    """Pause, resume or cancel a campaign, or try again what failed."""
    if action not in TURNS:
        raise NotFound("There is no such page.")
    form = await desk.form()
    async with desk.transaction() as tx:
        campaign: queries.CampaignRow = found(await queries.campaign(tx, desk.sites, named("cmp", campaign_id)))
        await TURNS[action](tx, desk.actor, CampaignId(campaign.id), desk.now, reason=form.get("reason", ""))
    desk.tell(f"campaign:{campaign.id}")
    return desk.go(f"/console/campaigns/{shown('cmp', campaign.id)}", desk.words("The changes are saved."))


ROUTES: Final = [
    list_firmware,
    new_image,
    add_image,
    show_image,
    retire_image,
    new_campaign,
    create_campaign,
    show_campaign,
    export_campaign,
    turn_campaign,
]

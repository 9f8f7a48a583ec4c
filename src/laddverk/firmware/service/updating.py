"""One station is asked to fetch an image: by somebody on its page, or by a campaign."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from laddverk.firmware import rules
from laddverk.firmware.model import By, Image, SignatureState
from laddverk.firmware.service import links
from laddverk.firmware.service.links import Reach
from laddverk.firmware.service.roots import is_foreign
from laddverk.firmware.store import campaigns, images, updates
from laddverk.firmware.store.campaigns import Candidate
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, FirmwareImageId, FirmwareUpdateId, StationId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ocpp.commands import UpdateFirmware
from laddverk.platform import audit
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations

DOWNLOAD_RETRIES: Final = 3
DOWNLOAD_RETRY_S: Final = 300


async def update_station(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    image_id: FirmwareImageId,
    reach: Reach,
    now: datetime,
    *,
    reason: str,
    unsigned_reason: str = "",
    by: By = By.AUTO,
) -> CommandId:
    """Ask one station to fetch and install an image, now. Returns the command; the caller publishes its hint.

    Needs commands:send and stations:write, and a reason. Raises `NotFound`, `Conflict` while another update is in
    hand, and what `require_signature` raises.
    """
    actor.require(Permission.STATIONS_WRITE)
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    station, image = await seen_station(tx, actor, station_id), await usable_image(tx, image_id, now)
    require_fit(image, station)
    require_signature(actor, image, [station], unsigned_reason)
    if await updates.in_hand(tx, [station_id]):
        raise Conflict("Another update of this charger is under way.", remedy="Wait for its outcome.")
    update_id = FirmwareUpdateId(new_id())
    new = updates.NewUpdate(id=update_id, station_id=station_id, image_id=image_id, version_before=station.firmware)
    await updates.insert(tx, [new], now)
    if unsigned_reason and not image.is_signed:
        await audit.write(
            tx, actor, "firmware.unsigned_allowed", "station", station_id, at=now, reason=unsigned_reason,
            detail={"version": image.version},
        )  # fmt: skip
    return await ask(tx, actor, update_id, station, image, reach, now, reason=reason, by=by)


async def ask(
    tx: Transaction,
    actor: Actor,
    update_id: FirmwareUpdateId,
    station: Candidate,
    image: Image,
    reach: Reach,
    now: datetime,
    *,
    reason: str,
    by: By = By.AUTO,
) -> CommandId:
    """Queue the command of an update, with a link of its own, signed where both sides can."""
    signed = image.is_signed and rules.knows_signatures(station.protocol, station.signing_keys)
    request_id = await updates.next_request_id(tx)
    link = await links.new_download(tx, station.station_id, image, now)
    command = UpdateFirmware(
        request_id=request_id,
        location=links.download_location(reach, station, link, image, by),
        link=link.id.hex,
        retrieve_at=now,
        signature=image.signature if signed else None,
        signing_certificate=image.signing_certificate if signed else None,
        retries=DOWNLOAD_RETRIES,
        retry_interval_s=DOWNLOAD_RETRY_S,
    )
    command_id = await stations.request_command(tx, actor, station.station_id, command, now, reason=reason)
    await updates.asked(tx, update_id, request_id, command_id, signed, station.firmware, now)
    return command_id


async def seen_station(tx: Transaction, actor: Actor, station_id: StationId) -> Candidate:
    """Return a station that `actor` sees and that can still connect. Raises `NotFound` or `Conflict`."""
    found = await campaigns.candidates(tx, actor.site_ids, stations=[station_id])
    if not found:
        raise NotFound("There is no such station.", field="station_id")
    if found[0].retired:
        raise Conflict("The station is retired: it can no longer connect.", field="station_id")
    return found[0]


async def usable_image(tx: Transaction, image_id: FirmwareImageId, now: datetime) -> Image:
    """Return an image that may be sent.

    Raises `NotFound`, and `Conflict` for one that is retired, signed wrong, or signed by another than its maker.
    """
    image = await images.one(tx, image_id)
    if image is None:
        raise NotFound("There is no such firmware.", field="image_id")
    if image.retired_at is not None:
        raise Conflict("This firmware is out of use.", field="image_id")
    if image.signature_state is SignatureState.INVALID:
        raise Conflict(
            "The signature of this firmware is wrong, so it is sent to no charger.",
            field="image_id",
            remedy="Ask the manufacturer for the right file, signature and certificate, and add it again.",
        )
    if await is_foreign(tx, image, now):
        raise Conflict(
            "The signature of this firmware does not lead to its manufacturer's root, so it is sent to no charger.",
            field="image_id",
            remedy="Ask the manufacturer who signed it. If it has a new root, add that first.",
        )
    return image


def require_fit(image: Image, station: Candidate) -> None:
    """Raise `Conflict` when an image is for other models: a charger may not live through that."""
    if not rules.fits(image.vendor, image.model, station.vendor, station.model):
        raise Conflict(
            "This firmware is for %(models)s, and the charger says that it is %(charger)s.",
            field="image_id",
            models=f"{image.vendor} {image.model}".strip(),
            charger=f"{station.vendor} {station.model}".strip() or "?",
        )


def require_signature(actor: Actor, image: Image, targets: list[Candidate], unsigned_reason: str) -> None:
    """Raise `Conflict` when unsigned firmware would go to a charger that knows signatures (L01, L02).

    An administrator, who may make any call of the protocol, may let it through with a reason.
    """
    if image.is_signed or not any(rules.knows_signatures(one.protocol, one.signing_keys) for one in targets):
        return
    if not unsigned_reason.strip():
        raise Conflict(
            "This firmware has no signature, and the charger can check signatures.",
            field="unsigned_reason",
            remedy="Add it again with signature and certificate, or let an administrator say why it may go unsigned.",
        )
    actor.require(Permission.OCPP_CALL)

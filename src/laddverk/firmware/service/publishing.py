"""Local controllers publish an image to the chargers behind them, and take it back (2.x, L03 and L04)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from laddverk.firmware import rules
from laddverk.firmware.service import links
from laddverk.firmware.service.links import Reach
from laddverk.firmware.service.updating import seen_station, usable_image
from laddverk.firmware.store import images, updates
from laddverk.firmware.store import logs as store
from laddverk.firmware.store.updates import Said
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import CommandId, FirmwareImageId, StationId, new_id
from laddverk.kernel.problems import Conflict, NotFound
from laddverk.ocpp import facts
from laddverk.ocpp.commands import PublishFirmware, UnpublishFirmware
from laddverk.ocpp.facts import PublishStatus
from laddverk.platform.database import Transaction
from laddverk.stations import service as stations
from laddverk.stations.model import CommandFinished, CommandState, Deed

PUBLISH: Final = "publish_firmware"
UNPUBLISH: Final = "unpublish_firmware"
WORD_MAX: Final = 200


async def publish(
    tx: Transaction,
    actor: Actor,
    station_id: StationId,
    image_id: FirmwareImageId,
    reach: Reach,
    now: datetime,
    *,
    reason: str,
) -> CommandId:
    """Ask a local controller to fetch an image and offer it to the chargers behind it. Returns the command.

    Needs commands:send and stations:write. What the chargers then do is their own update: the controller's addresses
    are foreign, so nobody is sent to them from here (T17).
    """
    actor.require(Permission.STATIONS_WRITE)
    station, image = await seen_station(tx, actor, station_id), await usable_image(tx, image_id, now)
    if station.protocol == "ocpp1.6":
        raise Conflict("OCPP 1.6 knows no publishing of firmware.", field="station_id")
    request_id = await updates.next_request_id(tx)
    link = await links.new_download(tx, station_id, image, now)
    command = PublishFirmware(
        request_id=request_id,
        location=links.download_location(reach, station, link, image),
        link=link.id.hex,
        checksum=image.md5.hex(),
        retries=3,
    )
    command_id = await stations.request_command(tx, actor, station_id, command, now, reason=reason)
    publication = store.Publication(
        id=new_id(), station_id=station_id, image_id=image_id, state="asked", request_id=request_id
    )
    await store.insert_publication(tx, publication, command_id, by=actor.name or actor.kind, now=now)
    return command_id


async def unpublish(tx: Transaction, actor: Actor, publication_id: UUID, now: datetime, *, reason: str) -> CommandId:
    """Ask a local controller to offer an image no longer. Its answer is the result. Returns the command."""
    actor.require(Permission.STATIONS_WRITE)
    publication = await store.publication(tx, publication_id)
    if publication is None:
        raise NotFound("There is no such publication.")
    await seen_station(tx, actor, publication.station_id)
    image = await images.one(tx, publication.image_id)
    if image is None:
        raise NotFound("There is no such firmware.", field="image_id")
    command = UnpublishFirmware(checksum=image.md5.hex())
    command_id = await stations.request_command(tx, actor, publication.station_id, command, now, reason=reason)
    await store.move_publication(tx, publication.id, publication.state, "", now, command_id=command_id)
    return command_id


async def record_publish_statuses(tx: Transaction, statuses: Sequence[facts.PublishStatusReported]) -> None:
    """Keep what local controllers say of their publications; a published one confirms its command."""
    ordered = sorted(statuses, key=lambda status: status.received_at)
    waiting = await store.publications_open(tx, sorted({one.station_id for one in ordered}))
    deeds = []
    for status in ordered:
        await updates.say(tx, _said(status))
        mine = [one for one in waiting if one.station_id == status.station_id]
        about = next((one for one in mine if status.request_id in (None, one.request_id)), None)
        after = rules.PUBLICATION_OF.get(status.status)
        if about is None or after is None:
            continue
        await store.move_publication(tx, about.id, after, status.status.value, status.received_at, status.locations)
        if status.status is PublishStatus.PUBLISHED:
            match: dict[str, Any] = {"request_id": about.request_id}
            deeds.append(Deed(station_id=status.station_id, kind=PUBLISH, at=status.received_at, match=match))
    await stations.confirm(tx, deeds, ordered[-1].received_at)


def _said(status: facts.PublishStatusReported) -> Said:
    return Said(
        station_id=status.station_id,
        kind="publish",
        at=status.received_at,
        status=status.status.value,
        request_id=status.request_id,
        info=status.info[:WORD_MAX],
    )


async def publish_commands_finished(tx: Transaction, finished: Sequence[CommandFinished], now: datetime) -> set[str]:
    """Let publications know what became of their commands; return the topics that changed."""
    concerned = {one.command_id: one for one in finished if one.kind in (PUBLISH, UNPUBLISH)}
    topics = set()
    for publication in await store.publications_of(tx, list(concerned)):
        assert publication.command_id is not None, "it was found by its command"
        what = concerned[publication.command_id]
        if what.kind == UNPUBLISH:
            gone = what.state is CommandState.CONFIRMED or what.word == "NoFirmware"
            state = "unpublished" if gone else publication.state
            await store.move_publication(tx, publication.id, state, what.word or what.state.value, now)
        elif what.state is not CommandState.CONFIRMED and publication.state in ("asked", "working"):
            await store.move_publication(tx, publication.id, "failed", what.word or what.state.value, now)
        topics.add(f"station:{publication.station_id}")
    return topics

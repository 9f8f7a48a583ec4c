"""The firmware store: images come in with their fingerprints, their signature is checked, and they go out of use."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec

from laddverk.firmware import signatures
from laddverk.firmware.model import Digests, ImageDetails
from laddverk.firmware.store import images as store
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.ids import FirmwareImageId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.platform import audit
from laddverk.platform.database import Transaction

IMAGE_BYTES_MAX: Final = 256 * 1024 * 1024  # the largest images of chargers with screens are near 200 MB
TEXT_MAX: Final = 100  # vendors and models have at most 50 characters in any version
NOTES_MAX: Final = 10_000
NAME_FORBIDDEN: Final = re.compile(r"[^\w. ()+-]+")


async def add_image(
    tx: Transaction, actor: Actor, details: ImageDetails, digests: Digests, now: datetime
) -> FirmwareImageId:
    """Keep an image that has come in, and return its id: the file is then put in its place under it.

    Needs stations:write. The signature is checked now and the result kept; a wrong one is kept too, to be seen, and
    such an image goes nowhere. Raises `Invalid`, and `Conflict` when the same content is there already.
    """
    actor.require(Permission.STATIONS_WRITE)
    details = _checked(details)
    if digests.size_bytes == 0:
        raise Invalid("The file is empty.", field="file")
    same = await store.same_content(tx, digests.sha256)
    if same is not None:
        raise Conflict("The same file is in the store already, as version %(version)s.", field="file", version=same)
    checked = signatures.check(digests.sha256, details.signature, details.signing_certificate, now)
    image_id = FirmwareImageId(new_id())
    await store.insert(tx, image_id, details, digests, checked, by=actor.name or actor.kind, now=now)
    detail = {
        "version": details.version,
        "sha256": digests.sha256.hex(),
        "size_bytes": digests.size_bytes,
        "signature": checked.state.value,
    }
    await audit.write(tx, actor, "firmware.added", "firmware_image", image_id, at=now, detail=detail)
    return image_id


def _checked(details: ImageDetails) -> ImageDetails:
    """Return `details` within their limits. Raises `Invalid` naming the field."""
    details = msgspec.structs.replace(
        details,
        version=details.version.strip(),
        vendor=details.vendor.strip(),
        model=details.model.strip(),
        signature="".join(details.signature.split()),
        signing_certificate=details.signing_certificate.strip(),
        file_name=NAME_FORBIDDEN.sub("_", details.file_name.replace("\\", "/").rpartition("/")[2])[:TEXT_MAX] or "file",
    )
    if not details.version:
        raise Invalid(
            "Name the version.", field="version", remedy="Write it as the charger tells it when it starts: 2.1.0."
        )
    for field in ("version", "vendor", "model"):
        text: str = getattr(details, field)
        if len(text) > TEXT_MAX or not text.isprintable():
            raise Invalid("This may have at most %(max)s characters.", field=field, max=TEXT_MAX)
    if len(details.notes) > NOTES_MAX:
        raise Invalid("This may have at most %(max)s characters.", field="notes", max=NOTES_MAX)
    return details


async def retire_image(tx: Transaction, actor: Actor, image_id: FirmwareImageId, now: datetime, *, reason: str) -> None:
    """Take an image out of use. Its row stays for the history; the file is removed by the daily job.

    Needs stations:write and a reason. Raises `Conflict` while updates to it are not over.
    """
    actor.require(Permission.STATIONS_WRITE)
    if not reason.strip():
        raise Invalid("Say why.", field="reason")
    image = await store.one(tx, image_id)
    if image is None:
        raise NotFound("There is no such firmware.", field="image_id")
    waiting = await store.in_use(tx, image_id)
    if waiting:
        raise Conflict(
            "%(count)s chargers are still to get this version.", remedy="Cancel the campaign first.", count=waiting
        )
    if await store.retire(tx, image_id, now):
        await audit.write(tx, actor, "firmware.retired", "firmware_image", image_id, at=now, reason=reason)

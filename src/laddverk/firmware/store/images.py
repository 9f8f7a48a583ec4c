"""Firmware images in PostgreSQL; the files themselves are on the shelf."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from laddverk.firmware.model import Digests, Image, ImageDetails
from laddverk.firmware.signatures import Checked
from laddverk.kernel.ids import FirmwareImageId
from laddverk.platform.database import Transaction

IMAGE_COLUMNS = """id, vendor, model, version, file_name, size_bytes, md5, signature, signing_certificate,
       signature_state, retired_at"""

INSERT = """
INSERT INTO firmware_image (id, vendor, model, version, notes, file_name, size_bytes, sha256, sha512, md5, signature,
    signing_certificate, signature_state, signature_note, uploaded_by, uploaded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nullif($11, ''), nullif($12, ''), $13, $14, $15, $16)
"""


async def insert(
    tx: Transaction,
    image_id: FirmwareImageId,
    details: ImageDetails,
    digests: Digests,
    checked: Checked,
    *,
    by: str,
    now: datetime,
) -> None:
    """Keep a new image."""
    await tx.execute(
        INSERT, image_id, details.vendor, details.model, details.version, details.notes, details.file_name,
        digests.size_bytes, digests.sha256, digests.sha512, digests.md5, details.signature,
        details.signing_certificate, checked.state.value, checked.note, by, now,
    )  # fmt: skip


ONE = f"SELECT {IMAGE_COLUMNS} FROM firmware_image WHERE id = $1"  # noqa: S608 - the columns are a constant above


async def one(tx: Transaction, image_id: UUID) -> Image | None:
    """Return an image, retired or not."""
    return await tx.fetch_one(Image, ONE, image_id)


SAME = "SELECT version FROM firmware_image WHERE sha256 = $1 AND retired_at IS NULL LIMIT 1"


async def same_content(tx: Transaction, sha256: bytes) -> str | None:
    """Return the version of an image in use that has the same content, or None."""
    found: str | None = await tx.value(SAME, sha256)
    return found


RETIRE = "UPDATE firmware_image SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL"


async def retire(tx: Transaction, image_id: UUID, now: datetime) -> bool:
    """Take an image out of use; return whether it was in use."""
    return await tx.execute(RETIRE, image_id, now) == 1


IN_USE = """
SELECT count(*) FROM firmware_update u LEFT JOIN firmware_campaign c ON c.id = u.campaign_id
WHERE u.image_id = $1 AND u.finished_at IS NULL AND (u.state <> 'queued' OR c.state IN ('running', 'paused', 'aborted'))
"""


async def in_use(tx: Transaction, image_id: UUID) -> int:
    """Return how many updates to an image are not over."""
    return int(await tx.value(IN_USE, image_id))

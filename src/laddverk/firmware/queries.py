"""What screens read of images, campaigns and updates: SQL and nothing else. The logs are in `queries_logs`.

Every function that takes `sites` shows only what stands at one of them; None means all (`Actor.site_ids`). Images
concern no site: whoever may see chargers sees them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from laddverk.firmware.model import Plan
from laddverk.platform.database import Transaction

Sites = Collection[UUID] | None


class ImageRow(Struct, frozen=True, kw_only=True):
    """An image in the store."""

    id: UUID
    vendor: str
    model: str
    version: str
    notes: str
    file_name: str
    size_bytes: int
    sha256: bytes
    sha512: bytes
    md5: bytes
    signature: str | None
    signing_certificate: str | None
    signature_state: str
    signature_note: str
    uploaded_by: str
    uploaded_at: datetime
    retired_at: datetime | None
    installed: int
    """How many stations say that they run this version, and are of its models."""


IMAGES = r"""
SELECT i.*, (SELECT count(*) FROM station s
             WHERE s.firmware = i.version AND s.retired_at IS NULL AND ($1::uuid[] IS NULL OR s.site_id = ANY($1))
               AND (i.vendor = '' OR s.vendor ILIKE replace(replace(replace(replace(i.vendor,
                    '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'))
               AND (i.model = '' OR s.model ILIKE replace(replace(replace(replace(i.model,
                    '\', '\\'), '%', '\%'), '_', '\_'), '*', '%'))) AS installed
FROM firmware_image i
WHERE ($2 = '' OR concat_ws(' ', i.version, i.vendor, i.model, i.file_name, i.notes) ILIKE '%' || $2 || '%')
  AND ($3::uuid IS NULL OR i.id = $3) AND ($4 OR i.retired_at IS NULL)
ORDER BY i.uploaded_at DESC LIMIT $5 OFFSET $6
"""
IMAGE_COUNT = """
SELECT count(*) FROM firmware_image i
WHERE ($1 = '' OR concat_ws(' ', i.version, i.vendor, i.model, i.file_name, i.notes) ILIKE '%' || $1 || '%')
  AND ($2 OR i.retired_at IS NULL)
"""


async def images(
    tx: Transaction, sites: Sites, search: str = "", *, with_retired: bool = False, limit: int = 50, offset: int = 0
) -> list[ImageRow]:
    """Return images, the latest first."""
    return await tx.fetch(ImageRow, IMAGES, listed(sites), like(search), None, with_retired, limit, offset)


async def count_images(tx: Transaction, search: str = "", *, with_retired: bool = False) -> int:
    """Return how many images there are."""
    return int(await tx.value(IMAGE_COUNT, like(search), with_retired))


async def image(tx: Transaction, sites: Sites, image_id: UUID) -> ImageRow | None:
    """Return one image, retired or not."""
    return await tx.fetch_one(ImageRow, IMAGES, listed(sites), "", image_id, True, 1, 0)


class CampaignRow(Struct, frozen=True, kw_only=True):
    """A campaign with its numbers, of the stations that may be seen."""

    id: UUID
    image_id: UUID
    name: str
    version: str
    vendor: str
    model: str
    signature_state: str
    state: str
    state_reason: str
    plan: Plan
    unsigned_reason: str | None
    created_by: str
    reason: str
    created_at: datetime
    changed_at: datetime
    total: int
    verified: int
    failed: int
    in_hand: int
    queued: int
    skipped: int


CAMPAIGNS = """
SELECT c.*, i.version, i.vendor, i.model, i.signature_state, n.total, n.verified, n.failed, n.in_hand, n.queued,
       n.skipped
FROM firmware_campaign c JOIN firmware_image i ON i.id = c.image_id
JOIN LATERAL (
    SELECT count(*) AS total, count(*) FILTER (WHERE u.state = 'verified') AS verified,
           count(*) FILTER (WHERE u.state = 'failed') AS failed,
           count(*) FILTER (WHERE u.state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting'))
               AS in_hand,
           count(*) FILTER (WHERE u.state = 'queued') AS queued, count(*) FILTER (WHERE u.state = 'skipped') AS skipped
    FROM firmware_update u JOIN station s ON s.id = u.station_id
    WHERE u.campaign_id = c.id AND ($1::uuid[] IS NULL OR s.site_id = ANY($1))
) AS n ON $1::uuid[] IS NULL OR n.total > 0
WHERE ($2 = '' OR concat_ws(' ', c.name, i.version, i.vendor, i.model) ILIKE '%' || $2 || '%')
  AND ($3::uuid IS NULL OR c.id = $3) AND ($4 = '' OR c.state = $4) AND ($5::uuid IS NULL OR c.image_id = $5)
ORDER BY c.created_at DESC LIMIT $6 OFFSET $7
"""


async def campaigns(
    tx: Transaction,
    sites: Sites,
    search: str = "",
    state: str = "",
    image_id: UUID | None = None,
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[CampaignRow]:
    """Return campaigns with a station that may be seen, the latest first."""
    return await tx.fetch(CampaignRow, CAMPAIGNS, listed(sites), like(search), None, state, image_id, limit, offset)


CAMPAIGN_COUNT = """
SELECT count(*) FROM firmware_campaign c JOIN firmware_image i ON i.id = c.image_id
WHERE ($2 = '' OR concat_ws(' ', c.name, i.version, i.vendor, i.model) ILIKE '%' || $2 || '%')
  AND ($1::uuid[] IS NULL OR EXISTS (SELECT 1 FROM firmware_update u JOIN station s ON s.id = u.station_id
                                     WHERE u.campaign_id = c.id AND s.site_id = ANY($1)))
"""


async def count_campaigns(tx: Transaction, sites: Sites, search: str = "") -> int:
    """Return how many campaigns there are with a station that may be seen."""
    return int(await tx.value(CAMPAIGN_COUNT, listed(sites), like(search)))


async def campaign(tx: Transaction, sites: Sites, campaign_id: UUID) -> CampaignRow | None:
    """Return one campaign, when a station of it may be seen."""
    return await tx.fetch_one(CampaignRow, CAMPAIGNS, listed(sites), "", campaign_id, "", None, 1, 0)


class StageRow(Struct, frozen=True, kw_only=True):
    """A stage of a campaign with its numbers."""

    stage: int
    total: int
    verified: int
    failed: int
    in_hand: int
    queued: int
    skipped: int


STAGES = """
SELECT u.stage, count(*) AS total, count(*) FILTER (WHERE u.state = 'verified') AS verified,
       count(*) FILTER (WHERE u.state = 'failed') AS failed,
       count(*) FILTER (WHERE u.state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting')) AS in_hand,
       count(*) FILTER (WHERE u.state = 'queued') AS queued, count(*) FILTER (WHERE u.state = 'skipped') AS skipped
FROM firmware_update u JOIN station s ON s.id = u.station_id
WHERE u.campaign_id = $1 AND ($2::uuid[] IS NULL OR s.site_id = ANY($2)) GROUP BY u.stage ORDER BY u.stage
"""


async def stages(tx: Transaction, sites: Sites, campaign_id: UUID) -> list[StageRow]:
    """Return the stages of a campaign."""
    return await tx.fetch(StageRow, STAGES, campaign_id, listed(sites))


class UpdateRow(Struct, frozen=True, kw_only=True):
    """An update of one station."""

    id: UUID
    station_id: UUID
    station_name: str
    identity: str
    site_name: str
    campaign_id: UUID | None
    campaign_name: str | None
    image_id: UUID
    version: str
    stage: int
    state: str
    reason: str
    signed: bool
    version_before: str
    version_booted: str
    attempts: int
    queued_at: datetime
    asked_at: datetime | None
    changed_at: datetime
    finished_at: datetime | None
    waits_for: str
    """A key of words, of one that waits its turn: why it is not asked now."""


UPDATES = """
SELECT u.*, s.name AS station_name, s.identity, site.name AS site_name, c.name AS campaign_name, i.version,
       CASE WHEN u.state <> 'queued' THEN '' WHEN c.state <> 'running' THEN 'waits_campaign'
            WHEN EXISTS (SELECT 1 FROM firmware_update before WHERE before.campaign_id = u.campaign_id
                         AND before.stage < u.stage AND before.finished_at IS NULL) THEN 'waits_stage'
            WHEN s.connected_at IS NULL THEN 'waits_contact'
            WHEN EXISTS (SELECT 1 FROM connector k WHERE k.station_id = s.id AND k.status IN ('occupied', 'preparing',
                         'charging', 'suspended_ev', 'suspended_evse', 'finishing', 'reserved')) THEN 'waits_use'
            ELSE 'waits_turn' END AS waits_for
FROM firmware_update u JOIN station s ON s.id = u.station_id JOIN site ON site.id = s.site_id
JOIN firmware_image i ON i.id = u.image_id LEFT JOIN firmware_campaign c ON c.id = u.campaign_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid IS NULL OR u.campaign_id = $2)
  AND ($3::uuid IS NULL OR u.station_id = $3)
  AND ($4 = '' OR concat_ws(' ', s.name, s.identity, site.name) ILIKE '%' || $4 || '%')
  AND ($5 = '' OR u.state = $5 OR ($5 = 'in_hand' AND u.state IN ('asked', 'downloading', 'downloaded', 'installing',
                                                                  'rebooting')))
ORDER BY CASE WHEN $2::uuid IS NULL THEN u.queued_at END DESC, u.state <> 'failed', u.stage, u.place, u.id
LIMIT $6 OFFSET $7
"""
UPDATE_COUNT = """
SELECT count(*) FROM firmware_update u JOIN station s ON s.id = u.station_id JOIN site ON site.id = s.site_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND u.campaign_id = $2
  AND ($3 = '' OR concat_ws(' ', s.name, s.identity, site.name) ILIKE '%' || $3 || '%')
  AND ($4 = '' OR u.state = $4 OR ($4 = 'in_hand' AND u.state IN ('asked', 'downloading', 'downloaded', 'installing',
                                                                  'rebooting')))
"""


async def updates_of_campaign(
    tx: Transaction,
    sites: Sites,
    campaign_id: UUID,
    search: str = "",
    state: str = "",
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[UpdateRow]:
    """Return the updates of a campaign: what failed first, then in their order."""
    return await tx.fetch(UpdateRow, UPDATES, listed(sites), campaign_id, None, like(search), state, limit, offset)


async def count_updates(tx: Transaction, sites: Sites, campaign_id: UUID, search: str = "", state: str = "") -> int:
    """Return how many updates of a campaign there are."""
    return int(await tx.value(UPDATE_COUNT, listed(sites), campaign_id, like(search), state))


async def updates_of_station(tx: Transaction, sites: Sites, station_id: UUID, limit: int = 20) -> list[UpdateRow]:
    """Return the latest updates of a station."""
    return await tx.fetch(UpdateRow, UPDATES, listed(sites), None, station_id, "", "", limit, 0)


class StatusRow(Struct, frozen=True, kw_only=True):
    """Something a charger said of its software, and how often in a row."""

    kind: str
    first_at: datetime
    last_at: datetime
    status: str
    request_id: int | None
    info: str
    times: int


STATUSES = "SELECT * FROM software_status WHERE station_id = $1 ORDER BY first_at DESC LIMIT $2"


async def statuses(tx: Transaction, station_id: UUID, limit: int = 40) -> list[StatusRow]:
    """Return what a station said of its software, the latest first."""
    return await tx.fetch(StatusRow, STATUSES, station_id, limit)


class RootRow(Struct, frozen=True, kw_only=True):
    """A certificate of a manufacturer."""

    id: UUID
    vendor: str
    subject: str
    sha256: bytes
    not_after: datetime
    added_by: str
    added_at: datetime
    reason: str
    images: int
    """How many signed images in use are for this manufacturer."""


ROOTS = """
SELECT r.*, (SELECT count(*) FROM firmware_image i WHERE i.retired_at IS NULL AND i.signing_certificate IS NOT NULL
             AND (r.vendor = '' OR lower(i.vendor) = lower(r.vendor))) AS images
FROM maker_root r WHERE r.retired_at IS NULL ORDER BY lower(r.vendor), r.added_at LIMIT 1000
"""


async def roots(tx: Transaction) -> list[RootRow]:
    """Return the roots in use, by manufacturer."""
    return await tx.fetch(RootRow, ROOTS)


class PublicationRow(Struct, frozen=True, kw_only=True):
    """An image at a local controller."""

    id: UUID
    image_id: UUID
    version: str
    state: str
    status: str
    locations: list[Any]
    asked_by: str
    asked_at: datetime
    changed_at: datetime


PUBLICATIONS = """
SELECT p.*, i.version FROM firmware_publication p JOIN firmware_image i ON i.id = p.image_id
WHERE p.station_id = $1 ORDER BY p.asked_at DESC LIMIT 20
"""


async def publications(tx: Transaction, station_id: UUID) -> list[PublicationRow]:
    """Return the latest publications at a local controller."""
    return await tx.fetch(PublicationRow, PUBLICATIONS, station_id)


FIRMWARE_VERSIONS = """
SELECT vendor, model, firmware, count(*) AS stations FROM station
WHERE retired_at IS NULL AND firmware <> '' AND ($1::uuid[] IS NULL OR site_id = ANY($1))
GROUP BY vendor, model, firmware ORDER BY vendor, model, stations DESC LIMIT 200
"""


class VersionRow(Struct, frozen=True):
    """How many stations of a model run a version."""

    vendor: str
    model: str
    firmware: str
    stations: int


async def versions(tx: Transaction, sites: Sites) -> list[VersionRow]:
    """Return which versions run in the field, by model."""
    return await tx.fetch(VersionRow, FIRMWARE_VERSIONS, listed(sites))


def listed(sites: Sites) -> list[UUID] | None:
    """Return sites as a statement takes them."""
    return None if sites is None else list(sites)


def like(text: str) -> str:
    """Return `text` for ILIKE, where `%`, `_` and the backslash mean themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

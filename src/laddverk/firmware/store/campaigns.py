"""Campaigns in PostgreSQL, and where each of their stations is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.firmware.model import Campaign, CampaignState, UpdateState
from laddverk.kernel.ids import CampaignId, FirmwareUpdateId, StationId
from laddverk.platform.database import Transaction

CAMPAIGN_COLUMNS = "id, image_id, name, state, plan, unsigned_reason"

INSERT = """
INSERT INTO firmware_campaign (id, image_id, name, state, plan, unsigned_reason, created_by, reason, created_at,
                               changed_at)
VALUES ($1, $2, $3, 'running', $4, nullif($5, ''), $6, $7, $8, $8)
"""


async def insert(tx: Transaction, campaign: Campaign, *, by: str, reason: str, now: datetime) -> None:
    """Keep a new campaign."""
    await tx.execute(
        INSERT, campaign.id, campaign.image_id, campaign.name, campaign.plan, campaign.unsigned_reason or "", by,
        reason, now,
    )  # fmt: skip


LOCK = f"SELECT {CAMPAIGN_COLUMNS} FROM firmware_campaign WHERE id = $1 FOR UPDATE"  # noqa: S608 - a constant


async def lock(tx: Transaction, campaign_id: UUID) -> Campaign | None:
    """Return one campaign, locked."""
    return await tx.fetch_one(Campaign, LOCK, campaign_id)


RUNNING = f"""
SELECT {CAMPAIGN_COLUMNS} FROM firmware_campaign WHERE state = 'running' ORDER BY id FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - a constant


async def running(tx: Transaction) -> list[Campaign]:
    """Return the campaigns that go on, locked; those that another worker looks at are left out."""
    return await tx.fetch(Campaign, RUNNING)


TURN = "UPDATE firmware_campaign SET state = $2, state_reason = $3, changed_at = $4 WHERE id = $1"


async def turn(tx: Transaction, campaign_id: CampaignId, state: CampaignState, reason: str, now: datetime) -> None:
    """Give a campaign its next state."""
    await tx.execute(TURN, campaign_id, state.value, reason, now)


class StepRow(Struct, frozen=True, kw_only=True):
    """Where one station of a campaign is, and how the station is."""

    id: FirmwareUpdateId
    station_id: StationId
    stage: int
    state: UpdateState
    forgiven: bool
    queued_at: datetime
    connected: bool
    in_use: bool
    retired: bool
    firmware: str
    protocol: str | None
    zone: str


# In use is whatever a person may be at: plugged in, charging, reserved; and another update in hand.
STEPS = """
SELECT u.id, u.station_id, u.stage, u.state, u.forgiven, u.queued_at, s.connected_at IS NOT NULL AS connected,
       s.retired_at IS NOT NULL AS retired, s.firmware, s.protocol, site.timezone AS zone,
       EXISTS (SELECT 1 FROM connector c WHERE c.station_id = u.station_id AND c.status IN ('occupied', 'preparing',
               'charging', 'suspended_ev', 'suspended_evse', 'finishing', 'reserved'))
       OR EXISTS (SELECT 1 FROM firmware_update other WHERE other.station_id = u.station_id AND other.id <> u.id
                  AND other.state IN ('asked', 'downloading', 'downloaded', 'installing', 'rebooting')) AS in_use
FROM firmware_update u JOIN station s ON s.id = u.station_id JOIN site ON site.id = s.site_id
WHERE u.campaign_id = $1 ORDER BY u.stage, u.place, u.id
"""


async def steps(tx: Transaction, campaign_id: CampaignId) -> list[StepRow]:
    """Return where all stations of a campaign are, in their order.

    Not locked: whoever moves a queued one holds the campaign, and recorders move only those in hand.
    """
    return await tx.fetch(StepRow, STEPS, campaign_id)


FORGIVE = "UPDATE firmware_update SET forgiven = true WHERE campaign_id = $1 AND state = 'failed'"


async def forgive(tx: Transaction, campaign_id: CampaignId) -> int:
    """Let the failures so far not count again."""
    return await tx.execute(FORGIVE, campaign_id)


REQUEUE = """
UPDATE firmware_update SET state = 'queued', reason = '', forgiven = false, finished_at = NULL, queued_at = $2,
       changed_at = $2
WHERE campaign_id = $1 AND state = 'failed'
"""


async def requeue_failed(tx: Transaction, campaign_id: CampaignId, now: datetime) -> int:
    """Queue again what failed; return how many."""
    return await tx.execute(REQUEUE, campaign_id, now)


SKIP_QUEUED = """
UPDATE firmware_update SET state = 'skipped', reason = $2, finished_at = $3, changed_at = $3
WHERE campaign_id = $1 AND state = 'queued'
"""


async def skip_queued(tx: Transaction, campaign_id: CampaignId, reason: str, now: datetime) -> int:
    """Give up what was not asked yet; return how many."""
    return await tx.execute(SKIP_QUEUED, campaign_id, reason, now)


ELSEWHERE = """
SELECT count(*) FROM firmware_update u JOIN station s ON s.id = u.station_id
WHERE u.campaign_id = $1 AND NOT s.site_id = ANY($2)
"""


async def all_at(tx: Transaction, campaign_id: CampaignId, sites: Collection[UUID]) -> bool:
    """Return whether all stations of a campaign stand at these sites."""
    return int(await tx.value(ELSEWHERE, campaign_id, list(sites))) == 0


class Candidate(Struct, frozen=True, kw_only=True):
    """A station that a campaign, or one update, may be for."""

    station_id: StationId
    name: str
    site_id: UUID
    vendor: str
    model: str
    firmware: str
    protocol: str | None
    busy_elsewhere: bool
    retired: bool
    signing_keys: list[str]
    file_protocols: str = ""
    """How it says that it moves files, by commas."""


CANDIDATES = """
SELECT s.id AS station_id, s.name, s.site_id, s.vendor, s.model, s.firmware, s.protocol,
       s.retired_at IS NOT NULL AS retired,
       EXISTS (SELECT 1 FROM firmware_update u JOIN firmware_campaign c ON c.id = u.campaign_id
               WHERE u.station_id = s.id AND u.finished_at IS NULL AND c.state IN ('running', 'paused', 'aborted'))
           AS busy_elsewhere,
       ARRAY(SELECT v.variable FROM station_variable v WHERE v.station_id = s.id AND v.component = ''
             AND lower(v.variable) IN ('securityprofile', 'cponame', 'additionalrootcertificatecheck')) AS signing_keys,
       coalesce((SELECT string_agg(v.value, ',') FROM station_variable v WHERE v.station_id = s.id
                 AND lower(v.variable) IN ('supportedfiletransferprotocols', 'filetransferprotocols')), '')
           AS file_protocols
FROM station s
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid[] IS NULL OR s.site_id = ANY($2))
  AND ($3::uuid[] IS NULL OR s.id = ANY($3))
ORDER BY s.name, s.id LIMIT 20000
"""


async def candidates(
    tx: Transaction,
    allowed: Collection[UUID] | None,
    *,
    sites: Collection[UUID] | None = None,
    stations: Collection[UUID] | None = None,
) -> list[Candidate]:
    """Return stations that may be seen, at `sites` and among `stations` where given, by name."""
    return await tx.fetch(
        Candidate, CANDIDATES, *(None if one is None else list(one) for one in (allowed, sites, stations))
    )

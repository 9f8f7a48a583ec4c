"""What screens and the API read of certificates and security events. Reads only; joins stations for names and sites."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from laddverk.platform.database import Transaction


class CertificateRow(Struct, frozen=True, kw_only=True):
    """A certificate of a charger."""

    id: UUID
    station_id: UUID
    station_name: str
    kind: str
    state: str
    subject_cn: str
    issuer: str
    serial_number: str
    fingerprint_sha256: bytes
    authority: str
    not_before: datetime
    not_after: datetime
    active_since: datetime | None
    next_step_at: datetime | None
    asked: int
    alarm_days: int | None
    used_at: datetime | None
    """When its charger first came in with it."""
    ended_by: str
    ended_why: str


CERTIFICATES = """
SELECT c.id, c.station_id, s.name AS station_name, c.kind, c.state, c.subject_cn, c.issuer, c.serial_number,
       c.fingerprint_sha256, c.authority, c.not_before, c.not_after, c.active_since, c.next_step_at, c.asked,
       c.alarm_days, c.used_at, c.ended_by, c.ended_why
FROM station_certificate c JOIN station s ON s.id = c.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid IS NULL OR c.station_id = $2)
  AND ($3 = '' OR concat_ws(' ', s.name, c.subject_cn, c.serial_number) ILIKE '%' || $3 || '%')
  AND ($4 = '' OR c.state = $4)
ORDER BY (c.state <> 'active'), CASE WHEN c.state = 'active' THEN c.not_after END, c.made_at DESC, c.id
LIMIT $5 OFFSET $6
"""
COUNT_CERTIFICATES = """
SELECT count(*) FROM station_certificate c JOIN station s ON s.id = c.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', s.name, c.subject_cn, c.serial_number) ILIKE '%' || $2 || '%')
  AND ($3 = '' OR c.state = $3)
"""

Sites = Collection[UUID] | None
"""The only sites that whoever asks may see; None for all."""


def _sites(sites: Sites) -> list[UUID] | None:
    return None if sites is None else sorted(sites)


def _pattern(search: str) -> str:
    return search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\x00", "")


async def certificates(
    tx: Transaction,
    sites: Sites,
    station_id: UUID | None = None,
    search: str = "",
    state: str = "",
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[CertificateRow]:
    """Return certificates of chargers: those in use first, the one that ends first before all."""
    return await tx.fetch(
        CertificateRow, CERTIFICATES, _sites(sites), station_id, _pattern(search), state, limit, offset
    )


async def count_certificates(tx: Transaction, sites: Sites, search: str = "", state: str = "") -> int:
    """Return how many certificates match."""
    return int(await tx.value(COUNT_CERTIFICATES, _sites(sites), _pattern(search), state))


class EndingMonth(Struct, frozen=True):
    """How many certificates in use end in a month."""

    month: datetime
    count: int


ENDINGS = """
SELECT date_trunc('month', c.not_after) AS month, count(*) AS count
FROM station_certificate c JOIN station s ON s.id = c.station_id
WHERE c.state = 'active' AND ($1::uuid[] IS NULL OR s.site_id = ANY($1))
GROUP BY 1 ORDER BY 1 LIMIT 18
"""


async def endings(tx: Transaction, sites: Sites) -> list[EndingMonth]:
    """Return how many certificates in use end in which month, the next first."""
    return await tx.fetch(EndingMonth, ENDINGS, _sites(sites))


class RequestRow(Struct, frozen=True, kw_only=True):
    """A charger's wish for a certificate."""

    id: UUID
    signing: str
    received_at: datetime
    state: str
    why: str


REQUESTS = """
SELECT id, signing, received_at, state, why FROM certificate_request
WHERE station_id = $1 ORDER BY received_at DESC LIMIT $2
"""


async def requests(tx: Transaction, station_id: UUID, limit: int = 10) -> list[RequestRow]:
    """Return the last requests of a charger."""
    return await tx.fetch(RequestRow, REQUESTS, station_id, limit)


class AnchorView(Struct, frozen=True, kw_only=True):
    """A root that we know, and in how many chargers it is."""

    id: UUID
    use: str
    name: str
    ecosystem: str
    subject: str
    serial_number: str
    fingerprint_sha256: bytes
    not_before: datetime
    not_after: datetime
    pem: str
    responders: tuple[str, ...]
    provisioning_url: str
    own: bool
    stations: int


ANCHORS = """
SELECT a.id, a.use, a.name, a.ecosystem, a.subject, a.serial_number, a.fingerprint_sha256, a.not_before, a.not_after,
       a.pem, a.responders, a.provisioning_url, a.own,
       (SELECT count(DISTINCT i.station_id) FROM installed_certificate i JOIN trust_anchor_name n
        ON n.issuer_key_hash = i.issuer_key_hash AND n.serial_number = i.serial_normal
        WHERE n.anchor_id = a.id AND i.use = a.use) AS stations
FROM trust_anchor a WHERE a.retired_at IS NULL ORDER BY a.use, a.ecosystem, a.name, a.id LIMIT 200
"""


async def anchors(tx: Transaction) -> list[AnchorView]:
    """Return the roots that are trusted."""
    return await tx.fetch(AnchorView, ANCHORS)


class CandidateRow(Struct, frozen=True, kw_only=True):
    """A charger that may be given a root."""

    id: UUID
    name: str
    identity: str
    site_name: str
    vendor: str
    model: str
    protocol: str
    has_it: bool
    """It says so, or it has accepted it."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What the chargers to choose from are narrowed to. Empty texts narrow nothing."""

    search: str = ""
    site_id: UUID | None = None
    model: str = ""
    without: bool = True
    """Only those that do not have the root."""


CANDIDATES = """
SELECT * FROM (
    SELECT s.id, s.name, s.identity, site.name AS site_name, s.vendor, s.model, coalesce(s.protocol, '') AS protocol,
           EXISTS (SELECT FROM installed_certificate i JOIN trust_anchor_name n
                   ON n.issuer_key_hash = i.issuer_key_hash AND n.serial_number = i.serial_normal
                   JOIN trust_anchor a ON a.id = n.anchor_id AND a.use = i.use
                   WHERE i.station_id = s.id AND a.id = $2) AS has_it
    FROM station s JOIN site ON site.id = s.site_id
    WHERE s.retired_at IS NULL AND ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($3::uuid IS NULL OR s.site_id = $3)
      AND ($4 = '' OR s.model = $4)
      AND ($5 = '' OR concat_ws(' ', s.name, s.identity, site.name, s.model, s.serial) ILIKE '%' || $5 || '%')
) candidate WHERE NOT ($6 AND has_it) ORDER BY name, id LIMIT $7
"""


async def candidates(
    tx: Transaction, sites: Sites, anchor_id: UUID, wanted: Wanted, *, limit: int
) -> list[CandidateRow]:
    """Return chargers in service that may be given a root, by name."""
    return await tx.fetch(
        CandidateRow, CANDIDATES, _sites(sites), anchor_id, wanted.site_id, wanted.model, _pattern(wanted.search),
        wanted.without, limit,
    )  # fmt: skip


MODELS = """
SELECT model FROM station WHERE model <> '' AND retired_at IS NULL AND ($1::uuid[] IS NULL OR site_id = ANY($1))
GROUP BY model ORDER BY count(*) DESC, model LIMIT 50
"""


async def models(tx: Transaction, sites: Sites) -> list[str]:
    """Return the models of chargers in service, the commonest first."""
    return [str(one) for one in await tx.values(MODELS, _sites(sites))]


class InstalledRow(Struct, frozen=True, kw_only=True):
    """A certificate that a charger says is installed, with the name of the root if we know it."""

    use: str
    position: int
    algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    told_at: datetime
    name: str | None
    not_after: datetime | None


INSTALLED = """
SELECT i.use, i.position, i.algorithm, i.issuer_name_hash, i.issuer_key_hash, i.serial_number, i.told_at,
       a.name, a.not_after
FROM installed_certificate i
LEFT JOIN LATERAL (
    SELECT t.name, t.not_after FROM trust_anchor_name n JOIN trust_anchor t ON t.id = n.anchor_id
    WHERE n.issuer_key_hash = i.issuer_key_hash AND n.serial_number = i.serial_normal LIMIT 1
) a ON true
WHERE i.station_id = $1 ORDER BY i.use, i.parent, i.position, i.serial_normal LIMIT 400
"""
TOLD = "SELECT told_at, why_not FROM certificate_inventory WHERE station_id = $1"


class Told(Struct, frozen=True):
    """When a charger last said what is installed, or why it did not."""

    told_at: datetime
    why_not: str


async def installed(tx: Transaction, station_id: UUID) -> tuple[list[InstalledRow], Told | None]:
    """Return what is installed in a charger, and when it said so."""
    rows = await tx.fetch(InstalledRow, INSTALLED, station_id)
    return rows, await tx.fetch_one(Told, TOLD, station_id)


class EventRow(Struct, frozen=True, kw_only=True):
    """A security event."""

    id: UUID
    station_id: UUID | None
    station_name: str | None
    at: datetime
    received_at: datetime
    kind: str
    tech_info: str
    source: str
    critical: bool
    times: int
    seen_at: datetime | None
    seen_by: str
    seen_why: str


EVENTS = """
SELECT e.id, e.station_id, s.name AS station_name, e.at, e.received_at, e.kind, e.tech_info, e.source, e.critical,
       e.times, e.seen_at, e.seen_by, e.seen_why
FROM security_event e LEFT JOIN station s ON s.id = e.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid IS NULL OR e.station_id = $2)
  AND ($3 = '' OR concat_ws(' ', s.name, e.kind, e.tech_info) ILIKE '%' || $3 || '%')
  AND CASE $4 WHEN 'open' THEN e.critical AND e.seen_at IS NULL WHEN 'alarm' THEN e.critical
              WHEN 'house' THEN e.source = 'house' ELSE true END
ORDER BY e.received_at DESC, e.id LIMIT $5 OFFSET $6
"""
COUNT_EVENTS = """
SELECT count(*) FROM security_event e LEFT JOIN station s ON s.id = e.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1))
  AND ($2 = '' OR concat_ws(' ', s.name, e.kind, e.tech_info) ILIKE '%' || $2 || '%')
  AND CASE $3 WHEN 'open' THEN e.critical AND e.seen_at IS NULL WHEN 'alarm' THEN e.critical
              WHEN 'house' THEN e.source = 'house' ELSE true END
"""


async def events(
    tx: Transaction,
    sites: Sites,
    station_id: UUID | None = None,
    search: str = "",
    only: str = "",
    *,
    limit: int = 50,
    offset: int = 0,
) -> list[EventRow]:
    """Return security events, newest first; `only` is open, alarm, house or ''."""
    return await tx.fetch(EventRow, EVENTS, _sites(sites), station_id, _pattern(search), only, limit, offset)


async def count_events(tx: Transaction, sites: Sites, search: str = "", only: str = "") -> int:
    """Return how many security events match."""
    return int(await tx.value(COUNT_EVENTS, _sites(sites), _pattern(search), only))


class QuestionRow(Struct, frozen=True, kw_only=True):
    """What a charger asked about revocation, a contract or a car's certificate."""

    station_id: UUID
    station_name: str
    at: datetime
    kind: str
    subject: str
    outcome: str
    why: str
    root: str


QUESTIONS = """
SELECT q.station_id, s.name AS station_name, q.at, q.kind, q.subject, q.outcome, q.why, q.root
FROM certificate_question q JOIN station s ON s.id = q.station_id
WHERE ($1::uuid[] IS NULL OR s.site_id = ANY($1)) AND ($2::uuid IS NULL OR q.station_id = $2)
ORDER BY q.at DESC, q.id LIMIT $3
"""


async def questions(
    tx: Transaction, sites: Sites, station_id: UUID | None = None, limit: int = 50
) -> list[QuestionRow]:
    """Return what chargers asked lately."""
    return await tx.fetch(QuestionRow, QUESTIONS, _sites(sites), station_id, limit)

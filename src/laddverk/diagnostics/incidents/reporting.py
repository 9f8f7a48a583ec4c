"""What drivers report of an outlet: kept, counted once a person, and joined to the problem it belongs to."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from laddverk.diagnostics.incidents import service, store
from laddverk.diagnostics.incidents.model import ByKind, TimelineEvent
from laddverk.diagnostics.incidents.words import REPORT_KINDS, REPORTED
from laddverk.diagnostics.model import IncidentId
from laddverk.kernel.ids import StationId, new_id
from laddverk.kernel.problems import Invalid, TooMany
from laddverk.platform.database import Transaction
from laddverk.platform.hints import Hints
from laddverk.platform.settings import Secrets

TEXT_MAX: Final = 500
PHOTO_BYTES_MAX: Final = 8_000_000  # what a phone sends where no script makes it smaller
PER_PERSON_MAX: Final = 5  # within the window: somebody who says it once more is heard, one who plays is not
PER_OUTLET_MAX: Final = 30
WINDOW: Final = timedelta(hours=1)
PHOTOS_KEPT: Final = timedelta(days=90)  # people may be seen on them

STARTS: Final = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
"""What a photo begins with, and what it then is; WebP is looked at apart."""

LATELY: Final = """
SELECT count(*) FILTER (WHERE person_key = $3)::int AS mine, count(*)::int AS everybodys FROM driver_report
WHERE at > $2 AND (person_key = $3 OR (station_id = $1 AND evse_number = $4))
"""
INSERT: Final = """
INSERT INTO driver_report (id, station_id, evse_number, at, kind, text, language, person_key, session_id, photo,
                           photo_kind, incident_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
PHOTO: Final = """
SELECT photo, photo_kind FROM driver_report JOIN station ON station.id = driver_report.station_id
WHERE driver_report.id = $1 AND photo IS NOT NULL AND ($2::uuid[] IS NULL OR station.site_id = ANY($2))
"""
ADD_PHOTO: Final = """
UPDATE driver_report SET photo = $2, photo_kind = $3 WHERE id = $1 AND photo IS NULL
"""
# Of a problem, or of one report: who reads a case looks at what drivers saw there.
PHOTOS: Final = """
SELECT driver_report.id, at, kind, text FROM driver_report JOIN station ON station.id = driver_report.station_id
WHERE photo IS NOT NULL AND (driver_report.id = $1 OR incident_id = $2)
  AND ($3::uuid[] IS NULL OR station.site_id = ANY($3))
ORDER BY at DESC LIMIT 12
"""
FORGET_PHOTOS: Final = "UPDATE driver_report SET photo = NULL WHERE photo IS NOT NULL AND at < $1"


class NewReport(Struct, frozen=True, kw_only=True):
    """What a driver says. `person` is whatever tells them from others; only a keyed digest of it is kept."""

    station_id: StationId
    evse_number: int
    kind: str
    text: str = ""
    language: str = "sv"
    person: str
    session_id: UUID | None = None
    photo: bytes = b""
    incident_id: IncidentId | None = None
    """The problem that it belongs to, where somebody has said so; else it finds its own."""
    said_at: datetime | None = None
    """When it was said, where that was before it came to us: what is a day old speaks of no trouble of today."""


class Seen(Struct, frozen=True):
    """A report that has a photo."""

    id: UUID
    at: datetime
    kind: str
    text: str


def kind_of_photo(content: bytes) -> str:
    """Return the media type of a photo by what it begins with. Raises `Invalid` for anything else, or too large."""
    if len(content) > PHOTO_BYTES_MAX:
        raise Invalid("The photo is too large.", field="photo", remedy="At most 8 MB.")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    for start, kind in STARTS:
        if content.startswith(start):
            return kind
    raise Invalid("This is no photo.", field="photo", remedy="Send a JPEG, PNG or WebP picture.")


def person_key(secrets: Secrets, person: str) -> str:
    """Return a digest that tells people apart and cannot be turned back."""
    return hashlib.blake2b(f"report:{person}".encode(), key=secrets.link_key[:64], digest_size=16).hexdigest()


async def report(
    tx: Transaction, secrets: Secrets, given: NewReport, now: datetime, hints: Hints | None = None
) -> UUID:
    """Keep a report and join it to its problem. Raises `Invalid` (fields kind, text, photo) and `TooMany`."""
    if given.kind not in REPORT_KINDS:
        raise Invalid("Choose what is wrong.", field="kind")
    if len(given.text) > TEXT_MAX or "\x00" in given.text:
        raise Invalid("The text is too long.", field="text", remedy="At most 500 characters.")
    photo_kind = kind_of_photo(given.photo) if given.photo else ""
    key = person_key(secrets, given.person)
    (lately,) = await tx.rows(LATELY, given.station_id, now - WINDOW, key, given.evse_number)
    if lately["mine"] >= PER_PERSON_MAX or lately["everybodys"] >= PER_OUTLET_MAX:
        raise TooMany("We have heard it. Thank you.", remedy="Call us if it is urgent.")
    identity = new_id()
    await tx.execute(
        INSERT, identity, given.station_id, given.evse_number, given.said_at or now, given.kind, given.text.strip(),
        given.language, key, given.session_id, given.photo or None, photo_kind, given.incident_id,
    )  # fmt: skip
    if given.incident_id is not None:
        said = TimelineEvent(
            incident_id=given.incident_id, at=now, by_kind=ByKind.PERSON, text=REPORTED, params={"kind": given.kind}
        )
        await store.write_events(tx, [said])
    await service.attend(tx, now, hints)
    return identity


async def photo(tx: Transaction, sites: frozenset[UUID] | None, report_id: UUID) -> tuple[bytes, str] | None:
    """Return a photo and its media type, or None where there is none that may be seen."""
    rows: list[Any] = await tx.rows(PHOTO, report_id, None if sites is None else list(sites))
    return (bytes(rows[0]["photo"]), str(rows[0]["photo_kind"])) if rows else None


async def add_photo(tx: Transaction, report_id: UUID, content: bytes) -> None:
    """Put a photo to a report that has none. Raises `Invalid` (field photo)."""
    await tx.execute(ADD_PHOTO, report_id, content, kind_of_photo(content))


async def photos_of(
    tx: Transaction, sites: frozenset[UUID] | None, report_id: UUID | None, incident_id: UUID | None
) -> list[Seen]:
    """Return the reports with a photo of a problem, or the one report, newest first."""
    return await tx.fetch(Seen, PHOTOS, report_id, incident_id, None if sites is None else list(sites))


async def forget_photos(tx: Transaction, now: datetime) -> int:
    """Drop photos that are old; return how many."""
    return await tx.execute(FORGET_PHOTOS, now - PHOTOS_KEPT)

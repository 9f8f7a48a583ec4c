"""Links: the addresses by which one station fetches or hands in one file.

The secret of a link is kept nowhere. It is computed from the id of the link and a key of this installation, which is
not in the database: when the command is sent, and when somebody comes with it. So neither commands nor the audit log,
the journal or a copy of the database open anything.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from laddverk.firmware import rules
from laddverk.firmware.model import By, Image, Link, Way
from laddverk.firmware.store import links as store
from laddverk.firmware.store.campaigns import Candidate
from laddverk.kernel.ids import LogRequestId, StationId, new_id
from laddverk.kernel.problems import Conflict
from laddverk.ocpp.commands import AnyCommand, PublishFirmware, RequestLog, UpdateFirmware
from laddverk.ocpp.commands.firmware import SECRET_NOT_KEPT
from laddverk.platform.database import Transaction
from laddverk.platform.settings import Settings

ID_BYTES: Final = 16
PROOF_BYTES: Final = 32  # 256 bits: nobody guesses one, however many tries
SECRET_LENGTH: Final = 64  # characters of base64 for the two together
FTP: Final = "ftp://"
FTP_PURPOSE: Final = b"ftp link"
FTP_PASSWORD_BYTES: Final = 24  # 32 characters: old boxes have short fields
PURPOSE: Final = b"file link"  # so that no other use of the key ever gives the same
LOG_BYTES_MAX: Final = 100_000_000  # the largest diagnostics seen are some tens of megabytes
UPLOAD_TRIES: Final = 10  # broken off and tried again; a file that came whole ends the link at once
DOWNLOAD_TRIES: Final = 500  # a charger on a bad line goes on with Range many times
LINK_LIVES: Final = timedelta(hours=48)  # an update may wait for a session to end
UPLOAD_NAME: Final = "log"
SLUG: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Reach(Struct, frozen=True):
    """How chargers reach us for files."""

    url: str
    """`https://host`, without a slash at the end."""
    ftp: str = ""
    """`host:port` for old chargers that know only FTP; empty when that is off."""


class NeedsFtp(Conflict):
    """A charger, or whoever asks it, wants FTP, which is off."""

    code = "needs_ftp"


def reach_of(settings: Settings) -> Reach:
    """Return how the chargers of a network with `settings` reach it for files."""
    return Reach(settings.files_address, settings.ftp_reach)


def download_location(reach: Reach, station: Candidate, link: Link, image: Image, by: By = By.AUTO) -> str:
    """Return the address of an image for one station, without its secret. Raises `NeedsFtp`.

    Its name tells the version: some chargers go by it.
    """
    return _location(reach, station, link, by, f"firmware-{SLUG.sub('-', image.version)[:60]}.bin")


def upload_location(reach: Reach, station: Candidate, link: Link, by: By = By.AUTO) -> str:
    """Return the address to which a station hands in a log, without its secret. Raises `NeedsFtp`.

    Chargers that add a name to it may (1.6, 5.10); by FTP all of them do.
    """
    return _location(reach, station, link, by, UPLOAD_NAME)


def _location(reach: Reach, station: Candidate, link: Link, by: By, name: str) -> str:
    if by is By.FTP or (by is By.AUTO and rules.moves_by_ftp_only(station.file_protocols)):
        if not reach.ftp:
            raise NeedsFtp(
                "Files can be moved with this charger by FTP only, and FTP is off here.",
                field="by",
                remedy="Set LADDVERK_FTP_PORT (docs/operations.md), or choose HTTPS if the charger knows it after all.",
            )
        return f"{FTP}{link.id.hex}:{SECRET_NOT_KEPT}@{reach.ftp}/{name}"
    return f"{reach.url}/files/{SECRET_NOT_KEPT}/{name}"


async def new_download(tx: Transaction, station_id: StationId, image: Image, now: datetime) -> Link:
    """Make a link to `image` for one station. The ones that it had before end."""
    await store.end_downloads(tx, [station_id], now)
    link = Link(id=new_id(), way=Way.DOWN, station_id=station_id, size_max_bytes=image.size_bytes, image_id=image.id)
    await store.insert(tx, link, tries=DOWNLOAD_TRIES, now=now, lives=LINK_LIVES)
    return link


async def new_upload(tx: Transaction, station_id: StationId, request_id: LogRequestId, now: datetime) -> Link:
    """Make a link by which one station hands in one log."""
    link = Link(id=new_id(), way=Way.UP, station_id=station_id, size_max_bytes=LOG_BYTES_MAX, log_request_id=request_id)
    await store.insert(tx, link, tries=UPLOAD_TRIES, now=now, lives=LINK_LIVES)
    return link


def secret_of(link_id: UUID, key: bytes) -> str:
    """Return the secret of a link: its id and the proof that we made it, 64 characters that any URL can hold."""
    return urlsafe_b64encode(link_id.bytes + _proof(link_id, key)).decode()


def _proof(link_id: UUID, key: bytes) -> bytes:
    return hashlib.blake2b(link_id.bytes, key=key, digest_size=PROOF_BYTES, person=PURPOSE).digest()


def link_behind(secret: str, key: bytes) -> UUID | None:
    """Return the id of the link that `secret` is of, or None for what we never made."""
    if len(secret) != SECRET_LENGTH or not secret.isascii():
        return None
    try:
        told = urlsafe_b64decode(secret)
    except ValueError:
        return None
    if len(told) != ID_BYTES + PROOF_BYTES:
        return None
    link_id = UUID(bytes=told[:ID_BYTES])
    return link_id if hmac.compare_digest(told[ID_BYTES:], _proof(link_id, key)) else None


def ftp_password_of(link_id: UUID, key: bytes) -> str:
    """Return the password of a link by FTP; its user is the id of the link, 32 hexadecimal digits."""
    proof = hashlib.blake2b(link_id.bytes, key=key, digest_size=FTP_PASSWORD_BYTES, person=FTP_PURPOSE).digest()
    return urlsafe_b64encode(proof).decode()


def ftp_link_behind(user: str, password: str, key: bytes) -> UUID | None:
    """Return the id of the link that a user and a password of FTP open, or None for what we never made."""
    try:
        link_id = UUID(hex=user)
    except ValueError:
        return None
    return link_id if hmac.compare_digest(password.encode(), ftp_password_of(link_id, key).encode()) else None


def with_secret(command: AnyCommand, key: bytes) -> AnyCommand:
    """Return a command as it is sent: with the secret of its link, where it has one."""
    if not isinstance(command, UpdateFirmware | PublishFirmware | RequestLog) or not command.link:
        return command
    link_id = UUID(hex=command.link)
    secret = ftp_password_of(link_id, key) if command.location.startswith(FTP) else secret_of(link_id, key)
    return msgspec.structs.replace(command, location=command.location.replace(SECRET_NOT_KEPT, secret))


async def open_link(tx: Transaction, link_id: UUID, way: Way, now: datetime) -> Link | None:
    """Return a link with one try less; None when it is unknown, used up, over or the wrong way."""
    return await store.tried(tx, link_id, way, now)

"""Links: the addresses by which one station fetches or hands in one file. The secret in them is kept as a hash only."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from laddverk.firmware.model import Image, Link, NewLink, Way
from laddverk.firmware.store import links as store
from laddverk.kernel.ids import LogRequestId, StationId, new_id
from laddverk.platform.database import Transaction
from laddverk.platform.settings import Settings

SECRET_BYTES: Final = 32  # 256 bits: nobody guesses one, however many tries
SECRET_LENGTH_MAX: Final = 100
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


def reach_of(settings: Settings) -> Reach:
    """Return how the chargers of a network with `settings` reach it for files."""
    return Reach(settings.files_address)


def download_location(reach: Reach, link: NewLink, image: Image) -> str:
    """Return the address of an image for one station. Its name tells the version: some chargers go by it."""
    return _location(reach, link, f"firmware-{SLUG.sub('-', image.version)[:60]}.bin")


def upload_location(reach: Reach, link: NewLink) -> str:
    """Return the address to which a station hands in a log. Chargers that add a name to it may (1.6, 5.10)."""
    return _location(reach, link, UPLOAD_NAME)


def _location(reach: Reach, link: NewLink, name: str) -> str:
    return f"{reach.url}/files/{link.secret}/{name}"


async def new_download(tx: Transaction, station_id: StationId, image: Image, now: datetime) -> NewLink:
    """Make a link to `image` for one station. The ones that it had before end."""
    await store.end_downloads(tx, [station_id], now)
    link = Link(id=new_id(), way=Way.DOWN, station_id=station_id, size_max_bytes=image.size_bytes, image_id=image.id)
    return await _kept(tx, link, DOWNLOAD_TRIES, now)


async def new_upload(tx: Transaction, station_id: StationId, request_id: LogRequestId, now: datetime) -> NewLink:
    """Make a link by which one station hands in one log."""
    link = Link(id=new_id(), way=Way.UP, station_id=station_id, size_max_bytes=LOG_BYTES_MAX, log_request_id=request_id)
    return await _kept(tx, link, UPLOAD_TRIES, now)


async def _kept(tx: Transaction, link: Link, tries: int, now: datetime) -> NewLink:
    secret = secrets.token_urlsafe(SECRET_BYTES)
    await store.insert(tx, link, hashed(secret), tries=tries, now=now, lives=LINK_LIVES)
    return NewLink(link.id, secret)


def hashed(secret: str) -> bytes:
    """Return the hash under which a secret is kept. It has 256 random bits: a plain hash is as good as a slow one."""
    return hashlib.sha256(secret[:SECRET_LENGTH_MAX].encode()).digest()


async def open_link(tx: Transaction, secret: str, way: Way, now: datetime) -> Link | None:
    """Return the link behind `secret`, with one try less; None when it is unknown, used up, over or the wrong way."""
    return await store.tried(tx, hashed(secret), way, now)

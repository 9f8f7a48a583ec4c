"""Words of notifications: owners, subscriptions, devices and messages."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

DEVICES_MAX: Final = 10  # of one owner: phones and computers, some of them replaced


class OwnerKind(StrEnum):
    """Whose browser it is."""

    DRIVER = "driver"
    ON_CALL = "on_call"


class Owner(Struct, frozen=True):
    """Who is told."""

    kind: OwnerKind
    id: UUID


class Subscription(Struct, frozen=True, kw_only=True):
    """Where a browser is reached, and its keys, as it gave them (base64url, RFC 8291)."""

    endpoint: str
    p256dh: str
    auth: str


class Device(Struct, frozen=True, kw_only=True):
    """A browser that is told."""

    id: UUID
    owner_kind: OwnerKind
    owner_id: UUID
    endpoint: str
    p256dh: str
    auth: str
    name: str
    language: str
    created_at: datetime
    taken_at: datetime | None = None
    error: str = ""

    @property
    def subscription(self) -> Subscription:
        """Where it is reached."""
        return Subscription(endpoint=self.endpoint, p256dh=self.p256dh, auth=self.auth)


class Words(Struct, frozen=True, kw_only=True):
    """What a notification says, in the reader's language. `path` is what a tap opens: a path of ours."""

    title: str
    body: str = ""
    path: str
    tag: str = ""
    """A newer one with the same tag takes its place on the screen."""


class Message(Struct, frozen=True, kw_only=True):
    """One notification to one device, as it is kept."""

    id: UUID
    device_id: UUID
    title: str
    body: str
    path: str
    tag: str = ""
    created_at: datetime

    @property
    def words(self) -> Words:
        """What it says."""
        return Words(title=self.title, body=self.body, path=self.path, tag=self.tag)

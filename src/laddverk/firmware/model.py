"""Images, updates, campaigns, logs and links as Structs."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from laddverk.kernel.ids import CampaignId, FirmwareImageId, StationId
from laddverk.ocpp.commands import LogKind

SOFTWARE_TOPIC: Final = "campaign"
"""The hint that a campaign, `campaign:<id>`, has come further."""


class SignatureState(StrEnum):
    """What became of checking an image's signature."""

    NONE = "none"
    VALID = "valid"
    INVALID = "invalid"


class Digests(Struct, frozen=True):
    """The fingerprints of a file, all computed while it came in."""

    sha256: bytes
    sha512: bytes
    md5: bytes
    """The checksum that PublishFirmware wants. It proves nothing."""
    size_bytes: int


class ImageDetails(Struct, frozen=True, kw_only=True):
    """What staff tell of an image. `vendor` and `model` are patterns with `*`; empty means any."""

    version: str
    vendor: str = ""
    model: str = ""
    notes: str = ""
    file_name: str = "firmware.bin"
    signature: str = ""
    """Base64, as the manufacturer gave it."""
    signing_certificate: str = ""
    """PEM."""


class Image(Struct, frozen=True, kw_only=True):
    """An image as decisions see it."""

    id: FirmwareImageId
    vendor: str
    model: str
    version: str
    file_name: str
    size_bytes: int
    md5: bytes
    signature: str | None
    signing_certificate: str | None
    signature_state: SignatureState
    retired_at: datetime | None = None

    @property
    def is_signed(self) -> bool:
        """Whether it can be sent with a signature that was found valid."""
        return self.signature_state is SignatureState.VALID


class UpdateState(StrEnum):
    """Where an update is on its way. The last three are final."""

    QUEUED = "queued"
    ASKED = "asked"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    INSTALLING = "installing"
    REBOOTING = "rebooting"
    VERIFIED = "verified"
    FAILED = "failed"
    SKIPPED = "skipped"


IN_HAND: Final = (
    UpdateState.ASKED,
    UpdateState.DOWNLOADING,
    UpdateState.DOWNLOADED,
    UpdateState.INSTALLING,
    UpdateState.REBOOTING,
)
"""Between being asked and an outcome, in this order."""
FINAL: Final = frozenset({UpdateState.VERIFIED, UpdateState.FAILED, UpdateState.SKIPPED})


class Stage(Struct, frozen=True, omit_defaults=True):
    """How many stations a stage has: a number, or a share of all. Neither: all that are left."""

    count: int | None = None
    percent: float | None = None


class Window(Struct, frozen=True):
    """Local hours in which stations are asked. It may pass midnight; begin equal to end is the whole day."""

    begin: time
    end: time


class Plan(Struct, frozen=True, kw_only=True):
    """How a campaign goes about it."""

    stages: tuple[Stage, ...] = (Stage(count=1), Stage(percent=10), Stage())
    at_once: int = 10
    """How many stations may be in hand at the same time."""
    window: Window | None = None
    failed_share: float | None = 0.02
    """Stop as soon as this share of a stage's stations has failed."""
    failed_count: int | None = None
    """Stop as soon as so many have failed in all."""


class CampaignState(StrEnum):
    """Whether a campaign goes on."""

    RUNNING = "running"
    PAUSED = "paused"
    ABORTED = "aborted"
    CANCELLED = "cancelled"
    DONE = "done"


class Step(Struct, frozen=True, kw_only=True):
    """One station's update as the plan sees it, and whether the station can be asked now."""

    station_id: StationId
    stage: int
    """Counted from 1."""
    state: UpdateState
    forgiven: bool = False
    connected: bool = True
    in_use: bool = False
    zone: str = "Europe/Stockholm"


class Decision(Struct, frozen=True, kw_only=True):
    """What a campaign does next."""

    ask: tuple[StationId, ...] = ()
    abort: str = ""
    """A key of words, when too many have failed."""
    done: bool = False


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as the jobs see it."""

    id: CampaignId
    image_id: FirmwareImageId
    name: str
    state: CampaignState
    plan: Plan
    unsigned_reason: str | None = None


class NewCampaign(Struct, frozen=True, kw_only=True):
    """A campaign as somebody asks for it: which image to which stations, how, and why."""

    image_id: FirmwareImageId
    name: str
    reason: str
    plan: Plan = Plan()
    site_ids: tuple[UUID, ...] = ()
    """Only at these sites; empty means all that may be seen."""
    from_version: str = ""
    """Only stations that run this version now."""
    unsigned_reason: str = ""
    """Why unsigned firmware may go to chargers that know signatures."""


class By(StrEnum):
    """How a file is moved between a charger and us."""

    AUTO = "auto"
    """As the charger says that it can."""
    HTTP = "http"
    FTP = "ftp"
    """In clear, for old chargers that know nothing else."""


class LogWish(Struct, frozen=True, kw_only=True):
    """Which log is wanted of a station, of which time."""

    log: LogKind = LogKind.DIAGNOSTICS
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    retries: int = 2
    extended: bool = False
    """Of OCPP 1.6: ask by GetLog of its security extension."""
    by: By = By.AUTO
    reason: str = ""


class Way(StrEnum):
    """Whether a link takes a file in or gives one out."""

    UP = "up"
    DOWN = "down"


class Link(Struct, frozen=True, kw_only=True):
    """A link that was found good for one more try."""

    id: UUID
    way: Way
    station_id: StationId
    size_max_bytes: int
    image_id: FirmwareImageId | None = None
    log_request_id: UUID | None = None


class FileKind(StrEnum):
    """What a file is, by its content."""

    TEXT = "text"
    JSON = "json"
    XML = "xml"
    GZIP = "gzip"
    ZIP = "zip"
    TAR = "tar"
    PCAP = "pcap"
    BINARY = "binary"

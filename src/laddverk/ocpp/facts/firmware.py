"""Facts of firmware and logs (blocks L and N): how far an update has come, a publication, the upload of a log."""

from __future__ import annotations

from enum import StrEnum

from laddverk.ocpp.facts.base import Fact


class FirmwareStatus(StrEnum):
    """How far an update has come, in the words that all versions share; plain 1.6 has seven of them."""

    IDLE = "Idle"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    DOWNLOAD_PAUSED = "DownloadPaused"
    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    SIGNATURE_VERIFIED = "SignatureVerified"
    INVALID_SIGNATURE = "InvalidSignature"
    INSTALL_SCHEDULED = "InstallScheduled"
    INSTALLING = "Installing"
    INSTALL_REBOOTING = "InstallRebooting"
    INSTALL_VERIFICATION_FAILED = "InstallVerificationFailed"
    INSTALLATION_FAILED = "InstallationFailed"
    INSTALLED = "Installed"


class PublishStatus(StrEnum):
    """How far a local controller has come with publishing an image to the chargers behind it (L03)."""

    IDLE = "Idle"
    DOWNLOAD_SCHEDULED = "DownloadScheduled"
    DOWNLOADING = "Downloading"
    DOWNLOAD_PAUSED = "DownloadPaused"
    DOWNLOADED = "Downloaded"
    DOWNLOAD_FAILED = "DownloadFailed"
    CHECKSUM_VERIFIED = "ChecksumVerified"
    INVALID_CHECKSUM = "InvalidChecksum"
    PUBLISHED = "Published"
    PUBLISH_FAILED = "PublishFailed"


class LogStatus(StrEnum):
    """How far the upload of a log has come, in the words of GetLog. UploadFailed of 1.6 is UploadFailure."""

    IDLE = "Idle"
    UPLOADING = "Uploading"
    UPLOADED = "Uploaded"
    UPLOAD_FAILURE = "UploadFailure"
    BAD_MESSAGE = "BadMessage"
    NOT_SUPPORTED = "NotSupportedOperation"
    PERMISSION_DENIED = "PermissionDenied"
    CANCELLED = "AcceptedCanceled"


class FirmwareStatusReported(Fact, frozen=True, kw_only=True):
    """A charger told how far an update of its firmware has come."""

    status: FirmwareStatus
    request_id: int | None = None
    """The number of the request it is about; plain 1.6 knows none."""
    info: str = ""


class PublishStatusReported(Fact, frozen=True, kw_only=True):
    """A local controller told how far it has come with publishing an image."""

    status: PublishStatus
    request_id: int | None = None
    locations: tuple[str, ...] = ()
    """Where chargers behind it find the image, once it is published."""
    info: str = ""


class LogStatusReported(Fact, frozen=True, kw_only=True):
    """A charger told how far the upload of a log has come."""

    status: LogStatus
    request_id: int | None = None
    info: str = ""

"""Commands of firmware and logs (blocks L and N). The locations in them are always our own one-time links (T17)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from laddverk.ocpp.commands.base import Command

SECRET_NOT_KEPT: Final = "*" * 16
"""Stands in a kept location for the secret of its link, which comes into it only as the message is sent."""


class LogKind(StrEnum):
    """Which log is wanted."""

    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"
    DATA_COLLECTOR = "data_collector"
    """Only 2.1 has it."""


class UpdateFirmware(Command, frozen=True, kw_only=True, tag="update_firmware"):
    """UpdateFirmware, or SignedUpdateFirmware of 1.6 when there is a signature.

    Confirmed when the charger first tells how far it has come, or boots with the new version: from then on the
    update has a life of its own.
    """

    CONFIRM_WITHIN = timedelta(hours=1)  # a charger may wait for its download slot before it says anything

    request_id: int
    location: str
    link: str = ""
    """The id of the link whose secret `location` lacks, 32 hexadecimal digits; empty when it lacks none."""
    retrieve_at: datetime
    install_at: datetime | None = None
    signing_certificate: str | None = None
    """PEM, as the manufacturer gave it with the image."""
    signature: str | None = None
    """Base64."""
    retries: int | None = None
    retry_interval_s: int | None = None


class PublishFirmware(Command, frozen=True, kw_only=True, tag="publish_firmware"):
    """PublishFirmware to a local controller (2.x). Confirmed when it says that the image is published."""

    CONFIRM_WITHIN = timedelta(hours=1)

    request_id: int
    location: str
    link: str = ""
    """The id of the link whose secret `location` lacks, 32 hexadecimal digits; empty when it lacks none."""
    checksum: str
    """MD5 of the whole image, 32 hexadecimal digits, as L03 asks."""
    retries: int | None = None
    retry_interval_s: int | None = None


class UnpublishFirmware(Command, frozen=True, kw_only=True, tag="unpublish_firmware"):
    """UnpublishFirmware to a local controller (2.x). Its answer is the result."""

    checksum: str


class RequestLog(Command, frozen=True, kw_only=True, tag="request_log"):
    """GetLog, or GetDiagnostics of plain 1.6. Confirmed when the charger says that it uploads, or the file comes."""

    SEND_WITHIN = timedelta(hours=24)  # what happened is wanted also when the charger is back tomorrow
    CONFIRM_WITHIN = timedelta(hours=1)  # collecting days of logs takes a small box its time

    request_id: int
    log: LogKind = LogKind.DIAGNOSTICS
    location: str
    link: str = ""
    """The id of the link whose secret `location` lacks, 32 hexadecimal digits; empty when it lacks none."""
    oldest_at: datetime | None = None
    latest_at: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    extended: bool = False
    """Of 1.6: ask by GetLog of the security extension, also for diagnostics."""


AnyFirmware = UpdateFirmware | PublishFirmware | UnpublishFirmware | RequestLog

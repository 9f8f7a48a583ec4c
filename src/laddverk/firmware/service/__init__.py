"""What can be done with the software of chargers: the use cases of this room, each in the transaction it is given."""

from __future__ import annotations

from laddverk.firmware.service.campaigns import (
    Preview,
    advance,
    cancel_campaign,
    create_campaign,
    pause_campaign,
    preview,
    resume_campaign,
    retry_failed,
)
from laddverk.firmware.service.images import add_image, retire_image
from laddverk.firmware.service.links import Reach, ftp_link_behind, link_behind, open_link, reach_of, with_secret
from laddverk.firmware.service.logs import delete_log, keep_upload, record_log_statuses, request_log
from laddverk.firmware.service.publishing import publish, record_publish_statuses, unpublish
from laddverk.firmware.service.recording import commands_finished, record_boots, record_firmware_statuses
from laddverk.firmware.service.roots import add_root, retire_root, trust_of
from laddverk.firmware.service.updating import update_station

__all__ = [
    "Preview",
    "Reach",
    "add_image",
    "add_root",
    "advance",
    "cancel_campaign",
    "commands_finished",
    "create_campaign",
    "delete_log",
    "ftp_link_behind",
    "keep_upload",
    "link_behind",
    "open_link",
    "pause_campaign",
    "preview",
    "publish",
    "reach_of",
    "record_boots",
    "record_firmware_statuses",
    "record_log_statuses",
    "record_publish_statuses",
    "request_log",
    "resume_campaign",
    "retire_image",
    "retire_root",
    "retry_failed",
    "trust_of",
    "unpublish",
    "update_station",
    "with_secret",
]

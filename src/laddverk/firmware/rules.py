"""Decisions about updates and campaigns: what a status means, who is asked next, when to stop. All pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final
from zoneinfo import ZoneInfo

from laddverk.firmware.model import (
    FINAL,
    IN_HAND,
    Decision,
    Plan,
    Stage,
    Step,
    UpdateState,
    Window,
)
from laddverk.kernel.problems import Invalid
from laddverk.ocpp.facts import FirmwareStatus, LogStatus, PublishStatus

STAGES_MAX: Final = 10
AT_ONCE_MAX: Final = 200  # each fetches an image over our line at the same time

# One update.

STATE_OF: Final = {
    FirmwareStatus.DOWNLOAD_SCHEDULED: UpdateState.ASKED,
    FirmwareStatus.DOWNLOADING: UpdateState.DOWNLOADING,
    FirmwareStatus.DOWNLOAD_PAUSED: UpdateState.DOWNLOADING,
    FirmwareStatus.DOWNLOADED: UpdateState.DOWNLOADED,
    FirmwareStatus.SIGNATURE_VERIFIED: UpdateState.DOWNLOADED,
    FirmwareStatus.INSTALL_SCHEDULED: UpdateState.DOWNLOADED,
    FirmwareStatus.INSTALLING: UpdateState.INSTALLING,
    FirmwareStatus.INSTALL_REBOOTING: UpdateState.REBOOTING,
    FirmwareStatus.INSTALLED: UpdateState.VERIFIED,
    FirmwareStatus.DOWNLOAD_FAILED: UpdateState.FAILED,
    FirmwareStatus.INVALID_SIGNATURE: UpdateState.FAILED,
    FirmwareStatus.INSTALL_VERIFICATION_FAILED: UpdateState.FAILED,
    FirmwareStatus.INSTALLATION_FAILED: UpdateState.FAILED,
}
"""What each status says of an update. `Idle` says nothing of it."""

PATIENCE: Final = {
    UpdateState.ASKED: timedelta(hours=4),  # a download may be scheduled
    UpdateState.DOWNLOADING: timedelta(hours=6),  # 256 MiB over a mobile link at 100 kbit/s
    UpdateState.DOWNLOADED: timedelta(hours=24),  # it may wait for its session to end (L01.FR.05)
    UpdateState.INSTALLING: timedelta(hours=2),
    UpdateState.REBOOTING: timedelta(hours=1),
}
"""How long an update may stay in a state; then it has failed, because the charger says no more."""

WAIT_MAX: Final = timedelta(days=14)  # for a station that is away or always in use; then the campaign goes on


def after_status(state: UpdateState, status: FirmwareStatus) -> UpdateState:
    """Return where an update is when a charger in `state` says `status`. Nothing goes back, and nothing leaves an end.

    Chargers repeat themselves, and say Downloading after Downloaded when they resume: the further state holds.
    """
    told = STATE_OF.get(status)
    if told is None or state in FINAL or state is UpdateState.QUEUED:
        return state
    if told in FINAL:
        return told
    return told if IN_HAND.index(told) > IN_HAND.index(state) else state


def after_boot(state: UpdateState, wanted: str, booted: str) -> UpdateState:
    """Return where an update to `wanted` is when its station boots with version `booted`.

    Another version says nothing yet: some chargers boot into a loader first. Time decides then.
    """
    return UpdateState.VERIFIED if state in IN_HAND and same_version(wanted, booted) else state


def same_version(one: str, other: str) -> bool:
    """Return whether two texts name the same version: `v2.1.0` and `2.1.0 ` do."""
    return _plain(one) == _plain(other)


def _plain(version: str) -> str:
    return version.strip().casefold().removeprefix("v").strip()


def is_overdue(state: UpdateState, changed_at: datetime, now: datetime) -> bool:
    """Return whether a charger has said nothing more for longer than its state may take."""
    patience = PATIENCE.get(state)
    return patience is not None and now - changed_at > patience


# Which stations.

SIGNING_KEYS: Final = frozenset({"securityprofile", "cponame", "additionalrootcertificatecheck"})
"""Configuration keys of the security extension of 1.6: who has one knows SignedUpdateFirmware."""


def fits(vendor: str, model: str, station_vendor: str, station_model: str) -> bool:
    """Return whether an image for these patterns is for such a station. `*` stands for anything, case for nothing."""
    return _matches(vendor, station_vendor) and _matches(model, station_model)


def _matches(pattern: str, text: str) -> bool:
    pattern = pattern.strip().casefold().replace("[", "[[]")
    return not pattern or fnmatchcase(text.strip().casefold(), pattern)


def knows_signatures(protocol: str | None, variables: Iterable[str]) -> bool:
    """Return whether a station can check signed firmware: all of 2.x, and 1.6 with its security extension."""
    if protocol != "ocpp1.6":
        return protocol is not None
    return any(name.casefold() in SIGNING_KEYS for name in variables)


def moves_by_ftp_only(protocols: str) -> bool:
    """Return whether a charger that names these `protocols`, by commas, can move files by FTP and not by HTTP.

    It tells them in SupportedFileTransferProtocols (1.6) or FileTransferProtocols (2.x). One that tells none is taken
    for one that knows HTTP.
    """
    named = {word.strip().upper() for word in protocols.split(",")}
    return "FTP" in named and not named & {"HTTP", "HTTPS"}


# Campaigns.


def checked(plan: Plan) -> Plan:
    """Return `plan`. Raises `Invalid` naming the field that makes no sense."""
    if not 1 <= len(plan.stages) <= STAGES_MAX:
        raise Invalid("A campaign has from 1 to %(max)s stages.", field="stages", max=STAGES_MAX)
    for stage in plan.stages:
        if stage.count is not None and stage.count < 1:
            raise Invalid("A stage has at least one charger.", field="stages")
        if stage.percent is not None and not 0 < stage.percent <= 100:
            raise Invalid("The share of a stage is from 1 to 100 percent.", field="stages")
    if not 1 <= plan.at_once <= AT_ONCE_MAX:
        raise Invalid("From 1 to %(max)s chargers may be updated at once.", field="at_once", max=AT_ONCE_MAX)
    if plan.failed_share is None and plan.failed_count is None:
        raise Invalid("A campaign must say after how many failures it stops.", field="failed_share")
    if plan.failed_share is not None and not 0 < plan.failed_share <= 1:
        raise Invalid("The share that may fail is above 0 and at most 100 percent.", field="failed_share")
    if plan.failed_count is not None and plan.failed_count < 1:
        raise Invalid("The number that may fail is at least 1.", field="failed_count")
    return plan


def stage_sizes(total: int, stages: Sequence[Stage]) -> list[int]:
    """Return how many of `total` stations each stage has; together they are all, what is left going to the last.

    A share is of all stations, rounded up, so that no stage with a share is empty while stations are left.
    """
    sizes: list[int] = []
    left = total
    for stage in stages:
        if stage.count is not None:
            wanted = stage.count
        elif stage.percent is not None:
            wanted = math.ceil(total * stage.percent / 100)
        else:
            wanted = left
        sizes.append(min(wanted, left))
        left -= sizes[-1]
    if sizes:
        sizes[-1] += left
    return sizes


def stages_of(total: int, stages: Sequence[Stage]) -> list[int]:
    """Return the stage, counted from 1, of each of `total` stations in their order."""
    return [number for number, size in enumerate(stage_sizes(total, stages), start=1) for _ in range(size)]


def decide(plan: Plan, steps: Sequence[Step], now: datetime) -> Decision:
    """Return what a campaign does next, given where each of its stations is.

    Stations are asked in the given order: only of the first stage that is not over, only while no threshold is
    reached, at most `plan.at_once` in hand, only in the window of their own clock, and none that is away or in use.
    """
    too_many = failed_too_many(plan, steps)
    if too_many:
        return Decision(abort=too_many)
    current = min((step.stage for step in steps if step.state not in FINAL), default=None)
    if current is None:
        return Decision(done=True)
    room = plan.at_once - sum(step.state in IN_HAND for step in steps)
    ready = [step.station_id for step in steps if step.stage == current and _can_be_asked(step, plan, now)]
    return Decision(ask=tuple(ready[: max(room, 0)]))


def _can_be_asked(step: Step, plan: Plan, now: datetime) -> bool:
    ready = step.state is UpdateState.QUEUED and step.connected and not step.in_use
    return ready and within(plan.window, step.zone, now)


def failed_too_many(plan: Plan, steps: Sequence[Step]) -> str:
    """Return why the campaign must stop, as a key of words; empty when it need not. Forgiven failures do not count."""
    failed = [step.stage for step in steps if step.state is UpdateState.FAILED and not step.forgiven]
    if not failed:
        return ""
    if plan.failed_count is not None and len(failed) >= plan.failed_count:
        return "failed_count"
    if plan.failed_share is not None:
        for stage in set(failed):
            size = sum(step.stage == stage for step in steps)
            if failed.count(stage) >= plan.failed_share * size:
                return "failed_share"
    return ""


def within(window: Window | None, zone: str, now: datetime) -> bool:
    """Return whether the clock on the wall in `zone` is within `window`."""
    if window is None or window.begin == window.end:
        return True
    local = now.astimezone(ZoneInfo(zone)).time()
    if window.begin < window.end:
        return window.begin <= local < window.end
    return local >= window.begin or local < window.end


# Publications and logs.

PUBLICATION_OF: Final = {
    PublishStatus.DOWNLOAD_SCHEDULED: "working",
    PublishStatus.DOWNLOADING: "working",
    PublishStatus.DOWNLOAD_PAUSED: "working",
    PublishStatus.DOWNLOADED: "working",
    PublishStatus.CHECKSUM_VERIFIED: "working",
    PublishStatus.PUBLISHED: "published",
    PublishStatus.DOWNLOAD_FAILED: "failed",
    PublishStatus.INVALID_CHECKSUM: "failed",
    PublishStatus.PUBLISH_FAILED: "failed",
}
"""What each status says of a publication. `Idle` says nothing of it."""

LOG_ENDS: Final = frozenset({"received", "failed"})


def log_after(state: str, status: LogStatus) -> str:
    """Return where a request for a log is when its charger says `status`. The file itself is what counts."""
    if state in LOG_ENDS or status is LogStatus.IDLE:
        return state
    if status is LogStatus.UPLOADING:
        return "uploading" if state == "asked" else state
    return "uploaded" if status is LogStatus.UPLOADED else "failed"

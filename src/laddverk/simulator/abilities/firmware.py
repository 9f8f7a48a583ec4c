"""Firmware and logs (blocks L and N): updates that are really fetched, logs that are really handed in.

The charger decides here what it wants and what it says; the bytes are moved by `simulator.transfers`, which carries
out what stands in `Software.wanted` and then walks through the steps that follow.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct
from msgspec.structs import replace

from laddverk.simulator.abilities.ability import Orders, Triggers
from laddverk.simulator.model import Setting, Told

if TYPE_CHECKING:
    from laddverk.simulator.charger import Charger

HEADER: Final = b"laddverk-simulated-firmware "
"""An image that begins so tells its version in its first line. Of others the name of the file tells it."""
VERSION_IN_NAME: Final = re.compile(r"(\d+(?:\.\d+)+[\w.+-]*?)(?:\.bin|\.img|\.zip)?$")
LOG_LINES: Final = 400
LOG_STEP: Final = timedelta(seconds=37)


class Mishap(StrEnum):
    """What goes wrong with an update."""

    NONE = "none"
    BAD_SIGNATURE = "bad-signature"
    FAILS = "fails"
    """The installation fails."""
    SILENT = "silent"
    """It accepts, and says nothing ever after."""
    OLD_VERSION = "old-version"
    """It installs, and boots with what it had."""
    REFUSES = "refuses"


class Fetch(Struct, frozen=True, kw_only=True):
    """An image that the charger wants."""

    location: str
    request_id: int | None = None
    signature: str | None = None
    certificate: str | None = None
    checksum: str | None = None
    """Set when it is to be published to the chargers behind this one, and not installed."""
    retries: int = 0
    is_16_signed: bool = False


class Upload(Struct, frozen=True, kw_only=True):
    """A log that the charger hands in."""

    location: str
    name: str
    content: bytes
    action: str
    request_id: int | None = None
    as_form: bool = False
    retries: int = 0


class Step(Struct, frozen=True):
    """Something that the charger does after a transfer, as soon as it can."""

    do: Callable[[Charger, datetime], None]
    when: Callable[[Charger], bool] = lambda _charger: True


class Software:
    """What one charger keeps of its firmware and logs."""

    def __init__(self) -> None:
        self.wanted: deque[Fetch | Upload] = deque()
        self.mishap = Mishap.NONE
        self.fails_share = 0.0
        """How many of its installations fail at random."""
        self.random = Random(0)
        self.firmware_status: dict[str, Any] = {"status": "Idle"}
        self.firmware_action = "FirmwareStatusNotification"
        self.log_status = "Idle"
        self.published: dict[str, str] = {}
        """Checksums of images that it offers, and where."""

    def fails(self) -> bool:
        """Return whether this installation fails."""
        return self.mishap is Mishap.FAILS or self.random.random() < self.fails_share


# Orders.


def _update_16(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    charger.of(Software).wanted.append(Fetch(location=asked.location, retries=asked.retries or 0))
    return {}


def _update(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    """Take an update of 2.x, or a signed one of 1.6."""
    del at
    software, image = charger.of(Software), asked.firmware
    if software.mishap is Mishap.REFUSES:
        return {"status": "Rejected"}
    if image.signing_certificate and not _certificate(image.signing_certificate):
        return {"status": "InvalidCertificate"}
    busy = any(isinstance(one, Fetch) for one in software.wanted)
    software.wanted.append(
        Fetch(
            location=image.location,
            request_id=asked.request_id,
            signature=image.signature,
            certificate=image.signing_certificate,
            retries=asked.retries or 0,
            is_16_signed=charger.hardware.protocol.is_16,
        )
    )
    return {"status": "AcceptedCanceled" if busy else "Accepted"}


def _publish(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    charger.of(Software).wanted.append(
        Fetch(location=asked.location, request_id=asked.request_id, checksum=asked.checksum)
    )
    return {"status": "Accepted"}


def _unpublish(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    del at
    software = charger.of(Software)
    if any(isinstance(one, Fetch) and one.checksum == asked.checksum for one in software.wanted):
        return {"status": "DownloadOngoing"}
    gone = software.published.pop(asked.checksum, None)
    return {"status": "Unpublished" if gone else "NoFirmware"}


def _diagnostics(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    name = f"diagnostics-{charger.hardware.identity}.txt"
    charger.of(Software).wanted.append(
        Upload(
            location=asked.location, name=name, content=log_text(charger, at), as_form=True,
            action="DiagnosticsStatusNotification", retries=asked.retries or 0,
        )
    )  # fmt: skip
    return {"fileName": name}


def _log(charger: Charger, asked: Any, at: datetime) -> dict[str, Any]:
    name = f"{asked.log_type}-{asked.request_id}.txt"
    charger.of(Software).wanted.append(
        Upload(
            location=asked.log.remote_location, name=name, content=log_text(charger, at, asked.log_type),
            request_id=asked.request_id, action="LogStatusNotification", retries=asked.retries or 0,
        )
    )  # fmt: skip
    return {"status": "Accepted", "filename": name}


def _happening(number: int) -> tuple[str, str]:
    """Return the level and the words of a line of a log: mostly the same few, and now and then something odd."""
    if number % 97 == 96:
        return "ERROR", "contactor did not open within 200 ms"
    if number % 31 == 30:
        return "WARN", "backend did not answer, next try in 30 s"
    usual = ("pilot 9 V", f"idTag=04A3F2{number % 256:02X} accepted", "contactor closed", "meter read")
    return "INFO", usual[number % len(usual)]


def log_text(charger: Charger, at: datetime, log_type: str = "DiagnosticsLog") -> bytes:
    """Return a log as small boxes write them: what happened, tags of cards among it."""
    box = charger.hardware
    lines = [f"{at.isoformat()} {log_type} of {box.identity}: {box.vendor} {box.model} firmware {box.firmware}"]
    outlets = charger.outlets.values()
    lines += [f"{at.isoformat()} outlet {each.number} {each.status} {int(each.register_wh)} Wh" for each in outlets]
    lines += [f"{at.isoformat()} setting {s.component} {s.variable} = {s.value}" for s in charger.configuration.all()]
    for number in range(LOG_LINES):
        level, what = _happening(number)
        when = at - (LOG_LINES - number) * LOG_STEP
        lines.append(f"{when.isoformat(timespec='seconds')} {level} {number:05d} {what}")
    return "\n".join(lines).encode() + b"\n"


# What follows a transfer.


def begun(charger: Charger, wish: Fetch | Upload, at: datetime) -> None:
    """Say that a transfer begins."""
    if isinstance(wish, Upload):
        _say_log(charger, wish, "Uploading", at)
    elif charger.of(Software).mishap is not Mishap.SILENT:
        _say(charger, wish, "Downloading", at)


def uploaded(charger: Charger, wish: Upload, done: bool, at: datetime) -> None:
    """Say how an upload ended."""
    failed = "UploadFailed" if wish.action == "DiagnosticsStatusNotification" else "UploadFailure"
    _say_log(charger, wish, "Uploaded" if done else failed, at)


def fetched(charger: Charger, wish: Fetch, content: bytes | None) -> list[Step]:
    """Return what the charger does once `content` has come, or has not."""
    software = charger.of(Software)
    if software.mishap is Mishap.SILENT:
        return []
    if content is None:
        return [_saying(wish, "DownloadFailed")]
    steps = [_saying(wish, "Downloaded")]
    if wish.checksum is not None:
        return steps + _publishing(wish, content)
    if wish.signature is not None:
        if software.mishap is Mishap.BAD_SIGNATURE or not _is_signed(wish, content):
            return [*steps, _saying(wish, "InvalidSignature")]
        steps.append(_saying(wish, "SignatureVerified"))
    if any(outlet.charging for outlet in charger.outlets.values()):
        steps.append(_saying(wish, "InstallScheduled"))
    steps.append(_saying(wish, "Installing", when=_is_idle))
    if software.fails():
        return [*steps, _saying(wish, "InstallationFailed")]
    if wish.request_id is not None:
        steps.append(_saying(wish, "InstallRebooting"))
    version = charger.hardware.firmware if software.mishap is Mishap.OLD_VERSION else version_of(wish.location, content)
    told = [] if software.mishap is Mishap.OLD_VERSION else [_saying(wish, "Installed", when=_has_booted)]
    return [*steps, Step(lambda charger, _at: _boot_into(charger, version), when=_has_said_all), *told]


def version_of(location: str, content: bytes) -> str:
    """Return the version that an image is: by its first line, by its name, else by its content."""
    if content.startswith(HEADER):
        return content[len(HEADER) :].splitlines()[0].decode("ascii", "replace").strip()
    named = VERSION_IN_NAME.search(location.rpartition("/")[2].removeprefix("firmware-"))
    return named.group(1) if named else hashlib.sha256(content).hexdigest()[:8]


def _publishing(wish: Fetch, content: bytes) -> list[Step]:
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != wish.checksum:
        return [_saying(wish, "InvalidChecksum")]

    def publish(charger: Charger, at: datetime) -> None:
        place = f"http://{charger.hardware.identity}.local/firmware/{wish.checksum}"
        charger.of(Software).published[wish.checksum or ""] = place
        _say(charger, wish, "Published", at, location=[place])

    return [_saying(wish, "ChecksumVerified"), Step(publish)]


def _boot_into(charger: Charger, version: str) -> None:
    charger.hardware = replace(charger.hardware, firmware=version)
    charger.restart("FirmwareUpdate")


def _is_idle(charger: Charger) -> bool:
    return not any(outlet.charging for outlet in charger.outlets.values())


def _has_said_all(charger: Charger) -> bool:
    """Whether nothing would be lost by closing the line: what it says of an update is not kept."""
    return _is_idle(charger) and not charger.outbox


def _has_booted(charger: Charger) -> bool:
    return charger.booted and charger.online and not charger.wants_restart


def _saying(wish: Fetch, status: str, when: Callable[[Charger], bool] = lambda _charger: True) -> Step:
    return Step(lambda charger, at: _say(charger, wish, status, at), when)


def _say(charger: Charger, wish: Fetch, status: str, at: datetime, **more: Any) -> None:
    software = charger.of(Software)
    if wish.checksum is not None:
        fields = {"status": status, "requestId": wish.request_id, **more}
        charger.say(Told(at=at, action="PublishFirmwareStatusNotification", fields=fields))
        return
    software.firmware_action = "SignedFirmwareStatusNotification" if wish.is_16_signed else "FirmwareStatusNotification"
    software.firmware_status = {"status": status}
    if wish.request_id is not None:
        software.firmware_status["requestId"] = wish.request_id
    charger.say(Told(at=at, action=software.firmware_action, fields=dict(software.firmware_status)))


def _say_log(charger: Charger, wish: Upload, status: str, at: datetime) -> None:
    charger.of(Software).log_status = status
    fields: dict[str, Any] = {"status": status}
    if wish.request_id is not None:
        fields["requestId"] = wish.request_id
    charger.say(Told(at=at, action=wish.action, fields=fields))


# Signatures.


def _certificate(pem: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None


def _is_signed(wish: Fetch, content: bytes) -> bool:
    """Return whether the owner of the certificate signed `content`, as a charger checks it (L01.FR.04)."""
    owner = _certificate(wish.certificate or "")
    if owner is None:
        return False
    key = owner.public_key()
    try:
        signature = base64.b64decode(wish.signature or "", validate=True)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO), SHA256())
        else:
            return False
    except (InvalidSignature, binascii.Error):
        return False
    return True


# Triggers.


def _trigger_firmware(charger: Charger, number: int | None, at: datetime) -> bool:
    del number
    software = charger.of(Software)
    status = software.firmware_status["status"]
    # What is over is Idle, but for an installed one in 2.x (L01.FR.25): say what was said last.
    if status in ("Installed", "DownloadFailed", "InstallationFailed", "InvalidSignature"):
        software.firmware_status = {"status": "Idle"}
    charger.say(Told(at=at, action=software.firmware_action, fields=dict(software.firmware_status)))
    return True


def _trigger_log(charger: Charger, number: int | None, at: datetime) -> bool:
    del number
    status = charger.of(Software).log_status
    action = "LogStatusNotification"
    fields = {"status": status if status == "Uploading" else "Idle"}
    charger.say(Told(at=at, action=action, fields=fields))
    return True


def _trigger_diagnostics(charger: Charger, number: int | None, at: datetime) -> bool:
    del number
    status = charger.of(Software).log_status
    fields = {"status": status if status == "Uploading" else "Idle"}
    charger.say(Told(at=at, action="DiagnosticsStatusNotification", fields=fields))
    return True


def settings_16() -> list[Setting]:
    """Return the key that tells how this charger moves files."""
    return [Setting("", "SupportedFileTransferProtocols", "HTTP,HTTPS", writable=False)]


def settings_2x() -> list[Setting]:
    """Return the variable that tells how this charger moves files."""
    return [Setting("OCPPCommCtrlr", "FileTransferProtocols", "HTTP,HTTPS", False, "MemberList")]


ORDERS_16: Final[Orders] = {
    "UpdateFirmware": _update_16,
    "SignedUpdateFirmware": _update,
    "GetDiagnostics": _diagnostics,
    "GetLog": _log,
}
ORDERS_2X: Final[Orders] = {
    "UpdateFirmware": _update,
    "PublishFirmware": _publish,
    "UnpublishFirmware": _unpublish,
    "GetLog": _log,
}
TRIGGERS: Final[Triggers] = {
    "FirmwareStatusNotification": _trigger_firmware,
    "LogStatusNotification": _trigger_log,
    "DiagnosticsStatusNotification": _trigger_diagnostics,
}

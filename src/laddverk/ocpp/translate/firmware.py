"""Firmware and logs (functional blocks L and N): updates, publications by local controllers, uploads of logs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from laddverk.ocpp import commands, times
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts import (
    Fact,
    FirmwareStatus,
    FirmwareStatusReported,
    LogStatus,
    LogStatusReported,
    PublishStatus,
    PublishStatusReported,
)
from laddverk.ocpp.structs import Message
from laddverk.ocpp.translate import other
from laddverk.ocpp.translate.block import Outcomes, Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, said, stamp, whole

LOCATIONS_MAX: Final = 10  # one for each protocol that a local controller serves; there are four
LOCATION_LENGTH_MAX: Final = 2000  # OCPP 2.1
OLDER_WORDS: Final = {"UploadFailed": "UploadFailure"}  # of DiagnosticsStatusNotification (1.6)
WILLING: Final = frozenset({"Accepted", "AcceptedCanceled"})
LOGS: Final = {
    commands.LogKind.DIAGNOSTICS: "DiagnosticsLog",
    commands.LogKind.SECURITY: "SecurityLog",
    commands.LogKind.DATA_COLLECTOR: "DataCollectorLog",
}
Word = TypeVar("Word", bound=StrEnum)


def _known(kind: type[Word], message: Any) -> Word | None:
    """Return the status of `message`; None for a word that is in no version of the standard."""
    word = str(message.status)
    try:
        return kind(OLDER_WORDS.get(word, word))
    except ValueError:
        return None


def _info(message: Any) -> str:
    """Return what a charger of 2.1 says beside its status."""
    info = getattr(message, "status_info", None)
    if info is None:
        return ""
    return ": ".join(text for text in (said(info.reason_code), said(info.additional_info)) if text)


def firmware_status(message: Message, origin: Origin) -> list[Fact]:
    """Return how far an update has come. A word of no standard is kept as it came."""
    status = _known(FirmwareStatus, message)
    if status is None:
        return other.reported("FirmwareStatusNotification", message, origin)
    request_id = whole(getattr(message, "request_id", None))
    return [FirmwareStatusReported(**stamp(origin), status=status, request_id=request_id, info=_info(message))]


def log_status(message: Message, origin: Origin) -> list[Fact]:
    """Return how far the upload of a log has come. A word of no standard is kept as it came."""
    status = _known(LogStatus, message)
    if status is None:
        return other.reported("LogStatusNotification", message, origin)
    request_id = whole(getattr(message, "request_id", None))
    return [LogStatusReported(**stamp(origin), status=status, request_id=request_id, info=_info(message))]


def publish_status(message: Any, origin: Origin) -> list[Fact]:
    """Return how far a local controller has come with an image."""
    status = _known(PublishStatus, message)
    if status is None:
        return other.reported("PublishFirmwareStatusNotification", message, origin)
    locations = tuple(str(each)[:LOCATION_LENGTH_MAX] for each in (message.location or [])[:LOCATIONS_MAX])
    return [
        PublishStatusReported(
            **stamp(origin),
            status=status,
            request_id=whole(message.request_id),
            locations=locations,
            info=_info(message),
        )
    ]


def _written(at: datetime | None) -> str | None:
    return times.written(at) if at is not None else None


def _retrying(command: Any) -> dict[str, Any]:
    return {"retries": command.retries, "retryInterval": command.retry_interval_s}


def _image(command: commands.UpdateFirmware) -> dict[str, Any]:
    """Return the FirmwareType of the signed updates. Raises `Untranslatable` for half a signature."""
    if (command.signature is None) != (command.signing_certificate is None):
        raise Untranslatable("A signature needs its certificate, and the other way round.")
    fields = {
        "location": command.location,
        "retrieveDateTime": times.written(command.retrieve_at),
        "installDateTime": _written(command.install_at),
        "signingCertificate": command.signing_certificate,
        "signature": command.signature,
    }
    return {name: value for name, value in fields.items() if value is not None}


def update_16(command: commands.UpdateFirmware) -> tuple[str, dict[str, Any]]:
    """Return UpdateFirmware of 1.6, or SignedUpdateFirmware of its security extension when there is a signature."""
    image = _image(command)
    if command.signature is not None:
        return "SignedUpdateFirmware", {"requestId": command.request_id, "firmware": image, **_retrying(command)}
    retrieve = times.written(command.retrieve_at)
    return "UpdateFirmware", {"location": command.location, "retrieveDate": retrieve, **_retrying(command)}


def update_2x(command: commands.UpdateFirmware) -> tuple[str, dict[str, Any]]:
    """Return UpdateFirmware of 2.x: signed (L01) with a signature and its certificate, else not (L02)."""
    return "UpdateFirmware", {"requestId": command.request_id, "firmware": _image(command), **_retrying(command)}


def publish(command: commands.PublishFirmware) -> tuple[str, dict[str, Any]]:
    """Return PublishFirmware for a local controller (L03)."""
    fields = {"requestId": command.request_id, "location": command.location, "checksum": command.checksum}
    return "PublishFirmware", {**fields, **_retrying(command)}


def unpublish(command: commands.UnpublishFirmware) -> tuple[str, dict[str, Any]]:
    """Return UnpublishFirmware for a local controller (L04)."""
    return "UnpublishFirmware", {"checksum": command.checksum}


def log_16(command: commands.RequestLog) -> tuple[str, dict[str, Any]]:
    """Return GetDiagnostics for diagnostics; GetLog, which not all of 1.6 know, for the rest or when it is wanted."""
    if command.extended or command.log is not commands.LogKind.DIAGNOSTICS:
        return log_2x(command)
    return "GetDiagnostics", {
        "location": command.location,
        "startTime": _written(command.oldest_at),
        "stopTime": _written(command.latest_at),
        **_retrying(command),
    }


def log_2x(command: commands.RequestLog) -> tuple[str, dict[str, Any]]:
    """Return GetLog."""
    log = {
        "remoteLocation": command.location,
        "oldestTimestamp": _written(command.oldest_at),
        "latestTimestamp": _written(command.latest_at),
    }
    return "GetLog", {
        "logType": LOGS[command.log],
        "requestId": command.request_id,
        "log": {name: value for name, value in log.items() if value is not None},
        **_retrying(command),
    }


def updated(_command: commands.UpdateFirmware, response: Any) -> CommandOutcome:
    """Return what an answer to an update means. That of plain 1.6 has no status: it will try."""
    return _worded(str(getattr(response, "status", None) or "Accepted"), response)


def log_promised(_command: commands.RequestLog, response: Any) -> CommandOutcome:
    """Return what an answer to a request for a log means.

    GetDiagnostics has no status. Without a name of the file a charger has nothing to send (1.6, 6.19); as some upload
    all the same, it is waited for.
    """
    status = getattr(response, "status", None)
    file_name = getattr(response, "filename", None) or getattr(response, "file_name", None)
    outcome = _worded(str(status or ("Accepted" if file_name else "NoFileName")), response, {"NoFileName"})
    if not file_name:
        return outcome
    name = (said(file_name) or "").rpartition("/")[2]  # some say the whole address, with the secret in it
    return CommandOutcome(verdict=outcome.verdict, word=outcome.word, detail={**outcome.detail, "file_name": name})


def unpublished(_command: commands.UnpublishFirmware, response: Any) -> CommandOutcome:
    """Return what an answer to UnpublishFirmware means: gone, or the word why not (L04)."""
    word = str(response.status)
    return CommandOutcome(verdict=Verdict.DONE if word == "Unpublished" else Verdict.REFUSED, word=word)


def _worded(word: str, response: Any, also: frozenset[str] | set[str] = frozenset()) -> CommandOutcome:
    verdict = Verdict.ACCEPTED if word in WILLING or word in also else Verdict.REFUSED
    detail = {"info": _info(response)} if _info(response) else {}
    return CommandOutcome(verdict=verdict, word=word, detail=detail)


READERS_16: Final[Readers] = {
    "DiagnosticsStatusNotification": log_status,
    "FirmwareStatusNotification": firmware_status,
    "LogStatusNotification": log_status,
    "SignedFirmwareStatusNotification": firmware_status,
}
READERS_2X: Final[Readers] = {
    "FirmwareStatusNotification": firmware_status,
    "LogStatusNotification": log_status,
    "PublishFirmwareStatusNotification": publish_status,
}
SPEAKERS_16: Final[Speakers] = {commands.UpdateFirmware: update_16, commands.RequestLog: log_16}
SPEAKERS_2X: Final[Speakers] = {
    commands.UpdateFirmware: update_2x,
    commands.PublishFirmware: publish,
    commands.UnpublishFirmware: unpublish,
    commands.RequestLog: log_2x,
}
OUTCOMES: Final[Outcomes] = {
    commands.UpdateFirmware: updated,
    commands.RequestLog: log_promised,
    commands.UnpublishFirmware: unpublished,
}

"""Local lists and the authorization cache (functional blocks C and D): who may charge while nobody can be asked."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands, times
from laddverk.ocpp.commands import CommandOutcome, Verdict
from laddverk.ocpp.commands.local_lists import ListEntry
from laddverk.ocpp.translate.authorization import TAG_MAX_16, TOKEN_MAX_201
from laddverk.ocpp.translate.block import Outcomes, Speakers

NO_LIST: Final = -1  # what 1.6 answers that keeps no list


def send_16(command: commands.SendLocalList) -> tuple[str, dict[str, Any]]:
    """Return SendLocalList of 1.6. Without idTagInfo an entry is taken off the list."""
    return "SendLocalList", {
        "listVersion": command.version,
        "updateType": _update_type(command),
        "localAuthorizationList": [_entry_16(entry) for entry in command.entries] or None,
    }


def _entry_16(entry: ListEntry) -> dict[str, Any]:
    if entry.authorisation is None:
        return {"idTag": entry.token_uid}
    info: dict[str, Any] = {"status": entry.authorisation}
    if entry.valid_until:
        info["expiryDate"] = times.written(entry.valid_until)
    if entry.group_token and len(entry.group_token) <= TAG_MAX_16:
        info["parentIdTag"] = entry.group_token
    return {"idTag": entry.token_uid, "idTagInfo": info}


def send_2x(command: commands.SendLocalList) -> tuple[str, dict[str, Any]]:
    """Return SendLocalList of 2.x; a full one without entries empties the list (D01.FR.04)."""
    return "SendLocalList", {
        "versionNumber": command.version,
        "updateType": _update_type(command),
        "localAuthorizationList": [_entry_2x(entry) for entry in command.entries] or None,
    }


def _entry_2x(entry: ListEntry) -> dict[str, Any]:
    token = {"idToken": entry.token_uid, "type": entry.token_type}
    if entry.authorisation is None:
        return {"idToken": token}
    info: dict[str, Any] = {"status": entry.authorisation}
    if entry.valid_until:
        info["cacheExpiryDateTime"] = times.written(entry.valid_until)
    if entry.group_token and len(entry.group_token) <= TOKEN_MAX_201:
        info["groupIdToken"] = {"idToken": entry.group_token, "type": "Central"}
    return {"idToken": token, "idTokenInfo": info}


def _update_type(command: commands.SendLocalList) -> str:
    return "Full" if command.is_full else "Differential"


def read_version(_command: commands.ReadLocalListVersion) -> tuple[str, dict[str, Any]]:
    """Return GetLocalListVersion, which is the same in all versions."""
    return "GetLocalListVersion", {}


def version_read(_command: commands.ReadLocalListVersion, response: Any) -> CommandOutcome:
    """Return the version that the charger has; one that keeps no list refuses."""
    version = getattr(response, "list_version", getattr(response, "version_number", None))
    if not isinstance(version, int):
        return CommandOutcome(verdict=Verdict.FAILED, word="", detail={"why": "the answer has no version"})
    if version <= NO_LIST:
        return CommandOutcome(verdict=Verdict.REFUSED, word="NotSupported", detail={"version": NO_LIST})
    return CommandOutcome(verdict=Verdict.DONE, word=str(version), detail={"version": version})


def clear_cache(_command: commands.ClearCache) -> tuple[str, dict[str, Any]]:
    """Return ClearCache, which is the same in all versions."""
    return "ClearCache", {}


SPEAKERS_16: Final[Speakers] = {
    commands.SendLocalList: send_16,
    commands.ReadLocalListVersion: read_version,
    commands.ClearCache: clear_cache,
}
SPEAKERS_2X: Final[Speakers] = {**SPEAKERS_16, commands.SendLocalList: send_2x}
OUTCOMES: Final[Outcomes] = {commands.ReadLocalListVersion: version_read}

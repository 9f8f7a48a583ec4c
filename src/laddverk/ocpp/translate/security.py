"""Security (functional block A): a new key for the charger."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands
from laddverk.ocpp.translate.block import Speakers


def key_16(command: commands.SetStationKey) -> tuple[str, dict[str, Any]]:
    """Return ChangeConfiguration of AuthorizationKey (1.6 security white paper, A01)."""
    return "ChangeConfiguration", {"key": "AuthorizationKey", "value": command.key}


def key_2x(command: commands.SetStationKey) -> tuple[str, dict[str, Any]]:
    """Return SetVariables of BasicAuthPassword (A01.FR.01)."""
    target = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}
    return "SetVariables", {"setVariableData": [{**target, "attributeValue": command.key}]}


SPEAKERS_16: Final[Speakers] = {commands.SetStationKey: key_16}
SPEAKERS_2X: Final[Speakers] = {commands.SetStationKey: key_2x}

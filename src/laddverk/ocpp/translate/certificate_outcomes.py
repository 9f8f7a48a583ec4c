"""What chargers answer to commands about certificates; over 1.6 the answer may lie within a DataTransfer."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from laddverk.ocpp.commands import Command, CommandOutcome, Verdict
from laddverk.ocpp.commands.certificates import Use
from laddverk.ocpp.translate.certificate_words import USES_OF_WORDS
from laddverk.ocpp.v16 import messages as v16

HASHES_MAX: Final = 200  # installed certificates that are read from one answer; a charger has room for some dozens
NOT_JSON: Final = CommandOutcome(verdict=Verdict.FAILED, word="", detail={"why": "the data is not the answer's JSON"})


def given(_command: Command, response: Any) -> CommandOutcome:
    """Return what a charger says to a trigger or to its new certificate."""
    return _plain(_unwrapped(response))


def installed(_command: Command, response: Any) -> CommandOutcome:
    """Return what a charger says to a root."""
    return _plain(_unwrapped(response))


def deleted(_command: Command, response: Any) -> CommandOutcome:
    """Return what a charger says to a deletion. NotFound is as good: it is not there any more."""
    fields = _unwrapped(response)
    if isinstance(fields, dict) and fields.get("status") == "NotFound":
        return CommandOutcome(verdict=Verdict.DONE, word="NotFound")
    return _plain(fields)


def listed(command: Command, response: Any) -> CommandOutcome:
    """Return which certificates are installed, in `detail["certificates"]`. NotFound means that there are none."""
    fields = _unwrapped(response)
    if isinstance(fields, CommandOutcome):
        return fields
    word = str(fields.get("status", ""))
    if word not in ("Accepted", "NotFound"):
        return _plain(fields)
    found = _of_16(command, fields) if "certificateHashData" in fields else _of_2x(fields)
    return CommandOutcome(verdict=Verdict.DONE, word=word, detail={"certificates": found})


def _of_16(command: Any, fields: dict[str, Any]) -> list[dict[str, Any]]:
    use = command.uses[0].value if command.uses else Use.CSMS_ROOT.value
    return [{"use": use, "hash": _hash(item), "children": []} for item in fields["certificateHashData"][:HASHES_MAX]]


def _of_2x(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "use": USES_OF_WORDS.get(str(item.get("certificateType")), ""),
            "hash": _hash(item.get("certificateHashData") or {}),
            "children": [_hash(child) for child in (item.get("childCertificateHashData") or ())[:4]],
        }
        for item in (fields.get("certificateHashDataChain") or ())[:HASHES_MAX]
        if isinstance(item, dict)
    ]


def _hash(item: dict[str, Any]) -> dict[str, str]:
    return {
        "algorithm": str(item.get("hashAlgorithm", "")),
        "issuer_name_hash": str(item.get("issuerNameHash", "")),
        "issuer_key_hash": str(item.get("issuerKeyHash", "")),
        "serial_number": str(item.get("serialNumber", "")),
    }


def _unwrapped(response: Any) -> dict[str, Any] | CommandOutcome:
    """Return the fields of an answer, those within a DataTransfer where it came as one."""
    if not isinstance(response, v16.DataTransferResponse):
        fields: dict[str, Any] = msgspec.to_builtins(response)
        return fields
    if response.status != "Accepted":
        return CommandOutcome(verdict=Verdict.REFUSED, word=str(response.status))
    try:
        inner = msgspec.json.decode(response.data or "", type=dict[str, Any])
    except msgspec.MsgspecError:
        return NOT_JSON
    return inner


def _plain(fields: dict[str, Any] | CommandOutcome) -> CommandOutcome:
    if isinstance(fields, CommandOutcome):
        return fields
    word = str(fields.get("status", ""))
    info = fields.get("statusInfo")
    detail = {}
    if isinstance(info, dict):
        detail = {"reason": info.get("reasonCode"), "additional": info.get("additionalInfo")}
        detail = {name: str(text) for name, text in detail.items() if text}
    verdict = Verdict.ACCEPTED if word == "Accepted" else Verdict.REFUSED if word else Verdict.FAILED
    return CommandOutcome(verdict=verdict, word=word, detail=detail)

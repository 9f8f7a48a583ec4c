"""Certificates over OCPP 1.6: the security white paper, and Plug & Charge within DataTransfer.

The alliance's application note puts the messages of 2.0.1 as JSON into the data of a DataTransfer of a vendor id of
its own. What both papers have (roots of ours and of the manufacturer) goes by the white paper's own messages.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from laddverk.ocpp import commands
from laddverk.ocpp.commands.certificates import Use
from laddverk.ocpp.errors import Untranslatable
from laddverk.ocpp.facts.security import Signing
from laddverk.ocpp.translate.certificate_words import USES, hash_fields

PLUG_AND_CHARGE: Final = "org.openchargealliance.iso15118pnc"
"""The vendor id of Plug & Charge over 1.6."""

WHITE_PAPER: Final = {
    Use.CSMS_ROOT: "CentralSystemRootCertificate",
    Use.MANUFACTURER_ROOT: "ManufacturerRootCertificate",
}
TRIGGERS: Final = {
    Signing.STATION: "SignChargingStationCertificate",
    Signing.V2G: "SignV2GCertificate",
    Signing.V2G20: "SignV2G20Certificate",
}


def within(message_id: str, fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the DataTransfer that holds a message of 2.0.1."""
    data = msgspec.json.encode({name: value for name, value in fields.items() if value is not None}).decode()
    return "DataTransfer", {"vendorId": PLUG_AND_CHARGE, "messageId": message_id, "data": data}


def ask_for_request(command: commands.AskForRequest) -> tuple[str, dict[str, Any]]:
    """Return what makes a charger send a request: for its own certificate the extended trigger of the white paper."""
    if command.signing is Signing.STATION:
        return "ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}
    return within("TriggerMessage", {"requestedMessage": TRIGGERS[command.signing]})


def give(command: commands.GiveCertificate) -> tuple[str, dict[str, Any]]:
    """Return CertificateSigned."""
    if command.signing is Signing.STATION:
        return "CertificateSigned", {"certificateChain": command.chain}
    return within("CertificateSigned", {"certificateChain": command.chain, "certificateType": "V2GCertificate"})


def install(command: commands.InstallCertificate) -> tuple[str, dict[str, Any]]:
    """Return InstallCertificate."""
    if command.use in WHITE_PAPER:
        return "InstallCertificate", {
            "certificateType": WHITE_PAPER[command.use],
            "certificate": command.certificate,
        }
    return within("InstallCertificate", {"certificateType": USES[command.use], "certificate": command.certificate})


def delete(command: commands.DeleteCertificate) -> tuple[str, dict[str, Any]]:
    """Return DeleteCertificate; what Plug & Charge brought is deleted by it."""
    fields = {"certificateHashData": hash_fields(command.certificate)}
    if command.use is None or command.use in WHITE_PAPER:
        return "DeleteCertificate", fields
    return within("DeleteCertificate", fields)


def listing(command: commands.ListCertificates) -> tuple[str, dict[str, Any]]:
    """Return GetInstalledCertificateIds. Without a use it asks for the roots under which we are trusted."""
    uses = command.uses or (Use.CSMS_ROOT,)
    if len(uses) == 1 and uses[0] in WHITE_PAPER:
        return "GetInstalledCertificateIds", {"certificateType": WHITE_PAPER[uses[0]]}
    if any(use in WHITE_PAPER for use in uses):
        raise Untranslatable("OCPP 1.6 lists the certificates of one use at a time.")
    return within("GetInstalledCertificateIds", {"certificateType": [USES[use] for use in uses]})

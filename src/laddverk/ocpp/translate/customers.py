"""Customer information (functional block N): what a charger remembers of somebody, told or forgotten. Not in 1.6."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp import commands
from laddverk.ocpp.commands.customers import CertificateHash
from laddverk.ocpp.facts import CustomerDataReported, Fact
from laddverk.ocpp.translate.block import Readers, Speakers
from laddverk.ocpp.translate.origin import Origin, stamp_at, whole
from laddverk.ocpp.v21 import messages as v21
from laddverk.ocpp.v201 import messages as v201

INT32_MAX: Final = 2**31 - 1


def read(command: commands.ReadCustomer) -> tuple[str, dict[str, Any]]:
    """Return CustomerInformation that asks for a report; it follows in NotifyCustomerInformation."""
    return _about(command, report=True, clear=command.and_forget)


def forget(command: commands.ForgetCustomer) -> tuple[str, dict[str, Any]]:
    """Return CustomerInformation that asks to forget the customer."""
    return _about(command, report=False, clear=True)


def _about(
    command: commands.ReadCustomer | commands.ForgetCustomer, *, report: bool, clear: bool
) -> tuple[str, dict[str, Any]]:
    token = {"idToken": command.token_uid, "type": command.token_type} if command.token_uid else None
    return "CustomerInformation", {
        "requestId": command.request_id,
        "report": report,
        "clear": clear,
        "idToken": token,
        "customerIdentifier": command.customer_identifier or None,
        "customerCertificate": _hashes(command.certificate) if command.certificate else None,
    }


def _hashes(certificate: CertificateHash) -> dict[str, str]:
    return {
        "hashAlgorithm": certificate.algorithm,
        "issuerNameHash": certificate.issuer_name_hash,
        "issuerKeyHash": certificate.issuer_key_hash,
        "serialNumber": certificate.serial_number,
    }


def reported(
    message: v201.NotifyCustomerInformationRequest | v21.NotifyCustomerInformationRequest, origin: Origin
) -> list[Fact]:
    """Return one part of what the charger knows. A part without a number stands first; control characters go."""
    request_id = whole(message.request_id, 0, INT32_MAX)
    if request_id is None:
        return []
    return [
        CustomerDataReported(
            **stamp_at(origin, message.generated_at),
            request_id=request_id,
            part_number=whole(message.seq_no, 0, INT32_MAX) or 0,
            data=(message.data or "").replace("\x00", ""),
            more_follows=bool(message.tbc),
        )
    ]


READERS_2X: Final[Readers] = {"NotifyCustomerInformation": reported}
SPEAKERS_2X: Final[Speakers] = {commands.ReadCustomer: read, commands.ForgetCustomer: forget}

"""The words that certificates have in the messages of 2.x, which Plug & Charge over 1.6 borrows."""

from __future__ import annotations

from typing import Any, Final

from laddverk.ocpp.commands.certificates import Use
from laddverk.ocpp.facts.security import HashData, Signing

SIGNINGS: Final = {
    "ChargingStationCertificate": Signing.STATION,
    "V2GCertificate": Signing.V2G,
    "V2G20Certificate": Signing.V2G20,
}
USES: Final = {
    Use.V2G_ROOT: "V2GRootCertificate",
    Use.MO_ROOT: "MORootCertificate",
    Use.CSMS_ROOT: "CSMSRootCertificate",
    Use.MANUFACTURER_ROOT: "ManufacturerRootCertificate",
    Use.OEM_ROOT: "OEMRootCertificate",
    Use.V2G_CHAIN: "V2GCertificateChain",
}
USES_OF_WORDS: Final = {word: use for use, word in USES.items()} | {"CentralSystemRootCertificate": Use.CSMS_ROOT}


def hash_of(item: Any) -> HashData:
    """Return the name of a certificate in a CertificateHashDataType or an OCSPRequestDataType."""
    return HashData(
        algorithm=str(item.hash_algorithm),
        issuer_name_hash=item.issuer_name_hash or "",
        issuer_key_hash=item.issuer_key_hash or "",
        serial_number=item.serial_number or "",
    )


def hash_fields(named: HashData) -> dict[str, str]:
    """Return a CertificateHashDataType as it goes over the wire: as the charger wrote it."""
    return {
        "hashAlgorithm": named.algorithm,
        "issuerNameHash": named.issuer_name_hash,
        "issuerKeyHash": named.issuer_key_hash,
        "serialNumber": named.serial_number,
    }

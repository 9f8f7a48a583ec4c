"""Facts of security (block A): what a charger noticed that may be an attack, and its wish for a certificate."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from laddverk.ocpp.facts.base import Fact


class Signing(StrEnum):
    """What a certificate that a charger asks for will be used for."""

    STATION = "station"
    """It proves the station to us (TLS client). A charger of 2.0.1 may use it towards cars as well."""
    V2G = "v2g"
    """It proves the charger to cars (ISO 15118-2)."""
    V2G20 = "v2g20"
    """It proves the charger to cars (ISO 15118-20)."""


class HashData(Struct, frozen=True, order=True, kw_only=True):
    """What names a certificate without showing it (CertificateHashDataType): hexadecimal, as the charger wrote it."""

    algorithm: str
    """SHA256, SHA384 or SHA512."""
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str

    def normal(self) -> HashData:
        """Return the same name in one spelling: lower case, the serial number without leading zeros."""
        return HashData(
            algorithm=self.algorithm.upper(),
            issuer_name_hash=self.issuer_name_hash.lower(),
            issuer_key_hash=self.issuer_key_hash.lower(),
            serial_number=self.serial_number.lower().removeprefix("0x").lstrip("0") or "0",
        )


class SecurityEventReported(Fact, frozen=True, kw_only=True):
    """The charger noticed something: SecurityEventNotification."""

    kind: str
    tech_info: str = ""


class CertificateRequested(Fact, frozen=True, kw_only=True):
    """The charger made a key and wants a certificate for it: SignCertificate. Needs `SigningAnswer`."""

    csr: str
    """PKCS#10, PEM."""
    signing: Signing = Signing.STATION
    request_id: int | None = None
    """2.1: comes back with the certificate."""
    root: HashData | None = None
    """2.1: under which root the certificate is wanted."""

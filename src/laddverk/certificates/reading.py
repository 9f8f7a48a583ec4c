"""Reading certificates: PEM and DER in whatever shape they come, their names, and the hashes OCPP names them by."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from msgspec import Struct

from laddverk.ocpp.facts import HashData

PEM_BYTES_MAX: Final = 64 * 1024  # of what is pasted or uploaded: a root and its authorities are under 20 KB
CERTIFICATES_MAX: Final = 12  # in one text
ALGORITHMS: Final[dict[str, hashes.HashAlgorithm]] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}
PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class Read(Struct, frozen=True, kw_only=True):
    """What a certificate says of itself."""

    subject: str
    common_name: str
    issuer: str
    serial_number: str
    """Hexadecimal, without leading zeros, in lower case."""
    fingerprint_sha256: bytes
    not_before: datetime
    not_after: datetime
    pem: str


def certificates_in(text: str | bytes) -> list[x509.Certificate]:
    """Return the certificates in a PEM text, or in bare base64 or DER. Raises `ValueError` when there are none."""
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    if len(raw) > PEM_BYTES_MAX:
        raise ValueError("it is too large")
    try:
        if b"-----BEGIN" in raw:
            blocks = PEM.findall(raw.decode("ascii", "replace"))
            found = [x509.load_pem_x509_certificate(block.encode()) for block in blocks[:CERTIFICATES_MAX]]
        elif raw[:1] == b"\x30":
            found = [x509.load_der_x509_certificate(raw)]
        else:
            found = [x509.load_der_x509_certificate(base64.b64decode(raw, validate=False))]
    except (binascii.Error, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from None
    if not found:
        raise ValueError("there is no certificate in it")
    return found


def read(certificate: x509.Certificate) -> Read:
    """Return what a certificate says of itself."""
    return Read(
        subject=certificate.subject.rfc4514_string(),
        common_name=common_name(certificate.subject),
        issuer=certificate.issuer.rfc4514_string(),
        serial_number=f"{certificate.serial_number:x}",
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        pem=pem(certificate),
    )


def pem(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def together(certificates: Iterable[x509.Certificate]) -> str:
    """Return certificates as one PEM text."""
    return "".join(map(pem, certificates))


def common_name(name: x509.Name) -> str:
    """Return the first CN of a name; empty when there is none."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def is_authority(certificate: x509.Certificate) -> bool:
    """Return whether a certificate may sign others."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.ca


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Return whether a certificate is signed with its own key."""
    return signed_by(certificate, certificate)


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether `issuer` signed `certificate`: its name and its signature. Never raises."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - a wrong signature, an odd key, another name: all mean no
        return False
    return True


def key_bits_of(certificate: x509.Certificate) -> bytes:
    """Return the public key as OCPP and RFC 6960 hash it: the bits alone, without algorithm and length."""
    whole = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return _bit_string(whole)


def _bit_string(info: bytes) -> bytes:
    """Return the content of the BIT STRING that ends a SubjectPublicKeyInfo."""
    position = _header(info, 0)  # SEQUENCE
    position = _end(info, position)  # past AlgorithmIdentifier
    return info[_header(info, position) + 1 :]  # past the count of unused bits


def _header(der: bytes, at: int) -> int:
    """Return where the content of the element at `at` begins."""
    length = der[at + 1]
    return at + 2 + (length & 0x7F if length & 0x80 else 0)


def _end(der: bytes, at: int) -> int:
    """Return where the element at `at` ends."""
    length = der[at + 1]
    if not length & 0x80:
        return at + 2 + length
    count = length & 0x7F
    return at + 2 + count + int.from_bytes(der[at + 2 : at + 2 + count], "big")


def named(certificate: x509.Certificate, issuer: x509.Certificate, algorithm: str = "SHA256") -> HashData:
    """Return how OCPP names `certificate`, which `issuer` signed (CertificateHashDataType)."""
    chosen = ALGORITHMS[algorithm]
    return HashData(
        algorithm=algorithm,
        issuer_name_hash=_hashed(chosen, certificate.issuer.public_bytes()),
        issuer_key_hash=_hashed(chosen, key_bits_of(issuer)),
        serial_number=f"{certificate.serial_number:x}",
    )


def _hashed(algorithm: hashes.HashAlgorithm, data: bytes) -> str:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize().hex()

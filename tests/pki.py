"""Authorities, certificates and OCSP answers made for tests, good ones and bad ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from msgspec import Struct

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class Entity(Struct, frozen=True):
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def entity(
    common: str,
    issuer: Entity | None = None,
    *,
    ca: bool = False,
    path_length: int | None = None,
    begins: timedelta = -HOUR,
    life: timedelta = YEAR,
    responder: str = "",
    address: str = "",
    answers_ocsp: bool = False,
    signed_with: ec.EllipticCurvePrivateKey | None = None,
) -> Entity:
    """Return a new certificate under `issuer`, or a root."""
    key = ec.generate_private_key(ec.SECP256R1())
    start = now() + begins
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(common))
        .issuer_name(issuer.certificate.subject if issuer else named(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), critical=True)
    )
    if responder:
        location = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(responder))
        builder = builder.add_extension(x509.AuthorityInformationAccess([location]), critical=False)
    if address:
        found_at = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = builder.add_extension(found_at, critical=False)
    if answers_ocsp:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False)
    signer = signed_with or (issuer.key if issuer else key)
    return Entity(builder.sign(signer, hashes.SHA256()), key)


def csr(common: str | None, *, organisation: str | None = "Laddverk", key=None, hash_=None, extensions=(), names=()):
    """Return a certificate request as PEM."""
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)] if common is not None else []
    parts += [x509.NameAttribute(NameOID.COMMON_NAME, other) for other in names]
    if organisation is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(parts))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hash_ or hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def ocsp_answer(
    asked: bytes,
    certificate: Entity,
    issuer: Entity,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    signer: Entity | None = None,
    this_update: timedelta = -HOUR,
    next_update: timedelta | None = HOUR,
) -> bytes:
    """Return what a responder answers to `asked` about `certificate`."""
    request = ocsp.load_der_ocsp_request(asked)
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    who = signer or issuer
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate.certificate,
        issuer=issuer.certificate,
        algorithm=request.hash_algorithm,
        cert_status=status,
        this_update=now() + this_update,
        next_update=now() + next_update if next_update else None,
        revocation_time=now() - HOUR if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, who.certificate)
    if signer is not None:
        builder = builder.certificates([signer.certificate])
    return builder.sign(who.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

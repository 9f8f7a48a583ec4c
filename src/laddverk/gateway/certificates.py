"""The certificate files of chargers' TLS: found in a folder, or made there when there are none. Files only, no sockets.

The folder holds `server-ecdsa.pem`/`.key` and `server-rsa.pem`/`.key` (each a chain, its own certificate first) and
`clients.pem`: the authorities whose client certificates are taken. What nobody has put there is made: an authority of
our own (`authority.pem`), whose certificate is to be installed in chargers, and server certificates signed by it.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from laddverk.stations.admission import ShownCertificate

log = structlog.get_logger()

AUTHORITY_LIFE: Final = timedelta(days=3650)  # chargers get it by hand: a shorter one would strand them
SERVER_LIFE: Final = timedelta(days=90)
RENEW_BEFORE: Final = timedelta(days=30)
BACKDATED: Final = timedelta(hours=1)  # a charger's clock may be behind
RSA_BITS: Final = 2048  # the most that 1.6 chargers must take (A00.FR.318)
KINDS: Final = ("ecdsa", "rsa")
"""A server shows both: which one a charger can check, only the charger knows (A00.FR.317)."""
AUTHORITY: Final = "authority"
CLIENTS: Final = "clients.pem"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def chain_and_key(directory: Path, kind: str) -> tuple[Path, Path]:
    """Return where the server certificate of a kind and its key are."""
    return directory / f"server-{kind}.pem", directory / f"server-{kind}.key"


def ensure(directory: Path, names: list[str], now: datetime) -> bool:
    """Make what is missing in `directory`, renew what we made and is about to end; return whether anything was made.

    A server certificate that somebody else has put there is never touched.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = [kind for kind in KINDS if _is_to_be_made(directory, kind, now)]
    if not wanted:
        return False
    authority = _authority(directory, now)
    for kind in wanted:
        chain, key = chain_and_key(directory, kind)
        own = rsa.generate_private_key(65537, RSA_BITS) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
        certificate = _server_certificate(own, names, authority, now)
        _write(key, _pem_of(own), secret=True)
        _write(chain, _pem(certificate) + _pem(authority[0]))
        log.info("tls.certificate_made", kind=kind, names=names, until=certificate.not_valid_after_utc.isoformat())
    return True


def _is_to_be_made(directory: Path, kind: str, now: datetime) -> bool:
    chain, key = chain_and_key(directory, kind)
    if not (chain.exists() and key.exists()):
        return not chain.exists() and not key.exists()
    certificate = x509.load_pem_x509_certificates(chain.read_bytes())[0]
    return _is_ours(directory, certificate) and certificate.not_valid_after_utc - now < RENEW_BEFORE


def _is_ours(directory: Path, certificate: x509.Certificate) -> bool:
    path = directory / f"{AUTHORITY}.pem"
    return path.exists() and x509.load_pem_x509_certificate(path.read_bytes()).subject == certificate.issuer


def _authority(directory: Path, now: datetime) -> tuple[x509.Certificate, PrivateKey]:
    path, key_path = directory / f"{AUTHORITY}.pem", directory / f"{AUTHORITY}.key"
    if path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise ValueError(f"{key_path} holds no key that can sign certificates")
        return x509.load_pem_x509_certificate(path.read_bytes()), key
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Laddverk authority for chargers")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .sign(own, hashes.SHA256())
    )
    _write(key_path, _pem_of(own), secret=True)
    _write(path, _pem(certificate))
    return certificate, own


def _server_certificate(
    own: PrivateKey, names: list[str], authority: tuple[x509.Certificate, PrivateKey], now: datetime
) -> x509.Certificate:
    issuer, issuer_key = authority
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
        .issuer_name(issuer.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + SERVER_LIFE)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(encrypts_keys=isinstance(own, rsa.RSAPrivateKey)), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool = False, encrypts_keys: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=encrypts_keys,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Write a file so that nobody ever reads half of it; a secret one for us alone."""
    partial = path.with_name(path.name + ".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)


def shown_certificate(der: bytes | None) -> ShownCertificate | None:
    """Return what matters of a client certificate; None when there is none, or none that can be read."""
    if not der:
        return None
    try:
        certificate = x509.load_der_x509_certificate(der)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return ShownCertificate(
            common_name=str(names[0].value) if names else "",
            sha256=certificate.fingerprint(hashes.SHA256()),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )
    except ValueError as error:
        log.warning("tls.client_certificate_unreadable", error=str(error))
        return None

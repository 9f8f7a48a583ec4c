"""The built-in authority: a root, and one authority below it for each use, made in the state directory on demand.

Their keys are encrypted with a key derived from the installation's secrets, which are in another file, and never reach
the database. Chargers get the root; the authorities below it sign, and can be replaced without visiting a charger.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from laddverk.certificates import reading
from laddverk.certificates.model import Issued
from laddverk.certificates.providers.port import AuthorityAway
from laddverk.ocpp.facts import Signing
from laddverk.platform.house import House

ROOT_LIFE: Final = timedelta(days=365 * 20)  # it is in every charger: it outlives them
BELOW_LIFE: Final = timedelta(days=365 * 10)
STATION_LIFE: Final = timedelta(days=365)
V2G_LIFE: Final = timedelta(days=90)  # ISO 15118-2 wants short lives for what cars are shown
SERVER_LIFE: Final = timedelta(days=90)
BACKDATED: Final = timedelta(hours=1)  # a charger's clock may be behind
ROOT: Final = "root"
FOLDER: Final = "authority"
NAME_MAX: Final = 64


class Below(StrEnum):
    """The authorities below the root."""

    STATIONS = "stations"
    V2G = "v2g"
    SERVERS = "servers"


LIVES: Final = {Signing.STATION: STATION_LIFE, Signing.V2G: V2G_LIFE, Signing.V2G20: V2G_LIFE}

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class Builtin:
    """Fills `port.Authority`."""

    name = "builtin"

    def __init__(self, folder: Path, passphrase: bytes, organisation: str) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._organisation = organisation

    async def signed(
        self, request: x509.CertificateSigningRequest, *, name: str, signing: Signing, now: datetime
    ) -> Issued:
        """Return a certificate for a client (a charger towards us) or for a charger towards cars."""
        below = Below.STATIONS if signing is Signing.STATION else Below.V2G
        return await asyncio.to_thread(self._sign, request.public_key(), name, signing, below, now)

    async def roots(self) -> list[x509.Certificate]:
        """Return the root; it is made when there is none yet."""
        return [await asyncio.to_thread(self.root)]

    def root(self) -> x509.Certificate:
        """Return the root's certificate."""
        return self._certificate(ROOT)

    def authorities(self) -> list[x509.Certificate]:
        """Return the certificates of the authorities below the root."""
        return [self._certificate(below.value) for below in Below]

    def server_certificate(self, key: PublicKey, names: list[x509.GeneralName], now: datetime) -> Issued:
        """Return a certificate for our own listener."""
        certificate, signer = self._certificate(Below.SERVERS.value), self._key(Below.SERVERS.value)
        common = next((str(name.value) for name in names if isinstance(name, x509.DNSName)), "laddverk")
        builder = _leaf(certificate, signer, key, self._name(common), now, SERVER_LIFE)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        leaf = builder.sign(signer, hashes.SHA256())
        return Issued(pem=reading.pem(leaf), chain=(reading.pem(certificate),))

    def _sign(self, key: object, name: str, signing: Signing, below: Below, now: datetime) -> Issued:
        assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey), "the request was checked"
        certificate, signer = self._certificate(below.value), self._key(below.value)
        builder = _leaf(certificate, signer, key, self._name(name), now, LIVES[signing])
        if signing is Signing.STATION:
            usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        leaf = builder.sign(signer, hashes.SHA256())
        return Issued(pem=reading.pem(leaf), chain=(reading.pem(certificate),))

    def _name(self, common: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, common[:NAME_MAX]),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self._organisation[:NAME_MAX] or "Laddverk"),
            ]
        )

    def _certificate(self, name: str) -> x509.Certificate:
        self._ensure()
        return x509.load_pem_x509_certificate((self._folder / f"{name}.crt").read_bytes())

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        self._ensure()
        try:
            key = serialization.load_pem_private_key((self._folder / f"{name}.key").read_bytes(), self._passphrase)
        except ValueError as error:
            raise AuthorityAway(f"the key of the authority cannot be opened: {error}") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def _ensure(self) -> None:
        """Make the authority when there is none: whole, or not at all, whoever else tries at the same time."""
        if (self._folder / f"{ROOT}.crt").exists():
            return
        self._folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = Path(tempfile.mkdtemp(prefix=f".{self._folder.name}-", dir=self._folder.parent))
        try:
            self._make(partial)
            partial.rename(self._folder)
        except OSError:
            if not (self._folder / f"{ROOT}.crt").exists():
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _make(self, folder: Path) -> None:
        # The only clock that this file reads: an authority is made once, and its life begins when that happens.
        now = datetime.fromtimestamp(folder.stat().st_mtime).astimezone()
        root_key = ec.generate_private_key(ec.SECP384R1())
        root_name = self._name(f"{self._organisation} root for chargers")
        root = _authority(root_name, root_key.public_key(), root_name, root_key, now, ROOT_LIFE, path_length=1)
        self._write(folder, ROOT, root, root_key)
        for below in Below:
            key = ec.generate_private_key(ec.SECP256R1())
            name = self._name(f"{self._organisation} {below.value}")
            signed = _authority(name, key.public_key(), root_name, root_key, now, BELOW_LIFE, path_length=0)
            self._write(folder, below.value, signed, key)

    def _write(self, folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        encrypted = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )
        descriptor = os.open(folder / f"{name}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encrypted)
        (folder / f"{name}.crt").write_bytes(reading.pem(certificate).encode())


def builtin_of(house: House) -> Builtin:
    """Return the authority of this installation."""
    passphrase = hashlib.blake2b(
        b"certificate authority", key=house.secrets.charger_pepper, digest_size=32, person=b"laddverk-ca"
    ).hexdigest()
    return Builtin(house.settings.state_dir / FOLDER, passphrase.encode(), house.settings.operator_name)


def _leaf(
    issuer: x509.Certificate,
    signer: ec.EllipticCurvePrivateKey,
    key: PublicKey,
    name: x509.Name,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    """Return a certificate to be signed, that can do nothing but prove its key."""
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(min(now + life, issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(agrees_on_keys=isinstance(key, ec.EllipticCurvePublicKey)), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )


def _authority(
    name: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
    life: timedelta,
    *,
    path_length: int,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )


def _usage(*, signs: bool = False, agrees_on_keys: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=not signs and not agrees_on_keys,
        data_encipherment=False,
        key_agreement=agrees_on_keys,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )

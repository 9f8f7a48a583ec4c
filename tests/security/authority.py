"""Certificates for tests: an authority, client certificates by it, and contexts of chargers that show or trust them."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from laddverk.certificates import listener
from laddverk.certificates.providers.builtin import Builtin

DAY = timedelta(days=1)


SERVER_NAMES = ["localhost", "127.0.0.1"]


def make_server_files(directory: Path) -> None:
    """Put what our listener shows into `directory`, what is missing of it, and the root to trust it by."""
    ours = Builtin(directory / "ca", b"tests", "Laddverk")
    listener.keep_files(directory, ours, [], SERVER_NAMES, datetime.now(UTC))
    (directory / "clients.pem").unlink()
    (directory / "authority.pem").write_bytes(ours.root().public_bytes(serialization.Encoding.PEM))


class Authority:
    """Signs client certificates for chargers, into files of `directory`."""

    def __init__(self, directory: Path, name: str = "Maker of chargers") -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self.name, self.key, datetime.now(UTC) - DAY, 3650 * DAY, is_authority=True)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        begins: datetime,
        life: timedelta,
        *,
        is_authority: bool = False,
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + life)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def client(
        self, common_name: str, *, begins: timedelta = -DAY, life: timedelta = 30 * DAY
    ) -> tuple[Path, x509.Certificate]:
        """Return a file with a client certificate and its key, and the certificate. `begins` counts from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
        certificate = self._signed(x509.Name(names), key, datetime.now(UTC) + begins, life)
        path = self.directory / f"client-{certificate.serial_number:x}.pem"
        path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return path, certificate


def context_of_charger(trusted: Path | None, shown: Path | None = None, ciphers: str | None = None) -> ssl.SSLContext:
    """Return the TLS of a charger that trusts the authority in a file and shows a certificate."""
    context = ssl.create_default_context(cafile=str(trusted) if trusted else None)
    if shown is not None:
        context.load_cert_chain(shown)
    if ciphers is not None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    return context

"""The certificate files of chargers' TLS, and what matters of a certificate that a charger shows. No sockets.

The folder holds `server-ecdsa.pem`/`.key` and `server-rsa.pem`/`.key` (each a chain, its own certificate first) and
`clients.pem`: the authorities whose client certificates are taken. `certificates.listener` makes what nobody put there.
"""

from __future__ import annotations

from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from laddverk.certificates.listener import CLIENTS, KINDS, server_files
from laddverk.stations.admission import ShownCertificate

log = structlog.get_logger()


def files_in(directory: Path) -> list[Path]:
    """Return every file that the TLS of chargers reads, there or not."""
    return [*(path for kind in KINDS for path in server_files(directory, kind)), directory / CLIENTS]


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

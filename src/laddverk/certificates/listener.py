"""The certificates of our own listener: issued by the built-in authority, as files that the gateway reads.

Written before the gateway opens, and renewed while it runs. What somebody else has put into the folder stays.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from laddverk.certificates import reading
from laddverk.certificates.providers.builtin import Builtin

log = structlog.get_logger()

RENEW_BEFORE: Final = timedelta(days=30)
RSA_BITS: Final = 2_048  # the most that chargers of 1.6 must take (A00.FR.318)
KINDS: Final = ("ecdsa", "rsa")
CLIENTS: Final = "clients.pem"
"""The authorities whose client certificates are taken."""


def server_files(folder: Path, kind: str) -> tuple[Path, Path]:
    """Return where the certificate of a kind, with its chain, and its key are."""
    return folder / f"server-{kind}.pem", folder / f"server-{kind}.key"


def keep_files(
    folder: Path, authority: Builtin, others: list[x509.Certificate], names: list[str], now: datetime
) -> list[str]:
    """Make or renew what is ours in `folder`; return what was written, by file name.

    `others` are roots of an outside authority that signs certificates of chargers as well.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = [kind for kind in KINDS if _is_due(folder, kind, authority, now)]
    for kind in written:
        _issue(folder, kind, authority, names, now)
    trusted = [authority.root(), *authority.authorities(), *others]
    return [f"server-{kind}.pem" for kind in written] + ([CLIENTS] if _trust(folder / CLIENTS, trusted) else [])


def _is_due(folder: Path, kind: str, authority: Builtin, now: datetime) -> bool:
    chain, key = server_files(folder, kind)
    if not chain.exists() or not key.exists():
        return not chain.exists() and not key.exists()
    try:
        certificate = reading.certificates_in(chain.read_bytes())[0]
    except ValueError:
        return False
    ours = any(reading.signed_by(certificate, one) for one in authority.authorities())
    return ours and certificate.not_valid_after_utc - now < RENEW_BEFORE


def _issue(folder: Path, kind: str, authority: Builtin, names: list[str], now: datetime) -> None:
    chain, key_path = server_files(folder, kind)
    key = rsa.generate_private_key(65_537, RSA_BITS) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    issued = authority.server_certificate(key.public_key(), [_name(name) for name in names], now)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(key_path, plain, mode=0o600)
    _write(chain, issued.together.encode(), mode=0o644)
    log.info("certificates.server_issued", kind=kind, names=names)


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _trust(path: Path, trusted: list[x509.Certificate]) -> bool:
    """Add what is missing to the authorities whose client certificates are taken; return whether anything was."""
    known = reading.certificates_in(path.read_bytes()) if path.exists() and path.stat().st_size else []
    missing = [one for one in trusted if one not in known]
    if missing:
        _write(path, reading.together([*known, *missing]).encode(), mode=0o644)
    return bool(missing)


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file so that nobody ever reads half of it."""
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)

"""Signatures of firmware images, checked with the manufacturer's certificate before any charger does (L01, T32).

The signature is over the whole file with SHA-256: RSA with PSS padding (2.0.1, A00 and L01), older RSA with PKCS #1
v1.5, or ECDSA. Only the digest is needed, which was computed while the file came in.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from laddverk.firmware.model import SignatureState

SIGNATURE_LENGTH_MAX: Final = 800  # characters, as the standard allows
CERTIFICATE_LENGTH_MAX: Final = 5500
RSA_BITS_MIN: Final = 2048  # A00.FR.502
CURVE_BITS_MIN: Final = 224  # A00.FR.503


class Checked(Struct, frozen=True):
    """What became of a check, and a word on it for the operator."""

    state: SignatureState
    note: str = ""


def check(sha256: bytes, signature: str, certificate: str, now: datetime) -> Checked:
    """Return whether `signature` (base64) is that of a file with digest `sha256` by the owner of `certificate` (PEM).

    Never raises: what cannot be read or is missing by half is invalid, and the note says what it was.
    """
    if not signature and not certificate:
        return Checked(SignatureState.NONE)
    if not signature or not certificate:
        return Checked(SignatureState.INVALID, "half_a_signature")
    if len(signature) > SIGNATURE_LENGTH_MAX or len(certificate) > CERTIFICATE_LENGTH_MAX:
        return Checked(SignatureState.INVALID, "too_long")
    try:
        signed = base64.b64decode("".join(signature.split()), validate=True)
        owner = x509.load_pem_x509_certificate(certificate.encode())
        word = _verified(owner, signed, sha256)
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        return Checked(SignatureState.INVALID, "unreadable")
    except InvalidSignature:
        return Checked(SignatureState.INVALID, "wrong")
    if not owner.not_valid_before_utc <= now <= owner.not_valid_after_utc:
        return Checked(SignatureState.VALID, "certificate_expired")
    return Checked(SignatureState.VALID, word)


def _verified(owner: x509.Certificate, signature: bytes, sha256: bytes) -> str:
    """Return how the file was signed. Raises `InvalidSignature` when it was not, `ValueError` for a key too weak."""
    key = owner.public_key()
    digest = Prehashed(SHA256())
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < CURVE_BITS_MIN:
            raise ValueError("the curve is too small")
        key.verify(signature, sha256, ec.ECDSA(digest))
        return "ecdsa"
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise ValueError("the key is of no kind that the standard allows")
    try:
        key.verify(signature, sha256, padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO), digest)
    except InvalidSignature:
        key.verify(signature, sha256, padding.PKCS1v15(), digest)
        return "rsa_pkcs1"
    return "rsa_pss"

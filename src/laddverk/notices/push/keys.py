"""The key pair by which push services know us (VAPID, RFC 8292), made from our own link key and stored nowhere."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from laddverk.platform.settings import Secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's points (FIPS 186-5)
DRAWN_BYTES: Final = 48  # 128 bits more than the order: what a remainder favours is not measurable


def private_key(secrets: Secrets) -> EllipticCurvePrivateKey:
    """Return our key. The same link key gives the same one, so browsers stay subscribed."""
    from cryptography.hazmat.primitives.asymmetric import ec

    drawn = hashlib.blake2b(b"web push", key=secrets.link_key[:64], digest_size=DRAWN_BYTES).digest()
    return ec.derive_private_key(int.from_bytes(drawn) % (ORDER - 1) + 1, ec.SECP256R1())


@lru_cache(maxsize=4)
def public_key(secrets: Secrets) -> str:
    """Return what a browser is given when it subscribes (base64url of the uncompressed point)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = private_key(secrets).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


@lru_cache(maxsize=4)
def pems(secrets: Secrets) -> tuple[bytes, bytes]:
    """Return the private and the public key as the library that encrypts takes them (PEM)."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = private_key(secrets)
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )

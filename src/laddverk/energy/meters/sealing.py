"""Passwords of brokers, encrypted where they are stored. Pure but for the random nonce."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from laddverk.energy.circuits.model import MeterId
from laddverk.kernel.problems import Invalid
from laddverk.platform.settings import Secrets

NONCE_BYTES: Final = 12  # of GCM
KEY_BYTES: Final = 32
PASSWORD_MAX: Final = 200


def sealed(keys: Secrets, password: str, meter_id: MeterId) -> bytes:
    """Return a password encrypted (AES-256-GCM); it opens for the same meter alone. Raises `Invalid`."""
    if len(password) > PASSWORD_MAX:
        raise Invalid("The password is too long.", field="password")
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(keys)).encrypt(nonce, password.encode(), meter_id.bytes)


def unsealed(keys: Secrets, box: bytes, meter_id: MeterId) -> str | None:
    """Return the password in `box`; None when it was sealed for another meter or with other secrets."""
    try:
        return AESGCM(_key(keys)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], meter_id.bytes).decode()
    except (InvalidTag, ValueError):
        return None


def _key(keys: Secrets) -> bytes:
    return hashlib.blake2b(b"", digest_size=KEY_BYTES, key=keys.link_key, person=b"meter password").digest()

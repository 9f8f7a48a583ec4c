"""Clients' secrets at servers of others, encrypted where they are stored. Pure but for the random nonce."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from laddverk.energy.signals.model import VtnId
from laddverk.kernel.problems import Invalid
from laddverk.platform.settings import Secrets

NONCE_BYTES: Final = 12  # of GCM
KEY_BYTES: Final = 32
SECRET_MAX: Final = 1_000


def sealed(keys: Secrets, secret: str, vtn_id: VtnId) -> bytes:
    """Return a secret encrypted (AES-256-GCM); it opens for the same program alone. Raises `Invalid`."""
    if len(secret) > SECRET_MAX:
        raise Invalid("The secret is too long.", field="secret")
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(keys)).encrypt(nonce, secret.encode(), vtn_id.bytes)


def unsealed(keys: Secrets, box: bytes, vtn_id: VtnId) -> str | None:
    """Return the secret in `box`; None when it was sealed for another program or with other secrets."""
    try:
        return AESGCM(_key(keys)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], vtn_id.bytes).decode()
    except (InvalidTag, ValueError):
        return None


def _key(keys: Secrets) -> bytes:
    return hashlib.blake2b(b"", digest_size=KEY_BYTES, key=keys.link_key, person=b"vtn secret").digest()

"""Secrets of other systems, encrypted where they are stored. Pure but for the random nonce."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from laddverk.kernel.problems import Invalid
from laddverk.platform.settings import Secrets

NONCE_BYTES: Final = 12  # of GCM
KEY_BYTES: Final = 32


class Seal(Struct, frozen=True, kw_only=True):
    """How one kind of secret is sealed: what is sealed for one thing opens for no other, nor as another kind."""

    person: bytes
    """Names the kind, 16 bytes at most; it never changes."""
    length_max: int
    too_long: str
    field: str

    def sealed(self, keys: Secrets, secret: str, owner: UUID) -> bytes:
        """Return a secret encrypted (AES-256-GCM) for what has it. Raises `Invalid`."""
        if len(secret) > self.length_max:
            raise Invalid(self.too_long, field=self.field)
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._key(keys)).encrypt(nonce, secret.encode(), owner.bytes)

    def unsealed(self, keys: Secrets, box: bytes, owner: UUID) -> str | None:
        """Return the secret in `box`; None when it was sealed for something else or with other keys."""
        try:
            return AESGCM(self._key(keys)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], owner.bytes).decode()
        except (InvalidTag, ValueError):
            return None

    def _key(self, keys: Secrets) -> bytes:
        return hashlib.blake2b(b"", digest_size=KEY_BYTES, key=keys.link_key, person=self.person).digest()

"""Bank accounts and the files that name them, encrypted where they are stored. Pure but for the random nonce."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from laddverk.payments.direct_debit.model import BankAccount
from laddverk.platform.settings import Secrets

NONCE_BYTES: Final = 12  # of GCM
KEY_BYTES: Final = 32


def sealed(keys: Secrets, content: bytes, owner: bytes) -> bytes:
    """Return `content` encrypted (AES-256-GCM); it opens only for the same owner, with the same secrets."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(keys)).encrypt(nonce, content, owner)


def unsealed(keys: Secrets, box: bytes, owner: bytes) -> bytes | None:
    """Return what is in `box`; None when it was sealed for another owner or with other secrets."""
    try:
        return AESGCM(_key(keys)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], owner)
    except (InvalidTag, ValueError):
        return None


def sealed_account(keys: Secrets, account: BankAccount, owner: bytes) -> bytes:
    """Return an account, encrypted for its mandate."""
    return sealed(keys, msgspec.json.encode(account), owner)


def account_in(keys: Secrets, box: bytes | None, owner: bytes) -> BankAccount | None:
    """Return the account of a mandate; None when there is none, or the secrets are not those it was sealed with."""
    content = None if box is None else unsealed(keys, box, owner)
    return None if content is None else msgspec.json.decode(content, type=BankAccount)


def _key(keys: Secrets) -> bytes:
    return hashlib.blake2b(b"", digest_size=KEY_BYTES, key=keys.link_key, person=b"bank account").digest()

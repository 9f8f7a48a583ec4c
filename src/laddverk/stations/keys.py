"""Keys of chargers: made, hashed, sealed while they are on their way, and recognised in the forms chargers send. Pure.

Keys that we make have 160 random bits: a keyed BLAKE2b guards them, which costs microseconds, so that ten thousand
chargers can come back at once. What people bring along may be guessable, and gets argon2id (`slow_hash`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import Final

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from laddverk.stations.model import Credential

KEY_BYTES: Final = 20  # 160 bits; as 40 hex characters it fits AuthorizationKey of 1.6 and passwords of 2.x
SALT_BYTES: Final = 16  # what BLAKE2b takes
DIGEST_BYTES: Final = 32
KEY_FORM: Final = re.compile(r"(?:[0-9a-fA-F]{2}){16,20}")  # 1.6 security white paper: keys of 16 to 20 bytes
TEXT_LENGTH_MIN: Final = 4  # shorter ones are no keys at all
TEXT_LENGTH_MAX: Final = 64  # passwordString of OCPP 2.1
WEAK_BELOW: Final = 16  # characters: what OCPP 2.0.1 asks of a password; shorter ones are changed at once

NONCE_BYTES: Final = 12
SLOW_MEMORY_KIB: Final = 19_456  # OWASP's parameters for argon2id: 19 MiB, two passes, one lane: about 80 ms
SLOW_PASSES: Final = 2

NOBODY: Final = bytes(DIGEST_BYTES)
"""Compared with when there is no station: unknown and wrong cost the same time (T6)."""

BLAKE: Final = "blake2b"
ARGON: Final = "argon2id"


class Match(Struct, frozen=True):
    """Which of a station's keys somebody has, and in which form it was sent."""

    form: str
    """`hex`, `raw` or `text`."""
    is_next: bool = False
    """It is the new key of a change that is under way."""


class StoredKey(Struct, frozen=True):
    """A key as a row holds it."""

    hash: bytes
    salt: bytes
    scheme: str
    weak: bool = False


def generated_key() -> str:
    """Return a new charger key: 160 random bits as 40 hexadecimal digits."""
    return secrets.token_hex(KEY_BYTES)


def generated_salt() -> bytes:
    """Return a new salt for `hashed_key` and `slow_hash`."""
    return secrets.token_bytes(SALT_BYTES)


def is_strong(key: str) -> bool:
    """Return whether `key` looks like one that was made by a machine: 16 to 20 bytes as hexadecimal digits."""
    return KEY_FORM.fullmatch(key) is not None


def is_weak(key: str) -> bool:
    """Return whether `key` is too short to be kept for longer than the first connection."""
    return not is_strong(key) and len(key.encode()) < WEAK_BELOW


def hashed_key(pepper: bytes, salt: bytes, key: bytes) -> bytes:
    """Return the keyed BLAKE2b of a key in its raw bytes (not its hexadecimal text)."""
    return hashlib.blake2b(key, digest_size=DIGEST_BYTES, key=pepper, salt=salt).digest()


def slow_hash(pepper: bytes, salt: bytes, key: bytes) -> bytes:
    """Return the argon2id of a key that may be guessable, under `pepper`. Takes about 80 ms: not in the event loop."""
    peppered = hashlib.blake2b(key, digest_size=DIGEST_BYTES, key=pepper).digest()
    return hash_secret_raw(peppered, salt, SLOW_PASSES, SLOW_MEMORY_KIB, 1, DIGEST_BYTES, Type.ID)


def is_slow(credential: Credential | None) -> bool:
    """Return whether the present key of the station can only be checked by `slow_hash`."""
    return credential is not None and credential.key_hash is not None and credential.key_scheme == ARGON


def match(pepper: bytes, credential: Credential | None, password: bytes) -> Match | None:
    """Return which key of the station in `credential` `password` is, or None.

    Takes a key as hexadecimal text of either case and as the raw bytes it stands for (quirks 6-8); the present key and
    the new one of a change under way. The same work is done whether the station is unknown, retired, without a key,
    or given a wrong one. A key that needs `slow_hash` is left to `slow_match`.
    """
    fast = credential is not None and credential.key_scheme == BLAKE
    present = _form(pepper, credential.key_hash if fast and credential else None, _salt(credential), password)
    upcoming = _form(
        pepper,
        credential.next_key_hash if credential else None,
        (credential.next_key_salt if credential else None) or NOBODY[:SALT_BYTES],
        password,
    )
    if credential is None or credential.retired:
        return None
    if present is not None:
        return Match(present)
    return Match(upcoming, is_next=True) if upcoming is not None else None


def slow_match(pepper: bytes, credential: Credential, password: bytes) -> Match | None:
    """Return whether `password` is the station's present key, which somebody brought along. Slow on purpose."""
    given = slow_hash(pepper, _salt(credential), password)
    same = hmac.compare_digest(given, credential.key_hash or NOBODY)
    return Match("text") if same and is_slow(credential) and not credential.retired else None


def _salt(credential: Credential | None) -> bytes:
    return (credential.key_salt if credential else None) or NOBODY[:SALT_BYTES]


def _form(pepper: bytes, stored: bytes | None, salt: bytes, password: bytes) -> str | None:
    """Return the form in which `password` is the key whose hash is `stored`; the same work for none."""
    unhexed = _unhexed(password)
    as_text = hmac.compare_digest(hashed_key(pepper, salt, unhexed), stored or NOBODY)
    as_bytes = hmac.compare_digest(hashed_key(pepper, salt, password), stored or NOBODY)
    if stored is None:
        return None
    if as_text and unhexed != password:
        return "hex"
    return "raw" if as_bytes else None


def _unhexed(password: bytes) -> bytes:
    try:
        return bytes.fromhex(password.decode("ascii").strip())
    except ValueError:
        return password


def sealed(pepper: bytes, station_id: bytes, key: str) -> bytes:
    """Return `key` encrypted (AES-256-GCM) for the time until the charger has it. It opens for this station only."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_sealing_key(pepper)).encrypt(nonce, key.encode(), station_id)


def unsealed(pepper: bytes, station_id: bytes, box: bytes) -> str | None:
    """Return the key in `box`, or None when it was sealed for another station or under another pepper."""
    try:
        return AESGCM(_sealing_key(pepper)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], station_id).decode()
    except (InvalidTag, ValueError):
        return None


def _sealing_key(pepper: bytes) -> bytes:
    return hashlib.blake2b(b"", digest_size=DIGEST_BYTES, key=pepper, person=b"station key").digest()

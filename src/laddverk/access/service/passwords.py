"""Passwords of people: argon2id, in threads of its own, a few at a time, so that guessing cannot starve the house."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's minimum: 20-80 ms, 19 MiB
THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")  # at most 38 MiB at once

NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$vkA0sCyR3x4aUXntVdF7TA$3IHeHk0NPipReqwufBPz3BIwEXhWrXEqXSNZ2nH5jX4"
"""Verified when an address is unknown, so that it takes as long: the hash of a password that was thrown away."""


async def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, HASHER.hash, password)


async def verified(password_hash: str | None, password: str) -> bool:
    """Return whether `password` belongs to the hash; as slowly when there is no hash."""
    matches = await asyncio.get_running_loop().run_in_executor(THREADS, _matches, password_hash or NOBODYS, password)
    return matches and password_hash is not None


def _matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made with other costs than today's and should be made anew."""
    return HASHER.check_needs_rehash(password_hash)

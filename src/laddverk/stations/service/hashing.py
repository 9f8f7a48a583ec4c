"""Keys of chargers as they are stored, and the slow ones checked in a thread of its own, one at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from laddverk.stations import keys
from laddverk.stations.model import Credential

THREAD: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="charger-argon2")  # 19 MiB, and one core at most


async def stored(pepper: bytes, key: str) -> keys.StoredKey:
    """Return `key` as it is stored: fast for one that a machine made, slow for what people bring along."""
    salt = keys.generated_salt()
    if keys.is_strong(key):
        return keys.StoredKey(keys.hashed_key(pepper, salt, bytes.fromhex(key)), salt, keys.BLAKE)
    slow = await asyncio.get_running_loop().run_in_executor(THREAD, keys.slow_hash, pepper, salt, key.encode())
    return keys.StoredKey(slow, salt, keys.ARGON, keys.is_weak(key))


async def matched(pepper: bytes, credential: Credential | None, password: bytes) -> keys.Match | None:
    """Return which key of the station `password` is, or None. Slow only where the stored key is."""
    found = keys.match(pepper, credential, password)
    if found is not None or credential is None or not keys.is_slow(credential):
        return found
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(THREAD, keys.slow_match, pepper, credential, password)

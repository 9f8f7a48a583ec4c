"""Sounds: texts become audio by a program of the operator's, once each, under names that nobody guesses."""

from __future__ import annotations

import asyncio
import hashlib
import shlex
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from laddverk.platform.database import Transaction
from laddverk.platform.house import House
from laddverk.platform.settings import Secrets
from laddverk.support.phone import store
from laddverk.support.phone.sounds import for_telephones
from laddverk.support.phone.store import Voice

PATH: Final = "/phone/voice/"
NAME_BYTES: Final = 16
TEXT_MAX: Final = 2_000
SPEECH_TIMEOUT_S: Final = 10.0  # a caller waits for it; espeak-ng takes some ten milliseconds
SOUND_MAX: Final = 8_000_000  # a minute of 16-bit sound at 44 kHz

log = structlog.get_logger()


async def named(tx: Transaction, house: House, text: str, language: str, now: datetime) -> str:
    """Return the name of a text's sound, and keep what it says."""
    body = text[:TEXT_MAX]
    name = _name(house.secrets, body, language)
    await store.keep_voice(tx, name, Voice(language, body), now)
    return name


def _name(secrets: Secrets, text: str, language: str) -> str:
    return hashlib.blake2b(
        f"{language}:{text}".encode(), key=secrets.link_key[:64], digest_size=NAME_BYTES
    ).hexdigest()  # fmt: skip


def address(house: House, name: str) -> str:
    """Return where a carrier fetches a sound. Its words are beside it, ending in `.txt`."""
    return f"{house.settings.web_url}{PATH}{name}.wav"


async def sound(house: House, name: str, voice: Voice) -> bytes | None:
    """Return a text as WAV, made once and kept in the state folder; None where nothing can read it aloud."""
    command = house.settings.speech_command
    if not command:
        return None
    kept = house.settings.state_dir / "voices" / f"{name}.wav"
    if not kept.exists():
        made = await _spoken(command, voice)
        if made is None:
            return None
        await asyncio.to_thread(_keep, kept, for_telephones(made))
    return await asyncio.to_thread(kept.read_bytes)


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)


async def _spoken(command: str, voice: Voice) -> bytes | None:
    """Let the operator's program read a text; it gets the text on standard input, never as a part of a command."""
    words = [word.replace("{language}", voice.language) for word in shlex.split(command)]
    try:
        program = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError as error:
        log.error("phone.no_speech", error=str(error))
        return None
    try:
        async with asyncio.timeout(SPEECH_TIMEOUT_S):
            out, _none = await program.communicate(voice.body.encode())
    except TimeoutError:
        program.kill()
        await program.wait()
        log.error("phone.slow_speech")
        return None
    if program.returncode or not out.startswith(b"RIFF") or len(out) > SOUND_MAX:
        log.error("phone.bad_speech", code=program.returncode, size=len(out))
        return None
    return out

"""Spoken texts as telephones take them: 16-bit mono at 8 kHz. Asterisk plays no other WAV. Pure."""

from __future__ import annotations

import io
import wave
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8_000
CUT_OFF_HZ: Final = 3_600  # what is above half the rate would come back as noise
TAPS: Final = 101
SAMPLE_BYTES: Final = 2


def for_telephones(sound: bytes) -> bytes:
    """Return a WAV for telephones; one that is none that we can read (it is compressed, or has no samples) as it is."""
    try:
        with wave.open(io.BytesIO(sound)) as given:
            rate_hz, channels, width = given.getframerate(), given.getnchannels(), given.getsampwidth()
            frames = given.readframes(given.getnframes())
    except (wave.Error, EOFError):
        return sound
    if width != SAMPLE_BYTES or not frames:
        return sound
    whole = len(frames) // (SAMPLE_BYTES * channels) * channels
    samples = np.frombuffer(frames, "<i2", whole).reshape(-1, channels).mean(axis=1)
    if rate_hz != RATE_HZ:
        samples = _resampled(samples, rate_hz)
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(SAMPLE_BYTES)
        out.setframerate(RATE_HZ)
        out.writeframes(np.clip(np.rint(samples), -32_768, 32_767).astype("<i2").tobytes())
    return made.getvalue()


def _resampled(samples: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Take what telephones cannot carry out of a sound, and read it at their rate."""
    if rate_hz > RATE_HZ:
        at = np.arange(TAPS) - TAPS // 2
        low = np.sinc(2 * CUT_OFF_HZ / rate_hz * at) * np.hamming(TAPS)
        samples = np.convolve(samples, low / low.sum(), mode="same")
    wanted = np.arange(int(len(samples) * RATE_HZ / rate_hz)) * (rate_hz / RATE_HZ)
    found: NDArray[np.float64] = np.interp(wanted, np.arange(len(samples)), samples)
    return found

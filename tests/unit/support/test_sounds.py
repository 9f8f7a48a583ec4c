"""Spoken texts become what telephones carry."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from laddverk.support.phone.sounds import RATE_HZ, for_telephones


def spoken(rate_hz: int, channels: int, *tones_hz: int, seconds: float = 0.5) -> bytes:
    at = np.arange(int(rate_hz * seconds)) / rate_hz
    sound = sum(8_000 * np.sin(2 * np.pi * tone * at) for tone in tones_hz) / len(tones_hz)
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(np.repeat(sound.astype("<i2"), channels).tobytes())
    return made.getvalue()


def loudness_of(sound: bytes, tone_hz: int) -> float:
    with wave.open(io.BytesIO(sound)) as given:
        assert (given.getframerate(), given.getnchannels(), given.getsampwidth()) == (RATE_HZ, 1, 2)
        samples = np.frombuffer(given.readframes(given.getnframes()), "<i2").astype(float)
    heard = np.abs(np.fft.rfft(samples)) / len(samples) * 2
    return float(heard[round(tone_hz * len(samples) / RATE_HZ)])


@pytest.mark.parametrize(("rate_hz", "channels"), [(22_050, 1), (44_100, 2), (16_000, 1), (8_000, 1), (6_000, 1)])
def test_a_voice_keeps_its_tone_and_its_length(rate_hz: int, channels: int) -> None:
    made = for_telephones(spoken(rate_hz, channels, 440))
    assert loudness_of(made, 440) == pytest.approx(8_000, rel=0.05)
    with wave.open(io.BytesIO(made)) as sound:
        assert sound.getnframes() == pytest.approx(RATE_HZ / 2, abs=2)


def test_what_telephones_cannot_carry_does_not_come_back_as_another_tone() -> None:
    made = for_telephones(spoken(22_050, 1, 440, 6_000))
    assert loudness_of(made, 440) > 3_500
    assert loudness_of(made, 2_000) < 100, "6 kHz would come back as 2 kHz"


def test_a_stream_that_does_not_know_its_length_is_read_to_its_end() -> None:
    """Programs that speak into a pipe write a length that is none."""
    given = bytearray(spoken(22_050, 1, 440))
    given[40:44] = (0x7FFFF000).to_bytes(4, "little")
    assert loudness_of(for_telephones(bytes(given)), 440) == pytest.approx(8_000, rel=0.05)


@pytest.mark.parametrize("odd", [b"", b"RIFF", b"ID3 music", b"RIFF\0\0\0\0WAVEfmt "])
def test_what_is_no_such_sound_is_left_as_it_is(odd: bytes) -> None:
    assert for_telephones(odd) == odd

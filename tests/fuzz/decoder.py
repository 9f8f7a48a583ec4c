"""Fuzzes the way of a frame through the protocol, without sockets or database, guided by which code it reaches.

    python -m tests.fuzz.decoder -atheris_runs=20000000 -max_len=2000     # needs atheris: `make fuzz` installs it

The first byte chooses the version and whether the station is strict; the rest is one WebSocket message. Whatever it is:
it is decoded, refused or made into facts and an answer, and nothing raises but what is meant to.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

try:
    import atheris
except ImportError:  # the quick test of the same function needs no guidance
    atheris = None

if atheris is not None:
    with atheris.instrument_imports(include=["laddverk.ocpp"]):
        from laddverk.ocpp import codec, frames, translate
else:
    from laddverk.ocpp import codec, frames, translate

import msgspec

from laddverk.ocpp.commands import Reset, UnlockConnector
from laddverk.ocpp.errors import Undecodable
from laddverk.ocpp.protocol import Protocol
from tests.fuzz.generators import VERSIONS, Generator, corpus

PROTOCOLS = tuple(VERSIONS.values())
NOW = datetime(2026, 10, 24, 20, tzinfo=UTC)
STATION = UUID("0198c1f2-0000-7000-8000-000000000001")
COMMANDS = (Reset(), UnlockConnector(evse_number=1))
SEEDS_OF_EACH = 300


def one(data: bytes) -> None:
    """Send one message the whole way. Raises what must not be raised."""
    if not data:
        return
    protocol, strict = PROTOCOLS[data[0] % 3], bool(data[0] & 0x80)
    frame = frames.decode(data[1:])
    match frame:
        case frames.Call() | frames.Send():
            _heard(protocol, frame, strict)
        case frames.CallResult():
            _answered(protocol, frame)
        case frames.CallError():
            for command in COMMANDS:
                msgspec.json.encode(translate.outcome(protocol, command, frame))
        case frames.Malformed():
            frames.refusal(protocol, frame)


def _heard(protocol: Protocol, call: frames.Call | frames.Send, strict: bool) -> None:
    try:
        decoded = codec.decode_request(protocol, call.action, call.payload, strict=strict)
    except Undecodable as refused:
        frames.encode_error(protocol, call.unique_id, refused.fault, refused.description)
        return
    origin = translate.Origin(STATION, NOW, flags=(*call.flags, *decoded.flags))
    facts = translate.to_facts(protocol, call.action, decoded.message, origin)
    msgspec.json.encode(facts)
    answer = translate.answer(protocol, call.action, decoded.message, [None] * len(facts), NOW)
    frames.encode_result(call.unique_id, answer)


def _answered(protocol: Protocol, result: frames.CallResult) -> None:
    for command in COMMANDS:
        try:
            msgspec.json.encode(translate.outcome(protocol, command, result.payload))
        except Undecodable:
            continue


def seeds(folder: Path) -> None:
    """Write what the fuzzer begins with: transcripts, and messages made by their schema."""
    for number, version in enumerate(VERSIONS):
        generator = Generator(version, 7)
        texts = [*corpus(version), *(generator.text() for _ in range(SEEDS_OF_EACH))]
        for index, text in enumerate(texts):
            (folder / f"{version}-{index}").write_bytes(bytes([number]) + text.encode())
    words = sorted({action for protocol in PROTOCOLS for action in protocol.actions})
    (folder.parent / "words.dict").write_text("\n".join(json.dumps(word) for word in words))


def main() -> None:
    """Fuzz until told to stop. Arguments are libFuzzer's."""
    if atheris is None:
        sys.exit("The coverage-guided fuzzer is not installed. Remedy: make fuzz")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "corpus"
        folder.mkdir()
        seeds(folder)
        atheris.Setup([*sys.argv, f"-dict={place}/words.dict", str(folder)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

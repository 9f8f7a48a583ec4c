"""Whole sessions, frame by frame: what the charger says, the facts it makes, what it is answered, what we command.

A line with `says` is a frame from the charger: the `facts` it must make, the rooms' `answers`, and the frame that must
be `answered`. A line with `command` is ours: the `call` that must go out, the charger's `reply`, and the `outcome`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from laddverk.ocpp import answers, codec, frames, translate
from laddverk.ocpp.commands import AnyCommand
from laddverk.ocpp.protocol import Protocol

TRANSCRIPTS = Path(__file__).parent / "transcripts"
STATION = UUID("0198c1f2-0000-7000-8000-000000000001")
NOW = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)
OF_EVERY_FACT = ("station_id", "received_at")
REFUSALS = {"Blocked", "Expired", "Failed", "Invalid", "NotAllowed", "Rejected", "UnknownMessageId", "UnknownVendorId"}
VERSIONS = {"16": Protocol.V16, "201": Protocol.V201, "21": Protocol.V21}


def lines():
    for path in sorted(TRANSCRIPTS.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            read = json.loads(line)
            name = "-".join(filter(None, (f"{path.stem}:{number}", read.get("case"))))
            yield pytest.param(path.stem.split("_")[0], read, id=name)


def answer_of(item):
    if item is None:
        return None
    ((name, fields),) = item.items()
    return msgspec.convert(fields, getattr(answers, name))


def as_json(value):
    return json.loads(msgspec.json.encode(value))


def shown(fact):
    builtins = as_json(fact)
    return {name: value for name, value in builtins.items() if name not in OF_EVERY_FACT}


def heard(protocol, line):
    """Return the facts and the answer that a frame from the charger makes."""
    call = frames.decode(line["says"] if isinstance(line["says"], str) else json.dumps(line["says"]))
    assert isinstance(call, frames.Call)
    decoded = codec.decode_request(protocol, call.action, call.payload)
    origin = translate.Origin(STATION, NOW, flags=(*call.flags, *decoded.flags))
    facts = translate.to_facts(protocol, call.action, decoded.message, origin)
    given = [answer_of(item) for item in line.get("answers", [])]
    response = translate.answer(protocol, call.action, decoded.message, given, NOW)
    return [shown(fact) for fact in facts], json.loads(frames.encode_result(call.unique_id, response))


def commanded(protocol, line):
    """Return the call that a command makes, and the outcome of the charger's reply."""
    command = msgspec.convert(line["command"], AnyCommand)
    action, request = translate.to_call(protocol, command)
    reply = frames.decode(json.dumps(line["reply"]))
    assert isinstance(reply, frames.CallResult | frames.CallError)
    answered = reply.payload if isinstance(reply, frames.CallResult) else reply
    outcome = as_json(translate.outcome(protocol, command, answered))
    return json.loads(frames.encode_call("c1", action, request)), outcome


@pytest.mark.parametrize(("version", "line"), list(lines()))
def test_the_transcript_is_followed(version, line):
    protocol = VERSIONS[version]
    if "says" in line:
        facts, answered = heard(protocol, line)
        assert facts == line["facts"]
        assert answered == line["answered"]
    else:
        call, outcome = commanded(protocol, line)
        assert call == line["call"]
        assert outcome == line["outcome"]


def went_well(line):
    """Whether a line shows what succeeds: not an error, a refusal or a failure of either side."""
    if "outcome" in line:
        return line["outcome"]["verdict"] in ("accepted", "done")
    return line["answered"][0] == 3 and not REFUSALS & set(msgspec.json.encode(line["answered"]).decode().split('"'))


def test_each_block_of_each_version_shows_what_succeeds_and_what_does_not():
    shown = {}
    for parameters in lines():
        version, block = parameters.id.split(":")[0].split("_")[:2]
        shown.setdefault((version, block), set()).add(went_well(parameters.values[1]))
    assert {key for key, found in shown.items() if found != {True, False}} == set()
    assert {version for version, _ in shown} == {"16", "201", "21"}

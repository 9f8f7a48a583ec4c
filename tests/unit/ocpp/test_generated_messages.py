"""The message Structs in the tree are what the generator writes from the schemas."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from laddverk.ocpp.protocol import ACTIONS, Protocol
from tools import generate_messages

MESSAGES = Path(generate_messages.ROOT, "src", "laddverk", "ocpp")


def test_the_messages_are_as_the_generator_writes_them():
    for version, source in generate_messages.generated().items():
        assert (MESSAGES / version / "messages.py").read_text(encoding="utf-8") == source


@pytest.mark.parametrize(("protocol", "count"), [(Protocol.V16, 39), (Protocol.V201, 64), (Protocol.V21, 91)])
def test_every_action_of_the_standard_is_there(protocol, count):
    assert len(ACTIONS[protocol]) == count


@pytest.mark.parametrize("protocol", Protocol)
def test_every_message_has_a_decoder(protocol):
    for request, response in ACTIONS[protocol].values():
        msgspec.json.Decoder(request, dec_hook=lambda kind, value: value)
        assert response is None or msgspec.json.Decoder(response, dec_hook=lambda kind, value: value)


def test_only_the_stream_of_2_1_has_no_answer():
    assert [(p, a) for p in Protocol for a, (_, answer) in p.actions.items() if answer is None] == [
        (Protocol.V21, "NotifyPeriodicEventStream")
    ]

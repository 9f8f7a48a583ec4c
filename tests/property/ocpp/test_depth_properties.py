"""How deep a frame nests is told rightly, whatever its strings hold."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from laddverk.ocpp import frames

confusing = st.text('ab[]{}"\\\n', max_size=6)


def wrapped(value, shells):
    for shell in shells:
        value = [shell, value, shell] if shell < "[" else {shell: value, "other": shell}
    return value


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0


@settings(max_examples=300, deadline=None)
@given(st.lists(confusing, min_size=20, max_size=40), st.lists(confusing, max_size=40), st.booleans())
def test_a_frame_is_refused_exactly_when_it_nests_too_deep(shells, beside, spaced):
    frame = [2, "9", "DataTransfer", {"data": wrapped("x", shells), "beside": [{word: word} for word in beside]}]
    text = json.dumps(frame, indent=1 if spaced else None)
    decoded = frames.decode(text)
    assert isinstance(decoded, frames.Malformed if depth(frame) > frames.DEPTH_MAX else frames.Call)

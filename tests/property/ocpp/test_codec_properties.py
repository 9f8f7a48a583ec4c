"""The strict decoder and the schemas of the standard agree; and no bytes whatsoever break the codec."""

from __future__ import annotations

import json
from functools import partial

import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from laddverk.ocpp import codec, frames
from laddverk.ocpp.codec import Decoded
from laddverk.ocpp.errors import Undecodable
from laddverk.ocpp.frames import Call, CallError, CallResult, CallResultError, Malformed, Send
from laddverk.ocpp.protocol import Protocol
from tests.property.ocpp.schemas import KINDS, instances, json_values, sample, schema_of, sound, validator_of


def strictly_valid(protocol, action, index, value):
    try:
        codec.strictly(protocol.actions[action][index], json.dumps(value).encode())
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("protocol", Protocol)
def test_the_smallest_and_the_fullest_message_of_every_action_are_decoded_strictly(protocol):
    for owner, action, index in KINDS:
        schema = schema_of(owner, action, index)
        for full in (False, True):
            value = sample(schema, schema.get("definitions", {}), full=full)
            if owner is protocol:
                assert validator_of(owner, action, index).is_valid(value)
                assert strictly_valid(owner, action, index, value), (action, index, value)


@pytest.mark.parametrize("protocol", Protocol)
def test_what_the_schema_requires_the_strict_decoder_requires(protocol):
    for owner, action, index in KINDS:
        schema = schema_of(owner, action, index)
        value = sample(schema, schema.get("definitions", {}), full=True)
        for name in value if owner is protocol else ():
            less = {key: item for key, item in value.items() if key != name}
            expected = name not in schema.get("required", [])
            assert strictly_valid(owner, action, index, less) is expected, (action, name)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_the_strict_decoder_and_the_schema_agree(data):
    protocol, action, index = data.draw(st.sampled_from(KINDS))
    schema = schema_of(protocol, action, index)
    value = data.draw(instances(schema, schema.get("definitions", {})))
    assume("\x00" not in json.dumps(value))
    has_whole_floats = any(isinstance(leaf, float) and leaf.is_integer() for leaf in leaves(value))
    expected = validator_of(protocol, action, index).is_valid(value)
    assert strictly_valid(protocol, action, index, value) == expected or (expected and has_whole_floats)


def leaves(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_whatever_the_schema_accepts_the_codec_accepts(kind, data):
    protocol, action, index = kind
    schema = schema_of(protocol, action, index)
    value = data.draw(sound(schema, schema.get("definitions", {})))
    if validator_of(protocol, action, index).is_valid(value):
        decode = partial(codec.decode_request, to_charger=True) if index == 0 else codec.decode_response
        assert isinstance(decode(protocol, action, json.dumps(value).encode()), Decoded)


FRAMES = (Call, CallResult, CallError, CallResultError, Send, Malformed)


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), json_values.map(json.dumps)))
@example('[2,"1","Heartbeat",{"a":"\ud800"}]')
@example(b"[" * 60_000)
@example(b'[2,"1","A",' + b'"\\"' * 20_000)
@example(b'[2,"1","A",{"a":' + b"-" * 20_000)
def test_any_bytes_are_some_frame(data):
    assert isinstance(frames.decode(data), FRAMES)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_any_payload_is_understood_or_refused(kind, data):
    protocol, action, index = kind
    properties = [*schema_of(protocol, action, index).get("properties", {}), "a"]
    value = data.draw(st.one_of(json_values, st.dictionaries(st.sampled_from(properties), json_values)))
    decode = partial(codec.decode_request, to_charger=True) if index == 0 else codec.decode_response
    try:
        decoded = decode(protocol, action, json.dumps(value).encode())
    except Undecodable:
        return
    assert msgspec.json.encode(decoded)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), st.data(), st.one_of(st.text(min_size=1, max_size=36), st.integers(-(2**60), 2**60)))
def test_what_is_encoded_is_decoded_to_the_same(kind, data, unique_id):
    protocol, action, index = kind
    schema = schema_of(protocol, action, index)
    value = data.draw(sound(schema, schema.get("definitions", {})))
    assume(strictly_valid(protocol, action, index, value))
    message = codec.strictly(protocol.actions[action][index], json.dumps(value).encode())
    frame = frames.decode(frames.encode_result(unique_id, message))
    assert isinstance(frame, CallResult)
    assert frame.unique_id == unique_id
    assert codec.strictly(type(message), frame.payload) == message

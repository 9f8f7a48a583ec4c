"""The strict decoder and the schemas of the standard agree; and no bytes whatsoever break the codec."""

from __future__ import annotations

import json
from functools import cache

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from laddverk.ocpp import codec, frames
from laddverk.ocpp.codec import Decoded
from laddverk.ocpp.errors import Undecodable
from laddverk.ocpp.frames import Call, CallError, CallResult, CallResultError, Malformed, Send
from laddverk.ocpp.protocol import Protocol
from tools.generate_messages import schema_folder

FOLDERS = {Protocol.V16: "v16", Protocol.V201: "v201", Protocol.V21: "v21"}
KINDS = [
    (protocol, action, index)
    for protocol in Protocol
    for action, kinds in protocol.actions.items()
    for index in (0, 1)
    if kinds[index] is not None
]
# No null: null stands for absent here and not in the schemas. No 17.0: an integer there, a flagged one here.
junk = st.sampled_from(["", "Bogus", "x" * 300, 5, -1, 2.5, True, False, [], {}, [1], {"a": 1}, 10**20])


@cache
def schema_of(protocol, action, index):
    folder = schema_folder(FOLDERS[protocol])
    stem = action + ("" if protocol.is_16 or action == "NotifyPeriodicEventStream" else "Request")
    name = stem if index == 0 else f"{action}Response"
    return json.loads((folder / f"{name}.json").read_text(encoding="utf-8-sig"))


@cache
def validator_of(protocol, action, index):
    return jsonschema_rs.validator_for(without_multiples(schema_of(protocol, action, index)), validate_formats=False)


def without_multiples(node):
    """Leave out `multipleOf: 0.1`: binary floats cannot keep it, and the Structs do not ask for it."""
    if isinstance(node, dict):
        return {key: without_multiples(value) for key, value in node.items() if key != "multipleOf"}
    return [without_multiples(item) for item in node] if isinstance(node, list) else node


def strictly_valid(protocol, action, index, value):
    try:
        codec.strictly(protocol.actions[action][index], json.dumps(value).encode())
    except msgspec.ValidationError:
        return False
    return True


def sample(schema, definitions, *, full):
    """Return one valid instance of `schema`: the smallest, or one with every property."""
    if "$ref" in schema:
        return sample(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions, full=full)
    if "enum" in schema:
        return schema["enum"][-1]
    kind = schema.get("type")
    if kind == "object":
        names = schema.get("properties", {}) if full else schema.get("required", [])
        return {name: sample(schema["properties"][name], definitions, full=full) for name in names}
    if kind == "array":
        return [sample(schema["items"], definitions, full=full)] * schema.get("minItems", 1)
    low, high = schema.get("minimum", 0), schema.get("maximum", 0)
    number = low if low > 0 else min(high, 0)
    whole = {"integer": int(number), "number": number, "boolean": True}
    return whole.get(kind, "å" * min(schema.get("maxLength", 3), 3))


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


def instances(schema, definitions):
    """Return a strategy of values that are mostly as `schema` wants them, with a fault here and there."""
    if "$ref" in schema:
        return st.deferred(lambda: instances(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions))
    return st.integers(0, 30).flatmap(lambda dice: junk if dice == 30 else sound(schema, definitions))


def sound(schema, definitions):
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        required = set(schema.get("required", []))
        fields = {name: instances(item, definitions) for name, item in schema.get("properties", {}).items()}
        needed = {name: field for name, field in fields.items() if name in required}
        return st.fixed_dictionaries(needed, optional={n: f for n, f in fields.items() if n not in required})
    if kind == "array":
        return st.lists(instances(schema["items"], definitions), min_size=1, max_size=2)
    if kind == "string":
        return st.text(max_size=min(schema.get("maxLength", 20), 20))
    integers = st.integers(-5, 200)
    return {"integer": integers, "number": st.one_of(integers, st.floats(-1e6, 1e6)), "boolean": st.booleans()}.get(
        kind, junk
    )


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
        decode = codec.decode_request if index == 0 else codec.decode_response
        assert isinstance(decode(protocol, action, json.dumps(value).encode()), Decoded)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals().map(str)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
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
    decode = codec.decode_request if index == 0 else codec.decode_response
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

"""Values made from the schemas of the standard: valid ones, nearly valid ones, and any JSON at all."""

from __future__ import annotations

import json
from functools import cache

import jsonschema_rs
from hypothesis import strategies as st

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
FROM_CHARGER = [
    (protocol, action) for protocol, action, index in KINDS if index == 0 and action in protocol.from_charger
]


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


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.decimals().map(str)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)

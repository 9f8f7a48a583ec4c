"""What it costs to read one message: decode, normalise and validate, beside jsonschema-rs, pydantic and `ocpp`.

Each reader gets the same frames and ends with a payload that is known to be valid; all take turns in one process, and
the best turn of each counts. Ours reads in both modes (strict and tolerant take the same fast way for what is valid),
and then messages with one number written as text, which need the second reading.
Usage: make bench-codec [ARGS="--turns 60"].
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Optional

import jsonschema_rs
from _messages import booted_16, metered_16, started, updated
from msgspec import inspect
from ocpp import messages as usual
from pydantic import BaseModel, ConfigDict, Field, create_model

from laddverk.ocpp import codec, frames
from laddverk.ocpp.protocol import Protocol
from laddverk.ocpp.structs import Message

MESSAGES = 200  # different ones, so that nothing is fast for being the same as before
RATIO_MAX = 1.3  # what tolerant mode may cost of strict mode, on valid messages
WIDTH = 12
FOLDERS = {Protocol.V16: "v16", Protocol.V201: "v201", Protocol.V21: "v21"}
USUAL_VERSIONS = {Protocol.V16: "1.6", Protocol.V201: "2.0.1", Protocol.V21: "2.1"}

Step = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """One kind of message in one version, and how to bend it."""

    protocol: Protocol
    action: str
    frame: Callable[[int, int], str]
    bend: tuple[str, str]

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.action} {USUAL_VERSIONS[self.protocol]}"


def status_16(_number: int, sequence: int) -> str:
    """Return a StatusNotification of OCPP 1.6."""
    return (
        f'[2,"{sequence:08x}","StatusNotification",{{"connectorId":1,"errorCode":"NoError","status":"Charging",'
        f'"timestamp":"2026-11-01T10:{sequence % 60:02}:00Z"}}]'
    )


def start_16(_number: int, sequence: int) -> str:
    """Return a StartTransaction of OCPP 1.6."""
    return (
        f'[2,"{sequence:08x}","StartTransaction",{{"connectorId":1,"idTag":"04A1B2C3D4E5F6","meterStart":{sequence},'
        f'"timestamp":"2026-11-01T10:{sequence % 60:02}:00Z"}}]'
    )


def report_2x(_number: int, sequence: int) -> str:
    """Return a NotifyReport with ten variables."""
    variables = [
        {
            "component": {"name": "OCPPCommCtrlr"},
            "variable": {"name": f"Variable{number}"},
            "variableAttribute": [{"type": "Actual", "value": str(sequence), "mutability": "ReadWrite"}],
            "variableCharacteristics": {"dataType": "integer", "supportsMonitoring": True, "unit": "s"},
        }
        for number in range(10)
    ]
    report = {"requestId": 1, "generatedAt": "2026-11-01T10:00:00Z", "seqNo": sequence, "reportData": variables}
    return json.dumps([2, f"{sequence:08x}", "NotifyReport", report])


def first(number: int, sequence: int) -> str:
    """Return a TransactionEvent that begins a session; the sequence makes it different."""
    return started(number + sequence)


CASES = (
    Case(Protocol.V16, "BootNotification", booted_16, ('"iccid":"89460000000000000000"', '"iccid":89460000')),
    Case(Protocol.V16, "StatusNotification", status_16, ('"connectorId":1', '"connectorId":"1"')),
    Case(Protocol.V16, "StartTransaction", start_16, ('"connectorId":1', '"connectorId":"1"')),
    Case(Protocol.V16, "MeterValues", metered_16, ('"connectorId":1', '"connectorId":"1"')),
    Case(Protocol.V201, "TransactionEvent", updated, ('"connectorId":1', '"connectorId":"1"')),
    Case(Protocol.V201, "NotifyReport", report_2x, ('"requestId": 1', '"requestId": "1"')),
    Case(Protocol.V21, "TransactionEvent", first, ('"connectorId":1', '"connectorId":"1"')),
    Case(Protocol.V21, "NotifyReport", report_2x, ('"requestId": 1', '"requestId": "1"')),
)


def ours(case: Case, texts: list[str], *, strict: bool, flagged: bool = False) -> Step:
    """Return our reading of all of `texts`; what it gives is checked once, before it is timed."""

    def read(text: str) -> codec.Decoded:
        call = frames.decode(text)
        assert isinstance(call, frames.Call)
        return codec.decode_request(case.protocol, call.action, call.payload, strict=strict)

    assert all(bool(read(text).flags) is flagged for text in texts)
    return lambda: [read(text) for text in texts]


def by_schema(case: Case, texts: list[str]) -> Step:
    """Return json and jsonschema-rs."""
    validator = jsonschema_rs.validator_for(schema_of(case), validate_formats=False)

    def read(text: str) -> object:
        payload = json.loads(text)[3]
        validator.validate(payload)
        return payload

    return lambda: [read(text) for text in texts]


def schema_of(case: Case) -> dict[str, Any]:
    """Return the alliance's schema of a request, as the `ocpp` package carries it."""
    stem = case.action + ("" if case.protocol.is_16 else "Request")
    path = Path(usual.__file__).parent / FOLDERS[case.protocol] / "schemas" / f"{stem}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return schema


def by_pydantic(case: Case, texts: list[str]) -> Step:
    """Return json and pydantic, with models made from the same types and limits as our Structs."""
    model = model_of(case.protocol.actions[case.action][0])
    return lambda: [model.model_validate(json.loads(text)[3]) for text in texts]


@cache
def model_of(kind: type[Message]) -> type[BaseModel]:
    """Return the pydantic model of a message or data type."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    fields: dict[str, Any] = {}
    for field in info.fields:
        annotation, limits = annotation_of(field.type)
        default = ... if field.required else None
        annotation = annotation if field.required else Optional[annotation]  # noqa: UP045 - made while running
        fields[field.name] = (annotation, Field(default, alias=field.encode_name, **limits))
    config = ConfigDict(extra="forbid", strict=True, protected_namespaces=())
    made: type[BaseModel] = create_model(kind.__name__, __config__=config, **fields)
    return made


def annotation_of(kind: inspect.Type) -> tuple[Any, dict[str, Any]]:
    """Return what pydantic calls a type, and its limits."""
    match kind:
        case inspect.StructType():
            return model_of(kind.cls), {}
        case inspect.ListType():
            limits = {"min_length": kind.min_length, "max_length": kind.max_length}
            return list[annotation_of(kind.item_type)[0]], {name: at for name, at in limits.items() if at is not None}  # type: ignore[misc]
        case inspect.StrType():
            return str, {"max_length": kind.max_length} if kind.max_length is not None else {}
        case inspect.LiteralType():
            return Literal[kind.values], {}
        case inspect.UnionType():
            return annotation_of(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.IntType() | inspect.FloatType():
            limits = {"ge": kind.ge, "le": kind.le}
            number = int if isinstance(kind, inspect.IntType) else float
            return number, {name: at for name, at in limits.items() if at is not None}
        case inspect.BoolType():
            return bool, {}
    return dict[str, Any], {}


def by_package(case: Case, texts: list[str]) -> Step:
    """Return what the `ocpp` package does before its user's code sees the message."""
    usual.ASYNC_VALIDATION = False  # else each message takes the way through a thread, which costs more still

    def read(text: str) -> None:
        with contextlib.suppress(StopIteration):
            usual.validate_payload(usual.unpack(text), USUAL_VERSIONS[case.protocol]).send(None)

    return lambda: [read(text) for text in texts]


def measured(case: Case, turns: int) -> dict[str, float]:
    """Return the µs of CPU for one message with each reader, in the best of `turns`."""
    texts = [case.frame(3, sequence) for sequence in range(1, MESSAGES + 1)]
    bent = [text.replace(*case.bend) for text in texts]
    assert bent != texts
    quick = {
        "strict": ours(case, texts, strict=True),
        "tolerant": ours(case, texts, strict=False),
        "bent": ours(case, bent, strict=False, flagged=True),
        "jsonschema-rs": by_schema(case, texts),
        "pydantic": by_pydantic(case, texts),
    }
    slow = {"ocpp": by_package(case, texts)}
    return {**best_us(quick, turns), **best_us(slow, max(1, turns // 20))}


def best_us(steps: dict[str, Step], turns: int) -> dict[str, float]:
    """Return the µs of CPU that one message takes in each step, in the best of `turns`."""
    best = dict.fromkeys(steps, float("inf"))
    forth = list(steps.items())
    for turn in range(turns):
        for name, step in forth if turn % 2 else reversed(forth):  # the first of a turn finds the caches cold
            began = time.process_time_ns()
            step()
            best[name] = min(best[name], (time.process_time_ns() - began) / 1_000 / MESSAGES)
    return best


def report(rows: dict[str, dict[str, float]]) -> float:
    """Print the table for people and the line for machines; return the worst ratio of tolerant to strict."""
    heads = list(next(iter(rows.values())))
    print("µs of CPU per message, from the frame to a validated message; `bent` has one number written as text\n")
    print(f"{'':<24}" + "".join(f"{head:>{WIDTH + 2}}" for head in heads) + f"{'tol./strict':>{WIDTH + 2}}")
    for name, row in rows.items():
        figures = "".join(f"{row[head]:>{WIDTH + 2}.1f}" for head in heads)
        print(f"{name:<24}{figures}{row['tolerant'] / row['strict']:>{WIDTH + 2}.2f}")
    print(f"\n{'times our tolerant mode':<24}")
    for name, row in rows.items():
        print(f"{name:<24}" + "".join(f"{row[head] / row['tolerant']:>{WIDTH + 2}.1f}" for head in heads))
    worst = max(row["tolerant"] / row["strict"] for row in rows.values())
    within = "within" if worst <= RATIO_MAX else "BEYOND"
    print(f"\nTolerant mode costs at most {worst:.2f} times strict mode on valid messages: {within} {RATIO_MAX}.")
    rounded = {name: {key: round(value, 2) for key, value in row.items()} for name, row in rows.items()}
    print(json.dumps({"bench": "codec", "tolerant_to_strict": round(worst, 3), **rounded}))
    return worst


def main() -> None:
    """Measure and report; fails when tolerance costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=60)
    given = parser.parse_args()
    worst = report({case.name: measured(case, given.turns) for case in CASES})
    raise SystemExit(0 if worst <= RATIO_MAX else 1)


if __name__ == "__main__":
    main()

"""What OCPP costs without any I/O: from a frame to its message, its facts and its answer; beside the `ocpp` package.

Each step is timed over the messages of several hours of one charger, in short turns, all steps in each turn; the best
turn of a step counts, so that a noisy machine disturbs all of them alike. (Not `ocpp.py`: that would hide the package.)
Usage: make bench-protocol [ARGS="--turns 100"].
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from _messages import booted_16, metered_16, updated
from ocpp import messages as usual

from laddverk.ocpp import codec, frames, translate
from laddverk.ocpp.answers import Answer, BootAnswer, StartAnswer
from laddverk.ocpp.facts import Booted, SessionUpdated
from laddverk.ocpp.protocol import Protocol

MESSAGES = 200  # different ones, so that nothing is fast for being the same as before
WIDTH = 10

Step = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """One kind of message."""

    name: str
    protocol: Protocol
    frame: Callable[[int, int], str]
    usual_version: str
    """What the `ocpp` package calls the version."""


CASES = (
    Case("TransactionEvent 2.0.1", Protocol.V201, updated, "2.0.1"),
    Case("MeterValues 1.6", Protocol.V16, metered_16, "1.6"),
    Case("BootNotification 1.6", Protocol.V16, booted_16, "1.6"),
)


def our_steps(case: Case, texts: list[str]) -> dict[str, Step]:
    """Return what the gateway does with each message, but for recording it, as steps over all of `texts`."""
    protocol, now = case.protocol, datetime.now(UTC)
    origin = translate.Origin(UUID(int=1), now)

    def decoded(text: str) -> tuple[Any, Any]:
        call = frames.decode(text)
        assert isinstance(call, frames.Call)
        return call, codec.decode_request(protocol, call.action, call.payload).message

    def facts(call: frames.Call, message: Any) -> list[Any]:
        return translate.to_facts(protocol, call.action, message, origin)

    def answered(call: frames.Call, message: Any, answers: list[Answer | None]) -> str:
        return frames.encode_result(call.unique_id, translate.answer(protocol, call.action, message, answers, now))

    calls = [decoded(text) for text in texts]
    answers = [[answer_to(fact) for fact in facts(*each)] for each in calls]
    return {
        "decode": lambda: [decoded(text) for text in texts],
        "facts": lambda: [facts(*each) for each in calls],
        "answer": lambda: [answered(*each, given) for each, given in zip(calls, answers, strict=True)],
    }


def answer_to(fact: object) -> Answer | None:
    """Return what a room says to a fact."""
    if isinstance(fact, Booted):
        return BootAnswer()
    return StartAnswer() if isinstance(fact, SessionUpdated) else None


def usual_steps(case: Case, texts: list[str]) -> dict[str, Step]:
    """Return what the `ocpp` package does before its user's code sees the message."""
    usual.ASYNC_VALIDATION = False  # else each message takes the way through a thread, which costs more still

    def validate(message: Any) -> None:
        with contextlib.suppress(StopIteration):
            usual.validate_payload(message, case.usual_version).send(None)  # it waits for nothing: no loop is needed

    unpacked = [usual.unpack(text) for text in texts]
    return {
        "unpack": lambda: [usual.unpack(text) for text in texts],
        "validate": lambda: [validate(message) for message in unpacked],
    }


def best_us(steps: dict[str, Step], count: int, turns: int) -> dict[str, float]:
    """Return the microseconds of CPU that one of `count` messages takes in each step, in the best of `turns`."""
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(turns):
        for name, step in steps.items():
            began = time.process_time_ns()
            step()
            best[name] = min(best[name], (time.process_time_ns() - began) / 1_000 / count)
    return best


def measured(case: Case, turns: int) -> dict[str, float]:
    """Return the cost of each step for one kind of message, and the sums of both sides."""
    texts = [case.frame(3, sequence) for sequence in range(1, MESSAGES + 1)]
    ours = best_us(our_steps(case, texts), MESSAGES, turns)
    theirs = best_us(usual_steps(case, texts), MESSAGES, max(1, turns // 20))
    return {**ours, "all": sum(ours.values()), **theirs, "both": sum(theirs.values())}


def report(rows: dict[str, dict[str, float]]) -> None:
    """Print the table for people and the line for machines."""
    print(f"µs of CPU per message; left ours, right the ocpp package before its user's code\n\n{'':<24}", end="")
    print("".join(f"{head:>{WIDTH}}" for head in next(iter(rows.values()))) + f"{'times':>{WIDTH}}")
    for name, row in rows.items():
        figures = "".join(f"{value:>{WIDTH}.1f}" for value in row.values())
        print(f"{name:<24}{figures}{row['both'] / row['decode']:>{WIDTH}.0f}")
    print("\nThe last column: how many times as much the package takes to unpack and validate as we take to decode.")
    print(
        json.dumps(
            {"bench": "protocol", **{name: {k: round(v, 2) for k, v in row.items()} for name, row in rows.items()}}
        )
    )


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
    given = parser.parse_args()
    report({case.name: measured(case, given.turns) for case in CASES})


if __name__ == "__main__":
    main()

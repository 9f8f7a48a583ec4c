"""Frames of real chargers, replayed whole over sockets: each call is answered with its id, and nothing stumbles."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import ClientConnection

from laddverk.gateway import connection, doorway
from laddverk.ocpp.commands import RawCall
from tests.conformance.quirks.charger import WAIT_S, Charger, Field

pytestmark = pytest.mark.asyncio(loop_scope="module")

HERE = Path(__file__).parent
CAPTURED = HERE.parents[3] / "shared" / "data" / "ocpp" / "captured_frames.jsonl"
QUIRKS = [json.loads(line) for line in (HERE.parent / "ocpp" / "quirk_frames.jsonl").read_text().splitlines()]
VERSIONS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}
ROWS = 90  # of the catalogue of quirks
SMALLEST: dict[str, dict[str, Any]] = {
    "GetConfiguration": {},
    "Reset": {"type": "Soft"},
    "SendLocalList": {"versionNumber": 1, "updateType": "Full"},
    "GetLocalListVersion": {},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 60},
}
"""A call that a quirk is the answer to."""
TEST = re.compile(r"^async def test_q(\d{3})_", re.MULTILINE)
STUMBLES = {"gateway.untranslated", "window.quarantined", "window.failed", "window.stumbled", "window.not_recorded"}


async def test_every_row_of_the_catalogue_has_its_test() -> None:
    numbers = {int(number) for path in HERE.glob("test_*.py") for number in TEST.findall(path.read_text())}
    assert numbers == set(range(1, ROWS + 1))


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk["id"])
async def test_an_odd_frame_is_answered_and_the_charger_stays(field: Field, quirk: dict[str, str]) -> None:
    version = VERSIONS[quirk["ver"]]
    with capture_logs() as logged:
        async with field.charger(f"odd-{quirk['id']}", {"call_timeout_s": 2}, version=version) as charger:
            if "after" in quirk:
                await _answered(charger, quirk)
            else:
                answer = await charger.asks(quirk["raw"])
                assert answer[1] == json.loads(quirk["raw"], strict=False)[1]
                assert answer[0] == (4 if quirk["id"] == "Q32" else 3)  # only a payload that is null is refused
            await charger.lives()
    assert not [entry for entry in logged if entry["event"] in STUMBLES or "exc_info" in entry]


async def _answered(charger: Charger, quirk: dict[str, str]) -> None:
    call = RawCall(action=quirk["after"], payload=SMALLEST[quirk["after"]])
    found = await charger.answers(call, lambda unique_id: quirk["raw"].replace("@REQ@", unique_id))
    assert found["state"] in ("confirmed", "accepted", "refused", "failed")


@pytest.mark.skipif(not CAPTURED.exists(), reason="no captured frames beside this repository")
async def test_captured_chargers_are_answered_frame_by_frame(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    unhurried = partial(doorway.Allowance, per_s=1e6, burst=1e6)  # they spoke for hours, and are replayed in seconds
    monkeypatch.setattr(connection, "Allowance", unhurried)
    with capture_logs() as logged:
        counts = await asyncio.gather(*(_replayed(field, *each) for each in _recorded().items()))
    total: Counter[str] = sum(counts, Counter())
    assert not [entry for entry in logged if entry["event"] in STUMBLES or "exc_info" in entry]
    assert total == {"results": 4_136, "NotImplemented CustomOperation": 2}  # the standard has no such action


def _recorded() -> dict[str, list[tuple[str, list[str]]]]:
    """Return the connections of each charger: the version, and what it sent."""
    found: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for line in map(json.loads, CAPTURED.read_text(encoding="utf-8").splitlines()):
        if line["dir"] == "OPEN":
            found[line["cp"]].append((line["raw"], []))
        elif line["dir"] == "->":
            found[line["cp"]][-1][1].append(line["raw"])
    return found


async def _replayed(field: Field, name: str, connections: list[tuple[str, list[str]]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    await field.add(name)
    for version, frames in connections:
        async with field.connected(name, version) as charger:
            calls = [frame for frame in map(json.loads, frames) if frame[0] == 2]
            answers = asyncio.create_task(_answers(charger.socket, len(calls)))
            for frame in frames:
                await charger.sends(frame)
            for call, answer in zip(calls, await answers, strict=True):
                assert answer[1] == call[1]
                counted["results" if answer[0] == 3 else f"{answer[2]} {call[2]}"] += 1
            await charger.lives()
    return counted


async def _answers(socket: ClientConnection, count: int) -> list[Any]:
    """Return the answers to `count` calls, in order; calls of ours in between are left unanswered."""
    found: list[Any] = []
    while len(found) < count:
        frame = json.loads(await asyncio.wait_for(socket.recv(), WAIT_S))
        if frame[0] in (3, 4):
            found.append(frame)
    return found

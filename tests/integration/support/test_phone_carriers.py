"""Other carriers by what they were recorded to say: Asterisk's ARI, and the webhook of any PBX."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from laddverk.kernel.problems import Invalid
from laddverk.platform.database import Database
from laddverk.support.phone import desk as deeds
from laddverk.support.phone.listening import Listener
from laddverk.support.phone.providers import ari_calls, cti
from tests.doubles.http import Answer, HttpDouble, Request
from tests.integration.support.phone_world import EVA, HERS, SOFTPHONE, Desk, a_driver, desk_on

CHANNEL = "1732262400.17"


def channel(name: str = CHANNEL, number: str = HERS) -> dict[str, Any]:
    """A channel, as Asterisk 22 describes it."""
    return {
        "id": name, "name": f"PJSIP/trunk-{name}", "state": "Ring", "protocol_id": "x",
        "caller": {"name": "", "number": number}, "connected": {"name": "", "number": ""}, "accountcode": "",
        "dialplan": {"context": "in", "exten": "+46101234567", "priority": 2, "app_name": "Stasis", "app_data": "l"},
        "creationtime": "2026-11-22T08:00:00.000+0000", "language": "en",
    }  # fmt: skip


def event(kind: str, **more: Any) -> str:
    return json.dumps({"type": kind, "application": "laddverk", "timestamp": "2026-11-22T08:00:00.000+0000"} | more)


async def test_asterisk_rings_gathers_keys_waits_and_joins_the_agent(database: Database, tmp_path: Path) -> None:
    """The way of a call by recorded events: answered, a sound, a key, the queue, the agent, a bridge, the end."""
    asked: list[str] = []

    async def answer(request: Request) -> Answer:
        asked.append(f"{request.method} {request.path}?{request.query}")
        return (200, b"{}")

    async with HttpDouble(answer) as asterisk, desk_on(database, tmp_path) as desk:
        house = desk.network.house
        house.settings = replace(house.settings, ari_url=asterisk.url, speech_command="cat", demo=False)
        await a_driver(desk.network)
        await desk.present()
        listener = Listener(house)
        await listener.hear("{")
        await listener.hear("[]")
        await listener.hear(event("StasisStart", channel="odd", args=None))
        await listener.hear(event("StasisStart", channel=channel(), args=[]))
        assert asked[0].startswith(f"POST /ari/channels/{CHANNEL}/answer")
        assert "play/said-0-" in asked[1]
        assert "sound%3Ahttp" in asked[1]
        await listener.hear(event("ChannelDtmfReceived", channel=channel(), digit="0"))
        await listener.hear(event("ChannelDtmfReceived", channel=channel(), digit="#"))
        assert any(each.startswith("DELETE /ari/playbacks/said-0-") for each in asked), "a key ends the sound"
        waiting = await desk.network.value("SELECT id FROM phone_call WHERE queued_at IS NOT NULL")
        await taken(desk, waiting)
        await listener.act_on(listener.lines.silent(CHANNEL, 1))
        leg = next(each for each in asked if "endpoint=" in each)
        assert SOFTPHONE.removeprefix("+") in leg
        assert f"agent%2C{CHANNEL}" in leg
        await listener.hear(event("StasisStart", channel=channel("agent-1", SOFTPHONE), args=["agent", CHANNEL]))
        assert any(f"addChannel?channel={CHANNEL}%2Cagent-1" in each for each in asked)
        assert await desk.network.value("SELECT menu->>'place' FROM phone_call") == "connected"
        assert not any("/record" in each for each in asked), "nobody has agreed to be recorded"
        await listener.hear(event("StasisEnd", channel=channel("agent-1")))
        assert asked[-1].startswith(f"DELETE /ari/channels/{CHANNEL}")
        await listener.hear(event("StasisEnd", channel=channel()))
        await listener.hear(event("ChannelDestroyed", channel=channel()))
        assert await desk.network.value("SELECT ended_how FROM phone_call") == "talked"
        for task in list(listener._later):
            task.cancel()
        await asyncio.gather(*listener._later, return_exceptions=True)
    assert ari_calls.pause_recording("call-1", is_paused=True).method == "POST"


async def taken(desk: Desk, call_id: Any) -> None:
    async with desk.network.house.database.transaction() as tx:
        await deeds.take(tx, desk.network.house, EVA, call_id, desk.network.house.clock())


async def test_a_pbx_tells_of_its_calls_and_the_case_is_there(database: Database, tmp_path: Path) -> None:
    async with desk_on(database, tmp_path, cti_secret="s3cret") as desk:
        driver = await a_driver(desk.network)
        rings = {"event": "newCall", "direction": "in", "from": "070-123 45 67", "to": "46101234567", "callId": "p1"}
        path = "/webhooks/telephone/s3cret/event"
        assert (await desk.client.post("/webhooks/telephone/other/event", data=rings)).status_code == 404
        assert (await desk.client.post(path, json={"event": "dance", "callId": "p1"})).status_code == 422
        assert (await desk.client.post(path, content=b"[" * 9000, headers=JSON)).status_code == 422
        for _time in range(2):
            assert (await desk.client.post(path, data=rings)).text == "ok"
        assert await desk.network.value("SELECT driver_id FROM phone_call") == driver
        assert await desk.network.value("SELECT count(*) FROM support_case") == 0
        answered = {"event": "answer", "callId": "p1", "user": ["Eva", "x"], "from": "+46701234567"}
        await desk.client.post(path, json=answered)
        assert await desk.network.value("SELECT contact_phone FROM support_case") == HERS
        await desk.client.post(path, json={"event": "hangup", "callId": "p1", "cause": "normalClearing"})
        missed = {"event": "hangup", "callId": "p2", "from": "0701111111", "cause": "cancel"}
        await desk.client.post(path, json=missed)
        assert await desk.network.value("SELECT ended_how FROM phone_call WHERE key = 'cti:p1'") == "talked"
        assert await desk.network.value("SELECT ended_how FROM phone_call WHERE key = 'cti:p2'") == "missed"


JSON = {"content-type": "application/json"}


def test_numbers_are_read_in_the_ways_that_a_pbx_writes_them() -> None:
    for written in ("+46701234567", "0046701234567", "0701234567", "46701234567", "070-123 45 67"):
        assert cti.number_in(written) == HERS
    for none in ("", "anonymous", "0", "12", "+" * 90):
        assert cti.number_in(none) == ""
    with pytest.raises(Invalid):
        cti.told_in({"event": "newCall"})

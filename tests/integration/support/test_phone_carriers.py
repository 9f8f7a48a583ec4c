"""Other carriers by what they were recorded to say: Asterisk's ARI, and the webhook of any PBX."""

from __future__ import annotations

import asyncio
import json
import re
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
TALK = Path(__file__).parents[2] / "data" / "ari" / "talk.jsonl"
TOLD: list[dict[str, Any]] = [json.loads(line) for line in TALK.read_text().splitlines()]
RECORDED = b"RIFF\x24\x00\x00\x00WAVE"


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
        assert any(each.startswith("DELETE /ari/playbacks/said-0-") for each in asked), "a key ends the sound"
        waiting = await desk.network.value("SELECT id FROM phone_call WHERE queued_at IS NOT NULL")
        await taken(desk, waiting)
        await listener.act_on(listener.lines.silent(CHANNEL, 1))
        leg = next(each for each in asked if "endpoint=" in each)
        assert SOFTPHONE.removeprefix("+") in leg
        assert f"agent%2C{CHANNEL}" in leg
        ringing = re.search(r"channelId=([^&]*)", leg)
        assert ringing is not None
        await listener.hear(event("StasisStart", channel=channel(ringing[1], SOFTPHONE), args=["agent", CHANNEL]))
        assert any(f"addChannel?channel={CHANNEL}%2C{ringing[1]}" in each for each in asked)
        assert await desk.network.value("SELECT menu->>'place' FROM phone_call") == "connected"
        assert not any("/record" in each for each in asked), "nobody has agreed to be recorded"
        await listener.hear(event("StasisEnd", channel=channel(ringing[1])))
        assert asked[-1].startswith(f"DELETE /ari/channels/{CHANNEL}")
        await listener.hear(event("StasisEnd", channel=channel()))
        await listener.hear(event("ChannelDestroyed", channel=channel()))
        assert await desk.network.value("SELECT ended_how FROM phone_call") == "talked"
        for task in list(listener._later):
            task.cancel()
        await asyncio.gather(*listener._later, return_exceptions=True)
    assert ari_calls.pause_recording("call-1", is_paused=True).method == "POST"


async def test_a_talk_as_a_real_asterisk_told_it(database: Database, tmp_path: Path) -> None:
    """Recorded by the long test (Asterisk 22, SIPp, Chromium): the menu, the queue, a browser that answers, the end."""
    asked: list[str] = []

    async def answer(request: Request) -> Answer:
        asked.append(f"{request.method} {request.path}")
        return (200, RECORDED if request.method == "GET" else b"{}")

    async with HttpDouble(answer) as asterisk, desk_on(database, tmp_path, phone_records=True) as desk:
        house = desk.network.house
        house.settings = replace(house.settings, ari_url=asterisk.url, speech_command="cat", demo=False)
        await desk.present()
        listener = Listener(house)
        caller = TOLD[0]["channel"]["id"]
        for told in TOLD:
            name = told.get("channel", told.get("playback", {})).get("id", "")
            line = listener.lines.of.get(caller)
            if line is not None and name.startswith(f"to-{line.turn + 1}-"):  # no event tells that one of ours takes it
                await taken(desk, await desk.network.value("SELECT id FROM phone_call WHERE queued_at IS NOT NULL"))
                await listener.act_on(listener.lines.silent(caller, line.turn))
            elif line is not None and name.startswith(f"said-{line.turn + 1}-"):  # nothing was pressed for a while
                await listener.act_on(listener.lines.silent(caller, line.turn))
            await listener.hear(json.dumps(told))
        call = "SELECT ended_how || ' ' || (menu->>'place') || ' ' || phone FROM phone_call"
        assert await desk.network.value(call) == f"talked connected {HERS}"
        assert await desk.network.value("SELECT answered_at >= taken_at FROM phone_call")
        assert await desk.network.value("SELECT url FROM phone_recording") == (
            f"{asterisk.url}/ari/recordings/stored/call-{caller}/file"
        )
        assert asked[-1] == f"DELETE /ari/bridges/b-{caller}"
        assert listener.lines.of == listener.lines.legs == {}
        await house.worker.run_until_idle()
        stored = f"/ari/recordings/stored/call-{caller}"
        assert asked[-2:] == [f"GET {stored}/file", f"DELETE {stored}"], "what we have Asterisk need not keep"
        assert await desk.network.value("SELECT content FROM phone_recording") == RECORDED
        for task in list(listener._later):
            task.cancel()
        await asyncio.gather(*listener._later, return_exceptions=True)


async def test_nobody_picks_up_and_the_caller_waits_on(database: Database, tmp_path: Path) -> None:
    """The phone is not registered, is declined, or rings after its caller has gone: no one is left without an end."""
    asked: list[str] = []
    refuses = ["endpoint="]

    async def answer(request: Request) -> Answer:
        asked.append(f"{request.method} {request.path}")
        return (400 if any(each in request.query for each in refuses) else 200, b"{}")

    async with HttpDouble(answer) as asterisk, desk_on(database, tmp_path) as desk:
        house = desk.network.house
        house.settings = replace(house.settings, ari_url=asterisk.url, speech_command="cat", demo=False)
        await desk.present()
        listener = Listener(house)
        await listener.hear(event("StasisStart", channel=channel(), args=[]))
        await listener.hear(event("ChannelDtmfReceived", channel=channel(), digit="0"))
        await listener.hear(event("ChannelDtmfReceived", channel=channel(), digit="#"))
        waiting = await desk.network.value("SELECT id FROM phone_call")
        await taken(desk, waiting)
        await listener.act_on(listener.lines.silent(CHANNEL, listener.lines.of[CHANNEL].turn))
        place = "SELECT (menu->>'place') || ' ' || coalesce(taken_name, '') FROM phone_call"
        assert await desk.network.value(place) == "queue ", "nobody is registered there"
        assert await desk.network.value("SELECT state FROM phone_presence") == "pause"
        refuses.clear()
        await desk.present()
        await taken(desk, waiting)
        line = listener.lines.of[CHANNEL]
        await listener.act_on(listener.lines.silent(CHANNEL, line.turn))
        leg = line.leg
        await listener.hear(event("ChannelDestroyed", channel=channel(leg), cause=17))
        assert await desk.network.value(place) == "queue ", "they have declined"
        await listener.hear(event("StasisStart", channel=channel(leg), args=["agent", CHANNEL]))
        assert asked[-1] == f"DELETE /ari/channels/{leg}", "picked up too late"
        await listener.hear(event("StasisEnd", channel=channel()))
        assert await desk.network.value("SELECT ended_how FROM phone_call") == "missed"
        assert await desk.network.value("SELECT count(*) FROM phone_call") == 1
        for task in list(listener._later):
            task.cancel()
        await asyncio.gather(*listener._later, return_exceptions=True)


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

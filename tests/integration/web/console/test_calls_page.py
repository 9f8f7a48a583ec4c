"""The pages of calls: a call that was promised for a time, hours that close, and a recording that is paused or not."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import new_id, shown
from laddverk.support.phone import store
from laddverk.support.phone.model import Call, Menu, Place
from laddverk.web.console import routes
from laddverk.web.live import Streams
from tests.integration.web.console.conftest import NOW, SignedIn, World
from tests.integration.web.console.test_cases import opened, watched
from tests.integration.web.journey import plain
from tests.integration.web.test_paying_pages import value


async def a_call(world: World, provider: str, **given: Any) -> UUID:
    """Keep a call as it would be."""
    call = Call(
        id=new_id(), key=f"{provider}:{new_id()}", provider=provider, phone="+46701234567", started_at=NOW,
        menu=Menu(place=Place.CONNECTED),
    )  # fmt: skip
    async with world.house.database.transaction() as tx:
        await store.insert(tx, call)
        await store.save(tx, replace(call, **given))
    return call.id


async def test_a_promised_call_has_its_time_and_a_recording_says_what_its_carrier_can(
    world: World, signed_in: SignedIn
) -> None:
    admin = await signed_in(Role.ADMIN)
    hours = {"name": "Office", "mon": "08:00-17:00", "closes_phone": "yes", "closes_chat": "yes"}
    assert (await admin.send("/console/support/hours", **hours)).status_code == 303
    page = plain((await admin.open("/console/support/promises")).text)
    assert "closes the phone, closes the chat" in page
    assert await value(world, "SELECT closes FROM support_hours") == ["phone", "chat"]

    await a_call(world, "46elks", callback_at=NOW, callback_due_at=NOW + timedelta(days=2), ended_at=NOW)
    page = plain((await admin.open("/console/calls")).text)
    assert "from 23 Nov 2026 10:00" in page

    me = await value(world, "SELECT id FROM operator ORDER BY created_at DESC LIMIT 1")
    path = await opened(admin, email="bo@example.se", name="Bo", language="en")
    case_id = UUID(path.rsplit("_", 1)[1])
    talks = {
        "case_id": case_id, "queued_at": NOW, "taken_by": me, "taken_name": "Admin", "taken_at": NOW,
        "answered_at": NOW, "record_consent_at": NOW,
    }  # fmt: skip
    here = await a_call(world, "46elks", **talks)
    page = plain((await admin.open(path)).text)
    assert "This carrier cannot pause a recording: let no card number be said, or stop it." in page
    assert "Pause the recording" not in page
    refused = await admin.send(f"/console/calls/{shown('cll', here)}/do", what="pause_recording")
    assert refused.status_code == 303
    assert "This carrier cannot pause a recording." in plain((await admin.open(refused.headers["location"])).text)
    stopped = await admin.send(f"/console/calls/{shown('cll', here)}/do", what="stop_recording")
    assert (stopped.status_code, stopped.headers["location"]) == (303, path)
    assert "None of the recording is kept" in plain((await admin.open(path)).text)
    audited = "SELECT count(*) FROM audit_log WHERE action = 'recording.stopped' AND object_id = $1"
    async with world.house.database.transaction() as tx:
        assert await tx.value(audited, here) == 1
        await tx.execute("UPDATE phone_call SET ended_at = $1 WHERE id = $2", NOW, here)

    await a_call(world, "ari", **talks)
    page = plain((await admin.open(path)).text)
    assert "Pause the recording" in page
    await value(world, "UPDATE phone_call SET record_paused_at = now() WHERE provider = 'ari' RETURNING id")
    page = plain((await admin.open(path)).text)
    assert "The recording is paused" in page
    assert "Go on recording" in page


async def test_who_takes_calls_is_told_of_a_waiting_call_on_every_page_and_takes_it_there(
    world: World, signed_in: SignedIn
) -> None:
    agent = await signed_in(Role.SUPPORT)
    stream = "/console/live/lists/desk"
    assert stream not in (await agent.open("/console/sessions")).text
    assert (await agent.send("/console/calls/presence", state="ready", number="+46700000001")).status_code == 303
    assert f'hx-sse:connect="{stream}"' in (await agent.open("/console/sessions")).text
    assert "Take the call" not in await watched(world, agent, stream)

    path = await opened(agent, email="bo@example.se", name="Bo", language="en")
    waits = {
        "menu": Menu(place=Place.QUEUE), "queued_at": NOW, "station_id": world.station, "code": "ROD-1",
        "situation": "plug-in-not-authorised", "case_id": UUID(path.rsplit("_", 1)[1]),
    }  # fmt: skip
    call = await a_call(world, "46elks", **waits)
    told = plain(await watched(world, agent, stream))
    assert "+46701234567" in told
    assert "ROD-1" in told
    assert "Take the call" in told
    taken = await agent.send(f"/console/calls/{shown('cll', call)}/do", what="take")
    assert (taken.status_code, taken.headers["location"]) == (303, path)
    told = plain(await watched(world, agent, stream))
    assert "Take the call" not in told
    assert "You speak with" in told

    assert (await agent.send("/console/calls/presence", state="", number="")).status_code == 303
    assert stream not in (await agent.open("/console/sessions")).text
    guest = await signed_in(Role.SITE_HOST, world.site)
    assert (await guest.open(stream)).status_code == 403


async def test_who_pauses_sees_nobody_wait_on_any_page_and_whom_they_speak_with_on_all(
    world: World, signed_in: SignedIn
) -> None:
    world.house.settings = replace(world.house.settings, softphone_url="wss://pbx.example.com/ws", ari_url="http://x")
    agent = await signed_in(Role.SUPPORT)
    me = await value(world, "SELECT id FROM operator ORDER BY created_at DESC LIMIT 1")
    await a_call(world, "ari", menu=Menu(place=Place.QUEUE), queued_at=NOW)
    path = await opened(agent, email="bo@example.se", name="Bo", language="en")
    await a_call(
        world, "ari", queued_at=NOW, taken_by=me, taken_name="Agent", taken_at=NOW, answered_at=NOW, code="ROD-9",
        case_id=UUID(path.rsplit("_", 1)[1]),
    )  # fmt: skip
    for state, waits in (("ready", True), ("pause", False)):
        await agent.send("/console/calls/presence", state=state, number="+46700000001")
        for kind in ("desk", "softphone"):
            told = plain(await watched(world, agent, f"/console/live/lists/{kind}"))
            assert ("Take the call" in told) is waits, (state, kind)
            assert "ROD-9" in told, (state, kind)


async def test_waiting_calls_are_told_though_every_page_has_a_stream_and_once_though_none_is_free(
    world: World, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await signed_in(Role.SUPPORT)
    await agent.send("/console/calls/presence", state="ready", number="+46700000001")
    await a_call(world, "46elks", menu=Menu(place=Place.QUEUE), queued_at=NOW)
    monkeypatch.setattr(routes, "streams", Streams(0))
    assert (await agent.open("/console/live/lists/calls")).status_code == 429
    assert "Take the call" in await watched(world, agent, "/console/live/lists/desk")
    monkeypatch.setattr(routes, "beside", Streams(0))
    told = await agent.open("/console/live/lists/desk")  # ends by itself
    assert told.status_code == 200
    assert told.text.startswith("retry: 15000\ndata: ")
    assert "Take the call" in told.text


async def test_a_case_rings_numbers_of_allowed_countries_and_nobody_twice(world: World, signed_in: SignedIn) -> None:
    world.house.settings = replace(world.house.settings, phone_number="+46766861004")
    agent = await signed_in(Role.SUPPORT)
    await agent.send("/console/calls/presence", state="ready", number="+46700000001")

    async def rung(phone: str) -> str:
        path = await opened(agent, name="Bo", phone=phone, language="en")
        answer = await agent.send("/console/calls/dial", case=path.rpartition("/")[2])
        return plain((await agent.open(answer.headers["location"])).text)

    for dear in ("+8821312345678", "+469001234567", "+4917012345678"):
        assert "Numbers that begin like this one are not rung from here." in await rung(dear)
    assert await value(world, "SELECT count(*) FROM phone_call") == 0
    assert "calls +4791234567." in await rung("+4791234567")

    path = await opened(agent, name="Bo", phone="+46701234567", language="en")
    both = await asyncio.gather(
        *(agent.send("/console/calls/dial", case=path.rpartition("/")[2]) for _click in range(2))
    )  # fmt: skip
    assert {one.headers["location"] for one in both} >= {f"{path}#call"}
    assert await value(world, "SELECT count(*) FROM phone_call WHERE phone = '+46701234567'") == 1, "a double click"
    assert "A call with them is under way already." in await rung("+46701234567"), "from another case of theirs"

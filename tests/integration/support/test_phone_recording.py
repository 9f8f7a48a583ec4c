"""What is recorded of a call is paused while a card number is said, where its carrier can; else none of it is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict
from laddverk.platform.database import Database
from laddverk.support.phone import desk as deeds
from laddverk.support.phone import jobs, recording, service, store
from laddverk.support.phone.listening import Listener
from tests.doubles.http import Answer, HttpDouble, Request
from tests.integration.support.phone_world import EVA, HERS, SOFTPHONE, Desk, a_driver, desk_on, until
from tests.integration.support.test_phone_carriers import CHANNEL, channel, event

AUDIT = "SELECT string_agg(action, ' ' ORDER BY at, id) FROM audit_log WHERE action LIKE 'recording.%'"


async def taken(desk: Desk) -> UUID:
    call_id: UUID = await desk.network.value("SELECT id FROM phone_call WHERE queued_at IS NOT NULL")
    async with desk.network.house.database.transaction() as tx:
        await deeds.take(tx, desk.network.house, EVA, call_id, desk.network.house.clock())
    return call_id


async def test_asterisk_pauses_goes_on_and_throws_away_and_a_refusal_is_said(
    database: Database, tmp_path: Path
) -> None:
    asked: list[str] = []
    legs: list[str] = []
    refuses: list[str] = []

    async def answer(request: Request) -> Answer:
        asked.append(f"{request.method} {request.path}")
        legs.extend(re.findall(r"channelId=([^&]*)", request.query))
        return (404, b"{}") if refuses and "recordings/live" in request.path else (200, b"{}")

    async with (
        HttpDouble(answer) as asterisk,
        desk_on(database, tmp_path, phone_records=True) as desk,
    ):
        house = desk.network.house
        house.settings = replace(house.settings, ari_url=asterisk.url, speech_command="cat", demo=False)
        await a_driver(desk.network)
        await desk.present()
        listener = Listener(house)
        await listener.hear(event("StasisStart", channel=channel(), args=[]))
        for key in ("0", "1"):  # a person; yes, it may be recorded
            await listener.hear(event("ChannelDtmfReceived", channel=channel(), digit=key))
        call_id = await taken(desk)
        with pytest.raises(Conflict, match="Nothing is being recorded"):
            await recording.pause(house, EVA, call_id, house.clock(), is_paused=True)
        await listener.act_on(listener.lines.silent(CHANNEL, 2))
        await listener.hear(event("StasisStart", channel=channel(legs[0], SOFTPHONE), args=["agent", CHANNEL]))
        assert any(each.endswith("/record") for each in asked)

        await recording.pause(house, EVA, call_id, house.clock(), is_paused=True)
        assert asked[-1] == f"POST /ari/recordings/live/call-{CHANNEL}/pause"
        assert await desk.network.value("SELECT record_paused_at IS NOT NULL FROM phone_call")
        await recording.pause(house, EVA, call_id, house.clock(), is_paused=False)
        assert asked[-1] == f"DELETE /ari/recordings/live/call-{CHANNEL}/pause"
        assert await desk.network.value("SELECT record_paused_at IS NULL FROM phone_call")
        refuses.append("now")
        with pytest.raises(Conflict, match="the recording goes on as before"):
            await recording.pause(house, EVA, call_id, house.clock(), is_paused=True)
        assert await desk.network.value("SELECT record_paused_at IS NULL FROM phone_call"), "nothing is claimed"
        await recording.stop(house, EVA, call_id, house.clock())
        assert asked[-1] == f"DELETE /ari/recordings/live/call-{CHANNEL}"
        ended = event("RecordingFinished", recording={"name": f"call-{CHANNEL}", "state": "done"})
        await listener.hear(ended)
        assert await desk.network.value("SELECT count(*) FROM phone_recording") == 0
        assert await desk.network.value(AUDIT) == (
            "recording.paused recording.resumed recording.not_paused recording.stopped recording.not_discarded"
        )
        for task in list(listener._later):
            task.cancel()


async def test_46elks_cannot_pause_and_says_so_and_what_was_stopped_is_never_fetched(
    database: Database, tmp_path: Path
) -> None:
    async with desk_on(database, tmp_path, phone_records=True) as desk:
        house = desk.network.house
        await a_driver(desk.network)
        await desk.present()
        call = desk.carrier.dial(HERS)
        await desk.hears(call, "Welcome")
        desk.carrier.press(call, "0")
        await desk.hears(call, "May we record the call")
        desk.carrier.press(call, "1")
        await desk.hears(call, "in the queue")
        call_id = await taken(desk)
        await until(lambda: call.state == "talking")
        assert call.recordings, "the carrier records"
        with pytest.raises(Conflict, match="This carrier cannot pause") as refused:
            await recording.pause(house, EVA, call_id, house.clock(), is_paused=True)
        assert "Stop it instead" in (refused.value.remedy or "")
        await recording.stop(house, EVA, call_id, house.clock())
        with pytest.raises(Conflict):
            await recording.stop(house, EVA, call_id, house.clock())
        desk.carrier.hang_up(call)
        await until(lambda: not any(call.recordings.values()))
        assert await desk.network.value("SELECT count(*) FROM phone_recording") == 0
        assert await desk.network.value(AUDIT) == "recording.stopped"
        async with house.database.transaction() as tx:
            key = await tx.value("SELECT key FROM phone_call")
            assert await service.record(tx, house, key, "http://elks.test/a1/r.wav", "call", house.clock()) is None


async def dialled(desk: Desk) -> UUID:
    """Let Eva ring a driver, where callers are asked whether they may be recorded."""
    await desk.present()
    async with desk.network.house.database.transaction() as tx:
        made = await deeds.dial(tx, desk.network.house, EVA, HERS, None, desk.network.house.clock())
    return made.id


async def is_not_recorded(desk: Desk, url: str) -> None:
    """Whoever is rung was asked nothing: there is nothing to pause, and what a carrier may tell of is not kept."""
    house = desk.network.house
    key = await desk.network.value("SELECT key FROM phone_call WHERE answered_at IS NOT NULL")
    call_id = await desk.network.value("SELECT id FROM phone_call")
    async with house.database.transaction() as tx:
        assert await service.record(tx, house, key, url, "call", house.clock()) is None
    with pytest.raises(Conflict, match="Nothing is being recorded"):
        await recording.pause(house, EVA, call_id, house.clock(), is_paused=True)
    assert await desk.network.value("SELECT count(*) FROM phone_recording") == 0


async def test_who_is_rung_from_46elks_is_not_recorded(database: Database, tmp_path: Path) -> None:
    async with desk_on(database, tmp_path, phone_records=True) as desk:
        call_id = await dialled(desk)
        told = (await desk.client.post(desk.hook(f"out/{call_id}"), data={"callid": "c1"})).json()
        assert told["connect"] == HERS
        assert "recordcall" not in told
        assert "record" not in told
        await is_not_recorded(desk, "http://elks.test/a1/r.wav")


async def test_who_is_rung_from_asterisk_is_not_recorded(database: Database, tmp_path: Path) -> None:
    asked: list[str] = []
    legs: list[str] = []

    async def answer(request: Request) -> Answer:
        asked.append(f"{request.method} {request.path}")
        legs.extend(re.findall(r"channelId=([^&]*)", request.query))
        return 200, b"{}"

    async with HttpDouble(answer) as asterisk, desk_on(database, tmp_path, phone_records=True) as desk:
        house = desk.network.house
        house.settings = replace(house.settings, ari_url=asterisk.url, speech_command="cat", demo=False)
        call_id = await dialled(desk)
        listener = Listener(house)
        await listener.hear(event("StasisStart", channel=channel(CHANNEL, SOFTPHONE), args=["out", str(call_id)]))
        await listener.hear(event("StasisStart", channel=channel(legs[-1], HERS), args=["agent", CHANNEL]))
        assert any("/bridges/" in each for each in asked), "they speak"
        assert not any("record" in each for each in asked)
        await is_not_recorded(desk, f"{asterisk.url}/ari/recordings/stored/call-{CHANNEL}/file")
        for task in list(listener._later):
            task.cancel()


async def test_a_recording_and_a_voice_are_kept_as_long_as_is_said_and_no_longer(
    database: Database, tmp_path: Path
) -> None:
    async with desk_on(database, tmp_path, recordings_kept_days=10) as desk:
        house = desk.network.house
        now, call_id = house.clock(), new_id()
        async with house.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO phone_call (id, key, provider, direction, phone, started_at, ended_at)"
                " VALUES ($1, 'c1', '46elks', 'in', $2, $3, $3)",
                call_id, HERS, now - timedelta(days=11),
            )  # fmt: skip
            for url, age in (("young", timedelta(days=9, hours=23)), ("old", timedelta(days=10, minutes=1))):
                await tx.execute(
                    "INSERT INTO phone_recording (id, call_id, at, kind, url, content)"
                    " VALUES ($1, $2, $3, 'call', $4, 'RIFF')",
                    new_id(), call_id, now - age, url,
                )  # fmt: skip
            for name, age in (("young", jobs.VOICES_KEPT - timedelta(hours=1)), ("old", jobs.VOICES_KEPT * 1.1)):
                await store.keep_voice(tx, name, store.Voice("sv", "Hej"), now - age)
        assert {each.kind for each in jobs.EVERY} == {jobs.FORGET}, "it happens by itself"
        async with house.database.transaction() as tx:
            await jobs.handlers(house)[jobs.FORGET](tx, [{}])
        assert await desk.network.value("SELECT string_agg(url, ' ') FROM phone_recording") == "young"
        assert await desk.network.value("SELECT string_agg(name, ' ') FROM phone_voice") == "young"
        assert await desk.network.value("SELECT count(*) FROM phone_call") == 1, "that somebody rang is known longer"

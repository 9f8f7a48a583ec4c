"""What is recorded of a call is paused while a card number is said, where its carrier can; else none of it is kept."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from laddverk.kernel.problems import Conflict
from laddverk.platform.database import Database
from laddverk.support.phone import desk as deeds
from laddverk.support.phone import recording, service
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

"""Calls by the protocol of 46elks, on a real database and with a charger on its socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection

from laddverk.kernel.problems import Conflict, NotFound
from laddverk.notices.sms import service as sms
from laddverk.platform.database import Database
from laddverk.simulator.elks import silence
from laddverk.support import queries
from laddverk.support.model import Verified
from laddverk.support.phone import desk as deeds
from laddverk.support.phone import service, store
from laddverk.support.phone.model import Call, State
from tests.integration.support.phone_world import EVA, HERS, SOFTPHONE, Desk, a_driver, desk_on, said, until
from tests.network import BOOT_16, ask


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_on(database, tmp_path) as made:
        yield made


async def says(socket: ClientConnection, status: str, desk: Desk) -> None:
    at = desk.network.house.clock().isoformat()
    await ask(
        socket, "StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": at}
    )


async def charges(socket: ClientConnection, desk: Desk, tag: str = "ADA1") -> int:
    """A charge with somebody's tag that began a while ago."""
    at = desk.network.house.clock() - timedelta(minutes=20)
    await ask(socket, "BootNotification", BOOT_16)
    await says(socket, "Charging", desk)
    start = {"connectorId": 1, "idTag": tag, "meterStart": 1000, "timestamp": at.isoformat()}
    return int((await ask(socket, "StartTransaction", start))[2]["transactionId"])


async def the_call(desk: Desk, number: str = HERS) -> Call:
    async with desk.network.house.database.transaction() as tx:
        key = await tx.value("SELECT key FROM phone_call WHERE phone = $1 ORDER BY started_at DESC LIMIT 1", number)
        found = await store.by_key(tx, key)
    assert found is not None
    return found


async def timeline(desk: Desk, call: Call) -> list[str]:
    assert call.case_id is not None
    async with desk.network.house.database.transaction() as tx:
        return [one.text or one.body for one in reversed(await queries.timeline(tx, call.case_id))]


async def test_who_calls_from_a_known_number_hears_of_their_charge_and_lets_the_cable_go_by_a_key(desk: Desk) -> None:
    """The cable does not come loose: the charge is stopped and the lock opened, by keys, and no person is needed."""
    await a_driver(desk.network)
    async with desk.network.socket("TST-1") as socket:
        number = await charges(socket, desk)
        call = desk.carrier.dial(HERS)
        heard = await desk.hears(call, "Welcome")
        assert "T S T 0 0 1 1" in heard
        assert "press five" in heard
        assert "For Swedish, press nine" in heard
        desk.carrier.press(call, "5")
        assert "To stop charging, press 1" in await desk.hears(call, "The cable is locked while it charges")
        desk.carrier.press(call, "1")
        await desk.hears(call, "We have asked the charger to stop")

        asked = await taken(socket, "RemoteStopTransaction")
        assert asked == {"transactionId": number}
        at = desk.network.house.clock()
        stop = {"transactionId": number, "meterStop": 9000, "timestamp": at.isoformat(), "reason": "Remote"}
        await ask(socket, "StopTransaction", stop)
        await says(socket, "Finishing", desk)
        desk.carrier.press(call, "2")
        assert "press 1" in await desk.hears(call, "let go of the cable and try again")
        desk.carrier.press(call, "1")
        assert await taken(socket, "UnlockConnector") == {"connectorId": 1}
        desk.carrier.press(call, "1")
        await until(call.is_over.is_set, lambda: said(call))
    await until_ended(desk)
    kept = await the_call(desk)
    assert (kept.ended_how, kept.case_id) == ("menu", None), "nobody of ours was needed"
    deed, human = (await contact(desk))[:2]
    assert (deed, human) == ("unlock", None)


async def until_ended(desk: Desk, number: str = HERS) -> None:
    async with asyncio.timeout(5):
        while (await the_call(desk, number)).ended_at is None:
            await asyncio.sleep(0.01)


async def contact(desk: Desk) -> tuple[Any, ...]:
    async with desk.network.house.database.transaction() as tx:
        (row,) = await tx.rows("SELECT deed, human_at, situation FROM support_contact ORDER BY at DESC LIMIT 1")
    return tuple(row)


async def taken(socket: ClientConnection, action: str) -> dict[str, Any]:
    """Accept what the charger is asked for next; what it was."""
    async with asyncio.timeout(10):
        while True:
            message = json.loads(await socket.recv())
            if message[0] == 2:
                word = "Unlocked" if message[2] == "UnlockConnector" else "Accepted"
                await socket.send(json.dumps([3, message[1], {"status": word}]))
                if message[2] == action:
                    asked: dict[str, Any] = message[3]
                    return asked


async def test_a_stranger_finds_an_outlet_by_its_digits_and_hears_nothing_of_who_charges_there(desk: Desk) -> None:
    """No account behind the number: the outlet is told of, and no key does anything to somebody else's charge."""
    await a_driver(desk.network)
    async with desk.network.socket("TST-1") as socket:
        await charges(socket, desk)
        call = desk.carrier.dial("+46709999999")
        await desk.hears(call, "For English, press nine")
        desk.carrier.press(call, "9")
        desk.carrier.press(call, "#")
        await desk.hears(call, "Key in the number")
        for key in "99#":
            desk.carrier.press(call, key)
        await desk.hears(call, "No outlet has this number")
        for key in "0011#":
            desk.carrier.press(call, key)
        assert "T S T 0 0 1 1 at Test" in await desk.hears(call, "If this is right, press one")
        desk.carrier.press(call, "1")
        heard = await desk.hears(call, "This is about outlet")
        for kept in ("stop", "let go", "press five"):
            assert kept not in heard
        desk.carrier.press(call, "8")
        await desk.hears(call, "We have sent a text message")
        desk.carrier.hang_up(call)
    await until_ended(desk, "+46709999999")
    sent = await desk.network.value("SELECT body FROM text_message WHERE phone = '+46709999999'")
    assert sent.endswith("/u/TST-001-1")
    assert (await the_call(desk, "+46709999999")).driver_id is None


async def test_a_person_takes_the_call_with_all_that_is_known_and_speaks(desk: Desk) -> None:
    driver = await a_driver(desk.network)
    house = desk.network.house
    await desk.present()
    async with desk.network.socket("TST-1") as socket:
        await charges(socket, desk)
        call = desk.carrier.dial(HERS)
        await desk.hears(call, "Welcome")
        desk.carrier.press(call, "0")
        await desk.hears(call, "You are number 1 in the queue")
        waiting = await the_call(desk)
        async with house.database.transaction() as tx:
            case = await queries.case(tx, None, waiting.case_id)  # type: ignore[arg-type]
            assert case is not None
            assert (case.driver_id, case.verified, case.contact_phone) == (driver, Verified.NUMBER, HERS)
            taken_now = await deeds.take(tx, house, EVA, waiting.id, house.clock())
            with pytest.raises(Conflict):
                await deeds.take(tx, house, EVA, waiting.id, house.clock())
        assert taken_now.taken_number == SOFTPHONE
        await until(lambda: call.state == "talking", lambda: said(call))
        desk.carrier.speak(call, "Hello, this is Eva", "agent")
        desk.carrier.hang_up(call)
    await until_ended(desk)
    kept = await the_call(desk)
    assert (kept.ended_how, kept.taken_name) == ("talked", "Eva")
    assert (await contact(desk))[1] is not None, "a person was met"
    async with house.database.transaction() as tx:
        assert [one.state for one in await store.presences(tx, house.clock() - timedelta(hours=1))] == [State.WRAP_UP]
        await deeds.done(tx, house, EVA, kept.id, "She wanted to know how long it takes", "explained", house.clock())
        (again,) = await store.presences(tx, house.clock() - timedelta(hours=1))
        assert again.state is State.READY
    assert "Spoke with %(who)s for %(minutes)s min." in await timeline(desk, kept)

    # Within thirty days the same caller means the same case, and it is open again.
    await desk.present(None)
    later = desk.carrier.dial(HERS)
    await desk.hears(later, "Welcome")
    desk.carrier.press(later, "0")
    await desk.hears(later, "Nobody can answer right now")
    desk.carrier.press(later, "1")
    await desk.hears(later, "We call you back")
    await until(later.is_over.is_set)
    again_call = await the_call(desk)
    assert (again_call.case_id, again_call.callback_at is not None) == (kept.case_id, True)


async def test_who_hangs_up_in_the_queue_is_a_case_once_an_hour_and_is_called_back(desk: Desk) -> None:
    house = desk.network.house
    await desk.present()
    for _time in range(2):
        call = desk.carrier.dial(HERS)
        await desk.hears(call, "Välkommen")
        desk.carrier.press(call, "0")
        desk.carrier.press(call, "#")
        await desk.hears(call, "nummer 1 i kön")
        desk.carrier.hang_up(call)
        await until_ended(desk)
    assert await desk.network.value("SELECT count(*) FROM support_case") == 1
    assert await desk.network.value("SELECT count(*) FROM phone_call WHERE callback_at IS NOT NULL") == 1
    missed = await desk.network.value("SELECT id FROM phone_call WHERE callback_at IS NOT NULL")
    async with house.database.transaction() as tx:
        made = await deeds.call_back(tx, house, EVA, missed, house.clock())
    base = f"http://127.0.0.1{desk.hook(f'out/{made.id}')}"
    desk.carrier.api_call({"from": "x", "to": SOFTPHONE, "voice_start": base, "whenhangup": f"{base}/hangup"})
    await until(lambda: getattr(desk.carrier.ringing_at(HERS), "direction", "") == "outgoing")
    ringing = desk.carrier.ringing_at(HERS)
    assert ringing is not None
    desk.carrier.answer(ringing)
    await until(lambda: ringing.state == "talking")
    desk.carrier.hang_up(ringing)
    async with asyncio.timeout(5):
        while await desk.network.value("SELECT ended_how FROM phone_call WHERE direction = 'out'") != "talked":
            await asyncio.sleep(0.01)


async def test_webhooks_are_hostile(desk: Desk) -> None:
    """A wrong secret, a strange address, a call that never rang, a turn that was counted, and letters for keys."""
    client, house = desk.client, desk.network.house
    await a_driver(desk.network)
    told = {"callid": "c1", "from": HERS, "to": "+46101234567", "direction": "incoming"}
    for path in ("/webhooks/46elks/00/call", desk.hook("call").replace("46elks", "other")):
        assert (await client.post(path, data=told)).status_code == 404
    house.settings = replace(house.settings, elks_addresses="176.10.154.199")
    assert (await client.post(desk.hook("call"), data=told)).status_code == 404, "not from where 46elks calls"
    house.settings = replace(house.settings, elks_addresses="127.0.0.1")
    first = (await client.post(desk.hook("call"), data=told)).json()
    assert (await client.post(desk.hook("call"), data=told)).json() == first, "the same call rings once"
    assert await desk.network.value("SELECT count(*) FROM phone_call") == 1
    turn = first["next"].removeprefix(house.settings.web_url)
    second = (await client.post(turn, data=told | {"result": "failed"})).json()
    assert (await client.post(turn, data=told | {"result": "0"})).json() == second, "a turn counts once"
    for path, data, status in (
        (desk.hook("next/0"), {"callid": "never"}, 404),
        (desk.hook("next/x"), told | {"result": "<script>"}, 200),
        (desk.hook("next/99999999999999999999"), told, 200),
        (desk.hook("hangup"), {"callid": "\x00" * 9000}, 200),
        (desk.hook("recorded/call"), told | {"wav": "http://169.254.169.254/x"}, 200),
        (desk.hook("recorded/odd"), told | {"wav": "x"}, 200),
        (desk.hook("call"), {"from": "x" * 100_000, "callid": "c2"}, 200),
        (desk.hook("call"), {}, 404),
        ("/phone/voice/../../etc/passwd", {}, 404),
    ):
        assert (await client.post(path, data=data)).status_code in (status, 405), path
    assert await desk.network.value("SELECT count(*) FROM phone_recording") == 0, "nobody has agreed to be recorded"
    assert (await client.get("/phone/voice/" + "0" * 32 + ".wav")).status_code == 404
    assert silence().startswith(b"RIFF")
    with pytest.raises(NotFound):
        async with house.database.transaction() as tx:
            await service.press(tx, house, "46elks:none", 0, "1", house.clock())


async def test_texts_come_join_their_case_and_are_followed_until_they_arrive(desk: Desk) -> None:
    await a_driver(desk.network)
    house = desk.network.house
    told = {"id": "s1", "from": HERS, "to": "+46101234567", "message": "Kabeln sitter fast\x00 vid TST-001-1"}
    for _time in range(2):
        answer = await desk.client.post(desk.hook("text"), data=told)
        assert (answer.status_code, answer.text) == (200, "")
    await desk.client.post(desk.hook("text"), data=told | {"id": "s2", "message": "Hallå?"})
    await desk.client.post(desk.hook("text"), data=told | {"id": "s3", "from": "Banken", "message": "Vinn!"})
    assert await desk.network.value("SELECT count(*) FROM support_case") == 1
    assert await desk.network.value("SELECT count(*) FROM case_entry WHERE channel = 'sms'") == 2
    assert await desk.network.value("SELECT verified FROM support_case") == "number"
    async with house.database.transaction() as tx:
        for key in ("one", "one"):
            await sms.send(tx, recipient=HERS, text="Hej", now=house.clock(), unique_key=key)
    await house.worker.run_until_idle()
    assert await desk.network.value("SELECT count(*) FROM text_message WHERE sent_at IS NOT NULL") == 1
    await desk.client.post(desk.hook("delivered"), data={"id": "sandbox", "status": "delivered"})
    assert await desk.network.value("SELECT count(*) FROM text_message WHERE delivered_at IS NOT NULL") == 1

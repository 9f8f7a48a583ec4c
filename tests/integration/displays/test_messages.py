"""Messages on displays over a real socket: shown, refused, read, taken off, for one charger and for many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.displays import queries, store
from laddverk.displays import service as displays
from laddverk.displays.model import Wanted
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ocpp.facts import DisplayText
from tests.integration.energy.box import boxed
from tests.network import ACTOR, network_on

CLOSED = (DisplayText("Stängt för service", "sv"), DisplayText("Closed for service", "en"))


@pytest.fixture
async def network(database, tmp_path):
    async with network_on(database, tmp_path) as made:
        yield made


async def put(network, identity, **fields):
    wanted = Wanted(**{"texts": CLOSED, **fields})
    async with network.house.database.transaction() as tx:
        await displays.show(tx, ACTOR, network.station_ids[identity], wanted, network.house.clock(), reason="test")


async def conditions(network):
    async with network.house.database.transaction() as tx:
        return await tx.values("SELECT condition FROM display_message ORDER BY number")


async def test_a_charger_of_2_0_1_gets_the_swedish_text_and_one_of_2_1_both(network):
    async with boxed(network, "old") as old, boxed(network, "new", "ocpp2.1") as new:
        await put(network, "old", priority="InFront", state="Idle")
        asked = (await old.was_asked("SetDisplayMessage"))["message"]
        assert asked["message"] == {"format": "UTF8", "language": "sv", "content": "Stängt för service"}
        assert (asked["priority"], asked["state"], "messageExtra" in asked) == ("InFront", "Idle", False)
        assert await conditions(network) == ["shown"]
        await put(network, "new")
        asked = (await new.was_asked("SetDisplayMessage"))["message"]
        assert [one["content"] for one in asked["messageExtra"]] == ["Closed for service"]


async def test_a_refused_message_is_not_believed_to_be_shown(network):
    async with boxed(network, "box") as box:
        box.answers["SetDisplayMessage"] = {"status": "NotSupportedPriority"}
        await put(network, "box", priority="AlwaysFront")
        await box.was_asked("SetDisplayMessage")
        assert await conditions(network) == ["refused"]


async def test_a_message_has_its_time_and_is_gone_after_it(network):
    async with boxed(network, "box") as box:
        now = network.house.clock()
        await put(network, "box", starts_at=now + timedelta(minutes=1), ends_at=now + timedelta(minutes=5))
        asked = (await box.was_asked("SetDisplayMessage"))["message"]
        assert asked["startDateTime"] < asked["endDateTime"]
        async with network.house.database.transaction() as tx:
            await store.over(tx, now + timedelta(minutes=4))
        assert await conditions(network) == ["shown"]
        async with network.house.database.transaction() as tx:
            await store.over(tx, now + timedelta(minutes=6))
        assert await conditions(network) == ["gone"]
        with pytest.raises(Invalid):
            await put(network, "box", ends_at=now - timedelta(minutes=5))


async def test_a_message_of_a_session_goes_with_it(network):
    event = {
        "timestamp": "2026-10-24T20:00:00Z", "transactionInfo": {"transactionId": "tx-1"},
        "evse": {"id": 1, "connectorId": 1},
    }  # fmt: skip
    async with boxed(network, "box") as box:
        with pytest.raises(Conflict):
            await put(network, "box", evse_number=1)
        token = {"idToken": "", "type": "NoAuthorization"}
        started = {"eventType": "Started", "triggerReason": "CablePluggedIn", "seqNo": 0, "idToken": token}
        await box.says("TransactionEvent", event | started)
        await put(network, "box", evse_number=1)
        assert (await box.was_asked("SetDisplayMessage"))["message"]["transactionId"] == "tx-1"
        ended = {"eventType": "Ended", "triggerReason": "EVDeparted", "seqNo": 1, "timestamp": "2026-10-24T21:00:00Z"}
        await box.says("TransactionEvent", event | ended)
        await box.settled()
        assert await conditions(network) == ["gone"]


async def test_a_reading_settles_what_is_shown_and_finds_what_others_put_there(network):
    async with boxed(network, "box") as box:
        await put(network, "box")
        await box.was_asked("SetDisplayMessage")
        station_id = network.station_ids["box"]
        async with network.house.database.transaction() as tx:
            await displays.read_messages(tx, ACTOR, station_id, network.house.clock())
        asked = await box.was_asked("GetDisplayMessages")
        foreign = {"id": 900, "priority": "NormalCycle", "message": {"format": "ASCII", "content": "Hello"}}
        part = {"requestId": asked["requestId"], "messageInfo": [foreign]}
        await box.says("NotifyDisplayMessages", part | {"tbc": True})
        assert await conditions(network) == ["shown"]  # more may follow
        await box.says("NotifyDisplayMessages", part | {"messageInfo": [foreign | {"id": 901}]})
        assert await conditions(network) == ["gone"]  # the charger lost it
        async with network.house.database.transaction() as tx:
            assert [row.number for row in await queries.foreign(tx, station_id)] == [900, 901]
            await displays.clear_message(tx, ACTOR, station_id, 900, network.house.clock())
        assert await box.was_asked("ClearDisplayMessage") == {"id": 900}
        async with network.house.database.transaction() as tx:
            assert [row.number for row in await queries.foreign(tx, station_id)] == [901]


async def test_a_message_that_cannot_be_taken_off_stays(network):
    async with boxed(network, "box") as box:
        await put(network, "box")
        await box.was_asked("SetDisplayMessage")
        box.answers["ClearDisplayMessage"] = {"error": "InternalError"}
        async with network.house.database.transaction() as tx:
            await displays.clear_message(tx, ACTOR, network.station_ids["box"], 1, network.house.clock())
        assert await conditions(network) == ["leaving"]
        await box.was_asked("ClearDisplayMessage")
        assert await conditions(network) == ["shown"]


async def test_a_text_goes_to_many_and_says_who_cannot_show_it(network):
    async with boxed(network, "a") as first, boxed(network, "b") as second, boxed(network, "c", "ocpp1.6"):
        now = network.house.clock()
        async with network.house.database.transaction() as tx:
            text = await displays.add_template(tx, ACTOR, "Closed", Wanted(texts=CLOSED), now)
            with pytest.raises(Conflict):
                await displays.add_template(tx, ACTOR, "Closed", Wanted(texts=CLOSED), now)
            with pytest.raises(Invalid):
                await displays.show_template(tx, ACTOR, text, list(network.station_ids.values()), now, reason="")
            sent, refused = await displays.show_template(
                tx, ACTOR, text, list(network.station_ids.values()), now, reason="works on the grid"
            )
        assert (sent, [station for station, _ in refused]) == (2, [network.station_ids["c"]])
        await first.was_asked("SetDisplayMessage")
        await second.was_asked("SetDisplayMessage")
        async with network.house.database.transaction() as tx:
            (row,) = await queries.templates(tx, None)
            assert (row.shown, row.waiting) == (2, 0)
            assert await displays.clear_template(tx, ACTOR, text, now, reason="done") == 2
        await first.was_asked("ClearDisplayMessage")
        await second.was_asked("ClearDisplayMessage")
        assert await conditions(network) == ["gone", "gone"]


async def test_a_site_host_of_another_site_reaches_no_display(network):
    stranger = Actor("operator", None, "host", frozenset({Permission.COMMANDS_SEND}), frozenset())
    async with boxed(network, "box"), network.house.database.transaction() as tx:
        for action in (displays.read_messages, displays.read_tariffs, displays.clear_tariffs):
            with pytest.raises(NotFound):
                await action(tx, stranger, network.station_ids["box"], network.house.clock())
        with pytest.raises(NotFound):
            await displays.clear_message(tx, stranger, network.station_ids["box"], 1, network.house.clock())

"""Chargers of 1.6 whose maker takes texts in a DataTransfer: shown, replaced, taken off when their time is over."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from laddverk.displays import service as displays
from laddverk.displays.model import Wanted
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.facts import DisplayText
from laddverk.ocpp.translate.display import data_with
from tests.integration.energy.box import boxed
from tests.network import ACTOR, network_on

WAY = {"text_vendor": "com.example", "text_message": "ShowText", "text_data": '{"line": "{text}"}'}


@pytest.fixture
async def network(database, tmp_path):
    async with network_on(database, tmp_path) as made:
        yield made


async def put(network, text, **more):
    wanted = Wanted(texts=(DisplayText(text, "sv"), DisplayText("English", "en")), **more)
    async with network.house.database.transaction() as tx:
        await displays.show(tx, ACTOR, network.station_ids["box"], wanted, network.house.clock(), reason="test")


async def set_way(network):
    async with network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET quirks = $1", WAY)


async def conditions(network):
    async with network.house.database.transaction() as tx:
        return await tx.values("SELECT condition FROM display_message ORDER BY number")


async def test_a_charger_of_1_6_without_such_a_way_is_told_nothing(network):
    async with boxed(network, "box", "ocpp1.6"):
        with pytest.raises(Conflict):
            await put(network, "Hej")


async def test_a_text_goes_out_as_its_maker_wants_it_and_the_next_takes_its_place(network):
    async with boxed(network, "box", "ocpp1.6") as box:
        await set_way(network)
        await put(network, 'Säg "hej"')
        asked = await box.was_asked("DataTransfer")
        assert (asked["vendorId"], asked["messageId"]) == ("com.example", "ShowText")
        assert json.loads(asked["data"]) == {"line": 'Säg "hej"'}
        assert await conditions(network) == ["shown"]
        await put(network, "Nästa")
        await box.was_asked("DataTransfer", times=2)
        assert await conditions(network) == ["gone", "shown"]
        box.answers["DataTransfer"] = {"status": "UnknownVendorId"}
        await put(network, "Tredje")
        await box.was_asked("DataTransfer", times=3)
        assert await conditions(network) == ["gone", "gone", "refused"]


async def test_a_text_whose_time_is_over_is_taken_off_by_an_empty_one(network):
    async with boxed(network, "box", "ocpp1.6") as box:
        await set_way(network)
        now = network.house.clock()
        await put(network, "Hej", ends_at=now + timedelta(minutes=5))
        await box.was_asked("DataTransfer")
        async with network.house.database.transaction() as tx:
            assert await displays.end_by_data(tx, now) == 0
            assert await displays.end_by_data(tx, now + timedelta(minutes=6)) == 1
        assert json.loads((await box.was_asked("DataTransfer", times=2))["data"]) == {"line": ""}
        assert await conditions(network) == ["gone"]


@pytest.mark.parametrize("more", [{"state": "Idle"}, {"evse_number": 1}, {"priority": "AlwaysFront"}])
async def test_what_such_a_display_cannot_do_is_refused(network, more):
    async with boxed(network, "box", "ocpp1.6"):
        await set_way(network)
        with pytest.raises(Invalid):
            await put(network, "Hej", **more)


def test_a_text_cannot_break_out_of_the_data():
    assert data_with("{text}", '"}') == '"}'
    assert json.loads(data_with('{"a": "{text}"}', '", "b": "\n')) == {"a": '", "b": "\n'}

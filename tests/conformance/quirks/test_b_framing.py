"""Quirks 18 to 37 and 85: how chargers frame their messages, repeat them, and in what order they speak."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from laddverk.kernel.ids import new_id
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.commands import ReadVariables, Reset, ResetKind, Trigger, WriteVariable
from laddverk.stations import service as stations
from tests.conformance.quirks.charger import Field, error, now_text, result
from tests.network import ACTOR, BOOT_16, BOOT_201

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ_ALL = ReadVariables(variables=())
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
STATUS_201 = {"timestamp": "2026-11-01T10:00:00Z", "connectorStatus": "Available", "evseId": 1, "connectorId": 1}


async def test_q018_an_answer_without_its_last_brackets(field: Field) -> None:
    async with field.charger("q018") as charger:
        found = await charger.answers(
            READ_ALL, lambda unique_id: f'[3,"{unique_id}",{{"configurationKey":[{{"key":"A","readonly":true}}]'
        )
        assert (found["state"], found["outcome"]) == ("confirmed", "Accepted")
        assert await charger.bends_within("cut_short") == "GetConfigurationResponse"

        found = await charger.answers(READ_ALL, lambda unique_id: f'[3,"{unique_id}",{{"configurationKey":[{{"key":"A')
        assert found["state"] == "failed"  # what was meant cannot be known: that call fails at once, and no other
        assert await charger.bends_within("malformed") == ""
        await charger.lives()


async def test_q019_a_comma_before_the_first_item(field: Field) -> None:
    async with field.charger("q019") as charger:
        values = '[{"timestamp":"2026-11-01T10:00:00Z","sampledValue":[,{"value":"17"}]}]'
        text = f'[2,"19","MeterValues",{{"connectorId":1,"meterValue":{values}}}]'
        assert await charger.asks(text) == [3, "19", {}]
        assert [sample["energy_wh"] for sample in await charger.samples()] == [17]
        assert await charger.bends() == {"stray_comma": "MeterValues"}

        hopeless = await charger.asks('[2,"20","StatusNotification",{"connectorId":,,1}]')
        assert hopeless[:3] == [4, "20", "FormationViolation"]  # without an answer it would drop the link


async def test_q020_white_space_anywhere(field: Field) -> None:
    async with field.charger("q020") as charger:
        spaced = '[2, \t"22",\t"StatusNotification",\r\n {\n  "connectorId":\t1,\n "status":\t"Preparing",\n'
        assert await charger.asks(spaced + ' "errorCode":"NoError", "info":"Status Update"} ]\n') == [3, "22", {}]
        assert (await charger.connector())["status"] == "preparing"
        assert await charger.bends() == {}


async def test_q021_a_message_type_that_does_not_exist(field: Field) -> None:
    async with field.charger("q021") as charger:
        await charger.sends(f'[1,"23","StartTransaction",{json.dumps({"connectorId": 1})}]')
        await charger.hears_nothing()  # 1.6 ignores it (OCPP-J 4.1.3)
        assert await charger.bends_within("malformed") == ""
        await charger.lives()
    async with field.charger("q021-2x", version="ocpp2.0.1") as charger:
        assert (await charger.asks('[1,"23","Heartbeat",{}]'))[:3] == [4, "23", "MessageTypeNotSupported"]


async def test_q022_an_error_without_details(field: Field) -> None:
    async with field.charger("q022") as charger:
        found = await charger.answers(Reset(reset=ResetKind.SOFT), error("NotSupported", "oops"))
        assert (found["state"], found["outcome"]) == ("refused", "NotSupported")
        assert found["detail"] == {"description": "oops"}


async def test_q023_details_that_are_a_text(field: Field) -> None:
    async with field.charger("q023") as charger:
        found = await charger.answers(
            Reset(reset=ResetKind.SOFT), error("InternalError", "it broke", "SQL [insert into log ...]")
        )
        assert (found["state"], found["outcome"]) == ("failed", "InternalError")
        assert found["detail"]["details"] == "SQL [insert into log ...]"


async def test_q024_the_other_versions_spelling_of_an_error(field: Field) -> None:
    async with field.charger("q024", version="ocpp2.0.1") as charger:
        found = await charger.answers(Reset(reset=ResetKind.SOFT), error("FormationViolation", "", {}))
        assert (found["state"], found["outcome"]) == ("failed", "FormationViolation")
        assert (await charger.asks('[2,"a","StatusNotification",7]'))[2] == "FormatViolation"
        assert (await charger.asks('[2,"b","BootNotification",{}]'))[2] == "OccurrenceConstraintViolation"
    async with field.charger("q024-16") as charger:
        found = await charger.answers(Reset(reset=ResetKind.SOFT), error("NOTSUPPORTED", "", {}))
        assert found["state"] == "refused"
        assert (await charger.asks('[2,"a","StatusNotification",7]'))[2] == "FormationViolation"
        assert (await charger.asks('[2,"b","BootNotification",{}]'))[2] == "OccurenceConstraintViolation"


async def test_q025_an_answer_with_another_id(field: Field) -> None:
    async with field.charger("q025", {"call_timeout_s": 1}) as charger:
        found = await charger.answers(READ_ALL, lambda unique_id: json.dumps([3, "5" + unique_id, {}]))
        assert found["state"] == "timed_out"  # it is never taken for the answer to the only call that waits
        await charger.lives()


async def test_q026_a_description_longer_than_allowed(field: Field) -> None:
    async with field.charger("q026") as charger:
        found = await charger.answers(Reset(reset=ResetKind.SOFT), error("NotImplemented", "X" * 3_000, {}))
        assert found["state"] == "refused"
        assert found["detail"]["description"] == "X" * 3_000


async def test_q027_an_action_that_does_not_exist(field: Field) -> None:
    async with field.charger("q027", version="ocpp2.0.1") as charger:
        answer = await charger.calls("CustomOperation", {})
        assert answer[2] == "NotImplemented"
        await charger.lives()
        assert await field.value("SELECT count(*) FROM quarantine WHERE action = 'CustomOperation'") == 1


async def test_q028_ids_that_are_numbers_and_payloads_that_are_missing(field: Field) -> None:
    async with field.charger("q028") as charger:
        assert (await charger.asks('[2,12345,"Heartbeat",{}]'))[:2] == [3, 12345]
        assert (await charger.asks('[2,"x","Heartbeat"]'))[:2] == [4, "x"]
        assert (await charger.asks('[2,"y","StatusNotification",null]'))[:2] == [4, "y"]
        await charger.lives()


async def test_q029_ids_that_begin_anew_with_each_boot(field: Field) -> None:
    numbers = []
    for minute in (1, 2):
        async with field.charger("q029", boots=False) as charger:
            assert (await charger.asks(json.dumps([2, "1", "BootNotification", BOOT_16])))[2]["status"] == "Accepted"
            start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": f"2026-11-01T10:0{minute}:00Z"}
            numbers.append((await charger.asks(json.dumps([2, "2", "StartTransaction", start])))[2]["transactionId"])
    assert len(set(numbers)) == 2


async def test_q030_the_same_call_again_and_again(field: Field) -> None:
    async with field.charger("q030") as charger:
        start = {"connectorId": 1, "idTag": "T", "meterStart": 5, "timestamp": "2026-11-01T10:00:00Z"}
        answers = [await charger.asks(json.dumps([2, "531", "StartTransaction", start])) for _ in range(4)]
        assert all(answer == answers[0] for answer in answers)
        assert answers[0][2]["transactionId"] == (await charger.session())["number"]


async def test_q031_the_same_start_with_a_new_id(field: Field) -> None:
    async with field.charger("q031") as charger:
        first = await charger.starts(at="2026-11-01T10:00:00Z", meter=5)
    async with field.charger("q031") as charger:
        assert await charger.starts(at="2026-11-01T10:00:00Z", meter=5) == first
        assert (await charger.session())["number"] == first


async def test_q032_the_same_stop_twice(field: Field) -> None:
    async with field.charger("q032") as charger:
        number = await charger.starts(meter=0)
        stop = {"transactionId": number, "meterStop": 700, "timestamp": now_text(), "idTag": "T"}
        assert await charger.says("StopTransaction", stop) == await charger.says("StopTransaction", stop)
        assert (await charger.session())["energy_wh"] == 700
        sql = "SELECT count(*) FROM session_event WHERE station_id = $1 AND kind = 'ended'"
        assert await field.value(sql, charger.station_id) == 1


async def test_q033_several_calls_without_waiting(field: Field) -> None:
    async with field.charger("q033", boots=False) as charger:
        for unique_id, action, payload in (
            ("1", "BootNotification", BOOT_16),
            ("2", "StatusNotification", STATUS),
            ("3", "Heartbeat", {}),
        ):
            await charger.sends(json.dumps([2, unique_id, action, payload]))
        assert [(await charger.hears())[:2] for _ in range(3)] == [[3, "1"], [3, "2"], [3, "3"]]


async def test_q034_a_remote_start_answered_after_the_start_itself(field: Field) -> None:
    async with field.charger("q034") as charger:
        command, tag = await charger.is_wanted()
        call = await charger.hears()
        assert call[2] == "RemoteStartTransaction"
        assert "idTagInfo" in await charger.says("Authorize", {"idTag": tag})
        await charger.starts(tag, at=now_text())
        await charger.sends(json.dumps([3, call[1], {"status": "Accepted"}]))
        await field.until("confirmed", "SELECT state FROM command WHERE id = $1", command)


async def test_q035_deaf_but_alive(field: Field) -> None:
    async with field.charger("q035", {"call_timeout_s": 1, "unanswered_calls_max": 2}) as charger:
        for _ in range(2):
            await charger.is_asked(READ_ALL)
        assert (await charger.hears())[2] == "GetConfiguration"
        await charger.sends('[2,"h","Heartbeat",{}]')  # it still beats, and that does not save it
        assert await charger.is_closed() == 1008


async def test_q036_nothing_is_asked_before_the_boot_is_answered(field: Field) -> None:
    async with field.charger("q036", {"call_before_boot": False}, boots=False) as charger:
        await charger.is_asked(READ_ALL)
        await charger.says("StatusNotification", STATUS)
        await charger.hears_nothing()
        await charger.sends(json.dumps([2, "b", "BootNotification", BOOT_16]))
        assert (await charger.hears())[:2] == [3, "b"]
        assert (await charger.hears())[2] == "GetConfiguration"


async def test_q036_one_that_never_boots_is_asked_after_a_while(field: Field) -> None:
    async with field.charger("q036-grace", {"boot_grace_s": 1}, boots=False) as charger:
        await charger.is_asked(READ_ALL)
        await charger.hears_nothing()
        assert (await charger.hears())[2] == "GetConfiguration"


async def test_q037_other_messages_before_the_boot(field: Field) -> None:
    async with field.charger("q037", boots=False) as charger:
        await charger.says("StatusNotification", STATUS)
        assert (await charger.connector())["status"] == "available"
    field.network.keys["q037-unknown"] = "00" * 20
    with pytest.raises(InvalidStatus) as refused:
        await connect(field.network.url("q037-unknown"), additional_headers=field.network.headers("q037-unknown"))
    assert refused.value.response.status_code == 401


async def held_back(field: Field, identity: str, registration: Registration) -> None:
    station_id = await field.add(identity)
    async with field.network.house.database.transaction() as tx:
        await stations.set_registration(
            tx, ACTOR, station_id, registration, field.network.house.clock(), interval_s=7, reason="set up first"
        )


async def test_q037_a_2x_charger_that_is_not_accepted_may_only_boot(field: Field) -> None:
    await held_back(field, "q037-pending", Registration.PENDING)
    async with field.charger("q037-pending", version="ocpp2.0.1", boots=False) as charger:
        answer = await charger.says("BootNotification", BOOT_201)
        assert (answer["status"], answer["interval"]) == ("Pending", 7)
        assert (await charger.calls("StatusNotification", STATUS_201))[2] == "SecurityError"
        assert (await charger.connector())["status"] == "unknown"
        event = {
            "eventType": "Started", "timestamp": now_text(), "triggerReason": "Authorized", "seqNo": 0,
            "transactionInfo": {"transactionId": "t37"}, "evse": {"id": 1},
        }  # fmt: skip
        assert await charger.says("TransactionEvent", event) == {}  # law 1: money is heard even then

        await charger.is_asked(Reset(reset=ResetKind.SOFT))
        await charger.is_asked(WriteVariable(component="OCPPCommCtrlr", variable="HeartbeatInterval", value="60"))
        assert (await charger.hears())[2] == "SetVariables"  # what sets it up is sent, the rest waits
        await charger.is_asked(Trigger(message="BootNotification"))
        await charger.hears_nothing()  # one call at a time
        assert await field.value("SELECT state FROM command WHERE station_id = $1 AND kind = 'reset'",
                                 charger.station_id) == "queued"  # fmt: skip


async def test_q037_a_2x_charger_that_is_rejected_is_not_asked_anything(field: Field) -> None:
    await held_back(field, "q037-rejected", Registration.REJECTED)
    async with field.charger("q037-rejected", version="ocpp2.1", boots=False) as charger:
        await charger.is_asked(READ_ALL)
        assert (await charger.says("BootNotification", BOOT_201))["status"] == "Rejected"
        assert (await charger.calls("Heartbeat", {}))[2] == "SecurityError"
        await charger.hears_nothing()


async def test_q037_a_16_charger_that_is_pending_is_heard_all_the_same(field: Field) -> None:
    await held_back(field, "q037-16", Registration.PENDING)
    async with field.charger("q037-16", boots=False) as charger:
        assert (await charger.boots())["status"] == "Pending"
        await charger.says("StatusNotification", STATUS)
        assert (await charger.connector())["status"] == "available"
        async with field.network.house.database.transaction() as tx:
            await stations.set_registration(
                tx, ACTOR, charger.station_id, Registration.ACCEPTED, field.network.house.clock(), reason="ready"
            )
        await charger.is_asked(Reset(reset=ResetKind.SOFT))
        await charger.hears_nothing()
        await charger.sends(json.dumps([2, "b", "BootNotification", BOOT_16]))
        assert (await charger.hears())[2]["status"] == "Accepted"
        assert (await charger.hears())[2] == "Reset"


async def test_q085_an_error_that_names_no_call_ends_the_only_one(field: Field) -> None:
    async with field.charger("q085", version="ocpp2.0.1") as charger:
        began = asyncio.get_running_loop().time()
        found = await charger.answers(
            Reset(reset=ResetKind.SOFT), lambda _: json.dumps([4, "-1", "FormationViolation", f"no {new_id()}", {}])
        )
        assert found["state"] == "failed"
        assert asyncio.get_running_loop().time() - began < 5
        found = await charger.answers(Reset(reset=ResetKind.SOFT), result(status="Accepted"))
        assert found["state"] == "accepted"

"""Quirks 38 to 75: what chargers of OCPP 1.6 put into their messages, and what becomes of it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from structlog.testing import capture_logs

from laddverk.access import service as access
from laddverk.access.model import DriverDetails, NewToken
from laddverk.energy import service as energy
from laddverk.ocpp.commands import RawCall, ReadVariables, ReserveNow, SetProfile, StartCharging
from laddverk.ocpp.facts import Variable
from laddverk.ocpp.facts.smart_charging import Period, Profile, ProfileKind, Purpose, Schedule
from laddverk.provisioning import service as provisioning
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.conformance.quirks.charger import Charger, Field, error, now_text, result
from tests.network import ACTOR, BOOT_16

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTER = {"measurand": "Energy.Active.Import.Register", "unit": "Wh"}
READ_ALL = ReadVariables(variables=())
OK = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


async def energies(charger: Charger) -> list[int | None]:
    return [sample["energy_wh"] for sample in await charger.samples()]


async def test_q038_an_error_code_that_does_not_exist(field: Field) -> None:
    async with field.charger("q038") as charger:
        await charger.says("StatusNotification", {"connectorId": 1, "errorCode": "Error", "status": "Faulted"})
        shown = await charger.connector()
        assert (shown["status"], shown["error_code"]) == ("faulted", "OtherError")
        sql = "SELECT vendor_error_code FROM connector_state WHERE station_id = $1 AND status = 'faulted'"
        assert await field.value(sql, charger.station_id) == "Error"
        assert await charger.bends() == {"unknown_word": "StatusNotification.errorCode"}


async def test_q039_a_word_in_another_case(field: Field) -> None:
    async with field.charger("q039") as charger:
        await charger.says("StatusNotification", {"connectorId": 1, "errorCode": "noerror", "status": "CHARGING"})
        assert (await charger.connector())["status"] == "charging"
        assert "spelling" in await charger.bends()


async def test_q040_units_that_do_not_exist(field: Field) -> None:
    async with field.charger("q040") as charger:
        await charger.meters([
            {"value": "50.01", "measurand": "Frequency", "unit": "Hz"},
            {"value": "41", "measurand": "Temperature", "unit": "Celcius"},
            {"value": "12", "measurand": "Power.Active.Import", "unit": "KW"},
        ])  # fmt: skip
        (sample,) = await charger.samples()
        assert (sample["temperature_c"], sample["power_w"]) == (41, 12_000)
        assert "Frequency" in json.dumps(sample["rest"])
        assert await charger.bends() == {
            "unknown_word": "MeterValues.meterValue[].sampledValue[].unit",
            "spelling": "MeterValues.meterValue[].sampledValue[].unit",
        }


async def test_q041_an_object_for_a_list(field: Field) -> None:
    async with field.charger("q041") as charger:
        reading = {"timestamp": now_text(), "sampledValue": {"value": "4711"}}
        assert await charger.says("MeterValues", {"connectorId": 1, "meterValue": reading}) == {}
        assert await energies(charger) == [4711]
        places = await field.values("SELECT place FROM station_quirk WHERE station_id = $1", charger.station_id)
        assert sorted(places) == ["MeterValues.meterValue", "MeterValues.meterValue[].sampledValue"]
        assert set(await charger.bends()) == {"single_for_list"}


async def test_q042_a_reading_without_values(field: Field) -> None:
    async with field.charger("q042") as charger:
        assert await charger.meters([]) == {}
        assert await charger.samples() == []
        assert await charger.bends() == {"empty_list": "MeterValues.meterValue[].sampledValue"}


async def test_q043_numbers_for_text(field: Field) -> None:
    async with field.charger("q043") as charger:
        await charger.meters([{"value": 604.4, **REGISTER}])
        assert await energies(charger) == [604]
        assert await charger.bends() == {"not_text": "MeterValues.meterValue[].sampledValue[].value"}


async def test_q044_commas_and_nothing_at_all(field: Field) -> None:
    async with field.charger("q044") as charger:
        await charger.meters([
            {"value": "12,5", "measurand": "Temperature", "unit": "Celsius"},
            {"value": "", "measurand": "Power.Active.Import", "unit": "W"},
            {"value": "nan", **REGISTER},
        ])  # fmt: skip
        (sample,) = await charger.samples()
        assert (sample["temperature_c"], sample["power_w"], sample["energy_wh"]) == (12.5, None, None)
        assert "nan" in json.dumps(sample["rest"])  # what was said is kept


async def test_q045_a_time_without_zone_and_a_reservation_that_is_none(field: Field) -> None:
    async with field.charger("q045") as charger:  # its site stands in Stockholm
        start = {
            "connectorId": 1,
            "idTag": "T",
            "meterStart": 0,
            "timestamp": "2026-07-01T12:00:00",
            "reservationId": 0,
        }
        assert (await charger.says("StartTransaction", start))["transactionId"] > 0
        assert (await charger.session())["started_at"] == datetime(2026, 7, 1, 10, tzinfo=UTC)
        detail = await field.value("SELECT detail FROM session_event WHERE station_id = $1", charger.station_id)
        assert "reservation_id" not in detail
        assert await charger.bends() == {"no_zone": "StartTransaction"}
    async with field.charger("q045-zone", {"time_zone": "Asia/Shanghai"}) as charger:
        await charger.starts(at="2026-07-01T12:00:00")
        assert (await charger.session())["started_at"] == datetime(2026, 7, 1, 4, tzinfo=UTC)


async def test_q046_an_offset_without_minutes(field: Field) -> None:
    async with field.charger("q046") as charger:
        await charger.starts(at="2026-11-01T14:35:02+02")
        assert (await charger.session())["started_at"] == datetime(2026, 11, 1, 12, 35, 2, tzinfo=UTC)


async def test_q047_local_time_that_says_it_is_utc(field: Field) -> None:
    async with field.charger("q047") as charger:
        before = {
            "connectorId": 1,
            "errorCode": "NoError",
            "status": "Preparing",
            "timestamp": now_text(minus_s=-7_200),
        }
        await charger.says("StatusNotification", before)
        await charger.says("StatusNotification", {**before, "status": "Available", "timestamp": now_text(minus_s=-1)})
        assert (await charger.connector())["status"] == "available"  # the right one, told later, is the newer one
        sql = "SELECT said_at - received_at FROM connector_state WHERE station_id = $1 AND status = 'preparing'"
        assert await field.value(sql, charger.station_id) > timedelta(minutes=119)  # both times are kept
        assert await charger.bends() == {"clock_ahead": "StatusNotification"}


async def test_q048_a_clock_of_1970(field: Field) -> None:
    async with field.charger("q048") as charger:
        await charger.starts(at="1970-01-01T00:00:00.750Z")
        session = await charger.session()
        assert abs(session["started_at"] - datetime.now(UTC)) < timedelta(seconds=30)
        assert session["said_start_at"].year == 1970
        assert await charger.bends() == {"clock_unset": "StartTransaction"}


async def test_q049_our_times_have_whole_seconds_and_a_z(field: Field) -> None:
    async with field.charger("q049", boots=False) as charger:
        form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        assert form.fullmatch((await charger.boots())["currentTime"])
        assert form.fullmatch((await charger.says("Heartbeat", {}))["currentTime"])
        until = datetime(2026, 12, 1, 10, 30, 5, 123_456, tzinfo=timezone(timedelta(hours=2)))
        await charger.is_asked(ReserveNow(reservation_number=49, evse_number=1, token_uid="T", expires_at=until))
        assert (await charger.hears())[3]["expiryDate"] == "2026-12-01T08:30:05Z"


async def test_q050_serial_numbers_beyond_the_standard(field: Field) -> None:
    async with field.charger("q050", boots=False) as charger:
        serial = "EVB1A22P2KI3N00000000000000000000"
        answer = await charger.says("BootNotification", {**BOOT_16, "chargePointSerialNumber": serial})
        assert answer["status"] == "Accepted"
        assert (await charger.station())["serial"] == serial
        assert await charger.bends() == {"too_long": "BootNotification.chargePointSerialNumber"}


async def test_q051_empty_words_where_some_must_stand(field: Field) -> None:
    async with field.charger("q051", boots=False) as charger:
        answer = await charger.says("BootNotification", {"chargePointVendor": "", "chargePointModel": ""})
        assert answer["status"] == "Accepted"
        assert (await charger.station())["booted_at"] is not None


async def test_q052_tags_that_are_too_long_or_end_in_control_bytes(field: Field) -> None:
    async with field.charger("q052") as charger:
        number = await charger.starts("BA86I250X5G6MOD5DLKD")
        stop = {"transactionId": number, "idTag": "X16WG99J2QIEGCC0MCJ5-", "meterStop": 9, "timestamp": now_text()}
        assert (await charger.calls("StopTransaction", stop))[0] == 3  # refused, it would go on giving power
        assert (await charger.session())["ended_at"] is not None
    async with field.charger("q052-bytes") as charger:
        await charger.starts("BA86I250X5G6MOD5DLKD")
        text = '[2,"s","StopTransaction",{"transactionId":1,"idTag":"BA86I250X5G6MOD5DLKD\x10\x0e","meterStop":9,'
        assert (await charger.asks(f'{text}"timestamp":"{now_text()}"}}]'))[0] == 3
        assert "bad_string" in await charger.bends()
        async with field.network.house.database.transaction() as tx:
            now = field.network.house.clock()
            driver = await access.create_driver(tx, ACTOR, DriverDetails(email="q52@example.com", name="Bo"), now)
            await access.create_token(tx, ACTOR, NewToken(uid="BA86I250X5G6MOD5DLKD", driver_id=driver), now)
        known = await charger.asks('[2,"a","Authorize",{"idTag":"BA86I250X5G6MOD5DLKD\x10\x0e"}]')
        assert known[2]["idTagInfo"]["status"] == "Accepted"


async def test_q053_one_tag_in_many_forms(field: Field) -> None:
    async with field.network.house.database.transaction() as tx:
        now = field.network.house.clock()
        driver = await access.create_driver(tx, ACTOR, DriverDetails(email="q53@example.com", name="Eva"), now)
        await access.create_token(tx, ACTOR, NewToken(uid="2069C021", driver_id=driver), now)
    async with field.charger("q053", {"id_tag_form": "upper"}) as charger:
        for form in ("2069C021", "2069c021", "20:69:C0:21", "20-69-c0-21"):
            assert (await charger.says("Authorize", {"idTag": form}))["idTagInfo"]["status"] == "Accepted", form
        assert (await charger.says("Authorize", {"idTag": "FREEVEND"}))["idTagInfo"]["status"] == "Invalid"

        await charger.is_asked(StartCharging(evse_number=1, token_uid="abcdef01", remote_start_id=1))
        call = await charger.hears()
        assert call[3] == {"connectorId": 1, "idTag": "ABCDEF01"}
        await charger.sends(error("InternalError", "", {})(call[1]))
        command = await charger.is_asked(StartCharging(evse_number=1, token_uid="A" * 21, remote_start_id=2))
        assert (await charger.outcome(command))["state"] == "failed"  # 1.6 has 20 characters: it is never sent
        await charger.hears_nothing()


async def test_q054_settings_that_are_no_text(field: Field) -> None:
    async with field.charger("q054") as charger:
        keys = [{"key": "N", "value": 30, "readonly": "false"}, {"key": "B", "value": True, "readonly": False}]
        found = await charger.answers(
            READ_ALL, lambda unique_id: json.dumps([3, unique_id, {"configurationKey": keys, "unknownKey": None}])
        )
        assert found["state"] == "confirmed"
        sql = "SELECT variable || '=' || value FROM station_variable WHERE station_id = $1 ORDER BY 1"
        assert await field.values(sql, charger.station_id) == ["B=true", "N=30"]
        await charger.bends_within("not_text")
        assert await charger.bends_within("truth_as_text") == "GetConfigurationResponse.configurationKey[].readonly"


async def test_q055_words_that_mean_nothing(field: Field) -> None:
    async with field.charger("q055") as charger:
        nothing = {"info": "null", "vendorErrorCode": "0x0000", "vendorId": None}
        assert await charger.says("StatusNotification", {**OK, **nothing}) == {}
        sql = "SELECT coalesce(info, vendor_error_code) FROM connector_state WHERE station_id = $1"
        assert await field.value(sql, charger.station_id) is None
        assert await charger.bends() == {}


@pytest.mark.parametrize("number", [-1, 0])
async def test_q056_a_stop_of_transaction_0_or_less(field: Field, number: int) -> None:
    async with field.charger(f"q056{number}") as charger:
        await charger.starts("T56", meter=10)
        assert await charger.stops(number, 2_010, idTag="T56") is not None
        session = await charger.session()
        assert (session["energy_wh"], session["ended_at"] is not None) == (2_000, True)
        assert session["number"] > 0

        assert await charger.stops(number, 9) is not None  # nothing is open: it is kept for review
        sql = "SELECT count(*) FROM session_orphan WHERE station_id = $1"
        assert await field.value(sql, charger.station_id) == 1
        assert await charger.bends_within("odd_transaction") == "StopTransaction"


async def test_q057_a_transaction_id_of_64_bits(field: Field) -> None:
    async with field.charger("q057") as charger:
        await charger.starts("T57")
        await charger.meters([{"value": "5", **REGISTER}], transactionId=2**63 - 1)
        assert await energies(charger) == [5]
        await charger.stops(2**63 - 1, 50, idTag="T57")
        assert (await charger.session())["energy_wh"] == 50


async def test_q058_a_stop_of_what_never_started(field: Field) -> None:
    async with field.charger("q058") as charger:
        assert (await charger.calls("StopTransaction", {
            "transactionId": 4_711, "meterStop": 5, "timestamp": now_text()}))[0] == 3  # fmt: skip
        sql = "SELECT transaction_ref FROM session_orphan WHERE station_id = $1"
        assert await field.values(sql, charger.station_id) != []


async def test_q059_a_transaction_id_of_the_chargers_own(field: Field) -> None:
    async with field.charger("q059") as charger:
        number = await charger.starts("T59")
        await charger.meters([{"value": "321", **REGISTER}], transactionId=1_000_001)
        await charger.stops(number, 400)
        assert (await charger.session())["energy_wh"] == 400
        key = (await charger.session())["transaction_key"]
        assert {sample["transaction_key"] for sample in await charger.samples()} <= {"", key}


async def test_q060_no_transaction_data(field: Field) -> None:
    async with field.charger("q060") as charger:
        number = await charger.starts()
        await charger.stops(number, 2_259, transactionData=[])
        assert (await charger.session())["energy_wh"] == 2_259


async def test_q061_readings_that_count_from_the_start_of_the_session(field: Field) -> None:
    async with field.charger("q061") as charger:
        number = await charger.starts(meter=4_076_000)
        for minute, value in ((4, "104"), (3, "210")):
            await charger.meters([{"value": value, **REGISTER}], transactionId=number, at=now_text(minus_s=minute * 60))
        await charger.stops(number, 4_076_300)
        session = await charger.session()
        assert session["energy_wh"] == 300
        assert "relative_readings" in session["doubts"]


async def test_q062_a_meter_that_begins_anew(field: Field) -> None:
    async with field.charger("q062") as charger:
        number = await charger.starts(meter=0)
        for minute, value in ((4, "18"), (3, "5"), (2, "11")):
            await charger.meters([{"value": value, **REGISTER}], transactionId=number, at=now_text(minus_s=minute * 60))
        await charger.stops(number, 11)
        session = await charger.session()
        assert session["energy_wh"] == 29
        assert "register_reset" in session["doubts"]
        assert session["settlement"] == "review"


@pytest.mark.parametrize("meter", [4_000, -5])
async def test_q063_an_end_below_the_start(field: Field, meter: int) -> None:
    async with field.charger(f"q063{meter}") as charger:
        number = await charger.starts(meter=5_000)
        assert await charger.stops(number, meter) is not None
        session = await charger.session()
        assert 0 <= session["energy_wh"] <= 4_000
        assert session["settlement"] == "review"


async def test_q064_phases_without_a_total_in_other_units(field: Field) -> None:
    async with field.charger("q064") as charger:
        await charger.meters([
            {"value": value, "measurand": "Energy.Active.Import.Register", "phase": phase, "unit": "kWh"}
            for phase, value in (("L1", "1.5"), ("L2", "1.25"), ("L3", "0.25"))
        ] + [{"value": "16", "measurand": "Current.Import", "phase": "L1-N", "unit": "A"},
             {"value": "11.04", "measurand": "Power.Active.Import", "unit": "kW"}])  # fmt: skip
        (sample,) = await charger.samples()
        assert (sample["energy_wh"], sample["current_l1_a"], sample["power_w"]) == (3_000, 16, 11_040)


async def test_q065_readings_that_name_no_transaction(field: Field) -> None:
    async with field.charger("q065") as charger:
        await charger.starts(meter=100)
        await charger.meters([{"value": "650", **REGISTER}])
        assert (await charger.session())["energy_wh"] == 550


async def test_q066_properties_nobody_knows_and_numbers_of_the_wrong_kind(field: Field) -> None:
    async with field.charger("q066") as charger:
        start = {"connectorId": "1", "idTag": "T", "meterStart": 5.0, "timestamp": now_text(), "colour": "red"}
        assert (await charger.says("StartTransaction", start))["transactionId"] > 0
        assert (await charger.session())["register_start_wh"] == 5
        assert await charger.bends() == {
            "number_as_text": "StartTransaction.connectorId",
            "unknown_property": "StartTransaction.colour",
        }
    async with field.charger("q066-strict", {"strictness": "strict"}) as charger:
        assert (await charger.says("StartTransaction", start))["transactionId"] > 0  # money is never refused
        refused = await charger.calls(
            "StatusNotification", {"connectorId": "1", "errorCode": "NoError", "status": "Available"}
        )
        assert refused[2] == "TypeConstraintViolation"
        refused = await charger.calls("Heartbeat", {"colour": "red"})
        assert refused[2] == "FormationViolation"


async def test_q067_connectors_that_nobody_entered(field: Field) -> None:
    async with field.charger("q067", connectors=1) as charger:
        await charger.says("StatusNotification", {**OK, "connectorId": 3})
        shown = await charger.connector(3)
        assert (shown["status"], shown["found_by_itself"]) == ("available", True)
        await charger.says("StatusNotification", {"connectorId": 0, "errorCode": "NoError", "status": "Charging"})
        assert (await charger.station())["status"] == "charging"
        await charger.says("StatusNotification", {**OK, "connectorId": 70_000})
        assert await field.value("SELECT count(*) FROM connector WHERE station_id = $1", charger.station_id) == 2
        assert await charger.bends_within("odd_place") == "StatusNotification"


async def test_q068_an_answer_with_other_keys_than_asked_for(field: Field) -> None:
    async with field.charger("q068") as charger:
        found = await charger.answers(
            ReadVariables(variables=(Variable(variable="HeartbeatInterval"),)),
            result(configurationKey=[{"key": f"K{number}", "readonly": False, "value": "1"} for number in range(4)]),
        )
        assert found["state"] == "confirmed"
        sql = "SELECT count(*) FROM station_variable WHERE station_id = $1"
        assert await field.value(sql, charger.station_id) == 4


async def test_q068_no_more_keys_are_asked_for_than_it_takes_in_one_message(field: Field) -> None:
    async with field.charger("q068-max") as charger:
        keys = [{"key": "GetConfigurationMaxKeys", "readonly": True, "value": "2"}]
        await charger.answers(READ_ALL, result(configurationKey=keys))
        async with field.network.house.database.transaction() as tx:
            names = [Variable(variable=name) for name in ("A", "B", "C")]
            await provisioning.read_variables(tx, ACTOR, charger.station_id, names, field.network.house.clock())
        field.network.house.hints.publish([COMMANDS_TOPIC])
        for wanted in (["A", "B"], ["C"]):
            call = await charger.hears()
            assert call[3] == {"key": wanted}
            await charger.sends(result(unknownKey=wanted)(call[1]))


async def test_q069_a_schedule_without_unit_and_without_limit(field: Field) -> None:
    async with field.charger("q069") as charger:
        schedule = {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1}]}
        found = await charger.answers(
            RawCall(action="GetCompositeSchedule", payload={"connectorId": 1, "duration": 60}),
            result(status="Accepted", connectorId=1, chargingSchedule=schedule),
        )
        assert found["state"] == "confirmed"
        periods = found["detail"]["answer"]["chargingSchedule"]["chargingSchedulePeriod"]
        assert periods == [{"startPeriod": 0, "limit": -1}]
        place = "GetCompositeScheduleResponse.chargingSchedule.chargingRateUnit"
        assert await charger.bends_within("missing") == place


PROFILE = Profile(
    id=1, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.RELATIVE, schedules=(Schedule(periods=(Period(limit=6),)),)
)


@pytest.mark.parametrize(
    ("settings", "said", "unit", "limit"),
    [
        ({}, "Power", "W", 6_900.0),
        ({}, "Current,Power", "A", 10.0),
        ({"profile_unit": "W"}, "Current", "W", 6_900.0),  # what is known of the model has the last word
    ],
)
async def test_q070_the_only_unit_that_a_charger_understands(
    field: Field, settings: dict[str, Any], said: str, unit: str, limit: float
) -> None:
    async with field.charger(f"q070-{said}-{unit}", settings) as charger:
        keys = [{"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": said}]
        await charger.answers(READ_ALL, result(configurationKey=keys))
        schedules = (Schedule(periods=(Period(limit=10),)),)
        ten = Profile(id=1, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.RELATIVE, schedules=schedules)
        async with field.network.house.database.transaction() as tx:
            await energy.set_profile(tx, ACTOR, charger.station_id, 1, ten, field.network.house.clock())
        field.network.house.hints.publish([COMMANDS_TOPIC])
        schedule = (await charger.hears())[3]["csChargingProfiles"]["chargingSchedule"]
        assert schedule["chargingRateUnit"] == unit
        assert [period["limit"] for period in schedule["chargingSchedulePeriod"]] == [limit]


async def test_q070_a_message_that_must_never_be_sent(field: Field) -> None:
    async with field.charger("q070", {"never_send": ["SetChargingProfile:A"]}) as charger:
        command = await charger.is_asked(SetProfile(evse_number=1, profile=PROFILE))
        found = await charger.outcome(command)
        assert (found["state"], found["outcome"]) == ("refused", "NeverSent")
        assert found["detail"]["why"] == "Chargers of this model must never be sent SetChargingProfile:A."
        await charger.hears_nothing()


async def test_q071_an_error_instead_of_a_refusal(field: Field) -> None:
    async with field.charger("q071") as charger:
        wish = SetProfile(evse_number=1, profile=PROFILE)
        by_error = await charger.answers(wish, error("NotSupported", "", {}))
        by_word = await charger.answers(wish, result(status="Rejected"))
        assert by_error["state"] == by_word["state"] == "refused"


async def test_q072_accepted_and_never_started(field: Field) -> None:
    async with field.charger("q072") as charger:
        await charger.says("StatusNotification", OK)
        command, tag = await charger.is_wanted()
        call = await charger.hears()
        assert call[3] == {"connectorId": 1, "idTag": tag}  # the connector is always named
        await charger.sends(result(status="Accepted")(call[1]))
        assert (await charger.outcome(command))["state"] == "accepted"
        async with field.network.house.database.transaction() as tx:
            await stations.expire_commands(tx, field.network.house.clock() + timedelta(minutes=4))
        assert await field.value("SELECT state FROM command WHERE id = $1", command) == "timed_out"


async def test_q073_personal_data_in_free_text_stays_out_of_the_log(field: Field) -> None:
    async with field.charger("q073") as charger:
        with capture_logs() as logged:
            info = "Info: Charge card 04A1B2C3D4 detected"
            status = {"connectorId": 0, "errorCode": "NoError", "status": "Available", "info": info}
            await charger.says("StatusNotification", status)
            await charger.sends(f'[2,"x","StatusNotification",{{"info":"{info}",]')
            await charger.lives_after("x")
        assert "04A1B2C3D4" not in json.dumps(logged, default=str)


async def test_q074_the_same_words_without_end(field: Field) -> None:
    async with field.charger("q074") as charger:
        for _ in range(40):
            assert await charger.says("DiagnosticsStatusNotification", {"status": "Uploading"}) == {}
        kept = "SELECT count(*) FROM station_report WHERE station_id = $1 AND kind = 'DiagnosticsStatusNotification'"
        assert await field.value(kept, charger.station_id) <= 1


async def test_q075_vendor_data_that_is_no_text(field: Field) -> None:
    async with field.charger("q075") as charger:
        answer = await charger.says("DataTransfer", {"vendorId": "com.acme", "data": {"nested": [1, 2]}})
        assert answer["status"] == "UnknownVendorId"
        assert await charger.bends() == {"not_text": "DataTransfer.data"}
        kept = await field.value("SELECT payload FROM station_report WHERE station_id = $1 AND kind = 'DataTransfer'",
                                 charger.station_id)  # fmt: skip
        assert "nested" in json.dumps(kept)

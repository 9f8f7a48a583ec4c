"""Charging profiles over a real socket: set, replaced, refused, read, taken away; in 1.6 and 2.x."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.energy import service as energy
from laddverk.energy import store
from laddverk.energy.model import Note, Wish
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ocpp.commands import ReadVariables
from laddverk.ocpp.facts import Period, Profile, ProfileKind, Purpose, RateUnit, Schedule, ScheduleUpdate
from laddverk.sessions import service as sessions
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Tariff
from tests.integration.energy.box import boxed
from tests.network import ACTOR, network_on

STARTED_16 = {"connectorId": 1, "idTag": "FREE", "meterStart": 0, "timestamp": "2026-10-24T20:00:00Z"}


@pytest.fixture
async def network(database, tmp_path):
    async with network_on(database, tmp_path) as made:
        yield made


def event(kind, key="tx-1", seq=0, **more):
    return {
        "eventType": kind, "timestamp": "2026-10-24T20:00:00Z", "triggerReason": "CablePluggedIn", "seqNo": seq,
        "transactionInfo": {"transactionId": key, "chargingState": "Charging"}, "evse": {"id": 1, "connectorId": 1},
        **more,
    }  # fmt: skip


async def limited(network, identity, wish):
    async with network.house.database.transaction() as tx:
        return await energy.set_limit(
            tx, ACTOR, network.station_ids[identity], wish, network.house.clock(), reason="test"
        )


async def condition(network, number):
    return await network.value("SELECT condition FROM charging_profile WHERE profile_id = $1", number)


async def test_a_limit_goes_out_and_is_believed_only_once_the_charger_has_taken_it(network):
    async with boxed(network, "box") as box:
        done = await limited(network, "box", Wish(evse_number=1, limit=10.0))
        assert await condition(network, done.profile_id) == "wanted"
        asked = await box.was_asked("SetChargingProfile")
        assert asked["evseId"] == 1
        assert asked["chargingProfile"]["chargingProfilePurpose"] == "TxDefaultProfile"
        assert asked["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 10.0}
        ]
        assert await condition(network, done.profile_id) == "installed"


async def test_a_second_limit_of_the_same_place_takes_the_number_of_the_first(network):
    async with boxed(network, "box") as box:
        first = await limited(network, "box", Wish(evse_number=1, limit=10.0))
        await box.was_asked("SetChargingProfile")
        second = await limited(network, "box", Wish(evse_number=1, limit=8.0))
        await box.was_asked("SetChargingProfile", times=2)
        other = await limited(network, "box", Wish(evse_number=2, limit=8.0))
        assert second.profile_id == first.profile_id != other.profile_id


async def test_a_refused_limit_leaves_what_the_charger_had(network):
    async with boxed(network, "box") as box:
        await limited(network, "box", Wish(evse_number=1, limit=10.0))
        await box.was_asked("SetChargingProfile")
        box.answers["SetChargingProfile"] = {"error": "NotSupported"}  # as ABB says it (quirk 71)
        done = await limited(network, "box", Wish(evse_number=1, limit=16.0))
        await box.was_asked("SetChargingProfile", times=2)
        row = await network.value(
            "SELECT condition || (profile#>>'{schedules,0,periods,0,limit}') || word FROM charging_profile"
            " WHERE profile_id = $1",
            done.profile_id,
        )
        assert row == "installed10.0NotSupported"
        assert await network.value("SELECT state FROM command ORDER BY created_at DESC LIMIT 1") == "refused"


async def test_less_than_six_amperes_is_a_pause_and_is_said(network):
    async with boxed(network, "box") as box:
        done = await limited(network, "box", Wish(evse_number=1, limit=4.0))
        asked = await box.was_asked("SetChargingProfile")
        assert asked["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 0
        assert done.notes == (Note.PAUSED,)


async def test_a_charger_that_takes_watts_only_gets_watts(network):
    """Quirk 70: a charger may refuse amperes; what it takes stands in its configuration."""
    async with boxed(network, "box", "ocpp1.6") as box:
        key = {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": "Power"}
        box.answers["GetConfiguration"] = {"configurationKey": [key]}
        async with network.house.database.transaction() as tx:
            await stations.request_command(
                tx, ACTOR, network.station_ids["box"], ReadVariables(), network.house.clock()
            )
        await box.was_asked("GetConfiguration")
        done = await limited(network, "box", Wish(evse_number=1, limit=10.0))
        asked = await box.was_asked("SetChargingProfile")
        schedule = asked["csChargingProfiles"]["chargingSchedule"]
        assert (schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"][0]["limit"]) == ("W", 6900.0)
        assert Note.CONVERTED in done.notes


@pytest.mark.parametrize(("version", "said", "unit", "limit"), [
    ("ocpp2.0.1", "W", "W", 6900.0), ("ocpp2.1", "A,W", "A", 10.0), ("ocpp2.1", "nonsense", "A", 10.0),
])  # fmt: skip
async def test_a_charger_of_2_x_gets_the_unit_that_it_says_it_takes(network, version, said, unit, limit):
    async with boxed(network, "box", version) as box:
        async with network.house.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO station_variable (station_id, component, variable, value, reported_at, changed_at)"
                " VALUES ($1, 'SmartChargingCtrlr', 'RateUnit', $2, now(), now())",
                network.station_ids["box"], said,
            )  # fmt: skip
        await limited(network, "box", Wish(evse_number=1, limit=10.0))
        (schedule,) = (await box.was_asked("SetChargingProfile"))["chargingProfile"]["chargingSchedule"]
        assert (schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"][0]["limit"]) == (unit, limit)


async def test_a_model_that_is_known_to_take_watts_only_gets_watts_though_it_says_otherwise(network):
    """Quirk 70, by what is known of the model; the station's own setting has the last word."""
    async with boxed(network, "box", "ocpp1.6") as box:
        await box.says("BootNotification", {"chargePointVendor": "MicroOcpp", "chargePointModel": "Box"})
        await limited(network, "box", Wish(evse_number=1, limit=10.0))
        schedule = (await box.was_asked("SetChargingProfile"))["csChargingProfiles"]["chargingSchedule"]
        assert (schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"][0]["limit"]) == ("W", 6900.0)
        async with network.house.database.transaction() as tx:
            await tx.execute("UPDATE station SET quirks = $1", {"profile_unit": "A"})
        await limited(network, "box", Wish(evse_number=1, limit=3680.0, unit=RateUnit.WATT))
        schedule = (await box.was_asked("SetChargingProfile", times=2))["csChargingProfiles"]["chargingSchedule"]
        assert (schedule["chargingRateUnit"], schedule["chargingSchedulePeriod"][0]["limit"]) == ("A", 0.0)  # 5.3 A


async def test_a_limit_for_a_session_names_it_and_ends_with_it(network):
    async with boxed(network, "box", "ocpp1.6") as box:
        with pytest.raises(Invalid):
            await limited(network, "box", Wish(evse_number=1, limit=10.0, purpose=Purpose.TX))
        started = await box.says("StartTransaction", STARTED_16)
        done = await limited(network, "box", Wish(evse_number=1, limit=10.0, purpose=Purpose.TX))
        asked = await box.was_asked("SetChargingProfile")
        assert asked["csChargingProfiles"]["transactionId"] == started["transactionId"]
        await box.says(
            "StopTransaction",
            {"transactionId": started["transactionId"], "meterStop": 9, "timestamp": "2026-10-24T21:00:00Z"},
        )
        await box.settled()
        assert await condition(network, done.profile_id) == "gone"


async def test_a_limit_whose_time_is_over_is_gone(network):
    async with boxed(network, "box") as box:
        now = network.house.clock()
        done = await limited(network, "box", Wish(evse_number=1, limit=10.0, until=now + timedelta(seconds=30)))
        asked = await box.was_asked("SetChargingProfile")
        assert asked["chargingProfile"]["chargingSchedule"][0]["duration"] == 30
        async with network.house.database.transaction() as tx:
            await store.over(tx, now)
        assert await condition(network, done.profile_id) == "installed"
        async with network.house.database.transaction() as tx:
            await store.over(tx, now + timedelta(minutes=1))
        assert await condition(network, done.profile_id) == "gone"


async def test_what_was_taken_away_is_gone_even_when_the_charger_does_not_know_it(network):
    async with boxed(network, "box") as box:
        done = await limited(network, "box", Wish(evse_number=1, limit=10.0))
        await box.was_asked("SetChargingProfile")
        box.answers["ClearChargingProfile"] = {"status": "Unknown"}
        async with network.house.database.transaction() as tx:
            await energy.clear_profiles(
                tx, ACTOR, network.station_ids["box"], network.house.clock(), profile_id=done.profile_id
            )
        assert await condition(network, done.profile_id) == "leaving"
        assert await box.was_asked("ClearChargingProfile") == {"chargingProfileId": done.profile_id}
        assert await condition(network, done.profile_id) == "gone"


REPORTED = {
    "id": 77, "stackLevel": 0, "chargingProfilePurpose": "ChargingStationMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": [{"id": 1, "chargingRateUnit": "A", "startSchedule": "2026-10-24T20:00:00Z",
                          "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 25}]}],
}  # fmt: skip


async def read(network, box, times):
    async with network.house.database.transaction() as tx:
        await energy.read_profiles(tx, ACTOR, network.station_ids["box"], network.house.clock())
    return (await box.was_asked("GetChargingProfiles", times))["requestId"]


async def test_a_whole_reading_settles_what_is_there(network):
    async with boxed(network, "box") as box:
        done = await limited(network, "box", Wish(evse_number=1, limit=10.0))
        await box.was_asked("SetChargingProfile")
        request_id = await read(network, box, 1)
        part = {"requestId": request_id, "chargingLimitSource": "CSO", "evseId": 0, "chargingProfile": [REPORTED]}
        await box.says("ReportChargingProfiles", {**part, "tbc": True})
        assert await network.value("SELECT state FROM command WHERE kind = 'read_profiles'") == "accepted"
        await box.says("ReportChargingProfiles", {**part, "chargingProfile": [{**REPORTED, "id": 78}]})
        assert await network.value("SELECT state FROM command WHERE kind = 'read_profiles'") == "confirmed"
        assert await network.value("SELECT array_agg(profile_id ORDER BY 1) FROM reported_profile") == [77, 78]
        assert await condition(network, done.profile_id) == "gone"  # the charger lost it, and we do not pretend

        box.answers["GetChargingProfiles"] = {"status": "NoProfiles"}
        await read(network, box, 2)
        assert await network.value("SELECT count(*) FROM reported_profile") == 0


async def test_the_composite_schedule_is_kept(network):
    async with boxed(network, "box", "ocpp1.6") as box:
        box.answers["GetCompositeSchedule"] = {
            "status": "Accepted", "connectorId": 1, "scheduleStart": "2026-10-24T20:00:00Z",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": -1}]},
        }  # fmt: skip
        async with network.house.database.transaction() as tx:
            await energy.read_composite(
                tx, ACTOR, network.station_ids["box"], 1, 3600, network.house.clock()
            )  # fmt: skip
        await box.was_asked("GetCompositeSchedule")
        told = await network.value("SELECT composite FROM composite_told")
        assert told["schedule"]["periods"] == [{}]  # -1 is no limit (quirk 69)
        with pytest.raises(Conflict):
            await read(network, box, 1)


async def test_limits_of_others_come_and_go(network):
    async with boxed(network, "box") as box:
        schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 7}]}
        limit = {"chargingLimit": {"chargingLimitSource": "EMS"}, "evseId": 1, "chargingSchedule": [schedule]}
        await box.says("NotifyChargingLimit", limit)
        await box.says("NotifyChargingLimit", limit)
        assert await network.value("SELECT count(*) FROM outside_limit WHERE cleared_at IS NULL") == 1
        await box.says("ClearedChargingLimit", {"chargingLimitSource": "EMS", "evseId": 1})
        assert await network.value("SELECT count(*) FROM outside_limit WHERE cleared_at IS NULL") == 0


NEEDS = {
    "evseId": 1,
    "chargingNeeds": {
        "requestedEnergyTransfer": "AC_three_phase",
        "acChargingParameters": {"energyAmount": 24000, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400},
    },
}


async def test_needs_of_a_running_session_get_their_schedule_at_once(network):
    async with boxed(network, "box") as box:
        await limited(network, "box", Wish(evse_number=1, limit=13.0))
        await box.was_asked("SetChargingProfile")
        await box.says("TransactionEvent", event("Started", idToken={"idToken": "", "type": "NoAuthorization"}))
        assert await box.says("NotifyEVChargingNeeds", NEEDS) == {"status": "Accepted"}
        asked = await box.was_asked("SetChargingProfile", times=2)
        assert asked["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
        assert asked["chargingProfile"]["transactionId"] == "tx-1"
        assert asked["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"] == 13.0
        assert await network.value("SELECT energy_wh FROM ev_need") == 24000


async def test_needs_before_the_session_are_planned_once_it_runs(network):
    async with boxed(network, "box") as box:
        assert await box.says("NotifyEVChargingNeeds", NEEDS) == {"status": "Processing"}
        async with network.house.database.transaction() as tx:
            assert await energy.plan_needs(tx, network.house.clock()) == 0
        await box.says("TransactionEvent", event("Started", idToken={"idToken": "", "type": "NoAuthorization"}))
        async with network.house.database.transaction() as tx:
            assert await energy.plan_needs(tx, network.house.clock()) == 1
        await box.was_asked("SetChargingProfile")
        assert await network.value("SELECT answered FROM ev_need") == "Accepted"
        assert await box.says("NotifyEVChargingNeeds", {**NEEDS, "evseId": 99}) == {"status": "Rejected"}


async def test_a_plan_beyond_the_limit_is_refused(network):
    async with boxed(network, "box") as box:
        await limited(network, "box", Wish(evse_number=1, limit=10.0))
        await box.was_asked("SetChargingProfile")

        def plan(limit):
            now = network.house.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
            return {
                "evseId": 1,
                "timeBase": now,
                "chargingSchedule": {
                    "id": 1,
                    "chargingRateUnit": "A",
                    "chargingSchedulePeriod": [{"startPeriod": 60, "limit": limit}],
                },
            }

        assert await box.says("NotifyEVChargingSchedule", plan(10.2)) == {"status": "Accepted"}
        assert await box.says("NotifyEVChargingSchedule", plan(16.0)) == {"status": "Rejected"}


async def test_a_dynamic_profile_is_told_and_asked_for(network):
    dynamic = Profile(
        id=0, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.DYNAMIC, update_every_s=60,
        schedules=(Schedule(unit=RateUnit.AMPERE, periods=(Period(limit=16.0),)),),
    )  # fmt: skip
    async with boxed(network, "box", "ocpp2.1") as box:
        station_id = network.station_ids["box"]
        async with network.house.database.transaction() as tx:
            done = await energy.set_profile(tx, ACTOR, station_id, 1, dynamic, network.house.clock())
        await box.was_asked("SetChargingProfile")
        pulled = await box.says("PullDynamicScheduleUpdate", {"chargingProfileId": done.profile_id})
        assert pulled == {"status": "Accepted", "scheduleUpdate": {"limit": 16.0}}
        async with network.house.database.transaction() as tx:
            await energy.update_dynamic_limit(
                tx, ACTOR, station_id, done.profile_id, ScheduleUpdate(limit=9.0), network.house.clock()
            )
        assert (await box.was_asked("UpdateDynamicSchedule"))["scheduleUpdate"] == {"limit": 9.0}
        pulled = await box.says("PullDynamicScheduleUpdate", {"chargingProfileId": done.profile_id})
        assert pulled["scheduleUpdate"] == {"limit": 9.0}
        assert await box.says("PullDynamicScheduleUpdate", {"chargingProfileId": 12345}) == {"status": "Rejected"}


async def test_asking_for_a_dynamic_limit_lifts_nothing_that_was_not_told_and_nothing_that_is_over(network):
    dynamic = Profile(
        id=0, purpose=Purpose.TX_DEFAULT, kind=ProfileKind.DYNAMIC, update_every_s=60,
        valid_until=network.house.clock() + timedelta(minutes=5),
        schedules=(Schedule(unit=RateUnit.AMPERE, periods=(Period(limit=16.0),)),),
    )  # fmt: skip
    async with boxed(network, "box", "ocpp2.1") as box:
        station_id = network.station_ids["box"]
        async with network.house.database.transaction() as tx:
            done = await energy.set_profile(tx, ACTOR, station_id, 1, dynamic, network.house.clock())
        await box.was_asked("SetChargingProfile")
        asking = {"chargingProfileId": done.profile_id}
        box.answers["UpdateDynamicSchedule"] = {"status": "Rejected"}

        async def asked_after(limit):
            async with network.house.database.transaction() as tx:
                update = ScheduleUpdate(limit=limit)
                await energy.update_dynamic_limit(
                    tx, ACTOR, station_id, done.profile_id, update, network.house.clock()
                )  # fmt: skip
            return (await box.says("PullDynamicScheduleUpdate", asking))["scheduleUpdate"]["limit"]

        assert await asked_after(20.0) == 16.0
        await box.was_asked("UpdateDynamicSchedule")
        assert await asked_after(9.0) == 9.0  # less is said at once, though the charger has not said yes
        await network.value(
            "UPDATE charging_profile SET profile = profile || jsonb_build_object('valid_until', $1::text)",
            (network.house.clock() - timedelta(seconds=1)).isoformat(),
        )
        assert await box.says("PullDynamicScheduleUpdate", asking) == {"status": "Rejected"}


async def test_priority_is_confirmed_by_the_charger(network):
    async with boxed(network, "box", "ocpp2.1") as box:
        station_id = network.station_ids["box"]
        await box.says("TransactionEvent", event("Started", idToken={"idToken": "", "type": "NoAuthorization"}))
        async with network.house.database.transaction() as tx:
            await energy.use_priority(tx, ACTOR, station_id, 1, True, network.house.clock())
            await energy.allow_transfer(tx, ACTOR, station_id, 1, ["AC_three_phase"], network.house.clock())
            await energy.signal_frequency(tx, ACTOR, station_id, 30, network.house.clock())
            with pytest.raises(Conflict):
                await energy.use_priority(tx, ACTOR, station_id, 2, True, network.house.clock())
        assert await box.was_asked("UsePriorityCharging") == {"transactionId": "tx-1", "activate": True}
        assert (await box.was_asked("NotifyAllowedEnergyTransfer"))["allowedEnergyTransfer"] == ["AC_three_phase"]
        assert (await box.was_asked("AFRRSignal"))["signal"] == 30
        state = "SELECT state FROM command WHERE kind = 'use_priority'"
        assert await network.value(state) == "accepted"
        await box.says("NotifyPriorityCharging", {"transactionId": "tx-1", "activated": True})
        assert await network.value(state) == "confirmed"
        assert await network.value("SELECT active FROM charging_priority")


async def test_a_site_host_of_another_site_sees_no_charger(network):
    async with boxed(network, "box"):
        stranger = Actor("operator", None, "host", frozenset({Permission.COMMANDS_SEND}), frozenset())
        with pytest.raises(NotFound):
            async with network.house.database.transaction() as tx:
                await energy.read_profiles(tx, stranger, network.station_ids["box"], network.house.clock())


async def started_with(network, identity, limit):
    """Start a session for a driver with a limit, and return the number of its profile."""
    now, station_id = network.house.clock(), network.station_ids[identity]
    async with network.house.database.transaction() as tx:
        free = await tariffs.create(tx, ACTOR, f"Free {identity}", Tariff(currency="SEK", free=True), now)
        await tariffs.choose(tx, ACTOR, free.tariff_id, now, site_id=network.site_id)
        await tx.execute("UPDATE connector SET status = 'available'")
        good = await energy.limit_for_start(tx, ACTOR, station_id, 1, limit, RateUnit.AMPERE, now, reason="thin cable")
        prepared = await sessions.prepare_start(tx, ACTOR, station_id=station_id, evse_number=1, now=now)
        await sessions.begin_start(tx, ACTOR, prepared.id, now, profile=good.profile, reason="test")
    return good.profile.id


async def test_a_session_starts_with_its_limit_in_1_6(network):
    async with boxed(network, "box", "ocpp1.6") as box:
        number = await started_with(network, "box", 10.0)
        asked = await box.was_asked("RemoteStartTransaction")
        assert asked["chargingProfile"]["chargingProfilePurpose"] == "TxProfile"
        assert "transactionId" not in asked["chargingProfile"]
        assert await condition(network, number) == "wanted"
        begun = await box.says("StartTransaction", {**STARTED_16, "idTag": asked["idTag"]})
        await network.house.worker.run_until_idle()
        assert await condition(network, number) == "installed"
        told = await network.value("SELECT profile->>'transaction_number' FROM charging_profile")
        assert told == str(begun["transactionId"])
        stop = {"transactionId": begun["transactionId"], "meterStop": 9, "timestamp": "2026-10-24T21:00:00Z"}
        await box.says("StopTransaction", stop)
        await network.house.worker.run_until_idle()
        assert await condition(network, number) == "gone"


async def test_a_session_starts_with_its_limit_in_2_x_and_a_refused_start_leaves_none(network):
    async with boxed(network, "box") as box:
        number = await started_with(network, "box", 10.0)
        asked = await box.was_asked("RequestStartTransaction")
        assert asked["chargingProfile"]["chargingSchedule"][0]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 10.0}
        ]
        info = {"transactionId": "tx-9", "remoteStartId": asked["remoteStartId"]}
        await box.says("TransactionEvent", {**event("Started"), "transactionInfo": info})
        await network.house.worker.run_until_idle()
        assert await condition(network, number) == "installed"
        assert await network.value("SELECT transaction_key FROM charging_profile") == "tx-9"
    async with boxed(network, "other") as box:
        box.answers["RequestStartTransaction"] = {"status": "Rejected"}
        await started_with(network, "other", 10.0)
        await box.was_asked("RequestStartTransaction")
        other = network.station_ids["other"]
        assert await network.value("SELECT condition FROM charging_profile WHERE station_id = $1", other) == "refused"

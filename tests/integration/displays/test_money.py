"""Money on a charger, over a real socket: the running price, tariffs it computes with, its terminal, VAT numbers."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from laddverk.displays import queries
from laddverk.displays import service as displays
from laddverk.kernel.ids import new_id
from laddverk.kernel.problems import Conflict, Invalid
from laddverk.ocpp.commands import ReadVariables
from laddverk.stations import service as stations
from laddverk.tariffs import service as tariffs
from laddverk.tariffs.model import Component, Dimension, Restriction, Tariff
from tests.doubles.http import HttpDouble
from tests.integration.energy.box import boxed
from tests.network import ACTOR, network_on

PER_KWH = Tariff(components=(Component(dimension=Dimension.ENERGY, price=Decimal("4.00")),))


@pytest.fixture
async def network(database, tmp_path):
    async with network_on(database, tmp_path) as made:
        yield made


async def priced(network, tariff=PER_KWH, name="Everywhere"):
    async with network.house.database.transaction() as tx:
        version = await tariffs.create(tx, ACTOR, name, tariff, network.house.clock())
        await tariffs.choose(tx, ACTOR, version.tariff_id, network.house.clock())
    return version


def event(kind, seq, minutes_ago=0, wh=None, **more):
    at = (datetime.now().astimezone() - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S%z")
    at = at[:-2] + ":" + at[-2:]
    fields = {
        "eventType": kind, "timestamp": at, "triggerReason": "MeterValuePeriodic", "seqNo": seq,
        "transactionInfo": {"transactionId": "tx-1", "chargingState": "Charging"}, "evse": {"id": 1, "connectorId": 1},
        **more,
    }  # fmt: skip
    if wh is not None:
        reading = {"value": wh, "measurand": "Energy.Active.Import.Register"}
        fields["meterValue"] = [{"timestamp": at, "sampledValue": [reading]}]
    return fields


FREE = {"idToken": "", "type": "NoAuthorization"}


async def shows_costs(network, box, identity, station_component="TariffCostCtrlr"):
    """Let a charger say that it shows costs, in its report of variables."""
    async with network.house.database.transaction() as tx:
        await stations.request_command(
            tx, ACTOR, network.station_ids[identity], ReadVariables(), network.house.clock()
        )  # fmt: skip
    asked = await box.was_asked("GetBaseReport")
    variable = {
        "component": {"name": station_component}, "variable": {"name": "Enabled", "instance": "Cost"},
        "variableAttribute": [{"value": "true", "mutability": "ReadWrite"}],
        "variableCharacteristics": {"dataType": "boolean", "supportsMonitoring": False},
    }  # fmt: skip
    await box.says(
        "NotifyReport",
        {"requestId": asked["requestId"], "generatedAt": "2026-10-24T20:00:00Z", "seqNo": 0, "reportData": [variable]},
    )


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
async def test_the_running_price_is_answered_and_told_and_the_final_one_too(network, version):
    await priced(network)
    async with boxed(network, "box", version) as box:
        await shows_costs(network, box, "box")
        await box.says("TransactionEvent", event("Started", 0, 60, wh=1000, idToken=FREE))
        answered = await box.says("TransactionEvent", event("Updated", 1, 30, wh=3500))
        assert answered["totalCost"] == 10.0
        assert answered["updatedPersonalMessage"]["content"].startswith("10,00")
        async with network.house.database.transaction() as tx:
            assert await displays.show_costs(tx, network.house.clock()) == 1
        assert await box.was_asked("CostUpdated") == {"totalCost": 10.0, "transactionId": "tx-1"}
        async with network.house.database.transaction() as tx:
            assert await displays.show_costs(tx, network.house.clock()) == 0  # it was told, and nothing changed
            (shown,) = await queries.costs(tx, network.station_ids["box"])
            assert (shown.amount_minor, shown.currency, shown.energy_wh) == (1000, "SEK", 2500)
        answered = await box.says("TransactionEvent", event("Ended", 2, 1, wh=5000, triggerReason="EVDeparted"))
        assert answered["totalCost"] == 16.0


async def test_a_charger_that_shows_no_costs_is_told_only_the_final_one(network):
    await priced(network)
    async with boxed(network, "box") as box:
        await box.says("TransactionEvent", event("Started", 0, 60, wh=1000, idToken=FREE))
        answered = await box.says("TransactionEvent", event("Updated", 1, 30, wh=3500))
        assert "totalCost" not in answered
        async with network.house.database.transaction() as tx:
            assert await displays.show_costs(tx, network.house.clock()) == 0
        answered = await box.says("TransactionEvent", event("Ended", 2, 1, wh=5000, triggerReason="EVDeparted"))
        assert answered["totalCost"] == 16.0


async def test_a_charger_of_1_6_that_shows_prices_is_told_them_as_the_oca_says(network):
    await priced(network)
    async with boxed(network, "box", "ocpp1.6") as box:
        key = {"key": "CustomDisplayCostAndPrice", "readonly": False, "value": "true"}
        box.answers["GetConfiguration"] = {"configurationKey": [key]}
        async with network.house.database.transaction() as tx:
            await stations.request_command(
                tx, ACTOR, network.station_ids["box"], ReadVariables(), network.house.clock()
            )  # fmt: skip
        await box.was_asked("GetConfiguration")
        hour_ago = (network.house.clock() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        now = network.house.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        started = await box.says(
            "StartTransaction", {"connectorId": 1, "idTag": "FREE", "meterStart": 1000, "timestamp": hour_ago}
        )
        reading = {"timestamp": now, "sampledValue": [{"value": "3500", "unit": "Wh"}]}
        number = started["transactionId"]
        await box.says("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": [reading]})
        async with network.house.database.transaction() as tx:
            assert await displays.show_costs(tx, network.house.clock()) == 1
        asked = await box.was_asked("DataTransfer")
        assert (asked["vendorId"], asked["messageId"]) == ("org.openchargealliance.costmsg", "RunningCost")
        said = json.loads(asked["data"])
        assert (said["transactionId"], said["cost"], said["meterValue"], said["state"]) == (
            number, 10.0, 3500, "Charging",
        )  # fmt: skip
        await box.says("StopTransaction", {"transactionId": number, "meterStop": 5000, "timestamp": now})
        await network.house.worker.run_until_idle()
        asked = await box.was_asked("DataTransfer", times=2)
        said = json.loads(asked["data"])
        assert (asked["messageId"], said["cost"], said["priceText"]) == ("FinalCost", 16.0, "16,00\u00a0kr")


async def test_a_tariff_is_sent_read_changed_and_taken_away(network):
    night = Restriction(from_time="22:00", to_time="06:00")
    version = await priced(
        network,
        Tariff(
            components=(
                Component(dimension=Dimension.ENERGY, price=Decimal("2.50"), when=night),
                Component(dimension=Dimension.ENERGY, price=Decimal("5.00")),
                Component(dimension=Dimension.SESSION, price=Decimal("10.00")),
            )
        ),
    )
    name = f"lv-{version.id.hex}"
    async with boxed(network, "box", "ocpp2.1") as box:
        station_id, now = network.station_ids["box"], network.house.clock()
        async with network.house.database.transaction() as tx:
            await displays.send_tariff(tx, ACTOR, station_id, now)
        asked = await box.was_asked("SetDefaultTariff")
        sent = asked["tariff"]
        assert (asked["evseId"], sent["tariffId"], sent["currency"]) == (0, name, "SEK")
        assert sent["energy"] == {
            "prices": [
                {"priceKwh": 2.0, "conditions": {"startTimeOfDay": "22:00", "endTimeOfDay": "00:00"}},
                {"priceKwh": 2.0, "conditions": {"startTimeOfDay": "00:00", "endTimeOfDay": "06:00"}},
                {"priceKwh": 4.0},
            ],
            "taxRates": [{"type": "VAT", "tax": 25.0}],
        }  # fmt: skip
        assert sent["fixedFee"]["prices"] == [{"priceFixed": 8.0}]
        async with network.house.database.transaction() as tx:
            assert [row.condition for row in await queries.tariffs(tx, station_id)] == ["shown"]
            await displays.read_tariffs(tx, ACTOR, station_id, now)
        box.answers["GetTariffs"] = {
            "status": "Accepted",
            "tariffAssignments": [{"tariffId": name, "tariffKind": "DefaultTariff", "evseIds": [1, 2]}],
        }
        await box.was_asked("GetTariffs")
        async with network.house.database.transaction() as tx:
            told = await queries.tariffs_told(tx, station_id)
            assert [one.tariff_id for one in told.tariffs] == [name]
            with pytest.raises(Conflict):
                await displays.change_session_tariff(tx, ACTOR, station_id, 1, now)
        await box.says("TransactionEvent", event("Started", 0, 1, idToken=FREE))
        async with network.house.database.transaction() as tx:
            await displays.change_session_tariff(tx, ACTOR, station_id, 1, now)
        assert (await box.was_asked("ChangeTransactionTariff"))["transactionId"] == "tx-1"
        box.answers["ClearTariffs"] = {"clearTariffsResult": [{"status": "Accepted", "tariffId": name}]}
        async with network.house.database.transaction() as tx:
            await displays.clear_tariffs(tx, ACTOR, station_id, now)
        await box.was_asked("ClearTariffs")
        async with network.house.database.transaction() as tx:
            assert await queries.tariffs(tx, station_id) == []


async def test_a_tariff_that_would_show_a_wrong_price_is_not_sent(network):
    idle = Component(dimension=Dimension.IDLE, price=Decimal("0.50"))
    await priced(network, Tariff(components=(*PER_KWH.components, idle), idle_max=Decimal("100")))
    async with boxed(network, "box", "ocpp2.1"), boxed(network, "old"), network.house.database.transaction() as tx:
        with pytest.raises(Invalid):
            await displays.send_tariff(tx, ACTOR, network.station_ids["box"], network.house.clock())
        with pytest.raises(Conflict):
            await displays.send_tariff(tx, ACTOR, network.station_ids["old"], network.house.clock())


def reckoned(total, **more):
    usage = {"energy": 2.5, "chargingTime": 60, "idleTime": 0}
    return {"totalCost": {"currency": "SEK", "typeOfCost": "NormalCost", "total": total}, "totalUsage": usage, **more}


async def test_what_a_charger_computes_itself_stands_beside_our_price_and_bills_nothing(network):
    await priced(network)
    async with boxed(network, "box", "ocpp2.1") as box:
        await box.says("TransactionEvent", event("Started", 0, 60, wh=1000, idToken=FREE))
        await box.says("TransactionEvent", event("Updated", 1, 30, wh=3500, costDetails=reckoned({"inclTax": 9.99})))
        station_id = network.station_ids["box"]
        async with network.house.database.transaction() as tx:
            (row,) = await queries.computed(tx, station_id)
        assert (row.amount_minor, row.has_tax, row.is_final, row.differs) == (999, True, False, False)
        ended = event("Ended", 2, 1, wh=5000, triggerReason="EVDeparted", costDetails=reckoned({"inclTax": 17.0}))
        assert (await box.says("TransactionEvent", ended))["totalCost"] == 16.0
        await box.says("TransactionEvent", event("Updated", 1, 30, wh=3500, costDetails=reckoned({"inclTax": 9.99})))
        await network.house.worker.run_until_idle()
        async with network.house.database.transaction() as tx:
            (row,) = await queries.computed(tx, station_id)
        assert (row.amount_minor, row.is_final, row.price_minor, row.differs) == (1700, True, 1600, True)


@pytest.mark.parametrize(("details", "kept"), [
    (reckoned({"exclTax": 8.0}), (800, False, None)),
    (reckoned({"inclTax": 0}, failureToCalculate=True, failureReason="no meter"), (0, True, "no meter")),
    (reckoned({"inclTax": 1e30}), None),
    (reckoned({}), None),
    ({"totalCost": {"currency": "XXX", "typeOfCost": "MinCost", "total": {"inclTax": 1.5}},
      "totalUsage": {"energy": 0, "chargingTime": 0, "idleTime": 0}}, (150, True, None)),
])  # fmt: skip
async def test_odd_sums_of_chargers_are_kept_as_they_are_or_not_at_all(network, details, kept):
    async with boxed(network, "box", "ocpp2.1") as box:
        await box.says("TransactionEvent", event("Started", 0, 60, idToken=FREE))
        await box.says("TransactionEvent", event("Updated", 1, 30, costDetails=details))
        async with network.house.database.transaction() as tx:
            rows = await queries.computed(tx, network.station_ids["box"])
        assert [(row.amount_minor, row.has_tax, row.failure) for row in rows] == ([kept] if kept else [])


SETTLED = {
    "pspRef": "psp-1", "status": "Settled", "settlementAmount": 123.45, "settlementTime": "2026-10-24T20:00:00Z",
    "receiptId": "R1", "vatNumber": "SE556677889901",
}  # fmt: skip


async def test_what_a_terminal_took_is_kept_once_in_the_minor_unit(network):
    async with boxed(network, "box", "ocpp2.1") as box:
        assert "error" not in await box.says("NotifySettlement", SETTLED)
        await box.says("NotifySettlement", SETTLED)
        await box.says("NotifySettlement", SETTLED | {"settlementAmount": 1e12, "pspRef": "psp-2"})
        async with network.house.database.transaction() as tx:
            rows = await queries.settlements(tx, None, "psp", "", limit=9, offset=0)
        assert sorted((row.reference, row.amount_minor, row.currency) for row in rows) == [
            ("psp-1", 12_345, "SEK"), ("psp-2", 0, "SEK"),
        ]  # fmt: skip


async def entered(box, number):
    return await box.says("VatNumberValidation", {"vatNumber": number, "evseId": 1})


GOOD = "SE556703748501"  # the number of no company of ours: well-formed, with the right check digit


async def test_vat_numbers_are_judged_by_their_form_where_nobody_is_asked(network):
    async with boxed(network, "box", "ocpp2.1") as box:
        assert (await entered(box, GOOD))["status"] == "Accepted"
        assert (await entered(box, "SE556703748401"))["status"] == "Rejected"
        assert (await entered(box, "'; DROP TABLE"))["status"] == "Rejected"
        async with network.house.database.transaction() as tx:
            rows = await queries.questions(tx, network.station_ids["box"])
        assert sorted(row.accepted for row in rows) == [False, False, True]


async def test_the_built_in_register_knows_companies(database, tmp_path):
    async with (
        network_on(database, tmp_path, vat_register="sandbox") as network,
        boxed(network, "box", "ocpp2.1") as box,
    ):
        answer = await entered(box, GOOD)
        assert (answer["status"], answer["company"]["name"]) == ("Accepted", "Provbolaget 748501 AB")


async def test_vies_is_asked_once_and_its_silence_says_nothing_against_a_number(database, tmp_path):
    said = {"isValid": True, "name": "ELBOLAGET AB", "address": "STORGATAN 1 \n411 01 GÖTEBORG"}
    asked = []

    async def vies(request):
        asked.append(request.path)
        if "DE" in request.path:
            return 500, b""
        return 200, json.dumps(said if "SE" in request.path else {"isValid": False}).encode()

    async with (
        HttpDouble(vies) as server,
        network_on(database, tmp_path, vat_register="vies", vies_url=server.url) as network,
        boxed(network, "box", "ocpp2.1") as box,
    ):
        answer = await entered(box, GOOD)
        assert (answer["status"], answer["company"]["name"]) == ("Accepted", "ELBOLAGET AB")
        assert (await entered(box, "SE 556703-748501"))["status"] == "Accepted"
        assert asked == [f"/ms/SE/vat/{GOOD[2:]}"]  # the second time it was known
        assert (await entered(box, "FI12345678"))["status"] == "Rejected"
        assert (await entered(box, "DE123456789"))["status"] == "Accepted"


async def test_batteries_are_swapped_on_request_and_kept_once(network):
    async with boxed(network, "box", "ocpp2.1") as box:
        async with network.house.database.transaction() as tx:
            await displays.request_swap(tx, ACTOR, network.station_ids["box"], "04A1", network.house.clock())
        asked = await box.was_asked("RequestBatterySwap")
        state = "SELECT state FROM command WHERE kind = 'request_swap'"
        assert await network.value(state) == "accepted"
        battery = {"evseId": 1, "serialNumber": "E-1", "soC": 14.0, "soH": 97.0}
        swap = {"requestId": asked["requestId"], "idToken": asked["idToken"], "batteryData": [battery]}
        await box.says("BatterySwap", swap | {"eventType": "BatteryIn"})
        await box.says("BatterySwap", swap | {"eventType": "BatteryIn"})
        assert await network.value(state) == "confirmed"
        await box.says("BatterySwap", swap | {"eventType": "BatteryOut"})
        async with network.house.database.transaction() as tx:
            assert {row.event for row in await queries.swaps(tx, network.station_ids["box"])} == {
                "BatteryIn", "BatteryOut",
            }  # fmt: skip
            assert len(await queries.swaps(tx, network.station_ids["box"])) == 2


async def test_a_charger_is_told_once_that_somebody_pays_for_its_outlet_on_the_web(network):
    async with boxed(network, "box", "ocpp2.1") as box:
        now = network.house.clock()
        async with network.house.database.transaction() as tx:
            await tx.execute(
                "INSERT INTO start_request (id, station_id, evse_number, payment_id, token_uid, created_at, expires_at)"
                " VALUES ($1, $2, 1, $3, 'WEB', $4, $5)",
                new_id(), network.station_ids["box"], new_id(), now, now + timedelta(minutes=5),
            )  # fmt: skip
            assert await displays.tell_of_payments(tx, now) == 1
            assert await displays.tell_of_payments(tx, now) == 0
        assert await box.was_asked("NotifyWebPaymentStarted") == {"evseId": 1, "timeout": 300}

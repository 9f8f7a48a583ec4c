"""Quirks 76 to 90 (without 85, which is about frames): what chargers of OCPP 2.0.1 and 2.1 send, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from laddverk.ocpp.commands import RawCall, ReadVariables, RequestReport, Reset, ResetKind
from laddverk.ocpp.facts import Variable
from tests.conformance.quirks.charger import Charger, Field, now_text, result

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTER = {"measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}


async def tells(charger: Charger, kind: str, sequence: int, minute: int, **more: Any) -> dict[str, Any]:
    """Send a TransactionEvent of transaction `t-<identity>`, at a minute of the past."""
    trigger = {"Started": "CablePluggedIn", "Updated": "MeterValuePeriodic", "Ended": "EVDeparted"}[kind]
    return await charger.says(
        "TransactionEvent",
        {
            "eventType": kind,
            "timestamp": f"2026-11-01T10:{minute:02}:00Z",
            "triggerReason": trigger,
            "seqNo": sequence,
            "transactionInfo": {"transactionId": f"t-{charger.identity}"},
            **more,
        },
    )


def reading(minute: int, register_wh: int) -> list[dict[str, Any]]:
    return [{"timestamp": f"2026-11-01T10:{minute:02}:00Z", "sampledValue": [{"value": register_wh, **REGISTER}]}]


async def test_q076_an_empty_report(field: Field) -> None:
    async with field.charger("q076", version="ocpp2.0.1") as charger:
        command = await charger.is_asked(RequestReport(request_id=76))
        call = await charger.hears()
        await charger.sends(result(status="Accepted")(call[1]))
        assert (await charger.outcome(command))["state"] == "accepted"
        part = {"requestId": 76, "generatedAt": now_text(), "seqNo": 0, "tbc": False, "reportData": []}
        assert await charger.says("NotifyReport", part) == {}
        await field.until("confirmed", "SELECT state FROM command WHERE id = $1", command)
        assert await charger.bends() == {"empty_list": "NotifyReport.reportData"}


async def test_q077_an_answer_in_the_words_of_16(field: Field) -> None:
    async with field.charger("q077", version="ocpp2.0.1") as charger:
        found = await charger.answers(RawCall(action="GetLocalListVersion", payload={}), result(listVersion=7))
        assert found["state"] == "confirmed"
        assert found["detail"]["answer"]["versionNumber"] == 7


async def test_q078_seconds_with_a_fraction(field: Field) -> None:
    async with field.charger("q078", version="ocpp2.0.1") as charger:
        schedule = {
            "evseId": 1, "duration": 60, "scheduleStart": now_text(), "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 52.885, "limit": 16}],
        }  # fmt: skip
        found = await charger.answers(
            RawCall(action="GetCompositeSchedule", payload={"duration": 60, "evseId": 1}),
            result(status="Accepted", schedule=schedule),
        )
        assert found["state"] == "confirmed"
        assert found["detail"]["answer"]["schedule"]["chargingSchedulePeriod"][0]["startPeriod"] == 53
        assert "startPeriod" in await charger.bends_within("not_whole")


async def test_q079_evse_0_is_the_whole_station(field: Field) -> None:
    async with field.charger("q079", version="ocpp2.0.1") as charger:
        status = {"timestamp": now_text(), "connectorStatus": "Unavailable", "evseId": 0, "connectorId": 0}
        assert await charger.says("StatusNotification", status) == {}
        assert (await charger.station())["status"] == "unavailable"
        assert (await charger.connector())["status"] == "unknown"
        assert await field.value("SELECT count(*) FROM connector WHERE station_id = $1", charger.station_id) == 2
        assert await charger.bends() == {}


async def test_q080_no_authorisation_and_an_empty_token(field: Field) -> None:
    async with field.charger("q080", version="ocpp2.0.1") as charger:
        await tells(charger, "Started", 0, 0, evse={"id": 1}, idToken={"idToken": "", "type": "NoAuthorization"})
        assert (await charger.session())["token_uid"] is None
        assert await charger.bends() == {}


async def test_q081_events_in_any_order_with_gaps(field: Field) -> None:
    async with field.charger("q081", version="ocpp2.0.1") as charger:
        await tells(charger, "Started", 0, 0, evse={"id": 1}, meterValue=reading(0, 1_000))
        await tells(charger, "Ended", 9, 30, meterValue=reading(30, 5_000))  # no token, no evse
        ended_at = (await charger.session())["ended_at"]
        await tells(charger, "Updated", 4, 10, offline=True, meterValue=reading(10, 2_000))  # late, and out of order
        await tells(charger, "Updated", 0, 12, offline=True, meterValue=reading(12, 2_500))  # counts from 0 again
        session = await charger.session()
        assert session["ended_at"] == ended_at == datetime(2026, 11, 1, 10, 30, tzinfo=UTC)
        assert session["energy_wh"] == 4_000
        assert [sample["energy_wh"] for sample in await charger.samples()] == [1_000, 2_000, 2_500, 5_000]


async def test_q082_words_that_are_rare_and_legal(field: Field) -> None:
    async with field.charger("q082", version="ocpp2.0.1") as charger:
        assert await charger.says("LogStatusNotification", {"status": "AcceptedCanceled", "requestId": 1}) == {}
        assert await charger.bends() == {}


async def test_q083_accepted_and_no_value(field: Field) -> None:
    async with field.charger("q083", version="ocpp2.0.1") as charger:
        names = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        found = await charger.answers(
            ReadVariables(variables=(Variable(component="OCPPCommCtrlr", variable="HeartbeatInterval"),)),
            result(getVariableResult=[{"attributeStatus": "Accepted", **names}]),
        )
        assert found["state"] == "confirmed"
        sql = "SELECT count(*) FROM station_variable WHERE station_id = $1 AND value IS NULL"
        assert await field.value(sql, charger.station_id) == 1  # unknown, not empty


async def test_q084_evse_numbers_with_gaps(field: Field) -> None:
    async with field.charger("q084", version="ocpp2.0.1", connectors=1) as charger:
        for evse in (1, 3):
            status = {"timestamp": now_text(), "connectorStatus": "Available", "evseId": evse, "connectorId": 1}
            await charger.says("StatusNotification", status)
        sql = "SELECT evse_number FROM connector WHERE station_id = $1 ORDER BY 1"
        assert await field.values(sql, charger.station_id) == [1, 3]


async def test_q086_a_field_of_21_that_is_missing(field: Field) -> None:
    async with field.charger("q086", version="ocpp2.1") as charger:
        monitor = {"id": 1, "transaction": False, "value": 5, "type": "UpperThreshold", "severity": 4}
        about = {"component": {"name": "EVSE"}, "variable": {"name": "Power"}, "variableMonitoring": [monitor]}
        report = {"requestId": 1, "seqNo": 0, "generatedAt": now_text(), "monitor": [about]}
        assert (await charger.calls("NotifyMonitoringReport", report))[0] == 3
        assert await charger.bends() == {
            "missing": "NotifyMonitoringReport.monitor[].variableMonitoring[].eventNotificationType"
        }


async def test_q087_a_queue_that_is_told_without_a_boot(field: Field) -> None:
    async with field.charger("q087", version="ocpp2.0.1") as charger:
        await tells(charger, "Started", 0, 0, evse={"id": 1}, meterValue=reading(0, 100))
        charger.socket.transport.abort()
    async with field.charger("q087", version="ocpp2.0.1", boots=False) as charger:
        await tells(charger, "Ended", 1, 20, offline=True, meterValue=reading(20, 900))
        session = await charger.session()
        assert (session["energy_wh"], session["ended_at"]) == (800, datetime(2026, 11, 1, 10, 20, tzinfo=UTC))


async def test_q089_several_versions_in_one_header_and_an_origin(field: Field) -> None:
    await field.add("q089")
    headers = {
        "host": "127.0.0.1", "upgrade": "websocket", "connection": "keep-alive, Upgrade",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13",
        "sec-websocket-protocol": "ocpp2.1, ocpp2.0.1", "origin": "http://charger.example",
        "authorization": field.network.headers("q089")["Authorization"],
    }  # fmt: skip
    async with field.handshake("/ocpp/q089", headers) as answer:
        assert answer.status == 101
        assert answer.headers["sec-websocket-protocol"] == "ocpp2.1"


async def test_q090_gone_right_after_it_has_accepted_a_reset(field: Field) -> None:
    async with field.charger("q090", version="ocpp2.0.1") as charger:
        command = await charger.is_asked(Reset(reset=ResetKind.HARD))
        call = await charger.hears()
        await charger.sends(result(status="Accepted")(call[1]))
        assert (await charger.outcome(command))["state"] == "accepted"
        charger.socket.transport.abort()
    async with field.charger("q090", version="ocpp2.0.1", boots=False) as charger:
        assert (await charger.boots())["status"] == "Accepted"
        await field.until("confirmed", "SELECT state FROM command WHERE id = $1", command)
        assert "identity_shared" not in await charger.bends()


async def test_q090_gone_right_after_it_has_taken_its_certificate(field: Field) -> None:
    async with field.charger("q090-signed", version="ocpp2.0.1") as charger:
        command = await charger.is_asked(RawCall(action="CertificateSigned", payload={"certificateChain": "PEM"}))
        call = await charger.hears()
        await charger.sends(result(status="Accepted")(call[1]))
        assert (await charger.outcome(command))["state"] == "confirmed"
        charger.socket.transport.abort()
    async with field.charger("q090-signed", version="ocpp2.0.1", boots=False) as charger:
        await charger.lives()
        assert "identity_shared" not in await charger.bends()

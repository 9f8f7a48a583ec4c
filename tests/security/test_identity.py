"""Identity in the path, user name and key belong together: forty ways in which they do not, and none opens."""

from __future__ import annotations

import base64

import pytest

from tests.network import Network, ask
from tests.security.door import basic, knock, until

PATHS = [
    "/ocpp/a", "/ocpp/A%20", "/ocpp/%20A", "/ocpp/A%00", "/ocpp/%2541", "/ocpp/A%2FB", "/ocpp/A/B", "/ocpp/A%3A",
    "/ocpp/B", "/ocpp/AA", "/ocpp/", "/ocpp", "/", "/A", "/ocpp/%EF%BC%A1", "/ocpp/A%0D%0AX:1", "/ocpp/..%2FA",
    "/console/A", "/ocpp/A;x", "/ocpp/A%E2%80%8B",
]  # fmt: skip
"""Paths that are not A's, each with A's own user name and key."""

USERS = ["", "a", "B", " A", "A ", "A\x00", "AA", "Ä", "*", "' OR 1=1 --"]
"""User names that are not A's, each with A's path and key."""

HEADERS = [
    "Basic", "Basic ", "basic", "Bearer {key}", "Digest username=A", "Basic {key}", "Basic !!!!", "{encoded}",
    "Basic {encoded} {encoded}", "Basic {urlsafe}",
]  # fmt: skip
"""Authorization headers that are no Basic credentials of A."""


@pytest.mark.parametrize("number", range(40))
async def test_forty_mismatches_and_none_opens(network: Network, number: int) -> None:
    key = network.keys["A"]
    source = f"127.7.0.{number + 1}"
    if number < 20:
        assert await knock(network, PATHS[number], basic("A", key), source=source) in (401, 404)
    elif number < 30:
        assert await knock(network, "/ocpp/A", basic(USERS[number - 20], key), source=source) == 401
    else:
        given = {
            "key": key,
            "encoded": base64.b64encode(f"A:{key}".encode()).decode(),
            "urlsafe": base64.urlsafe_b64encode(b"A:" + b"\xff\xfe" * 20).decode(),
        }
        header = {"Authorization": HEADERS[number - 30].format(**given)}
        assert await knock(network, "/ocpp/A", header, source=source) == 401
    assert await network.value("SELECT count(*) FROM station_connection") == 0


# One station never touches another's transaction (T7)


async def test_in_1_6_no_message_of_another_station_changes_a_transaction(network: Network) -> None:
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-11-01T10:00:00Z"}
    async with network.socket("A") as victim, network.socket("B") as attacker:
        number = (await ask(victim, "StartTransaction", start))[2]["transactionId"]
        for guessed in range(max(1, number - 3), number + 4):
            meter = {"timestamp": "2026-11-01T10:04:00Z", "sampledValue": [{"value": "900000"}]}
            values = {"connectorId": 1, "transactionId": guessed, "meterValue": [meter]}
            stop = {"transactionId": guessed, "meterStop": 5, "timestamp": "2026-11-01T10:05:00Z"}
            assert (await ask(attacker, "MeterValues", values))[0] == 3
            assert (await ask(attacker, "StopTransaction", stop))[0] == 3
        ended, energy = (
            await network.value("SELECT ended_at FROM session WHERE number = $1", number),
            await network.value("SELECT energy_wh FROM session WHERE number = $1", number),
        )
        assert ended is None
        assert energy == 0
        stop = {"transactionId": number, "meterStop": 1234, "timestamp": "2026-11-01T11:00:00Z"}
        assert (await ask(victim, "StopTransaction", stop))[0] == 3
    assert (
        await until(
            lambda: network.value("SELECT energy_wh FROM session WHERE number = $1 AND ended_at IS NOT NULL", number)
        )
        == 1234
    )
    orphans = "SELECT count(*) FROM session_orphan WHERE station_id = $1"
    assert await network.value(orphans, network.station_ids["B"]) > 0, "what the attacker said is kept for review"
    assert await network.value(orphans, network.station_ids["A"]) == 0


@pytest.mark.parametrize("version", ["ocpp2.0.1", "ocpp2.1"])
async def test_in_2_x_an_event_with_anothers_transaction_id_stays_with_its_sender(
    network: Network, version: str
) -> None:
    def event(kind: str, sequence: int, register_wh: float) -> dict[str, object]:
        value = {"value": register_wh, "measurand": "Energy.Active.Import.Register"}
        return {
            "eventType": kind,
            "timestamp": f"2026-11-01T10:0{sequence}:00Z",
            "triggerReason": "Authorized" if kind == "Started" else "StopAuthorized",
            "seqNo": sequence,
            "transactionInfo": {"transactionId": "one-and-the-same"},
            "evse": {"id": 1, "connectorId": 1},
            "idToken": {"idToken": "T", "type": "ISO14443"},
            "meterValue": [{"timestamp": f"2026-11-01T10:0{sequence}:00Z", "sampledValue": [value]}],
        }

    async with network.socket("A", version=version) as victim, network.socket("B", version=version) as attacker:
        assert (await ask(victim, "TransactionEvent", event("Started", 0, 0)))[0] == 3
        assert (await ask(attacker, "TransactionEvent", event("Ended", 5, 900_000)))[0] == 3
        own = network.station_ids["A"]
        assert await network.value("SELECT ended_at FROM session WHERE station_id = $1", own) is None
        assert await network.value("SELECT energy_wh FROM session WHERE station_id = $1", own) == 0
        assert (await ask(victim, "TransactionEvent", event("Ended", 6, 1_234)))[0] == 3
        assert await network.value("SELECT energy_wh FROM session WHERE station_id = $1", own) == 1_234

"""Security alarms: what is noticed, told to staff by mail at once and once a day, and kept from being a flood."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.access import service as access
from laddverk.access.model import StaffDetails
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewEvent
from laddverk.certificates.service import alarms
from laddverk.kernel.actors import Role
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.certificates import notice
from laddverk.stations import service as stations
from tests.integration.certificates.conftest import charger_on, until
from tests.network import ACTOR, Network, ask

MAILS = "SELECT count(*) FROM mail WHERE template = 'security_alarm'"
MINUTE = timedelta(minutes=1)


async def add_staff(network: Network, name: str, role: Role, language: str = "en", sites: tuple = ()) -> None:
    details = StaffDetails(email=f"{name}@example.com", name=name, role=role, language=language, site_ids=tuple(sites))
    async with network.house.database.transaction() as tx:
        await access.create_staff(tx, ACTOR, details, "a long and dull password", network.house.clock())


@pytest.fixture
async def staffed(network: Network) -> Network:
    await add_staff(network, "ada", Role.ADMIN)
    await add_staff(network, "bo", Role.TECHNICIAN, "sv")
    await add_staff(network, "cy", Role.FINANCE)
    return network


async def note(network: Network, kind: str, identity: str | None = None, info: str = "", source: str = "charger"):
    now = network.house.clock()
    station_id = network.station_ids[identity] if identity else None
    event = NewEvent(station_id=station_id, at=now, received_at=now, kind=kind, tech_info=info, source=source)
    async with network.house.database.transaction() as tx:
        return await certificates.note(tx, event)


async def tell(network: Network, after: timedelta) -> int:
    """Tell what is to be told, as if `after` had gone by; return how many mails were written."""
    async with network.house.database.transaction() as tx:
        return await alarms.tell(tx, "https://x.example", "Test", "UTC", network.house.clock() + after)


async def test_what_a_charger_noticed_is_mailed_at_once_to_those_who_can_act_in_their_language(
    staffed: Network,
) -> None:
    async with charger_on(staffed, Protocol.V201) as charger:
        notice(charger, "TamperDetectionActivated", staffed.house.clock(), "door 1")
        await until(lambda: staffed.value(MAILS), network=staffed)
    subjects = "SELECT string_agg(recipient || ': ' || subject, E'\n' ORDER BY recipient) FROM mail"
    assert (await staffed.value(subjects)).splitlines() == [
        "ada@example.com: Security alarm at CP1: Somebody has opened the charger",
        "bo@example.com: Säkerhetslarm på CP1: Någon har öppnat laddaren",
    ]
    text = await staffed.value("SELECT body_text FROM mail WHERE recipient LIKE 'ada%'")
    assert "door 1" in text
    assert "/console/security-events?only=open" in text


async def test_what_is_a_part_of_every_day_is_kept_and_not_mailed(staffed: Network) -> None:
    await staffed.add_station("CP1")
    await note(staffed, "StartupOfTheDevice", "CP1")
    assert await tell(staffed, MINUTE) == 0


async def test_the_same_thing_at_one_charger_is_told_once_a_day(staffed: Network) -> None:
    await staffed.add_station("CP1")
    await staffed.add_station("CP2")
    await note(staffed, "InvalidMessages", "CP1", "first")
    assert await tell(staffed, MINUTE) == 2
    await note(staffed, "InvalidMessages", "CP1", "second")
    assert await tell(staffed, 20 * MINUTE) == 0
    await note(staffed, "InvalidMessages", "CP2")
    assert await tell(staffed, 40 * MINUTE) == 2, "another charger is another thing"
    await note(staffed, "InvalidMessages", "CP1", "third")
    assert await tell(staffed, timedelta(days=2)) == 2
    assert await staffed.value("SELECT count(*) FROM security_event WHERE told_at IS NULL") == 0


async def test_a_storm_of_alarms_is_one_mail_now_and_one_later(staffed: Network) -> None:
    for number in range(30):
        await staffed.add_station(f"CP{number}")
    await note(staffed, "AttemptedReplayAttacks", "CP0")
    assert await tell(staffed, timedelta()) == 2
    for number in range(1, 30):
        await note(staffed, "AttemptedReplayAttacks", f"CP{number}")
    assert await tell(staffed, 9 * MINUTE) == 0
    assert await tell(staffed, 11 * MINUTE) == 2
    newest = "SELECT subject || body_text FROM mail WHERE recipient LIKE 'ada%' ORDER BY created_at DESC LIMIT 1"
    words = await staffed.value(newest)
    assert words.startswith("29 security alarms")
    assert "… and 9 more" in words


async def test_a_host_of_one_site_is_not_told(network: Network) -> None:
    await add_staff(network, "host", Role.SITE_HOST, sites=(network.site_id,))
    await network.add_station("CP1")
    await note(network, "TamperDetectionActivated", "CP1")
    assert await tell(network, timedelta()) == 0


async def test_who_ends_another_chargers_transaction_is_noted_and_told_of(staffed: Network) -> None:
    await staffed.add_station("A")
    await staffed.add_station("B")
    start = {"connectorId": 1, "idTag": "T", "meterStart": 0, "timestamp": "2026-11-01T10:00:00Z"}
    async with staffed.socket("A") as victim, staffed.socket("B") as attacker:
        number = (await ask(victim, "StartTransaction", start))[2]["transactionId"]
        stop = {"transactionId": number, "meterStop": 5, "timestamp": "2026-11-01T10:05:00Z"}
        assert (await ask(attacker, "StopTransaction", stop))[0] == 3
        assert (await ask(attacker, "StopTransaction", stop | {"transactionId": number + 7}))[0] == 3
    await staffed.house.worker.run_until_idle()
    noted = "SELECT station_id FROM security_event WHERE kind = 'ForeignTransaction'"
    assert await staffed.value(noted) == staffed.station_ids["B"]
    assert await staffed.value("SELECT count(*) FROM security_event") == 1, "a number of nobody is a mistake, no attack"
    assert await staffed.value(MAILS) == 2


async def test_who_tries_keys_is_noted_and_told_of(staffed: Network) -> None:
    async with staffed.house.database.transaction() as tx:
        await stations.record_guesses(tx, [stations.Guesses("192.0.2.7", 40, 12)], staffed.house.clock())
    await staffed.house.worker.run_until_idle()
    assert await staffed.value("SELECT tech_info FROM security_event WHERE kind = 'GuessedKeys'") == "from 192.0.2.7"
    assert await staffed.value(MAILS) == 2

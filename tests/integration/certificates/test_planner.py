"""The renewal planner on a real database: spread over the fleet, asking until the request comes, alarming in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from laddverk.certificates import service as certificates
from laddverk.certificates.service import renewal
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.certificates import STATION, Certificates, ask_for
from laddverk.stations import service as stations
from laddverk.stations.model import COMMANDS_TOPIC
from tests.integration.certificates.conftest import charger_on, until
from tests.network import ACTOR, Network

DAY = timedelta(days=1)
MADE = """
INSERT INTO station_certificate (id, station_id, kind, fingerprint_sha256, subject_cn, issuer, serial_number,
                                 not_before, not_after, state, pem, chain, authority, made_at, next_step_at)
VALUES (gen_random_uuid(), $1::uuid, 'station', sha256(convert_to($1::text, 'UTF8')), 'x', 'CA', 'abc', $2, $3, $4,
        '', '', 'builtin', $2, $5) RETURNING id
"""
ASKED = "SELECT count(*) FROM command WHERE kind = 'ask_for_certificate_request'"


async def held(
    network: Network, identity: str, *, ends_in: timedelta, due_in: timedelta = -DAY, state: str = "active"
) -> UUID:
    """Give a station a certificate of a year; return its id."""
    station_id = await network.add_station(identity)
    now = network.house.clock()
    ends = now + ends_in
    return UUID(str(await network.value(MADE, station_id, ends - 365 * DAY, ends, state, now + due_in)))


async def plan(network: Network, now: datetime) -> int:
    async with network.house.database.transaction() as tx:
        return await renewal.plan(tx, now)


async def alarm(network: Network, now: datetime) -> int:
    async with network.house.database.transaction() as tx:
        return await renewal.sound_alarms(tx, now)


async def test_a_fleet_that_got_its_certificates_on_one_day_is_asked_over_weeks(network: Network) -> None:
    async with charger_on(network, Protocol.V201) as charger:
        ask_for(charger, STATION, network.house.clock())
        active = "SELECT next_step_at FROM station_certificate WHERE state = 'active'"
        await until(lambda: network.value(active), network=network)
    begins = await network.value("SELECT not_before FROM station_certificate")
    ends = await network.value("SELECT not_after FROM station_certificate")
    when = await network.value(active)
    early, late = ends - (ends - begins) / 3, ends - (ends - begins) / 4
    assert early <= when <= late, "renewed when a third to a quarter of its life is left, at a moment of its own"


async def test_who_is_due_is_asked_once_and_again_until_the_request_comes(network: Network) -> None:
    await held(network, "DUE", ends_in=60 * DAY)
    await held(network, "LATER", ends_in=90 * DAY, due_in=20 * DAY)
    await held(network, "OLD", ends_in=60 * DAY, state="superseded")
    now = network.house.clock()
    assert await plan(network, now) == 1
    assert await plan(network, now + timedelta(hours=1)) == 0
    assert await plan(network, now + timedelta(hours=26)) == 1
    assert await network.value("SELECT asked FROM station_certificate WHERE state = 'active' AND asked > 0") == 2
    assert await network.value(ASKED) == 2
    actor = "SELECT actor_name FROM audit_log WHERE action = 'command.requested' LIMIT 1"
    assert await network.value(actor) == "certificate renewal"


async def test_no_more_than_a_hundred_are_asked_in_one_run(network: Network) -> None:
    for number in range(103):
        await held(network, f"CP{number}", ends_in=60 * DAY)
    now = network.house.clock()
    assert [await plan(network, now) for _ in range(3)] == [100, 3, 0]


async def test_a_question_that_cannot_be_asked_is_put_off_and_a_retired_station_is_left_alone(network: Network) -> None:
    await held(network, "GONE", ends_in=60 * DAY)
    async with network.house.database.transaction() as tx:
        await stations.retire_station(tx, ACTOR, network.station_ids["GONE"], network.house.clock(), reason="sold")
    assert await plan(network, network.house.clock()) == 0
    assert await network.value("SELECT state FROM station_certificate") == "revoked"


async def test_an_old_certificate_is_renewed_from_the_planner_to_the_first_use_of_the_new_one(network: Network) -> None:
    async with charger_on(network, Protocol.V16) as charger:
        ask_for(charger, STATION, network.house.clock())
        active = "SELECT count(*) FROM station_certificate WHERE state = 'active'"
        await until(lambda: network.value(active), network=network)
        first = charger.of(Certificates).own[STATION][0]
        async with network.house.database.transaction() as tx:
            await tx.execute("UPDATE station_certificate SET next_step_at = now() - interval '1 minute'")
        assert await plan(network, network.house.clock()) == 1
        network.house.hints.publish([COMMANDS_TOPIC])
        replaced = "SELECT count(*) FROM station_certificate WHERE state = 'superseded'"
        await until(lambda: network.value(replaced), network=network)
        assert charger.of(Certificates).own[STATION][0] != first
    assert await network.value(active) == 1


async def test_the_end_comes_nearer_and_is_an_alarm_at_30_14_7_and_0_days(network: Network) -> None:
    await held(network, "CP1", ends_in=40 * DAY, due_in=100 * DAY)
    now = network.house.clock()
    given = [(day, await alarm(network, now + day * DAY)) for day in range(0, 46, 1)]
    assert [day for day, count in given if count] == [10, 26, 33, 40]
    kinds = "SELECT count(*) FROM security_event WHERE kind = 'CertificateExpiring' AND critical AND source = 'house'"
    assert await network.value(kinds) == 4


async def test_of_a_replaced_or_withdrawn_certificate_there_is_no_alarm(network: Network) -> None:
    await held(network, "CP1", ends_in=DAY, state="superseded")
    withdrawn = await held(network, "CP2", ends_in=DAY)
    async with network.house.database.transaction() as tx:
        await certificates.revoke(
            tx, ACTOR, network.station_ids["CP2"], withdrawn, network.house.clock(), reason="stolen"
        )
    assert await alarm(network, network.house.clock()) == 0
    assert await plan(network, network.house.clock()) == 0

"""Connections: the newest counts, late ends of older ones change nothing, knocks are bounded."""

from __future__ import annotations

from laddverk.platform import outbox
from laddverk.platform.database import Database
from laddverk.stations import keys, service
from laddverk.stations.admission import Admission
from laddverk.stations.model import IdentityShared, Knock, NewStation, StationOffline, StationOnline
from tests.integration.stations.field import NOW, PEPPER, TESTS, at, with_station


async def connected(database: Database, station_id: object) -> bool:
    async with database.transaction() as tx:
        return bool(await tx.value("SELECT connected_at IS NOT NULL FROM station WHERE id = $1", station_id))


async def test_the_key_of_a_new_station_opens_its_door_and_no_other(database: Database) -> None:
    key = await with_station(database)
    other = await with_station(database, "CP 2", "MOL")
    async with database.transaction() as tx:
        credential = await service.credential(tx, "CP 1")
    assert credential is not None
    assert credential.station_id == key.station_id
    assert keys.match(PEPPER, credential, key.password.encode())
    assert not keys.match(PEPPER, credential, other.password.encode())


async def test_the_database_does_not_hold_the_key(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        for table in ("station", "audit_log", "connector"):
            rows = await tx.values(f"SELECT t::text FROM {table} t")
            assert not any(key.password in row for row in rows)
        stored = await tx.value("SELECT key_hash FROM station")
    assert stored != bytes.fromhex(key.password)


async def test_an_unknown_identity_has_no_credential(database: Database) -> None:
    await with_station(database)
    async with database.transaction() as tx:
        assert await service.credential(tx, "cp 1") is None


async def test_the_late_end_of_an_older_connection_leaves_the_newer_one_online(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        older = await service.open_connection(tx, key.station_id, "ocpp1.6", "10.0.0.1", at(0))
        newer = await service.open_connection(tx, key.station_id, "ocpp2.0.1", "10.0.0.2", at(60))
    assert newer > older
    async with database.transaction() as tx:
        await service.close_connection(tx, key.station_id, older, 1006, None, at(90))
    assert await connected(database, key.station_id)
    async with database.transaction() as tx:
        await service.close_connection(tx, key.station_id, newer, 1000, "bye", at(120))
        history = await tx.rows("SELECT epoch, disconnected_at, close_code FROM station_connection ORDER BY epoch")
    assert not await connected(database, key.station_id)
    assert [tuple(row) for row in history] == [(older, at(90), 1006), (newer, at(120), 1000)]


async def test_only_real_changes_are_told_as_online_and_offline(database: Database) -> None:
    outbox.subscribe(StationOnline, "test.online")
    outbox.subscribe(StationOffline, "test.offline")
    key = await with_station(database)
    async with database.transaction() as tx:
        older = await service.open_connection(tx, key.station_id, "ocpp1.6", "10.0.0.1", at(0))
        newer = await service.open_connection(tx, key.station_id, "ocpp1.6", "10.0.0.1", at(1))
        await service.close_connection(tx, key.station_id, older, 1006, None, at(2))
        await service.close_connection(tx, key.station_id, newer, 1006, None, at(3))
        await service.close_connection(tx, key.station_id, newer, 1006, None, at(4))
        kinds = await tx.values("SELECT kind FROM job WHERE kind LIKE 'test.%' ORDER BY id")
    assert kinds == ["test.online", "test.offline"]


async def test_after_a_crash_nobody_is_connected_since_they_were_last_seen(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.open_connection(tx, key.station_id, "ocpp1.6", "10.0.0.1", at(0))
        await service.seen(tx, [(key.station_id, at(50)), (key.station_id, at(40))])
    async with database.transaction() as tx:
        await service.disconnect_all(tx, at(600))
        assert await tx.value("SELECT disconnected_at FROM station") == at(50)
        assert await tx.value("SELECT disconnected_at FROM station_connection") == at(50)
        assert await service.open_connection(tx, key.station_id, "ocpp1.6", "10.0.0.1", at(601)) == 2
    assert await connected(database, key.station_id)


async def test_last_seen_never_goes_back(database: Database) -> None:
    key = await with_station(database)
    for seconds in (50, 20):
        async with database.transaction() as tx:
            await service.seen(tx, [(key.station_id, at(seconds))])
            assert await tx.value("SELECT last_seen_at FROM station") == at(50)


async def test_a_station_that_somebody_writes_about_is_left_for_later(database: Database) -> None:
    """A storm of a million inputs found the deadlock that waiting made."""
    key = await with_station(database)
    async with database.transaction() as other:
        await other.execute("SELECT 1 FROM station FOR UPDATE")
        async with database.transaction() as tx:
            assert await service.seen(tx, [(key.station_id, at(50))]) == [key.station_id]
    async with database.transaction() as tx:
        assert await service.seen(tx, [(key.station_id, at(50))]) == []
        assert await tx.value("SELECT last_seen_at FROM station") == at(50)


async def test_of_many_who_knock_the_latest_thousand_are_kept(database: Database) -> None:
    async with database.transaction() as tx:
        await service.record_knocks(
            tx, [Knock(f"x{number}", "10.0.0.9", "unknown_station", at(number)) for number in range(1100)]
        )
        assert await tx.value("SELECT count(*) FROM knock") == 1000
        assert await tx.value("SELECT min(last_at) FROM knock") == at(100)


async def test_knocks_are_counted_and_registering_the_station_ends_them(database: Database) -> None:
    async with database.transaction() as tx:
        for seconds, reason in ((0, "unknown_station"), (9, "no_credentials")):
            knocks = [Knock("CP 7", "10.0.0.9", reason, at(seconds + extra)) for extra in range(2)]
            await service.record_knocks(tx, knocks)
        row = (await tx.rows("SELECT first_at, last_at, count, reason FROM knock"))[0]
        assert tuple(row) == (at(0), at(10), 4, "no_credentials")
    key = await with_station(database)
    async with database.transaction() as tx:
        credential = await service.credential(tx, "CP 1")
        assert credential is not None
        new = NewStation(site_id=credential.site_id, identity="CP 7", name="Plats 7")
        registered = await service.create_station(tx, TESTS, new, NOW, PEPPER)
        assert registered.station_id != key.station_id
        assert await tx.value("SELECT count(*) FROM knock") == 0


async def test_two_who_displace_each_other_with_one_key_are_noticed_and_a_bad_link_is_not(database: Database) -> None:
    outbox.subscribe(IdentityShared, "test.shared")
    thief, flaky = await with_station(database), await with_station(database, "CP 2", "MOL")
    alive = service.Entrance(admission=Admission(profile=1), contested=True)
    ghost = service.Entrance(admission=Admission(profile=1))
    async with database.transaction() as tx:
        for number in range(8):
            address, when = f"10.0.0.{number % 2}", at(number * 20)
            await service.open_connection(tx, thief.station_id, "ocpp1.6", address, when, alive)
            await service.open_connection(tx, flaky.station_id, "ocpp1.6", address, when, ghost)
        told = await tx.values("SELECT payload->>'station_id' FROM job WHERE kind = 'test.shared'")
        held = await tx.values("SELECT identity FROM station WHERE held_since IS NOT NULL")
    assert told == [str(thief.station_id)]
    assert held == ["CP 1"]


async def test_one_address_that_displaces_itself_is_no_theft(database: Database) -> None:
    key = await with_station(database)
    alive = service.Entrance(admission=Admission(profile=1), contested=True)
    async with database.transaction() as tx:
        for number in range(8):
            await service.open_connection(tx, key.station_id, "ocpp1.6", "10.0.0.9", at(number * 20), alive)
        assert await tx.value("SELECT held_since FROM station") is None

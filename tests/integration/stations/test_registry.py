"""Registering sites, stations and connectors: codes, keys, fields at fault, and who may."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from laddverk.kernel.actors import Role
from laddverk.kernel.ids import SiteId, new_id
from laddverk.kernel.problems import Conflict, Invalid, NotAllowed, NotFound
from laddverk.platform.database import Database
from laddverk.stations import keys, service
from laddverk.stations.model import NewConnector, NewStation, SiteDetails, StationDetails
from tests.integration.stations.field import NOW, PEPPER, TESTS, at, staff, status, with_station

SITE = SiteDetails(name="Hamngatan", code="HAM", latitude=57.7, longitude=11.97)


async def a_site(database: Database, code: str = "HAM") -> SiteId:
    async with database.transaction() as tx:
        return await service.create_site(tx, TESTS, replace(SITE, code=code, name=code), NOW)


def a_station(site_id: SiteId, identity: str = "CP 1", connectors: int = 2) -> NewStation:
    return NewStation(
        site_id=site_id,
        identity=identity,
        name="Plats 1",
        connectors=tuple(NewConnector(evse_number=number) for number in range(1, connectors + 1)),
    )


async def codes(database: Database) -> list[str]:
    async with database.transaction() as tx:
        return await tx.values("SELECT code FROM connector ORDER BY code")


async def test_stations_of_a_site_are_numbered_and_each_connector_has_its_codes(database: Database) -> None:
    site_id = await a_site(database)
    async with database.transaction() as tx:
        await service.create_stations(tx, TESTS, [a_station(site_id, "A"), a_station(site_id, "B")], NOW, PEPPER)
        await service.create_station(tx, TESTS, a_station(site_id, "C", 1), NOW, PEPPER)
        public = await tx.values("SELECT public_evse_id FROM connector")
    assert await codes(database) == ["HAM-001-1", "HAM-001-2", "HAM-002-1", "HAM-002-2", "HAM-003-1"]
    assert len(set(public)) == 5
    assert all(one.startswith("SE*LAD*E") for one in public)


async def test_a_sticker_is_never_reused_and_stays_when_the_station_moves(database: Database) -> None:
    first, second = await a_site(database, "AAA"), await a_site(database, "BBB")
    async with database.transaction() as tx:
        moved = await service.create_station(tx, TESTS, a_station(first, "A", 1), NOW, PEPPER)
        details = StationDetails(site_id=second, name="Flyttad", power_max_w=11_000)
        await service.update_station(tx, TESTS, moved.station_id, details, NOW)
        await service.create_station(tx, TESTS, a_station(first, "B", 1), NOW, PEPPER)
        await service.create_station(tx, TESTS, a_station(second, "C", 1), NOW, PEPPER)
        assert await service.add_connector(tx, TESTS, moved.station_id, NewConnector(evse_number=2), NOW) == "AAA-001-2"
    assert await codes(database) == ["AAA-001-1", "AAA-001-2", "AAA-002-1", "BBB-001-1"]


async def test_a_second_connector_of_one_evse_has_a_letter(database: Database) -> None:
    key = await with_station(database, connectors=1)
    async with database.transaction() as tx:
        plug = NewConnector(evse_number=1, connector_number=2, plug="chademo", power_type="dc", power_max_w=50_000)
        assert await service.add_connector(tx, TESTS, key.station_id, plug, NOW) == "GBG-001-1B"
        with pytest.raises(Conflict):
            await service.add_connector(tx, TESTS, key.station_id, plug, NOW)


async def test_an_identity_is_registered_once_and_nothing_else_is_undone(database: Database) -> None:
    site_id = await a_site(database)
    async with database.transaction() as tx:
        await service.create_station(tx, TESTS, a_station(site_id), NOW, PEPPER)
        with pytest.raises(Conflict) as taken:
            await service.create_station(tx, TESTS, a_station(site_id), NOW, PEPPER)
        assert taken.value.field == "identity"
    async with database.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM station") == 1


async def test_a_new_key_shuts_the_old_one_out_and_a_retired_station_has_none(database: Database) -> None:
    old = await with_station(database)
    async with database.transaction() as tx:
        new = await service.rotate_key(tx, TESTS, old.station_id, NOW, PEPPER, reason="lost")
        credential = await service.credential(tx, "CP 1")
        assert keys.match(PEPPER, credential, new.password.encode())
        assert not keys.match(PEPPER, credential, old.password.encode())
        await service.retire_station(tx, TESTS, old.station_id, NOW, reason="scrapped")
        assert not keys.match(PEPPER, await service.credential(tx, "CP 1"), new.password.encode())
        with pytest.raises(Conflict):
            await service.rotate_key(tx, TESTS, old.station_id, NOW, PEPPER)


async def test_a_key_that_is_in_the_charger_already_may_be_given(database: Database) -> None:
    site_id = await a_site(database)
    async with database.transaction() as tx:
        given = replace(a_station(site_id), key="AB" * 16)
        made = await service.create_station(tx, TESTS, given, NOW, PEPPER)
        assert made.password == "ab" * 16
        assert keys.match(PEPPER, await service.credential(tx, "CP 1"), b"\xab" * 16)
        with pytest.raises(Invalid) as weak:
            await service.create_station(tx, TESTS, replace(given, identity="x", key="123"), NOW, PEPPER)
        assert weak.value.field == "key"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"code": "göteborg"}, "code"),
        ({"latitude": 91.0}, "latitude"),
        ({"longitude": None}, "longitude"),
        ({"timezone": "Europe/Gothenburg"}, "timezone"),
    ],
)
async def test_a_site_at_fault_names_the_field(database: Database, change: dict[str, object], field: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.create_site(tx, TESTS, replace(SITE, **change), NOW)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"identity": "a:b"}, "identity"),
        ({"identity": "x" * 49}, "identity"),
        ({"identity": "a\nb"}, "identity"),
        ({"name": ""}, "name"),
        ({"power_max_w": 0}, "power_max_w"),
        ({"connectors": (NewConnector(evse_number=0),)}, "evse_number"),
        ({"connectors": (NewConnector(evse_number=1), NewConnector(evse_number=1))}, "connectors"),
        ({"connectors": (NewConnector(evse_number=1, plug="schuko"),)}, "plug"),
    ],
)
async def test_a_station_at_fault_names_the_field(database: Database, change: dict[str, object], field: str) -> None:
    site_id = await a_site(database)
    async with database.transaction() as tx:
        with pytest.raises(Invalid) as refused:
            await service.create_station(tx, TESTS, replace(a_station(site_id), **change), NOW, PEPPER)
    assert refused.value.field == field


async def test_roles_and_sites_limit_who_may_register(database: Database) -> None:
    mine, other = await a_site(database, "AAA"), await a_site(database, "BBB")
    key = await with_station(database)
    limited = staff(Role.TECHNICIAN, mine)
    async with database.transaction() as tx:
        await service.create_station(tx, limited, a_station(mine, "A"), NOW, PEPPER)
        for refused in (
            service.create_station(tx, limited, a_station(other, "B"), NOW, PEPPER),
            service.create_site(tx, limited, SITE, NOW),
            service.update_site(tx, limited, other, SITE, NOW),
            service.rotate_key(tx, limited, key.station_id, NOW, PEPPER),
            service.retire_station(tx, limited, key.station_id, NOW),
        ):
            with pytest.raises(NotFound):
                await refused
        with pytest.raises(NotAllowed):
            await service.create_station(tx, staff(Role.SUPPORT), a_station(mine, "C"), NOW, PEPPER)


async def test_a_site_is_retired_when_it_is_empty_and_takes_no_more_stations(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        site_id = await tx.value("SELECT id FROM site")
        with pytest.raises(Conflict):
            await service.retire_site(tx, TESTS, site_id, NOW)
        await service.retire_station(tx, TESTS, key.station_id, NOW)
        await service.retire_site(tx, TESTS, site_id, NOW)
        with pytest.raises(Conflict) as closed:
            await service.create_station(tx, TESTS, a_station(site_id, "B"), NOW, PEPPER)
        assert closed.value.field == "site_id"
        with pytest.raises(NotFound):
            await service.create_station(tx, TESTS, a_station(SiteId(new_id()), "B"), NOW, PEPPER)


async def test_a_connector_found_by_itself_can_be_made_known_or_removed_and_a_known_one_stays(
    database: Database,
) -> None:
    key = await with_station(database, connectors=1)
    async with database.transaction() as tx:
        await service.record_statuses(
            tx, [status(key.station_id, 0, "available", evse=3), status(key.station_id, 0, "available", evse=4)]
        )
        known = NewConnector(evse_number=3, plug="ccs2", power_type="dc", power_max_w=150_000, current_max_a=375)
        await service.update_connector(tx, TESTS, key.station_id, known, at(1))
        await service.remove_connector(tx, TESTS, key.station_id, 4, 1, at(1))
        for evse in (1, 3):
            with pytest.raises(Conflict):
                await service.remove_connector(tx, TESTS, key.station_id, evse, 1, at(1))
    assert await codes(database) == ["GBG-001-1", "GBG-001-3"]


async def test_every_change_is_in_the_audit_log_with_who_and_why(database: Database) -> None:
    key = await with_station(database)
    async with database.transaction() as tx:
        await service.rotate_key(tx, TESTS, key.station_id, NOW, PEPPER, reason="stolen laptop")
        rows = await tx.rows("SELECT action, actor_name, reason FROM audit_log ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("site.created", "tests", ""),
        ("station.registered", "tests", ""),
        ("station.key_rotated", "tests", "stolen laptop"),
    ]


async def test_a_hundred_stations_are_registered_at_once(database: Database) -> None:
    site_id = await a_site(database)
    async with database.transaction() as tx:
        new = [a_station(site_id, f"S{number}") for number in range(100)]
        made = await service.create_stations(tx, TESTS, new, NOW, PEPPER)
    assert len({one.password for one in made}) == 100
    assert len(await codes(database)) == 200

"""Local lists over real sockets: they hold whom they should, follow the tokens, and survive what chargers answer."""

from __future__ import annotations

import pytest

from laddverk.access import service as access
from laddverk.authorisation import service
from laddverk.authorisation.model import ListChoice, Scope
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.local_list import KnownTokens
from tests.integration.authorisation.field import charger_at, driver_with, until, working
from tests.network import ACTOR

ALL = pytest.mark.parametrize("protocol", [Protocol.V16, Protocol.V21])


async def choose(network, scope, groups=(), **where):
    now = network.house.clock()
    async with network.house.database.transaction() as tx:
        await service.choose(tx, ACTOR, ListChoice(scope=scope, driver_groups=groups, **where), now)
    async with network.house.database.transaction() as tx:
        for station_id in network.station_ids.values():
            await service.sync(tx, station_id, now)
    network.house.hints.publish(["commands"])


def listed(link):
    return set(link.charger.of(KnownTokens).entries)


@ALL
async def test_a_list_holds_the_tokens_of_drivers_and_follows_a_block(database, tmp_path, protocol):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", protocol) as link:
        _, (lost, _) = await driver_with(network, "04A1B2C3", "04D4E5F6")
        await driver_with(network, "A" * 21, email="long@example.com")
        await choose(network, Scope.ALL)
        expected = {"04A1B2C3", "04D4E5F6"} | (set() if protocol is Protocol.V16 else {"A" * 21})

        async def is_listed():
            return listed(link) == expected

        await until(is_listed)
        link.charger.of(KnownTokens).cache["04A1B2C3"] = link.charger.of(KnownTokens).entries["04A1B2C3"]
        async with database.transaction() as tx:
            await tx.execute(
                "INSERT INTO token_presence VALUES ($1, '04A1B2C3', now(), now())", network.station_ids["CP1"]
            )
            await access.block_token(tx, ACTOR, lost, "lost", network.house.clock())
        network.house.worker.wake()

        async def is_gone():
            known = link.charger.of(KnownTokens)
            return "04A1B2C3" not in known.entries and not known.cache

        await until(is_gone)

        async def is_current():
            return await network.value("SELECT state = 'current' FROM local_list")

        await until(is_current)
        assert listed(link) == expected - {"04A1B2C3"}
        kept = await network.value("SELECT array_agg(token_uid ORDER BY token_uid) FROM local_list_entry")
        assert set(kept) == listed(link)
        assert await network.value("SELECT version FROM local_list") == link.charger.of(KnownTokens).version


async def test_a_long_list_goes_in_parts_and_a_lost_one_is_sent_anew(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V16) as link:
        uids = [f"04A0{number:04X}" for number in range(120)]
        await driver_with(network, *uids)
        await choose(network, Scope.ALL)

        async def is_whole():
            return listed(link) == set(uids) and await network.value("SELECT state = 'current' FROM local_list")

        await until(is_whole)
        assert link.charger.of(KnownTokens).version == 3  # 50, 50 and 20: what one message may hold, if it does not say
        link.charger.of(KnownTokens).entries.clear()
        link.charger.of(KnownTokens).version = 0
        async with database.transaction() as tx:
            await service.begin_again(tx, ACTOR, network.station_ids["CP1"], network.house.clock())
        network.house.hints.publish(["commands"])
        await until(is_whole)


async def test_a_choice_of_groups_and_of_the_site_narrows_and_off_empties_the_list(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await driver_with(network, "11110000", email="resident@example.com", group="residents")
        await driver_with(network, "22220000", email="guest@example.com")
        await choose(network, Scope.GROUPS, ("residents",), site_id=network.site_id)

        async def has_resident():
            return listed(link) == {"11110000"}

        await until(has_resident)
        async with database.transaction() as tx:
            await tx.execute(
                "INSERT INTO token_presence VALUES ($1, '22220000', now(), now())", network.station_ids["CP1"]
            )

        async def is_current():
            return await network.value("SELECT state = 'current' FROM local_list")

        await until(is_current)
        await choose(network, Scope.SITE, station_id=network.station_ids["CP1"])

        async def has_guest():
            return listed(link) == {"22220000"}

        await until(has_guest)
        await until(is_current)
        await choose(network, Scope.OFF, station_id=network.station_ids["CP1"])

        async def is_empty():
            return listed(link) == set()

        await until(is_empty)


async def test_a_version_that_does_not_match_begins_the_list_anew(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V201) as link:
        await driver_with(network, "04A1B2C3")
        await choose(network, Scope.ALL)

        async def is_current():
            return await network.value("SELECT state = 'current' FROM local_list") and bool(listed(link))

        await until(is_current)
        link.charger.of(KnownTokens).version = 40  # somebody else wrote a list
        await driver_with(network, "04D4E5F6", email="berit@example.com")
        network.house.worker.wake()

        async def has_both():
            return listed(link) == {"04A1B2C3", "04D4E5F6"}

        await until(has_both)
        assert link.charger.of(KnownTokens).version == 41


async def test_a_charger_that_keeps_no_list_is_left_alone(database, tmp_path):
    async with working(database, tmp_path) as network, charger_at(network, "CP1", Protocol.V16) as link:
        link.charger.of(KnownTokens).version = -1
        await driver_with(network, "04A1B2C3")
        await choose(network, Scope.ALL)

        async def is_unsupported():
            return await network.value("SELECT state = 'unsupported' FROM local_list")

        await until(is_unsupported)
        async with database.transaction() as tx:
            assert await service.sync(tx, network.station_ids["CP1"], network.house.clock()) is None

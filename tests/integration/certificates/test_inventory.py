"""Roots in chargers: installed, listed and deleted over a real socket, and what the inventory says of it."""

from __future__ import annotations

from uuid import UUID

import pytest
from cryptography import x509

from laddverk.certificates import queries, reading
from laddverk.certificates import service as certificates
from laddverk.certificates.model import NewAnchor
from laddverk.ocpp.commands import Use
from laddverk.ocpp.facts import HashData
from laddverk.ocpp.protocol import Protocol
from laddverk.simulator.abilities.certificates import STORE_MAX, Certificates
from laddverk.stations.model import COMMANDS_TOPIC
from tests import pki
from tests.integration.certificates.conftest import charger_on, until
from tests.network import ACTOR, Network

EVERY_VERSION = pytest.mark.parametrize("protocol", Protocol)
FINISHED = "SELECT count(*) = 0 FROM command WHERE state IN ('queued', 'sent', 'accepted')"


async def trust(network: Network, root: pki.Entity, use: Use = Use.CSMS_ROOT) -> UUID:
    async with network.house.database.transaction() as tx:
        return await certificates.add_anchor(tx, ACTOR, NewAnchor(use=use, pem=root.pem), network.house.clock())


async def done(network: Network) -> None:
    """Have the commands carried out, and what follows from them."""
    network.house.hints.publish([COMMANDS_TOPIC])
    await until(lambda: network.value(FINISHED), network=network)
    await network.house.worker.run_until_idle()


async def install(network: Network, root: UUID, *identities: str) -> None:
    chosen = [network.station_ids[identity] for identity in identities]
    async with network.house.database.transaction() as tx:
        await certificates.install_in_many(tx, ACTOR, root, chosen, network.house.clock(), reason="test")
    await done(network)


async def inventory(network: Network, identity: str = "CP1") -> tuple[list[queries.InstalledRow], queries.Told | None]:
    async with network.house.database.transaction() as tx:
        return await queries.installed(tx, network.station_ids[identity])


@EVERY_VERSION
async def test_a_root_is_installed_listed_and_deleted(network: Network, protocol: Protocol) -> None:
    root = pki.entity("Root of ours", ca=True)
    anchor = await trust(network, root)
    async with charger_on(network, protocol) as charger:
        await install(network, anchor, "CP1")
        assert [certificate for _, certificate in charger.of(Certificates).roots] == [root.certificate]
        rows, _ = await inventory(network)
        assert [(row.name, row.use) for row in rows] == [("Root of ours", "csms_root")]
        async with network.house.database.transaction() as tx:
            await certificates.ask_inventory(tx, ACTOR, network.station_ids["CP1"], network.house.clock())
        await done(network)
        rows, told = await inventory(network)
        assert told is not None
        assert [row.name for row in rows] == ["Root of ours"]
        assert (await anchors(network))["Root of ours"] == 1
        row = rows[0]
        named = HashData(
            algorithm=row.algorithm, issuer_name_hash=row.issuer_name_hash, issuer_key_hash=row.issuer_key_hash,
            serial_number=row.serial_number,
        )  # fmt: skip
        async with network.house.database.transaction() as tx:
            await certificates.delete(
                tx, ACTOR, network.station_ids["CP1"], named, Use.CSMS_ROOT, network.house.clock(), reason="test"
            )
        await done(network)
        assert charger.of(Certificates).roots == []
        assert (await inventory(network))[0] == []


async def anchors(network: Network) -> dict[str, int]:
    async with network.house.database.transaction() as tx:
        return {row.name: row.stations for row in await queries.anchors(tx)}


@EVERY_VERSION
async def test_an_inventory_replaces_what_was_thought_before(network: Network, protocol: Protocol) -> None:
    anchor = await trust(network, pki.entity("Root of ours", ca=True))
    by_hand: x509.Certificate = pki.entity("Put in by hand", ca=True).certificate
    async with charger_on(network, protocol) as charger:
        await install(network, anchor, "CP1")
        charger.of(Certificates).roots = [("CSMSRootCertificate", by_hand)]
        async with network.house.database.transaction() as tx:
            await certificates.ask_inventory(tx, ACTOR, network.station_ids["CP1"], network.house.clock())
        await done(network)
    rows, _ = await inventory(network)
    assert [(row.name, row.serial_number) for row in rows] == [(None, reading.read(by_hand).serial_number)]


async def test_a_charger_that_is_full_refuses_and_its_inventory_stays_as_it_is(network: Network) -> None:
    anchor = await trust(network, pki.entity("Root of ours", ca=True))
    async with charger_on(network, Protocol.V201) as charger:
        filler = pki.entity("Filler", ca=True).certificate
        charger.of(Certificates).roots = [("MORootCertificate", filler)] * STORE_MAX
        await install(network, anchor, "CP1")
    assert await network.value("SELECT state FROM command WHERE kind = 'install_certificate'") == "refused"
    assert (await inventory(network))[0] == []


async def test_what_was_deleted_already_is_not_found_and_leaves_the_inventory(network: Network) -> None:
    anchor = await trust(network, pki.entity("Root of ours", ca=True))
    async with charger_on(network, Protocol.V201) as charger:
        await install(network, anchor, "CP1")
        charger.of(Certificates).roots.clear()
        row = (await inventory(network))[0][0]
        named = HashData(
            algorithm=row.algorithm, issuer_name_hash=row.issuer_name_hash, issuer_key_hash=row.issuer_key_hash,
            serial_number=row.serial_number,
        )  # fmt: skip
        async with network.house.database.transaction() as tx:
            await certificates.delete(
                tx, ACTOR, network.station_ids["CP1"], named, None, network.house.clock(), reason="test"
            )
        await done(network)
    assert (await inventory(network))[0] == []


async def test_a_root_goes_to_many_at_once_and_who_has_it_is_offered_no_more(network: Network) -> None:
    anchor = await trust(network, pki.entity("Root of ours", ca=True))
    await network.add_station("AWAY")
    wanted = queries.Wanted()
    async with charger_on(network, Protocol.V16, "CP1"), charger_on(network, Protocol.V21, "CP2"):
        async with network.house.database.transaction() as tx:
            assert [row.name for row in await queries.candidates(tx, None, anchor, wanted, limit=9)] == [
                "AWAY", "CP1", "CP2",
            ]  # fmt: skip
            ids = [network.station_ids[name] for name in ("CP1", "CP2", "AWAY")]
            await certificates.install_in_many(tx, ACTOR, anchor, ids, network.house.clock(), reason="test")
        network.house.hints.publish([COMMANDS_TOPIC])
        confirmed = "SELECT count(*) = 2 FROM command WHERE state = 'confirmed' AND batch_id IS NOT NULL"
        await until(lambda: network.value(confirmed), network=network)
        await network.house.worker.run_until_idle()
    async with network.house.database.transaction() as tx:
        assert [row.name for row in await queries.candidates(tx, None, anchor, wanted, limit=9)] == ["AWAY"]
        every = queries.Wanted(without=False, search="CP")
        assert [row.has_it for row in await queries.candidates(tx, None, anchor, every, limit=9)] == [True, True]
        assert await queries.candidates(tx, [], anchor, every, limit=9) == []
    waits = "SELECT expires_at > now() + interval '6 days' FROM command WHERE state = 'queued'"
    assert await network.value(waits)

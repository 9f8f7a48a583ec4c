"""Quirks 17 and 88: old TLS, and certificates that name the serial number instead of the identity."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.admission import Door
from tests.cluster import TestCluster
from tests.network import ACTOR, Network, network_on
from tests.security.authority import Authority, context_of_charger, make_server_files
from tests.security.door import knock

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Place:
    """A network with both TLS listeners, and the maker of its chargers, which it trusts."""

    def __init__(self, network: Network, maker: Authority, trusted: Path) -> None:
        self.network = network
        self.maker = maker
        self.trusted = trusted

    async def add(self, identity: str, profile: int, proof: stations.Proof | None = None) -> None:
        """Register a station with a security profile."""
        station_id = await self.network.add_station(identity)
        async with self.network.house.database.transaction() as tx:
            now = self.network.house.clock()
            if proof is not None:
                await stations.set_proof(tx, ACTOR, station_id, proof, now)
            await stations.set_profile(tx, ACTOR, station_id, profile, now, reason="test")

    async def status(self, identity: str, door: Door, context: ssl.SSLContext, *, with_key: bool = True) -> int:
        """Return the status with which the handshake of a station ends."""
        headers = self.network.headers(identity) if with_key else {}
        port = self.network.gateway.port_of(door)
        return await knock(self.network, f"/ocpp/{identity}", headers, context=context, port=port)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(cluster: TestCluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """The network, with a second listener that speaks TLS 1.0."""
    state = tmp_path_factory.mktemp("tls-quirks")
    make_server_files(state / "tls")
    maker = Authority(state / "maker")
    (state / "tls" / "clients.pem").write_bytes(maker.pem)
    name = await cluster.cloned()
    database = await Database.connected(cluster.dsn_of(name), size_max=4)
    chosen = {"ocpp_tls_port": 0, "ocpp_legacy_tls_port": 0, "ocpp_legacy_tls_oldest": "1.0"}
    async with network_on(database, state, tls_names="localhost,127.0.0.1", **chosen) as network:
        yield Place(network, maker, state / "tls" / "authority.pem")
    await database.close()
    await cluster.dropped(name)


def tls_1_0(trusted: Path) -> ssl.SSLContext:
    context = context_of_charger(trusted, ciphers="AES128-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_q017_tls_1_0_on_the_listener_for_old_chargers_alone(place: Place) -> None:
    await place.add("q017", 2, stations.Proof(legacy_tls=True))
    old = tls_1_0(place.trusted)
    assert await place.status("q017", Door.LEGACY_TLS, old) == 101
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await place.status("q017", Door.TLS, old)

    await place.add("q017-new", 2)  # nobody said that it is an old one
    assert await place.status("q017-new", Door.LEGACY_TLS, old) == 401
    assert await place.status("q017-new", Door.TLS, context_of_charger(place.trusted)) == 101


async def test_q017_a_handshake_that_names_no_server(place: Place) -> None:
    await place.add("q017-sni", 2)
    context = context_of_charger(place.trusted)
    context.check_hostname = False
    real, context.wrap_bio = context.wrap_bio, None  # type: ignore[assignment,method-assign]
    context.wrap_bio = lambda *args, **more: real(*args, **{**more, "server_hostname": None})  # type: ignore[method-assign]
    assert await place.status("q017-sni", Door.TLS, context) == 101


async def test_q088_a_certificate_that_names_the_serial_number(place: Place) -> None:
    await place.add("ev201sp3", 3)
    async with place.network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET serial = '012345678' WHERE identity = 'ev201sp3'")
    for name, status in (("012345678", 101), ("ev201sp3", 101), ("876543210", 401)):
        shown, _ = place.maker.client(name)
        context = context_of_charger(place.trusted, shown)
        assert await place.status("ev201sp3", Door.TLS, context, with_key=False) == status, name

"""Security profiles: a station comes in by its own and by no other, and each step between them is taken once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes

from laddverk.kernel.problems import Invalid
from laddverk.ocpp import facts
from laddverk.ocpp.answers import Registration
from laddverk.ocpp.protocol import Protocol
from laddverk.platform.database import Database
from laddverk.simulator.charger import Charger
from laddverk.simulator.connection import Link
from laddverk.simulator.model import Hardware
from laddverk.stations import service as stations
from laddverk.stations.admission import Door
from tests.network import ACTOR, Network, network_on
from tests.security.authority import DAY, Authority, context_of_charger
from tests.security.door import basic, knock, until


class Place:
    """A network with TLS, and the means to come in by each profile."""

    def __init__(self, network: Network, maker: Authority, tls_dir: Path) -> None:
        self.network = network
        self.maker = maker
        self.trusted = tls_dir / "authority.pem"
        self.own = maker.client("A")[0]

    async def status(self, way: str, certificate: Path | None = None, key: str | None = None) -> int:
        """Return what becomes of station A coming by `way`: plain, plain+key, tls, tls+key, tls+cert, …"""
        headers = basic("A", key or self.network.keys["A"]) if "key" in way else {}
        if way.startswith("plain"):
            return await knock(self.network, "/ocpp/A", headers)
        door = Door.LEGACY_TLS if way.startswith("legacy") else Door.TLS
        shown = certificate or (self.own if "cert" in way else None)
        context = context_of_charger(self.trusted, shown)
        return await knock(self.network, "/ocpp/A", headers, context=context, port=self.network.gateway.port_of(door))

    async def set_profile(self, profile: int, reason: str = "test", until: datetime | None = None) -> None:
        house = self.network.house
        async with house.database.transaction() as tx:
            await stations.set_profile(
                tx, ACTOR, self.network.station_ids["A"], profile, house.clock(), reason=reason, until=until
            )

    async def set_proof(self, **proof: object) -> None:
        house = self.network.house
        async with house.database.transaction() as tx:
            await stations.set_proof(
                tx,
                ACTOR,
                self.network.station_ids["A"],
                stations.Proof(**proof),  # type: ignore[arg-type]
                house.clock(),
            )

    async def profile(self) -> int:
        return int(await self.network.value("SELECT security_profile FROM station WHERE identity = 'A'"))

    async def becomes(self, profile: int) -> None:
        """Wait until a connection has set the profile: it is written down right after the handshake."""
        await until(lambda: self.network.value("SELECT security_profile = $1 FROM station", profile))

    async def reason(self, reason: str) -> None:
        """Wait until staff are told that A was not let in for `reason`."""
        found = "SELECT count(*) FROM knock WHERE reason = $1"
        await until(lambda: self.network.value(found, reason))


@pytest.fixture
async def place(database: Database, tmp_path: Path, tls_dir: Path) -> AsyncIterator[Place]:
    maker = Authority(tmp_path / "maker")
    (tls_dir / "clients.pem").write_bytes(maker.pem)
    async with network_on(
        database, tmp_path, ocpp_tls_port=0, ocpp_legacy_tls_port=0, tls_names="localhost,127.0.0.1"
    ) as network:
        await network.add_station("A")
        yield Place(network, maker, tls_dir)


WAYS = ("plain", "plain+key", "tls", "tls+key", "tls+cert", "tls+cert+key")
OPENED_BY = {
    0: {"plain", "plain+key"},
    1: {"plain+key"},
    2: {"tls+key", "tls+cert+key"},
    3: {"tls+cert", "tls+cert+key"},
}


@pytest.mark.parametrize("profile", [0, 1, 2, 3])
async def test_each_profile_opens_by_its_own_way_and_by_no_other(place: Place, profile: int) -> None:
    await place.set_profile(profile)
    opened = {way for way in WAYS if await place.status(way) == 101}
    assert opened == OPENED_BY[profile]
    assert await place.profile() == profile


async def test_a_profile_that_is_being_raised_opens_both_ways_until_the_higher_one_was_used(place: Place) -> None:
    assert await place.status("plain+key") == 101
    await place.set_profile(2)
    assert await place.status("plain+key") == 101
    assert await place.profile() == 1
    assert await place.status("tls+key") == 101
    await place.becomes(2)
    assert await place.status("plain+key") == 401
    await place.reason("wrong_profile")
    raised = "SELECT count(*) FROM audit_log WHERE action = 'station.profile_raised' AND actor_kind = 'rule'"
    assert await place.network.value(raised) == 1


async def test_a_charger_never_lowers_its_profile_but_from_3_to_2_where_staff_allow_it(place: Place) -> None:
    await place.set_profile(3)
    assert await place.status("tls+cert") == 101
    assert await place.status("tls+key") == 401
    await place.set_proof(may_step_down=True)
    assert await place.status("plain+key") == 401
    assert await place.status("tls+key") == 101
    await place.becomes(2)
    assert await place.status("tls+cert") == 401


async def test_profile_0_is_for_a_named_station_with_a_reason_and_ends_when_it_was_said_to(place: Place) -> None:
    with pytest.raises(Invalid):
        await place.set_profile(0, reason=" ")
    with pytest.raises(Invalid):
        await place.set_profile(0, until=datetime.now(UTC) - timedelta(minutes=1))
    await place.set_profile(0, reason="behind the VPN of the car park, until its new firmware", until=_soon())
    assert await place.status("plain") == 101
    await place.network.value("UPDATE station SET profile_until = now() - interval '1 second' RETURNING 1")
    assert await place.status("plain") == 401
    await place.reason("profile_ended")


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_without_tls_nobody_comes_in_from_a_network_that_is_not_listed(
    database: Database, tmp_path: Path
) -> None:
    async with network_on(database, tmp_path, station_networks="127.0.0.1/32") as network:
        await network.add_station("A")
        assert await knock(network, "/ocpp/A", network.headers("A")) == 101
        assert await knock(network, "/ocpp/A", network.headers("A"), source="127.0.0.2") == 401
        found = "SELECT reason FROM knock WHERE remote_address = '127.0.0.2'"
        assert await until(lambda: network.value(found)) == "not_private"


async def test_what_a_proxy_of_ours_passes_on_counts_as_tls_from_the_address_it_names(
    database: Database, tmp_path: Path
) -> None:
    async with network_on(database, tmp_path, station_proxies="127.0.0.9/32") as network:
        station_id = await network.add_station("A")
        async with network.house.database.transaction() as tx:
            await stations.set_profile(tx, ACTOR, station_id, 2, network.house.clock())
        forwarded = network.headers("A") | {"X-Forwarded-For": "10.9.9.9, 203.0.113.5"}

        assert await knock(network, "/ocpp/A", forwarded, source="127.0.0.8") == 401, "nobody else is believed"
        assert await knock(network, "/ocpp/A", forwarded | {"X-Forwarded-Proto": "http"}, source="127.0.0.9") == 401
        assert await knock(network, "/ocpp/A", forwarded, source="127.0.0.9") == 101
        address = "SELECT remote_address FROM station_connection"
        assert await until(lambda: network.value(address)) == "203.0.113.5"


# Certificates


async def test_a_certificate_is_bound_by_identity_serial_number_expected_name_or_fingerprint(place: Place) -> None:
    await place.set_profile(3)
    serial, certificate = place.maker.client("SN-0042")
    assert await place.status("tls+cert", serial) == 401
    await place.reason("wrong_certificate")

    await place.network.value("UPDATE station SET serial = 'SN-0042' RETURNING 1")
    assert await place.status("tls+cert", serial) == 101
    await place.network.value("UPDATE station SET serial = '' RETURNING 1")
    assert await place.status("tls+cert", serial) == 401
    await place.set_proof(certificate_name="SN-0042")
    assert await place.status("tls+cert", serial) == 101

    await place.set_proof(certificate_sha256=certificate.fingerprint(hashes.SHA256()))
    assert await place.status("tls+cert", serial) == 101
    assert await place.status("tls+cert", place.maker.client("SN-0042")[0]) == 401, "the same name is not the same"
    assert await place.status("tls+cert") == 401, "nor is the identity, when one certificate is pinned"


async def test_an_empty_name_never_fits_an_empty_serial_number(place: Place) -> None:
    await place.set_profile(3)
    assert await place.status("tls+cert", place.maker.client("")[0]) == 401


async def test_a_certificate_of_another_authority_is_refused_in_the_handshake(place: Place, tmp_path: Path) -> None:
    await place.set_profile(3)
    stranger = Authority(tmp_path / "stranger").client("A")[0]
    with pytest.raises(Exception):  # noqa: B017 - the alert comes as one of several errors of ssl and websockets
        await place.status("tls+cert", stranger)
    await place.reason("tls_foreign_certificate")


async def test_an_expired_certificate_is_refused_unless_it_may_be_renewed(place: Place) -> None:
    await place.set_profile(3)
    expired = place.maker.client("A", begins=-10 * DAY, life=5 * DAY)[0]
    early = place.maker.client("A", begins=DAY)[0]
    assert await place.status("tls+cert", expired) == 401
    await place.reason("expired_certificate")
    assert await place.status("tls+cert", early) == 401


async def test_one_that_expired_comes_in_to_be_renewed_where_the_operator_says_so(
    database: Database, tmp_path: Path, tls_dir: Path
) -> None:
    maker = Authority(tmp_path / "maker")
    (tls_dir / "clients.pem").write_bytes(maker.pem)
    async with network_on(
        database, tmp_path, ocpp_tls_port=0, tls_names="localhost", expired_certificates="renew"
    ) as network:
        await network.add_station("A")
        place = Place(network, maker, tls_dir)
        await place.set_profile(3)
        assert await place.status("tls+cert", maker.client("A", begins=-10 * DAY, life=5 * DAY)[0]) == 101
        marked = "SELECT certificate_expired FROM station WHERE identity = 'A'"
        assert await until(lambda: network.value(marked))
        async with network.house.database.transaction() as tx:
            now = network.house.clock()
            boot = facts.Booted(station_id=network.station_ids["A"], at=now, received_at=now, vendor="V", model="M")
            (answer,) = await stations.record_boots(tx, [boot])
        assert answer.registration is Registration.PENDING, "it is only set up until it has a new one"
        assert await place.status("tls+cert") == 101
        assert await until(lambda: network.value("SELECT NOT certificate_expired FROM station"))


async def test_the_listener_with_older_suites_is_for_stations_that_may_use_it(place: Place) -> None:
    await place.set_profile(2)
    assert await place.status("legacy+key") == 401
    await place.reason("legacy_tls")
    await place.set_proof(legacy_tls=True)
    assert await place.status("legacy+key") == 101
    assert await place.status("tls+key") == 101


async def test_a_simulated_charger_speaks_tls_and_shows_its_certificate(place: Place) -> None:
    await place.set_profile(3)
    hardware = Hardware(identity="A", protocol=Protocol.V16)
    port = place.network.gateway.port_of(Door.TLS)
    link = Link(
        Charger(hardware),
        f"wss://localhost:{port}/ocpp",
        "",
        tls=context_of_charger(place.trusted, place.own),
    )
    running = asyncio.create_task(link.run())
    try:
        found = "SELECT profile FROM station_connection WHERE tls LIKE 'TLSv1.%'"
        assert await until(lambda: place.network.value(found)) == 3
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

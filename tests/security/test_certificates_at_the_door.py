"""Certificates that we issued, at the door over TLS: a new one closes the old one, and a revoked one opens no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from websockets.asyncio.client import connect

from laddverk.certificates import service as certificates
from laddverk.certificates import store
from laddverk.certificates.providers import builtin_of
from laddverk.certificates.service import requests
from laddverk.gateway.presence import REVOKED
from laddverk.kernel.actors import Actor, Permission
from laddverk.kernel.problems import Conflict, Invalid, NotFound
from laddverk.ocpp.facts import CertificateRequested, Signing
from laddverk.platform.database import Database
from laddverk.stations import service as stations
from laddverk.stations.admission import Door
from laddverk.stations.model import DOORS_TOPIC
from tests import pki
from tests.network import ACTOR, Network, network_on
from tests.security.authority import context_of_charger
from tests.security.door import ended, knock, until


def staff(*sites: UUID) -> Actor:
    """Return somebody who may change stations at some sites."""
    return Actor(
        "operator", name="Guest", permissions=frozenset({Permission.STATIONS_WRITE}), site_ids=frozenset(sites)
    )


class Held(Struct, frozen=True):
    """A certificate that a charger has in its hands, with its key, as a file."""

    id: UUID
    path: Path


class Fleet:
    """A network whose own authority signs for its chargers, which must show their certificates."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network = network
        self.folder = folder

    async def issue(
        self, identity: str, *, serial: str | None = None, signing: Signing = Signing.STATION, active: bool = True
    ) -> Held:
        """Have a certificate signed for a station; it is in use (`active`) or has only been sent."""
        house, station_id = self.network.house, self.network.station_ids[identity]
        key = ec.generate_private_key(ec.SECP256R1())
        now = house.clock()
        fact = CertificateRequested(
            station_id=station_id, at=now, received_at=now, csr=pki.csr(serial or identity, key=key), signing=signing
        )
        async with house.database.transaction() as tx:
            await requests.record_requests(tx, [fact])
        request_id = await self.network.value(
            "SELECT id FROM certificate_request WHERE station_id = $1 ORDER BY received_at DESC, id DESC LIMIT 1",
            station_id,
        )
        await requests.sign(house.database, builtin_of(house), request_id, "Laddverk", now)
        async with house.database.transaction() as tx:
            row_id = await tx.value("SELECT id FROM station_certificate WHERE request_id = $1", request_id)
            row = await store.lock_certificate(tx, row_id)
            assert row is not None
            if active:
                await store.activate(tx, row, now, row.not_after)
                await store.set_request(tx, request_id, requests.RequestState.DELIVERED, "", now)
        path = self.folder / f"{row_id}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(row.chain.encode() + secret)
        return Held(row_id, path)

    async def status(self, held: Held, identity: str = "A") -> int:
        """Return what becomes of a charger that comes as `identity` and shows a certificate."""
        return await knock(
            self.network, f"/ocpp/{identity}", {}, context=self.context(held),
            port=self.network.gateway.port_of(Door.TLS),
        )  # fmt: skip

    def context(self, held: Held):  # type: ignore[no-untyped-def]
        return context_of_charger(self.folder / "tls" / "authority.pem", held.path)

    async def state(self, held: Held) -> str:
        return str(await self.network.value("SELECT state FROM station_certificate WHERE id = $1", held.id))

    async def revoke(self, held: Held, identity: str = "A", actor: Actor = ACTOR, reason: str = "stolen") -> None:
        async with self.network.house.database.transaction() as tx:
            await certificates.revoke(
                tx, actor, self.network.station_ids[identity], held.id, self.network.house.clock(), reason=reason
            )
        self.network.house.hints.publish([DOORS_TOPIC])

    async def told(self, reason: str) -> None:
        """Wait until staff are told that somebody was not let in for `reason`."""
        await until(lambda: self.network.value("SELECT count(*) FROM knock WHERE reason = $1", reason))


@pytest.fixture
async def fleet(database: Database, tmp_path: Path, tls_dir: Path) -> AsyncIterator[Fleet]:
    async with network_on(database, tmp_path, ocpp_tls_port=0, tls_names="localhost,127.0.0.1") as network:
        for identity in ("A", "B"):
            station_id = await network.add_station(identity)
            async with network.house.database.transaction() as tx:
                await stations.set_profile(tx, ACTOR, station_id, 3, network.house.clock(), reason="test")
        found = Fleet(network, tmp_path)
        await until(lambda: _is_open(found))
        yield found


async def _is_open(fleet: Fleet) -> bool:
    """Return whether the listener takes the certificates of our authority by now."""
    try:
        return await fleet.status(await fleet.issue("B"), "B") == 101
    except OSError:
        return False


async def test_the_old_certificate_opens_until_the_new_one_has_been_used_and_then_no_more(fleet: Fleet) -> None:
    old = await fleet.issue("A")
    assert await fleet.status(old) == 101
    new = await fleet.issue("A")
    assert await fleet.state(old) == "superseded"
    assert await fleet.status(old) == 101, "the charger may not have taken the new one into use"
    assert await fleet.status(new) == 101
    await until(lambda: fleet.network.value("SELECT used_at FROM station_certificate WHERE id = $1", new.id))
    assert await fleet.status(old) == 401
    await fleet.told("ended_certificate")
    assert await fleet.status(new) == 101


async def test_a_certificate_that_is_used_before_it_was_acknowledged_is_the_one_in_use(fleet: Fleet) -> None:
    old = await fleet.issue("A")
    new = await fleet.issue("A", active=False)
    assert await fleet.status(old) == 101
    assert await fleet.status(new) == 101
    await until(lambda: _is(fleet, new, "active"))
    assert await fleet.state(old) == "superseded"
    assert await fleet.status(old) == 401
    open_ones = "SELECT count(*) FROM certificate_request WHERE state IN ('taken', 'signed')"
    assert await fleet.network.value(open_ones) == 0


async def _is(fleet: Fleet, held: Held, state: str) -> bool:
    return await fleet.state(held) == state


async def test_a_revoked_certificate_opens_no_more_and_ends_the_connection_that_stands_on_it(fleet: Fleet) -> None:
    held = await fleet.issue("A")
    url = f"wss://localhost:{fleet.network.gateway.port_of(Door.TLS)}/ocpp/A"
    async with connect(url, subprotocols=["ocpp1.6"], ssl=fleet.context(held), compression=None) as socket:  # type: ignore[list-item]
        await fleet.revoke(held)
        assert await ended(socket) == (REVOKED, "the certificate of this station was revoked")
    assert await fleet.status(held) == 401
    await fleet.told("ended_certificate")
    why = "SELECT reason FROM audit_log WHERE action = 'certificate.revoked'"
    assert await fleet.network.value(why) == "stolen"


async def test_what_was_never_taken_opens_nothing(fleet: Fleet) -> None:
    held = await fleet.issue("A", active=False)
    async with fleet.network.house.database.transaction() as tx:
        await store.set_state(tx, held.id, store.CertificateState.REFUSED)
    assert await fleet.status(held) == 401


async def test_a_certificate_opens_to_its_own_station_alone_even_where_two_have_one_serial_number(fleet: Fleet) -> None:
    async with fleet.network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET serial = 'S1'")
    held = await fleet.issue("B", serial="S1")
    assert await fleet.status(held, "A") == 401
    await fleet.told("wrong_certificate")
    assert await fleet.status(held, "B") == 101


async def test_it_still_opens_when_the_station_got_another_serial_number(fleet: Fleet) -> None:
    async with fleet.network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET serial = 'S1' WHERE identity = 'A'")
    held = await fleet.issue("A", serial="S1")
    async with fleet.network.house.database.transaction() as tx:
        await tx.execute("UPDATE station SET serial = 'S2' WHERE identity = 'A'")
    assert await fleet.status(held) == 101


async def test_a_certificate_for_cars_opens_no_door(fleet: Fleet) -> None:
    held = await fleet.issue("A", signing=Signing.V2G)
    assert await fleet.status(held) == 401
    await fleet.told("wrong_certificate")


async def test_it_is_revoked_with_a_reason_by_who_may_and_sees_the_station(fleet: Fleet) -> None:
    held = await fleet.issue("A")
    for actor, reason, problem in (
        (ACTOR, " ", Invalid),
        (staff(fleet.network.site_id), "x\x00yz", Invalid),
        (staff(), "stolen", NotFound),
    ):
        with pytest.raises(problem):
            await fleet.revoke(held, actor=actor, reason=reason)
    with pytest.raises(NotFound):
        await fleet.revoke(held, "B")
    await fleet.revoke(held)
    with pytest.raises(Conflict):
        await fleet.revoke(held)
